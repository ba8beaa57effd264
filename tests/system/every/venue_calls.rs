//! A call of each method of the venues that hold a position, and the scenes that they are made in.

use alloy_sol_types::SolCall as _;
use demo::stage::positions::FEE;
use demo::stage::setPerpRoleCall;
use host::alloy_primitives::{Address, B256, I256, U256};
use interfaces::external::IToken;
use interfaces::perp::IPerpVenue::{self, EventLogData};
use interfaces::position::IPositionVenue;

use super::cast::{at, Case, Place, Scene};
use crate::market::{signed, usdc, wad, SPOT};
use crate::venue_perp::{exchange_price, Exchange, Perp};
use crate::venue_perp_hostile::LOSE;
use crate::venue_short::Short;

#[derive(Clone, Copy)]
pub(crate) struct PerpParts {
    pub(crate) venue: Address,
    pub(crate) exchange: Address,
}

fn scene_of(
    market: crate::market::Market,
    name: &'static str,
    venue: Address,
    roles: &[(&'static str, Address)],
) -> Scene {
    let mut scene = Scene::new(market);
    scene.contracts.insert(name, venue);
    scene.roles = vec![
        ("owner", scene.role("owner")),
        ("curator", scene.role("curator")),
        ("guardian", scene.role("guardian")),
    ];
    scene.roles.extend_from_slice(roles);
    scene
}

/// Ten short on Aave.
pub(crate) fn short_scene() -> Scene {
    let Short { market, desk, receiver, venue, .. } = Short::holding(10.0);
    scene_of(market, "aave-short", venue, &[("desk", desk), ("receiver", receiver)])
}

/// Ten short on the exchange.
pub(crate) fn perp_scene() -> Scene {
    let Perp { market, desk, receiver, venue, exchange, parts, .. } = Perp::holding(-10.0);
    let people = [("desk", desk), ("receiver", receiver), ("exchange", exchange)];
    let mut scene = scene_of(market, "perp-venue", venue, &people);
    // Who deployed the exchange is no controller of it any more.
    let owner = scene.role("owner");
    scene.send(owner, parts[0], setPerpRoleCall { account: owner, held: false });
    scene.perp = Some(PerpParts { venue, exchange });
    scene
}

/// The venue's, on Aave.
pub(crate) fn short() -> Vec<Case> {
    vec![
        at(Place::Short, |_| trade(1.0)),
        at(Place::Short, |_| IPositionVenue::cancelCall { key: B256::ZERO }),
        at(Place::Short, |_| IPositionVenue::clearCall { key: B256::ZERO }),
        at(Place::Short, |_| IPositionVenue::withdrawCall { amount: usdc(100.0) }),
    ]
}

/// At 3 % off the market at worst.
fn trade(size: f64) -> IPositionVenue::adjustCall {
    let limit = if size < 0.0 { SPOT * 0.97 } else { SPOT * 1.03 };
    IPositionVenue::adjustCall {
        size: signed(size),
        price: wad(SPOT),
        limitPrice: wad(limit),
        margin: I256::ZERO,
    }
}

/// An order in flight, of an exchange that sends no callbacks: its key.
pub(crate) fn flying(scene: &mut Scene) -> B256 {
    let (parts, desk) = (scene.perp.expect("the exchange"), scene.role("desk"));
    scene.tell_exchange(Exchange::setCallbackCall { callback: LOSE });
    let done = scene.raw(desk, parts.venue, FEE, &trade(-1.0).abi_encode()).expect("an order");
    B256::from_slice(&done.output)
}

/// An order that the exchange no longer knows, and the venue still does.
fn lost(scene: &mut Scene) -> B256 {
    let key = flying(scene);
    scene.tell_exchange(Exchange::executeCall { key, price: exchange_price(SPOT) });
    key
}

impl Scene {
    fn tell_exchange<C: alloy_sol_types::SolCall>(&mut self, call: C) {
        let (keeper, exchange) = (self.market.stage.actors.keeper, self.perp.expect("the exchange").exchange);
        self.send(keeper, exchange, call);
    }
}

/// The venue's, on the exchange.
pub(crate) fn perp() -> Vec<Case> {
    let perp = Place::Perp;
    let logs = EventLogData::default;
    vec![
        Case { value: FEE, ..at(perp, |_| trade(-1.0)) },
        at(perp, |scene| {
            let key = flying(scene);
            let later = scene.market.now() + 400;
            scene.market.stage.chain.world.warp(later);
            IPositionVenue::cancelCall { key }
        }),
        at(perp, |scene| IPositionVenue::clearCall { key: lost(scene) }),
        at(perp, |scene| {
            let (token, to, desk) =
                (scene.market.stage.usdc, scene.contracts["perp-venue"], scene.role("desk"));
            scene.send(desk, token, IToken::transferCall { to, value: usdc(100.0) });
            IPositionVenue::withdrawCall { amount: usdc(100.0) }
        }),
        at(perp, move |scene| {
            let key = lost(scene);
            IPerpVenue::afterOrderExecutionCall { key, order: logs(), eventData: logs() }
        }),
        at(perp, move |scene| {
            let key = lost(scene);
            IPerpVenue::afterOrderCancellationCall { key, order: logs(), eventData: logs() }
        }),
        at(perp, move |scene| {
            let key = lost(scene);
            IPerpVenue::afterOrderFrozenCall { key, order: logs(), eventData: logs() }
        }),
        at(perp, |_| IPerpVenue::claimCall {}),
        at(perp, |_| IPerpVenue::claimRebateCall { timeKey: U256::from(459_000) }),
        at(perp, |scene| IPerpVenue::sweepCall { token: scene.market.stage.underlying }),
        at(perp, |scene| IPerpVenue::setRouterCall { router_: scene.perp.expect("the exchange").exchange }),
    ]
}
