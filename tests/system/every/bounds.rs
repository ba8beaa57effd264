//! Gas of every method at the greatest sizes there are: twelve expiries of 64 strikes, all traded, ten thousand requests in the queue, an
//! account of sixteen series, sixteen publishers, the longest arguments. Kept in `snapshots/bounds.json`.

use alloy_sol_types::SolCall;
use demo::stage::{default_profile, key};
use host::alloy_primitives::{Bytes, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::margin::IMargin;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use super::calls::pass;
use super::cast::{subjects, Place, Scene, Scenes};
use super::reentry::{prepared, Prepared};
use crate::costs::{hold, Figures};
use crate::margin::{write, written};
use crate::market::{expiry, legs_of, series, wide_limits, Market};
use crate::redeem::SHARE;

/// Days to each expiry; the listing of another makes twelve.
const DAYS: [u64; 11] = [7, 21, 28, 30, 35, 42, 49, 56, 63, 70, 77];
/// Requests in one epoch.
const REQUESTS: u64 = 10_000;
/// No method may cost more: a quarter of what a transaction may use.
const MOST: u64 = host::TX_GAS / 4;

/// A market as large as it may be.
fn large() -> Scene {
    let limits = IVault::Limits { maxVega: 60_000, ..wide_limits() };
    let market = Market::bare(default_profile(), limits);
    let market = crate::book_costs::filled(market, &DAYS.map(expiry), 64);
    let mut scene = super::cast::furnished(market);
    let holder = scene.holder();
    let sizes: Vec<_> = (0..15).map(|index| (series(expiry(30), 1_800 + 25 * index, false), 0.01)).collect();
    for some in sizes.chunks(8) {
        write(&mut scene.market, holder, some).expect("written");
    }
    queue(&mut scene);
    scene
}

/// Fills the queue with requests of as many controllers.
fn queue(scene: &mut Scene) {
    let (lp, vault) = (scene.market.lp, scene.market.stage.vault);
    let value = U256::from(SHARE);
    for index in 0..REQUESTS {
        let who = scene.market.stage.chain.world.account(&format!("queue {index}"));
        scene.send(lp, vault, IERC20::transferCall { to: who, value });
        scene.send(who, vault, IERC4626::requestRedeemCall { shares: value, controller: who, owner: who });
    }
}

fn tell(figures: &mut Figures, name: String, gas: u64) {
    assert!(gas < MOST, "{name}: {gas} gas, over {MOST}");
    assert!(figures.insert(name.clone(), gas.into()).is_none(), "{name} twice");
}

fn measure<C: SolCall>(scene: &mut Scene, figures: &mut Figures, name: &str, call: (&str, &str, C)) {
    let (role, contract, call) = call;
    let (from, to) = (scene.role(role), scene.contracts[contract]);
    let done = scene.market.stage.chain.send_for_receipt(from, to, call);
    let (_, receipt) = done.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    tell(figures, name.into(), receipt.execution_gas);
}

/// The longest arguments.
fn long_arguments(scenes: &mut Scenes, figures: &mut Figures) {
    let each: Vec<_> = DAYS.iter().take(8).map(|days| (series(expiry(*days), 2_800, false), 0.01)).collect();
    let scene = scenes.at(Place::Open);
    let (legs, receiver) = (legs_of(&each), scene.holder());
    let trade = IVault::tradeCall { legs, maxPremium: I256::MAX, receiver, deadline: U256::MAX };
    measure(scene, figures, "vault: trade of eight legs in eight expiries", ("anyone", "vault", trade));

    let scene = scenes.at(Place::Open);
    let call = IMargin::writeCall {
        account: scene.role("anyone"),
        legs: written(&each),
        minPremium: -I256::MAX,
        deadline: U256::MAX,
    };
    measure(scene, figures, "margin: write of eight legs in eight expiries", ("anyone", "margin", call));

    let scene = scenes.at(Place::Open);
    let due = scene.market.stage.need().expect("a hedge").due;
    let quarter = due / I256::try_from(4).expect("four");
    let mut plan = scene.market.stage.plan_of_due().expect("a plan");
    let leg = IHedgeDesk::Leg { size: quarter, ..plan.legs[0].clone() };
    plan.legs = vec![leg; 4];
    measure(
        scene,
        figures,
        "hedge-desk: rebalance of four legs",
        ("anyone", "hedge-desk", IHedgeDesk::rebalanceCall { plan }),
    );

    let scene = scenes.at(Place::Open);
    pass(scene, expiry(7), true);
    let all = (0..64).map(|index| series(expiry(7), 1_800 + 25 * index, index % 8 == 7)).collect();
    let claim = IVault::claimCall { series: all, receiver: scene.holder() };
    let trader = scene.market.trader;
    let vault = scene.market.stage.vault;
    let (_, receipt) = scene.market.stage.chain.send_for_receipt(trader, vault, claim).expect("claims");
    tell(figures, "vault: claim of 64 series".into(), receipt.execution_gas);
    sixteen_signatures(scenes.at(Place::Open), figures);
}

/// A surface of every expiry, signed by as many as there may be.
fn sixteen_signatures(scene: &mut Scene, figures: &mut Figures) {
    let mut keys: Vec<_> = (0..16).map(|index| key(&format!("one of many {index}"))).collect();
    keys.sort_by_key(|one| one.address());
    let call = ISurface::setPublishersCall {
        publishers_: keys.iter().map(|one| one.address()).collect(),
        threshold_: 16,
    };
    measure(scene, figures, "surface: setPublishers of sixteen", ("owner", "surface", call));
    let later = scene.market.now() + 2 * crate::market::DAY;
    scene.market.move_to(later, crate::market::SPOT);
    measure(
        scene,
        figures,
        "surface: acceptPublishers of sixteen",
        ("anyone", "surface", ISurface::acceptPublishersCall {}),
    );
    let update = crate::surface::next(&mut scene.market, 0.8);
    let digest = scene.market.stage.digest(&update);
    let sign = |key: &alloy_signer_local::PrivateKeySigner| {
        let signature = alloy_signer::SignerSync::sign_hash_sync(key, &digest).expect("a local key signs");
        Bytes::from(signature.as_bytes())
    };
    let call = ISurface::publishCall { update, signatures: keys.iter().map(sign).collect() };
    measure(
        scene,
        figures,
        "surface: publish of eleven slices with sixteen signatures",
        ("anyone", "surface", call),
    );
}

#[test]
fn gas_at_the_greatest_sizes_is_bounded() {
    let (mut scenes, mut figures) = (Scenes::default(), Figures::new());
    scenes.put(Place::Open, large());
    for subject in subjects().iter().filter(|subject| subject.place == Place::Open) {
        for method in subject.methods() {
            let Prepared { scene, written, data, from, said, .. } = prepared(&mut scenes, subject, &method);
            let to = scene.contracts[subject.name];
            if let Ok(receipt) = scene.raw(from, to, 0, &data) {
                tell(&mut figures, said, receipt.execution_gas);
            } else {
                assert!(!written, "{said}");
            }
        }
    }
    long_arguments(&mut scenes, &mut figures);
    let mut sorted: Vec<_> = figures.iter().map(|(name, gas)| (gas.as_u64().expect("gas"), name)).collect();
    sorted.sort_unstable_by(|left, right| right.cmp(left));
    for (gas, name) in sorted.iter().take(12) {
        println!("{gas:>9} {name}");
    }
    hold("bounds.json", &figures);
}
