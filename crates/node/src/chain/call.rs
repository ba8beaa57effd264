//! Calls that change nothing: what a call would return, and what gas it would need.

use std::collections::BTreeMap;

use alloy_eips::BlockId;
use alloy_primitives::{Address, U256};
use alloy_rpc_types_eth::state::{AccountOverride, StateOverride};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest};
use host::{CallError, Executed, TX_GAS, Terms, Tx, World};

use super::Chain;
use crate::rpc::RpcError;

/// A call that was asked for.
pub(crate) struct Request {
    pub(crate) call: TransactionRequest,
    pub(crate) block: Option<BlockId>,
    pub(crate) state: Option<StateOverride>,
    pub(crate) environment: Option<BlockOverrides>,
}

impl Request {
    /// Refuses what would otherwise be passed over in silence.
    fn check(&self) -> Result<(), RpcError> {
        let call = &self.call;
        if call.authorization_list.is_some() || call.blob_versioned_hashes.is_some() || call.sidecar.is_some()
        {
            return Err(RpcError::invalid_params("calls with authorizations or blobs are not supported"));
        }
        let kept = self.environment.as_ref().map(|asked| (asked.number, asked.time));
        let supported =
            kept.map(|(number, time)| BlockOverrides { number, time, ..BlockOverrides::default() });
        if supported != self.environment {
            return Err(RpcError::invalid_params(
                "block overrides other than number and time are not supported",
            ));
        }
        for (address, account) in self.state.iter().flatten() {
            check_override(*address, account)?;
        }
        Ok(())
    }

    /// The call as the host takes it.
    pub(super) fn tx(&self) -> Result<(Tx, Terms), RpcError> {
        let call = &self.call;
        let data = call
            .input
            .clone()
            .try_into_unique_input()
            .map_err(|error| RpcError::invalid_params(error.to_string()))?;
        let tx = Tx {
            from: call.from.unwrap_or_default(),
            to: call.to.and_then(|to| to.into_to()),
            value: call.value.unwrap_or_default(),
            data: data.unwrap_or_default(),
            gas_limit: call.gas.unwrap_or(TX_GAS).min(TX_GAS),
        };
        let list = call.access_list.iter().flat_map(|list| list.0.iter());
        let access_list = list.map(|item| (item.address, item.storage_keys.clone())).collect();
        Ok((tx, Terms { nonce: None, access_list }))
    }
}

impl Chain {
    /// Runs a call and keeps nothing of it.
    ///
    /// # Errors
    /// When the call is not valid or fails.
    pub(crate) fn call(&mut self, request: &Request) -> Result<Executed, RpcError> {
        let (tx, terms) = request.tx()?;
        let outcome = self.prepared(request, |world| {
            check_value(world, &tx)?;
            let outcome = world.try_out(tx, terms)?;
            Ok::<_, RpcError>(outcome)
        })??;
        Ok(outcome)
    }

    /// The least gas limit with which a call succeeds, up to 1.5 % above it.
    ///
    /// # Errors
    /// When the call fails with any gas.
    pub(crate) fn estimate(&mut self, request: &Request) -> Result<u64, RpcError> {
        let (tx, terms) = request.tx()?;
        self.prepared(request, |world| {
            check_value(world, &tx)?;
            estimate(world, &tx, &terms)
        })?
    }

    /// Looks at the state that a request asks for, with its overrides.
    pub(crate) fn prepared<T>(
        &mut self,
        request: &Request,
        look: impl FnOnce(&mut World) -> T,
    ) -> Result<T, RpcError> {
        request.check()?;
        self.look(request.block, |world| {
            for (address, account) in request.state.iter().flatten() {
                apply(world, *address, account);
            }
            if let Some(environment) = &request.environment {
                world.adjust_block(environment.number.map(|number| number.saturating_to()), environment.time);
            }
            look(world)
        })
    }
}

fn check_value(world: &mut World, tx: &Tx) -> Result<(), RpcError> {
    let (have, want) = (world.balance(tx.from), tx.value);
    if have < want {
        let from = tx.from;
        return Err(RpcError::refused(format!(
            "insufficient funds for gas * price + value: address {from} have {have} want {want}"
        )));
    }
    Ok(())
}

fn check_override(address: Address, account: &AccountOverride) -> Result<(), RpcError> {
    if account.state.is_some() && account.state_diff.is_some() {
        return Err(RpcError::invalid_params(format!("account {address} has both 'state' and 'stateDiff'")));
    }
    if account.move_precompile_to.is_some() {
        return Err(RpcError::invalid_params(format!(
            "account {address}: movePrecompileToAddress is not supported"
        )));
    }
    Ok(())
}

fn apply(world: &mut World, address: Address, account: &AccountOverride) {
    if let Some(balance) = account.balance {
        world.set_balance(address, balance);
    }
    if let Some(nonce) = account.nonce {
        world.set_nonce(address, nonce);
    }
    if let Some(code) = &account.code {
        world.set_code(address, code.clone());
    }
    if let Some(slots) = &account.state {
        let slots: BTreeMap<_, _> = slots.iter().map(|(slot, value)| (*slot, *value)).collect();
        world.replace_storage(address, &slots);
    }
    for (slot, value) in account.state_diff.iter().flatten() {
        world.set_storage(address, U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0));
    }
}

fn estimate(world: &mut World, tx: &Tx, terms: &Terms) -> Result<u64, RpcError> {
    let mut run = |gas_limit: u64| world.try_out(Tx { gas_limit, ..tx.clone() }, terms.clone());
    let most = tx.gas_limit;
    let first = run(most)?;
    match first.failure {
        None => {}
        Some(CallError::Halt { reason, .. }) if reason.starts_with("OutOfGas") => {
            return Err(RpcError::refused(format!("gas required exceeds allowance ({most})")));
        }
        Some(failure) => return Err(failure.into()),
    }
    let used = first.receipt.gas_used;
    let (mut fails, mut works) = (used.saturating_sub(1), most);
    // Most calls need little more than what they use: what a callee may not be given, and what is refunded.
    let guess = used.saturating_add(used / 5).saturating_add(2_300).saturating_mul(64) / 63;
    if guess < works {
        if run(guess)?.failure.is_none() { works = guess } else { fails = guess }
    }
    while fails + 1 < works && (works - fails) as f64 / works as f64 > 0.015 {
        let middle = fails + (works - fails) / 2;
        // Below the intrinsic gas the transaction is not even valid.
        match run(middle) {
            Ok(outcome) if outcome.failure.is_none() => works = middle,
            _ => fails = middle,
        }
    }
    Ok(works)
}
