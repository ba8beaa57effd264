//! Many sequences, on all cores: who runs which seed, and what all of them counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::fuzz::Fuzz;
use crate::opening::{Terms, openings};
use crate::tally::Tally;

/// Seeds that have failed once. They run first, in every market.
pub const PAST: &[u64] = &[
    345,
    570,
    1654,
    1968,
    2158,
    3_044_160,
    1_795_971_438,
    1_795_970_821,
    1_795_999_677,
    1_796_013_515,
    1_796_032_406,
];

/// How long a campaign runs.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// So many sequences in each kind of market.
    Sequences(u64),
    /// For this long, and at least so many calls in all.
    Time(Duration, u64),
}

/// Runs sequences in every kind of market, on all cores, from a seed on.
///
/// # Errors
/// The first invariant that does not hold, with its seed and its calls.
pub fn run(length: Length, first: u64) -> Result<Tally> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let (all, broken) = (openings(), AtomicBool::new(false));
    let tallies = std::thread::scope(|scope| {
        let (all, broken) = (&all, &broken);
        let spawned: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || work(all, length, first, (worker, workers), broken)))
            .collect();
        spawned.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut whole = Tally::default();
    for tally in tallies {
        match tally {
            Ok(tally) => whole.merge(tally?),
            Err(_) => bail!("a worker panicked"),
        }
    }
    Ok(whole)
}

/// A worker's share: every so-manieth seed, market after market; where time counts, in rounds over the markets. It ends early once anything is `broken`
/// for any worker.
fn work(
    all: &[Terms],
    length: Length,
    first: u64,
    (worker, workers): (u64, u64),
    broken: &AtomicBool,
) -> Result<Tally> {
    let mut whole = Tally::default();
    let start = Instant::now();
    let mut round = 0;
    loop {
        for terms in all {
            let mut fuzz = Fuzz::open(terms).context(terms.name)?;
            if round == 0 && worker == 0 {
                run_seeds(&mut fuzz, PAST.iter().copied(), broken)?;
                // Counted are the seeds of this run.
                fuzz.tally = Tally::default();
            }
            let (from, count) = match length {
                Length::Sequences(count) => (first, count),
                Length::Time(..) => (first + round * 2_000, 2_000),
            };
            run_seeds(&mut fuzz, (from..from + count).filter(|seed| seed % workers == worker), broken)?;
            whole.merge(fuzz.tally);
        }
        round += 1;
        match length {
            _ if broken.load(Ordering::Relaxed) => return Ok(whole),
            Length::Sequences(_) => return Ok(whole),
            Length::Time(time, calls) if start.elapsed() >= time && whole.calls() * workers >= calls => {
                return Ok(whole);
            }
            Length::Time(..) => {
                println!("worker {worker}: {} calls in {:?}", whole.calls(), start.elapsed());
            }
        }
    }
}

fn run_seeds(fuzz: &mut Fuzz, seeds: impl Iterator<Item = u64>, broken: &AtomicBool) -> Result<()> {
    for seed in seeds.take_while(|_| !broken.load(Ordering::Relaxed)) {
        if let Err(error) = fuzz.sequence(seed) {
            broken.store(true, Ordering::Relaxed);
            bail!("{error}");
        }
    }
    Ok(())
}
