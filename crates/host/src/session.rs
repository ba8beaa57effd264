//! Transactions held open, whose frames are run one by one.

use alloy_primitives::{Address, Bytes, U256};
use revm::Database;
use revm::context::{BlockEnv, TxEnv};
use revm::context_interface::{ContextSetters, ContextTr, JournalTr};
use revm::interpreter::{CallInput, CallInputs, CallScheme, CallValue};
use revm::primitives::TxKind;

use crate::evm;
use crate::trace::Trace;
use crate::world::{Log, World};

/// One frame of a session.
#[derive(Clone, Debug)]
pub struct SessionCall {
    /// Caller, and origin of the transaction.
    pub from: Address,
    /// Callee.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// Gas of the frame itself: nothing intrinsic is taken from it.
    pub gas_limit: u64,
    /// Whether the frame may change nothing.
    pub read_only: bool,
}

/// What programs read of their block and their chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Number of the L1 block.
    pub block_number: u64,
    /// Time of the block [unix seconds].
    pub timestamp: u64,
    /// Base fee [wei per gas].
    pub base_fee: u64,
    /// Gas price of the transaction [wei per gas].
    pub gas_price: u128,
    /// Beneficiary of the block.
    pub coinbase: Address,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// Chain.
    pub chain_id: u64,
}

/// How a frame of a session ended.
#[derive(Clone, Debug)]
pub struct SessionResult {
    /// Gas limit less what is returned to the caller.
    pub gas_used: u64,
    /// Refund counter of the transaction after the frame.
    pub refund: i64,
    /// Logs that the frame left, in order.
    pub logs: Vec<Log>,
    /// The frame and all below it: output, outcome, ink.
    pub trace: Trace,
}

/// Frames on a world's journal, without fee, nonce or intrinsic gas. All are in one block; nothing reaches the world before
/// [`Session::commit`].
pub struct Session<'w> {
    world: &'w mut World,
    outside: Environment,
    tracing: bool,
    gas_price: u128,
    refund: i64,
}

impl World {
    /// Opens a transaction whose frames are run one by one.
    pub fn session(&mut self) -> Session<'_> {
        Session::new(self)
    }
}

impl<'w> Session<'w> {
    fn new(world: &'w mut World) -> Self {
        let context = &mut world.machine.ctx;
        let tracing = core::mem::replace(&mut context.chain.on, true);
        let block = &context.block;
        let outside = Environment {
            block_number: block.number.saturating_to(),
            timestamp: block.timestamp.saturating_to(),
            base_fee: block.basefee,
            gas_price: block.basefee.into(),
            coinbase: block.beneficiary,
            gas_limit: block.gas_limit,
            chain_id: context.cfg.chain_id,
        };
        Self { world, outside, tracing, gas_price: outside.gas_price, refund: 0 }
    }

    /// The world's own block and chain, which frames see unless others are set.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.outside
    }

    /// Sets what frames see of block and chain; the block stays the same one, and the world's own comes back with the session's end.
    pub fn set_environment(&mut self, environment: Environment) {
        let Environment { block_number, timestamp, base_fee, gas_price, coinbase, gas_limit, chain_id } =
            environment;
        let context = &mut self.world.machine.ctx;
        let block = BlockEnv {
            number: U256::from(block_number),
            timestamp: U256::from(timestamp),
            basefee: base_fee,
            beneficiary: coinbase,
            gas_limit,
            ..context.block.clone()
        };
        context.set_block(block);
        context.modify_cfg(|cfg| cfg.chain_id = chain_id);
        self.gas_price = gas_price;
    }

    /// Gives whoever sends value that value first, so that no call fails for want of balance.
    pub fn set_free_value(&mut self, free: bool) {
        self.world.machine.precompiles.free_value = free;
    }

    /// Ends the transaction and begins another with nothing warm but these accounts.
    pub fn next_transaction(&mut self, warm: &[Address]) {
        let machine = &mut self.world.machine;
        machine.precompiles.next_transaction();
        self.refund = 0;
        let journal = machine.ctx.journal_mut();
        journal.commit_tx();
        for account in warm {
            journal.load_account(*account).expect("an in-memory state does not fail");
        }
    }

    /// Runs one frame in the open transaction.
    pub fn call(&mut self, call: SessionCall) -> SessionResult {
        let machine = &mut self.world.machine;
        let (kind, gas_price) = (TxKind::Call(call.to), self.gas_price);
        machine.ctx.set_tx(TxEnv { caller: call.from, kind, gas_price, ..TxEnv::default() });
        machine.ctx.chain.clear();
        let known_bytecode = evm::code(&mut machine.ctx, call.to);
        let inputs = CallInputs {
            input: CallInput::Bytes(call.data),
            return_memory_offset: 0..0,
            gas_limit: call.gas_limit,
            reservoir: 0,
            bytecode_address: call.to,
            known_bytecode,
            target_address: call.to,
            caller: call.from,
            value: CallValue::Transfer(call.value),
            scheme: if call.read_only { CallScheme::StaticCall } else { CallScheme::Call },
            is_static: call.read_only,
            charged_new_account_state_gas: false,
        };
        let ended = evm::call(&mut machine.ctx, &mut machine.precompiles, inputs);
        self.refund += ended.refund;
        let logs = machine.ctx.journal_mut().take_logs().into_iter().map(Log::from).collect();
        let trace = machine.ctx.chain.take().expect("a session records its frames");
        SessionResult { gas_used: call.gas_limit - ended.gas_left, refund: self.refund, logs, trace }
    }

    /// A storage slot as it is now.
    pub fn storage(&mut self, account: Address, slot: U256) -> U256 {
        let (database, state) = self.world.machine.ctx.journal_mut().db_and_state_mut();
        let known = state.get(&account).and_then(|account| account.storage.get(&slot));
        match known {
            Some(slot) => slot.present_value,
            None => database.storage(account, slot).expect("an in-memory state does not fail"),
        }
    }

    /// Leaves the frames' changes in the world.
    pub fn commit(self) {
        let state = self.world.machine.ctx.journal_mut().finalize();
        self.world.commit(state);
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.set_environment(self.outside);
        let machine = &mut self.world.machine;
        machine.ctx.journal_mut().finalize();
        machine.ctx.chain.on = self.tracing;
        machine.precompiles.free_value = false;
    }
}
