//! ArbWasm: activation of programs, their life and their prices.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::sol;
use revm::context_interface::{ContextTr, JournalTr};

use super::{Answer, Call, Fault, READ_GAS, decode, encode};
use crate::code;
use crate::lifecycle::{self, EXPIRY_DAYS, KEEPALIVE_DAYS, Record, Refusal, STYLUS_VERSION};
use crate::price::{INK_PER_GAS, MIN_CACHED_INIT, MIN_INIT, STACK_WORDS};

sol! {
    interface ArbWasm {
        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        function codehashKeepalive(bytes32 codehash) external payable;
        function stylusVersion() external view returns (uint16);
        function codehashVersion(bytes32 codehash) external view returns (uint16);
        function codehashAsmSize(bytes32 codehash) external view returns (uint32);
        function programVersion(address program) external view returns (uint16);
        function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
        function programMemoryFootprint(address program) external view returns (uint16);
        function programTimeLeft(address program) external view returns (uint64);
        function inkPrice() external view returns (uint32);
        function maxStackDepth() external view returns (uint32);
        function freePages() external view returns (uint16);
        function pageGas() external view returns (uint16);
        function pageRamp() external view returns (uint64);
        function pageLimit() external view returns (uint16);
        function minInitGas() external view returns (uint64 gas, uint64 cached);
        function initCostScalar() external view returns (uint64);
        function expiryDays() external view returns (uint16);
        function keepaliveDays() external view returns (uint16);
        function blockCacheSize() external view returns (uint16);
        function activationGas() external view returns (uint64);

        event ProgramActivated(bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee, uint16 version);
        event ProgramLifetimeExtended(bytes32 indexed codehash, uint256 dataFee);

        error ProgramNotWasm();
        error ProgramNotActivated();
        error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
        error ProgramExpired(uint64 ageInSeconds);
        error ProgramUpToDate();
        error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
        error ProgramInsufficientValue(uint256 have, uint256 want);
    }
}

use ArbWasm::*;

// The text of a rule that a program breaks, as Solidity says it.
sol! { error Error(string reason); }

/// Gas of any activation; what depends on the program is added.
const ACTIVATION_GAS: u64 = 1_659_168;
/// The data fee without demand [wei per byte of estimated native size].
const DATA_PRICE: u64 = 82_928_201;
/// Who gets the data fee.
const NETWORK_FEE_ACCOUNT: Address = super::facts::NETWORK_FEE_ACCOUNT;

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotActivated => ProgramNotActivated {}.into(),
            Refusal::NeedsUpgrade(version) => {
                ProgramNeedsUpgrade { version, stylusVersion: STYLUS_VERSION }.into()
            }
            Refusal::Expired(age) => ProgramExpired { ageInSeconds: age }.into(),
        }
    }
}

pub(super) fn answer(call: &mut Call<'_>, input: &[u8]) -> Answer {
    let asked = decode::<ArbWasmCalls>(input)?;
    match asked {
        ArbWasmCalls::activateProgram(asked) => return activate(call, asked.program),
        ArbWasmCalls::codehashKeepalive(asked) => return keepalive(call, asked.codehash),
        _ => call.not_payable()?,
    }
    call.pay(READ_GAS)?;
    match asked {
        ArbWasmCalls::codehashVersion(asked) => encode(active(call, asked.codehash)?.version),
        ArbWasmCalls::codehashAsmSize(asked) => encode(active(call, asked.codehash)?.asm_size()),
        ArbWasmCalls::programVersion(asked) => encode(active_at(call, asked.program)?.version),
        ArbWasmCalls::programInitGas(asked) => {
            let record = active_at(call, asked.program)?;
            encode((record.overhead(false), record.overhead(true)))
        }
        ArbWasmCalls::programMemoryFootprint(asked) => encode(active_at(call, asked.program)?.footprint),
        ArbWasmCalls::programTimeLeft(asked) => {
            let record = active_at(call, asked.program)?;
            encode(record.time_left(call.now()))
        }
        ArbWasmCalls::stylusVersion(_) => encode(STYLUS_VERSION),
        ArbWasmCalls::inkPrice(_) => encode(INK_PER_GAS as u32),
        ArbWasmCalls::maxStackDepth(_) => encode(STACK_WORDS),
        ArbWasmCalls::freePages(_) => encode(2_u16),
        ArbWasmCalls::pageGas(_) => encode(1_000_u16),
        ArbWasmCalls::pageRamp(_) => encode(620_674_314_u64),
        ArbWasmCalls::pageLimit(_) => encode(128_u16),
        ArbWasmCalls::minInitGas(_) => encode((MIN_INIT, MIN_CACHED_INIT)),
        ArbWasmCalls::initCostScalar(_) => encode(100_u64),
        ArbWasmCalls::expiryDays(_) => encode(EXPIRY_DAYS),
        ArbWasmCalls::keepaliveDays(_) => encode(KEEPALIVE_DAYS),
        ArbWasmCalls::blockCacheSize(_) => encode(32_u16),
        ArbWasmCalls::activationGas(_) => encode(0_u64),
        ArbWasmCalls::activateProgram(_) | ArbWasmCalls::codehashKeepalive(_) => super::refuse(),
    }
}

fn active(call: &mut Call<'_>, hash: B256) -> Result<Record, Fault> {
    let record = Record::load(call.context, hash);
    record.check(call.now())?;
    Ok(record)
}

fn active_at(call: &mut Call<'_>, program: Address) -> Result<Record, Fault> {
    let hash = code_hash(call, program);
    active(call, hash)
}

pub(super) fn code_hash(call: &mut Call<'_>, account: Address) -> B256 {
    let loaded = call.context.journal_mut().load_account_with_code(account).expect("the state is in memory");
    loaded.info.code_hash
}

fn activate(call: &mut Call<'_>, program: Address) -> Answer {
    call.may_write()?;
    call.pay(ACTIVATION_GAS)?;
    let hash = code_hash(call, program);
    let code = lifecycle::code_of(call.context, program);
    if !code::is_program(&code) {
        return Err(ProgramNotWasm {}.into());
    }
    let old = Record::load(call.context, hash);
    if old.check(call.now()).is_ok() {
        return Err(ProgramUpToDate {}.into());
    }
    let broken = |error: crate::error::DeployError| Error { reason: error.to_string() };
    let context = &mut *call.context;
    let whole = lifecycle::assemble(&code, |part| lifecycle::code_of(context, part)).map_err(broken)?;
    let programs = &mut call.stylus.programs;
    programs.activate(hash, &whole.wasm, whole.compressed, whole.fragments).map_err(broken)?;
    let Some(made) = programs.get(&hash) else { return super::refuse() };
    let activation = made.info.activation;
    call.pay(activation.activation_gas)?;
    let record = Record::new(&activation, call.now()).with_cached(old.cached);
    record.store(call.context, hash);
    let fee = take_fee(call, activation.asm_estimate)?;
    let version = STYLUS_VERSION;
    call.emit(ProgramActivated {
        codehash: hash,
        moduleHash: keccak256(&whole.wasm),
        program,
        dataFee: fee,
        version,
    });
    encode((version, fee))
}

fn keepalive(call: &mut Call<'_>, hash: B256) -> Answer {
    call.may_write()?;
    call.pay(READ_GAS)?;
    let mut record = active(call, hash)?;
    if !record.may_be_renewed(call.now()) {
        return Err(ProgramKeepaliveTooSoon { ageInSeconds: record.age(call.now()) }.into());
    }
    let fee = take_fee(call, record.asm_size().into())?;
    record.renew(call.now());
    record.store(call.context, hash);
    call.emit(ProgramLifetimeExtended { codehash: hash, dataFee: fee });
    Ok(Vec::new())
}

/// Takes the data fee out of the value sent and gives the rest back.
fn take_fee(call: &mut Call<'_>, asm_size: u64) -> Result<U256, Fault> {
    let want = U256::from(asm_size) * U256::from(DATA_PRICE);
    let Some(surplus) = call.value.checked_sub(want) else {
        return Err(ProgramInsufficientValue { have: call.value, want }.into());
    };
    call.transfer(NETWORK_FEE_ACCOUNT, want)?;
    call.transfer(call.caller, surplus)?;
    Ok(want)
}
