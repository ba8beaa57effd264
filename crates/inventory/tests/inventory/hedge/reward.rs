use inventory::hedge::{Budget, Reward, Rules, Trigger, Work, benefit};
use inventory::{Band, Profile, band};
use proptest::prelude::*;

use super::{NOW, market, trigger};
use crate::market::{DAY, ETH, LIMIT, USD, amount};

const BAND: Band = Band { inner: 2_500_000_000, outer: 5_000_000_000 };

#[test]
fn the_benefit_is_the_fall_of_j_over_the_time_waited() {
    // From 400,000 to 300,000 USD: 8 bp of 100,000 beyond the edge, and (4e-7 / 2) 0.49 (h / year) (4e5^2 - 3e5^2).
    let at = |waited| benefit(&ETH, waited, 400_000 * USD, 300_000 * USD).unwrap();
    let variance = |hours: f64| 2e-7 * 0.49 * hours / 8_760.0 * 7e10 * 1e6;
    for (waited, hours) in [(0, 1.0), (3_600, 1.0), (7_200, 2.0), (DAY, 24.0), (10 * DAY, 24.0)] {
        assert!((at(waited) as f64 - 80e6 - variance(hours)).abs() <= 3.0, "{waited}");
    }
    assert_eq!(benefit(&ETH, 0, 300_000 * USD, 400_000 * USD), Some(0));
    // A horizon of more than a day is not cut to one.
    let long = Profile { delta_horizon: 2 * DAY, ..ETH };
    assert_eq!(benefit(&long, DAY, USD << 20, 0), benefit(&long, 0, USD << 20, 0));
}

#[test]
fn a_hedge_that_does_not_pay_for_itself_is_paid_its_gas() {
    let trigger = trigger(6_000 * USD, &BAND);
    let work =
        Work { size: 3_500_000_000, cost: 20_000_000, seasoned: 3_500_000_000, waited: DAY, gas: 300_000 };
    let reward = work.reward(&Rules::default(), &ETH, &trigger, u128::MAX).unwrap();
    assert_eq!((reward.gas, reward.share), (300_000, 0));
    let dear = Work { gas: 900_000, ..work };
    assert_eq!(dear.reward(&Rules::default(), &ETH, &trigger, u128::MAX).unwrap().total(), 500_000);
    assert_eq!(dear.reward(&Rules::default(), &ETH, &trigger, 70).unwrap().total(), 70);
}

#[test]
fn less_than_the_least_hedge_is_paid_no_gas() {
    let trigger = trigger(6_000 * USD, &BAND);
    let work = Work { size: 249_999_999, seasoned: 3_500_000_000, gas: 300_000, ..Work::default() };
    assert_eq!(work.reward(&Rules::default(), &ETH, &trigger, u128::MAX).unwrap().total(), 0);
    let enough = Work { size: 250_000_000, ..work };
    assert_eq!(enough.reward(&Rules::default(), &ETH, &trigger, u128::MAX).unwrap().total(), 300_000);
}

#[test]
fn the_share_ramps_up() {
    let trigger = trigger(400_000 * USD, &BAND);
    let at = |waited| {
        let work = Work { size: 100_000_000_000, seasoned: u128::MAX, waited, ..Work::default() };
        work.reward(&Rules::default(), &ETH, &trigger, u128::MAX).unwrap()
    };
    assert_eq!(at(0).share, 0);
    assert_eq!(at(450).share, at(450).benefit / 10);
    assert_eq!(at(900).share, at(900).benefit / 5);
}

#[test]
fn seasoned_excess_is_worth_what_it_would_be_without_the_young() {
    // 400,000 USD out, of which trades of the last minutes made 300,000: paid as a hedge from 100,000 on.
    let paid = |out: i128, excess: i128, seasoned: i128| {
        let [size, seasoned] = [excess, seasoned].map(|usd| (usd * USD) as u128);
        let work = Work { size, seasoned, waited: DAY, ..Work::default() };
        work.reward(&Rules::default(), &ETH, &trigger(out * USD, &BAND), u128::MAX).unwrap()
    };
    let (young, old) = (paid(400_000, 397_500, 97_500), paid(100_000, 97_500, 97_500));
    assert_eq!(young, old);
    assert!(paid(400_000, 97_500, 397_500).benefit > old.benefit);
}

#[test]
fn the_budget_refills_in_its_time_and_never_overflows() {
    let rules = Rules::default();
    let empty = Budget::full(&rules, NOW).pay(&rules, 500_000_000, NOW).unwrap();
    assert_eq!(Budget::full(&rules, NOW), Budget { level: 500_000_000, since: NOW });
    assert_eq!(empty.available(&rules, NOW), 0);
    assert_eq!(empty.available(&rules, NOW + DAY / 2), 250_000_000);
    assert_eq!(empty.available(&rules, NOW + 3 * DAY), 500_000_000);
    assert_eq!(empty.available(&rules, NOW - 1), 0);
    assert_eq!(empty.pay(&rules, 1, NOW), None);
    let word = Budget { level: 123, since: NOW };
    assert_eq!(Budget::unpack(word.pack()), word);
    let beyond = Budget { level: u128::MAX, since: NOW };
    assert_eq!(Budget::unpack(beyond.pack()), Budget { level: (1 << 96) - 1, since: NOW });
}

#[test]
fn gas_and_share_are_paid_out_of_the_budget() {
    let rules = Rules::default();
    let (budget, reward) =
        (Budget::full(&rules, NOW), Reward { benefit: 7, gas: 300_000, share: 20_000_000 });
    let left = Budget { level: 479_700_000, since: NOW + 5 };
    assert_eq!(Work::paid(&rules, &reward, &budget, NOW + 5), Some(left));
    let all = Reward { share: 499_700_000, ..reward };
    assert_eq!(Work::paid(&rules, &all, &budget, NOW), Some(Budget { level: 0, since: NOW }));
    assert_eq!(Work::paid(&rules, &Reward { gas: 300_001, ..all }, &budget, NOW), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn benefits_of_parts_never_exceed_that_of_the_whole((profile, _) in market(), waited in 0..200_000_u32, deltas in [amount(), amount(), amount()]) {
        let mut deltas = deltas.map(i128::abs);
        deltas.sort_unstable();
        let [low, middle, high] = deltas;
        let of = |from, to| benefit(&profile, waited, from, to).unwrap();
        prop_assert!(of(high, middle) + of(middle, low) <= of(high, low) + 2 + (of(high, 0) >> 52));
        prop_assert_eq!(of(high, low), of(-high, -low));
    }

    #[test]
    fn a_reward_stays_within_each_of_its_caps(
        (profile, rules) in market(), gamma in amount(), (out, short) in (1..400_u128, any::<bool>()), parts in any::<[u16; 3]>(), waited in 0..200_000_u32, gas in 0..2_000_000_u128,
        budget in 0..1_000_000_000_u128,
    ) {
        let band = band(&profile, gamma).unwrap();
        let deviation = (band.outer + 1 + band.outer * out / 100) as i128;
        let deviation = if short { -deviation } else { deviation };
        let trigger = trigger(deviation, &band);
        let [size, cost, seasoned] = parts.map(u128::from);
        let excess = trigger.excess();
        let work = Work {
            size: excess * size / 60_000 + 1,
            cost: (excess * cost / 65_536 / 50) as i128 - (excess / 200) as i128,
            seasoned: (excess * seasoned / 32_768).min(excess),
            waited,
            gas,
        };
        let reward = work.reward(&rules, &profile, &trigger, budget).unwrap();
        prop_assert!(reward.total() <= budget && reward.gas <= gas && reward.gas <= rules.gas_cap.into());

        let counted = work.size.min(work.seasoned);
        let cost = work.cost.max(0) as f64 * counted as f64 / work.size as f64;
        // What J really falls by is at least the benefit that counts.
        let after = (deviation.unsigned_abs() - work.size.min(excess)) as i128;
        let whole = benefit(&profile, waited, deviation.abs(), after).unwrap();
        prop_assert!(reward.benefit <= whole + 2 + (whole >> 40), "{} {whole}", reward.benefit);
        let ramp = (f64::from(waited) / f64::from(rules.reward_span)).min(1.0);
        let share = ramp * f64::from(rules.reward_share) / 1e6 * (reward.benefit as f64 - cost - reward.gas as f64).max(0.0);
        let slack = 1.0 + share * 1e-12;
        prop_assert!(reward.share as f64 <= share + slack);
        prop_assert!(reward.share as f64 <= counted as f64 * f64::from(rules.reward_cap) / 1e6 + slack);
        let floor = counted as f64 * f64::from(profile.deviation + profile.fee) / 1e6;
        prop_assert!(reward.share == 0 || reward.share as f64 + cost <= floor + slack + floor * 1e-12);
        if waited == 0 || work.seasoned == 0 {
            prop_assert_eq!(reward.share, 0);
        }
    }

    #[test]
    fn tiny_hedges_are_never_paid_more_than_one(
        (profile, rules) in market(), deviation in 1..LIMIT, waited in 0..200_000_u32, cost_rate in 0..2_000_u128, young in 0..65_536_u128, count in 2..40_u32,
    ) {
        // Gas aside: of gas they are paid what they spend.
        let band = band(&profile, 0).unwrap();
        let whole_trigger = trigger(deviation, &band);
        prop_assume!(whole_trigger.due > i128::from(count));
        let excess = whole_trigger.excess();
        let cost = |size: u128| (size * cost_rate).div_ceil(1_000_000) as i128;
        let pays = |work: Work, trigger: &Trigger| work.reward(&rules, &profile, trigger, u128::MAX).unwrap();
        let seasoned = excess - excess * young / 65_536;
        let whole = pays(Work { size: excess, cost: cost(excess), seasoned, waited, gas: 0 }, &whole_trigger);

        let (mut left, mut sum, mut saving) = (deviation, 0, 0_i128);
        let size = excess / u128::from(count);
        let mut worth_it = true;
        for _ in 0..count {
            let trigger = trigger(left, &Band { inner: band.inner, outer: band.inner });
            let seasoned = seasoned.saturating_sub((deviation - left) as u128);
            let part = pays(Work { size, cost: cost(size), seasoned, waited, gas: 0 }, &trigger);
            let counted = size.min(seasoned);
            let net = part.benefit as i128 - cost(counted);
            worth_it &= net >= 0;
            saving += net.max(0);
            sum += part.share;
            left -= size as i128;
        }
        // Where each pays for itself they share what the whole shares; else at most what those that do pay for are worth.
        let slack = 4 * u128::from(count) + (whole.benefit >> 40);
        if worth_it {
            prop_assert!(sum <= whole.share + slack, "{sum} {}", whole.share);
        }
        prop_assert!(sum <= saving as u128 * u128::from(rules.reward_share) / 1_000_000 + slack);
    }

    #[test]
    fn no_payments_exceed_the_budget_and_its_refill((_, rules) in market(), wishes in proptest::collection::vec((0..100_000_000_u128, 0..20_000_u32), 1..40)) {
        let rules = Rules { budget: 40, ..rules };
        let (mut budget, mut now, mut paid) = (Budget::full(&rules, NOW), NOW, 0);
        for (wish, gap) in wishes {
            now += gap;
            let amount = wish.min(budget.available(&rules, now));
            budget = budget.pay(&rules, amount, now).unwrap();
            budget = Budget::unpack(budget.pack());
            paid += amount;
            let refill = 40_000_000 * u128::from(now - NOW) / u128::from(rules.budget_span);
            prop_assert!(paid <= 40_000_000 + refill);
        }
    }
}
