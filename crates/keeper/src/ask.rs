//! Typed calls.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;

use crate::chain::{Call, Chain, Fault, Head};

/// What `to` answers to `call` in a block.
///
/// # Errors
/// Its refusal, or no answer of the type.
pub(crate) async fn ask<S: SolCall>(
    chain: &dyn Chain,
    at: &Head,
    to: Address,
    call: &S,
) -> Result<S::Return, Fault> {
    let call = Call { to, data: call.abi_encode().into(), ..Call::default() };
    decode::<S>(&chain.call(at, &call).await?, to)
}

/// An answer in its type.
///
/// # Errors
/// Bytes of another type.
pub(crate) fn decode<S: SolCall>(answer: &[u8], to: Address) -> Result<S::Return, Fault> {
    S::abi_decode_returns(answer)
        .map_err(|error| Fault::Garbage(format!("{} of {to}: {error}", S::SIGNATURE)))
}
