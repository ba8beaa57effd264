//! Laws of the hedging rules, one file per rule, and of all of them together.

mod clock;
mod dutch;
mod farming;
mod reward;
mod rules;
mod slip;
mod split;
mod totality;
mod trigger;
mod verify;
mod young;

use inventory::hedge::{Reach, Rules, Trigger};
use inventory::{Band, Profile};
use proptest::prelude::*;

use crate::market::profile;

pub(crate) const NOW: u32 = 1_800_000_000;
pub(crate) const FREE: Reach = Reach { low: i128::MIN, high: i128::MAX };

/// A profile that is quoted with a spread, and rules that it admits.
pub(crate) fn market() -> impl Strategy<Value = (Profile, Rules)> {
    let times = (1..7_200_u32, 0..1_000_000_u32, 1..86_400_u32, 1..86_400_u32, 1..86_400_u32, 1..86_400_u32);
    let rates = any::<[u16; 6]>();
    (profile(), times, rates, 1..1_000_000_u32).prop_map(|(profile, times, rates, scale)| {
        let (seasoning, wait, order_patience, slip_span, auction_span, reward_span) = times;
        let profile =
            Profile { deviation: profile.deviation + 100, min_band: profile.min_band + 100, ..profile };
        let profile = Profile { max_band: profile.max_band.max(profile.min_band), ..profile };
        let floor = profile.deviation + profile.fee;
        let part = |rate: u16, whole: u32| (u64::from(whole) * u64::from(rate) / 65_535) as u32;
        let slip_max = part(rates[0], floor + profile.hedge_cost).clamp(1, 100_000);
        let rules = Rules {
            seasoning,
            max_wait: seasoning + wait,
            order_patience,
            min_hedge: part(rates[1], profile.min_band / 2).max(1),
            slip_base: part(rates[2], slip_max),
            slip_max,
            slip_span,
            auction_premium: u32::from(rates[3]) / 8,
            auction_span,
            auction_scale: scale,
            reward_share: part(rates[4], 500_000),
            reward_span,
            reward_cap: part(rates[5], floor),
            ..Rules::default()
        };
        rules.check(&profile).unwrap();
        (profile, rules)
    })
}

/// A trigger for a deviation that the venues can close whole.
pub(crate) fn trigger(deviation: i128, band: &Band) -> Trigger {
    let due = inventory::hedge_due(deviation, band);
    let (edge, inner) = (band.outer, band.inner);
    Trigger { target: deviation, position: 0, gap: deviation, deviation, overdue: 0, edge, inner, due }
}
