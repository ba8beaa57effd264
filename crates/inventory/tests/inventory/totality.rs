//! Every input has an answer: a value, none, or a typed error, over the full range of each type, and never a panic.

use inventory::{
    Auction, Blend, Bucket, CapError, Caps, Coefficients, Depth, Exposed, Exposure, Fill, Haircut,
    MAX_BUCKETS, MarginRule, Pace, Pnl, Profile, RAMP, Round, RoundCaps, SPOTS, Shock, Trade, VOLS, Vesting,
    Waterfall, band, check_solvency, check_weights, grid_pnl, hedge_due, hedge_part, liquidation_part,
    margin, quote, spread_floor, static_bound, uncovered, worst_case, worst_loss,
};
use proptest::prelude::*;

/// Of any magnitude.
fn wide() -> impl Strategy<Value = i128> {
    (any::<i128>(), 0..128_u32).prop_map(|(number, down)| number >> down)
}

fn size() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0..128_u32).prop_map(|(number, down)| number >> down)
}

fn short() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0..32_u32).prop_map(|(number, down)| number >> down)
}

fn any_profile() -> impl Strategy<Value = Profile> {
    (any::<(u64, u32)>(), proptest::array::uniform14(short())).prop_map(|((g, down), fields)| {
        let [vol, delta, gamma, carry, vega, of_vol, cost, deviation, step, fee, heartbeat, age, fixed, min] =
            fields;
        Profile {
            risk_aversion: g >> (down % 64),
            vol,
            delta_horizon: delta,
            gamma_horizon: gamma,
            carry_horizon: carry,
            vega_horizon: vega,
            vol_of_vol: of_vol,
            hedge_cost: cost,
            deviation,
            vol_step: step,
            fee,
            surface_heartbeat: heartbeat,
            max_surface_age: age,
            hedge_fixed_cost: fixed,
            min_band: min,
            max_band: min ^ fee,
        }
    })
}

/// Delta and gamma, buckets, strips.
type Parts = ((i128, i128), Vec<Bucket>, Vec<Depth>);

fn parts() -> impl Strategy<Value = Parts> {
    let bucket = (short(), wide(), short());
    let bucket = bucket.prop_map(|(seconds, vega, surface_age)| Bucket { seconds, vega, surface_age });
    let weights =
        (any::<[u8; 8]>(), 0..8_u32).prop_map(|(weights, down)| weights.map(|weight| weight >> down));
    let blend = (weights.clone(), weights, any::<u64>(), 0..64_u32);
    let blend = blend.prop_map(|(from, to, part, down)| Blend { from, to, part: part >> down });
    let depth = (0..=MAX_BUCKETS, any::<[i64; 8]>(), blend);
    let depth = depth.prop_map(|(bucket, vega, weights)| Depth { bucket, vega, weights });
    let several = proptest::collection::vec(bucket, 0..=MAX_BUCKETS + 1);
    ((wide(), wide()), several, proptest::collection::vec(depth, 0..2))
}

fn exposure(((delta, gamma), vega, depth): &Parts) -> Exposure<'_> {
    Exposure { delta: *delta, gamma: *gamma, vega, depth }
}

fn pnl() -> impl Strategy<Value = Pnl> {
    (any::<[[i64; SPOTS]; VOLS]>(), any::<i64>(), 0..64_u32).prop_map(|(pnl, by, down)| {
        pnl.map(|row| row.map(|value| i128::from(value >> down) * i128::from(by)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50_000))]

    #[test]
    fn any_trade_has_a_quote_or_an_error(
        profile in any_profile(), before in parts(), after in parts(), value in wide(), ends in [wide(), wide()], notional in size(), bound in wide(),
    ) {
        let coefficients = Coefficients::new(&profile);
        let (before, after) = (exposure(&before), exposure(&after));
        let trade = Trade { before, after, net: after, value, ends, notional, bound };
        if let Ok(quote) = quote(&profile, &coefficients, &trade) {
            prop_assert_eq!(quote.premium, quote.value + quote.charge + quote.spread as i128);
            prop_assert!(quote.premium >= bound && quote.spread > 0);
        }
        let _ = (spread_floor(&profile, &after, notional), profile.check(), static_bound(true, true, ends, value, bound));
        let _ = profile.ramped(&Profile::default(), profile.vol, profile.fee);
        for expiry in after.depth {
            // What passes the check has a charge.
            let Blend { from, to, part } = &expiry.weights;
            let good = check_weights(from, 8).is_ok() && check_weights(to, 8).is_ok() && *part <= 1 << 32;
            if good && profile.check().is_ok() && expiry.vega.iter().all(|vega| vega.unsigned_abs() < 1 << 53) {
                let vega = [Bucket { seconds: profile.fee, ..Default::default() }; MAX_BUCKETS];
                let depth = [Depth { bucket: expiry.bucket.min(11), ..*expiry }];
                let one = Exposure { vega: &vega, depth: &depth, ..Default::default() };
                prop_assert!(coefficients.risk(&one).is_some());
            }
            let pace = Pace { risk_aversion: profile.risk_aversion, vol_of_vol: profile.vol_of_vol, vega_horizon: profile.vega_horizon, vol_step: profile.vol_step, most_vega: profile.fee };
            prop_assert!(pace.span(profile.vol, from, to).0 >= RAMP.into());
        }
        if let Some(band) = band(&profile, value) {
            let _ = hedge_due(bound, &band);
        }
    }

    #[test]
    fn any_losses_have_a_margin_or_none(
        rule in [short(), short(), short()], pnl in pnl(), numbers in [size(), size(), size()], equity in wide(), moves in any::<[i32; SPOTS]>(),
        times in [short(), short(), short(), short()],
    ) {
        let [deep_weight, maintenance, short_minimum] = rule;
        let [settlement, deep_settlement, short_notional] = numbers;
        let exposed = Exposed { pnl, settlement, deep_settlement, short_notional };
        let _ = margin(&MarginRule { deep_weight, maintenance, short_minimum }, &exposed);
        let _ = (uncovered(&pnl, equity), grid_pnl(&pnl, equity, &moves), worst_case(&pnl, equity));
        let [discount, solvent, insolvent, elapsed] = times;
        if let Some(price) = (Auction { discount, solvent, insolvent }).price(equity, settlement, elapsed) {
            prop_assert!(liquidation_part(equity, settlement, price).is_none_or(|part| part <= 1_000_000));
        }
        prop_assert!(worst_case(&pnl, equity) >= worst_loss(&pnl).0);
        prop_assert!(check_solvency(equity, settlement, deep_settlement, deep_weight).is_err() || settlement <= equity.unsigned_abs());
        let _ = Shock { up: discount, most_up: solvent, down: insolvent, most_down: deep_weight }.changes(elapsed);
        let _ = hedge_part(&[equity, equity, -(equity >> 1)], equity, usize::from(elapsed as u8));
    }

    #[test]
    fn any_shares_have_an_answer(
        a in size(), b in size(), c in size(), times in [short(), short(), short()], caps in [size(), size(), size()], before in parts(), after in parts(),
    ) {
        let _ = (Haircut { remaining: a, total: b, taken: c }).pay(c);
        let _ = Waterfall::new(a, b, c);
        if let Some(fill) = Fill::new(a, b, c) {
            prop_assert!(fill.assets <= c && fill.shares <= a);
            let _ = fill.part(b);
        }
        let [since, until, now] = times;
        let vesting = Vesting { locked: a, since, until };
        prop_assert!(vesting.unvested(now) <= a);
        let _ = vesting.with(b, now);
        let [delta, gamma, vega] = caps;
        let (before, after) = (exposure(&before), exposure(&after));
        let verdict = (Caps { delta, gamma, vega }).check(&before, &after);
        let other = matches!(verdict, Err(CapError::Delta { cap, .. }) if cap != delta);
        prop_assert!(!other);
        let round = Round { id: a, delta: before.delta, vega: before.gamma };
        let _ = round.admit(b & 1, (after.delta, after.gamma), &RoundCaps { delta, vega });
    }
}
