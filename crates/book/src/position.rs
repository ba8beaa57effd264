//! Exposure in money.

use alloc::vec::Vec;

use inventory::{Bucket, Coefficients, Depth, Exposure, STRIPS};
use options::{COARSE, Totals};

use crate::mark::{ExpiryMark, Reserve, Spots};
use crate::scale::{Scale, WORD};
use crate::{OrOverflow, Result};

/// The exposure of a book, or of a trade, in money. Delta excludes hedges.
#[derive(Clone, Debug)]
pub struct Position {
    /// Model value, negative when short [micro-USD]
    pub value: i128,
    /// Cash delta [micro-USD]
    pub delta: i128,
    /// Cash delta a reserve move below and above, if the mark looked there [micro-USD]
    pub reserve: Option<[i128; 2]>,
    /// The largest of the deltas here and at both moved spots, each times the spot of now: times a move of spot within the reserve move, it bounds
    /// what the move makes or costs [micro-USD]
    pub swing: i128,
    /// Cash gamma [micro-USD]
    pub gamma: i128,
    vega: Vec<Bucket>,
    depth: Vec<Depth>,
}

impl Position {
    /// The exposure of marked expiries.
    pub(crate) fn new(spots: &Spots, expiries: &[ExpiryMark]) -> Result<Self> {
        let mid = spots.mid.scale;
        let mut totals = Totals::default();
        let (mut vega, mut depth) = (Vec::new(), Vec::new());
        for (bucket, expiry) in expiries.iter().enumerate() {
            totals.merge(&expiry.sums);
            let (seconds, surface_age) = (expiry.seconds, expiry.surface_age);
            vega.push(Bucket { seconds, vega: mid.floor(expiry.sums.vega, WORD)?, surface_age });
            if let Some(weights) = expiry.weights {
                depth.push(Depth { bucket, vega: strip_vega(mid, &expiry.strips)?, weights });
            }
        }
        let [below, above] = totals.moved;
        let reserve = match spots.reserve {
            Some(Reserve { scales: [low, high], .. }) => {
                Some([low.floor(below, WORD)?, high.floor(above, WORD)?])
            }
            None => None,
        };
        Ok(Self {
            value: mid.floor(totals.value, WORD)?,
            delta: mid.floor(totals.delta, WORD)?,
            reserve,
            swing: mid.floor(largest([totals.delta, below, above]), WORD)?,
            gamma: mid.floor(totals.gamma, COARSE)?,
            vega,
            depth,
        })
    }

    /// The exposure that prices risk: net of hedges worth `hedge` [micro-USD].
    ///
    /// # Errors
    /// A sum beyond 128 bits.
    pub fn exposure(&self, hedge: i128) -> Result<Exposure<'_>> {
        let delta = self.delta.checked_add(hedge).or_overflow()?;
        Ok(Exposure { delta, gamma: self.gamma, vega: &self.vega, depth: &self.depth })
    }

    /// J of the state with hedges worth `hedge` [micro-USD].
    ///
    /// # Errors
    /// Beyond the domain of [`Coefficients::risk`].
    pub fn risk(&self, coefficients: &Coefficients, hedge: i128) -> Result<u128> {
        coefficients.risk(&self.exposure(hedge)?).or_overflow()
    }

    /// Vega of all expiries [micro-USD]
    ///
    /// # Errors
    /// A sum beyond 128 bits.
    pub fn vega(&self) -> Result<i128> {
        self.vega.iter().try_fold(0_i128, |sum, bucket| sum.checked_add(bucket.vega)).or_overflow()
    }
}

/// The number with the largest magnitude, the first of several.
fn largest(numbers: [i128; 3]) -> i128 {
    let far = |best: i128, next: i128| if next.unsigned_abs() > best.unsigned_abs() { next } else { best };
    numbers.into_iter().fold(0, far)
}

fn strip_vega(mid: Scale, strips: &[i128; STRIPS]) -> Result<[i64; STRIPS]> {
    let mut vega = [0; STRIPS];
    for (strip, sum) in vega.iter_mut().zip(strips) {
        *strip = i64::try_from(mid.floor(*sum, WORD)?).or_overflow()?;
    }
    Ok(vega)
}
