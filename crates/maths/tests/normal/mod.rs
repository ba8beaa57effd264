//! The normal distribution in floating point.

/// N(x) by its series, all of whose terms have one sign.
pub(crate) fn normal(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum) = (x, x);
    for odd in (3..400).step_by(2) {
        term *= x * x / f64::from(odd);
        sum += term;
    }
    0.5 + (-x * x / 2.0).exp() * sum / std::f64::consts::TAU.sqrt()
}
