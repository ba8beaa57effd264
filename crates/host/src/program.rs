//! Activated programs and the block's list of recent ones.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use alloy_primitives::{B256, keccak256};

use crate::activate::{Activation, activate};
use crate::engine::Compiled;
use crate::error::DeployError;
use crate::meter::instrument;

/// What can be seen of a deployed program.
#[derive(Clone, Debug)]
pub struct ProgramInfo {
    /// The deployed module, normalised [bytes].
    pub wasm_bytes: usize,
    /// Its length after brotli.
    pub compressed_bytes: usize,
    /// Accounts that hold it, the root not counted.
    pub fragments: usize,
    /// What activation found.
    pub activation: Activation,
}

/// An activated program, ready to run.
pub(crate) struct Program {
    pub(crate) module: Arc<Compiled>,
    pub(crate) info: ProgramInfo,
}

/// A module that has passed activation.
#[derive(Clone)]
struct Ready {
    activation: Activation,
    module: Arc<Compiled>,
}

/// Modules that the process has compiled, newest first, by their hash: worlds that deploy the same module share it.
static READY: LazyLock<Mutex<VecDeque<(B256, Ready)>>> = LazyLock::new(Mutex::default);
/// How many of them are kept.
const KEPT: usize = 64;

/// Checks, meters and compiles a module, once for all worlds.
fn ready(wasm: &[u8]) -> Result<Ready, DeployError> {
    let hash = keccak256(wasm);
    // The lock is held while the module is compiled, so that no other thread compiles it as well.
    let mut known = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, ready)) = known.iter().find(|(other, _)| *other == hash) {
        return Ok(ready.clone());
    }
    let activation = activate(wasm)?;
    let module = Arc::new(Compiled::new(&instrument(wasm)?)?);
    let ready = Ready { activation, module };
    known.push_front((hash, ready.clone()));
    known.truncate(KEPT);
    Ok(ready)
}

/// Programs by code hash. Clones share the compiled modules.
#[derive(Clone)]
pub(crate) struct Programs {
    active: HashMap<B256, Arc<Program>>,
    cached: HashSet<B256>,
    recent: VecDeque<B256>,
}

/// Programs that a block remembers.
const RECENT: usize = 32;

impl Programs {
    pub(crate) fn new() -> Self {
        Self { active: HashMap::new(), cached: HashSet::new(), recent: VecDeque::new() }
    }

    /// Checks, meters and compiles a program.
    pub(crate) fn activate(
        &mut self,
        hash: B256,
        wasm: &[u8],
        compressed: usize,
        fragments: usize,
    ) -> Result<ProgramInfo, DeployError> {
        if let Some(program) = self.active.get(&hash) {
            return Ok(program.info.clone());
        }
        let Ready { activation, module } = ready(wasm)?;
        let info =
            ProgramInfo { wasm_bytes: wasm.len(), compressed_bytes: compressed, fragments, activation };
        self.active.insert(hash, Arc::new(Program { module, info: info.clone() }));
        Ok(info)
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<Arc<Program>> {
        self.active.get(hash).cloned()
    }

    /// Puts a program in the cache, or out of it.
    pub(crate) fn set_cached(&mut self, hash: B256, cached: bool) {
        if cached {
            self.cached.insert(hash);
        } else {
            self.cached.remove(&hash);
        }
    }

    /// Whether a call is priced as cached; the program counts as recent from then on.
    pub(crate) fn touch(&mut self, hash: B256) -> bool {
        let recent = self.recent.iter().position(|known| *known == hash);
        if let Some(at) = recent {
            self.recent.remove(at);
        }
        self.recent.push_front(hash);
        self.recent.truncate(RECENT);
        recent.is_some() || self.cached.contains(&hash)
    }

    /// A new block remembers no program.
    pub(crate) fn next_block(&mut self) {
        self.recent.clear();
    }
}
