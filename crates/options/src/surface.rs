//! What a new surface must keep as a whole: each slice for itself, against the last of its expiry, and against the expiry before.

use crate::arbitrage::Arbitrage;
use crate::series::StrikeGrid;
use crate::slice::{Slice, SliceError};
use crate::step::Step;

/// A new slice of a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The slice.
    pub slice: Slice,
    /// From publication to expiry [s]
    pub seconds: u32,
    /// Strikes of the expiry.
    pub grid: StrikeGrid,
    /// The slice that the step counts against and its own time to expiry [s]; none when the expiry never had one.
    pub last: Option<(Slice, u32)>,
}

/// Why a surface is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurfaceError {
    /// The expiry is not later than the one before.
    Order,
    /// A bound of a single slice does not hold.
    Slice(SliceError),
    /// A strike moves too far.
    Step(Step),
    /// The surface can be traded against itself.
    Arbitrage(Arbitrage),
}

impl From<SliceError> for SurfaceError {
    fn from(error: SliceError) -> Self {
        Self::Slice(error)
    }
}

impl From<Step> for SurfaceError {
    fn from(error: Step) -> Self {
        Self::Step(error)
    }
}

impl From<Arbitrage> for SurfaceError {
    fn from(error: Arbitrage) -> Self {
        Self::Arbitrage(error)
    }
}

impl Entry {
    /// Checks this slice, with `earlier` the one of the expiry before in the same surface, already checked; no strike's vol may move by more than
    /// `most` [Q47]. The largest move [Q47].
    ///
    /// All slices of a surface are published at one time, so total variances compare as they stand.
    ///
    /// # Errors
    /// The first bound that does not hold: order, then the slice's own, butterfly, calendar and step.
    pub fn check(&self, earlier: Option<&Self>, most: u64) -> Result<u64, SurfaceError> {
        if earlier.is_some_and(|earlier| earlier.seconds >= self.seconds) {
            return Err(SurfaceError::Order);
        }
        self.slice.check()?;
        self.slice.check_butterfly(&self.grid)?;
        if let Some(earlier) = earlier {
            earlier.slice.check_calendar(&self.slice)?;
        }
        match &self.last {
            Some((last, seconds)) => {
                Ok(self.slice.check_step(self.seconds, (last, *seconds), &self.grid, most)?)
            }
            None => Ok(0),
        }
    }
}

/// Checks a whole surface, its slices by expiry; no strike's vol may move by more than `most` [Q47]. The largest move [Q47].
///
/// # Errors
/// Index of the first slice that is at fault, and why.
pub fn check_surface(entries: &[Entry], most: u64) -> Result<u64, (usize, SurfaceError)> {
    let (mut earlier, mut moved) = (None, 0);
    for (index, entry) in entries.iter().enumerate() {
        moved = entry.check(earlier, most).map_err(|error| (index, error))?.max(moved);
        earlier = Some(entry);
    }
    Ok(moved)
}
