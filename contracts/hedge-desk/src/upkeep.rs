//! The doors of automation networks: all of them lead to a plan.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::contract::{Answer, Args, Result};
use interfaces::desk::IHedgeDesk::{performUpkeepCall, Leg, Plan};
use interfaces::words::{int, uint};
use stylus_sdk::prelude::*;

use crate::error::Fault;
use crate::HedgeDesk;

/// Interface ids: ERC-165 and the receiver of reports.
pub(crate) const SUPPORTED: [u32; 2] = [0x01ff_c9a7, 0x805f_2132];

/// For how long a plan is good [s]
const PATIENCE: u64 = 600;

/// Whether there is something to do, and the bytes to do it with.
pub struct Upkeep {
    due: bool,
    data: Vec<u8>,
}

impl Answer for Upkeep {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        (self.due, [uint(64), length(self.data.len())]).put(out)?;
        out.extend_from_slice(&self.data);
        while !out.len().is_multiple_of(32) {
            out.push(0);
        }
        Ok(())
    }
}

impl HedgeDesk {
    /// A plan for what is due, encoded; nothing while the vault cannot be looked at. It never fails.
    pub(crate) fn upkeep(&self) -> Upkeep {
        match self.plan_of_due() {
            Ok(Some(plan)) => Upkeep { due: true, data: encoded(&plan) },
            _ => Upkeep { due: false, data: Vec::new() },
        }
    }

    /// The same as the call that performs it.
    pub(crate) fn call_of_upkeep(&self) -> Upkeep {
        let Upkeep { due, data } = self.upkeep();
        if !due {
            return Upkeep { due, data };
        }
        let mut call = performUpkeepCall::SELECTOR.to_vec();
        for word in [uint(32), length(data.len())] {
            call.extend_from_slice(&word.to_be_bytes::<32>());
        }
        call.extend_from_slice(&data);
        Upkeep { due, data: call }
    }

    /// Hedges along an encoded plan; without one, what is due.
    pub(crate) fn hedge_along_data(&mut self, data: &[u8]) -> Result<()> {
        let plan =
            if data.is_empty() { self.plan_of_due()?.unwrap_or_default() } else { Args::new(data).take()? };
        self.hedge_along(&plan).map(|_| ())
    }

    /// All that is due through the vault's default venue, for whoever calls; none when nothing is.
    fn plan_of_due(&self) -> core::result::Result<Option<Plan>, Fault> {
        let market = self.market()?;
        if market.trigger.due == 0 {
            return Ok(None);
        }
        let size = int(market.units(market.trigger.due)?);
        let legs = vec![Leg { venue: Address::ZERO, size, limitPrice: U256::ZERO }];
        let deadline = U256::from_limbs([self.vm().block_timestamp().saturating_add(PATIENCE), 0, 0, 0]);
        Ok(Some(Plan { legs, spot: market.price(), deadline, payee: Address::ZERO }))
    }
}

/// A plan in the ABI: its offset, its head, and its legs.
fn encoded(plan: &Plan) -> Vec<u8> {
    let payee = U256::from_be_bytes(plan.payee.into_word().0);
    let mut words = vec![uint(32), uint(128), plan.spot, plan.deadline, payee, length(plan.legs.len())];
    for Leg { venue, size, limitPrice } in &plan.legs {
        let size: I256 = *size;
        words.extend_from_slice(&[U256::from_be_bytes(venue.into_word().0), size.into_raw(), *limitPrice]);
    }
    words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect()
}

fn length(bytes: usize) -> U256 {
    uint(u128::try_from(bytes).unwrap_or(u128::MAX))
}
