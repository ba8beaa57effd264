//! The life of the programs: a year from activation unless somebody keeps them alive, nothing once the chain's version of Stylus rises, and
//! cheaper calls for those in the chain's cache.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::sol;
use anyhow::{Result, bail, ensure};

use crate::record::Record;
use crate::rpc::Rpc;
use crate::table::table;

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
const ARB_WASM_CACHE: Address = address!("0000000000000000000000000000000000000072");
const DAY: u64 = 86_400;

sol! {
    interface ArbWasm {
        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        function codehashKeepalive(bytes32 codehash) external payable;
        function stylusVersion() external view returns (uint16);
        function programVersion(address program) external view returns (uint16);
        function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
        function programTimeLeft(address program) external view returns (uint64);
        function expiryDays() external view returns (uint16);
        function keepaliveDays() external view returns (uint16);
    }

    interface ArbWasmCache {
        function isCacheManager(address manager) external view returns (bool);
        function allCacheManagers() external view returns (address[] managers);
        function cacheProgram(address program) external;
        function codehashIsCached(bytes32 codehash) external view returns (bool);
    }

    interface CacheManager {
        function placeBid(address program) external payable;
        function getMinBid(address program) external view returns (uint192 min);
        function isPaused() external view returns (bool);
    }
}

/// A program and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name in the record.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Hash of its code, which is what is activated.
    pub codehash: B256,
    /// Until it expires; none if it cannot be called [s]
    pub seconds_left: Option<u64>,
    /// Gas that a call starts with, without and with the cache; none if it cannot be called.
    pub start: Option<(u64, u64)>,
    /// Whether it is in the chain's cache.
    pub cached: bool,
    /// Why it cannot be called.
    refusal: String,
}

impl Program {
    /// In a word.
    #[must_use]
    pub fn state(&self) -> &str {
        if self.seconds_left.is_some() { "active" } else { &self.refusal }
    }

    fn days_left(&self) -> u64 {
        self.seconds_left.unwrap_or_default() / DAY
    }
}

/// How the programs of a record stand.
///
/// # Errors
/// No answer.
pub fn programs(rpc: &Rpc, record: &Record) -> Result<Vec<Program>> {
    let each = record.programs.iter().map(|(name, address)| program(rpc, name, *address));
    each.collect()
}

fn program(rpc: &Rpc, name: &str, address: Address) -> Result<Program> {
    let codehash = keccak256(rpc.code(address)?);
    let cached = rpc.view(ARB_WASM_CACHE, ArbWasmCache::codehashIsCachedCall { codehash })?;
    // A program that cannot be called has its view refused: that is an answer.
    let asked = rpc.view(ARB_WASM, ArbWasm::programTimeLeftCall { program: address });
    let (seconds_left, refusal) = match asked {
        Ok(seconds) => (Some(seconds), String::new()),
        Err(error) => (None, reason(&format!("{error:#}"))),
    };
    let start = rpc.view(ARB_WASM, ArbWasm::programInitGasCall { program: address }).ok();
    let start = start.map(|start| (start.gas, start.gasWhenCached));
    Ok(Program { name: name.to_owned(), address, codehash, seconds_left, start, cached, refusal })
}

/// The precompile's error in a node's answer.
fn reason(error: &str) -> String {
    use alloy_primitives::hex;
    let known = [
        ("ProgramNotActivated()", "not activated"),
        ("ProgramNeedsUpgrade(uint16,uint16)", "of an older version of Stylus"),
        ("ProgramExpired(uint64)", "expired"),
    ];
    let named = |(signature, _): &&(&str, &str)| {
        let selector = hex::encode(&keccak256(signature)[..4]);
        let name = signature.split('(').next().unwrap_or_default();
        error.contains(&selector) || error.contains(name)
    };
    known.iter().find(named).map_or_else(|| error.to_owned(), |(_, word)| (*word).to_owned())
}

/// The table of them.
#[must_use]
pub fn show(programs: &[Program]) -> String {
    let line = |one: &Program| {
        let (cold, warm) = one.start.unwrap_or_default();
        let cells = [
            one.name.clone(),
            one.address.to_string(),
            one.state().to_owned(),
            one.seconds_left.map_or("-".into(), |_| one.days_left().to_string()),
            if one.cached { "yes" } else { "no" }.to_owned(),
            format!("{cold}, {warm} cached"),
        ];
        cells.to_vec()
    };
    let lines: Vec<Vec<String>> = programs.iter().map(line).collect();
    table(&["program", "address", "state", "days left", "in the cache", "gas of a start"], &lines)
}

/// Keeps those alive that have fewer than `below` days left; the chain takes it from `keepaliveDays` after activation on. `fee` is sent, and what
/// the data fee leaves of it comes back. What was done, by name.
///
/// # Errors
/// A program that is too far gone, which is `activate`'s to bring back, or a refusal.
pub fn keepalive(rpc: &mut Rpc, record: &Record, below: u64, fee: u64) -> Result<Vec<String>> {
    let all = programs(rpc, record)?;
    if let Some(dead) = all.iter().find(|one| one.seconds_left.is_none()) {
        bail!("{} is {}: activate it first", dead.name, dead.state());
    }
    let days = u64::from(rpc.view(ARB_WASM, ArbWasm::expiryDaysCall {})?);
    let least = u64::from(rpc.view(ARB_WASM, ArbWasm::keepaliveDaysCall {})?);
    let most = days.saturating_sub(least);
    let (mut done, mut seen) = (Vec::new(), BTreeSet::new());
    // Identical code has one life.
    for one in all.iter().filter(|one| one.days_left() < below.min(most)) {
        if seen.insert(one.codehash) {
            let call = ArbWasm::codehashKeepaliveCall { codehash: one.codehash };
            rpc.tell(ARB_WASM, U256::from(fee), call)?;
        }
        done.push(one.name.clone());
    }
    Ok(done)
}

/// Activates those that cannot be called. What was done, by name.
///
/// # Errors
/// A refusal: of code that breaks a rule of the chain's present version, too.
pub fn activate(rpc: &mut Rpc, record: &Record, fee: u64) -> Result<Vec<String>> {
    let (mut done, mut seen) = (Vec::new(), BTreeSet::new());
    for one in programs(rpc, record)?.iter().filter(|one| one.seconds_left.is_none()) {
        if seen.insert(one.codehash) {
            let call = ArbWasm::activateProgramCall { program: one.address };
            rpc.tell(ARB_WASM, U256::from(fee), call)?;
        }
        done.push(one.name.clone());
    }
    Ok(done)
}

/// Bids for a place in the cache for those that have none: with the chain's cache manager at its least bid, `most` wei each at most; where
/// there is none and the sender is one, directly. What was done, by name.
///
/// # Errors
/// Bids that are paused or dearer than `most`, or a refusal.
pub fn cache(rpc: &mut Rpc, record: &Record, most: U256) -> Result<Vec<String>> {
    let managers = rpc.view(ARB_WASM_CACHE, ArbWasmCache::allCacheManagersCall {})?;
    let (mut done, mut seen) = (Vec::new(), BTreeSet::new());
    for one in programs(rpc, record)?.iter().filter(|one| !one.cached) {
        if seen.insert(one.codehash) {
            match managers.last() {
                Some(manager) => bid(rpc, *manager, one, most)?,
                None => {
                    let manager = rpc.sender()?;
                    let may = rpc.view(ARB_WASM_CACHE, ArbWasmCache::isCacheManagerCall { manager })?;
                    ensure!(may, "the chain has no cache manager, and {manager} is none");
                    let call = ArbWasmCache::cacheProgramCall { program: one.address };
                    rpc.tell(ARB_WASM_CACHE, U256::ZERO, call)?;
                }
            }
        }
        done.push(one.name.clone());
    }
    Ok(done)
}

fn bid(rpc: &mut Rpc, manager: Address, one: &Program, most: U256) -> Result<()> {
    ensure!(!rpc.view(manager, CacheManager::isPausedCall {})?, "{manager} takes no bids now");
    let least = rpc.view(manager, CacheManager::getMinBidCall { program: one.address })?;
    let least = U256::from(least);
    ensure!(least <= most, "{}: the least bid is {least} wei, {most} may be paid", one.name);
    rpc.tell(manager, least, CacheManager::placeBidCall { program: one.address })?;
    Ok(())
}
