//! Redemptions by epoch: request, cancel, process, claim.

use demo::stage::{default_profile, Failure};
use host::alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use crate::market::{events, usdc, wide_limits, Market, DAY, HOUR, SPOT, START};

/// A share has 12 decimals.
pub(crate) const SHARE: u64 = 1_000_000_000_000;

pub(crate) fn shares_of(market: &mut Market, account: Address) -> U256 {
    market.stage.ask(IERC20::balanceOfCall { account }).expect("shares")
}

pub(crate) fn request(market: &mut Market, of: Address, shares: U256) -> Result<U256, Failure> {
    market.stage.vault(of, IERC4626::requestRedeemCall { shares, controller: of, owner: of })
}

pub(crate) fn cancel(market: &mut Market, of: Address, id: u64) -> Result<(), Failure> {
    let call = IERC4626::cancelRedeemRequestCall { requestId: U256::from(id), controller: of };
    market.stage.vault(of, call).map(|_| ())
}

pub(crate) fn process(market: &mut Market) -> Result<IERC4626::processEpochReturn, Failure> {
    let anyone = market.stage.actors.arbitrageur;
    market.stage.vault(anyone, IERC4626::processEpochCall {})
}

pub(crate) fn redeem_all(market: &mut Market, of: Address) -> U256 {
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: of }).expect("a limit");
    let call = IERC4626::redeemCall { shares, receiver: of, controller: of };
    market.stage.vault(of, call).expect("a redemption")
}

/// Pending and claimable shares of a request.
fn state(market: &mut Market, id: u64, controller: Address) -> [U256; 2] {
    let request_id = U256::from(id);
    let pending = IERC4626::pendingRedeemRequestCall { requestId: request_id, controller };
    let claimable = IERC4626::claimableRedeemRequestCall { requestId: request_id, controller };
    [market.stage.ask(pending).expect("a view"), market.stage.ask(claimable).expect("a view")]
}

/// LPs with `usd` each, beside the market's own.
pub(crate) fn lps<const N: usize>(market: &mut Market, usd: [f64; N]) -> [Address; N] {
    let mut index = 0;
    usd.map(|usd| {
        index += 1;
        let lp = market.stage.funded(&format!("lp {index}"), usd).expect("an LP");
        let deposit = IERC4626::depositCall { assets: usdc(usd), receiver: lp };
        market.stage.vault(lp, deposit).expect("a deposit");
        lp
    })
}

/// A market whose redemptions leave `part` millionths of NAV as free cash.
fn tight(part: u32) -> Market {
    Market::limited(default_profile(), IVault::Limits { minLiquidity: part, ..wide_limits() })
}

#[test]
fn requests_that_ask_for_nothing_or_for_what_is_not_theirs() {
    let mut market = Market::open();
    let (lp, stranger) = (market.lp, market.trader);
    let held = shares_of(&mut market, lp);
    market.refuses(IERC4626::NoPendingRedemption {}, |market| request(market, lp, U256::ZERO));
    let needed = held + U256::ONE;
    let error = IERC20::ERC20InsufficientBalance { sender: lp, balance: held, needed };
    market.refuses(error, |market| request(market, lp, needed));
    let (allowance, one) = (U256::ZERO, U256::ONE);
    let theft = IERC4626::requestRedeemCall { shares: one, controller: stranger, owner: lp };
    let error = IERC20::ERC20InsufficientAllowance { spender: stranger, allowance, needed: one };
    market.refuses(error, |market| market.stage.vault(stranger, theft));
    let gift = IERC4626::requestRedeemCall { shares: one, controller: stranger, owner: lp };
    market.refuses(IERC20::ERC20InvalidSpender { spender: lp }, |market| market.stage.vault(lp, gift));
}

#[test]
fn processing_waits_for_the_epoch() {
    let mut market = Market::open();
    let lp = market.lp;
    market.refuses(IERC4626::NoPendingRedemption {}, process);
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    let ready = START + DAY / 4 + DAY;
    market.move_to(ready - 1, SPOT);
    let error = IERC4626::RedemptionNotReady {
        requestId: U256::ONE,
        readyAt: U256::from(ready),
        timestamp: U256::from(ready - 1),
    };
    market.refuses(error, process);
    market.move_to(ready, SPOT);
    assert_eq!(process(&mut market).expect("processed").shares, U256::from(SHARE));
    market.refuses(IERC4626::NoPendingRedemption {}, process);
}

#[test]
fn a_request_is_cancelled_early_or_not_at_all() {
    let mut market = Market::open();
    let (lp, stranger, vault) = (market.lp, market.trader, market.stage.vault);
    let held = shares_of(&mut market, lp);
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    market.refuses(IERC20::ERC20InvalidSpender { spender: stranger }, |market| {
        let call = IERC4626::cancelRedeemRequestCall { requestId: U256::ONE, controller: lp };
        market.stage.vault(stranger, call)
    });
    market.refuses(IERC4626::NoPendingRedemption {}, |market| cancel(market, lp, 2));
    market.refuses(IERC4626::NoPendingRedemption {}, |market| cancel(market, stranger, 1));

    let locks = START + DAY / 4 + DAY / 2;
    market.stage.chain.world.warp(locks - 1);
    let call = IERC4626::cancelRedeemRequestCall { requestId: U256::ONE, controller: lp };
    let (_, receipt) = market.receipt(lp, call);
    let [event] = events::<IERC4626::CancelRedeemRequest>(&receipt.logs, vault).try_into().expect("one");
    assert_eq!((event.controller, event.requestId, event.sender), (lp, U256::ONE, lp));
    assert_eq!((shares_of(&mut market, lp), shares_of(&mut market, vault)), (held, U256::ZERO));
    assert_eq!(state(&mut market, 1, lp), [U256::ZERO; 2]);

    assert_eq!(request(&mut market, lp, U256::from(SHARE)).expect("a request"), U256::from(2));
    let locks = locks - 1 + DAY / 4 + DAY / 2;
    market.stage.chain.world.warp(locks);
    let error = IERC4626::RedemptionLocked {
        requestId: U256::from(2),
        lockedFrom: U256::from(locks),
        timestamp: U256::from(locks),
    };
    market.refuses(error, |market| cancel(market, lp, 2));
}

#[test]
fn a_controller_has_one_request_at_a_time() {
    let mut market = Market::open();
    let lp = market.lp;
    let share = U256::from(SHARE);
    request(&mut market, lp, share).expect("a request");
    assert_eq!(request(&mut market, lp, share).expect("more of it"), U256::ONE);
    assert_eq!(state(&mut market, 1, lp), [share + share, U256::ZERO]);
    market.move_to(START + 2 * DAY, SPOT);
    let open = || IERC4626::RedemptionOpen { requestId: U256::ONE, controller: lp };
    market.refuses(open(), |market| request(market, lp, share));
    process(&mut market).expect("processed");
    market.refuses(open(), |market| request(market, lp, share));
    redeem_all(&mut market, lp);
    assert_eq!(request(&mut market, lp, share).expect("the next"), U256::from(2));
}

#[test]
fn claims_of_too_much_or_by_strangers() {
    let mut market = Market::open();
    let (lp, stranger) = (market.lp, market.trader);
    let share = U256::from(SHARE);
    request(&mut market, lp, share).expect("a request");
    let redeem = |from: Address, shares: U256| {
        move |market: &mut Market| {
            market.stage.vault(from, IERC4626::redeemCall { shares, receiver: from, controller: lp })
        }
    };
    let error = IERC4626::ERC4626ExceededMaxRedeem { controller: lp, shares: share, max: U256::ZERO };
    market.refuses(error, redeem(lp, share));
    market.move_to(START + 2 * DAY, SPOT);
    let assets = process(&mut market).expect("processed").assets;
    market.refuses(IERC20::ERC20InvalidSpender { spender: stranger }, redeem(stranger, share));
    let error = IERC4626::ERC4626ExceededMaxWithdraw { controller: lp, assets: assets + share, max: assets };
    market.refuses(error, |market| {
        let call = IERC4626::withdrawCall { assets: assets + share, receiver: lp, controller: lp };
        market.stage.vault(lp, call)
    });
    redeem(lp, share)(&mut market).expect("a redemption");
    let error = IERC4626::ERC4626ExceededMaxRedeem { controller: lp, shares: share, max: U256::ZERO };
    market.refuses(error, redeem(lp, share));
    for data in [true, false] {
        market.refuses(IERC4626::AsynchronousRedemption {}, |market| match data {
            true => market.stage.ask(IERC4626::previewRedeemCall { shares: share }),
            false => market.stage.ask(IERC4626::previewWithdrawCall { assets: share }),
        });
    }
}

#[test]
fn worthless_shares_are_not_burned() {
    let mut market = Market::open();
    let lp = market.lp;
    for strike in [1_800, 1_900, 2_000] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    let all = shares_of(&mut market, lp);
    request(&mut market, lp, all).expect("a request");
    market.stage.chain.world.warp(START + 2 * DAY);
    for _ in 0..2 {
        market.stage.push_price(30_000.0).expect("a round");
    }
    market.publish();
    let low = market.nav().low;
    assert!(low.is_negative(), "{low}");
    market.refuses(IERC4626::SharesWorthless { low }, process);
}

#[test]
fn a_redemption_waits_is_processed_at_the_low_mark_and_is_taken() {
    let mut market = Market::open();
    let (lp, vault) = (market.lp, market.stage.vault);
    market.trade(&[(market.call(2_800), 5.0)]).expect("a trade");
    let shares = shares_of(&mut market, lp) / U256::from(4);
    let call = IERC4626::requestRedeemCall { shares, controller: lp, owner: lp };
    let (id, receipt) = market.receipt(lp, call);
    let [event] = events::<IERC4626::RedeemRequest>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(
        (event.controller, event.owner, event.requestId, event.sender, event.shares),
        (lp, lp, id, lp, shares)
    );
    assert_eq!(state(&mut market, 1, lp), [shares, U256::ZERO]);

    market.move_to(START + 2 * DAY, SPOT);
    let nav = market.nav();
    let supply = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
    let anyone = market.stage.actors.arbitrageur;
    let (processed, receipt) = market.receipt(anyone, IERC4626::processEpochCall {});
    assert_eq!((processed.requestId, processed.shares), (id, shares));
    let fair = nav.low.into_raw() * shares / supply;
    assert!(processed.assets <= fair && fair - processed.assets <= U256::from(2), "{}", processed.assets);
    let [event] = events::<IERC4626::EpochProcessed>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((event.requestId, event.shares, event.assets), (id, shares, processed.assets));
    assert_eq!(state(&mut market, 1, lp), [U256::ZERO, shares]);
    assert_eq!(state(&mut market, 2, lp), [U256::ZERO; 2]);
    assert_eq!(market.nav().owed, processed.assets);

    let before = market.usdc_of(lp);
    let redeem = IERC4626::redeemCall { shares, receiver: lp, controller: lp };
    let (assets, receipt) = market.receipt(lp, redeem);
    assert_eq!((assets, market.usdc_of(lp) - before), (processed.assets, processed.assets));
    let [event] = events::<IERC4626::Withdraw>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((event.owner, event.assets, event.shares), (lp, assets, shares));
    let left = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    assert_eq!((left, market.nav().owed), (U256::ZERO, U256::ZERO));
}

#[test]
fn an_operator_requests_cancels_and_claims() {
    let mut market = Market::open();
    let (lp, operator) = (market.lp, market.trader);
    let set = interfaces::erc6909::IERC6909::setOperatorCall { spender: operator, approved: true };
    market.stage.vault(lp, set).expect("an operator");
    let share = U256::from(SHARE);
    let call = || IERC4626::requestRedeemCall { shares: share, controller: lp, owner: lp };
    market.stage.vault(operator, call()).expect("a request");
    let cancel = IERC4626::cancelRedeemRequestCall { requestId: U256::ONE, controller: lp };
    market.stage.vault(operator, cancel).expect("a cancellation");
    market.stage.vault(operator, call()).expect("a request");
    market.move_to(START + 2 * DAY, SPOT);
    let assets = process(&mut market).expect("processed").assets;
    let redeem = IERC4626::redeemCall { shares: share, receiver: operator, controller: lp };
    assert_eq!(market.stage.vault(operator, redeem).expect("a claim"), assets);
}

#[test]
fn partial_fills_are_pro_rata_to_the_unit_and_the_rest_waits() {
    let mut market = tight(900_000);
    let people = lps(&mut market, [70_000.0, 30_000.000_007, 11_111.111_111]);
    let wishes = [69_999_999_999_999_983_u64, 12_345_678_901_234_567, 1].map(U256::from);
    for (lp, shares) in people.into_iter().zip(wishes) {
        assert_eq!(request(&mut market, lp, shares).expect("a request"), U256::ONE);
    }
    let lp = market.lp;
    let whale = shares_of(&mut market, lp);
    request(&mut market, lp, whale).expect("a request");
    let everybody: Vec<_> = people.into_iter().chain([lp]).zip(wishes.into_iter().chain([whale])).collect();
    let requested = everybody.iter().fold(U256::ZERO, |sum, (_, shares)| sum + shares);

    market.move_to(START + 2 * DAY, SPOT);
    let (mut shares, mut assets, mut rounds) = (U256::ZERO, U256::ZERO, 0);
    while shares < requested && rounds < 3 {
        let nav = market.nav();
        let filled = process(&mut market).expect("processed");
        assert!(market.nav().mid.into_raw() * U256::from(10) >= nav.mid.into_raw() * U256::from(9));
        (shares, assets, rounds) = (shares + filled.shares, assets + filled.assets, rounds + 1);
        let mut taken = [U256::ZERO; 2];
        for (lp, wish) in &everybody {
            let [pending, claimable] = state(&mut market, 1, *lp);
            let due = market.stage.ask(IERC4626::maxWithdrawCall { controller: *lp }).expect("a limit");
            assert_eq!(pending + claimable, *wish);
            assert_eq!(due, assets * wish / requested, "pro rata to the unit");
            assert!(claimable - shares * wish / requested <= U256::ONE);
            taken = [taken[0] + claimable, taken[1] + due];
        }
        assert!(assets - taken[1] < U256::from(4) && taken[0] - shares < U256::from(4));
    }
    assert_eq!(rounds, 3);
    for (lp, _) in everybody {
        let due = market.stage.ask(IERC4626::maxWithdrawCall { controller: lp }).expect("a limit");
        let call = IERC4626::withdrawCall { assets: due, receiver: lp, controller: lp };
        market.stage.vault(lp, call).expect("a claim");
    }
}

#[test]
fn epochs_are_filled_in_order() {
    let mut market = tight(950_000);
    let [first, second] = lps(&mut market, [200_000.0, 200_000.0]);
    let all = shares_of(&mut market, first);
    request(&mut market, first, all).expect("a request");
    market.stage.chain.world.warp(START + 7 * HOUR);
    assert_eq!(request(&mut market, second, all).expect("a request"), U256::from(2));
    market.move_to(START + 3 * DAY, SPOT);
    for _ in 0..2 {
        assert_eq!(process(&mut market).expect("processed").requestId, U256::ONE);
    }
    assert_eq!(state(&mut market, 2, second), [all, U256::ZERO]);
    let [waits, _] = state(&mut market, 1, first);
    assert!(!waits.is_zero());
}

#[test]
fn those_who_stay_can_bear_the_worst_loss() {
    let profile = IVault::Profile { redeemDelay: 0, ..default_profile() };
    let mut market = Market::limited(profile, wide_limits());
    market.trade(&[(market.call(2_800), 18.0), (market.put(2_600), 5.0)]).expect("a trade");
    let (lp, vault) = (market.lp, market.stage.vault);
    let all = shares_of(&mut market, lp);
    request(&mut market, lp, all).expect("a request");
    let loss = market.stage.look(ILens::worstCaseCall { vault }).expect("a loss").loss;
    let nav = market.nav().mid.into_raw();
    let done = process(&mut market).expect("processed");
    assert!(done.shares < all && done.assets > nav / U256::from(2), "{done:?}");
    // A buffer of a tenth of NAV, to the micro-dollar.
    let left = market.nav().mid.into_raw();
    let bears = |nav: U256| nav - nav.div_ceil(U256::from(10)) >= loss;
    assert!(bears(left) && !bears(left - U256::from(2)), "{left} against {loss}");
    let failure = process(&mut market).err().map(|failure| failure.name());
    assert_eq!(failure.as_deref(), Some("InsufficientLiquidity"));
    let queue = market.stage.look(ILens::queueCall { vault }).expect("a queue");
    let [waits] = queue.try_into().expect("one epoch");
    assert_eq!(
        (waits.requestId, waits.waiting, waits.processed),
        (U256::ONE, all - done.shares, done.shares)
    );
    assert_eq!((waits.assets, waits.readyAt), (done.assets, U256::from(START)));
}

#[test]
fn the_queue_is_what_waits_in_order_and_with_its_times() {
    let mut market = Market::open();
    let [first, second] = lps(&mut market, [200_000.0, 200_000.0]);
    let vault = market.stage.vault;
    let queue = |market: &mut Market| market.stage.look(ILens::queueCall { vault }).expect("a queue");
    assert!(queue(&mut market).is_empty());
    let opened = market.now();
    request(&mut market, first, U256::from(SHARE)).expect("a request");
    market.stage.chain.world.warp(opened + 7 * HOUR);
    request(&mut market, second, U256::from(3 * SHARE)).expect("a request");
    for (id, shares, opened) in [(1_u64, SHARE, opened), (2, 3 * SHARE, opened + 7 * HOUR)] {
        let epoch = &queue(&mut market)[id as usize - 1];
        assert_eq!((epoch.requestId, epoch.waiting), (U256::from(id), U256::from(shares)));
        let times = [epoch.closesAt, epoch.locksAt, epoch.readyAt];
        assert_eq!(
            times,
            [DAY / 4, DAY / 4 + DAY / 2, DAY / 4 + DAY].map(|after| U256::from(opened + after))
        );
    }
    market.move_to(opened + 2 * DAY, SPOT);
    process(&mut market).expect("processed");
    let [rest] = queue(&mut market).try_into().expect("one epoch");
    assert_eq!(rest.requestId, U256::from(2));
    let unknown = market.stage.ask(IERC4626::epochCall { requestId: U256::from(9) }).expect("a view");
    assert_eq!((unknown.requested, unknown.readyAt), (U256::ZERO, U256::ZERO));
}

/// Gas of the processing of an epoch with `count` requests of a unit beside one of a share.
fn gas_of_dust(count: u32) -> u64 {
    let mut market = Market::open();
    let lp = market.lp;
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    for index in 0..count {
        let dust = market.stage.chain.world.account(&format!("dust {index}"));
        let transfer = IERC20::transferCall { to: dust, value: U256::ONE };
        market.stage.vault(lp, transfer).expect("a unit");
        assert_eq!(request(&mut market, dust, U256::ONE).expect("a request"), U256::ONE);
    }
    market.move_to(START + 2 * DAY, SPOT);
    let (processed, receipt) = market.receipt(lp, IERC4626::processEpochCall {});
    assert_eq!(processed.shares, U256::from(SHARE + u64::from(count)));
    let dust = market.stage.chain.world.account("dust 0");
    assert_eq!(redeem_all(&mut market, dust), U256::ZERO);
    redeem_all(&mut market, lp);
    receipt.execution_gas
}

#[test]
fn ten_thousand_requests_cost_an_epoch_what_one_costs() {
    let (few, many) = (gas_of_dust(1), gas_of_dust(10_000));
    assert!(many.abs_diff(few) < 100, "{few} {many}");
}
