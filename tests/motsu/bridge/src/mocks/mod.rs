//! Contracts for the vault to talk to. They are mocks, written for SDK 0.10, because motsu has no EVM: the simulated host runs the real
//! Solidity ones.

mod desk;
mod feed;
mod hook;
mod router;
mod surface;
mod token;
mod venue;

use alloy_sol_types::{Revert, SolError};

pub use desk::IDesk;
pub use feed::{IMockFeed, MockFeed};
pub use hook::IHook;
pub use router::MockRouter;
pub use surface::{IMockSurface, MockSurface};
pub use token::{IMockToken, MockToken};
pub use venue::{IMockVenue, MockVenue, Mode};

/// `revert("reason")`.
fn refuse<T>(reason: &str) -> Result<T, Vec<u8>> {
    Err(Revert::from(reason).abi_encode())
}
