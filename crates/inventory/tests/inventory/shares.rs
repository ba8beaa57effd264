use inventory::{Fill, Haircut, Vesting, Waterfall};
use proptest::prelude::*;

#[test]
fn a_claim_beyond_the_total_is_refused_and_changes_nothing() {
    let mut haircut = Haircut { remaining: 70, total: 100, taken: 90 };
    assert_eq!(haircut.pay(11), None);
    assert_eq!(haircut.pay(u128::MAX), None);
    assert_eq!(haircut, Haircut { remaining: 70, total: 100, taken: 90 });
    assert_eq!(haircut.pay(10), Some(7));
    assert_eq!(haircut.pay(0), Some(0));
    assert_eq!(Haircut { remaining: 0, total: 0, taken: 0 }.pay(0), Some(0));
}

#[test]
fn claims_are_paid_in_full_where_there_is_enough() {
    let mut haircut = Haircut { remaining: 100, total: 100, taken: 0 };
    assert_eq!((haircut.pay(33), haircut.pay(67)), (Some(33), Some(67)));
}

#[test]
fn an_epoch_is_filled_as_far_as_cash_goes() {
    assert_eq!(Fill::new(1_000, 500, 500), Some(Fill { requested: 1_000, shares: 1_000, assets: 500 }));
    assert_eq!(Fill::new(1_000, 500, 250), Some(Fill { requested: 1_000, shares: 500, assets: 250 }));
    assert_eq!(Fill::new(1_000, 300, 100), Some(Fill { requested: 1_000, shares: 334, assets: 100 }));
    assert_eq!(Fill::new(1_000, 500, 0), Some(Fill { requested: 1_000, shares: 0, assets: 0 }));
    assert_eq!(Fill::new(0, 500, 100), Some(Fill { requested: 0, shares: 0, assets: 0 }));
    let fill = Fill::new(1_000, 300, 100).unwrap();
    assert_eq!(fill.part(10), Some((1, 4)));
    assert_eq!(fill.part(1_001), None);
    assert_eq!(Fill::new(0, 0, 100).unwrap().part(0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// What remains is paid out to the unit, each claim within a unit of its part, whatever the order.
    #[test]
    fn a_haircut_is_pro_rata_to_the_unit(claims in proptest::collection::vec(0..1_u64 << 60, 1..12), share: u64) {
        let total = claims.iter().map(|claim| u128::from(*claim)).sum::<u128>();
        let remaining = (total * u128::from(share)) >> 64;
        let mut haircut = Haircut { remaining, total, taken: 0 };
        let mut paid = 0;
        for claim in &claims {
            let payment = haircut.pay((*claim).into()).unwrap();
            // payment - 1 < claim remaining / total < payment + 1
            let exact = u128::from(*claim) * remaining;
            prop_assert!(payment * total < exact + total && exact < payment * total + total || total == 0);
            paid += payment;
        }
        prop_assert_eq!(paid, remaining);
        prop_assert_eq!(haircut.taken, total);
    }

    /// Claiming early or late, whole or in two, changes a payment by a unit at most.
    #[test]
    fn order_and_splits_change_no_more_than_a_unit(mine in 0..1_u64 << 60, others in 0..1_u64 << 60, share: u64, part: u64) {
        let total = u128::from(mine) + u128::from(others);
        let start = Haircut { remaining: (total * u128::from(share)) >> 64, total, taken: 0 };
        let (mut early, mut late, mut split) = (start, start, start);
        let first = early.pay(mine.into()).unwrap();
        late.pay(others.into()).unwrap();
        let last = late.pay(mine.into()).unwrap();
        let piece = (u128::from(mine) * u128::from(part)) >> 64;
        let pieces = split.pay(piece).unwrap() + split.pay(u128::from(mine) - piece).unwrap();
        prop_assert!(first.abs_diff(last) <= 1);
        prop_assert_eq!(pieces, first);
    }

    /// No epoch pays more than its price or its cash, and its parts no more than the epoch.
    #[test]
    fn an_epoch_rounds_for_the_vault(requests in proptest::collection::vec(1..1_u64 << 60, 1..8), value: u64, available: u64) {
        let requested = requests.iter().map(|shares| u128::from(*shares)).sum::<u128>();
        let fill = Fill::new(requested, value.into(), available.into()).unwrap();
        prop_assert!(fill.assets <= available.into() && fill.shares <= requested);
        // assets / shares <= value / requested, and as near as whole shares allow.
        prop_assert!(fill.assets * requested <= fill.shares * u128::from(value));
        prop_assert!(fill.shares == 0 || (fill.shares - 1) * u128::from(value) < fill.assets * requested || fill.shares == requested);
        let (mut assets, mut waiting) = (0, 0);
        for request in requests {
            let (paid, taken) = fill.part(request.into()).unwrap();
            prop_assert!(taken <= request.into() && paid * requested <= u128::from(request) * fill.assets);
            assets += paid;
            waiting += u128::from(request) - taken;
        }
        prop_assert!(assets <= fill.assets && waiting <= requested - fill.shares);
    }
}

#[test]
fn shares_bear_losses_first_and_segregated_money_last() {
    let split = |assets| {
        let Waterfall { segregated, series, shares } = Waterfall::new(assets, 300, 500);
        (segregated, series.remaining, shares)
    };
    assert_eq!(split(1_000), (300, 500, 200));
    assert_eq!(split(800), (300, 500, 0));
    assert_eq!(split(799), (300, 499, 0));
    assert_eq!(split(301), (300, 1, 0));
    assert_eq!(split(299), (299, 0, 0));
    assert_eq!(Waterfall::new(500, 0, 700).series, Haircut { remaining: 500, total: 700, taken: 0 });
}

#[test]
fn spread_income_vests_in_a_straight_line() {
    let vesting = Vesting { locked: 1_000, since: 100, until: 200 };
    assert_eq!(
        [0, 100, 101, 150, 199, 200, 300].map(|now| vesting.unvested(now)),
        [1_000, 1_000, 990, 500, 10, 0, 0]
    );
    // Rounded up: not the shares' a moment early.
    assert_eq!(Vesting { locked: 1, ..vesting }.unvested(199), 1);
    assert_eq!(vesting.with(100, 150), Some(Vesting { locked: 600, since: 150, until: 200 }));
    assert_eq!(vesting.with(100, 50), Some(Vesting { locked: 1_100, since: 100, until: 200 }));
    assert_eq!(Vesting { locked: u128::MAX, ..vesting }.with(1, 100), None);
    assert_eq!(Vesting { until: 100, ..vesting }.unvested(100), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_waterfall_loses_nothing(assets: u64, segregated: u64, claims: u64) {
        let split = Waterfall::new(assets.into(), segregated.into(), claims.into());
        prop_assert_eq!(split.segregated + split.series.remaining + split.shares, u128::from(assets));
        prop_assert!(split.shares == 0 || split.series.remaining == claims.into());
        prop_assert!(split.series.remaining == 0 || split.segregated == segregated.into());
    }

    /// Looking at it in between moves what has not vested by no more than its rounding, and never down.
    #[test]
    fn vesting_does_not_depend_on_when_it_is_looked_at(locked: u64, times: [u16; 4], income: u64) {
        let mut times = times.map(u32::from);
        times.sort_unstable();
        let [since, between, later, until] = times;
        let vesting = Vesting { locked: locked.into(), since, until };
        let whole = vesting.unvested(later);
        let looked = vesting.with(0, between).unwrap().unvested(later);
        prop_assert!(whole <= looked && looked <= whole + 1);
        prop_assert!(vesting.unvested(between) >= whole);
        let more = vesting.with(income.into(), between).unwrap();
        let expected = if between < until { vesting.unvested(between) + u128::from(income) } else { 0 };
        prop_assert_eq!(more.unvested(between), expected);
    }
}
