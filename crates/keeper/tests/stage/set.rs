//! The stage of a market on a node: two venues, those of the broker, one LP, a trader, two expiries; set in the host's world, and saved.

use std::sync::{Mutex, PoisonError};

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;
use demo::stage::{Config, POOL_FEE, Stage, Uniswap, default_profile, wide_limits};
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use serde_json::json;

use crate::market::{DAY, SPOT, START, slice, wad};
use crate::seats::{Seating, Seats, seat};

/// When and at what price a market opens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scene {
    pub(crate) start: u64,
    pub(crate) price: f64,
    pub(crate) seating: Seating,
}

impl Scene {
    /// That of all tests of hedges over spot venues.
    pub(crate) const TESTS: Self = Self::with(Seating::None);

    /// The same with venues of the broker's.
    pub(crate) const fn with(seating: Seating) -> Self {
        Self { start: START, price: SPOT, seating }
    }

    /// The expiry so many days later.
    pub(crate) fn expiry(&self, days: u64) -> u64 {
        self.start / DAY * DAY + days * DAY + 28_800
    }

    /// Between two strikes: about a thirtieth of the price.
    pub(crate) fn step(&self) -> f64 {
        (self.price / 2_800.0).round().max(1.0) * 100.0
    }
}

/// Where things are, and the state that a node is loaded with.
#[derive(Clone)]
pub(crate) struct Set {
    pub(crate) places: Places,
    pub(crate) state: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) owner: Address,
    pub(crate) arbitrageur: Address,
    pub(crate) lp: Address,
    pub(crate) trader: Address,
    pub(crate) usdc: Address,
    pub(crate) underlying: Address,
    pub(crate) feed: Address,
    pub(crate) sequencer: Address,
    pub(crate) surface: Address,
    pub(crate) vault: Address,
    pub(crate) desk: Address,
    pub(crate) lens: Address,
    pub(crate) broker: Address,
    pub(crate) seats: Seats,
    pub(crate) venues: [Address; 2],
    pub(crate) exchanges: [Uniswap; 2],
}

/// A scene, set once for all who ask for it.
pub(crate) fn set(scene: Scene) -> Set {
    static SETS: Mutex<Vec<(Scene, Set)>> = Mutex::new(Vec::new());
    let mut sets = SETS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, set)) = sets.iter().find(|(known, _)| *known == scene) {
        return set.clone();
    }
    let set = stage(scene);
    sets.push((scene, set.clone()));
    set
}

fn stage(scene: Scene) -> Set {
    let limits = wide_limits();
    let config = Config { start: scene.start, price: scene.price, profile: default_profile(), limits };
    let mut stage = Stage::deploy(&config).expect("the stage is set: scripts/build first");
    let (owner, usdc, underlying) = (stage.actors.owner, stage.usdc, stage.underlying);
    let (second, venue) = second_venue(&mut stage, scene.price);
    let seats = seat(&mut stage, scene.seating, scene.price);
    let lp = stage.funded("lp", 2_000_000.0).expect("an LP");
    let trader = stage.funded("trader", 1_000_000.0).expect("a trader");
    let assets = U256::from(1_000_000_000_000_u64);
    stage.vault(lp, IERC4626::depositCall { assets, receiver: lp }).expect("a deposit");
    let expiries = [scene.expiry(7), scene.expiry(30)];
    for expiry in expiries {
        let call = IVault::listExpiryCall {
            expiry,
            base: wad(scene.step() * 18.0),
            step: wad(scene.step()),
            count: 21,
        };
        stage.vault(stage.actors.curator, call).expect("listed");
    }
    stage
        .publish(expiries.map(|expiry| slice(expiry, scene.start, scene.price)).to_vec())
        .expect("a surface");
    let accounts = stage.chain.world.dump();
    let state = json!({ "timestamp": scene.start, "accounts": accounts }).to_string();
    let places = Places {
        owner,
        arbitrageur: stage.actors.arbitrageur,
        lp,
        trader,
        usdc,
        underlying,
        feed: stage.feed,
        sequencer: stage.sequencer,
        surface: stage.surface,
        vault: stage.vault,
        desk: stage.desk,
        lens: stage.lens,
        broker: stage.broker,
        seats,
        venues: [stage.venue, venue],
        exchanges: [stage.uniswap, second],
    };
    Set { places, state }
}

/// A pool a tenth as deep, with a router and a venue of its own.
fn second_venue(stage: &mut Stage, price: f64) -> (Uniswap, Address) {
    let owner = stage.actors.owner;
    let (usdc, underlying) = (stage.usdc, stage.underlying);
    let pool =
        Uniswap::deploy(&mut stage.chain, owner, usdc, underlying, price, 20_000_000.0).expect("a pool");
    for token in [usdc, underlying] {
        let approve = IToken::approveCall { spender: pool.router, value: U256::MAX };
        stage.chain.send(stage.actors.arbitrageur, token, approve).expect("approved");
    }
    let arguments = (stage.vault, usdc, underlying, pool.router, POOL_FEE).abi_encode_params();
    let wasm = demo::stage::artifacts::wasm("uniswap_v3_venue").expect("built");
    let venue = stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments)).expect("a venue");
    stage.vault(owner, IVault::allowVenueCall { venue }).expect("allowed");
    (pool, venue)
}
