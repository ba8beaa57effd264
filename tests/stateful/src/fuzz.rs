//! One market while a sequence of calls runs on it.

use std::rc::Rc;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result};
use demo::stage::Stage;
use host::{Mark, Tx};
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use crate::dice::Dice;
use crate::equality::{Op, Tape};
use crate::fault::Fault;
use crate::first::first_ghost;
use crate::ghost::Ghost;
use crate::native;
use crate::numbers::small;
use crate::opening::{Cast, Terms, open};
use crate::slots::{Purses, Slots};
use crate::step::{Deep, Light, Sent, Step, Told, execute};
use crate::tally::Tally;

/// Gas of every transaction that no fault keeps short.
pub const GAS: u64 = host::TX_GAS;

/// One market, who plays in it, and what is known of it.
pub struct Fuzz {
    /// The market.
    pub stage: Stage,
    /// Who plays.
    pub cast: Cast,
    /// What kind of market it is.
    pub terms: Terms,
    /// Where the vault keeps its numbers.
    pub slots: Slots,
    /// Where tokens keep balances.
    pub purses: Purses,
    /// What must be.
    pub ghost: Ghost,
    /// The sequence's numbers.
    pub dice: Dice,
    /// What was done since the sequence began.
    pub tape: Tape,
    /// The call of the handler that runs.
    pub step: Option<Step>,
    /// What fails during the next call.
    pub fault: Option<Fault>,
    /// Ether of the next transaction [wei].
    pub ether: u64,
    /// Whether the next call is looked at closely.
    pub close: bool,
    /// What tests do between a call and the look at it, or in the middle of a probe, to see a check fail.
    pub saboteur: Option<fn(&mut Self)>,
    /// Whether this sequence will be done again natively: nothing is kept short of gas in it.
    pub twice: bool,
    /// Counts of everything.
    pub tally: Tally,
    /// The point of the history just before the last handler's call.
    pub brink: Option<Mark>,
    base: (Mark, u64, Ghost),
}

impl Fuzz {
    /// Opens a market.
    ///
    /// # Errors
    /// Whatever fails on the way.
    pub fn open(terms: &Terms) -> Result<Self> {
        let (mut stage, cast) = open(terms).context(terms.name)?;
        stage.chain.world.find_natives(native::find);
        let purses = Purses::new(&mut stage, &cast.holders)?;
        let slots = Slots::find(&mut stage, cast.people[3])?;
        let ghost = first_ghost(&mut stage, &cast, terms)?;
        let base = (stage.chain.world.mark(), stage.chain.world.timestamp(), ghost.clone());
        let mut this = Self {
            stage,
            cast,
            terms: terms.clone(),
            slots,
            purses,
            ghost,
            dice: Dice::new(0),
            tape: Tape::default(),
            step: None,
            fault: None,
            ether: 0,
            close: false,
            saboteur: None,
            twice: false,
            tally: Tally::default(),
            brink: None,
            base,
        };
        if !this.ghost.listed.is_empty() {
            this.publish(this.ghost.vol).context("the first surface")?;
        }
        for name in terms.past {
            // A few tries: not everything is possible at first.
            (0..6).any(|_| this.run_plain(name).is_some_and(|step| step.ok()));
        }
        this.base = (this.stage.chain.world.mark(), this.now(), this.ghost.clone());
        (this.tape, this.tally) = (Tape::default(), Tally::default());
        Ok(this)
    }

    /// Goes back to the beginning, with the numbers of a seed.
    pub fn begin(&mut self, seed: u64) {
        let (mark, time, ghost) = self.base.clone();
        self.go_back(mark, time);
        self.ghost = ghost;
        self.dice = Dice::new(seed);
        self.tape = Tape::default();
        self.twice = seed % 5 < 2;
        (self.step, self.fault, self.close, self.ether) = (None, None, false, 0);
    }

    /// Where the sequence began: the point of the history, and the time.
    #[must_use]
    pub fn beginning(&self) -> (Mark, u64) {
        (self.base.0, self.base.1)
    }

    /// Undoes everything since a mark, and sets the clock.
    pub fn go_back(&mut self, mark: Mark, time: u64) {
        self.stage.chain.world.rewind(mark);
        self.set_time(time);
    }

    /// Sets the clock, back too.
    pub fn set_time(&mut self, time: u64) {
        self.stage.chain.world.enter(&host::Block { timestamp: time, ..host::Block::default() });
    }

    /// Tries something out: whatever it does to the world, the ghost and the clock is undone.
    pub fn try_out<T>(&mut self, trial: impl FnOnce(&mut Self) -> T) -> T {
        let (mark, time) = (self.stage.chain.world.mark(), self.now());
        let (ghost, recording) = (self.ghost.clone(), std::mem::replace(&mut self.tape.on, false));
        let seen = trial(self);
        self.go_back(mark, time);
        self.ghost = ghost;
        self.tape.on = recording;
        seen
    }

    /// The middle of a look, where tests interfere.
    pub fn interfere(&mut self) {
        if let Some(act) = self.saboteur {
            act(self);
        }
    }

    /// [unix seconds]
    #[must_use]
    pub fn now(&self) -> u64 {
        self.stage.chain.world.timestamp()
    }

    /// Moves the clock.
    pub fn warp(&mut self, time: u64) {
        self.stage.chain.world.warp(time);
        self.tape.push(Op::Warp(time));
    }

    /// A transaction.
    pub fn send(&mut self, from: Address, to: Address, data: impl Into<Bytes>, gas: u64) -> Sent {
        let data = data.into();
        let ether = std::mem::take(&mut self.ether);
        let tx = Tx { from, to: Some(to), value: U256::from(ether), data: data.clone(), gas_limit: gas };
        let recording = self.tape.on;
        if recording {
            self.stage.chain.world.record_gas();
        }
        let sent = execute(&mut self.stage.chain.world, tx);
        if recording {
            let told = self.stage.chain.world.take_gas();
            let ended = sent.clone();
            self.tape.push(Op::Call { from, to, data, ether, gas, told, ended });
        }
        self.tally.transactions += 1;
        sent
    }

    /// A transaction that is no handler's call: what it returned.
    ///
    /// # Errors
    /// How it failed.
    pub fn aside<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<C::Return, Sent> {
        let sent = self.send(from, to, call.abi_encode(), GAS);
        let returned = C::abi_decode_returns(&sent.output);
        if sent.ok { returned.map_err(|_| sent) } else { Err(sent) }
    }

    /// Replaces code, as faults do.
    pub fn set_code(&mut self, account: Address, code: Bytes) {
        self.stage.chain.world.set_code(account, code.clone());
        self.tape.push(Op::Code(account, code));
    }

    /// A view of the vault.
    pub fn ask<C: SolCall>(&mut self, call: C) -> Option<C::Return> {
        self.stage.ask(call).ok()
    }

    /// NAV, none without a price.
    pub fn nav(&mut self) -> Option<IVault::Nav> {
        self.ask(IVault::navCall {})
    }

    /// The ledger now.
    pub fn light(&mut self, caller: Address) -> Light {
        let (vault, slots) = (self.stage.vault, self.slots);
        let (cash, units) = (self.stage.usdc, self.stage.underlying);
        let purses = &self.purses;
        let world = &mut self.stage.chain.world;
        let mut of = |who| [cash, units].map(|token| small(purses.balance(world, token, who)));
        let (held, caller) = (of(vault), of(caller));
        Light {
            time: world.timestamp(),
            cash: slots.cash.read(world, vault),
            claims: slots.claims.read(world, vault),
            redemptions: slots.redemptions.read(world, vault),
            hedge: slots.hedge.read(world, vault),
            supply: slots.supply.read(world, vault),
            vault: held,
            caller,
        }
    }

    /// What views say now; none without a price.
    pub fn deep(&mut self, handler: &str) -> Option<Deep> {
        let nav = self.nav()?;
        let world = &mut self.stage.chain.world;
        let supply = self.slots.supply.read(world, self.stage.vault);
        let hedges = crate::handlers::HEDGES.contains(&handler);
        let need = if hedges { self.stage.need().ok() } else { None };
        let opens = crate::handlers::OPENING.contains(&handler);
        let loss = if opens {
            let worst = self.stage.look(ILens::worstCaseCall { vault: self.stage.vault }).ok()?;
            let accounts = self.ask(IVault::accountsCall {})?;
            Some((small(worst.loss), small(accounts.uncovered)))
        } else {
            None
        };
        Some(Deep { nav, need, loss, supply })
    }

    /// The handler's call.
    pub fn act<C: SolCall>(
        &mut self,
        handler: &'static str,
        from: Address,
        to: Address,
        call: &C,
    ) -> Option<C::Return> {
        let before = self.light(from);
        let deep_before = if self.close { self.deep(handler) } else { None };
        let data: Bytes = call.abi_encode().into();
        let gas = if let Some(Fault::LowGas(gas)) = self.fault { gas } else { GAS };
        let replaced = self.fault.and_then(|fault| fault.replaces(&self.stage, &self.cast));
        let whole = replaced.map(|(account, code)| {
            let whole = self.stage.chain.world.code(account);
            self.set_code(account, code);
            (account, whole)
        });
        self.brink = Some(self.stage.chain.world.mark());
        let traced = self.close && crate::handlers::HEDGES.contains(&handler);
        self.stage.chain.world.set_tracing(traced);
        let ether = self.ether;
        let sent = self.send(from, to, data.clone(), gas);
        let trace = if traced { self.stage.chain.world.take_trace().map(Rc::new) } else { None };
        self.stage.chain.world.set_tracing(false);
        if let Some((account, code)) = whole {
            self.set_code(account, code);
        }
        self.tally.count(handler, &sent);
        let returned = C::abi_decode_returns(&sent.output).ok().filter(|_| sent.ok);
        let (fault, paused) = (self.fault.take(), self.ghost.paused);
        self.step = Some(Step {
            handler,
            from,
            to,
            data,
            ether,
            sent: Rc::new(sent),
            fault,
            before,
            deep_before,
            trace,
            paused,
            ..Step::default()
        });
        returned
    }

    /// What the handler adds to its call.
    pub fn tell(&mut self, told: Told) {
        if let Some(step) = &mut self.step {
            step.told = told;
        }
    }

    /// Ends the handler's call: looks again, and takes in what the logs say.
    pub fn end_step(&mut self) -> Option<Step> {
        if self.step.as_ref().is_some_and(Step::ok) {
            self.interfere();
        }
        let mut step = self.step.take()?;
        step.after = self.light(step.from);
        if step.deep_before.is_some() {
            step.deep_after = self.deep(step.handler);
        }
        let sent = Rc::clone(&step.sent);
        self.ghost.listen(self.stage.vault, &sent);
        Some(step)
    }

    /// Sends a handler's transaction the plain way, for what happens in another branch of a trial.
    pub fn again(&mut self, step: &Step, gas: u64) -> Sent {
        self.ether = step.ether;
        self.send(step.from, step.to, step.data.clone(), gas)
    }
}
