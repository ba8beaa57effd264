//! Transactions and calls run again, with their frames recorded.

use alloy_primitives::TxHash;
use host::{Executed, Trace, World};

use super::{At, Chain, Request, call_of};
use crate::rpc::RpcError;

/// A transaction or call, and its frames; a transaction that runs no frame has none.
pub(crate) struct Traced {
    pub(crate) executed: Executed,
    pub(crate) trace: Option<Trace>,
    /// Gas limit of the transaction.
    pub(crate) gas_limit: u64,
}

impl Chain {
    /// Runs a mined transaction again, after those before it in its block.
    ///
    /// # Errors
    /// When there is no such transaction or the state that it found is no longer kept.
    pub(crate) fn trace_mined(&mut self, hash: TxHash) -> Result<Traced, RpcError> {
        let unknown = || RpcError::refused("transaction not found");
        let (number, index) = self.position(hash).ok_or_else(unknown)?;
        let block = self.block(number).ok_or_else(unknown)?;
        let before = block.before;
        let mut calls: Vec<_> =
            block.transactions.iter().take(index + 1).map(|mined| call_of(&mined.tx)).collect();
        let (call, terms) = calls.pop().ok_or_else(unknown)?;
        let traced = self.look_back(At::Block(number), before, |world| {
            for (call, terms) in calls {
                world.execute(call, terms)?;
            }
            let gas_limit = call.gas_limit;
            traced(world, gas_limit, |world| world.execute(call, terms))
        })?;
        Ok(traced?)
    }

    /// Runs a call, with its frames recorded.
    ///
    /// # Errors
    /// As [`Chain::call`], but a call that fails is traced too.
    pub(crate) fn trace_call(&mut self, request: &Request) -> Result<Traced, RpcError> {
        let (call, terms) = request.tx()?;
        let gas_limit = call.gas_limit;
        let traced =
            self.prepared(request, |world| traced(world, gas_limit, |world| world.try_out(call, terms)))?;
        Ok(traced?)
    }
}

fn traced(
    world: &mut World,
    gas_limit: u64,
    run: impl FnOnce(&mut World) -> Result<Executed, host::CallError>,
) -> Result<Traced, host::CallError> {
    world.set_tracing(true);
    let executed = run(world);
    world.set_tracing(false);
    Ok(Traced { executed: executed?, trace: world.take_trace(), gas_limit })
}
