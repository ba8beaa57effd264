//! The host functions of `vm_hooks`, each at its price.

mod calls;
mod environment;
mod ink;
mod maths;
mod state;

use wasmi::{Engine, Error, Linker};

use crate::frame::Frame;

/// Every host function that a program may import.
pub(crate) const NAMES: [&str; 42] = [
    "read_args",
    "write_result",
    "exit_early",
    "storage_load_bytes32",
    "storage_cache_bytes32",
    "storage_flush_cache",
    "transient_load_bytes32",
    "transient_store_bytes32",
    "call_contract",
    "delegate_call_contract",
    "static_call_contract",
    "create1",
    "create2",
    "read_return_data",
    "return_data_size",
    "emit_log",
    "account_balance",
    "account_code",
    "account_code_size",
    "account_codehash",
    "block_basefee",
    "block_coinbase",
    "block_gas_limit",
    "block_number",
    "block_timestamp",
    "chainid",
    "contract_address",
    "evm_gas_left",
    "evm_ink_left",
    "math_div",
    "math_mod",
    "math_pow",
    "math_add_mod",
    "math_mul_mod",
    "msg_reentrant",
    "msg_sender",
    "msg_value",
    "native_keccak256",
    "tx_gas_price",
    "tx_ink_price",
    "tx_origin",
    "pay_for_memory_grow",
];

/// All of them, for one frame.
pub(crate) fn linker<'a>(engine: &Engine) -> Result<Linker<Frame<'a>>, Error> {
    let mut linker = Linker::new(engine);
    environment::define(&mut linker)?;
    state::define(&mut linker)?;
    calls::define(&mut linker)?;
    maths::define(&mut linker)?;
    Ok(linker)
}
