//! What a pool may lose of what it is given, and what it costs others when it fails: a payment one call, and those who stay nothing.

use host::alloy_primitives::{I256, U256};
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;

use crate::market::{usdc, Market};
use crate::pool::{calls, invest, invested_with, lending, name, IPool};
use crate::pool_drills::{hasty, hostile, set_mode, somebody, BURN_GAS, FAIL};
use crate::redeem::{process, redeem_all, request, shares_of};

#[test]
fn a_deposit_may_lose_a_ten_thousandth_and_a_micro_dollar() {
    let mut market = Market::open();
    let pool = lending(&mut market, 0);
    name(&mut market, pool);
    // A million shares with OpenZeppelin's virtual one, at a hundred micro-dollars each: what is beyond whole shares is lost.
    let other = somebody(&mut market, pool, 200.0);
    let (shares, worth) = (U256::from(999_999), U256::from(99_999_999));
    let call = IERC4626::depositCall { assets: shares, receiver: other };
    market.stage.chain.send(other, pool, call).expect("a deposit");
    let gift = IToken::transferCall { to: pool, value: worth - shares };
    market.stage.chain.send(other, market.stage.usdc, gift).expect("a gift to the pool");
    let price = IPool::convertToAssetsCall { shares: U256::from(50) };
    assert_eq!(market.stage.chain.view(pool, price).expect("a view"), U256::from(5_000));

    let (expected, received) = (U256::from(5_003), U256::from(5_000));
    let error = IVault::TokenShort { token: pool, expected, received };
    market.refuses(error, |market| invest(market, expected));
    invest(&mut market, U256::from(5_002)).expect("two micro-dollars less");
    assert_eq!(market.nav().pool, received);
}

#[test]
fn a_payment_that_cash_covers_asks_a_pool_no_more_than_the_mark_does() {
    let mut market = hasty();
    let pool = hostile(&mut market);
    invested_with(&mut market, pool, 2.0);
    set_mode(&mut market, pool, BURN_GAS);
    let legs = crate::market::legs_of(&[(calls(&market)[0], -0.01)]);
    let (receiver, deadline) = (market.trader, U256::MAX);
    let call = IVault::tradeCall { legs, maxPremium: I256::ZERO, receiver, deadline };
    let (premium, receipt) = market.receipt(receiver, call);
    assert!(premium.is_negative());
    // The pool burns the two million that a call of it may cost.
    let gas = receipt.execution_gas;
    assert!((2_000_000..3_500_000).contains(&gas), "{gas} gas");
}

#[test]
fn who_leaves_while_a_removed_pool_fails_takes_nothing_of_what_comes_back() {
    let mut market = hasty();
    let pool = hostile(&mut market);
    invested_with(&mut market, pool, 2.0);
    let (lp, guardian) = (market.lp, market.stage.actors.guardian);
    let before = market.nav();
    set_mode(&mut market, pool, FAIL);
    market.stage.vault(guardian, IVault::removePoolCall {}).expect("removed");
    assert_eq!(market.nav().pool, U256::ZERO);
    let shares = shares_of(&mut market, lp) / U256::from(100);
    request(&mut market, lp, shares).expect("a request");
    let paid = process(&mut market).expect("processed");
    assert!(paid.shares == shares && paid.assets < usdc(1_000.0), "{paid:?}");
    assert_eq!(redeem_all(&mut market, lp), paid.assets);

    set_mode(&mut market, pool, 0);
    let after = market.nav();
    assert_eq!(after.pool, before.pool, "it counts for what it did");
    assert_eq!(before.mid - after.mid, I256::from_raw(paid.assets));
}
