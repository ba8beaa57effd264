//! Fault drills of USDC that its issuer stops (C14): what is owed is kept, and paid.

use alloy_sol_types::{sol, SolCall};
use demo::stage::default_profile;
use host::alloy_primitives::{Address, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::vault::IVault;

use crate::desk::need;
use crate::market::{series, wad, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::pool::settle;
use crate::redeem::{lps, process, redeem_all, request, shares_of, SHARE};

sol! {
    interface Issuer {
        function setPaused(bool paused) external;
        function setBlacklisted(address account, bool barred) external;
    }
}

/// Gives the market's USDC the powers that its issuer has.
fn issued(market: &mut Market) {
    let owner = market.stage.actors.owner;
    let powers = market.stage.chain.create(owner, "FrozenUsdc", &[]).expect("the token");
    let world = &mut market.stage.chain.world;
    let code = world.code(powers);
    world.set_code(market.stage.usdc, code);
}

fn issuer<C: SolCall>(market: &mut Market, call: C) {
    let (owner, usdc) = (market.stage.actors.owner, market.stage.usdc);
    market.stage.chain.send(owner, usdc, call).expect("a power");
}

/// A market with a hedge that is due, a settled expiry with claims, a redemption that was processed and one that waits.
pub(crate) fn owing() -> (Market, U256, Address) {
    let profile = IVault::Profile { redeemDelay: 6 * HOUR as u32, ..default_profile() };
    let mut market = Market::limited(profile, wide_limits());
    let id = series(market.expiries[0], 2_500, false);
    market.trade(&[(id, 4.0)]).expect("a trade");
    let [lp] = lps(&mut market, [50_000.0]);
    let part = shares_of(&mut market, lp) / U256::from(4);
    request(&mut market, lp, part).expect("a request");
    market.move_to(START + DAY, SPOT);
    process(&mut market).expect("processed");
    settle(&mut market, SPOT);
    for strike in [2_500, 2_600, 2_700, 2_800] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    let waiting = market.lp;
    request(&mut market, waiting, part).expect("a request");
    let now = market.now();
    market.move_to(now + DAY, SPOT);
    issued(&mut market);
    (market, id, lp)
}

/// What moves USDC is refused whole.
fn nothing_moves(market: &mut Market, id: U256, lp: Address) {
    let (token, trader, venue) = (market.stage.usdc, market.trader, market.stage.venue);
    let failed = || IVault::TokenFailed { token };
    let call = market.call(2_800);
    market.refuses(failed(), |market| market.deposit(1_000.0));
    market.refuses(failed(), |market| market.trade(&[(call, 1.0)]));
    market.refuses(failed(), |market| market.trade(&[(call, -1.0)]));
    let claim = IVault::claimCall { series: vec![id], receiver: trader };
    market.refuses(failed(), |market| market.stage.vault(trader, claim));
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    let redeem = IERC4626::redeemCall { shares, receiver: lp, controller: lp };
    market.refuses(failed(), |market| market.stage.vault(lp, redeem));
    let size = need(market).due;
    market.refuses(failed(), |market| market.rebalance(venue, size));
}

/// What moves none goes on, and in the end everybody is paid what they were owed before.
fn all_is_kept(market: &mut Market, id: U256, lp: Address, calm: impl FnOnce(&mut Market)) {
    let (trader, keeper, owed) = (market.trader, market.stage.actors.keeper, market.nav().owed);
    let base = market.stage.chain.world.snapshot();
    market.stage.vault(lp, IERC20::transferCall { to: keeper, value: U256::from(SHARE) }).expect("shares");
    let give = IERC6909::transferCall { receiver: keeper, id, amount: wad(1.0) };
    market.stage.vault(trader, give).expect("options");
    process(market).expect("an epoch is priced, nothing is sent");
    let request_id = request(market, keeper, U256::from(SHARE)).expect("a request");
    let cancel = IERC4626::cancelRedeemRequestCall { requestId: request_id, controller: keeper };
    market.stage.vault(keeper, cancel).expect("a cancellation");
    market.stage.need().expect("what is due is told");
    market.stage.chain.world.restore(&base);
    calm(market);
    assert_eq!(market.nav().owed, owed);
    let claim = IVault::claimCall { series: vec![id], receiver: trader };
    let paid = market.stage.vault(trader, claim).expect("a claim");
    assert_eq!(paid + redeem_all(market, lp), owed);
    assert_eq!(market.nav().owed, U256::ZERO);
}

#[test]
fn c14_while_usdc_is_paused_or_the_vault_is_barred_nothing_moves_and_nothing_is_forgotten() {
    let (mut market, id, lp) = owing();
    issuer(&mut market, Issuer::setPausedCall { paused: true });
    nothing_moves(&mut market, id, lp);
    all_is_kept(&mut market, id, lp, |market| issuer(market, Issuer::setPausedCall { paused: false }));

    let (mut market, id, lp) = owing();
    let account = market.stage.vault;
    issuer(&mut market, Issuer::setBlacklistedCall { account, barred: true });
    nothing_moves(&mut market, id, lp);
    all_is_kept(&mut market, id, lp, |market| {
        issuer(market, Issuer::setBlacklistedCall { account, barred: false });
    });
}

#[test]
fn c14_who_is_barred_is_paid_elsewhere_and_holds_up_nobody() {
    let (mut market, id, lp) = owing();
    let (trader, other) = (market.trader, market.stage.actors.arbitrageur);
    for account in [trader, lp] {
        issuer(&mut market, Issuer::setBlacklistedCall { account, barred: true });
    }
    let (token, owed) = (market.stage.usdc, market.nav().owed);
    let had = market.usdc_of(other);
    // An epoch that a barred account is in is processed as any other.
    assert!(process(&mut market).expect("processed").shares > U256::ZERO);
    let claim = |receiver| IVault::claimCall { series: vec![id], receiver };
    market.refuses(IVault::TokenFailed { token }, |market| market.stage.vault(trader, claim(trader)));
    let paid = market.stage.vault(trader, claim(other)).expect("to another receiver");
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    let redeem = |receiver| IERC4626::redeemCall { shares, receiver, controller: lp };
    market.refuses(IVault::TokenFailed { token }, |market| market.stage.vault(lp, redeem(lp)));
    let more = market.stage.vault(lp, redeem(other)).expect("to another receiver");
    assert_eq!(paid + more, owed);
    assert_eq!(market.usdc_of(other) - had, paid + more);

    // A barred payee costs its own hedge; anyone else's goes through.
    let keeper = market.stage.actors.keeper;
    issuer(&mut market, Issuer::setBlacklistedCall { account: keeper, barred: true });
    let mut plan = market.stage.plan_of_due().expect("a plan");
    let call = IHedgeDesk::rebalanceCall { plan: plan.clone() };
    market.refuses(IVault::TokenFailed { token }, |market| market.stage.hedge(keeper, call));
    plan.payee = other;
    market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }).expect("paid elsewhere");
}
