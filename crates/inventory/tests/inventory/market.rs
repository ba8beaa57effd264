//! Profiles and exposures that the properties draw from.

use inventory::{Blend, Bucket, Depth, Exposure, MAX_BUCKETS, Profile, STRIPS, Weights};
use proptest::prelude::*;

pub(crate) const USD: i128 = 1_000_000;
pub(crate) const DAY: u32 = 86_400;
/// The domain's bound on each greek [micro-USD].
pub(crate) const LIMIT: i128 = 10_000_000_000_000_000;

/// The starting values for ETH over a NAV of ten million.
pub(crate) const ETH: Profile = Profile {
    risk_aversion: 400_000_000_000,
    vol: 700_000,
    delta_horizon: 3_600,
    gamma_horizon: DAY,
    carry_horizon: DAY,
    vega_horizon: DAY,
    vol_of_vol: 50_000,
    hedge_cost: 800,
    deviation: 5_000,
    vol_step: 10_000,
    fee: 300,
    surface_heartbeat: 3_600,
    max_surface_age: 14_400,
    hedge_fixed_cost: 200_000,
    min_band: 5_000,
    max_band: 500_000,
};

/// A state that owns its buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    pub(crate) delta: i128,
    pub(crate) gamma: i128,
    pub(crate) vega: Vec<Bucket>,
    pub(crate) depth: Vec<Depth>,
}

impl Book {
    pub(crate) fn exposure(&self) -> Exposure<'_> {
        Exposure { delta: self.delta, gamma: self.gamma, vega: &self.vega, depth: &self.depth }
    }

    pub(crate) fn map(&self, f: impl Fn(i128) -> i128) -> Book {
        self.combine(self, |x, _| f(x))
    }

    /// Component by component; both books have the same expiries.
    pub(crate) fn combine(&self, other: &Book, f: impl Fn(i128, i128) -> i128) -> Book {
        let vega = self.vega.iter().zip(&other.vega);
        let depth = self.depth.iter().zip(&other.depth).map(|(a, b)| {
            let mut strips = *a;
            for (strip, other) in strips.vega.iter_mut().zip(b.vega) {
                *strip = f((*strip).into(), other.into()) as i64;
            }
            strips
        });
        Book {
            delta: f(self.delta, other.delta),
            gamma: f(self.gamma, other.gamma),
            vega: vega.map(|(a, b)| Bucket { vega: f(a.vega, b.vega), ..*a }).collect(),
            depth: depth.collect(),
        }
    }
}

/// An amount of either sign, as likely of any order of magnitude up to the limit.
pub(crate) fn amount() -> impl Strategy<Value = i128> {
    (0..54_u32, any::<u64>(), any::<bool>()).prop_map(|(bits, seed, negative)| {
        let size = i128::from(seed & ((1 << bits) - 1)).min(LIMIT);
        if negative { -size } else { size }
    })
}

prop_compose! {
    pub(crate) fn profile()(
        (exponent, digits) in (8..16_u32, 10..100_u64),
        vol in 50_000..4_000_000_u32,
        delta_horizon in 1..604_800_u32,
        (gamma_horizon, carry_horizon) in (1..2_592_000_u32, 0..2_592_000_u32),
        vega_horizon in 1..2_592_000_u32,
        vol_of_vol in 0..500_000_u32,
        hedge_cost in 0..20_000_u32,
        (deviation, vol_step, fee) in (0..50_000_u32, 0..200_000_u32, 0..10_000_u32),
        (surface_heartbeat, grace) in (1..86_400_u32, 1..864_000_u32),
        (hedge_fixed_cost, min_band, more_band) in (0..20_000_000_u32, 0..1_000_000_u32, 0..100_000_000_u32),
    ) -> Profile {
        Profile {
            risk_aversion: digits * 10_u64.pow(exponent - 1),
            vol, delta_horizon, gamma_horizon, carry_horizon, vega_horizon, vol_of_vol, hedge_cost, deviation, vol_step, fee,
            surface_heartbeat,
            max_surface_age: surface_heartbeat + grace,
            hedge_fixed_cost, min_band,
            max_band: min_band + more_band,
        }
    }
}

/// Times to expiry, fresh surfaces.
pub(crate) fn expiries() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(prop_oneof![0..7 * DAY, 0..1_095 * DAY], 0..=MAX_BUCKETS)
}

/// Numbers that decide the vega by strip and the weights of one expiry.
type Seed = (i128, i128, [u32; STRIPS]);

/// Strips from two amounts, so that drawing them stays cheap: the first in one strip, the second in another, a little in all.
fn strips(bucket: usize, (a, b, seed): Seed, weights: Blend) -> Depth {
    let vega = seed.map(|word| i64::from(word.cast_signed()) >> (word % 32));
    let mut depth = Depth { bucket, vega, weights };
    let [first, second, ..] = seed;
    depth.vega[first as usize % STRIPS] += (a / 4) as i64;
    depth.vega[second as usize % STRIPS] += (b / 4) as i64;
    depth
}

/// Weights of all eight strips, within the budget.
pub(crate) fn weights() -> impl Strategy<Value = Weights> {
    any::<[u16; STRIPS]>().prop_map(|parts| {
        let sum: u32 = parts.iter().map(|part| u32::from(*part) + 1).sum();
        parts.map(|part| ((u64::from(part) + 1) * 192 / u64::from(sum)) as u8 + 1)
    })
}

/// Weights at any time of a change: some to others, none to some, some to none.
pub(crate) fn blend() -> impl Strategy<Value = Blend> {
    let some = || prop_oneof![4 => weights(), 1 => Just([0; STRIPS])];
    (some(), some(), 0..=1_u64 << 32).prop_map(|(from, to, part)| Blend { from, to, part })
}

/// `COUNT` books on the same expiries, with the same weights in up to three of them.
pub(crate) fn books<const COUNT: usize>() -> impl Strategy<Value = [Book; COUNT]> {
    let weighted = proptest::collection::vec(blend(), 0..=3);
    (expiries(), weighted).prop_flat_map(|(expiries, weights)| {
        let weights: Vec<_> = weights.into_iter().take(expiries.len()).collect();
        let amounts = proptest::collection::vec(amount(), expiries.len());
        let seeds = proptest::collection::vec((amount(), amount(), any::<[u32; STRIPS]>()), weights.len());
        proptest::array::uniform((amount(), amount(), amounts, seeds).prop_map(
            move |(delta, gamma, vegas, seeds)| {
                let vega = expiries.iter().zip(vegas);
                let vega = vega.map(|(&seconds, vega)| Bucket { seconds, vega, surface_age: 0 }).collect();
                let depth = seeds.into_iter().zip(&weights).enumerate();
                let depth = depth.map(|(bucket, (seed, weights))| strips(bucket, seed, *weights)).collect();
                Book { delta, gamma, vega, depth }
            },
        ))
    })
}

pub(crate) fn book() -> impl Strategy<Value = Book> {
    books::<1>().prop_map(|[book]| book)
}
