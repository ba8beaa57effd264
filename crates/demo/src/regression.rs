//! Least squares of one variable on another, and moments of a series.

/// A line through points, and the variance it explains.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fit {
    /// Change of y for a change of x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
    /// Variance of y.
    pub variance: f64,
    /// Part of it that the line explains.
    pub explained: f64,
}

impl Fit {
    /// Regresses `y` on `x`; all zero below two points.
    #[must_use]
    pub fn new(x: &[f64], y: &[f64]) -> Self {
        let count = x.len().min(y.len());
        if count < 2 {
            return Self::default();
        }
        let (x, y) = (&x[..count], &y[..count]);
        let (mean_x, mean_y) = (mean(x), mean(y));
        let covariance = mean_of(x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)));
        let variance_x = variance(x);
        let slope = if variance_x > 0.0 { covariance / variance_x } else { 0.0 };
        Self {
            slope,
            intercept: mean_y - slope * mean_x,
            variance: variance(y),
            explained: slope * covariance,
        }
    }

    /// Share of the variance that the line explains.
    #[must_use]
    pub fn r_squared(&self) -> f64 {
        if self.variance > 0.0 { self.explained / self.variance } else { 0.0 }
    }
}

/// Mean, zero of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    mean_of(values.iter().copied())
}

/// Variance of a population.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    mean_of(values.iter().map(|value| (value - centre).powi(2)))
}

/// Largest fall from a peak, as a share of the peak.
#[must_use]
pub fn max_drawdown(values: &[f64]) -> f64 {
    let mut peak = f64::MIN;
    values.iter().fold(0.0, |worst: f64, value| {
        peak = peak.max(*value);
        worst.max(1.0 - value / peak)
    })
}

fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    if count == 0 { 0.0 } else { sum / f64::from(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_and_explains_everything() {
        let x = [1.0, 2.0, 4.0, 7.0];
        let y = x.map(|x| 3.0 - 2.0 * x);
        let fit = Fit::new(&x, &y);
        assert!((fit.slope + 2.0).abs() < 1e-12 && (fit.intercept - 3.0).abs() < 1e-12);
        assert!((fit.r_squared() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn noise_across_the_line_is_not_explained() {
        let fit = Fit::new(&[-1.0, -1.0, 1.0, 1.0], &[1.0, -3.0, 3.0, -1.0]);
        assert_eq!((fit.slope, fit.explained, fit.variance), (1.0, 1.0, 5.0));
    }

    #[test]
    fn nothing_is_made_of_too_few_points_or_of_one_x() {
        assert_eq!(Fit::new(&[1.0], &[1.0]), Fit::default());
        assert_eq!(Fit::new(&[1.0, 1.0], &[1.0, 3.0]).explained, 0.0);
    }

    #[test]
    fn drawdown_is_measured_from_the_peak() {
        assert_eq!(max_drawdown(&[1.0, 2.0, 1.5, 1.9, 3.0]), 0.25);
        assert_eq!(max_drawdown(&[1.0, 2.0]), 0.0);
    }
}
