//! The chain on the desk.

mod deploy;
mod dump;
mod history;
mod transact;

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use revm::bytecode::Bytecode;
use revm::context::{BlockEnv, CfgEnv};
use revm::context_interface::{Cfg, ContextSetters, ContextTr, JournalTr};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::instructions::EthInstructions;
use revm::state::{AccountInfo, EvmState};
use revm::{Database, DatabaseCommit};

use crate::code;
use crate::evm::{Context, Machine, SPEC, Stylus};
use crate::lifecycle::CHAIN_STATE;
use crate::precompiles::{self, Chain};
use history::History;

pub use deploy::{Packed, Root};
pub use dump::DumpedAccount;
pub use history::Mark;
pub use transact::{Executed, Log, Receipt, Terms, Tx};

/// Arbitrum One.
const CHAIN_ID: u64 = 42_161;
/// The sequencer's address, which every block names as its beneficiary.
pub const SEQUENCER: Address = address!("a4b000000000000000000073657175656e636572");
/// The chain's cap on a transaction's gas.
pub const TX_GAS: u64 = 32_000_000;
/// The chain's least base fee [wei per gas].
pub const BASE_FEE: u64 = 10_000_000;
/// The L1 block that block 0 of the world falls into, and its time.
const L1_START: u64 = 900_000;
const START: u64 = 1_420_070_400;
const L1_SECONDS: u64 = 12;

/// A saved world.
#[derive(Clone)]
pub struct Snapshot {
    state: CacheDB<EmptyDB>,
    stylus: Stylus,
    timestamp: u64,
}

/// The block that calls run in.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Its number on this chain; `block.number` of a contract is the L1's.
    pub number: u64,
    /// Its time [unix seconds].
    pub timestamp: u64,
    /// Hashes of up to 256 blocks before it, newest first.
    pub parents: Vec<B256>,
}

/// One chain: accounts, programs, time. Calls between two changes of time share a block.
pub struct World {
    pub(crate) machine: Machine,
    timestamp: u64,
    base_fee: u64,
    history: Option<History>,
    /// The mark that is being looked at, and the present.
    looking: Option<(Mark, Mark)>,
    /// Logs of every committed transaction, while they are kept.
    kept: Option<Vec<Log>>,
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
        // A contract may be impersonated.
        cfg.disable_eip3607 = true;
        // Programs begin with EF; any other code that does is refused by the RETURN of `evm`.
        cfg.disable_eip3541 = true;
        cfg.limit_contract_code_size = Some(code::ACCOUNT_LIMIT);
        cfg.tx_gas_limit_cap = Some(TX_GAS);
        let context = Context::new(CacheDB::default(), SPEC).with_cfg(cfg);
        let instructions = EthInstructions::new_mainnet_with_spec(SPEC);
        let machine = Machine::new(context, instructions, Stylus::new());
        let (timestamp, base_fee) = (START, BASE_FEE);
        let mut world = Self { machine, timestamp, base_fee, history: None, looking: None, kept: None };
        for account in precompiles::ADDRESSES.into_iter().chain([CHAIN_STATE]) {
            // Solidity checks that a callee has code: the chain gives these the invalid instruction.
            let info = AccountInfo { nonce: 1, ..AccountInfo::default() };
            world.put(account, info.with_code(Bytecode::new_legacy(precompiles::CODE)));
        }
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
        self.put(account, info);
    }

    /// Next nonce of an account.
    pub fn nonce(&mut self, account: Address) -> u64 {
        self.info(account).nonce
    }

    /// Sets the next nonce of an account.
    pub fn set_nonce(&mut self, account: Address, nonce: u64) {
        let info = AccountInfo { nonce, ..self.info(account) };
        self.put(account, info);
    }

    /// Code of an account.
    pub fn code(&mut self, account: Address) -> Bytes {
        self.info(account).code.map(|code| code.original_bytes()).unwrap_or_default()
    }

    /// Sets the code of an account; a program must still be activated.
    pub fn set_code(&mut self, account: Address, code: Bytes) {
        let info = AccountInfo { code: None, ..self.info(account) }.with_code(dump::bytecode(code));
        self.put(account, info);
    }

    /// A storage slot.
    pub fn storage(&mut self, account: Address, slot: U256) -> U256 {
        self.state().storage(account, slot).expect("an in-memory state does not fail")
    }

    /// Sets a storage slot.
    pub fn set_storage(&mut self, account: Address, slot: U256, value: U256) {
        self.note(account, [slot]);
        self.state().insert_account_storage(account, slot, value).expect("an in-memory state does not fail");
    }

    /// A digest of an account: balance, nonce, code and every slot that is not zero.
    pub fn digest(&mut self, account: Address) -> B256 {
        let info = self.info(account);
        let mut bytes = info.balance.to_be_bytes_vec();
        bytes.extend(info.nonce.to_be_bytes());
        bytes.extend(info.code_hash);
        self.put_slots(account, &mut bytes);
        keccak256(bytes)
    }

    /// A digest of every slot of an account that is not zero.
    pub fn storage_digest(&mut self, account: Address) -> B256 {
        let mut bytes = Vec::new();
        self.put_slots(account, &mut bytes);
        keccak256(bytes)
    }

    fn put_slots(&mut self, account: Address, bytes: &mut Vec<u8>) {
        let slots = self.state().cache.accounts.get(&account).map(|account| &account.storage);
        let mut slots: Vec<(U256, U256)> = slots
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_zero())
            .map(|(slot, value)| (*slot, *value))
            .collect();
        slots.sort_unstable();
        for (slot, value) in slots {
            bytes.extend(slot.to_be_bytes::<32>());
            bytes.extend(value.to_be_bytes::<32>());
        }
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

    /// Opens a block that may lie before or after the current one.
    pub fn enter(&mut self, block: &Block) {
        self.timestamp = block.timestamp;
        let chain = &mut self.machine.precompiles.chain;
        *chain = Chain { block: block.number, timestamp: block.timestamp, parents: block.parents.clone() };
        self.open_block();
    }

    /// Changes what calls see of the current block: the L1 block's number and the time.
    pub fn adjust_block(&mut self, l1_number: Option<u64>, timestamp: Option<u64>) {
        let block = &mut self.machine.ctx.block;
        if let Some(number) = l1_number {
            block.number = U256::from(number);
        }
        if let Some(timestamp) = timestamp {
            block.timestamp = U256::from(timestamp);
            self.machine.precompiles.chain.timestamp = timestamp;
        }
    }

    /// The L1 block that a time falls into.
    #[must_use]
    pub fn l1_block(timestamp: u64) -> u64 {
        L1_START + timestamp.saturating_sub(START) / L1_SECONDS
    }

    /// The chain's id, at first Arbitrum One's.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.machine.ctx.cfg().chain_id()
    }

    /// Sets the chain's id.
    pub fn set_chain_id(&mut self, chain_id: u64) {
        self.machine.ctx.modify_cfg(|cfg| cfg.chain_id = chain_id);
    }

    /// What every transaction pays: tips are not taken [wei per gas].
    #[must_use]
    pub fn base_fee(&self) -> u64 {
        self.base_fee
    }

    /// Sets the base fee from the current block on, at least the chain's least: what congestion does on a chain [wei per gas].
    pub fn set_base_fee(&mut self, base_fee: u64) {
        self.base_fee = base_fee.max(BASE_FEE);
        self.machine.ctx.block.basefee = self.base_fee;
    }

    /// The present point of the history. From the first one on, changes are recorded.
    pub fn mark(&mut self) -> Mark {
        self.history.get_or_insert_default().mark()
    }

    /// Whether the state at a mark can still be shown.
    #[must_use]
    pub fn reaches(&self, mark: Mark) -> bool {
        self.history.as_ref().is_some_and(|history| history.reaches(mark))
    }

    /// Undoes every change since a mark. The block stays.
    pub fn rewind(&mut self, mark: Mark) {
        if let Some(history) = &mut self.history {
            let state = self.machine.ctx.db_mut();
            history.undo(state, mark);
            history.truncate(mark);
        }
    }

    /// Shows the state as it was at a mark.
    pub fn at<T>(&mut self, mark: Mark, look: impl FnOnce(&mut Self) -> T) -> T {
        let now = self.mark();
        if let Some(history) = &mut self.history {
            history.undo(self.machine.ctx.db_mut(), mark);
        }
        self.looking = Some((mark, now));
        let seen = look(self);
        self.looking = None;
        self.return_from(mark, now);
        seen
    }

    fn return_from(&mut self, past: Mark, now: Mark) {
        self.rewind(now);
        if let Some(history) = &mut self.history {
            history.redo(self.machine.ctx.db_mut(), past);
        }
    }

    /// Gives up the history before a mark.
    pub fn forget(&mut self, before: Mark) {
        if let Some(history) = &mut self.history {
            history.forget(before);
        }
    }

    /// Drops what a call or a look into the past that did not come to its end left behind.
    pub fn abandon(&mut self) {
        if let Some((past, now)) = self.looking.take() {
            self.return_from(past, now);
        }
        self.machine.ctx.modify_cfg(|cfg| cfg.disable_balance_check = false);
        self.machine.ctx.journal_mut().discard_tx();
        let _ = self.machine.ctx.journal_mut().finalize();
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

    fn open_block(&mut self) {
        let block = BlockEnv {
            number: U256::from(Self::l1_block(self.timestamp)),
            timestamp: U256::from(self.timestamp),
            beneficiary: SEQUENCER,
            basefee: self.base_fee,
            gas_limit: 1 << 50,
            prevrandao: Some(B256::ZERO),
            ..BlockEnv::default()
        };
        self.machine.ctx.set_block(block);
        self.machine.precompiles.chain.timestamp = self.timestamp;
        self.machine.precompiles.programs.next_block();
    }

    fn put(&mut self, account: Address, info: AccountInfo) {
        self.note(account, []);
        self.state().insert_account_info(account, info);
    }

    fn note<const N: usize>(&mut self, account: Address, slots: [U256; N]) {
        if let Some(history) = &mut self.history {
            history.note(self.machine.ctx.db(), account, slots);
        }
    }

    pub(crate) fn commit(&mut self, state: EvmState) {
        if let Some(history) = &mut self.history {
            history.note_outcome(self.machine.ctx.db(), &state);
        }
        self.state().commit(state);
    }

    fn state(&mut self) -> &mut CacheDB<EmptyDB> {
        self.machine.ctx.db_mut()
    }

    fn info(&mut self, account: Address) -> AccountInfo {
        self.state().basic(account).expect("an in-memory state does not fail").unwrap_or_default()
    }
}
