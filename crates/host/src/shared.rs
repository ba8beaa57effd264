//! What the process works out once for all its worlds.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::{B256, keccak256};

/// How many results are kept.
const KEPT: usize = 64;

/// Results by the hash of the module that they were made of, newest first.
pub(crate) struct Shared<T>(Mutex<VecDeque<(B256, T)>>);

impl<T: Clone> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The result for a module, made now unless it is known. Failures are not kept.
    pub(crate) fn of<E>(&self, wasm: &[u8], make: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<T, E> {
        let hash = keccak256(wasm);
        // The lock is held meanwhile, so that no other thread makes it as well.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, made)) = known.iter().find(|(other, _)| *other == hash) {
            return Ok(made.clone());
        }
        let made = make(wasm)?;
        known.push_front((hash, made.clone()));
        known.truncate(KEPT);
        Ok(made)
    }
}
