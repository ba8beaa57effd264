//! Implied vol undoes the price.

use options::{ImpliedError, Kind, Terms, Value};
use proptest::prelude::*;

use crate::cases::{CASES, Case, PROMISED, WIDE, holding, q60, strike_value};
use crate::errors;

/// Of a vol beyond what the error of a price, in units of S / vega, makes of it.
const VOL: f64 = 1e-10;
const PRICE: f64 = 2e-15;
/// Least vega over S at which that holds.
const LEAST_VEGA: f64 = 1e-6;

fn prices(value: &Value) -> [(Kind, i128); 2] {
    [(Kind::Call, value.call.into()), (Kind::Put, value.put)]
}

/// Both prices give the vol back.
fn undoes(case: &Case) -> Result<(), TestCaseError> {
    let value = case.value();
    let vega = value.vega as f64 / 2_f64.powi(62);
    prop_assume!(vega >= LEAST_VEGA);
    for (kind, price) in prices(&value) {
        let vol = case.terms.implied_vol(kind, price);
        prop_assert!(vol.is_ok(), "{kind:?} {vol:?}");
        let off = vol.unwrap_or_default().abs_diff(case.vol) as f64 / 2_f64.powi(60);
        prop_assert!(off <= VOL + PRICE / vega, "{kind:?} off by {off:.2e}, vega {vega:.2e}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 10 * CASES, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn implied_vol_undoes_prices_in_the_promised_domain(case in PROMISED.cases()) {
        undoes(&case)?;
    }

    #[test]
    fn implied_vol_undoes_prices_anywhere(case in WIDE.cases()) {
        undoes(&case)?;
    }

    /// Any price between its bounds has a vol, which gives it back, or one of 8.0 and more; any other has none, and by how much is told.
    #[test]
    fn a_price_has_a_vol_where_it_is_between_its_bounds(case in WIDE.cases(), part in 0.0..=1.0_f64, tiny in any::<bool>(), put in any::<bool>()) {
        let value = case.terms.value(0).expect("terms in range");
        let (spot, strike) = (holding(&value), strike_value(&value));
        let (kind, most, other) = if put { (Kind::Put, strike, spot) } else { (Kind::Call, spot, strike) };
        let least = (most - other).max(0);
        let room = (most - least) as f64;
        let price = least + if tiny { room.powf(part) } else { room * part } as i128;
        match case.terms.implied_vol(kind, price) {
            Ok(vol) => {
                prop_assert!(least < price && price < most);
                let back = case.terms.value(vol).expect("vol in range");
                let most = 2 * errors::put(&value) + (VOL * back.vega as f64) as i128;
                let back = if put { back.put } else { back.call.into() };
                prop_assert!((back - price).abs() <= most, "{price} {back}");
            }
            Err(ImpliedError::Low { by }) => prop_assert!(price <= least && by == least - price),
            Err(ImpliedError::High { by }) => prop_assert!(price >= most && by == price - most),
            Err(ImpliedError::Vol) => prop_assert!(dearest(&case.terms, put) <= price + 2 * errors::put(&value)),
            Err(error) => prop_assert!(false, "{error:?}"),
        }
    }
}

/// At ten years a vol below 8.0 brings a price to within a unit of what no vol can exceed: that has a vol as well, and none is told as zero.
#[test]
fn the_last_unit_below_the_most_has_a_vol() {
    for carry in [0.0, -0.04, 0.1] {
        for (strike, kind) in
            [(2_000_000_000, Kind::Call), (9_000_000_000, Kind::Call), (700_000_000, Kind::Put)]
        {
            let terms =
                Terms { spot: 200_000_000_000, strike, seconds: 315_360_000, rate: 0, carry: q60(carry) };
            let value = terms.value(0).expect("terms in range");
            let most = if kind == Kind::Call { holding(&value) } else { strike_value(&value) };
            let vol = terms.implied_vol(kind, most - 1).expect("a vol");
            assert!((5 << 60..1 << 63).contains(&vol), "{carry} {strike} {vol}");
        }
    }
}

/// The price at the largest vol.
fn dearest(terms: &Terms, put: bool) -> i128 {
    let value = terms.value((1 << 63) - 1).expect("vol in range");
    if put { value.put } else { value.call.into() }
}
