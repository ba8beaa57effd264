//! The chain on the desk.

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use revm::bytecode::Bytecode;
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::context_interface::result::{ExecutionResult, Output};
use revm::context_interface::{ContextSetters, ContextTr, JournalTr};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::instructions::EthInstructions;
use revm::primitives::TxKind;
use revm::state::{AccountInfo, EvmState};
use revm::{Database, DatabaseCommit};

use crate::code;
use crate::error::{CallError, DeployError};
use crate::evm::{self, Context, Machine, SPEC, Stylus};
use crate::normalise::normalise;
use crate::program::ProgramInfo;

/// Arbitrum One.
const CHAIN_ID: u64 = 42_161;
/// The sequencer's address, which every block names as its beneficiary.
const SEQUENCER: Address = address!("a4b000000000000000000073657175656e636572");
/// The chain's cap on a transaction's gas.
const TX_GAS: u64 = 32_000_000;
const BASE_FEE: u64 = 10_000_000;
/// The L1 block that block 0 of the world falls into, and its time.
const L1_START: u64 = 900_000;
const START: u64 = 1_420_070_400;
const L1_SECONDS: u64 = 12;

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

impl From<revm::primitives::Log> for Log {
    fn from(log: revm::primitives::Log) -> Self {
        let (topics, data) = log.data.split();
        Self { address: log.address, topics, data }
    }
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

/// A saved world.
#[derive(Clone)]
pub struct Snapshot {
    state: CacheDB<EmptyDB>,
    stylus: Stylus,
    timestamp: u64,
}

/// One chain: accounts, programs, time. Calls between two changes of time share a block.
pub struct World {
    pub(crate) machine: Machine,
    timestamp: u64,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty chain under ArbOS 60 rules.
    #[must_use]
    pub fn new() -> Self {
        let mut cfg = CfgEnv::new_with_spec(SPEC);
        cfg.chain_id = CHAIN_ID;
        cfg.disable_nonce_check = true;
        cfg.limit_contract_code_size = Some(code::ACCOUNT_LIMIT);
        cfg.tx_gas_limit_cap = Some(TX_GAS);
        let context = Context::new(CacheDB::default(), SPEC).with_cfg(cfg);
        let instructions = EthInstructions::new_mainnet_with_spec(SPEC);
        let mut world =
            Self { machine: Machine::new(context, instructions, Stylus::new()), timestamp: START };
        world.open_block();
        world
    }

    /// An account with this label and a hundred ether, always at the same address.
    pub fn account(&mut self, name: &str) -> Address {
        let address = Address::from_slice(&keccak256(name)[12..]);
        if self.balance(address).is_zero() {
            self.set_balance(address, U256::from(100_000_000_000_000_000_000_u128));
        }
        address
    }

    /// Wei of an account.
    pub fn balance(&mut self, account: Address) -> U256 {
        self.info(account).balance
    }

    /// Sets the wei of an account.
    pub fn set_balance(&mut self, account: Address, balance: U256) {
        let info = AccountInfo { balance, ..self.info(account) };
        self.state().insert_account_info(account, info);
    }

    /// Code of an account.
    pub fn code(&mut self, account: Address) -> Bytes {
        self.info(account).code.map(|code| code.original_bytes()).unwrap_or_default()
    }

    /// Sets the code of an account. A program must be activated besides.
    pub fn set_code(&mut self, account: Address, code: Bytes) {
        let info = self.info(account).with_code(Bytecode::new_legacy(code));
        self.state().insert_account_info(account, info);
    }

    /// A storage slot.
    pub fn storage(&mut self, account: Address, slot: U256) -> U256 {
        self.state().storage(account, slot).expect("an in-memory state does not fail")
    }

    /// Sets a storage slot.
    pub fn set_storage(&mut self, account: Address, slot: U256, value: U256) {
        self.state().insert_account_storage(account, slot, value).expect("an in-memory state does not fail");
    }

    /// A digest of an account: balance, nonce, code and every slot that is not zero.
    pub fn digest(&mut self, account: Address) -> B256 {
        let info = self.info(account);
        let slots = self
            .state()
            .cache
            .accounts
            .get(&account)
            .map(|account| account.storage.clone())
            .unwrap_or_default();
        let mut slots: Vec<_> = slots.into_iter().filter(|(_, value)| !value.is_zero()).collect();
        slots.sort_unstable();
        let mut bytes = info.balance.to_be_bytes_vec();
        bytes.extend(info.nonce.to_be_bytes());
        bytes.extend(info.code_hash);
        for (slot, value) in slots {
            bytes.extend(slot.to_be_bytes::<32>());
            bytes.extend(value.to_be_bytes::<32>());
        }
        keccak256(bytes)
    }

    /// Time of the current block [unix seconds].
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// Opens a block at a later time; time never goes back.
    pub fn warp(&mut self, timestamp: u64) {
        self.timestamp = self.timestamp.max(timestamp);
        self.open_block();
    }

    /// Saves everything.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let state = self.machine.ctx.journal_ref().database.clone();
        Snapshot { state, stylus: self.machine.precompiles.clone(), timestamp: self.timestamp }
    }

    /// Goes back to a saved world.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        *self.state() = snapshot.state.clone();
        self.machine.precompiles = snapshot.stylus.clone();
        self.timestamp = snapshot.timestamp;
        let stylus = self.machine.precompiles.clone();
        self.open_block();
        self.machine.precompiles = stylus;
    }

    /// Creates an EVM contract with a transaction.
    ///
    /// # Errors
    /// When the constructor reverts or the transaction is not valid.
    pub fn deploy_evm(&mut self, from: Address, init_code: &[u8]) -> Result<Address, CallError> {
        let data = Bytes::copy_from_slice(init_code);
        let tx = Tx { from, to: None, value: U256::ZERO, data, gas_limit: TX_GAS };
        let (created, _) = self.transact(tx, true)?;
        created.ok_or_else(|| CallError::Invalid("no contract was created".into()))
    }

    /// Deploys a compiled program: normalises, compresses, splits, activates, and runs its constructor if arguments are given.
    ///
    /// # Errors
    /// The activation rule that is broken, or the constructor's failure.
    pub fn deploy_wasm(
        &mut self,
        from: Address,
        wasm: &[u8],
        constructor: Option<&[u8]>,
    ) -> Result<Address, DeployError> {
        let packed = code::compress(&normalise(wasm)?);
        let parts = code::split(&packed);
        if parts.len() > code::FRAGMENT_LIMIT {
            return Err(DeployError::TooLarge { compressed: packed.len() });
        }
        let whole = match parts.as_slice() {
            [whole] => whole.clone(),
            fragments => {
                let placed: Vec<Address> =
                    fragments.iter().map(|part| self.place(from, part.clone())).collect();
                code::root(normalise(wasm)?.len(), &placed)
            }
        };
        let program = self.place(from, whole);
        self.activate(program)?;
        if let Some(arguments) = constructor {
            let selector = &keccak256("stylus_constructor()")[..4];
            let data: Bytes = selector.iter().chain(arguments).copied().collect();
            self.call(from, program, data).map_err(DeployError::Constructor)?;
        }
        Ok(program)
    }

    /// What activation found of a program.
    pub fn program(&mut self, account: Address) -> Option<ProgramInfo> {
        let hash = self.info(account).code_hash;
        self.machine.precompiles.programs.get(&hash).map(|program| program.info.clone())
    }

    /// Puts a program in the chain's cache, or out of it.
    pub fn set_cached(&mut self, account: Address, cached: bool) {
        let hash = self.info(account).code_hash;
        self.machine.precompiles.programs.set_cached(hash, cached);
    }

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
        self.transact(tx, true).map(|(_, receipt)| receipt)
    }

    /// A call that changes nothing, not even the list of recent programs.
    ///
    /// # Errors
    /// As [`World::call`].
    pub fn view(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Result<Receipt, CallError> {
        let programs = self.machine.precompiles.programs.clone();
        let tx = Tx { from, to: Some(to), value: U256::ZERO, data: data.into(), gas_limit: TX_GAS };
        self.charge_fees(false);
        let result = self.transact(tx, false);
        self.charge_fees(true);
        self.machine.precompiles.programs = programs;
        result.map(|(_, receipt)| receipt)
    }

    /// Whether the sender must have the fee: of a transaction yes, of a view no.
    fn charge_fees(&mut self, charge: bool) {
        self.machine.ctx.modify_cfg(|cfg| {
            cfg.disable_balance_check = !charge;
        });
    }

    /// Reads a deployed program back from its accounts and activates it, as anyone may.
    ///
    /// # Errors
    /// The activation rule that is broken.
    pub fn activate(&mut self, account: Address) -> Result<ProgramInfo, DeployError> {
        let root = self.code(account);
        let fragments = code::fragments(&root);
        let count = fragments.as_ref().map_or(1, Vec::len);
        let packed: Vec<u8> = match fragments {
            None => code::packed(&root).to_vec(),
            Some(parts) => parts.iter().flat_map(|part| code::packed(&self.code(*part)).to_vec()).collect(),
        };
        let malformed = || DeployError::Malformed("the code does not decompress".into());
        let wasm = code::decompress(&packed).ok_or_else(malformed)?;
        let hash = self.info(account).code_hash;
        self.machine.precompiles.programs.activate(hash, &wasm, packed.len(), count)
    }

    /// Puts code at the address that the sender's next creation would have. The EVM refuses to create code that begins with EF, so the
    /// account is written directly.
    fn place(&mut self, from: Address, code: Bytes) -> Address {
        let sender = self.info(from);
        let address = from.create(sender.nonce);
        self.state().insert_account_info(from, AccountInfo { nonce: sender.nonce + 1, ..sender });
        let account =
            AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_legacy(code));
        self.state().insert_account_info(address, account);
        address
    }

    fn transact(&mut self, tx: Tx, commit: bool) -> Result<(Option<Address>, Receipt), CallError> {
        self.machine.precompiles.next_transaction();
        let nonce = self.info(tx.from).nonce;
        let env = TxEnv::builder()
            .caller(tx.from)
            .kind(tx.to.map_or(TxKind::Create, TxKind::Call))
            .value(tx.value)
            .data(tx.data.clone())
            .gas_limit(tx.gas_limit)
            .gas_price(BASE_FEE.into())
            .chain_id(Some(CHAIN_ID))
            .nonce(nonce)
            .build()
            .map_err(|error| CallError::Invalid(format!("{error:?}")))?;
        self.machine.ctx.set_tx(env);
        self.machine.ctx.chain.clear();
        let outcome = evm::transact(&mut self.machine);
        let state = self.machine.ctx.journal_mut().finalize();
        let outcome = outcome.map_err(|error| CallError::Invalid(error.to_string()))?;
        if commit {
            self.commit(state);
        }
        let intrinsic = intrinsic_gas(&tx);
        self.receipt(outcome, intrinsic)
    }

    pub(crate) fn commit(&mut self, state: EvmState) {
        self.state().commit(state);
    }

    fn receipt(
        &self,
        result: ExecutionResult,
        intrinsic: u64,
    ) -> Result<(Option<Address>, Receipt), CallError> {
        let gas_used = result.tx_gas_used();
        match result {
            ExecutionResult::Success { gas, logs, output, .. } => {
                let (output, created) = match output {
                    Output::Call(output) => (output, None),
                    Output::Create(output, created) => (output, created),
                };
                let logs = logs.into_iter().map(Log::from);
                let execution_gas = gas.total_gas_spent().saturating_sub(intrinsic);
                let ink = self.machine.precompiles.ink_used;
                Ok((created, Receipt { output, gas_used, execution_gas, ink, logs: logs.collect() }))
            }
            ExecutionResult::Revert { output, .. } => Err(CallError::Revert { data: output, gas_used }),
            ExecutionResult::Halt { reason, .. } => {
                Err(CallError::Halt { reason: format!("{reason:?}"), gas_used })
            }
        }
    }

    fn open_block(&mut self) {
        let l1 = L1_START + self.timestamp.saturating_sub(START) / L1_SECONDS;
        let block = BlockEnv {
            number: U256::from(l1),
            timestamp: U256::from(self.timestamp),
            beneficiary: SEQUENCER,
            basefee: BASE_FEE,
            gas_limit: 1 << 50,
            prevrandao: Some(B256::ZERO),
            ..BlockEnv::default()
        };
        self.machine.ctx.set_block(block);
        self.machine.precompiles.programs.next_block();
    }

    fn state(&mut self) -> &mut CacheDB<EmptyDB> {
        self.machine.ctx.db_mut()
    }

    fn info(&mut self, account: Address) -> AccountInfo {
        self.state().basic(account).expect("an in-memory state does not fail").unwrap_or_default()
    }
}

/// Gas that a transaction costs before it runs.
fn intrinsic_gas(tx: &Tx) -> u64 {
    let bytes: u64 = tx.data.iter().fold(0, |sum, byte| sum + if *byte == 0 { 4 } else { 16 });
    let create = if tx.to.is_none() { 32_000 + 2 * (tx.data.len() as u64).div_ceil(32) } else { 0 };
    21_000 + bytes + create
}
