//! Which surface steps count against, over random updates.
#![allow(missing_docs, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use options::History;
use proptest::prelude::*;

/// What a feed keeps, with the number of the update in each row.
struct Feed {
    history: History,
    rows: [usize; 3],
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// The base is at least an interval old and at most two, or one and a gap between updates; it is one of those that were published, and never goes
    /// back.
    #[test]
    fn the_base_is_an_interval_old_and_moves_on(interval in 0_u32..100, gaps in prop::collection::vec(0_u32..150, 1..40)) {
        let mut feed = Feed { history: History::default(), rows: [0; 3] };
        let (mut time, mut times, mut widest, mut last_base) = (1_000, vec![], 0, 0);
        for (index, gap) in gaps.iter().enumerate() {
            time += gap;
            widest = widest.max(*gap);
            let turned = feed.history.turned(time, interval);
            let kept = feed.history;
            for row in (0..3).filter(|row| *row != turned.current) {
                prop_assert_eq!(turned.time(row), kept.time(row));
            }
            prop_assert!(turned.current != turned.base);
            times.push(time);
            if index > 0 {
                let base = feed.rows[usize::from(turned.base)];
                let made = times[base];
                prop_assert!(base >= last_base && base < index);
                last_base = base;
                // The rows before the first update stand for it.
                prop_assert!(time - made >= interval || base == 0);
                prop_assert!(time - made <= interval + interval.max(widest), "{} {}", time - made, interval);
            }
            feed.history = turned;
            feed.rows[usize::from(turned.current)] = index;
        }
    }

    /// Updates an interval apart count against the one before.
    #[test]
    fn a_slow_feed_counts_from_the_last_surface(interval in 1_u32..100, gaps in prop::collection::vec(0_u32..100, 1..40)) {
        let (mut history, mut time) = (History::default(), 1_000);
        for gap in gaps {
            let last = time;
            history = history.turned(time, interval);
            time += interval + gap;
            let next = history.turned(time, interval);
            prop_assert_eq!(next.time(next.base), last);
        }
    }
}
