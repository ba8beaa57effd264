//! The broker's venues on the stage: a short by lending on Aave's own bytecode, and a perpetuals exchange's test double.

use alloy_primitives::Address;
use demo::stage::{Aave, PerpExchange, Stage};
use interfaces::broker::IBroker;

/// Which venues the broker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seating {
    None,
    Aave,
    Perp,
    Both,
}

/// Where they are; zero for what is not there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seats {
    pub(crate) aave: Address,
    pub(crate) perp: Address,
    pub(crate) exchange: Address,
}

/// Most that a venue's position may be worth [USD]
pub(crate) const CAP: u32 = 400_000;
/// Margin that a position takes [1e-6]. Aave lends 78 % of the collateral, which is margin and proceeds, and its venue keeps a health of 1.25.
pub(crate) const MARGINS: [u32; 2] = [700_000, 400_000];
/// Least health factor: 1.25.
const FLOOR: u64 = 1_250_000_000_000_000_000;
/// What closing is reckoned to cost: 0.2 %.
const HAIRCUT: u32 = 2_000;
/// Seconds after which anyone may cancel an order.
pub(crate) const TIMEOUT: u32 = 1_800;
/// The most that an order is given [wei]
const MAX_FEE: u64 = 5_000_000_000_000_000;

/// Deploys what is wanted, and names it before anything is deposited.
pub(crate) fn seat(stage: &mut Stage, seating: Seating, price: f64) -> Seats {
    let mut seats = Seats::default();
    let owner = stage.actors.owner;
    let [aave, perp] = match seating {
        Seating::None => [false, false],
        Seating::Aave => [true, false],
        Seating::Perp => [false, true],
        Seating::Both => [true, true],
    };
    if aave {
        seats.aave = short(stage, price);
    }
    if perp {
        (seats.exchange, seats.perp) = orders(stage);
    }
    for (venue, margin) in [seats.aave, seats.perp].into_iter().zip(MARGINS) {
        if !venue.is_zero() {
            stage.broker(owner, IBroker::setVenueCall { venue, cap: CAP, margin }).expect("a venue");
        }
    }
    seats
}

fn short(stage: &mut Stage, price: f64) -> Address {
    let (owner, tokens) = (stage.actors.owner, [stage.usdc, stage.underlying, stage.feed]);
    let aave = Aave::deploy(&mut stage.chain, owner, tokens, price).expect("Aave");
    let broker = stage.broker;
    stage.short_on(&aave, [broker, broker], (FLOOR, HAIRCUT)).expect("a venue")
}

/// The exchange, and the venue on it.
fn orders(stage: &mut Stage) -> (Address, Address) {
    let (owner, asset, broker) = (stage.actors.owner, stage.usdc, stage.broker);
    let made =
        PerpExchange::deploy(&mut stage.chain, owner, [asset, stage.underlying]).expect("the exchange");
    let venue = stage.perpetual_on(&made, [broker, broker], (TIMEOUT, HAIRCUT, MAX_FEE)).expect("a venue");
    (made.exchange, venue)
}
