//! A trace as a tree to read, and as a folded flame graph.

use std::collections::BTreeMap;
use std::fmt;

use super::{FrameKind, Outcome, Trace};
use crate::price::INK_PER_GAS;

impl fmt::Display for Trace {
    /// One line for each frame, slot and host function, deeper ones further in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree(f, 0)
    }
}

impl Trace {
    /// The trace as a folded flame graph: one line `a;b;c ink` for each stack of frames and host functions, with the ink spent on its top alone.
    /// The lines add up to [`Trace::ink`].
    #[must_use]
    pub fn folded(&self) -> String {
        let mut lines = String::new();
        self.fold(&mut lines, "", self.ink());
        lines
    }

    fn tree(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let margin = "  ".repeat(depth);
        write!(f, "{margin}{} {}", self.kind.name(), self.to)?;
        if !self.value.is_zero() {
            write!(f, ", {} wei", self.value)?;
        }
        write!(f, ", {} gas", self.gas_used)?;
        if let Some(run) = &self.program {
            write!(f, ", {} ink", run.ink_used)?;
        }
        match &self.error {
            Some(error) => writeln!(f, ": {error} {}", self.output)?,
            None => writeln!(f, ": {}", self.output)?,
        }
        for used in self.program.iter().flat_map(|run| &run.hostios) {
            writeln!(f, "{margin}  {} x {}, {} ink", used.name, used.count, used.ink)?;
        }
        for (slot, value) in &self.reads {
            writeln!(f, "{margin}  read {slot:#x} = {value:#x}")?;
        }
        for (slot, value) in &self.writes {
            writeln!(f, "{margin}  wrote {slot:#x} = {value:#x}")?;
        }
        self.calls.iter().try_for_each(|call| call.tree(f, depth + 1))
    }

    /// Adds the lines of a frame that cost `total` in all.
    fn fold(&self, lines: &mut String, above: &str, total: u64) {
        let path = format!("{above}{}:{}", self.kind.name(), self.to);
        let mut own: BTreeMap<&str, u64> = BTreeMap::new();
        let mut rest = total;
        if let Some(run) = &self.program {
            own.extend(run.hostios.iter().map(|used| (used.name, used.ink)));
            if run.outcome != Outcome::NotStarted {
                own.insert("overhead", run.overhead_gas.saturating_mul(INK_PER_GAS));
            }
            rest = own.values().fold(rest, |rest, ink| rest.saturating_sub(*ink));
        }
        for call in &self.calls {
            let ink = call.gas_used.saturating_mul(INK_PER_GAS);
            let through = hostio(call.kind);
            match own.get_mut(through) {
                Some(spent) => {
                    *spent = spent.saturating_sub(ink);
                    call.fold(lines, &format!("{path};{through};"), ink);
                }
                None => {
                    rest = rest.saturating_sub(ink);
                    call.fold(lines, &format!("{path};"), ink);
                }
            }
        }
        let mut line = |path: &str, ink: u64| {
            if ink > 0 {
                lines.push_str(&format!("{path} {ink}\n"));
            }
        };
        line(&path, rest);
        for (name, ink) in own {
            line(&format!("{path};{name}"), ink);
        }
    }
}

/// The host function by which a program opens a frame.
fn hostio(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Call | FrameKind::CallCode => "call_contract",
        FrameKind::StaticCall => "static_call_contract",
        FrameKind::DelegateCall => "delegate_call_contract",
        FrameKind::Create => "create1",
        FrameKind::Create2 => "create2",
    }
}
