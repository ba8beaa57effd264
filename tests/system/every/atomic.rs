//! All or nothing: whatever the gas, the pages that callers hold open and the depth of the call, a method does all of what it does or none.
//!
//! The state after a call is the one before it or the one that the same call leaves with all the gas there is, for every method that changes
//! state. What fails says why, unless gas, pages or depth ran out.

use host::alloy_primitives::{Address, Bytes, U256};
use host::{CallError, Outcome, SessionCall, Trace, Tx};

use super::cast::{subjects, Case, Scene, Scenes, Subject};
use super::reentry::{allowed, digests, Digests, PAID_FOR_GAS, PLANS};

/// Gas limits that are tried of each method, and of those that move most.
const LIMITS: usize = 40;
const MANY: usize = 200;
const REPRESENTATIVE: [&str; 12] = [
    "trade",
    "deposit",
    "requestRedeem",
    "processEpoch",
    "claim",
    "settle",
    "fillHedge",
    "rebalance",
    "write",
    "liquidate",
    "bid",
    "publish",
];

/// A prepared call, and the states before and after it.
struct Prepared {
    from: Address,
    to: Address,
    value: u64,
    data: Vec<u8>,
    before: Digests,
    after: Digests,
    ready: host::Snapshot,
}

/// The state, without what the caller pays for gas.
pub(crate) fn state(scene: &mut Scene, from: Address) -> Digests {
    scene.market.stage.chain.world.set_balance(from, ETHER);
    scene.market.stage.chain.world.set_nonce(from, 1);
    digests(scene)
}

const ETHER: U256 = U256::from_limbs([10_000_000_000_000_000_000, 0, 0, 0]);

fn prepare(scene: &mut Scene, subject: &Subject, case: &Case) -> Option<Prepared> {
    let data = (case.ready)(scene);
    let (from, to, value) =
        (allowed(scene, subject, case, &data)?, scene.contracts[subject.name], case.value);
    let before = state(scene, from);
    let ready = scene.market.stage.chain.world.snapshot();
    scene.raw(from, to, value, &data).expect("a call that was made before");
    let after = state(scene, from);
    scene.market.stage.chain.world.restore(&ready);
    Some(Prepared { from, to, value, data, before, after, ready })
}

impl Prepared {
    /// Runs with a limit: whether it went through.
    fn with(&self, scene: &mut Scene, gas_limit: u64, said: &str) -> bool {
        let (value, data) = (U256::from(self.value), self.data.clone().into());
        let tx = Tx { from: self.from, to: Some(self.to), value, data, gas_limit };
        let done = scene.market.stage.chain.world.call_with(tx);
        if let Err(CallError::Revert { data, .. }) = &done {
            assert!(data.len() >= 4, "{said}, {gas_limit} gas: refused without a reason");
        }
        self.holds(scene, done.is_ok(), &format!("{said}, {gas_limit} gas"));
        done.is_ok()
    }

    /// Compares the state, and goes back to the one before.
    fn holds(&self, scene: &mut Scene, done: bool, said: &str) {
        let found = state(scene, self.from);
        let expected = if done { &self.after } else { &self.before };
        let differs = expected.iter().filter(|(name, one)| found[*name] != **one).map(|(name, _)| *name);
        // Memory costs more while others hold pages, and a plan of the desk is paid for its gas.
        let paid = done && said.ends_with("pages open") && PLANS.iter().any(|plan| said.contains(plan));
        let differs: Vec<_> = differs.filter(|name| !paid || !PAID_FOR_GAS.contains(name)).collect();
        assert!(differs.is_empty(), "{said}, {}: {differs:?} differ", if done { "done" } else { "refused" });
        if done {
            scene.market.stage.chain.world.restore(&self.ready);
        }
    }

    /// The least gas with which it goes through.
    fn least(&self, scene: &mut Scene, intrinsic: u64, said: &str) -> u64 {
        let (mut no, mut yes) = (intrinsic, host::TX_GAS);
        while yes - no > 1 {
            let middle = no.midpoint(yes);
            if self.with(scene, middle, said) {
                yes = middle;
            } else {
                no = middle;
            }
        }
        yes
    }
}

/// Numbers that look random and are the same every time.
pub(crate) fn noise(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// Prepares each method that changes state and does something with it.
fn each(mut act: impl FnMut(&mut Scene, &Prepared, &str)) -> usize {
    let (mut scenes, mut count) = (Scenes::default(), 0);
    for subject in subjects() {
        for (method, case) in subject.covered() {
            let scene = scenes.at(case.place);
            if let Some(prepared) = prepare(scene, &subject, case) {
                act(scene, &prepared, &format!("{}: {}", subject.name, method.signature));
                count += 1;
            }
        }
    }
    count
}

#[test]
fn with_any_gas_all_or_nothing() {
    let mut random = noise(0x9e37_79b9_7f4a_7c15);
    let mut runs = 0;
    let count = each(|scene, prepared, said| {
        let (value, data) = (U256::from(prepared.value), Bytes::from(prepared.data.clone()));
        let tx = Tx { from: prepared.from, to: Some(prepared.to), value, data, gas_limit: 0 };
        let intrinsic = scene.market.stage.chain.world.intrinsic_gas(&tx, &host::Terms::default());
        let least = prepared.least(scene, intrinsic, said);
        assert!(!prepared.with(scene, least - 1, said) && prepared.with(scene, least, said));
        let name = said.split([' ', '(']).nth(1).expect("a name");
        let limits = if REPRESENTATIVE.contains(&name) { MANY } else { LIMITS };
        for _ in 0..limits {
            let span = least - intrinsic;
            prepared.with(scene, intrinsic + random(span + span / 4), said);
            runs += 1;
        }
    });
    println!("{count} methods, {runs} random limits");
    assert!(count > 70, "{count}");
}

/// A program that holds `pages` open and passes its calldata on: first the callee's address.
fn opener(pages: u32) -> Vec<u8> {
    let text = format!(
        r#"(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") {pages} {pages})
  (func (export "user_entrypoint") (param $n i32) (result i32)
    (call $read_args (i32.const 1024))
    (call $write_result (i32.const 0) (i32.const 0))
    (call $call (i32.const 1024) (i32.const 1044) (i32.sub (local.get $n) (i32.const 20)) (i32.const 0)
      (i64.const -1) (i32.const 64))))"#
    );
    wat::parse_str(text).expect("a module")
}

/// A contract that calls itself as often as the first word of its calldata says, and then the address in the second with the rest.
fn diver() -> Bytes {
    let mut code = vec![0x5f, 0x35, 0x80, 0x60, 0x21, 0x57];
    // The end: the rest of the calldata to the callee.
    code.extend([0x60, 0x40, 0x36, 0x03, 0x80, 0x60, 0x40, 0x5f, 0x37]);
    code.extend([
        0x5f, 0x5f, 0x91, 0x5f, 0x5f, 0x60, 0x20, 0x35, 0x5a, 0xf1, 0x60, 0x38, 0x57, 0x5f, 0x5f, 0xfd, 0x00,
        0x00,
    ]);
    assert_eq!(code.len(), 0x21);
    // One less, and deeper.
    code.extend([0x5b, 0x36, 0x5f, 0x5f, 0x37, 0x60, 0x01, 0x90, 0x03, 0x5f, 0x52]);
    code.extend([0x5f, 0x5f, 0x36, 0x5f, 0x5f, 0x30, 0x5a, 0xf1, 0x60, 0x38, 0x57]);
    code.extend([0xfe]);
    assert_eq!(code.len(), 0x38);
    code.extend([0x5b, 0x00]);
    code.into()
}

/// The frames in which a contract was called by `from`.
fn frames<'t>(trace: &'t Trace, [from, to]: [Address; 2], found: &mut Vec<&'t Trace>) {
    if trace.from == from && trace.to == to {
        found.push(trace);
    }
    for call in &trace.calls {
        frames(call, [from, to], found);
    }
}

/// Calls through `code`, which the caller has for this call alone, and judges what it left: whether it went through.
fn by(scene: &mut Scene, prepared: &Prepared, code: Bytes, data: Vec<u8>, said: &str) -> bool {
    scene.market.stage.chain.world.set_code(prepared.from, code);
    let went = through(scene, prepared, data, said);
    scene.market.stage.chain.world.set_code(prepared.from, Bytes::new());
    prepared.holds(scene, went, said);
    went
}

/// Calls through the code at the caller's own address, with as much gas as there can be.
fn through(scene: &mut Scene, prepared: &Prepared, data: Vec<u8>, said: &str) -> bool {
    let world = &mut scene.market.stage.chain.world;
    let mut session = world.session();
    session.set_free_value(true);
    let call = SessionCall {
        from: Address::with_last_byte(0xcc),
        to: prepared.from,
        value: U256::ZERO,
        data: data.into(),
        gas_limit: u64::MAX >> 2,
        read_only: false,
    };
    let result = session.call(call);
    session.commit();
    let mut own = Vec::new();
    frames(&result.trace, [prepared.from, prepared.to], &mut own);
    for frame in &own {
        let run = frame.program.as_ref().map(|run| run.outcome);
        let refused = run == Some(Outcome::Revert) && frame.output.len() < 4;
        assert!(run != Some(Outcome::Failure) && !refused, "{said}: {run:?} {}", frame.output);
    }
    own.last().is_some_and(|frame| frame.error.is_none())
}

#[test]
fn with_any_pages_open_all_or_nothing() {
    let programs: Vec<(u32, Vec<u8>)> =
        [2, 16, 64, 110, 120, 124, 125, 126, 127, 128].map(|pages| (pages, opener(pages))).into();
    let (mut done, mut refused) = (0, 0);
    each(|scene, prepared, said| {
        let world = &mut scene.market.stage.chain.world;
        // Contracts that are their own callers stay what they are, and so do calls with ether.
        if !world.code(prepared.from).is_empty() || prepared.value > 0 {
            return;
        }
        for (pages, wasm) in &programs {
            let world = &mut scene.market.stage.chain.world;
            let program = world.deploy_wasm(Address::with_last_byte(0xdd), wasm, None).expect("a program");
            let code = world.code(program);
            let data = [prepared.to.as_slice(), &prepared.data].concat();
            let went = by(scene, prepared, code, data, &format!("{said} with {pages} pages open"));
            done += usize::from(went);
            refused += usize::from(!went);
        }
    });
    println!("{done} done, {refused} refused");
    assert!(done > 200 && refused > 20, "{done} {refused}");
}

#[test]
fn at_any_depth_all_or_nothing() {
    let code = diver();
    let (mut done, mut refused) = (0, 0);
    each(|scene, prepared, said| {
        if !scene.market.stage.chain.world.code(prepared.from).is_empty() || prepared.value > 0 {
            return;
        }
        for depth in [0_u64, 1_000, 1_016, 1_018, 1_019, 1_020, 1_021, 1_022, 1_023] {
            let words = [U256::from(depth), U256::from_be_bytes(prepared.to.into_word().0)];
            let mut data: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
            data.extend(&prepared.data);
            let went = by(scene, prepared, code.clone(), data, &format!("{said} {depth} deep"));
            done += usize::from(went);
            refused += usize::from(!went);
        }
    });
    println!("{done} done, {refused} refused");
    assert!(done > 400 && refused > 60, "{done} {refused}");
}
