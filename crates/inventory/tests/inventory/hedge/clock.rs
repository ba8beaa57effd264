use inventory::Band;
use inventory::hedge::{Clock, Rules, Timer};
use proptest::prelude::*;

use super::{NOW, trigger};

const N: u32 = 600;

#[test]
fn a_short_dip_does_not_stop_the_clock_and_a_long_one_does() {
    let timer = Timer::default().observe(NOW, true, N);
    let dipped = timer.observe(NOW + 1_000, false, N);
    assert_eq!(dipped.elapsed(NOW + 1_599, N), 1_599);
    assert_eq!(dipped.observe(NOW + 1_599, true, N).elapsed(NOW + 2_000, N), 2_000);
    assert_eq!(dipped.elapsed(NOW + 1_600, N), 0);
    assert_eq!(dipped.observe(NOW + 1_600, true, N).elapsed(NOW + 2_000, N), 400);
}

#[test]
fn a_dip_is_as_long_as_all_of_it() {
    let timer =
        Timer::default().observe(NOW, true, N).observe(NOW + 10, false, N).observe(NOW + 500, false, N);
    assert_eq!(timer.elapsed(NOW + 609, N), 609);
    assert_eq!(timer.elapsed(NOW + 610, N), 0);
}

#[test]
fn a_partial_fill_does_not_touch_the_clock() {
    let rules = Rules::default();
    let band = Band { inner: 60, outer: 100 };
    let before = Clock::default().observe(NOW, 500, &band, &rules);
    let after = before.observe(NOW + 300, 101, &band, &rules);
    assert_eq!(after.waited(&rules, NOW + 400), 400);
    // Nor does it help to flip the side.
    assert_eq!(after.observe(NOW + 350, -300, &band, &rules).waited(&rules, NOW + 400), 400);
}

#[test]
fn the_wait_inside_the_band_counts_from_the_greatest_wait_on() {
    let rules = Rules { min_hedge: 1, ..Rules::default() };
    let band = Band { inner: 1_000_000, outer: 10_000_000 };
    let clock = Clock::default().observe(NOW, 5_000_000, &band, &rules);
    assert!(!clock.overdue(&rules, NOW + rules.max_wait - 1));
    assert!(clock.overdue(&rules, NOW + rules.max_wait));
    assert_eq!(clock.waited(&rules, NOW + rules.max_wait + 7), 7);
}

#[test]
fn on_a_line_its_clock_does_not_run() {
    let rules = Rules { min_hedge: 1, ..Rules::default() };
    let band = Band { inner: 1_000_000, outer: 10_000_000 };
    let at = |deviation| Clock::default().observe(NOW, deviation, &band, &rules);
    assert_eq!((at(2_000_000).rest, at(-2_000_000).rest), Default::default());
    assert_ne!(at(2_000_001).rest, Timer::default());
    assert_eq!((at(10_000_000).band, at(-10_000_000).band), Default::default());
    assert_ne!(at(10_000_001).band, Timer::default());
}

#[test]
fn what_is_not_due_has_not_waited() {
    let rules = Rules::default();
    let band = Band { inner: 60, outer: 100 };
    let clock = Clock::default().observe(NOW, 500, &band, &rules);
    assert_eq!(clock.waited_for(&trigger(500, &band), &rules, NOW + 400), 400);
    assert_eq!(clock.waited_for(&trigger(100, &band), &rules, NOW + 400), 0);
}

/// Whether the line is crossed at each second, and at which seconds somebody looks.
fn path() -> impl Strategy<Value = Vec<(bool, u32, bool)>> {
    proptest::collection::vec((any::<bool>(), 1..40_u32, any::<bool>()), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_clock_that_sees_every_crossing_is_exact(path in path(), seasoning in 1..60_u32) {
        // The reference keeps the whole history, second by second.
        let mut history = Vec::new();
        let (mut timer, mut now) = (Timer::default(), NOW);
        for (away, length, _) in path {
            timer = timer.observe(now, away, seasoning);
            history.extend(std::iter::repeat_n(away, length as usize));
            now += length;
            let mut since = history.len();
            let mut inside = 0;
            for (second, was_away) in history.iter().enumerate().rev() {
                inside = if *was_away { 0 } else { inside + 1 };
                if inside >= seasoning as usize {
                    break;
                }
                if *was_away {
                    since = second;
                }
            }
            prop_assert_eq!(timer.elapsed(now, seasoning) as usize, history.len() - since);
        }
    }

    #[test]
    fn what_was_not_seen_never_lengthens_the_wait(path in path(), seasoning in 1..60_u32) {
        // Two clocks on one path that crosses the line once: what happens before the crossing is inside, after it outside.
        let crossing: u32 = path.iter().take(path.len() / 2).map(|(_, length, _)| *length).sum();
        let (mut all, mut some, mut now) = (Timer::default(), Timer::default(), NOW);
        for (_, length, seen) in path {
            let away = now >= NOW + crossing;
            all = all.observe(now, away, seasoning);
            if seen {
                some = some.observe(now, away, seasoning);
            }
            now += length;
            prop_assert!(some.elapsed(now, seasoning) <= all.elapsed(now, seasoning));
            prop_assert!(all.elapsed(now, seasoning) <= (now - NOW).saturating_sub(crossing));
        }
    }

    #[test]
    fn a_clock_packs_into_one_word(times: [u32; 4]) {
        let [a, b, c, d] = times;
        let clock = Clock { band: Timer { since: a, back: b }, rest: Timer { since: c, back: d } };
        prop_assert_eq!(Clock::unpack(clock.pack()), clock);
    }
}
