//! Which mutant of a woven build is alive, and which of them a run reaches.
//!
//! `MUTANT` names the one that is alive. Where `MUTANT_REACHED` names a file instead, none is, and the number of each that is asked for is
//! written there, once.
//!
//! A constant function stays constant with a switch in it: there, no mutant is ever alive. The compiler feature behind that is why only the
//! woven tree builds this crate.
#![feature(const_eval_select, core_intrinsics)]
#![allow(internal_features)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{LazyLock, Mutex};

/// Most mutants of a build.
const MOST: usize = 1 << 16;
/// None is alive, and what is asked for is noted.
const NOTING: u32 = u32::MAX - 1;
/// The environment has not been read.
const UNKNOWN: u32 = u32::MAX;

static ALIVE: AtomicU32 = AtomicU32::new(UNKNOWN);
static NOTED: [AtomicU64; MOST / 64] = [const { AtomicU64::new(0) }; MOST / 64];
static REACHED: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let name = std::env::var_os("MUTANT_REACHED")?;
    OpenOptions::new().create(true).append(true).open(name).ok().map(Mutex::new)
});

/// Whether mutant `number`, which is not 0, is the one that is alive.
#[inline(always)]
#[must_use]
pub const fn is(number: u32) -> bool {
    std::intrinsics::const_eval_select((number,), never, now)
}

const fn never(_: u32) -> bool {
    false
}

#[inline(always)]
fn now(number: u32) -> bool {
    let alive = ALIVE.load(Relaxed);
    alive == number || (alive >= NOTING && first(number))
}

#[cold]
#[inline(never)]
fn first(number: u32) -> bool {
    if ALIVE.load(Relaxed) == UNKNOWN {
        let named = || std::env::var("MUTANT").ok()?.parse().ok();
        ALIVE.store(if REACHED.is_some() { NOTING } else { named().unwrap_or(0) }, Relaxed);
        return now(number);
    }
    let (word, bit) = (number as usize / 64, 1 << (number % 64));
    if NOTED[word].load(Relaxed) & bit == 0
        && NOTED[word].fetch_or(bit, Relaxed) & bit == 0
        && let Some(file) = &*REACHED
        && let Ok(mut file) = file.lock()
    {
        let _ = writeln!(file, "{number}");
    }
    false
}

/// How many cases a property has of the `all` that it is written with: a hundredth where `MUTANT_FEW` is set.
#[must_use]
pub fn cases(all: u32) -> u32 {
    if std::env::var_os("MUTANT_FEW").is_some() { all.div_ceil(100) } else { all }
}
