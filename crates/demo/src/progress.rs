//! A progress bar and a live table while a replay runs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::prices::show;
use crate::replay::{Observer, Progress};

/// Days between two lines of the table.
const DAYS: usize = 5;

/// The table: a line every few days above a bar.
pub struct Table {
    bar: ProgressBar,
    begun: bool,
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

impl Table {
    /// An empty table on the terminal's error stream.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} h  {elapsed} (left {eta})  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, begun: false }
    }

    /// Removes the bar and leaves the table.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }
}

impl Observer for Table {
    fn hour(&mut self, progress: &Progress<'_>) {
        self.bar.set_length(progress.of as u64);
        self.bar.set_position(progress.done as u64);
        let Some(record) = progress.last else { return };
        if !self.begun {
            self.begun = true;
            self.line("day               spot USD    NAV USD  share USD  net delta USD      band USD  trades  hedges  expiries");
        }
        let trades: u64 = progress.outcome.volume.trades.iter().sum();
        let line = format!(
            "{}  {:>10.2} {:>10.0} {:>10.6} {:>14.0} {:>13.0} {:>7} {:>7} {:>9}",
            &show(progress.time)[..16],
            record.spot,
            record.nav,
            record.share_price,
            record.delta_after,
            record.outer,
            trades,
            progress.outcome.hedges.0,
            progress.live
        );
        if progress.done.is_multiple_of(DAYS * 24) || progress.done == progress.of {
            self.line(&line);
        }
        self.bar.set_message(format!("{trades} trades, {} hedges", progress.outcome.hedges.0));
    }
}
