//! Refusals of contracts in words.

use std::fmt::Debug;

use alloy_primitives::hex;
use alloy_sol_types::SolInterface;
use interfaces::broker::IBroker::IBrokerErrors;
use interfaces::desk::IHedgeDesk::IHedgeDeskErrors;
use interfaces::erc4626::IERC4626::IERC4626Errors;
use interfaces::perp::IPerpVenue::IPerpVenueErrors;
use interfaces::position::IPositionVenue::IPositionVenueErrors;
use interfaces::surface::ISurface::ISurfaceErrors;
use interfaces::vault::IVault::IVaultErrors;
use interfaces::venue::IHedgeVenue::IHedgeVenueErrors;

/// A refusal's error with its numbers, if it is one of ours; else its data.
#[must_use]
pub fn refusal(data: &[u8]) -> String {
    let known = decoded::<IVaultErrors>(data)
        .or_else(|| decoded::<IHedgeDeskErrors>(data))
        .or_else(|| decoded::<IERC4626Errors>(data))
        .or_else(|| decoded::<IHedgeVenueErrors>(data))
        .or_else(|| decoded::<ISurfaceErrors>(data))
        .or_else(|| decoded::<IBrokerErrors>(data))
        .or_else(|| decoded::<IPositionVenueErrors>(data))
        .or_else(|| decoded::<IPerpVenueErrors>(data));
    known.unwrap_or_else(|| match data {
        [] => "refused without a reason".into(),
        data => format!("refused with {}", hex::encode_prefixed(data.get(..68).unwrap_or(data))),
    })
}

/// The error as Rust shows it, without the name of the enum's case around it.
fn decoded<I: SolInterface + Debug>(data: &[u8]) -> Option<String> {
    let text = format!("{:?}", I::abi_decode(data).ok()?);
    let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    Some(inner.map_or(text.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use alloy_sol_types::SolError;
    use interfaces::vault::IVault::TooManyLegs;

    use super::*;

    #[test]
    fn errors_of_ours_show_their_numbers_and_others_their_data() {
        let error = TooManyLegs { legs: U256::from(5), limit: U256::from(4) };
        assert_eq!(refusal(&error.abi_encode()), "TooManyLegs { legs: 5, limit: 4 }");
        assert_eq!(refusal(&[1, 2, 3, 4]), "refused with 0x01020304");
        assert_eq!(refusal(&[]), "refused without a reason");
    }
}
