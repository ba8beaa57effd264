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
        let record = Record::unpack(self.storage(CHAIN_STATE, Record::slot(hash))).with_cached(cached);
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
