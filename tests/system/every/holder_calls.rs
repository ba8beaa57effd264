//! A call of each method by which people hold, move and redeem: shares, positions and margin accounts.

use host::alloy_primitives::{I256, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::margin::IMargin;

use super::calls::{pass, wait};
use super::cast::{held, open, Case, Scene};
use crate::margin::written;
use crate::market::{usdc, wad, DAY, HOUR};
use crate::redeem::SHARE;

/// The holder's request: its id.
pub(crate) fn requested(scene: &mut Scene) -> U256 {
    let holder = scene.holder();
    let shares = U256::from(100 * SHARE);
    scene.tell(
        "account owner",
        "vault",
        IERC4626::requestRedeemCall { shares, controller: holder, owner: holder },
    )
}

/// The holder's request, processed.
pub(crate) fn processed(scene: &mut Scene) {
    requested(scene);
    wait(scene, 2 * DAY);
    scene.tell("anyone", "vault", IERC4626::processEpochCall {});
}

/// Deposits and redemptions.
pub(crate) fn shares() -> Vec<Case> {
    vec![
        open(|scene| IERC4626::depositCall { assets: usdc(1_000.0), receiver: scene.holder() }),
        open(|scene| IERC4626::mintCall { shares: U256::from(SHARE), receiver: scene.holder() }),
        open(|scene| {
            let holder = scene.holder();
            IERC4626::requestRedeemCall { shares: U256::from(SHARE), controller: holder, owner: holder }
        }),
        open(|scene| {
            let request_id = requested(scene);
            IERC4626::cancelRedeemRequestCall { requestId: request_id, controller: scene.holder() }
        }),
        open(|scene| {
            requested(scene);
            wait(scene, 2 * DAY);
            IERC4626::processEpochCall {}
        }),
        open(|scene| {
            processed(scene);
            let holder = scene.holder();
            IERC4626::withdrawCall { assets: usdc(10.0), receiver: holder, controller: holder }
        }),
        open(|scene| {
            processed(scene);
            let holder = scene.holder();
            IERC4626::redeemCall { shares: U256::from(SHARE), receiver: holder, controller: holder }
        }),
    ]
}

/// Shares and positions as tokens.
pub(crate) fn tokens() -> Vec<Case> {
    let (value, amount) = (U256::from(SHARE), wad(0.02));
    vec![
        open(move |scene| IERC20::transferCall { to: scene.market.trader, value }),
        open(move |scene| IERC20::approveCall { spender: scene.market.trader, value }),
        open(move |scene| IERC20::transferFromCall { from: scene.holder(), to: scene.market.trader, value }),
        open(move |scene| crate::permit::valid(&scene.market, value)),
        open(move |scene| IERC6909::transferCall {
            receiver: scene.market.trader,
            id: held(&scene.market),
            amount,
        }),
        open(move |scene| IERC6909::transferFromCall {
            sender: scene.holder(),
            receiver: scene.market.trader,
            id: held(&scene.market),
            amount,
        }),
        open(move |scene| IERC6909::approveCall {
            spender: scene.market.trader,
            id: held(&scene.market),
            amount,
        }),
        open(|scene| IERC6909::setOperatorCall { spender: scene.market.trader, approved: true }),
    ]
}

/// Leaves the holder what four written calls need, and moves the price so far that it is too little.
pub(crate) fn broken(scene: &mut Scene) {
    let account = scene.holder();
    let call = IMargin::withdrawCall { amount: usdc(90_000.0), account, receiver: account };
    scene.tell("account owner", "margin", call);
    let later = scene.market.now() + HOUR;
    scene.market.move_to(later, 4_000.0);
}

/// Margin accounts.
pub(crate) fn margin() -> Vec<Case> {
    vec![
        open(|scene| IMargin::depositCall { amount: usdc(10.0), account: scene.holder() }),
        open(|scene| {
            let account = scene.holder();
            IMargin::withdrawCall { amount: usdc(10.0), account, receiver: account }
        }),
        open(|scene| IMargin::writeCall {
            account: scene.holder(),
            legs: written(&[(scene.market.call(2_800), 0.5)]),
            minPremium: -I256::MAX,
            deadline: U256::MAX,
        }),
        open(|scene| IMargin::setOperatorCall { operator: scene.market.trader, approved: true }),
        open(|scene| IMargin::refreshCall { account: scene.holder() }),
        open(|scene| {
            let expiry = scene.market.expiries[1];
            pass(scene, expiry, true);
            IMargin::settleAccountCall { account: scene.holder(), expiry }
        }),
        open(|scene| {
            broken(scene);
            IMargin::liquidateCall { account: scene.holder() }
        }),
        open(|scene| {
            broken(scene);
            let account = scene.holder();
            scene.tell("anyone", "margin", IMargin::liquidateCall { account });
            IMargin::bidCall { account, part: U256::from(10_000), maxPrice: I256::MAX }
        }),
    ]
}
