//! Every input has an answer, over the full range of each type, and never a panic.

use inventory::hedge::{
    Budget, Clock, Curve, Dutch, Hedge, Measured, Order, Pool, Reach, Rules, Span, Stand, Timer, Trigger,
    Venue, Work, Young, slip, split, worst_price,
};
use inventory::{Band, Profile};
use proptest::prelude::*;

fn short() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0..32_u32).prop_map(|(number, down)| number >> down)
}

fn wide() -> impl Strategy<Value = i128> {
    (any::<i128>(), 0..128_u32).prop_map(|(number, down)| number >> down)
}

fn size() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0..128_u32).prop_map(|(number, down)| number >> down)
}

fn rules() -> impl Strategy<Value = (Rules, Profile)> {
    proptest::array::uniform24(short()).prop_map(
        |[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, rest @ ..]| {
            let [vol, horizon, cost, deviation, fee, low, high, g_] = rest;
            let rules = Rules {
                seasoning: a,
                max_wait: b,
                order_patience: c,
                min_hedge: d,
                slip_base: e,
                slip_max: f,
                slip_span: g,
                auction_premium: h,
                auction_span: i,
                auction_scale: j,
                reward_share: k,
                reward_span: l,
                reward_cap: m,
                gas_cap: n,
                budget: o,
                budget_span: p,
            };
            let profile = Profile {
                risk_aversion: g_.into(),
                vol,
                delta_horizon: horizon,
                hedge_cost: cost,
                deviation,
                fee,
                min_band: low,
                max_band: high,
                ..Profile::default()
            };
            (rules, profile)
        },
    )
}

fn clock() -> impl Strategy<Value = Clock> {
    proptest::array::uniform4(short()).prop_map(|[a, b, c, d]| Clock {
        band: Timer { since: a, back: b },
        rest: Timer { since: c, back: d },
    })
}

fn ring() -> impl Strategy<Value = Young> {
    let span =
        (short(), size(), size(), short()).prop_map(|(last, up, down, edge)| Span { last, up, down, edge });
    proptest::array::uniform6(span).prop_map(|spans| Young { spans })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn any_hedge_has_a_verdict(
        (rules, profile) in rules(), clock in clock(), ring in ring(), stand in [wide(), wide(), wide(), wide(), wide()], times in [short(), short(), short()],
        amounts in [size(), size(), size(), size(), size(), size()], signed in [wide(), wide(), wide(), wide()],
    ) {
        let _ = rules.check(&profile);
        let [now, placed, waited] = times;
        let [inner, outer, spot, seasoned, gas, paid] = amounts;
        let [size, cost, nav, left] = signed;
        let band = Band { inner, outer };
        let [book, held, order, low, high] = stand;
        let orders = [Order { size: order, placed }, Order { size: order, placed: now }];
        let stand = Stand { book, held, orders: &orders, reach: Reach { low, high } };
        let trigger = stand.trigger(&band, &clock, &rules, now);
        prop_assert!(trigger.due.unsigned_abs() <= trigger.gap.unsigned_abs() && trigger.due.signum() * trigger.gap.signum() >= 0);
        let later = clock.observe(now, trigger.deviation, &band, &rules);
        let _ = (later.waited(&rules, waited), later.overdue(&rules, waited), later.waited_for(&trigger, &rules, now));
        prop_assert!(ring.record(now, order, inner, rules.seasoning).seasoned(&trigger, waited, spot, rules.seasoning) <= trigger.excess());
        let _ = worst_price(spot, true, slip(&rules, waited)).zip(worst_price(spot, false, slip(&rules, waited)));
        let _ = Dutch::new(&rules, &profile, waited).discount(paid, seasoned);
        let work = Work { size: paid, cost, seasoned, waited, gas };
        let _ = work.reward(&rules, &profile, &trigger, spot);
        let budget = Budget { level: spot, since: placed };
        prop_assert!(budget.pay(&rules, gas, now).is_none_or(|after| after.level <= budget.available(&rules, now)));
        let (before, after) = (Measured { nav, risk: inner }, Measured { nav: left, risk: outer });
        let _ = Hedge { rules: &rules, profile: &profile, trigger, size, work, budget: spot, before, after, paid }.verify();
        let any = Trigger { target: book, position: held, gap: order, deviation: low, overdue: now, edge: inner, inner: outer, due: high };
        let _ = Hedge { rules: &rules, profile: &profile, trigger: any, size, work, budget: spot, before, after, paid }.verify();
        let _ = ring.seasoned(&any, waited, spot, rules.seasoning);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn any_venues_have_a_split_or_none(venues in proptest::collection::vec((size(), short(), size(), size(), size(), any::<bool>()), 0..4), wanted in size(), buying: bool) {
        let points: Vec<_> = venues.iter().map(|(fixed, _, _, base, quote, _)| [(*base, *quote), (base.saturating_add(*fixed), *fixed)]).collect();
        let list: Vec<_> = venues.iter().zip(&points).map(|((fixed, fee, cap, base, quote, pool), points)| {
            let curve = if *pool { Curve::Pool(Pool { base: *base, quote: *quote }) } else { Curve::Sampled(points) };
            Venue { fixed: *fixed, fee: *fee, cap: *cap, curve }
        }).collect();
        if let Some(plan) = split(wanted, &list, buying) {
            prop_assert!(plan.size <= wanted && plan.sizes.iter().sum::<u128>() == plan.size);
        }
    }
}
