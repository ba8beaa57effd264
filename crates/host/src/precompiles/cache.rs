//! ArbWasmCache: programs that start at the cached price.

use alloy_primitives::{Address, B256};
use alloy_sol_types::sol;

use super::{Answer, Call, READ_GAS, decode, encode, refuse};
use crate::lifecycle::Record;

sol! {
    interface ArbWasmCache {
        function isCacheManager(address manager) external view returns (bool);
        function allCacheManagers() external view returns (address[] managers);
        function cacheProgram(address program) external;
        function cacheCodehash(bytes32 codehash) external;
        function evictCodehash(bytes32 codehash) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);

        event UpdateProgramCache(address indexed manager, bytes32 indexed codehash, bool cached);
    }
}

use ArbWasmCache::*;

pub(super) fn answer(call: &mut Call<'_>, input: &[u8]) -> Answer {
    call.not_payable()?;
    call.pay(READ_GAS)?;
    match decode::<ArbWasmCacheCalls>(input)? {
        // Everybody is one here: there is no auction.
        ArbWasmCacheCalls::isCacheManager(_) => encode(true),
        ArbWasmCacheCalls::allCacheManagers(_) => encode(Vec::<Address>::new()),
        ArbWasmCacheCalls::codehashIsCached(asked) => {
            encode(Record::load(call.context, asked.codehash).cached)
        }
        ArbWasmCacheCalls::cacheProgram(asked) => {
            let hash = super::wasm::code_hash(call, asked.program);
            set(call, hash, true)
        }
        ArbWasmCacheCalls::cacheCodehash(asked) => set(call, asked.codehash, true),
        ArbWasmCacheCalls::evictCodehash(asked) => set(call, asked.codehash, false),
    }
}

fn set(call: &mut Call<'_>, hash: B256, cached: bool) -> Answer {
    if call.read_only {
        return refuse();
    }
    let mut record = Record::load(call.context, hash);
    if cached {
        record.check(call.now())?;
    }
    if record.cached == cached {
        return Ok(Vec::new());
    }
    if cached {
        call.pay(record.overhead(false))?;
    }
    record.cached = cached;
    record.store(call.context, hash);
    call.emit(UpdateProgramCache { manager: call.caller, codehash: hash, cached });
    Ok(Vec::new())
}
