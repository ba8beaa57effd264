//! Spread income vests to the expiry of its trade.

use host::alloy_primitives::{I256, U256};
use interfaces::erc4626::IERC4626;

use crate::market::{series, Market, DAY, HOUR, SPOT, START};

fn total_assets(market: &mut Market) -> U256 {
    market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets")
}

#[test]
fn the_spread_vests_in_a_straight_line_to_the_latest_expiry() {
    let mut market = Market::open();
    let [near, far] = market.expiries;
    let legs = [(series(near, 2_800, false), 2.0), (series(far, 2_800, false), 3.0)];
    let spread = market.quote(&legs).expect("a quote").spread;
    market.trade(&legs).expect("a trade");
    assert_eq!(market.nav().unvested, spread);
    let whole = far - START;
    for time in [START + 1, START + HOUR, START + 3 * DAY, near - HOUR] {
        market.move_to(time, SPOT);
        let left = spread * U256::from(far - time);
        assert_eq!(market.nav().unvested, (left + U256::from(whole - 1)) / U256::from(whole));
    }
}

#[test]
fn deposits_pay_for_what_vests_and_conversions_leave_it_out() {
    let mut market = Market::open();
    market.trade(&[(market.call(2_800), 10.0)]).expect("a trade");
    let nav = market.nav();
    assert!(nav.unvested > U256::ZERO);
    assert_eq!(I256::from_raw(total_assets(&mut market) + nav.unvested), nav.mid);
    assert_eq!(nav.low, nav.mid - I256::from_raw(nav.riskReserve + nav.unvested));
    let assets = U256::from(1_000_000_000_u64);
    let fair = market.stage.ask(IERC4626::convertToSharesCall { assets }).expect("shares");
    let given = market.stage.ask(IERC4626::previewDepositCall { assets }).expect("shares");
    assert!(given < fair, "{given} {fair}");
}

#[test]
fn a_second_trade_vests_beside_what_is_left_of_the_first() {
    let mut market = Market::open();
    let call = market.call(2_800);
    market.trade(&[(call, 2.0)]).expect("a trade");
    market.move_to(START + DAY, SPOT);
    let (left, second) = (market.nav().unvested, market.quote(&[(call, -1.0)]).expect("a quote").spread);
    market.trade(&[(call, -1.0)]).expect("a sale");
    assert_eq!(market.nav().unvested, left + second);
    let slots = market.nav().unvested;
    market.move_to(START + 2 * DAY, SPOT);
    assert!(market.nav().unvested < slots);
}

#[test]
fn all_has_vested_at_the_expiry_and_the_slot_begins_anew() {
    let mut market = Market::open();
    let near = market.expiries[0];
    market.trade(&[(series(near, 2_800, false), 2.0)]).expect("a trade");
    market.move_to(near - 1, SPOT);
    let round = market.stage.last_round().expect("a round");
    assert!(market.nav().unvested > U256::ZERO);
    market.move_to(near, SPOT);
    assert_eq!(market.nav().unvested, U256::ZERO);
    market.move_to(near + 1, SPOT);
    let settle = interfaces::vault::IVault::settleCall { expiry: near, roundId: round };
    let settled = market.stage.vault(market.trader, settle);
    assert_eq!(settled.err().map(|failure| failure.name()).as_deref(), Some("RoundNotStraddling"));
    let round = round + host::alloy_primitives::aliases::U80::ONE;
    let settle = interfaces::vault::IVault::settleCall { expiry: near, roundId: round };
    market.stage.vault(market.trader, settle).expect("a settlement");

    let next = crate::market::expiry(21);
    market.list(next, 1_800.0, 100.0, 21).expect("a listing");
    market.expiries[0] = next;
    market.publish();
    assert_eq!(market.nav().unvested, U256::ZERO);
    let legs = [(series(next, 2_800, false), 1.0)];
    let spread = market.quote(&legs).expect("a quote").spread;
    market.trade(&legs).expect("a trade");
    assert_eq!(market.nav().unvested, spread);
}
