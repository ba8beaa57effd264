//! Compiled programs and the block's list of recent ones.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use alloy_primitives::B256;

use crate::activate::{Activation, activate};
use crate::engine::{Compiled, Engine};
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
    pub(crate) module: Compiled,
    pub(crate) info: ProgramInfo,
}

/// Programs by code hash. Clones share the compiled modules.
#[derive(Clone)]
pub(crate) struct Programs {
    engine: Arc<Engine>,
    active: HashMap<B256, Arc<Program>>,
    recent: VecDeque<B256>,
}

/// Programs that a block remembers.
const RECENT: usize = 32;

impl Programs {
    pub(crate) fn new() -> Self {
        let engine = Arc::new(Engine::new());
        Self { engine, active: HashMap::new(), recent: VecDeque::new() }
    }

    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.engine.clone()
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
        let activation = activate(wasm)?;
        let metered = instrument(wasm)?;
        let module = self.engine.compile(&metered)?;
        let info =
            ProgramInfo { wasm_bytes: wasm.len(), compressed_bytes: compressed, fragments, activation };
        self.active.insert(hash, Arc::new(Program { module, info: info.clone() }));
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
