use inventory::{Fill, Haircut};
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
