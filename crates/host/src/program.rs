//! Compiled programs and the block's list of recent ones.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use alloy_primitives::{B256, keccak256};

use crate::activate::{Activation, activate};
use crate::engine::Compiled;
use crate::error::DeployError;
use crate::meter::instrument;
use crate::normalise::normalise;
use crate::shared::Shared;

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
    /// Of the module.
    pub(crate) hash: B256,
    pub(crate) module: Arc<Compiled>,
    pub(crate) info: ProgramInfo,
}

/// A module that has passed activation.
#[derive(Clone)]
struct Ready {
    hash: B256,
    activation: Activation,
    module: Arc<Compiled>,
}

/// Modules that the process has compiled.
static READY: Shared<Ready> = Shared::new();

/// What a compiled program is known by once it is deployed, wherever that is: keccak256 of the normalised module.
///
/// # Errors
/// When it is no module.
pub fn module_hash(wasm: &[u8]) -> Result<B256, DeployError> {
    normalise(wasm).map(keccak256)
}

/// Checks, meters and compiles a module, once for all worlds.
fn ready(wasm: &[u8]) -> Result<Ready, DeployError> {
    READY.of(wasm, |wasm| {
        let activation = activate(wasm)?;
        let module = Arc::new(Compiled::new(&instrument(wasm)?)?);
        Ok(Ready { hash: keccak256(wasm), activation, module })
    })
}

/// Programs by code hash. Clones share the compiled modules.
#[derive(Clone)]
pub(crate) struct Programs {
    active: HashMap<B256, Arc<Program>>,
    recent: VecDeque<B256>,
}

/// Programs that a block remembers.
const RECENT: usize = 32;

impl Programs {
    pub(crate) fn new() -> Self {
        Self { active: HashMap::new(), recent: VecDeque::new() }
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
        let Ready { hash: module_hash, activation, module } = ready(wasm)?;
        let info =
            ProgramInfo { wasm_bytes: wasm.len(), compressed_bytes: compressed, fragments, activation };
        self.active.insert(hash, Arc::new(Program { hash: module_hash, module, info: info.clone() }));
        Ok(info)
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<Arc<Program>> {
        self.active.get(hash).cloned()
    }

    /// Whether a call is priced as cached, which a program in the chain's cache is; it counts as recent from then on.
    pub(crate) fn touch(&mut self, hash: B256, cached: bool) -> bool {
        let recent = self.recent.iter().position(|known| *known == hash);
        if let Some(at) = recent {
            self.recent.remove(at);
        }
        self.recent.push_front(hash);
        self.recent.truncate(RECENT);
        recent.is_some() || cached
    }

    /// A new block remembers no program.
    pub(crate) fn next_block(&mut self) {
        self.recent.clear();
    }
}
