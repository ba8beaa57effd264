//! I-44: what the release WASM did is done again by the contracts' own sources as native code, in the same world, call by call.

use alloy_primitives::{Address, B256, Bytes, U256};
use host::Tx;

use crate::fuzz::Fuzz;
use crate::step::{Sent, execute};

/// Something that was done to the world.
#[derive(Clone, Debug)]
pub enum Op {
    /// The clock was moved.
    Warp(u64),
    /// Code was replaced.
    Code(Address, Bytes),
    /// A transaction, what programs were told of their gas, and how it ended.
    Call {
        /// Sender.
        from: Address,
        /// Callee.
        to: Address,
        /// Calldata.
        data: Bytes,
        /// Ether [wei].
        ether: u64,
        /// Gas limit.
        gas: u64,
        /// Answers to programs that asked for gas.
        told: Vec<u64>,
        /// How it ended.
        ended: Sent,
    },
}

/// Everything that was done since the sequence began.
#[derive(Clone, Debug)]
pub struct Tape {
    /// Whether it goes on.
    pub on: bool,
    /// What was done.
    pub ops: Vec<Op>,
}

impl Default for Tape {
    fn default() -> Self {
        Self { on: true, ops: Vec::new() }
    }
}

impl Tape {
    /// Notes what was done.
    pub fn push(&mut self, op: Op) {
        if self.on {
            self.ops.push(op);
        }
    }
}

impl Fuzz {
    /// Digests of every contract of ours and of what they hold.
    pub fn digests(&mut self) -> Vec<B256> {
        let stage = &self.stage;
        let contracts = [
            stage.vault,
            stage.desk,
            stage.margin,
            stage.broker,
            stage.surface,
            stage.venue,
            stage.engine,
            stage.lens,
            stage.usdc,
            stage.underlying,
            stage.feed,
            stage.sequencer,
            stage.uniswap.pool,
            self.cast.pool,
            self.cast.hostile_venue,
            self.cast.hostile_filler,
            self.cast.flash_filler,
        ];
        let held = self.positions().map_or_else(Vec::new, |positions| positions.contracts());
        let world = &mut self.stage.chain.world;
        contracts.iter().chain(&held).map(|account| world.storage_digest(*account)).collect()
    }

    /// Goes back to the beginning and does everything again natively. Fails at the first transaction that ends otherwise, and when the storage of a
    /// contract differs at the end. The transactions that were replayed.
    ///
    /// # Errors
    /// The difference.
    pub fn replay_natively(&mut self) -> Result<u64, String> {
        let there = self.digests();
        let (now, ghost) = (self.now(), self.ghost.clone());
        let tape = std::mem::take(&mut self.tape);
        let (mark, time) = self.beginning();
        self.go_back(mark, time);
        self.stage.chain.world.run_natively(true);
        let replayed = self.play(&tape);
        let same = replayed
            .and_then(|calls| if self.digests() == there { Ok(calls) } else { Err("storage".into()) });
        self.stage.chain.world.run_natively(false);
        (self.tape, self.ghost) = (tape, ghost);
        self.set_time(now);
        same
    }

    fn play(&mut self, tape: &Tape) -> Result<u64, String> {
        let mut calls = 0;
        for (at, op) in tape.ops.iter().enumerate() {
            let world = &mut self.stage.chain.world;
            match op {
                Op::Warp(time) => world.warp(*time),
                Op::Code(account, code) => world.set_code(*account, code.clone()),
                Op::Call { from, to, data, ether, gas, told, ended } => {
                    world.replay_gas(told.clone());
                    let (data, value) = (data.clone(), U256::from(*ether));
                    let tx = Tx { from: *from, to: Some(*to), value, data, gas_limit: *gas };
                    let natively = execute(world, tx);
                    let left = world.take_gas();
                    let same = (natively.ok, &natively.output, &natively.logs, natively.halted)
                        == (ended.ok, &ended.output, &ended.logs, ended.halted);
                    if !same || !left.is_empty() {
                        return Err(format!(
                            "operation {at}: {} as WASM, {} natively",
                            told_of(ended),
                            told_of(&natively)
                        ));
                    }
                    calls += 1;
                }
            }
        }
        Ok(calls)
    }
}

fn told_of(sent: &Sent) -> String {
    format!("{} with {} and {} logs", sent.name(), sent.output, sent.logs.len())
}
