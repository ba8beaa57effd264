//! The skew trigger and hedges through the real Uniswap.

use alloy_sol_types::SolError as _;
use host::alloy_primitives::{FixedBytes, I256, U256};
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;

use crate::market::{events, signed, Market, DAY, SPOT, START};

/// A market whose book calls for a hedge.
pub(crate) fn skewed() -> Market {
    let mut market = Market::open();
    for strike in [2_500, 2_600, 2_700, 2_800] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    assert!(due(&mut market).needed);
    market
}

pub(crate) fn due(market: &mut Market) -> IVault::Hedge {
    market.stage.ask(IVault::hedgeNeededCall {}).expect("the state of the hedge")
}

#[test]
fn anyone_hedges_to_the_edge_of_the_band_and_balances_say_so() {
    let mut market = skewed();
    let (vault, underlying, venue) = (market.stage.vault, market.stage.underlying, market.stage.venue);
    let before = (due(&mut market), market.usdc_of(vault));
    let legs = vec![IVault::HedgeLeg { venue, size: before.0.size, limitPrice: U256::ZERO }];
    let (filled, receipt) =
        market.receipt(market.trader, IVault::rebalanceCall { legs, deadline: U256::MAX });
    assert_eq!(filled, before.0.size);
    let held = market.stage.chain.token_balance(underlying, vault).expect("a balance");
    assert_eq!(held, filled.into_raw());
    let [hedged] = events::<IVault::Hedged>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((hedged.venue, hedged.size, hedged.position), (venue, filled, filled));
    let spent = f64::from(before.1 - market.usdc_of(vault)) / 1e6;
    let priced = f64::from(hedged.price) / 1e18 * f64::from(held) / 1e18;
    assert!(
        (spent / priced - 1.0).abs() < 1e-9 && (spent / (f64::from(held) / 1e18) / SPOT - 1.0).abs() < 0.002
    );
    let after = due(&mut market);
    assert!(!after.needed);
    let off = (after.target - after.position).abs().into_raw();
    assert!(off <= after.inner + U256::from(1_000_000_000_000_u64), "{after:?}");
    let failure = market.rebalance(venue, signed(1.0)).expect_err("nothing to hedge");
    let Some(IVault::IVaultErrors::HedgeNotNeeded(error)) = failure.vault_error() else {
        panic!("{failure}")
    };
    assert_eq!(error.band, after.outer);
    // Both are whole micro-USD, turned into units of the underlying.
    assert!(
        (error.deviation - (after.reachable - after.position)).abs() < signed(1e-9),
        "{error:?} {after:?}"
    );
}

#[test]
fn hedges_that_go_the_wrong_way_or_too_far() {
    let mut market = skewed();
    let (venue, state) = (market.stage.venue, due(&mut market));
    let due = state.reachable - state.position;
    market.refuses(IVault::HedgeWrongWay { size: signed(-1.0), due }, |market| {
        market.rebalance(venue, signed(-1.0))
    });
    market.refuses(IVault::HedgeWrongWay { size: I256::ZERO, due }, |market| {
        market.rebalance(venue, I256::ZERO)
    });
    let far = due + I256::from_raw(state.inner) + signed(0.1);
    market.refuses(IVault::HedgeTooLarge { size: far, due }, |market| market.rebalance(venue, far));
    market.refuses(IVault::NoLegs {}, |market| {
        let keeper = market.stage.actors.keeper;
        market.stage.vault(keeper, IVault::rebalanceCall { legs: vec![], deadline: U256::MAX })
    });
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
    let legs = vec![IVault::HedgeLeg { venue, size, limitPrice: crate::market::wad(SPOT) }];
    market.refuses(error(), |market| {
        market.stage.vault(keeper, IVault::rebalanceCall { legs, deadline: U256::MAX })
    });
    market.stage.arbitrage(SPOT * 1.011).expect("a pool above the cap");
    market.refuses(error(), |market| market.rebalance(venue, size));
    market.stage.arbitrage(SPOT * 1.008).expect("a pool inside the cap");
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
