//! What the broker's positions need beside hedges, each once for every venue that needs it, and only where it would change something.
//!
//! Nobody is paid for it, and whoever comes second pays for a refusal, or for a thing that was done already. So keepers take turns: time is cut into
//! turns of `turn` seconds, and an account has one of each eight, drawn anew each time. What one has done the next one sees. The clock of a hedge is
//! started by turns as well.

use alloy_primitives::keccak256;

use crate::action::{Action, Order};
use crate::brokerage::Seat;
use crate::collect::View;
use crate::config::{Config, micro};
use crate::numbers::usd;
use crate::skip::Skip;
use crate::strategy::position::{broker, fee};
use crate::strategy::{Decision, hedge};

/// Turns in a round.
const TURNS: u64 = 8;

/// Cancels orders that have had their time: one that filled after all would hedge a second time.
pub fn cancel(view: &View, config: &Config) -> Vec<Decision> {
    let late = |seat: &Seat| {
        let from = seat.cancellable_from().filter(|from| *from <= view.head.timestamp && seat.is_slow())?;
        let order = seat.holding.as_ref().ok()?.order;
        let order = Order { name: seat.name.clone(), venue: seat.venue, key: order, from };
        Some(turn(view, config).map(|()| Action::Cancel(order)))
    };
    each(view, config, late, |seats| Skip::NoOrderLate {
        until: seats.iter().filter_map(Seat::cancellable_from).min(),
    })
}

/// Puts margins right that are off by more than a tenth.
pub fn tend(view: &View, config: &Config) -> Vec<Decision> {
    let spot = view.state.request.spot;
    let untended = |seat: &Seat| {
        let margin = seat.untended(spot)?;
        let holding = seat.holding.as_ref().ok()?;
        if holding.since != 0 {
            return Some(Err(Skip::OrderInFlight { name: seat.name.clone(), since: holding.since }));
        }
        let free = view.state.request.free;
        let needed = holding.size.checked_abs().and_then(|size| seat.margin_of(size, spot))?;
        let sent = i128::try_from(needed).ok()?.saturating_sub(holding.equity);
        if margin > 0 && sent > free {
            return Some(Err(Skip::CashShort { name: seat.name.clone(), free, needed: sent }));
        }
        let (name, venue, ether, later) = (seat.name.clone(), seat.venue, fee(config, seat), seat.is_slow());
        Some(turn(view, config).map(|()| Action::Tend { name, venue, margin, ether, later }))
    };
    each(view, config, untended, |_| Skip::MarginsRight)
}

/// Brings back what lies over: all of it from a venue without a position, else what is over by more than a tenth.
pub fn collect(view: &View, config: &Config) -> Vec<Decision> {
    let spot = view.state.request.spot;
    let least = u128::try_from(micro(config.upkeep.min_collect)).unwrap_or_default().max(1);
    let over = |seat: &Seat| {
        let amount = seat.collectable(spot).filter(|amount| *amount >= seat.least_collected(spot, least))?;
        let (name, venue) = (seat.name.clone(), seat.venue);
        Some(turn(view, config).map(|()| Action::Collect { name, venue, amount }))
    };
    each(view, config, over, |seats| {
        let over = |seat: &Seat| seat.collectable(spot).unwrap_or_default();
        Skip::NothingLiesOver { amount: seats.iter().map(over).fold(0, u128::saturating_add) }
    })
}

/// Makes a checkpoint, daily while anything is held, and at once when the vault does not know what may be short.
pub fn checkpoint(view: &View, config: &Config) -> Vec<Decision> {
    let spot = view.state.request.spot;
    let decide = || {
        let broker = ready(view, config)?;
        let told = view.state.request.brokered.unwrap_or_default();
        let (short, margin) = broker.short_terms(view.head.timestamp);
        if told.short != short || (short > 0 && told.margin != margin) {
            return turn(view, config).map(|()| Action::Checkpoint { short: Some(short), age: None });
        }
        if !broker.holds(spot) {
            return Err(Skip::NothingHeld);
        }
        let time =
            broker.ledger.as_ref().map_err(|fault| super::unanswered(fault, Skip::BrokerRefuses))?.time;
        let due = time.saturating_add(config.upkeep.checkpoint_after);
        if view.head.timestamp < due {
            return Err(Skip::CheckpointFresh { until: due });
        }
        let age = view.head.timestamp.saturating_sub(time);
        turn(view, config).map(|()| Action::Checkpoint { short: None, age: Some(age) })
    };
    vec![decide()]
}

/// What each venue needs, or why none needs anything.
fn each(
    view: &View,
    config: &Config,
    need: impl Fn(&Seat) -> Option<Decision>,
    none: impl Fn(&[Seat]) -> Skip,
) -> Vec<Decision> {
    let seats = match ready(view, config) {
        Ok(broker) => &broker.seats,
        Err(skip) => return vec![Err(skip)],
    };
    let mut needs: Vec<Decision> = seats.iter().filter_map(need).collect();
    if needs.is_empty() {
        // What does not answer is not known to need nothing.
        let ill = seats.iter().filter_map(|seat| Some((seat, seat.holding.as_ref().err()?)));
        let ill: Vec<String> = ill.map(|(seat, fault)| format!("{}: {fault}", seat.name)).collect();
        needs.push(Err(if ill.is_empty() { none(seats) } else { Skip::SeatIll(ill.join("; ")) }));
    }
    needs
}

/// The broker, if anything may be done for it.
fn ready<'v>(view: &'v View, config: &Config) -> Result<&'v crate::brokerage::Brokerage, Skip> {
    if !config.upkeep.on {
        return Err(Skip::Off);
    }
    hedge::priced(view)?;
    broker(view)
}

/// Whether it is this account's turn.
///
/// # Errors
/// When it will be.
pub fn turn(view: &View, config: &Config) -> Result<(), Skip> {
    let (length, now) = (config.upkeep.turn, view.head.timestamp);
    let (Some((account, _)), Some(at)) = (view.account, now.checked_div(length)) else { return Ok(()) };
    let own = |round: u64| {
        let drawn = keccak256([account.as_slice(), &round.to_be_bytes()].concat());
        let place = u64::from(drawn.first().copied().unwrap_or_default()) % TURNS;
        round.saturating_mul(TURNS).saturating_add(place)
    };
    let round = at / TURNS;
    let next = if own(round) < at { own(round.saturating_add(1)) } else { own(round) };
    if next == at { Ok(()) } else { Err(Skip::NotOurTurn { from: next.saturating_mul(length) }) }
}

/// What tending does, in words.
pub(crate) fn tended(margin: i128) -> String {
    let amount = usd(margin.saturating_abs());
    if margin < 0 {
        format!("frees {amount} USD of margin")
    } else {
        format!("brings {amount} USD of margin")
    }
}
