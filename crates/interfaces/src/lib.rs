//! Solidity interfaces as Rust types, read from `abi/`: the one source of calls, events and errors for contracts and programs.
//!
//! # What this crate does not do
//! It makes no calls, and holds no logic but the hash of what is signed.
#![no_std]
#![allow(missing_docs, reason = "the documentation stands in the Solidity interfaces")]
#![allow(clippy::too_many_arguments, reason = "events and errors have as many fields as their users need")]

extern crate alloc;

/// ERC-20: shares.
pub mod erc20 {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IERC20.sol"
    );
}
/// ERC-165.
pub mod erc165 {
    alloy_sol_types::sol!("../../abi/IERC165.sol");
}
/// ERC-4626 and ERC-7540.
pub mod erc4626 {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IERC4626.sol"
    );
}
/// ERC-6909: option positions.
pub mod erc6909 {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IERC6909.sol"
    );
}
/// The vault's own functions, events and errors.
pub mod vault {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IVault.sol"
    );
}
/// The vol surface.
pub mod surface {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/ISurface.sol"
    );
}
/// The vault's risk engine.
pub mod engine {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IRiskEngine.sol"
    );
}
/// Margin accounts.
pub mod margin {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IMargin.sol"
    );
}
/// The lens.
pub mod lens {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/ILens.sol"
    );
}
/// The hedging desk, and who takes the other side of a hedge.
pub mod desk {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IHedgeDesk.sol"
    );
}
/// The broker: positions at venues, and their margin.
pub mod broker {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IBroker.sol"
    );
}
/// Hedge venue adapters.
pub mod venue {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IHedgeVenue.sol"
    );
}
/// Venues that hold a position.
pub mod position {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IPositionVenue.sol"
    );
}
/// What venues on perpetuals exchanges answer besides.
pub mod perp {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../../abi/IPerpVenue.sol"
    );
}
/// Contracts of others that ours call.
pub mod external {
    alloy_sol_types::sol!("../../abi/external/IExternal.sol");
}

/// Hashes of signed messages.
pub mod eip712;

/// What a market's owner fixes.
pub mod settings;

/// Numbers of the ABI.
pub mod words;

/// Errors and events of contracts.
#[cfg(feature = "stylus")]
pub mod contract;

#[cfg(feature = "stylus")]
mod abi {
    use alloy_sol_types::SolType;
    use stylus_sdk::abi::{AbiType, ConstString};

    use crate::engine::IRiskEngine;
    use crate::erc4626::IERC4626;
    use crate::margin::IMargin;
    use crate::position::IPositionVenue;
    use crate::surface::ISurface;
    use crate::vault::IVault;

    macro_rules! abi_type {
        ($interface:ident: $($name:ident),*) => {$(
            impl AbiType for $interface::$name {
                type SolType = Self;
                const ABI: ConstString = ConstString::new(<$interface::$name as SolType>::SOL_NAME);
            }
        )*};
    }

    abi_type!(IVault: Leg, Quote, Nav, Profile, Limits);
    abi_type!(IRiskEngine: Marked, Margined);
    abi_type!(IMargin: Account, Health, Written);
    abi_type!(IERC4626: Epoch);
    abi_type!(IPositionVenue: State);
    abi_type!(ISurface: SurfaceSlice, SurfaceUpdate);
}
