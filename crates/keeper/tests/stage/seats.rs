//! The broker's venues on the stage: a short by lending on Aave's own bytecode, and a perpetuals exchange's test double.

use alloy_primitives::Address;
use demo::stage::positions::{PERP_MARGIN, SHORT_MARGIN};
use demo::stage::{Aave, PerpExchange, Stage};

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

/// Deploys what is wanted, and names it before anything is deposited.
pub(crate) fn seat(stage: &mut Stage, seating: Seating, price: f64) -> Seats {
    let mut seats = Seats::default();
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
    for (venue, margin) in [seats.aave, seats.perp].into_iter().zip([SHORT_MARGIN, PERP_MARGIN]) {
        if !venue.is_zero() {
            stage.seat(venue, margin).expect("a venue");
        }
    }
    seats
}

fn short(stage: &mut Stage, price: f64) -> Address {
    let (owner, tokens) = (stage.actors.owner, [stage.usdc, stage.underlying, stage.feed]);
    let aave = Aave::deploy(&mut stage.chain, owner, tokens, price).expect("Aave");
    let broker = stage.broker;
    stage.short_on(&aave, [broker, broker]).expect("a venue")
}

/// The exchange, and the venue on it.
fn orders(stage: &mut Stage) -> (Address, Address) {
    let (owner, asset, broker) = (stage.actors.owner, stage.usdc, stage.broker);
    let made =
        PerpExchange::deploy(&mut stage.chain, owner, [asset, stage.underlying]).expect("the exchange");
    let venue = stage.perpetual_on(&made, [broker, broker]).expect("a venue");
    (made.exchange, venue)
}
