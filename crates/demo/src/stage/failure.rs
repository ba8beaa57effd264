//! Why a call on the stage failed, with our contracts' errors decoded.

use std::fmt;

use alloy_primitives::Bytes;
use alloy_sol_types::SolInterface;
use host::CallError;
use interfaces::broker::IBroker::IBrokerErrors;
use interfaces::desk::IHedgeDesk::IHedgeDeskErrors;
use interfaces::erc20::IERC20::IERC20Errors;
use interfaces::erc4626::IERC4626::IERC4626Errors;
use interfaces::erc6909::IERC6909::IERC6909Errors;
use interfaces::lens::ILens::ILensErrors;
use interfaces::margin::IMargin::IMarginErrors;
use interfaces::perp::IPerpVenue::IPerpVenueErrors;
use interfaces::position::IPositionVenue::IPositionVenueErrors;
use interfaces::surface::ISurface::ISurfaceErrors;
use interfaces::vault::IVault::IVaultErrors;
use interfaces::venue::IHedgeVenue::IHedgeVenueErrors;

/// A call that did not succeed.
#[derive(Clone, Debug)]
pub struct Failure(pub CallError);

impl Failure {
    /// Revert data, empty for a failure without any.
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.0.revert_data().cloned().unwrap_or_default()
    }

    /// The vault's own error, if it is one.
    #[must_use]
    pub fn vault_error(&self) -> Option<IVaultErrors> {
        IVaultErrors::abi_decode(&self.data()).ok()
    }

    /// The surface feed's own error, if it is one.
    #[must_use]
    pub fn surface_error(&self) -> Option<ISurfaceErrors> {
        ISurfaceErrors::abi_decode(&self.data()).ok()
    }

    /// Name of the Solidity error, or what happened instead.
    #[must_use]
    pub fn name(&self) -> String {
        let text = self.describe();
        text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
    }

    fn describe(&self) -> String {
        let data = self.data();
        let known = decoded::<IVaultErrors>(&data)
            .or_else(|| decoded::<IERC20Errors>(&data))
            .or_else(|| decoded::<IERC4626Errors>(&data))
            .or_else(|| decoded::<IERC6909Errors>(&data))
            .or_else(|| decoded::<IHedgeVenueErrors>(&data))
            .or_else(|| decoded::<ILensErrors>(&data))
            .or_else(|| decoded::<ISurfaceErrors>(&data))
            .or_else(|| decoded::<IMarginErrors>(&data))
            .or_else(|| decoded::<IHedgeDeskErrors>(&data))
            .or_else(|| decoded::<IBrokerErrors>(&data))
            .or_else(|| decoded::<IPositionVenueErrors>(&data))
            .or_else(|| decoded::<IPerpVenueErrors>(&data));
        known.unwrap_or_else(|| self.0.to_string())
    }
}

/// The error as Rust shows it, without the name of the enum's case around it.
fn decoded<I: SolInterface + fmt::Debug>(data: &[u8]) -> Option<String> {
    let text = format!("{:?}", I::abi_decode(data).ok()?);
    let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    Some(inner.map_or(text.clone(), str::to_owned))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl std::error::Error for Failure {}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self(error)
    }
}
