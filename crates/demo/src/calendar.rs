//! The curator: which expiries are live, and their strikes.

use crate::market::Grid;

const DAY: u64 = 86_400;
/// 08:00 UTC.
const EXPIRY_HOUR: u64 = 28_800;
/// Longest tenor listed.
const MONTH: u64 = 30 * DAY;
/// Tenor up to which an expiry in the middle of the week is listed.
const WEEK: u64 = 8 * DAY;
/// Shortest tenor listed: anything nearer was listed before.
const SHORTEST: u64 = 2 * DAY;
/// Strikes of a grid.
const STRIKES: u8 = 54;
/// Widths of a step that people read easily.
const NICE: [f64; 4] = [1.0, 2.0, 2.5, 5.0];

/// Expiries that should be live now: Fridays up to a month ahead and Tuesdays up to a week, all at 08:00 UTC.
#[must_use]
pub fn wanted(now: u64) -> Vec<u64> {
    let today = now / DAY;
    let days = today..=today + 31;
    let expiries = days.map(|day| day * DAY + EXPIRY_HOUR);
    expiries
        .filter(|expiry| {
            let tenor = expiry.saturating_sub(now);
            // The first day of unix time was a Thursday.
            match (expiry / DAY + 4) % 7 {
                5 => (SHORTEST..=MONTH).contains(&tenor),
                2 => (SHORTEST..=WEEK).contains(&tenor),
                _ => false,
            }
        })
        .collect()
}

/// Strikes 1.8 % to 3.5 % of spot apart, whichever is easily read, from half of spot to at least 1.4 times it.
#[must_use]
pub fn grid(spot: f64) -> Grid {
    let step = nice(spot * 0.025);
    let base = (spot * 0.5 / step).round().max(1.0) * step;
    Grid { base: micro(base), step: micro(step).max(1), count: STRIKES }
}

/// The nearest easily read number.
fn nice(width: f64) -> f64 {
    let unit = 10_f64.powf(width.log10().floor());
    let choices = NICE.iter().chain([&10.0]).map(|choice| choice * unit);
    choices.min_by(|x, y| (x / width).ln().abs().total_cmp(&(y / width).ln().abs())).unwrap_or(width)
}

fn micro(usd: f64) -> u64 {
    (usd * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_to_six_expiries_are_live_at_any_hour() {
        let mut live: Vec<u64> = Vec::new();
        for hour in 0..24 * 120 {
            let now = 1_561_000_000 / DAY * DAY + hour * 3_600;
            live.retain(|expiry| *expiry > now);
            for expiry in wanted(now) {
                if !live.contains(&expiry) {
                    live.push(expiry);
                }
            }
            assert!((4..=6).contains(&live.len()), "{} at {now}", live.len());
            assert!(live.iter().all(|expiry| expiry % DAY == EXPIRY_HOUR));
        }
    }

    #[test]
    fn strikes_are_round_and_span_the_spot() {
        for (spot, step) in [(8_035.88, 200.0), (1_234.0, 25.0), (19_800.0, 500.0), (0.8, 0.02)] {
            let grid = grid(spot);
            assert_eq!(grid.step, micro(step), "{spot}");
            let (low, high) = (grid.base as f64 / 1e6, grid.strike(grid.count - 1) as f64 / 1e6);
            assert!(low > 0.4 * spot && low < 0.6 * spot && high > 1.4 * spot, "{low} {high}");
        }
    }

    #[test]
    fn the_nearest_strike_is_on_the_grid() {
        let grid = Grid { base: 100_000_000, step: 10_000_000, count: 3 };
        assert_eq!(grid.nearest(114.0), 110_000_000);
        assert_eq!(grid.nearest(5.0), 100_000_000);
        assert_eq!(grid.nearest(500.0), 120_000_000);
    }
}
