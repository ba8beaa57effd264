//! Traces: a tree that adds up, a flame graph that adds up, and how they print.
#![allow(clippy::expect_used, clippy::panic)]

use host::alloy_primitives::{Address, Bytes, U256, address, hex};
use host::{FrameKind, Outcome, Receipt, Trace, World};

const PROGRAM: Address = address!("1000000000000000000000000000000000000001");
const CONTRACT: Address = address!("2000000000000000000000000000000000000002");
const CALLER: Address = address!("00000000000000000000000000000000000000ee");

/// Loads slot 0, writes its successor and calls the contract with it; then returns what the contract returned.
const CALLS: &str = r#"(module
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "read_return_data" (func $returned (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "write_result" (func $result (param i32 i32)))
  (memory (export "memory") 1 1)
  (data (i32.const 64) "\20\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\02")
  (func (export "user_entrypoint") (param i32) (result i32)
    (call $load (i32.const 0) (i32.const 32))
    (i32.store8 (i32.const 63) (i32.add (i32.load8_u (i32.const 63)) (i32.const 1)))
    (call $cache (i32.const 0) (i32.const 32))
    (call $flush (i32.const 0))
    (drop (call $call (i32.const 64) (i32.const 32) (i32.const 32) (i32.const 96) (i64.const -1) (i32.const 128)))
    (drop (call $returned (i32.const 160) (i32.const 0) (i32.const 32)))
    (call $result (i32.const 160) (i32.const 32))
    (i32.const 0)))"#;

/// Adds the calldata to slot 1 and returns the sum: sstore(1, add(sload(1), calldataload(0))); return sload(1).
const ADDS: [u8; 16] = hex!("6001545f3501806001555f5260205ff3");

fn world(contract: &[u8]) -> World {
    let mut world = World::new();
    world.set_balance(CALLER, U256::from(1_000_000_000_000_000_000_u64));
    let deployer = world.account("deployer");
    let wasm = wat::parse_str(CALLS).expect("a module");
    let program = world.deploy_wasm(deployer, &wasm, None).expect("a program");
    let code = world.code(program);
    world.set_code(PROGRAM, code);
    world.set_code(CONTRACT, Bytes::copy_from_slice(contract));
    world.set_storage(PROGRAM, U256::ZERO, U256::from(6));
    world.set_storage(CONTRACT, U256::ONE, U256::from(5));
    world.set_tracing(true);
    world
}

fn traced(world: &mut World) -> (Receipt, Trace) {
    let receipt = world.call(CALLER, PROGRAM, Bytes::new()).expect("a call");
    (receipt, world.take_trace().expect("a trace"))
}

fn folded(trace: &Trace) -> u64 {
    let lines = trace.folded();
    lines
        .lines()
        .map(|line| line.rsplit_once(' ').expect("a count").1.parse::<u64>().expect("a number"))
        .fold(0, u64::saturating_add)
}

#[test]
fn an_untraced_call_leaves_no_trace() {
    let mut world = world(&ADDS);
    world.set_tracing(false);
    world.call(CALLER, PROGRAM, Bytes::new()).expect("a call");
    assert_eq!(world.take_trace(), None);
}

#[test]
fn a_trace_changes_no_figure() {
    let (traced, _) = traced(&mut world(&ADDS));
    let mut silent = world(&ADDS);
    silent.set_tracing(false);
    let untraced = silent.call(CALLER, PROGRAM, Bytes::new()).expect("a call");
    assert_eq!(
        (traced.gas_used, traced.ink, traced.output),
        (untraced.gas_used, untraced.ink, untraced.output)
    );
}

#[test]
fn frames_hold_what_was_called_read_and_written() {
    let (_, trace) = traced(&mut world(&ADDS));
    assert_eq!((trace.kind, trace.from, trace.to), (FrameKind::Call, CALLER, PROGRAM));
    assert_eq!(trace.reads, [(U256::ZERO, U256::from(6))].into());
    assert_eq!(trace.writes, [(U256::ZERO, U256::from(7))].into());
    assert_eq!(U256::from_be_slice(&trace.output), U256::from(12));
    let [inner] = trace.calls.as_slice() else { panic!("{trace}") };
    assert_eq!((inner.kind, inner.from, inner.to), (FrameKind::Call, PROGRAM, CONTRACT));
    assert_eq!(U256::from_be_slice(&inner.input), U256::from(7));
    assert_eq!(inner.reads, [(U256::ONE, U256::from(5))].into());
    assert_eq!(inner.writes, [(U256::ONE, U256::from(12))].into());
    assert_eq!((inner.program.as_ref(), inner.error.as_ref()), (None, None));
}

#[test]
fn ink_of_the_tree_adds_up_to_the_receipts() {
    let (receipt, trace) = traced(&mut world(&ADDS));
    let run = trace.program.as_ref().expect("a program");
    assert_eq!(run.ink_used, receipt.ink);
    assert_eq!(trace.ink(), run.overhead_gas * 10_000 + receipt.ink);
    assert_eq!(folded(&trace), trace.ink());
    assert_eq!(trace.gas_used, receipt.execution_gas);
}

#[test]
fn a_frame_that_fails_says_why_and_its_caller_goes_on() {
    let (_, trace) = traced(&mut world(&hex!("5f5ffd")));
    let [inner] = trace.calls.as_slice() else { panic!("{trace}") };
    assert_eq!(inner.error.as_deref(), Some("Revert"));
    assert_eq!(
        (trace.error.as_ref(), trace.program.as_ref().map(|run| run.outcome)),
        (None, Some(Outcome::Success))
    );
    assert_eq!(folded(&trace), trace.ink());
}

#[test]
fn a_small_call_prints_as_a_tree_and_as_a_flame_graph() {
    let (_, trace) = traced(&mut world(&ADDS));
    assert_eq!(trace.to_string(), include_str!("trace/tree.txt"));
    assert_eq!(trace.folded(), include_str!("trace/folded.txt"));
}
