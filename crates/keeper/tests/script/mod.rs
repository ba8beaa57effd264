//! A chain with one vault whose desk takes any hedge, and a pool with weather.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction as _, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, I256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use async_trait::async_trait;
use book::{Header, Request, Stored};
use demo::stage::{default_limits, default_profile};
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk::{self, Need};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::settings::Settings;
use interfaces::vault::IVault;
use inventory::hedge::{Rules, Young};
use keeper::{Account, Call, Chain, Fault, Head, Receipt, Stance, State, Told};
use options::{Published, StrikeGrid};

pub(crate) const VAULT: Address = address!("00000000000000000000000000000000000000aa");
pub(crate) const VENUE: Address = address!("00000000000000000000000000000000000000bb");
pub(crate) const DESK: Address = address!("00000000000000000000000000000000000000cc");
pub(crate) const CRASH: &str = "the process is killed here";
const START: u64 = 1_651_363_200;
const SPOT: u64 = 280_000_000_000;
/// 1e-18 units that a hedge may be off by rounding to micro-USD.
const DUST: u128 = 1_000_000_000_000;

/// What goes wrong: at calls counted from the start, and for transactions in the order of their arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    /// The process dies before or after the effect of a call.
    pub(crate) crashes: Vec<(usize, bool)>,
    /// Blocks that a transaction waits.
    pub(crate) delays: Vec<u64>,
    /// It is dropped from the pool, and comes back when all is calm.
    pub(crate) lost: Vec<bool>,
    /// Calls that are not answered, whatever they did.
    pub(crate) silent: Vec<usize>,
}

/// What the vault is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Free cash [micro-USD]
    pub(crate) free: i128,
    /// Decimals of the underlying.
    pub(crate) decimals: u64,
    /// A band of a dollar.
    pub(crate) narrow: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { free: 1_000_000_000_000, decimals: 18, narrow: false }
    }
}

#[derive(Clone)]
struct Waiting {
    tx: TxEnvelope,
    from: Address,
    due: u64,
    lost: bool,
}

#[derive(Clone, Copy, Default)]
struct Block {
    head: Head,
    nonce: u64,
    /// Hedge held [1e-18]
    held: i128,
}

struct World {
    weather: Weather,
    terms: Terms,
    calls: usize,
    blocks: Vec<Block>,
    pool: Vec<Waiting>,
    arrived: usize,
    receipts: HashMap<B256, Receipt>,
    /// Sizes of the hedges that were mined.
    hedges: Vec<i128>,
}

/// See the module.
pub(crate) struct Script {
    world: Mutex<World>,
}

impl Script {
    pub(crate) fn new(weather: Weather) -> Self {
        Self::with(weather, Terms::default())
    }

    pub(crate) fn with(weather: Weather, terms: Terms) -> Self {
        let mut world = World {
            weather,
            terms,
            calls: 0,
            blocks: Vec::new(),
            pool: Vec::new(),
            arrived: 0,
            receipts: HashMap::new(),
            hedges: Vec::new(),
        };
        world.seal(Block::default());
        Self { world: Mutex::new(world) }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A crash on purpose leaves nothing half done.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn calls(&self) -> usize {
        self.world().calls
    }

    /// Mines what is due.
    pub(crate) fn mine(&self) {
        self.world().mine();
    }

    /// No more crashes, and what was lost comes back.
    pub(crate) fn calm(&self) {
        let mut world = self.world();
        world.weather = Weather::default();
        for waiting in &mut world.pool {
            (waiting.lost, waiting.due) = (false, 0);
        }
    }

    /// One hedge was mined, of just what was due.
    pub(crate) fn check(&self, what: &str) {
        let world = self.world();
        let due = stance(0, &world.terms).due();
        let [hedge] = world.hedges[..] else { panic!("{what}: hedges {:?}, {due} due once", world.hedges) };
        assert!(due.abs_diff(hedge) <= DUST, "{what}: {hedge} hedged, {due} due");
    }

    /// Does a call unless the process dies first, and answers it unless it dies after or the answer is lost.
    fn step<T>(&self, act: impl FnOnce(&mut World) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut world = self.world();
        let at = world.calls;
        world.calls += 1;
        if world.weather.crashes.contains(&(at, true)) {
            std::panic::panic_any(CRASH);
        }
        let answer = act(&mut world);
        if world.weather.crashes.contains(&(at, false)) {
            std::panic::panic_any(CRASH);
        }
        if world.weather.silent.contains(&at) {
            return Err(Fault::Timeout { after: std::time::Duration::from_secs(1) });
        }
        answer
    }
}

impl World {
    fn last(&self) -> Block {
        self.blocks[self.blocks.len() - 1]
    }

    fn at(&self, head: &Head) -> Block {
        *self.blocks.iter().find(|block| block.head == *head).expect("a block that was shown")
    }

    fn seal(&mut self, block: Block) {
        let number = self.blocks.len() as u64;
        let hash = keccak256(number.to_be_bytes());
        // Time stands, so that what is due does not drift.
        let head = Head { number, hash, timestamp: START, base_fee: 10_000_000 };
        self.blocks.push(Block { head, ..block });
    }

    fn mine(&mut self) {
        let mut block = self.last();
        let number = self.blocks.len() as u64;
        while let Some(at) = self
            .pool
            .iter()
            .position(|waiting| !waiting.lost && waiting.due <= number && waiting.tx.nonce() == block.nonce)
        {
            let waiting = self.pool.remove(at);
            block.nonce += 1;
            if let Ok(call) = IHedgeDesk::rebalanceCall::abi_decode(waiting.tx.input()) {
                assert_eq!(waiting.tx.to(), Some(DESK));
                for leg in call.plan.legs {
                    let size = i128::try_from(leg.size).expect("small");
                    block.held += size;
                    self.hedges.push(size);
                }
            }
            let receipt =
                Receipt { success: true, block: number, gas: 500_000, price: 10_000_000, logs: Vec::new() };
            self.receipts.insert(*waiting.tx.tx_hash(), receipt);
        }
        self.seal(block);
    }

    fn submit(&mut self, raw: &Bytes) -> Result<(), Fault> {
        let refused = |message: &str| Err(Fault::Refused { code: -32_000, message: message.into() });
        let tx = TxEnvelope::decode_2718(&mut raw.as_ref()).expect("a transaction");
        let from = tx.recover_signer().expect("signed");
        if tx.nonce() < self.last().nonce {
            return refused("nonce too low");
        }
        // A node replaces what it has; what it has lost may still come back from elsewhere.
        let known = self.pool.iter().position(|waiting| !waiting.lost && waiting.tx.nonce() == tx.nonce());
        if let Some(known) = known {
            let (old, tip) = (&self.pool[known].tx, TxEnvelope::max_priority_fee_per_gas);
            if tx.max_fee_per_gas() < old.max_fee_per_gas() * 11 / 10 || tip(&tx) <= tip(old) {
                return refused("replacement transaction underpriced");
            }
            // Others may not have heard of the replacement.
            self.pool[known].lost = true;
        }
        let place = known.map(|known| self.pool[known].due);
        let pick = |list: &[u64]| list.get(self.arrived).copied().unwrap_or_default();
        // A replacement takes the place in the queue.
        let due = place.unwrap_or(self.blocks.len() as u64 + pick(&self.weather.delays));
        let lost = self.weather.lost.get(self.arrived).copied().unwrap_or_default();
        self.arrived += 1;
        self.pool.push(Waiting { tx, from, due, lost });
        Ok(())
    }
}

/// What the vault's words are with `held` hedged.
fn request(held: i128, terms: &Terms) -> Request {
    let grid = StrikeGrid::new(2_000_000_000, 100_000_000, 16).expect("a grid");
    let expiry = (START + 30 * 86_400) as u32;
    let mut lots = vec![[0_u8; 32]; 2];
    book::add_lots(&mut lots[0], 5, -5_000).expect("lots");
    let header = Header { expiry, grid, put_lots: 0, put_index_sum: 0 };
    let wad = |number: f64| (number * 1e18) as i128;
    let variance = 0.64 * 30.0 / 365.0;
    let published = Published {
        rate: 0,
        a: wad(variance * 0.8),
        b: wad(variance),
        rho: wad(-0.1),
        m: 0,
        s: wad(0.2),
        forward: 2_800 * 1_000_000_000_000_000_000,
    };
    let slice = published.stored(START as u32).expect("a slice");
    let stored =
        Stored { index: 0, header, slice: Some(slice.0), rate: slice.1, lots, depth: Default::default() };
    let mut settings = Settings { profile: default_profile(), limits: default_limits() };
    if terms.narrow {
        let profile = &mut settings.profile;
        (profile.hedgeCost, profile.hedgeFixedCost, profile.minBand) = (0, 0, 1);
    }
    let value = held / 1_000_000_000_000 * 2_800;
    Request {
        settings: settings.pack(),
        spot: SPOT,
        now: START as u32,
        hedge: book::Hedge { lots: (held / 10_000_000_000_000_000) << 32, value },
        free: terms.free,
        brokered: None,
        receivable: 0,
        uncovered: 0,
        young: Default::default(),
        orders: Vec::new(),
        stored: vec![stored],
    }
}

/// The words of a vault without a hedge.
pub(crate) fn words() -> Vec<B256> {
    request(0, &Terms::default()).encode().into_iter().map(B256::from).collect()
}

/// What the desk says, but for what follows from the words.
pub(crate) fn told() -> Told {
    let (since, budget) = (U256::from(START - 3_600), U256::from(500_000_000));
    let need = Need { since, budget, ..Need::default() };
    Told { address: DESK, need, rules: Rules::default(), young: Young::default(), ordered: None }
}

/// Where the hedge stands: due for an hour, all of it made by the price.
fn stance(held: i128, terms: &Terms) -> Stance {
    let words: Vec<B256> = request(held, terms).encode().into_iter().map(B256::from).collect();
    let state = State::read(&words).expect("words");
    let worth = state.worth().expect("marked");
    // A width in units, as the desk rounds it.
    let outer = U256::from(worth.band.outer) * U256::from(10_u128.pow(20)) / U256::from(SPOT);
    let mut told = told();
    told.need.outer = outer;
    Stance::new(&state, &worth, &told).expect("a stance")
}

/// What a plan is paid, at a basis point's cost and with no gas.
fn tried(block: &Block, terms: &Terms, data: &[u8]) -> Bytes {
    let plan = IHedgeDesk::rebalanceCall::abi_decode_raw(data).expect("a plan").plan;
    assert_eq!(plan.spot, U256::from(u128::from(SPOT) * 10_000_000_000));
    let stance = stance(block.held, terms);
    let size: I256 = plan.legs.iter().map(|leg| leg.size).fold(I256::ZERO, |sum, size| sum + size);
    let value = stance.value(u128::try_from(size.unsigned_abs()).expect("small")).expect("small");
    let reward = stance.reward(value, value as i128 * 3 / 28_000, 0).expect("a reward");
    (size, U256::from(reward.total())).abi_encode_params().into()
}

/// What the vault, the token or the feed answers in a block.
fn answer(block: &Block, call: &Call, terms: &Terms) -> Result<Bytes, Fault> {
    let (selector, data) = call.data.split_first_chunk::<4>().expect("a selector");
    if call.code.is_some() {
        return Ok(fills(data, terms));
    }
    Ok(match *selector {
        IERC4626::assetCall::SELECTOR | IVault::underlyingCall::SELECTOR => VENUE.abi_encode(),
        IVault::feedsCall::SELECTOR => (VENUE, VENUE).abi_encode(),
        IToken::decimalsCall::SELECTOR => terms.decimals.abi_encode(),
        IVault::wordsCall::SELECTOR => {
            let words: Vec<B256> = request(block.held, terms).encode().into_iter().map(B256::from).collect();
            words.abi_encode()
        }
        IVault::satelliteCall::SELECTOR => (DESK, Address::ZERO, U256::ZERO).abi_encode(),
        // The same contract is asked for its venues, as the broker.
        IBroker::venuesCall::SELECTOR => Vec::<IBroker::Venue>::new().abi_encode(),
        IVault::youngTradesCall::SELECTOR => vec![B256::ZERO; 6].abi_encode(),
        IHedgeDesk::hedgeNeededCall::SELECTOR => {
            stance(block.held, terms).need().expect("a state").abi_encode()
        }
        IHedgeDesk::rulesCall::SELECTOR => IHedgeDesk::Rules::from(Rules::default()).abi_encode(),
        IHedgeDesk::rebalanceCall::SELECTOR => return Ok(tried(block, terms, data)),
        IVault::spotCall::SELECTOR => {
            (U256::from(u128::from(SPOT) * 10_000_000_000), U256::from(START)).abi_encode()
        }
        IVault::venueAllowedFromCall::SELECTOR | IERC20::totalSupplyCall::SELECTOR => U256::ONE.abi_encode(),
        IERC4626::processEpochCall::SELECTOR => {
            let error = IERC4626::NoPendingRedemption {}.abi_encode();
            return Err(Fault::Reverted(error.into()));
        }
        other => panic!("asked for {other:?}"),
    }
    .into())
}

/// Every size filled at the feed's price and a basis point.
fn fills(data: &[u8], terms: &Terms) -> Bytes {
    type Sizes = (Address, Address, Address, Vec<I256>, Vec<U256>);
    let (_, _, _, sizes, _) = Sizes::abi_decode_params(data).expect("sizes");
    let fill = |size: &I256| {
        let units = size.unsigned_abs();
        let size = units * U256::from(10_u64.pow(18 - terms.decimals as u32));
        let cash = size * U256::from(28_003) / U256::from(10_u64.pow(13));
        (units, cash, Bytes::new())
    };
    let fills: Vec<(U256, U256, Bytes)> = sizes.iter().map(fill).collect();
    fills.abi_encode().into()
}

#[async_trait]
impl Chain for Script {
    async fn head(&self, _unix: u64) -> Result<Head, Fault> {
        self.step(|world| Ok(world.last().head))
    }

    async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault> {
        self.step(|world| answer(&world.at(at), call, &world.terms))
    }

    async fn account(&self, at: &Head, who: Address) -> Result<Account, Fault> {
        self.step(|world| {
            let nonce = world.at(at).nonce;
            let mut pending = world.last().nonce;
            let has =
                |nonce| world.pool.iter().any(|tx| !tx.lost && tx.from == who && tx.tx.nonce() == nonce);
            while has(pending) {
                pending += 1;
            }
            Ok(Account { nonce, pending, balance: U256::MAX })
        })
    }

    async fn gas(&self, _at: &Head, _call: &Call) -> Result<u64, Fault> {
        self.step(|_| Ok(500_000))
    }

    async fn send(&self, raw: &Bytes) -> Result<(), Fault> {
        self.step(|world| world.submit(raw))
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault> {
        self.step(|world| Ok(world.receipts.get(&hash).cloned()))
    }
}
