//! What venues with positions cost, and how large they are.

use alloy_sol_types::SolCall;
use demo::stage::positions::FEE;
use host::alloy_primitives::{Address, I256, U256};
use host::Tx;
use interfaces::position::IPositionVenue;

use crate::costs::{size, Figures};
use crate::market::{signed, usdc, wad, Market, SPOT};
use crate::venue_perp::Perp;
use crate::venue_short::Short;

/// Gas of a call to a venue.
fn gas<C: SolCall>(market: &mut Market, from: Address, venue: Address, value: u64, call: C) -> u64 {
    let (value, data) = (U256::from(value), call.abi_encode().into());
    let tx = Tx { from, to: Some(venue), value, data, gas_limit: 30_000_000 };
    market.stage.chain.world.call_with(tx).expect("a receipt").execution_gas
}

/// A trade at 3 % off the market at worst.
fn trade(size: f64, margin: u64) -> IPositionVenue::adjustCall {
    let limit = if size < 0.0 { SPOT * 0.97 } else { SPOT * 1.03 };
    IPositionVenue::adjustCall {
        size: signed(size),
        price: wad(SPOT),
        limitPrice: wad(limit),
        margin: I256::try_from(margin * 1_000_000).expect("a margin"),
    }
}

pub(crate) fn figures(figures: &mut Figures) {
    let mut tell = |name: &str, used: u64| {
        figures.insert(name.into(), used.into());
    };
    let state = || IPositionVenue::stateCall { price: wad(SPOT) };
    let withdraw = |usd: f64| IPositionVenue::withdrawCall { amount: usdc(usd) };

    let mut short = Short::open();
    let (desk, venue) = (short.desk, short.venue);
    short.give(60_000.0);
    tell("aave_short_open", gas(&mut short.market, desk, venue, 0, trade(-10.0, 60_000)));
    tell("aave_short_sell", gas(&mut short.market, desk, venue, 0, trade(-5.0, 0)));
    tell("aave_short_buy", gas(&mut short.market, desk, venue, 0, trade(5.0, 0)));
    tell("aave_short_withdraw", gas(&mut short.market, desk, venue, 0, withdraw(100.0)));
    tell("aave_short_state", gas(&mut short.market, desk, venue, 0, state()));
    let free = short.state(SPOT).withdrawable;
    short.withdraw(free).expect("what is free");
    tell("aave_short_close_in_rounds", gas(&mut short.market, desk, venue, 0, trade(10.0, 0)));

    let mut perp = Perp::holding(-10.0);
    let (desk, venue) = (perp.desk, perp.venue);
    tell("perp_venue_place", gas(&mut perp.market, desk, venue, FEE, trade(-1.0, 0)));
    tell("perp_venue_state_in_flight", gas(&mut perp.market, desk, venue, 0, state()));
    let key = perp.order();
    perp.later(3_600);
    tell("perp_venue_cancel", gas(&mut perp.market, desk, venue, 0, IPositionVenue::cancelCall { key }));
    tell("perp_venue_state", gas(&mut perp.market, desk, venue, 0, state()));
}

pub(crate) fn sizes(sizes: &mut Figures) {
    let mut short = Short::open();
    size(sizes, &mut short.market, "aave_short", short.venue);
    let mut perp = Perp::open();
    size(sizes, &mut perp.market, "perp_venue", perp.venue);
}
