//! Profiles and exposures that the properties draw from.

use inventory::{Bucket, Exposure, MAX_BUCKETS, Profile};
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
}

impl Book {
    pub(crate) fn exposure(&self) -> Exposure<'_> {
        Exposure { delta: self.delta, gamma: self.gamma, vega: &self.vega }
    }

    pub(crate) fn map(&self, f: impl Fn(i128) -> i128) -> Book {
        self.combine(self, |x, _| f(x))
    }

    /// Component by component; both books have the same expiries.
    pub(crate) fn combine(&self, other: &Book, f: impl Fn(i128, i128) -> i128) -> Book {
        let vega = self.vega.iter().zip(&other.vega);
        Book {
            delta: f(self.delta, other.delta),
            gamma: f(self.gamma, other.gamma),
            vega: vega.map(|(a, b)| Bucket { vega: f(a.vega, b.vega), ..*a }).collect(),
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
        gamma_horizon in 1..2_592_000_u32,
        vega_horizon in 1..2_592_000_u32,
        vol_of_vol in 0..500_000_u32,
        hedge_cost in 0..20_000_u32,
        (deviation, vol_step, fee) in (0..50_000_u32, 0..200_000_u32, 0..10_000_u32),
        (surface_heartbeat, grace) in (1..86_400_u32, 1..864_000_u32),
        (hedge_fixed_cost, min_band, more_band) in (0..20_000_000_u32, 0..1_000_000_u32, 0..100_000_000_u32),
    ) -> Profile {
        Profile {
            risk_aversion: digits * 10_u64.pow(exponent - 1),
            vol, delta_horizon, gamma_horizon, vega_horizon, vol_of_vol, hedge_cost, deviation, vol_step, fee,
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

/// `COUNT` books on the same expiries.
pub(crate) fn books<const COUNT: usize>() -> impl Strategy<Value = [Book; COUNT]> {
    expiries().prop_flat_map(|expiries| {
        proptest::array::uniform(
            (amount(), amount(), proptest::collection::vec(amount(), expiries.len())).prop_map(
                move |(delta, gamma, vegas)| {
                    let vega = expiries.iter().zip(vegas);
                    let vega =
                        vega.map(|(&seconds, vega)| Bucket { seconds, vega, surface_age: 0 }).collect();
                    Book { delta, gamma, vega }
                },
            ),
        )
    })
}

pub(crate) fn book() -> impl Strategy<Value = Book> {
    books::<1>().prop_map(|[book]| book)
}
