//! Arbitrum's precompiles, as far as contracts and tools of Stylus ask them.
//!
//! What they answer is the chain's; their gas is modelled: three for each word of arguments and of the answer, and a storage read for
//! the state they look up. The gas of an activation is exact.

mod cache;
mod facts;
mod wasm;

use alloy_primitives::{Address, B256, Bytes, LogData, U256, address};
use alloy_sol_types::{SolError, SolEvent, SolInterface, SolValue};
use revm::context_interface::{Block, ContextTr, JournalTr};
use revm::interpreter::{CallInputs, Gas, InstructionResult, InterpreterResult};
use revm::primitives::Log;

use crate::evm::{Context, Stylus};

const ARB_SYS: Address = address!("0000000000000000000000000000000000000064");
const ARB_OWNER_PUBLIC: Address = address!("000000000000000000000000000000000000006b");
const ARB_GAS_INFO: Address = address!("000000000000000000000000000000000000006c");
const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
const ARB_WASM_CACHE: Address = address!("0000000000000000000000000000000000000072");

/// Where they are.
pub(crate) const ADDRESSES: [Address; 5] =
    [ARB_SYS, ARB_OWNER_PUBLIC, ARB_GAS_INFO, ARB_WASM, ARB_WASM_CACHE];
/// The code that these accounts show.
pub(crate) const CODE: Bytes = Bytes::from_static(&[0xfe]);

/// A word of arguments or of an answer, and a read of the chain's own state.
const COPY_GAS: u64 = 3;
const READ_GAS: u64 = 800;

/// The block as the chain itself sees it, whatever the EVM is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    pub(crate) block: u64,
    pub(crate) timestamp: u64,
    /// Hashes of the blocks before it, newest first.
    pub(crate) parents: Vec<B256>,
}

/// Why a precompile refuses.
enum Fault {
    Revert(Vec<u8>),
    OutOfGas,
}

type Answer = Result<Vec<u8>, Fault>;

impl<E: SolError> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Revert(error.abi_encode())
    }
}

/// A call of a precompile.
struct Call<'a> {
    context: &'a mut Context,
    stylus: &'a mut Stylus,
    address: Address,
    caller: Address,
    value: U256,
    read_only: bool,
    gas: Gas,
}

/// Answers a call of one of them; none if the callee is another.
pub(crate) fn run(
    context: &mut Context,
    stylus: &mut Stylus,
    inputs: &CallInputs,
) -> Option<InterpreterResult> {
    let address = inputs.bytecode_address;
    if !ADDRESSES.contains(&address) {
        return None;
    }
    let input = inputs.input.bytes(context);
    let mut call = Call {
        context,
        stylus,
        address,
        caller: inputs.caller,
        value: inputs.value.get(),
        read_only: inputs.is_static,
        gas: Gas::new(inputs.gas_limit),
    };
    // Their powers are their own: a delegated call has none.
    let answer = if inputs.target_address == address { call.answer(&input) } else { refuse() };
    let mut gas = call.gas;
    let (result, output) = match answer {
        Ok(output) => (InstructionResult::Return, output),
        Err(Fault::Revert(data)) => (InstructionResult::Revert, data),
        Err(Fault::OutOfGas) => (InstructionResult::OutOfGas, Vec::new()),
    };
    if result == InstructionResult::OutOfGas {
        gas.spend_all();
    }
    Some(InterpreterResult { result, gas, output: output.into() })
}

/// A refusal without a reason, as of an unknown function.
fn refuse<T>() -> Result<T, Fault> {
    Err(Fault::Revert(Vec::new()))
}

fn decode<C: SolInterface>(input: &[u8]) -> Result<C, Fault> {
    C::abi_decode_validate(input).or_else(|_| refuse())
}

fn encode(value: impl SolValue) -> Answer {
    Ok(value.abi_encode())
}

impl Call<'_> {
    fn answer(&mut self, input: &[u8]) -> Answer {
        self.pay(COPY_GAS * (input.len() as u64).saturating_sub(4).div_ceil(32))?;
        self.pay(READ_GAS)?;
        let output = match self.address {
            ARB_SYS => facts::sys(self, input),
            ARB_OWNER_PUBLIC => facts::owner_public(self, input),
            ARB_GAS_INFO => facts::gas_info(self, input),
            ARB_WASM => wasm::answer(self, input),
            _ => cache::answer(self, input),
        }?;
        self.pay(COPY_GAS * (output.len() as u64).div_ceil(32))?;
        Ok(output)
    }

    fn pay(&mut self, gas: u64) -> Result<(), Fault> {
        if self.gas.record_regular_cost(gas) { Ok(()) } else { Err(Fault::OutOfGas) }
    }

    fn not_payable(&self) -> Result<(), Fault> {
        if self.value.is_zero() { Ok(()) } else { refuse() }
    }

    fn may_write(&self) -> Result<(), Fault> {
        if self.read_only { refuse() } else { Ok(()) }
    }

    fn now(&self) -> u64 {
        self.stylus.chain.timestamp
    }

    fn base_fee(&self) -> U256 {
        U256::from(self.context.block().basefee())
    }

    fn emit(&mut self, event: impl SolEvent) {
        let data: LogData = event.encode_log_data();
        self.context.journal_mut().log(Log { address: self.address, data });
    }

    /// Moves wei of the precompile's own account, which it has.
    fn transfer(&mut self, to: Address, value: U256) -> Result<(), Fault> {
        let failed = self.context.journal_mut().transfer(self.address, to, value);
        if matches!(failed, Ok(None)) { Ok(()) } else { refuse() }
    }
}
