//! Depth by strike: weights of an expiry's strips, which J charges vega by (`inventory`). Kept here, checked and blended by `crates/book`.
//!
//! A change ramps over six hours or more, as slowly as the spread pays for, and waits for the one before it: weights in the middle of a ramp
//! are no weights that could be stored exactly, and a ramp from rounded ones would begin with a jump.

use alloc::vec::Vec;

use ::book::{Ramp, RampError, DEPTH};
use alloy_primitives::{FixedBytes, B256, U16};
use interfaces::vault::IVault::{
    DepthRampTooLong, DepthRamping, DepthSet, ExpiryNotListed, WeightMissing, WeightsOverBudget,
};
use inventory::{Pace, Weights, WeightsError};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageArray, StorageB256};

use crate::amounts::uint;
use crate::error::{emit, OrOverflow, Result, Revert};
use crate::state::Vault;

/// The last change of each expiry's weights.
#[storage]
pub struct Depths {
    ramps: StorageArray<StorageB256, 12>,
}

impl Vault {
    /// The weights of the expiry stored at `index`. Without any, no slot is read for it.
    #[inline(never)]
    pub(crate) fn ramp(&self, index: usize) -> Option<Ramp> {
        if self.weighted_bits() & bit(index) == 0 {
            return None;
        }
        let word = self.depths.ramps.get(index).unwrap_or_default();
        word.split_first_chunk::<DEPTH>().map(|(packed, _)| Ramp::unpack(packed))
    }

    /// Writes or clears the weights of the expiry stored at `index`.
    pub(crate) fn store_ramp(&mut self, index: usize, ramp: Option<Ramp>) -> Result<()> {
        let (bits, bit) = (self.weighted_bits(), bit(index));
        if ramp.is_none() && bits & bit == 0 {
            return Ok(());
        }
        let bits = if ramp.is_some() { bits | bit } else { bits & !bit };
        self.weighted.set(U16::from_limbs([bits.into()]));
        let mut word = B256::ZERO;
        if let (Some(ramp), Some(packed)) = (ramp, word.first_chunk_mut()) {
            *packed = ramp.pack();
        }
        self.depths.ramps.setter(index).or_overflow()?.set(word);
        Ok(())
    }

    /// Changes the weights of an expiry.
    pub(crate) fn change_depth(&mut self, expiry: u64, to: Weights) -> Result<()> {
        let index = self.find_expiry(expiry).ok_or(ExpiryNotListed { expiry })?;
        let settings = self.settings();
        let (profile, now) = (&settings.profile, u32::try_from(self.now()).or_overflow()?);
        let pace = Pace {
            risk_aversion: profile.riskAversion,
            vol_of_vol: profile.volOfVol,
            vega_horizon: profile.vegaHorizon,
            vol_step: profile.volStep,
            most_vega: settings.limits.maxVega,
        };
        let header = self.book.header(index);
        let ramp = Ramp::change(self.ramp(index), &header, to, &pace, now).map_err(refusal)?;

        self.store_ramp(index, ramp)?;
        let until = ramp.map_or(now, |ramp| ramp.until());
        let (since, until) = (uint(now.into()), uint(until.into()));
        emit(self.vm(), &DepthSet { expiry, weights: FixedBytes(to), since, until });
        Ok(())
    }
}

fn bit(index: usize) -> u16 {
    1_u16.unbounded_shl(u32::try_from(index).unwrap_or(16))
}

fn refusal(error: RampError) -> Revert {
    match error {
        RampError::Weights(WeightsError::OverBudget { sum, budget }) => {
            WeightsOverBudget { sum: uint(sum.into()), budget: uint(budget.into()) }.into()
        }
        RampError::Weights(WeightsError::Missing { strip }) => {
            WeightMissing { strip: u8::try_from(strip).unwrap_or(u8::MAX) }.into()
        }
        RampError::Ramping { until } => DepthRamping { until: uint(until.into()) }.into(),
        RampError::TooLong { span, most } => {
            DepthRampTooLong { span: uint(span), most: uint(most.into()) }.into()
        }
    }
}
