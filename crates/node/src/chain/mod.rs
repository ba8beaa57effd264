//! The chain that a node keeps: blocks over a simulated world, transactions that wait, and the clock.

mod block;
mod call;
mod filter;
mod genesis;
mod mine;
mod pool;
mod save;
mod submit;
mod trace;

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_consensus::TxEnvelope;
use alloy_consensus::transaction::Recovered;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, TxHash, U256};
use anyhow::Context as _;
use host::{Mark, World};
use tokio::sync::{broadcast, watch};

use crate::accounts::Wallets;
use crate::config::Config;
use crate::rpc::RpcError;
use block::Block;
use filter::Filters;
use pool::Pool;

pub(crate) use block::Mined;
pub(crate) use call::Request;
pub(crate) use filter::Interest;
pub(crate) use save::Saved;
pub(crate) use submit::call_of;
pub(crate) use trace::Traced;

/// Blocks whose state can still be shown.
const HISTORY: usize = 10_000;
/// Events that a slow subscriber may be behind.
const EVENTS: usize = 4_096;

/// What subscribers hear of.
#[derive(Clone)]
pub(crate) enum Event {
    /// A block was mined.
    Mined(u64),
    /// A transaction waits.
    Pending(Box<Recovered<TxEnvelope>>),
}

/// A block to look at, found by what a client calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A mined block.
    Block(u64),
    /// The block that would be mined now.
    Pending,
}

/// How the clock differs from the machine's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    pub(crate) offset: i64,
    /// What the next block must show.
    pub(crate) next: Option<u64>,
}

/// See the module.
pub(crate) struct Chain {
    pub(crate) world: World,
    pub(crate) wallets: Wallets,
    pub(crate) clock: Clock,
    pub(crate) automine: bool,
    pub(crate) pool: Pool,
    pub(crate) filters: Filters,
    blocks: Vec<Block>,
    by_hash: HashMap<B256, u64>,
    by_transaction: HashMap<TxHash, (u64, usize)>,
    snapshots: Vec<Option<save::Snapshot>>,
    events: broadcast::Sender<Event>,
    /// How often the server mines by itself.
    pub(crate) interval: watch::Sender<Option<Duration>>,
    /// The transaction that is running, to be dropped should the host fail on it.
    running: Option<TxHash>,
    config: Config,
}

impl Chain {
    /// A chain with its genesis block.
    ///
    /// # Errors
    /// A mnemonic that is none.
    pub(crate) fn new(config: Config, interval: watch::Sender<Option<Duration>>) -> anyhow::Result<Self> {
        let mut chain = Self {
            world: World::new(),
            wallets: Wallets::new(&config.mnemonic, config.accounts).context("the mnemonic is not valid")?,
            clock: Clock::default(),
            automine: !config.no_mining && config.block_time.is_none(),
            pool: Pool::default(),
            filters: Filters::default(),
            blocks: Vec::new(),
            by_hash: HashMap::new(),
            by_transaction: HashMap::new(),
            snapshots: Vec::new(),
            events: broadcast::channel(EVENTS).0,
            interval,
            running: None,
            config,
        };
        chain.genesis()?;
        Ok(chain)
    }

    fn genesis(&mut self) -> anyhow::Result<()> {
        let balance = U256::from(self.config.balance) * U256::from(10_u64.pow(18));
        self.world = genesis::world(self.config.chain_id, &self.wallets.addresses(), balance)?;
        let now = machine_time();
        let start = self.config.timestamp.unwrap_or(now);
        self.clock = Clock { offset: start as i64 - now as i64, next: None };
        let before = self.world.mark();
        self.blocks.clear();
        self.by_hash.clear();
        self.by_transaction.clear();
        self.pool.clear();
        self.push(Block::seal(None, start, self.world.base_fee(), before, Vec::new()));
        self.enter(At::Block(0));
        Ok(())
    }

    /// Starts anew, as it was started.
    ///
    /// # Errors
    /// As [`Chain::new`].
    pub(crate) fn reset(&mut self) -> anyhow::Result<()> {
        self.snapshots.clear();
        self.filters = Filters::default();
        self.automine = !self.config.no_mining && self.config.block_time.is_none();
        self.interval.send_replace(self.config.block_time.map(Duration::from_secs));
        self.genesis()
    }

    fn push(&mut self, block: Block) {
        let number = block.header.number;
        self.by_hash.insert(block.hash, number);
        for (index, mined) in block.transactions.iter().enumerate() {
            self.by_transaction.insert(mined.receipt.transaction_hash, (number, index));
        }
        self.blocks.push(block);
        if let Some(oldest) = self.blocks.len().checked_sub(HISTORY).and_then(|at| self.blocks.get(at)) {
            self.world.forget(oldest.before);
        }
    }

    fn publish(&self, event: Event) {
        // Nobody listening is no failure.
        let _ = self.events.send(event);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Number of the last block.
    pub(crate) fn head(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    pub(crate) fn block(&self, number: u64) -> Option<&Block> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn block_by_hash(&self, hash: B256) -> Option<&Block> {
        self.by_hash.get(&hash).and_then(|number| self.block(*number))
    }

    /// Block and index of a mined transaction.
    pub(crate) fn position(&self, hash: TxHash) -> Option<(u64, usize)> {
        self.by_transaction.get(&hash).copied()
    }

    /// A mined transaction.
    pub(crate) fn mined(&self, hash: TxHash) -> Option<&Mined> {
        let (number, index) = self.position(hash)?;
        self.block(number)?.transactions.get(index)
    }

    /// Finds what a client calls a block; none if there is no such block. The last block is final: there are no reorganisations.
    pub(crate) fn find(&self, id: BlockId) -> Option<At> {
        let number = match id {
            BlockId::Hash(hash) => *self.by_hash.get(&hash.block_hash)?,
            BlockId::Number(BlockNumberOrTag::Pending) => return Some(At::Pending),
            BlockId::Number(BlockNumberOrTag::Number(number)) => number,
            BlockId::Number(BlockNumberOrTag::Earliest) => 0,
            BlockId::Number(_) => self.head(),
        };
        self.block(number).map(|_| At::Block(number))
    }

    /// Looks at the state of a block, in its environment.
    ///
    /// # Errors
    /// When there is no such block or its state is no longer kept.
    pub(crate) fn look<T>(
        &mut self,
        id: Option<BlockId>,
        look: impl FnOnce(&mut World) -> T,
    ) -> Result<T, RpcError> {
        let at = self.find(id.unwrap_or_default()).ok_or_else(|| RpcError::refused("header not found"))?;
        match self.mark_of(at) {
            Some(mark) => self.look_back(at, mark, look),
            None => Ok(self.within(at, look)),
        }
    }

    /// Looks at the state at a mark, in the environment of a block.
    fn look_back<T>(
        &mut self,
        at: At,
        mark: Mark,
        look: impl FnOnce(&mut World) -> T,
    ) -> Result<T, RpcError> {
        if !self.world.reaches(mark) {
            return Err(RpcError::refused(format!(
                "missing trie node: the state of this block is gone, {HISTORY} blocks are kept"
            )));
        }
        self.enter(at);
        let seen = self.world.at(mark, look);
        self.enter(At::Block(self.head()));
        Ok(seen)
    }

    /// Where the state of a block ends; none if it is the present.
    fn mark_of(&self, at: At) -> Option<Mark> {
        let At::Block(number) = at else { return None };
        self.block(number + 1).map(|next| next.before)
    }

    fn within<T>(&mut self, at: At, look: impl FnOnce(&mut World) -> T) -> T {
        self.enter(at);
        let mark = self.world.mark();
        let seen = look(&mut self.world);
        self.world.rewind(mark);
        self.enter(At::Block(self.head()));
        seen
    }

    fn enter(&mut self, at: At) {
        let environment = self.environment(at);
        self.world.enter(&environment);
    }

    fn environment(&self, at: At) -> host::Block {
        let (number, timestamp) = match at {
            At::Block(number) => (number, self.block(number).map_or(0, |block| block.header.timestamp)),
            At::Pending => (self.head() + 1, self.next_timestamp()),
        };
        let before = self.blocks.iter().take(usize::try_from(number).unwrap_or(usize::MAX)).rev();
        let parents = before.take(256).map(|block| block.hash).collect();
        host::Block { number, timestamp, parents }
    }

    /// Time of the block that would be mined now: blocks of one second share it.
    pub(crate) fn next_timestamp(&self) -> u64 {
        let last = self.blocks.last().map_or(0, |block| block.header.timestamp);
        self.clock.next.unwrap_or_else(|| machine_time().saturating_add_signed(self.clock.offset)).max(last)
    }

    /// The next nonce of an account, with those that wait.
    pub(crate) fn pending_nonce(&mut self, account: Address) -> u64 {
        let next = self.world.nonce(account);
        self.pool.next_nonce(account, next)
    }
}

/// The machine's clock [unix seconds].
pub(crate) fn machine_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
