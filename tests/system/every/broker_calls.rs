//! A call of each method of the broker, and of those of vault and desk that are about it.

use demo::stage::positions::{CAP, PERP_MARGIN, SHORT_MARGIN};
use demo::stage::PerpExchange;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::vault::IVault;

use super::cast::{at, open, Case, Place, Scene};
use crate::broker::{hedge, skew, with_aave};
use crate::market::{signed, usdc, wad, SPOT};
use crate::venue_short::Short;

/// A book that needs a short hedge, and a broker that may be short on Aave.
pub(crate) fn scene() -> Scene {
    let Short { mut market, venue, .. } = with_aave();
    skew(&mut market, 40.0);
    let mut scene = Scene::new(market);
    scene.contracts.insert("aave-short", venue);
    scene
}

fn venue(scene: &Scene) -> Address {
    scene.contracts["aave-short"]
}

/// Hedges, and then the price is another.
fn moved(scene: &mut Scene, price: f64) -> Address {
    let venue = venue(scene);
    hedge(&mut scene.market, venue, 0).expect("a hedge");
    let later = scene.market.now() + 600;
    scene.market.move_to(later, price);
    venue
}

/// A venue on an exchange, and another router of that exchange.
fn moved_exchange(scene: &mut Scene) -> (Address, Address) {
    let stage = &mut scene.market.stage;
    let (owner, broker) = (stage.actors.owner, stage.broker);
    let tokens = [stage.usdc, stage.underlying];
    let made = PerpExchange::deploy(&mut stage.chain, owner, tokens).expect("the exchange");
    let venue = stage.perpetual_on(&made, [broker, broker]).expect("a venue");
    stage.seat(venue, PERP_MARGIN).expect("named");
    (venue, PerpExchange::another(&mut stage.chain, owner, made.parts).expect("a router"))
}

/// The broker's.
pub(crate) fn broker() -> Vec<Case> {
    let brokered = Place::Brokered;
    vec![
        at(brokered, |scene| IBroker::adjustCall {
            venue: venue(scene),
            size: signed(-2.0),
            limitPrice: wad(SPOT * 0.995),
        }),
        at(brokered, |scene| IBroker::tendCall { venue: moved(scene, SPOT * 1.1) }),
        at(brokered, |scene| IBroker::collectCall { venue: moved(scene, SPOT * 0.9) }),
        at(brokered, |_| IBroker::checkpointCall {}),
        at(brokered, |scene| IBroker::setVenueCall {
            venue: venue(scene),
            cap: CAP / 2,
            margin: SHORT_MARGIN,
        }),
        at(brokered, |scene| IBroker::quarantineCall { venue: venue(scene) }),
        at(brokered, |scene| {
            let (venue, router) = moved_exchange(scene);
            IBroker::setRouterCall { venue, router }
        }),
        at(brokered, |scene| {
            let venue = venue(scene);
            scene.tell("guardian", "broker", IBroker::quarantineCall { venue });
            IBroker::dropVenueCall { venue }
        }),
    ]
}

/// The vault's.
pub(crate) fn margining() -> Vec<Case> {
    vec![open(|_| IVault::moveMarginCall {
        amount: I256::from_raw(usdc(1.0)),
        value: U256::ZERO,
        open: false,
        short_: 0,
        margin: 0,
    })]
}

/// The desk's.
pub(crate) fn positions() -> Vec<Case> {
    vec![at(Place::Brokered, |scene| {
        let size = scene.market.stage.need().expect("a need").due;
        let plan = scene.market.stage.plan(venue(scene), size).expect("a plan");
        IHedgeDesk::rebalancePositionCall { plan }
    })]
}
