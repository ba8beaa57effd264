//! Calls by the selectors that name them.
//!
//! The SDK's router makes code for each signature, and keeps the constructor's signature as text among the data that every call pays for.

use stylus_sdk::stylus_core::ConstructorGuard;

use super::{Result, Revert};

/// Passes once in a contract's life: before its construction.
///
/// # Errors
/// Empty revert data after that.
pub fn once(contract: &impl ConstructorGuard) -> Result<()> {
    contract.check_constructor_slot().map_err(|_| Revert::empty())
}

/// Returns from a function with the answer of the method that a selector names, its arguments read and its answer written by the one reader
/// and the one writer of each type. Goes on when the selector names none.
#[macro_export]
macro_rules! routes {
    (
        $contract:ident, $selector:ident, $args:ident, $out:ident;
        constructor($($given:ident),*);
        $($methods:tt)*
    ) => {
        if $selector == ::stylus_sdk::abi::CONSTRUCTOR_SELECTOR {
            $crate::contract::once($contract)?;
            $(let $given = $args.take()?;)*
            return $contract.constructor($($given),*).put($out);
        }
        $crate::routes! { $contract, $selector, $args, $out; $($methods)* }
    };
    (
        $contract:ident, $selector:ident, $args:ident, $out:ident;
        $($abi:ident { $($call:ident => $method:ident($($arg:ident),*);)* })*
    ) => {
        $($(
            if $selector == u32::from_be_bytes(<$abi::$call as ::alloy_sol_types::SolCall>::SELECTOR) {
                $(let $arg = $args.take()?;)*
                return $contract.$method($($arg),*).put($out);
            }
        )*)*
    };
}
