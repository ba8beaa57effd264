//! The skew trigger and hedges through the real Uniswap.

use alloy_sol_types::SolError as _;
use host::alloy_primitives::{FixedBytes, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::external::IToken;
use interfaces::lens::ILens;
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;

use crate::market::{events, Market, DAY, SPOT, START};

/// A market whose book calls for a hedge.
pub(crate) fn skewed() -> Market {
    let mut market = Market::open();
    for strike in [2_500, 2_600, 2_700, 2_800] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    assert!(due(&mut market).needed);
    market
}

/// The hedge by the band alone.
pub(crate) fn due(market: &mut Market) -> ILens::NextHedge {
    let vault = market.stage.vault;
    market.stage.look(ILens::nextHedgeCall { vault }).expect("the state of the hedge")
}

#[test]
fn anyone_hedges_to_the_edge_of_the_band_and_balances_say_so() {
    let mut market = skewed();
    let (vault, underlying, venue) = (market.stage.vault, market.stage.underlying, market.stage.venue);
    let before = (due(&mut market), market.usdc_of(vault));
    let plan = market.stage.plan(venue, before.0.size).expect("a price");
    let (trader, desk) = (market.trader, market.stage.desk);
    let sent = market.stage.chain.send_for_receipt(trader, desk, IHedgeDesk::rebalanceCall { plan });
    let (done, receipt) = sent.expect("a hedge");
    let filled = done.size;
    assert_eq!(filled, before.0.size);
    let held = market.stage.chain.token_balance(underlying, vault).expect("a balance");
    assert_eq!(held, filled.into_raw());
    let [hedged] = events::<IVault::Hedged>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((hedged.venue, hedged.size, hedged.position), (venue, filled, filled));
    let spent = f64::from(before.1 - market.usdc_of(vault) - done.reward) / 1e6;
    let priced = f64::from(hedged.price) / 1e18 * f64::from(held) / 1e18;
    assert!(
        (spent / priced - 1.0).abs() < 1e-9 && (spent / (f64::from(held) / 1e18) / SPOT - 1.0).abs() < 0.002
    );
    let after = due(&mut market);
    assert!(!after.needed);
    let off = (after.target - after.position).abs().into_raw();
    assert!(off <= after.inner + U256::from(1_000_000_000_000_u64), "{after:?}");
}

#[test]
fn venues_that_are_not_allowed_or_not_yet() {
    let mut market = skewed();
    let (size, stranger, venue) = (due(&mut market).size, market.trader, market.stage.venue);
    let error = IVault::VenueNotAllowed { venue: stranger, allowedFrom: U256::ZERO };
    market.refuses(error, |market| market.rebalance(stranger, size));
    let guardian = market.stage.actors.guardian;
    market.stage.vault(guardian, IVault::removeVenueCall { venue }).expect("a removal");
    market.refuses(IVault::VenueNotAllowed { venue, allowedFrom: U256::ZERO }, |market| {
        market.rebalance(venue, size)
    });
    let owner = market.stage.actors.owner;
    market.stage.vault(owner, IVault::allowVenueCall { venue }).expect("an allowance");
    let from = U256::from(market.now() + 2 * DAY);
    market.refuses(IVault::VenueNotAllowed { venue, allowedFrom: from }, |market| {
        market.rebalance(venue, size)
    });
    market.move_to(START + 2 * DAY, SPOT);
    let size = due(&mut market).size;
    market.rebalance(venue, size).expect("a hedge after the delay");
}

#[test]
fn a_pool_off_the_market_or_a_limit_of_the_callers_stops_the_hedge() {
    let mut market = skewed();
    let (size, venue) = (due(&mut market).size, market.stage.venue);
    let error = || IVault::VenueFailed { venue, reason: FixedBytes(IHedgeVenue::SwapFailed::SELECTOR) };
    let keeper = market.stage.actors.keeper;
    let mut plan = market.stage.plan(venue, size).expect("a price");
    plan.legs[0].limitPrice = crate::market::wad(SPOT);
    market.refuses(error(), |market| market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }));
    market.stage.arbitrage(SPOT * 1.011).expect("a pool above the cap");
    market.refuses(error(), |market| market.rebalance(venue, size));
    market.stage.arbitrage(SPOT * 1.0005).expect("a pool inside the desk's cap");
    market.rebalance(venue, size).expect("a hedge");
}

#[test]
fn a_falling_market_sells_the_hedge_and_claims_raise_cash_from_it() {
    let mut market = skewed();
    let (venue, size) = (market.stage.venue, due(&mut market).size);
    market.rebalance(venue, size).expect("a purchase");
    market.move_to(START + 2 * DAY, SPOT * 0.75);
    let state = due(&mut market);
    assert!(state.needed && state.size.is_negative(), "{state:?}");
    assert_eq!(market.rebalance(venue, state.size).expect("a sale"), state.size);
    assert!(!due(&mut market).needed);
}

#[test]
fn a_gift_to_the_venue_stops_no_hedge_and_is_no_hedge() {
    let mut market = skewed();
    let (venue, underlying, usdc) = (market.stage.venue, market.stage.underlying, market.stage.usdc);
    let (vault, giver) = (market.stage.vault, market.stage.actors.arbitrageur);
    let gift = |market: &mut Market, token, value| {
        let call = IToken::transferCall { to: venue, value: U256::from(value) };
        market.stage.chain.send(giver, token, call).expect("a gift");
    };
    gift(&mut market, underlying, 1_u64);
    gift(&mut market, usdc, 1);
    let bought = due(&mut market).size;
    assert_eq!(market.rebalance(venue, bought).expect("a purchase"), bought);
    gift(&mut market, underlying, 1_000_000_000_000_000_000);
    market.move_to(START + 2 * DAY, SPOT * 0.75);
    let size = due(&mut market).size;
    assert!(size.is_negative());
    assert_eq!(market.rebalance(venue, size).expect("a sale"), size);
    let held = market.stage.chain.token_balance(underlying, vault).expect("a balance");
    assert_eq!(held, (bought + size).into_raw());
    let left = market.stage.chain.token_balance(underlying, venue).expect("a balance");
    assert_eq!(left, U256::from(1_000_000_000_000_000_001_u64));
    assert_eq!(market.usdc_of(venue), U256::ZERO);
}
