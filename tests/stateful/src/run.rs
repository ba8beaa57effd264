//! Sequences: so many calls of random handlers, and every invariant at its time.

use std::fmt;

use anyhow::Result;

use crate::fault::Fault;
use crate::fuzz::Fuzz;
use crate::handlers::{HANDLERS, Handler};
use crate::invariants::{ALL, Invariant, When};
use crate::step::Step;

/// Calls of a sequence.
pub const CALLS: u64 = 32;
/// Calls during which something outside fails [percent].
const FAULTS: u64 = 3;
/// Calls that are looked at closely [percent].
const CLOSE: u64 = 20;

/// An invariant that does not hold.
#[derive(Debug)]
pub struct Broken {
    /// The kind of market.
    pub opening: &'static str,
    /// The seed of the sequence.
    pub seed: u64,
    /// The invariant.
    pub invariant: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// What was done, call by call.
    pub calls: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} does not hold in market {}, seed {}: {}",
            self.invariant, self.opening, self.seed, self.wrong
        )?;
        self.calls.iter().try_for_each(|call| writeln!(f, "  {call}"))
    }
}

impl Fuzz {
    /// Runs the sequence of a seed.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn sequence(&mut self, seed: u64) -> Result<(), Box<Broken>> {
        self.begin(seed);
        let mut calls = Vec::new();
        self.look(|when| matches!(when, When::Begin(_)), &Step::default(), seed, &calls)?;
        for _ in 0..CALLS {
            self.drift();
            let Some(step) = self.some_step() else { continue };
            calls.push(told(&step));
            self.look(|when| when == When::Call, &step, seed, &calls)?;
        }
        self.look(|when| matches!(when, When::End(_)), &Step::default(), seed, &calls)?;
        self.tally.sequences += 1;
        Ok(())
    }

    fn look(
        &mut self,
        at: impl Fn(When) -> bool,
        step: &Step,
        seed: u64,
        calls: &[String],
    ) -> Result<(), Box<Broken>> {
        for one in ALL.iter().filter(|one| at(one.when)) {
            if let When::Begin(percent) | When::End(percent) = one.when
                && !self.dice.percent(percent)
            {
                continue;
            }
            self.check(one, step).map_err(|wrong| {
                let calls = calls.to_vec();
                Box::new(Broken { opening: self.terms.name, seed, invariant: one.name, wrong, calls })
            })?;
        }
        Ok(())
    }

    /// Looks at one invariant.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&mut self, one: &Invariant, step: &Step) -> Result<(), String> {
        if (one.check)(self, step)? {
            self.tally.look(one.number);
        }
        Ok(())
    }

    /// The call of a random handler that finds something to do.
    pub fn some_step(&mut self) -> Option<Step> {
        let whole = HANDLERS.iter().fold(0, |sum, (_, weight, _)| sum + weight);
        for _ in 0..64 {
            let mut at = self.dice.below(whole);
            let handler = HANDLERS.iter().find(|(_, weight, _)| {
                let found = at < *weight;
                at = at.saturating_sub(*weight);
                found
            });
            if let Some(step) = handler.and_then(|handler| self.run(handler)) {
                return Some(step);
            }
        }
        self.run_plain("approve_shares")
    }

    /// The call of a handler, if it finds something to do.
    pub fn run(&mut self, (name, _, run): &Handler) -> Option<Step> {
        self.close = self.dice.percent(CLOSE);
        self.fault = self.dice.percent(FAULTS).then(|| Fault::roll(&mut self.dice, !self.twice));
        self.step = None;
        let _ = run(self);
        let step = self.end_step()?;
        debug_assert_eq!(step.handler, *name);
        self.tally.faults += u64::from(step.fault.is_some());
        Some(step)
    }

    /// The call of the handler with this name, without a fault and without a close look.
    pub fn run_plain(&mut self, name: &str) -> Option<Step> {
        let (_, _, run) = HANDLERS.iter().find(|(own, ..)| *own == name)?;
        (self.close, self.fault, self.step) = (false, None, None);
        let _ = run(self);
        self.end_step()
    }
}

/// A call as a failure shows it.
fn told(step: &Step) -> String {
    let fault = step.fault.map_or(String::new(), |fault| format!(" with {fault:?}"));
    let Step { handler, from, to, data, sent, before, .. } = step;
    format!("{} {handler} {from} to {to}{fault}: {} {data}", before.time, sent.name())
}
