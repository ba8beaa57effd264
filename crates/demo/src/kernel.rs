//! The option kernel's own program on the host: `tests/kernel`, called with records of words.

use alloy_primitives::Address;
use anyhow::{Result, bail};
use host::World;

use crate::stage::artifacts::wasm;

/// Ink in a unit of gas.
const INK: f64 = 10_000.0;

/// What the program computes; its records are in `tests/kernel/src/lib.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Function {
    /// Call and put with greeks.
    Value = 0,
    /// Sums over the strikes of an expiry.
    Book = 1,
    /// The same, with deltas at two moved spots.
    BookMoved = 2,
    /// e^-x.
    Exp = 3,
    /// ln x.
    Ln = 4,
    /// sqrt x.
    Sqrt = 5,
    /// The normal distribution function.
    Normal = 6,
    /// A book in 27 scenarios.
    Stress = 7,
    /// Implied vol.
    Implied = 8,
    /// Nothing, on records of the size of `Value`'s.
    Copy = 9,
}

/// A world with the program in it.
pub struct Kernel {
    world: World,
    from: Address,
    program: Address,
}

impl Kernel {
    /// Deploys the release WASM.
    ///
    /// # Errors
    /// When it has not been built or does not activate.
    pub fn deploy() -> Result<Self> {
        let mut world = World::new();
        let from = world.account("kernel");
        let program = world.deploy_wasm(from, &wasm("kernel_program")?, None)?;
        world.set_cached(program, true);
        Ok(Self { world, from, program })
    }

    /// The answers to records of words, and the ink of the program.
    ///
    /// # Errors
    /// When the program fails or answers no whole words.
    pub fn run(&mut self, function: Function, words: &[u64]) -> Result<(Vec<u64>, u64)> {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        let calldata: Vec<u8> = std::iter::once(function as u8).chain(bytes).collect();
        let receipt = self.world.view(self.from, self.program, calldata)?;
        let (answers, rest) = receipt.output.as_chunks::<8>();
        if !rest.is_empty() {
            bail!("an answer of {} bytes", receipt.output.len());
        }
        Ok((answers.iter().map(|word| u64::from_le_bytes(*word)).collect(), receipt.ink))
    }

    /// Gas of what `more` words bring beyond `words` [gas, to 1e-4].
    ///
    /// # Errors
    /// As [`Kernel::run`].
    pub fn gas_of(&mut self, function: Function, words: &[u64], more: &[u64]) -> Result<f64> {
        let (_, before) = self.run(function, words)?;
        let (_, after) = self.run(function, &[words, more].concat())?;
        Ok((after - before) as f64 / INK)
    }
}
