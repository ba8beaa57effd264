//! Transactions and views.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::context::TxEnv;
use revm::context_interface::cfg::gas::InitialAndFloorGas;
use revm::context_interface::result::{ExecutionResult, HaltReason, Output};
use revm::context_interface::transaction::{AccessList, AccessListItem};
use revm::context_interface::{Cfg, ContextSetters, ContextTr, JournalTr};
use revm::primitives::TxKind;

use super::{TX_GAS, World};
use crate::error::CallError;
use crate::evm;

/// A log of a committed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Who wrote it.
    pub address: Address,
    /// Its topics.
    pub topics: Vec<B256>,
    /// Its data.
    pub data: Bytes,
}

/// A call that succeeded.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// What it returned.
    pub output: Bytes,
    /// Gas of the transaction, refunds deducted.
    pub gas_used: u64,
    /// Gas of the execution alone: without the intrinsic gas, refunds not deducted.
    pub execution_gas: u64,
    /// Ink of the called program itself and everything it called; 0 if it is not a program.
    pub ink: u64,
    /// Its logs, in order.
    pub logs: Vec<Log>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Tx {
    /// Sender.
    pub from: Address,
    /// Callee; none creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// Calldata or init code.
    pub data: Bytes,
    /// Gas limit.
    pub gas_limit: u64,
}

/// What a transaction may say besides.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The sender's nonce; none takes the account's.
    pub nonce: Option<u64>,
    /// Accounts and slots that are warm from the start.
    pub access_list: Vec<(Address, Vec<B256>)>,
}

/// How a transaction ended that was valid, whether it succeeded or not.
#[derive(Clone, Debug)]
pub struct Executed {
    /// None if it succeeded.
    pub failure: Option<CallError>,
    /// The contract that it created.
    pub created: Option<Address>,
    /// What it returned and used; without logs if it failed.
    pub receipt: Receipt,
}

impl World {
    /// A transaction that calls a contract.
    ///
    /// # Errors
    /// When it reverts, halts or is not valid; the state is then as before, but for the nonce and the fee.
    pub fn call(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Result<Receipt, CallError> {
        self.call_with(Tx { from, to: Some(to), value: U256::ZERO, data: data.into(), gas_limit: TX_GAS })
    }

    /// A transaction, whatever it is.
    ///
    /// # Errors
    /// As [`World::call`].
    pub fn call_with(&mut self, tx: Tx) -> Result<Receipt, CallError> {
        self.execute(tx, Terms::default()).and_then(Executed::succeeded)
    }

    /// A call that changes nothing, not even the list of recent programs.
    ///
    /// # Errors
    /// As [`World::call`].
    pub fn view(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Result<Receipt, CallError> {
        let tx = Tx { from, to: Some(to), value: U256::ZERO, data: data.into(), gas_limit: TX_GAS };
        self.try_out(tx, Terms::default()).and_then(Executed::succeeded)
    }

    /// A transaction with its terms. If it is valid its effects stay, also when it fails: the nonce and the fee.
    ///
    /// # Errors
    /// [`CallError::Invalid`], and nothing has changed.
    pub fn execute(&mut self, tx: Tx, terms: Terms) -> Result<Executed, CallError> {
        let executed = self.transact(tx, terms, true)?;
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(&executed.receipt.logs);
        }
        Ok(executed)
    }

    /// Keeps the logs of every transaction from now on, in order, until they are taken.
    pub fn keep_logs(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// Takes the logs that were kept.
    pub fn take_logs(&mut self) -> Vec<Log> {
        self.kept.take().unwrap_or_default()
    }

    /// As [`World::execute`], but nothing stays, and the sender need not have the fee.
    ///
    /// # Errors
    /// As [`World::execute`].
    pub fn try_out(&mut self, tx: Tx, terms: Terms) -> Result<Executed, CallError> {
        let programs = self.machine.precompiles.programs.clone();
        self.charge_fees(false);
        let result = self.transact(tx, terms, false);
        self.charge_fees(true);
        self.machine.precompiles.programs = programs;
        result
    }

    /// The least gas limit that a transaction may have.
    #[must_use]
    pub fn intrinsic_gas(&self, tx: &Tx, terms: &Terms) -> u64 {
        let gas = self.initial_gas(tx, terms);
        gas.initial_regular_gas.max(gas.floor_gas)
    }

    fn initial_gas(&self, tx: &Tx, terms: &Terms) -> InitialAndFloorGas {
        let accounts = terms.access_list.len() as u64;
        let slots = terms.access_list.iter().fold(0, |sum, (_, slots)| sum + slots.len() as u64);
        let prices = self.machine.ctx.cfg().gas_params();
        prices.initial_tx_gas(&tx.data, tx.to.is_none(), accounts, slots, 0, None)
    }

    /// Whether the sender must have the fee: of a transaction yes, of a view no.
    fn charge_fees(&mut self, charge: bool) {
        self.machine.ctx.modify_cfg(|cfg| {
            cfg.disable_balance_check = !charge;
        });
    }

    fn transact(&mut self, tx: Tx, terms: Terms, commit: bool) -> Result<Executed, CallError> {
        self.machine.precompiles.next_transaction();
        let nonce = self.info(tx.from).nonce;
        if let Some(asked) = terms.nonce
            && asked != nonce
        {
            return Err(CallError::Invalid(format!("nonce {asked}, the account's next is {nonce}")));
        }
        let access_list = terms
            .access_list
            .into_iter()
            .map(|(address, storage_keys)| AccessListItem { address, storage_keys });
        let env = TxEnv::builder()
            .caller(tx.from)
            .kind(tx.to.map_or(TxKind::Create, TxKind::Call))
            .value(tx.value)
            .data(tx.data.clone())
            .gas_limit(tx.gas_limit)
            .gas_price(self.base_fee().into())
            .chain_id(Some(self.chain_id()))
            .nonce(nonce)
            .access_list(AccessList(access_list.collect()))
            .build()
            .map_err(|error| CallError::Invalid(format!("{error:?}")))?;
        self.machine.ctx.set_tx(env);
        self.machine.ctx.chain.clear();
        let ended = evm::transact(&mut self.machine);
        let state = self.machine.ctx.journal_mut().finalize();
        let ended = ended.map_err(|error| CallError::Invalid(error.to_string()))?;
        if commit {
            self.commit(state);
        }
        // What an access list costs counts as execution.
        let intrinsic = self.initial_gas(&tx, &Terms::default()).initial_regular_gas;
        Ok(self.outcome(ended, intrinsic))
    }

    fn outcome(&self, result: ExecutionResult, intrinsic: u64) -> Executed {
        let gas_used = result.tx_gas_used();
        let mut outcome = Executed {
            failure: None,
            created: None,
            receipt: Receipt {
                output: result.output().cloned().unwrap_or_default(),
                gas_used,
                execution_gas: result.gas().total_gas_spent().saturating_sub(intrinsic),
                ink: self.machine.precompiles.ink_used,
                logs: Vec::new(),
            },
        };
        match result {
            ExecutionResult::Success { logs, output, .. } => {
                if let Output::Create(_, created) = output {
                    outcome.created = created;
                }
                outcome.receipt.logs = logs.into_iter().map(Log::from).collect();
            }
            ExecutionResult::Revert { output, .. } => {
                outcome.failure = Some(CallError::Revert { data: output, gas_used });
            }
            ExecutionResult::Halt { reason, .. } => {
                let refusal =
                    self.machine.precompiles.refusal.filter(|_| reason == HaltReason::OpcodeNotFound);
                let reason = match refusal {
                    Some((program, refusal)) => format!("{refusal}: program {program}"),
                    None => format!("{reason:?}"),
                };
                outcome.failure = Some(CallError::Halt { reason, gas_used });
            }
        }
        outcome
    }
}

impl Executed {
    fn succeeded(self) -> Result<Receipt, CallError> {
        self.failure.map_or(Ok(self.receipt), Err)
    }
}

impl From<revm::primitives::Log> for Log {
    fn from(log: revm::primitives::Log) -> Self {
        let (topics, data) = log.data.split();
        Self { address: log.address, topics, data }
    }
}
