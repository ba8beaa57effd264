//! What motsu does not keep: time, who started the transaction, which contracts are open, what may be written, and transient storage.
//! One world for each thread, as motsu has one VM for each.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use alloy_primitives::{Address, B256, U256};
use stylus_sdk::ArbResult;

/// Start of every chain: 1 January 2025, as in motsu [s].
const GENESIS: u64 = 1_735_689_600;

/// State of the thread's chain beyond what motsu keeps.
#[derive(Clone)]
pub(crate) struct World {
    /// [s]
    pub(crate) timestamp: u64,
    pub(crate) block: u64,
    /// Whether an open contract is refused before its router runs, as the SDK's entrypoint does without its feature `reentrant`.
    pub(crate) sdk_guard: bool,
    /// Sender of the transaction while a nested call runs.
    origin: Option<Address>,
    /// Contracts that wait for a call they made, outermost first.
    waiting: Vec<Address>,
    frame: Frame,
    /// What the last finished frame answers, until its caller takes it.
    answer: Option<ArbResult>,
    transient: HashMap<(Address, B256), B256>,
    /// Slots that were ever written, in frames that failed too.
    written: BTreeSet<(Address, U256)>,
}

/// The call that is running.
#[derive(Clone, Default)]
struct Frame {
    read_only: bool,
    /// A forbidden act of a hostio that cannot unwind: the frame will revert.
    trapped: bool,
    /// Return data buffer.
    returned: Vec<u8>,
}

/// What a frame puts back when it ends.
pub(crate) struct Outer {
    frame: Frame,
    transient: HashMap<(Address, B256), B256>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            timestamp: GENESIS,
            block: 1,
            sdk_guard: true,
            origin: None,
            waiting: Vec::new(),
            frame: Frame::default(),
            answer: None,
            transient: HashMap::new(),
            written: BTreeSet::new(),
        }
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// Looks at or changes the thread's world. Not to be nested.
pub(crate) fn with<T>(look: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(look)
}

impl World {
    /// Starts a transaction, unless one is running: nothing transient is left of the last.
    pub(crate) fn begin(&mut self) {
        if self.waiting.is_empty() {
            self.transient.clear();
            self.frame = Frame::default();
            self.answer = None;
        }
    }

    /// Opens a frame: its return data buffer is empty, and it may write what its caller may.
    pub(crate) fn open(&mut self) -> Outer {
        let read_only = self.frame.read_only;
        let inner = Frame { read_only, ..Frame::default() };
        Outer { frame: std::mem::replace(&mut self.frame, inner), transient: self.transient.clone() }
    }

    /// Closes a frame. A trap makes it revert; a revert undoes its transient stores.
    pub(crate) fn close(&mut self, outer: Outer, result: ArbResult) -> ArbResult {
        let result = if self.frame.trapped { Err(Vec::new()) } else { result };
        self.frame = outer.frame;
        if result.is_err() {
            self.transient = outer.transient;
        }
        result
    }

    /// Whether `contract` waits for a call that it made.
    pub(crate) fn is_open(&self, contract: Address) -> bool {
        self.waiting.contains(&contract)
    }

    /// Before a call: `caller` waits, and the callee may write only if the caller may and the call is not static.
    pub(crate) fn leave(&mut self, caller: Address, sender: Address, read_only: bool) -> Leaving {
        let leaving = Leaving { read_only: self.frame.read_only, origin: self.origin };
        self.origin.get_or_insert(sender);
        self.waiting.push(caller);
        self.frame.read_only |= read_only;
        leaving
    }

    /// After the call that [`World::leave`] announced; returns status and length of the answer, as a hostio does.
    pub(crate) fn come_back(&mut self, leaving: Leaving) -> (u8, usize) {
        self.waiting.pop();
        self.origin = leaving.origin;
        self.frame.read_only = leaving.read_only;
        let answer = self.answer.take().unwrap_or_else(|| Err(Vec::new()));
        self.receive(answer)
    }

    /// Puts an answer in the return data buffer.
    pub(crate) fn receive(&mut self, answer: ArbResult) -> (u8, usize) {
        let (status, data) = match answer {
            Ok(data) => (0, data),
            Err(data) => (1, data),
        };
        let length = data.len();
        self.frame.returned = data;
        (status, length)
    }

    /// Keeps a frame's answer for its caller: motsu replaces empty revert data.
    pub(crate) fn answer(&mut self, result: ArbResult) {
        self.answer = Some(result);
    }

    pub(crate) fn origin(&self) -> Option<Address> {
        self.origin
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.frame.read_only
    }

    pub(crate) fn returned(&self) -> &[u8] {
        &self.frame.returned
    }

    /// Notes that a slot is written.
    pub(crate) fn note(&mut self, contract: Address, slot: U256) {
        self.written.insert((contract, slot));
    }

    /// The slots of `contract` that were ever written.
    pub(crate) fn slots(&self, contract: Address) -> Vec<U256> {
        let slots = self.written.range((contract, U256::ZERO)..=(contract, U256::MAX));
        slots.map(|(_, slot)| *slot).collect()
    }

    pub(crate) fn transient_load(&self, contract: Address, key: B256) -> B256 {
        self.transient.get(&(contract, key)).copied().unwrap_or_default()
    }

    /// Stores, or marks the frame when it may not write.
    pub(crate) fn transient_store(&mut self, contract: Address, key: B256, value: B256) {
        if self.frame.read_only {
            self.frame.trapped = true;
        } else {
            self.transient.insert((contract, key), value);
        }
    }
}

/// What a call puts back when it returns.
pub(crate) struct Leaving {
    read_only: bool,
    origin: Option<Address>,
}
