//! The host functions of `vm_hooks`, each at its price.

pub(crate) mod calls;
pub(crate) mod environment;
pub(crate) mod maths;
pub(crate) mod state;
mod vm;

use wasmparser::ValType;

pub(crate) use vm::Vm;

/// The module that programs import them from.
pub(crate) const MODULE: &str = "vm_hooks";

/// Hands the table of host functions to a macro: where each one is, its arguments and its result.
macro_rules! hostios {
    ($with:ident) => {
        $with! {
            environment::read_args(at: u32);
            environment::write_result(at: u32, length: u32);
            environment::exit_early(status: u32);
            environment::pay_for_memory_grow(pages: u32);
            environment::block_basefee(at: u32);
            environment::block_coinbase(at: u32);
            environment::block_gas_limit() -> u64;
            environment::block_number() -> u64;
            environment::block_timestamp() -> u64;
            environment::chainid() -> u64;
            environment::contract_address(at: u32);
            environment::evm_gas_left() -> u64;
            environment::evm_ink_left() -> u64;
            environment::msg_reentrant() -> u32;
            environment::msg_sender(at: u32);
            environment::msg_value(at: u32);
            environment::tx_gas_price(at: u32);
            environment::tx_ink_price() -> u32;
            environment::tx_origin(at: u32);
            state::storage_load_bytes32(key: u32, dest: u32);
            state::storage_cache_bytes32(key: u32, value: u32);
            state::storage_flush_cache(clear: u32);
            state::transient_load_bytes32(key: u32, dest: u32);
            state::transient_store_bytes32(key: u32, value: u32);
            state::account_balance(address: u32, dest: u32);
            state::account_code(address: u32, offset: u32, size: u32, dest: u32) -> u32;
            state::account_code_size(address: u32) -> u32;
            state::account_codehash(address: u32, dest: u32);
            state::emit_log(at: u32, length: u32, topics: u32);
            calls::call_contract(to: u32, data: u32, length: u32, value: u32, gas: u64, returned: u32) -> u32;
            calls::delegate_call_contract(to: u32, data: u32, length: u32, gas: u64, returned: u32) -> u32;
            calls::static_call_contract(to: u32, data: u32, length: u32, gas: u64, returned: u32) -> u32;
            calls::create1(code: u32, length: u32, value: u32, contract: u32, returned: u32);
            calls::create2(code: u32, length: u32, value: u32, salt: u32, contract: u32, returned: u32);
            calls::read_return_data(dest: u32, offset: u32, size: u32) -> u32;
            calls::return_data_size() -> u32;
            maths::math_div(value: u32, divisor: u32);
            maths::math_mod(value: u32, modulus: u32);
            maths::math_pow(value: u32, exponent: u32);
            maths::math_add_mod(value: u32, addend: u32, modulus: u32);
            maths::math_mul_mod(value: u32, multiplier: u32, modulus: u32);
            maths::native_keccak256(at: u32, length: u32, dest: u32);
        }
    };
}
pub(crate) use hostios;

/// What a program must import a host function as.
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [ValType],
    pub(crate) results: &'static [ValType],
}

/// A number that passes between a program and the host.
trait Scalar {
    const TYPE: ValType;
}

impl Scalar for u32 {
    const TYPE: ValType = ValType::I32;
}

impl Scalar for u64 {
    const TYPE: ValType = ValType::I64;
}

macro_rules! table {
    ($($module:ident::$name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        /// A host function's place in the table.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy)]
        pub(crate) enum Hostio { $($name),* }

        /// Every host function that a program may import.
        pub(crate) const SIGNATURES: &[Signature] = &[$(Signature {
            name: stringify!($name),
            params: &[$(<$type as Scalar>::TYPE),*],
            results: &[$(<$result as Scalar>::TYPE)?],
        }),*];
    };
}
hostios!(table);

/// Completed calls of one host function in a frame, and the ink between their entry and exit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Use {
    pub(crate) count: u64,
    pub(crate) ink: u64,
}

/// Use of every host function, in the table's order.
pub(crate) type Uses = [Use; SIGNATURES.len()];
