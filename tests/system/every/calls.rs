//! A call of each method of the vault's own, of the surface feed, of the desk and of the spot venue.

use demo::stage::name_satellite;
use host::alloy_primitives::{Address, Bytes, FixedBytes, B256, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::external::IToken;
use interfaces::surface::ISurface;
use interfaces::vault::IVault::{self, Role, Satellite};
use interfaces::venue::IHedgeVenue;

use super::cast::{at, held, open, Case, Place, Scene};
use super::{broker_calls, holder_calls};
use crate::market::{expiry, legs_of, usdc, wad, DAY, HOUR, SPOT};

/// The vault's.
pub(crate) fn vault() -> Vec<Case> {
    [
        trading(),
        governance(),
        satellites(),
        cash(),
        accounts(),
        holder_calls::shares(),
        holder_calls::tokens(),
        broker_calls::margining(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Goes past an expiry and settles it, or only past it: the round to settle it with.
pub(crate) fn pass(scene: &mut Scene, expiry: u64, settled: bool) -> IVault::settleCall {
    let market = &mut scene.market;
    market.move_to(expiry - HOUR, SPOT);
    let round = market.stage.last_round().expect("a round");
    market.move_to(expiry + HOUR, SPOT);
    let call = IVault::settleCall { expiry, roundId: round };
    if settled {
        market.stage.vault(market.trader, call.clone()).expect("a settlement");
    }
    call
}

/// Goes on by `seconds` at the same price.
pub(crate) fn wait(scene: &mut Scene, seconds: u64) {
    let later = scene.market.now() + seconds;
    scene.market.move_to(later, SPOT);
}

fn legs(scene: &Scene, size: f64) -> Vec<IVault::Leg> {
    legs_of(&[(scene.market.call(2_800), size)])
}

fn trading() -> Vec<Case> {
    vec![
        open(|scene| IVault::tradeCall {
            legs: legs(scene, 0.01),
            maxPremium: I256::MAX,
            receiver: scene.holder(),
            deadline: U256::MAX,
        }),
        open(|scene| IVault::tradeInRoundCall {
            roundId: scene.market.stage.last_round().expect("a round"),
            legs: legs(scene, 0.01),
            maxPremium: I256::MAX,
            receiver: scene.holder(),
            deadline: U256::MAX,
        }),
        open(|scene| pass(scene, scene.market.expiries[0], false)),
        open(|scene| {
            pass(scene, scene.market.expiries[0], true);
            IVault::claimCall { series: vec![held(&scene.market)], receiver: scene.holder() }
        }),
        at(Place::Strained, |_| IVault::recordShortfallCall {}),
    ]
}

fn governance() -> Vec<Case> {
    vec![
        open(|_| IVault::listExpiryCall {
            expiry: expiry(14),
            base: wad(1_800.0),
            step: wad(100.0),
            count: 10,
        }),
        open(|scene| IVault::setDepthCall { expiry: scene.market.expiries[1], weights: FixedBytes([25; 8]) }),
        at(Place::Founded, |_| IVault::setProfileCall {
            profile_: demo::stage::default_profile(),
            limits_: demo::stage::default_limits(),
        }),
        open(|scene| IVault::setRoleCall { which: Role::Curator, account: scene.role("anyone") }),
        open(|_| IVault::acceptOwnershipCall {}),
        open(|_| IVault::pauseCall {}),
        open(|scene| {
            scene.tell("guardian", "vault", IVault::pauseCall {});
            IVault::unpauseCall {}
        }),
        open(|scene| IVault::allowVenueCall { venue: scene.role("anyone") }),
        open(|scene| IVault::removeVenueCall { venue: scene.market.stage.venue }),
    ]
}

fn satellites() -> Vec<Case> {
    vec![
        open(|scene| name_satellite(Satellite::Desk, scene.market.stage.desk)),
        open(|scene| {
            let call = name_satellite(Satellite::Desk, scene.market.stage.desk);
            scene.tell("owner", "vault", call);
            wait(scene, 2 * DAY);
            IVault::acceptSatelliteCall { which: Satellite::Desk }
        }),
        open(|scene| IVault::hedgeCall {
            venue: scene.market.stage.venue,
            size: scene.market.stage.need().expect("a hedge").due,
            cashLimit: U256::MAX,
            payer: Address::ZERO,
            data: B256::ZERO,
        }),
        open(|scene| IVault::payRewardCall { payee: scene.holder(), amount: U256::ZERO }),
    ]
}

fn pool(scene: &mut Scene) -> Address {
    crate::pool::lending(&mut scene.market, 0)
}

/// A pool that may be used, with something in it.
pub(crate) fn invested(scene: &mut Scene) {
    let pool = pool(scene);
    crate::pool::name(&mut scene.market, pool);
    scene.tell("curator", "vault", IVault::investCall { assets: usdc(10_000.0) });
}

fn cash() -> Vec<Case> {
    vec![
        open(|scene| IVault::setPoolCall { pool: pool(scene) }),
        open(|scene| {
            let pool = pool(scene);
            crate::pool::name(&mut scene.market, pool);
            IVault::removePoolCall {}
        }),
        open(|scene| {
            let pool = pool(scene);
            crate::pool::name(&mut scene.market, pool);
            IVault::investCall { assets: usdc(10_000.0) }
        }),
        open(|scene| {
            invested(scene);
            IVault::divestCall { assets: usdc(5_000.0) }
        }),
    ]
}

fn accounts() -> Vec<Case> {
    vec![
        open(|scene| IVault::writeForCall {
            account: scene.holder(),
            legs: legs(scene, -0.01),
            maxPremium: I256::MAX,
            deadline: U256::MAX,
        }),
        open(|scene| {
            let uncovered = crate::margin::accounts(&mut scene.market).1;
            IVault::coverAccountsCall { uncovered: uncovered + U256::ONE, borne: true }
        }),
        open(|_| IVault::receivePayoffCall { due: U256::ZERO, paid: usdc(1.0) }),
        open(|scene| {
            scene.tell("margin", "vault", IVault::coverAccountsCall { uncovered: usdc(1.0), borne: false });
            IVault::payUncoveredCall { amount: U256::ONE }
        }),
    ]
}

/// The surface feed's.
pub(crate) fn surface() -> Vec<Case> {
    let publishers = |scene: &Scene| ISurface::setPublishersCall {
        publishers_: scene.market.stage.publishers.iter().map(|key| key.address()).collect(),
        threshold_: 1,
    };
    vec![
        open(|scene| {
            let update = crate::surface::next(&mut scene.market, 0.8);
            let signatures = scene.market.stage.sign(&update);
            ISurface::publishCall { update, signatures }
        }),
        open(move |scene| publishers(scene)),
        open(move |scene| {
            let call = publishers(scene);
            scene.tell("owner", "surface", call);
            wait(scene, 2 * DAY);
            ISurface::acceptPublishersCall {}
        }),
    ]
}

/// The hedging desk's.
pub(crate) fn desk() -> Vec<Case> {
    [doors(), broker_calls::positions()].into_iter().flatten().collect()
}

fn doors() -> Vec<Case> {
    let performed = |scene: &mut Scene| {
        let check = IHedgeDesk::checkUpkeepCall(Bytes::new());
        let told = scene.market.stage.chain.view(scene.market.stage.desk, check).expect("a check");
        assert!(told.upkeepNeeded);
        told.performData
    };
    vec![
        open(|_| IHedgeDesk::pokeCall {}),
        open(|scene| IHedgeDesk::fillHedgeCall {
            size: scene.market.stage.need().expect("a hedge").due,
            limit: U256::ZERO,
            receiver: scene.holder(),
            data: B256::ZERO,
        }),
        open(|scene| IHedgeDesk::rebalanceCall { plan: scene.market.stage.plan_of_due().expect("a plan") }),
        open(move |scene| IHedgeDesk::performUpkeepCall { performData: performed(scene) }),
        open(move |scene| IHedgeDesk::onReportCall {
            metadata: vec![1; 64].into(),
            report: performed(scene),
        }),
        at(Place::Founded, |scene| {
            let desk = scene.market.stage.desk;
            let rules = scene.market.stage.chain.view(desk, IHedgeDesk::rulesCall {}).expect("rules");
            IHedgeDesk::setRulesCall { rules_: IHedgeDesk::Rules { slipBase: 2_000, ..rules } }
        }),
    ]
}

/// The spot venue's.
pub(crate) fn uniswap() -> Vec<Case> {
    vec![open(|scene| {
        let (token, to) = (scene.market.stage.usdc, scene.market.stage.venue);
        let owner = scene.role("owner");
        scene.send(owner, token, IToken::transferCall { to, value: usdc(2_900.0) });
        IHedgeVenue::hedgeCall { size: I256::from_raw(wad(1.0)), cashLimit: usdc(2_900.0) }
    })]
}
