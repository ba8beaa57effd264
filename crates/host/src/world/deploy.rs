//! Deployment.

use alloy_primitives::{Address, Bytes, U256, keccak256};
use revm::bytecode::Bytecode;
use revm::state::AccountInfo;

use super::{TX_GAS, Terms, Tx, World};
use crate::code;
use crate::error::{CallError, DeployError};
use crate::lifecycle::{self, CHAIN_STATE, Record};
use crate::normalise::normalise;
use crate::program::ProgramInfo;
use crate::shared::Shared;

/// A compiled program as a chain takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packed {
    /// Code of one account.
    Whole(Bytes),
    /// Code of several accounts, in order, and what their root will be.
    Fragments(Vec<Bytes>, Root),
}

/// The root of a fragmented program, without the addresses of its fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    decompressed: usize,
}

/// Modules that the process has packed, which takes longer than most of what is done with them.
static PACKED: Shared<Packed> = Shared::new();

impl Packed {
    /// Normalises, compresses and splits a program, as cargo-stylus does.
    ///
    /// # Errors
    /// When it is no module, or needs more fragments than are allowed.
    pub fn new(wasm: &[u8]) -> Result<Self, DeployError> {
        PACKED.of(wasm, Self::pack)
    }

    fn pack(wasm: &[u8]) -> Result<Self, DeployError> {
        let normal = normalise(wasm)?;
        let packed = code::compress(&normal);
        let mut parts = code::split(&packed);
        match parts.len() {
            1 => Ok(Self::Whole(parts.remove(0))),
            2..=code::FRAGMENT_LIMIT => Ok(Self::Fragments(parts, Root { decompressed: normal.len() })),
            _ => Err(DeployError::TooLarge { compressed: packed.len() }),
        }
    }
}

impl Root {
    /// Code of the root when its fragments lie at these addresses.
    #[must_use]
    pub fn naming(self, fragments: &[Address]) -> Bytes {
        code::root(self.decompressed, fragments)
    }
}

impl World {
    /// Creates an EVM contract with a transaction.
    ///
    /// # Errors
    /// When the constructor reverts or the transaction is not valid.
    pub fn deploy_evm(&mut self, from: Address, init_code: &[u8]) -> Result<Address, CallError> {
        let data = Bytes::copy_from_slice(init_code);
        let tx = Tx { from, to: None, value: U256::ZERO, data, gas_limit: TX_GAS };
        let outcome = self.execute(tx, Terms::default())?;
        match outcome.failure {
            Some(failure) => Err(failure),
            None => outcome.created.ok_or_else(|| CallError::Invalid("no contract was created".into())),
        }
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
        let whole = match Packed::new(wasm)? {
            Packed::Whole(whole) => whole,
            Packed::Fragments(fragments, root) => {
                let placed: Vec<Address> = fragments.into_iter().map(|part| self.place(from, part)).collect();
                root.naming(&placed)
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
        let record = Record::unpack(self.storage(CHAIN_STATE, Record::slot(hash))).with_cached(cached);
        self.set_storage(CHAIN_STATE, Record::slot(hash), record.pack());
    }

    /// Leaves a program as one that was activated under older rules, as all are when the chain's version of Stylus rises: nobody can call
    /// it until it is activated again.
    pub fn outdate(&mut self, account: Address) {
        let hash = self.info(account).code_hash;
        let mut record = Record::unpack(self.storage(CHAIN_STATE, Record::slot(hash)));
        record.version = record.version.saturating_sub(1).max(1);
        self.set_storage(CHAIN_STATE, Record::slot(hash), record.pack());
    }

    /// Reads a deployed program back from its accounts and activates it, as anyone may. One that is active stays as it is.
    ///
    /// # Errors
    /// The activation rule that is broken.
    pub fn activate(&mut self, account: Address) -> Result<ProgramInfo, DeployError> {
        let root = self.code(account);
        let hash = self.info(account).code_hash;
        let slot = Record::slot(hash);
        let whole = lifecycle::assemble(&root, |part| self.code(part))?;
        let programs = &mut self.machine.precompiles.programs;
        let info = programs.activate(hash, &whole.wasm, whole.compressed, whole.fragments)?;
        if Record::unpack(self.storage(CHAIN_STATE, slot)).check(self.timestamp).is_err() {
            let record = Record::new(&info.activation, self.timestamp);
            self.set_storage(CHAIN_STATE, slot, record.pack());
        }
        Ok(info)
    }

    /// Puts code at the address that the sender's next creation would have. No gas is paid: the accounts are
    /// written directly.
    fn place(&mut self, from: Address, code: Bytes) -> Address {
        let sender = self.info(from);
        let address = from.create(sender.nonce);
        self.put(from, AccountInfo { nonce: sender.nonce + 1, ..sender });
        let account =
            AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_legacy(code));
        self.put(address, account);
        address
    }
}
