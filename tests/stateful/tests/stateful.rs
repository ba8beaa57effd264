//! Sequences of calls on the release WASM, and what they say of it. `scripts/soak` runs them for hours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed, which is what it is for"
)]

#[path = "stateful/broken.rs"]
mod broken;
#[path = "stateful/sabotage.rs"]
mod sabotage;
#[path = "stateful/trips.rs"]
mod trips;

use std::time::Duration;

use stateful::campaign::{Length, run};
use stateful::invariants::ALL;
use stateful::opening::openings;
use stateful::run::CALLS;
use stateful::snapshot::keep;
use stateful::tally::Tally;

/// Sequences in each kind of market; `STATEFUL_SEQUENCES` sets another number, `scripts/soak` runs for hours.
const SEQUENCES: u64 = 2_500;
/// Of five sequences in a row, those that run natively as well.
const TWICE: u64 = 2;
/// Calls of a handler that may be refused [percent].
const REFUSED: u64 = 60;

fn judge(tally: &Tally) {
    println!("{}", tally.table());
    assert_eq!(
        tally.refused_above(REFUSED),
        Vec::<&str>::new(),
        "handlers that are mostly refused say little"
    );
    assert_eq!(tally.blind(), Vec::<&str>::new(), "invariants that nothing looked at");
}

#[test]
fn forty_five_invariants_hold_in_every_sequence() {
    // Another number says nothing of the snapshot.
    let other: Option<u64> = std::env::var("STATEFUL_SEQUENCES").ok().and_then(|text| text.parse().ok());
    let tally =
        run(Length::Sequences(other.unwrap_or(SEQUENCES)), 0).unwrap_or_else(|broken| panic!("{broken}"));
    judge(&tally);
    if other.is_some() {
        return;
    }
    let sequences = SEQUENCES * openings().len() as u64;
    assert_eq!((tally.sequences, tally.calls()), (sequences, sequences * CALLS));
    assert_eq!(tally.replayed[0], sequences / 5 * TWICE);
    keep(&[
        ("invariants", ALL.len() as u64),
        ("handler_calls", tally.calls()),
        ("wasm_replayed", tally.replayed[0]),
    ])
    .expect("the snapshot");
}

/// Seeds that no other run has, for hours: see `scripts/soak`.
#[test]
#[ignore = "runs for hours"]
fn soak() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let (minutes, calls) = (number("SOAK_MINUTES", 60), number("SOAK_CALLS", 10_000_000));
    let length = Length::Time(Duration::from_secs(60 * minutes), calls);
    let tally = run(length, number("SOAK_SEED", 1_000_000)).unwrap_or_else(|broken| panic!("{broken}"));
    judge(&tally);
}
