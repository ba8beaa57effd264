//! Contracts that the owner names and that work for the vault: the surface feed, the margin contract, the hedging desk, the broker. Each is in force at
//! once while there are no shares; after that it waits two days for its place, in the open.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256, U64};
use interfaces::vault::IVault::{self, SatelliteNotDue, SatelliteProposed, SatelliteSet, ZeroAddress};
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{StorageAddress, StorageArray, StorageU64};

use crate::amounts::uint;
use crate::error::{emit, ensure, OrOverflow, Result, Revert};
use crate::governance::OWNER;
use crate::lock;
use crate::state::{word64, Vault};

pub(crate) const SURFACE: IVault::Satellite = IVault::Satellite::Surface;
pub(crate) const MARGIN: IVault::Satellite = IVault::Satellite::Margin;
pub(crate) const DESK: IVault::Satellite = IVault::Satellite::Desk;
pub(crate) const BROKER: IVault::Satellite = IVault::Satellite::Broker;

/// The contract in force, and the one that is proposed.
#[storage]
pub struct Satellite {
    current: StorageAddress,
    proposed: StorageAddress,
    /// When the proposed one may be accepted, zero when there is none // [s]
    accept_from: StorageU64,
}

/// One for each kind, in the order of the ABI.
pub(crate) type Satellites = StorageArray<Satellite, 4>;

/// Storage index of a kind.
fn slot(which: &IVault::Satellite) -> usize {
    match which {
        IVault::Satellite::Surface => 0,
        IVault::Satellite::Margin => 1,
        IVault::Satellite::Desk => 2,
        _ => 3,
    }
}

/// The kind with this ABI number; a number that names none is malformed calldata.
fn parse(which: u8) -> Result<IVault::Satellite> {
    IVault::Satellite::try_from(which).map_err(|_| Revert::empty())
}

impl Vault {
    /// The contract in force.
    pub(crate) fn satellite(&self, which: &IVault::Satellite) -> Address {
        self.satellites.getter(slot(which)).map(|satellite| satellite.current.get()).unwrap_or_default()
    }

    /// Puts `contract` in force; nothing is proposed any more.
    fn put_in_force(&mut self, which: IVault::Satellite, contract: Address) -> Result<()> {
        match which {
            IVault::Satellite::Margin => self.require_unused()?,
            IVault::Satellite::Broker => {
                self.require_closed()?;
                // What it may be short it tells when it has a venue.
                self.store_brokered(false, 0, 0);
            }
            _ => {}
        }
        self.store_satellite(&which, Some(contract), Address::ZERO, 0)?;
        emit(self.vm(), &SatelliteSet { which, contract_: contract });
        Ok(())
    }

    fn store_satellite(
        &mut self,
        which: &IVault::Satellite,
        current: Option<Address>,
        proposed: Address,
        due: u64,
    ) -> Result<()> {
        let mut satellite = self.satellites.setter(slot(which)).or_overflow()?;
        if let Some(contract) = current {
            satellite.current.set(contract);
        }
        satellite.proposed.set(proposed);
        satellite.accept_from.set(U64::from_limbs([due]));
        Ok(())
    }
}

/// The satellites. `abi/IVault.sol` is the manual.
#[public]
pub trait Naming {
    /// The contract in force, the one that is proposed, and from when that may be accepted.
    #[selector(name = "satellite")]
    fn satellite_view(&self, which: u8) -> Result<((Address, Address), U256)>;
    /// Names a contract.
    fn set_satellite(&mut self, which: u8, contract: Address) -> Result<()>;
    /// Puts the proposed contract in force.
    fn accept_satellite(&mut self, which: u8) -> Result<()>;
}

#[public]
impl Naming for Vault {
    #[selector(name = "satellite")]
    fn satellite_view(&self, which: u8) -> Result<((Address, Address), U256)> {
        let which = parse(which)?;
        let satellite = self.satellites.getter(slot(&which)).or_overflow()?;
        let due = uint(word64(satellite.accept_from.get()).into());
        Ok(((satellite.current.get(), satellite.proposed.get()), due))
    }

    fn set_satellite(&mut self, which: u8, contract: Address) -> Result<()> {
        lock::take()?;
        let which = parse(which)?;
        self.require_role(OWNER)?;
        ensure(!contract.is_zero(), || ZeroAddress {})?;
        let due = self.due()?;

        if due <= self.now() {
            self.put_in_force(which, contract)?;
        } else {
            self.store_satellite(&which, None, contract, due)?;
            let accept_from = uint(due.into());
            emit(self.vm(), &SatelliteProposed { which, contract_: contract, acceptFrom: accept_from });
        }
        lock::release();
        Ok(())
    }

    fn accept_satellite(&mut self, which: u8) -> Result<()> {
        lock::take()?;
        let ((_, contract), due) = self.satellite_view(which)?;
        let timestamp = uint(self.now().into());
        ensure(!due.is_zero() && due <= timestamp, || SatelliteNotDue { acceptFrom: due, timestamp })?;

        self.put_in_force(parse(which)?, contract)?;
        lock::release();
        Ok(())
    }
}
