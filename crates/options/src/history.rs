//! Which of the surfaces that were published a new one's steps count against.

/// Surfaces that are kept.
pub const ROWS: usize = 3;

/// Three stored surfaces: the last one, the one that steps count against, and the one that takes its place.
///
/// A step counts against a surface at least an interval older, so that a burst of updates goes no further than one of them could. The last such
/// surface of all is not kept: that would take every surface of an interval. Kept is one beside it, chosen when it was the last; where updates
/// come faster than the interval, the base is therefore up to two intervals old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// When the surface in each row was made [unix seconds]
    pub times: [u32; ROWS],
    /// Row of the last surface.
    pub current: u8,
    /// Row of the surface that becomes the base when it is an interval old.
    pub next: u8,
    /// Row of the surface that steps count against.
    pub base: u8,
}

impl History {
    /// As it is once a surface made at `time` stands in the row of the last one: the base is at least `interval` [s] older, if any is. No row
    /// but the last one's has changed its surface. `time` is not before the last surface's.
    #[must_use]
    pub fn turned(&self, time: u32, interval: u32) -> Self {
        let due = |row: u8| time.saturating_sub(self.time(row)) >= interval;
        let mut turned = *self;
        if due(self.current) {
            turned.base = self.current;
            turned.current = free(self.current, self.current);
            turned.next = turned.current;
        } else {
            if due(self.next) {
                turned.base = self.next;
                turned.next = self.current;
            }
            turned.current = free(turned.base, turned.next);
        }
        if let Some(made) = turned.times.get_mut(usize::from(turned.current)) {
            *made = time;
        }
        turned
    }

    /// When the surface in a row was made [unix seconds]
    #[must_use]
    pub fn time(&self, row: u8) -> u32 {
        self.times.get(usize::from(row)).copied().unwrap_or_default()
    }
}

/// A row that is neither.
fn free(one: u8, other: u8) -> u8 {
    (0..3).find(|row| *row != one && *row != other).unwrap_or_default()
}
