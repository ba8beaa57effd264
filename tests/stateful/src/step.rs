//! A handler's call, with what stood before and after it.

use std::rc::Rc;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolEvent;
use demo::stage::Failure;
use host::{CallError, Log, Trace, Tx};
use interfaces::desk::IHedgeDesk::Need;
use interfaces::vault::IVault;

use crate::fault::Fault;

/// How a transaction ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Whether it succeeded.
    pub ok: bool,
    /// Return or revert data.
    pub output: Bytes,
    /// Logs, none of one that failed.
    pub logs: Vec<Log>,
    /// Whether it ran out of something, rather than being refused.
    pub halted: bool,
    /// Gas that it used; of no meaning where native code ran.
    pub gas: u64,
}

impl Sent {
    /// The events of a type that an account wrote.
    pub fn events<E: SolEvent>(&self, address: Address) -> Vec<E> {
        let own = self.logs.iter().filter(|log| log.address == address);
        own.filter_map(|log| E::decode_raw_log(log.topics.iter().copied(), &log.data).ok()).collect()
    }

    /// The name of the error.
    #[must_use]
    pub fn name(&self) -> String {
        if self.ok {
            return "ok".into();
        }
        if self.halted {
            return "halted".into();
        }
        Failure(CallError::Revert { data: self.output.clone(), gas_used: 0 }).name()
    }

    /// Whether this error ended it.
    #[must_use]
    pub fn refused(&self, selector: [u8; 4]) -> bool {
        !self.ok && self.output.starts_with(&selector)
    }
}

/// What is read from storage before and after every call.
#[derive(Clone, Debug, Default)]
pub struct Light {
    /// [unix seconds]
    pub time: u64,
    /// Numbers of the vault's ledger.
    pub cash: u128,
    /// See [`Slots`].
    pub claims: u128,
    /// See [`Slots`].
    pub redemptions: u128,
    /// See [`Slots`].
    pub hedge: u128,
    /// See [`Slots`].
    pub supply: u128,
    /// The vault's balances: USDC and the underlying.
    pub vault: [u128; 2],
    /// The caller's.
    pub caller: [u128; 2],
}

/// What views say before and after some calls.
#[derive(Clone, Debug)]
pub struct Deep {
    /// NAV and its parts.
    pub nav: IVault::Nav,
    /// The state of the hedge, where it is looked at.
    pub need: Option<Need>,
    /// The worst loss, and what accounts leave uncovered, where they are looked at.
    pub loss: Option<(u128, u128)>,
    /// Shares in existence.
    pub supply: u128,
}

/// What a handler says of its call, beyond the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// A claim that must pay this much to somebody.
    Claim { receiver: Address, expected: u128, before: u128 },
    /// Shares or options of somebody, moved within an allowance that was so great: what is left must be so much.
    Allowance { owner: Address, spender: Address, id: Option<U256>, left: U256 },
    /// A hedge whose reward goes to somebody, who had so much.
    Hedge { payee: Address, before: u128 },
    /// A call through a contract that was told to call again.
    Ambush { contract: Address },
    /// Shares that left escrow for a controller, who had so many.
    Cancelled { controller: Address, before: u128, escrowed: u128 },
}

/// The call of a handler, with what stood before and after it.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The handler.
    pub handler: &'static str,
    /// Who called.
    pub from: Address,
    /// Whom.
    pub to: Address,
    /// With what.
    pub data: Bytes,
    /// And with how much ether [wei].
    pub ether: u64,
    /// How it ended.
    pub sent: Rc<Sent>,
    /// What was made to fail meanwhile.
    pub fault: Option<Fault>,
    /// The ledger before.
    pub before: Light,
    /// The ledger after.
    pub after: Light,
    /// What views said before.
    pub deep_before: Option<Deep>,
    /// And after.
    pub deep_after: Option<Deep>,
    /// Frames of the call, where they were recorded.
    pub trace: Option<Rc<Trace>>,
    /// What the handler adds.
    pub told: Told,
    /// Whether new risk was stopped before.
    pub paused: bool,
}

impl Step {
    /// Whether the call succeeded.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.sent.ok
    }

    /// Whether the handler is one of these.
    #[must_use]
    pub fn by(&self, handlers: &[&str]) -> bool {
        handlers.contains(&self.handler)
    }
}

/// Executes a transaction.
pub fn execute(world: &mut host::World, tx: Tx) -> Sent {
    match world.call_with(tx) {
        Ok(receipt) => Sent {
            ok: true,
            output: receipt.output,
            logs: receipt.logs,
            halted: false,
            gas: receipt.gas_used,
        },
        Err(CallError::Revert { data, gas_used }) => {
            Sent { ok: false, output: data, logs: Vec::new(), halted: false, gas: gas_used }
        }
        Err(CallError::Halt { gas_used, .. }) => Sent { halted: true, gas: gas_used, ..Sent::default() },
        Err(CallError::Invalid(_)) => Sent { halted: true, ..Sent::default() },
    }
}
