//! Reads the vault's broker and tries its venues out.
//!
//! A venue that trades at once is asked by trading, in calls whose caller is the desk: at the worst price that will ever be taken, and then at better
//! ones, by halves, until the best at which it still trades is known. Nothing that it says of its prices is believed.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, I256, U256, bytes};
use alloy_sol_types::SolCall;
use interfaces::broker::IBroker;
use interfaces::external::IToken;
use interfaces::perp::IPerpVenue;
use interfaces::position::IPositionVenue;
use interfaces::vault::IVault;
use interfaces::words::{int, to_u64, to_u128, uint};
use inventory::hedge::worst_price;

use crate::ask::{ask, decode};
use crate::brokerage::{Brokerage, Holding, Ledger, MILLION, Room, Seat, Trial, Tried};
use crate::chain::{Call, Chain, Fault, Head};
use crate::collect::Market;
use crate::config::Config;
use crate::mark::State;
use crate::numbers::signed;
use crate::show::short;
use crate::stance::Stance;

/// Halvings of the range in which a price is looked for: of 120 basis points, a quarter of one is left.
const HALVINGS: u32 = 9;
/// What of a hedge is tried: all of it, a half and so on.
const PARTS: [u128; 4] = [1, 2, 4, 8];
/// Returns the broker's storage slots 0, 10 and 11: its cap on slippage behind the vault's address, and its checkpoint.
const PEEK: Bytes = bytes!("5f545f52600a54602052600b5460405260605ff3");
/// Token units that a trade may be off by.
const UNITS: u128 = 2;
/// Words of the answer.
const PEEKED: usize = 96;

/// Reads brokers.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    names: HashMap<Address, String>,
    trials: bool,
    /// Time-outs of venues, which never change [s]
    timeouts: HashMap<Address, u64>,
}

/// What is read against.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) chain: &'a dyn Chain,
    pub(crate) head: &'a Head,
    pub(crate) market: &'a Market,
    pub(crate) state: &'a State,
    /// The hedge, and the desk that says so.
    pub(crate) hedge: Option<(&'a Stance, Address)>,
}

impl Seats {
    pub(crate) fn new(config: &Config) -> Self {
        let names = config.positions.iter().map(|venue| (venue.address, venue.name.clone()));
        Self { names: names.collect(), trials: config.position.on, timeouts: HashMap::new() }
    }

    /// The vault's broker; none if it has none, or the broker no venue.
    ///
    /// # Errors
    /// A vault or a broker that does not answer.
    pub(crate) async fn read(&mut self, scene: &Scene<'_>) -> Result<Option<Brokerage>, Fault> {
        let Scene { chain, head, market, .. } = *scene;
        let call = IVault::satelliteCall { which: IVault::Satellite::Broker };
        let address = ask(chain, head, market.vault, &call).await?.contract_;
        if address.is_zero() {
            return Ok(None);
        }
        let venues = ask(chain, head, address, &IBroker::venuesCall {}).await?;
        if venues.is_empty() {
            return Ok(None);
        }
        let ledger = ledger(chain, head, address).await;
        let mut broker = Brokerage { address, ledger, seats: Vec::new() };
        for venue in venues {
            let mut seat = self.seat(scene, &venue).await;
            seat.trial = if self.trials { trial(scene, &broker, &seat).await? } else { None };
            broker.seats.push(seat);
        }
        Ok(Some(broker))
    }

    async fn seat(&mut self, scene: &Scene<'_>, entry: &IBroker::Venue) -> Seat {
        let IBroker::Venue { venue, allowedFrom, cap, margin, countsFrom, .. } = *entry;
        let name = self.names.get(&venue).cloned().unwrap_or_else(|| short(venue));
        let (holding, timeout) = match self.holding(scene, venue).await {
            Ok((holding, timeout)) => (Ok(holding), timeout),
            Err(fault) => (Err(fault), 0),
        };
        Seat {
            name,
            venue,
            allowed_from: allowedFrom,
            counts: countsFrom != 0 && countsFrom <= scene.head.timestamp,
            cap: u128::from(cap).saturating_mul(MILLION),
            margin,
            timeout,
            holding,
            trial: None,
        }
    }

    /// What a venue holds, and after how long anyone may cancel its order.
    async fn holding(&mut self, scene: &Scene<'_>, venue: Address) -> Result<(Holding, u64), Fault> {
        let Scene { chain, head, market, state, .. } = *scene;
        let told = ask(chain, head, venue, &IPositionVenue::stateCall { price: uint(state.spot()) }).await?;
        let timeout = match self.timeouts.get(&venue) {
            Some(timeout) => *timeout,
            None => {
                let timeout = ask(chain, head, venue, &IPositionVenue::timeoutCall {}).await?;
                *self.timeouts.entry(venue).or_insert(seconds(timeout))
            }
        };
        let since = seconds(told.pendingSince);
        let order = match since {
            0 => B256::ZERO,
            _ => ask(chain, head, venue, &IPerpVenue::orderKeyCall {}).await?,
        };
        let idle = ask(chain, head, market.asset, &IToken::balanceOfCall { account: venue }).await?;
        let purse = if timeout == 0 { U256::ZERO } else { chain.account(head, venue).await?.balance };
        let small = |number: I256| {
            crate::numbers::int(number).ok_or_else(|| Fault::Garbage(format!("state of {venue}: {number}")))
        };
        let whole = |number: U256| to_u128(number).unwrap_or(u128::MAX);
        let holding = Holding {
            size: small(told.size)?,
            equity: small(told.equity)?,
            withdrawable: whole(told.withdrawable),
            pending: small(told.pending)?,
            since,
            order,
            idle: whole(idle),
            purse: whole(purse),
        };
        Ok((holding, timeout))
    }
}

/// What the broker's storage says, read by code that stands in for its own for the length of a call.
async fn ledger(chain: &dyn Chain, head: &Head, broker: Address) -> Result<Ledger, Fault> {
    let call = Call { to: broker, code: Some(PEEK), ..Call::default() };
    let answer = chain.call(head, &call).await?;
    let garbage = || Fault::Garbage(format!("storage of {broker}: {} bytes", answer.len()));
    let words: &[u8; PEEKED] = answer.first_chunk().ok_or_else(garbage)?;
    let read = |from: usize, bytes: usize| {
        let part = words.get(from..from.saturating_add(bytes)).unwrap_or_default();
        part.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte))
    };
    // Fields stand in a word from its low end up; those of the checkpoint were packed from the high end down.
    let (slip, equity, time) = (read(8, 4), read(32, 16), read(80, 8));
    let (slip, time) = (u32::try_from(slip).unwrap_or_default(), u64::try_from(time).unwrap_or_default());
    let sound = time <= head.timestamp && slip > 0;
    if sound { Ok(Ledger { slip, equity: equity as i128, time }) } else { Err(garbage()) }
}

/// What a venue would trade of the hedge that is due; none if nothing is, or none of it can be traded there.
///
/// All that it reaches, or where that is refused or dearer than the price cap is now, a half of it, or a quarter, or an eighth: a venue may sell what it
/// borrows in rounds, each at the limit that the last of them needs.
async fn trial(scene: &Scene<'_>, broker: &Brokerage, seat: &Seat) -> Result<Option<Trial>, Fault> {
    let Some((stance, desk)) = scene.hedge.filter(|(stance, _)| stance.due() != 0) else { return Ok(None) };
    let Ok(ledger) = &broker.ledger else { return Ok(None) };
    let (request, grain) = (&scene.state.request, scene.market.grain);
    let least = stance.trigger.least(&stance.rules);
    let room = Room { spot: request.spot, free: request.free, grain, least };
    let whole = seat.reach(stance.due(), &room);
    let busy = seat.holding.as_ref().is_ok_and(|holding| holding.since != 0);
    if whole == 0 || busy || !seat.is_open(scene.head.timestamp) {
        return Ok(None);
    }
    if seat.is_slow() {
        return Ok(Some(Trial { size: whole, outcome: Ok(Tried::Later) }));
    }
    let slip = scene.state.terms.max_slippage.min(ledger.slip);
    let (broker, venue) = (broker.address, seat.venue);
    let mut first = None;
    for part in PARTS {
        let size = signed(whole.unsigned_abs() / part / grain * grain, whole);
        if part > 1 && stance.value(size.unsigned_abs()).is_none_or(|value| value < least) {
            break;
        }
        let outcome = Question { scene, desk, broker, venue, size }.best(stance, slip).await?;
        let trial = Trial { size, outcome };
        if let (Ok(Tried::At(price)), Some(worst)) = (&trial.outcome, stance.worst(scene.state.spot(), slip))
            && (if size > 0 { *price <= worst } else { *price >= worst })
        {
            return Ok(Some(trial));
        }
        first = first.or(Some(trial));
    }
    Ok(first)
}

struct Question<'a> {
    scene: &'a Scene<'a>,
    desk: Address,
    broker: Address,
    venue: Address,
    size: i128,
}

impl Question<'_> {
    /// The best price at which all of it is traded, from the worst that is ever taken on.
    async fn best(&self, stance: &Stance, slip: u32) -> Result<Result<Tried, Bytes>, Fault> {
        let (spot, slip) = (self.scene.state.spot(), slip.min(stance.rules.slip_max));
        let ends = worst_price(spot, self.size > 0, slip).zip(worst_price(spot, self.size < 0, slip));
        let Some((mut passes, mut fails)) = ends else { return Ok(Err(bytes!(""))) };
        if let Err(data) = self.trades(passes).await? {
            return Ok(Err(data));
        }
        for _ in 0..HALVINGS {
            let middle = passes.midpoint(fails);
            if self.trades(middle).await?.is_ok() { passes = middle } else { fails = middle }
        }
        Ok(Ok(Tried::At(passes)))
    }

    /// Whether all of it is traded at a limit, or the refusal.
    async fn trades(&self, limit: u128) -> Result<Result<(), Bytes>, Fault> {
        let Self { scene, desk, broker, venue, size } = *self;
        let call = IBroker::adjustCall { venue, size: int(size), limitPrice: uint(limit) };
        let call = Call { from: desk, to: broker, data: call.abi_encode().into(), ..Call::default() };
        match scene.chain.call(scene.head, &call).await {
            Ok(answer) => {
                let done = decode::<IBroker::adjustCall>(&answer, broker)?;
                // What a protocol counts may be a unit or two off.
                let off = (done.filled.saturating_sub(int(size))).unsigned_abs();
                let whole = done.key.is_zero() && off <= uint(scene.market.grain.saturating_mul(UNITS));
                Ok(if whole { Ok(()) } else { Err(bytes!("")) })
            }
            Err(Fault::Reverted(data)) => Ok(Err(data)),
            Err(fault) => Err(fault),
        }
    }
}

fn seconds(number: U256) -> u64 {
    to_u64(number).unwrap_or(u64::MAX)
}
