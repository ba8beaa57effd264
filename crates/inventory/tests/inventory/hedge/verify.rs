use inventory::hedge::{Breach, Dutch, Hedge, Measured, Rules, Trigger, Work, slip};
use inventory::{Band, Coefficients, Exposure, Profile, band};
use proptest::prelude::*;

use super::{market, trigger};
use crate::market::{ETH, LIMIT, USD, amount};

const BAND: Band = Band { inner: 2_500_000_000, outer: 5_000_000_000 };

/// J of a net delta that is `gap` short, with this gamma.
fn risk(profile: &Profile, gap: i128, gamma: i128) -> u128 {
    Coefficients::new(profile).risk(&Exposure { delta: -gap, gamma, ..Exposure::default() }).unwrap()
}

/// A hedge that was measured as it was done, with nothing paid.
fn hedge<'a>(
    market: (&'a Profile, &'a Rules),
    trigger: Trigger,
    gamma: i128,
    size: i128,
    work: Work,
) -> Hedge<'a> {
    let (profile, rules) = market;
    let before = Measured { nav: 10_000_000 * USD, risk: risk(profile, trigger.gap, gamma) };
    let after = Measured { nav: before.nav - work.cost, risk: risk(profile, trigger.gap - size, gamma) };
    Hedge { rules, profile, trigger, size, work, budget: u128::MAX, before, after, paid: 0 }
}

fn pay<'a>(hedge: Hedge<'a>, paid: u128) -> Hedge<'a> {
    let after = Measured { nav: hedge.after.nav - paid as i128, ..hedge.after };
    Hedge { paid, after, ..hedge }
}

#[test]
fn each_breach_is_named_with_its_numbers() {
    let rules = Rules::default();
    let market = (&ETH, &rules);
    let out = trigger(6_000 * USD, &BAND);
    let full = 3_500 * USD;
    let work = Work { seasoned: u128::MAX, ..Work::default() };
    let good = hedge(market, out, 0, full, work);
    assert!(good.verify().is_ok());

    let inside = Hedge { trigger: trigger(5_000 * USD, &BAND), ..good };
    assert_eq!(inside.verify(), Err(Breach::NotDue { deviation: 5_000 * USD, edge: BAND.outer }));
    let of = |size| hedge(market, out, 0, size, work).verify();
    assert_eq!(of(-1), Err(Breach::WrongWay { size: -1, due: full }));
    assert_eq!(of(0), Err(Breach::WrongWay { size: 0, due: full }));
    assert_eq!(of(250 * USD - 1), Err(Breach::TooSmall { size: 249_999_999, least: 250_000_000 }));
    assert!(of(8_500 * USD).is_ok());
    let after = -2_500 * USD - 1;
    assert_eq!(of(8_500 * USD + 1), Err(Breach::CrossedFarEdge { after, edge: BAND.inner }));
    assert_eq!(of(12_000 * USD), Err(Breach::NotReduced { before: 6_000 * USD, after: -6_000 * USD }));

    // A risk that stays is none that rose.
    let same = Hedge { after: Measured { risk: good.before.risk, ..good.after }, ..good };
    assert!(same.verify().is_ok());

    let dear = hedge(market, out, 0, full, Work { cost: 7_000_001, ..work });
    assert_eq!(dear.verify(), Err(Breach::BeyondSlip { cost: 7_000_001, most: 7_000_000 }));
    assert!(hedge(market, out, 0, full, Work { cost: 7_000_000, ..work }).verify().is_ok());

    assert_eq!(pay(good, 1).verify(), Err(Breach::RewardTooHigh { paid: 1, most: 0 }));
    let refunded = Hedge { work: Work { gas: 300_000, ..work }, ..good };
    assert!(pay(refunded, 300_000).verify().is_ok());

    let risen = Hedge { after: Measured { risk: good.before.risk + 1, ..good.after }, ..good };
    let (before, after) = (good.before.risk, good.before.risk + 1);
    assert_eq!(risen.verify(), Err(Breach::RiskRose { before, after }));
    let fallen = (good.before.risk - good.after.risk) as i128;
    let leaks = |leak| Hedge { after: Measured { nav: good.before.nav - leak, ..good.after }, ..good };
    assert!(leaks(fallen).verify().is_ok());
    assert_eq!(leaks(fallen + 1).verify(), Err(Breach::ValueLost { lost: 1, most: 0 }));
}

/// A state out of its band, most of the time, and whatever a hedger does there.
#[derive(Clone, Debug)]
struct Attempt {
    profile: Profile,
    rules: Rules,
    gamma: i128,
    band: Band,
    trigger: Trigger,
    size: i128,
    work: Work,
    paid: (u128, u128),
    leak: i128,
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let state = (amount(), 0..400_u32, any::<bool>(), amount(), any::<bool>());
    let act = (0..2_200_u32, 0..100_u8, -40..120_i32, 0..40_u32, any::<u16>());
    (market(), state, act, 0..200_000_u32, prop_oneof![Just(0), Just(1), -1_000_000..1_000_000_i128])
        .prop_map(|((profile, rules), state, act, waited, leak)| {
            let (gamma, out, buy, beyond, reached) = state;
            let band = band(&profile, gamma).unwrap();
            let sign = if buy { 1 } else { -1 };
            let deviation = sign * (band.outer * u128::from(out) / 100 + 1) as i128;
            // What venues do not reach lies on the same side.
            let gap = if reached { deviation } else { deviation + sign * beyond.abs() };
            let trigger = Trigger { gap, target: gap, ..trigger(deviation, &band) };
            let (of_due, wrong, cost, paid, young) = act;
            let sign = if wrong == 0 { -sign } else { sign };
            let size = sign * (trigger.excess().max(1_000) * u128::from(of_due) / 1_000) as i128;
            let cap = size.unsigned_abs() * u128::from(slip(&rules, waited)) / 1_000_000;
            let seasoned = trigger.excess() * u128::from(young) / 65_535;
            let work =
                Work { size: 0, cost: cap as i128 * i128::from(cost) / 100, seasoned, waited, gas: 400_000 };
            Attempt { profile, rules, gamma, band, trigger, size, work, paid: (paid.into(), 32), leak }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::with_cases(100_000) })]

    #[test]
    fn what_passes_is_what_should(attempt in attempts()) {
        let Attempt { profile, rules, gamma, band, trigger, size, work, paid, leak } = attempt;
        let market = (&profile, &rules);
        let measured = Work { size: size.unsigned_abs(), ..work };
        let reward = measured.reward(&rules, &profile, &trigger, u128::MAX).unwrap();
        let paid = reward.total() * paid.0 / paid.1;
        let done = pay(hedge(market, trigger, gamma, size, work), paid);
        let done = Hedge { after: Measured { nav: done.after.nav - leak, ..done.after }, ..done };
        let verdict = done.verify();

        let (was, left) = (trigger.deviation, trigger.deviation - size);
        let flips = left != 0 && (left > 0) != (was > 0);
        let reduces = left.abs() < was.abs() && !(flips && left.unsigned_abs() > band.inner);
        let large = size.unsigned_abs() >= u128::from(rules.min_hedge) * 1_000_000 || size.unsigned_abs() >= trigger.excess();
        let priced = work.cost * 1_000_000 <= size.abs() * i128::from(slip(&rules, work.waited));
        let fall = (done.before.nav - done.before.risk as i128) - (done.after.nav - done.after.risk as i128);
        let kept = fall <= work.cost.max(0) + paid as i128 && done.after.risk <= done.before.risk;
        let right = was.unsigned_abs() > band.outer && reduces && large && priced && paid <= reward.total() && kept;
        prop_assert_eq!(verdict.is_ok(), right, "{:?}", verdict);
        if !right {
            return Ok(());
        }
        // The invariants, from the numbers themselves.
        prop_assert!((trigger.gap - size).abs() < trigger.gap.abs());
        prop_assert!(fall <= work.cost.max(0) + paid as i128);
        let horizon = Profile { delta_horizon: profile.delta_horizon.max(work.waited.min(86_400)), ..profile };
        let fell = risk(&horizon, trigger.gap, 0) as i128 - risk(&horizon, trigger.gap - size, 0) as i128;
        let least_due = size.abs() <= trigger.due.abs();
        if least_due {
            // The share is paid out of what J really fell by.
            let slack = 4 + (fell >> 40);
            prop_assert!(paid as i128 - reward.gas as i128 <= fell + slack);
            // A hedge at no more than the profile's cost of hedging never lowers NAV - J by more than its gas.
            if work.cost * 1_000_000 <= size.abs() * i128::from(profile.hedge_cost) && leak <= 0 {
                prop_assert!(fell - work.cost - paid as i128 + reward.gas as i128 >= -slack, "{fell} {} {paid}", work.cost);
            }
        }
    }

    #[test]
    fn every_state_out_of_band_can_be_hedged(attempt in attempts(), part in 0..=1_000_i128, better in 0..1_000_i128) {
        let Attempt { profile, rules, gamma, trigger, work, .. } = attempt;
        prop_assume!(trigger.due != 0);
        let market = (&profile, &rules);
        // Whole or in a part that is not dust, at a healthy venue: any price within slip(t).
        let least = trigger.least(&rules) as i128;
        let size = trigger.due.signum() * (trigger.due.abs() * part / 1_000).max(least);
        let cap = size.abs() * i128::from(slip(&rules, work.waited)) / 1_000_000;
        let work = Work { size: size.unsigned_abs(), cost: cap - cap * better / 500, ..work };
        let reward = work.reward(&rules, &profile, &trigger, u128::MAX).unwrap();
        let done = pay(hedge(market, trigger, gamma, size, work), reward.total());
        prop_assert_eq!(done.verify(), Ok(reward));
        // And by the auction at its own price.
        let discount = Dutch::new(&rules, &profile, work.waited).discount(work.size, work.seasoned).unwrap();
        let work = Work { cost: discount, ..work };
        prop_assert!(hedge(market, trigger, gamma, size, work).verify().is_ok());
    }

    #[test]
    fn a_hedge_to_the_inner_edge_at_the_cost_of_hedging_never_lowers_value(profile in crate::market::profile(), gamma in amount(), delta in -LIMIT..LIMIT, t in 0..100_000_u32) {
        // Trigger and target are no nearer than J's edge, so each unit saves at least its cost.
        let band = band(&profile, gamma).unwrap();
        let due = inventory::hedge_due(-delta, &band);
        let horizon = Profile { delta_horizon: profile.delta_horizon.max(t), ..profile };
        let fell = risk(&horizon, -delta, gamma) as i128 - risk(&horizon, -delta - due, gamma) as i128;
        let cost = due.abs() * i128::from(profile.hedge_cost) / 1_000_000;
        prop_assert!(fell >= cost - 2 - (risk(&horizon, delta, gamma) >> 55) as i128, "{fell} {cost}");
    }
}
