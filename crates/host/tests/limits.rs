//! Depth: of calls, of functions and of both, none of which may reach the end of the native stack.
#![allow(clippy::expect_used, clippy::panic)]

use std::fmt::Write;

use host::alloy_primitives::{Address, Bytes, U256, address, hex};
use host::{Outcome, SessionCall, SessionResult, World};

const PROGRAM: Address = address!("1000000000000000000000000000000000000001");
const MIRROR: Address = address!("2000000000000000000000000000000000000002");
const CALLER: Address = address!("00000000000000000000000000000000000000ee");
/// More than any call here needs, in gas and in ink.
const GAS: u64 = 1 << 50;

fn world(wat: &str) -> World {
    let mut world = World::new();
    let deployer = world.account("deployer");
    let wasm = wat::parse_str(wat).expect("a module");
    let program = world.deploy_wasm(deployer, &wasm, None).expect("a program");
    let code = world.code(program);
    world.set_code(PROGRAM, code);
    // Calls its caller back with no data and returns what that returned.
    world.set_code(MIRROR, Bytes::from_static(&hex!("5f5f5f5f5f335af1503d5f5f3e3d5ff3")));
    world
}

fn call(world: &mut World, calldata: &[u8]) -> SessionResult {
    let mut session = world.session();
    session.next_transaction(&[CALLER, PROGRAM]);
    session.call(SessionCall {
        from: CALLER,
        to: PROGRAM,
        value: U256::ZERO,
        data: Bytes::copy_from_slice(calldata),
        gas_limit: GAS,
        read_only: false,
    })
}

/// Calls `to` and returns how many programs ran below it, and itself.
fn caller_of(to: &Address) -> String {
    let address = to.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").expect("writing to a string");
        text
    });
    format!(
        r#"(module
          (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
          (import "vm_hooks" "read_return_data" (func $returned (param i32 i32 i32) (result i32)))
          (import "vm_hooks" "write_result" (func $result (param i32 i32)))
          (memory (export "memory") 1 1)
          (data (i32.const 64) "{address}")
          (func (export "user_entrypoint") (param i32) (result i32)
            (drop (call $call (i32.const 64) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 128)))
            (drop (call $returned (i32.const 32) (i32.const 0) (i32.const 4)))
            (i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1)))
            (call $result (i32.const 32) (i32.const 4))
            (i32.const 0)))"#
    )
}

fn count(result: &SessionResult) -> u32 {
    assert_eq!(result.trace.error, None);
    u32::from_le_bytes(result.trace.output.as_ref().try_into().expect("four bytes"))
}

/// Each holds a page, and no more than 128 are open at once.
#[test]
fn a_program_that_calls_itself_ends_when_the_pages_do() {
    assert_eq!(count(&call(&mut world(&caller_of(&PROGRAM)), &[])), 128);
}

#[test]
fn a_program_and_a_contract_that_call_each_other_end_when_the_pages_do() {
    assert_eq!(count(&call(&mut world(&caller_of(&MIRROR)), &[])), 128);
}

/// Recursion of the calldata's length times a hundred, whose frames hold `locals` that live across the call.
fn recursion(locals: usize) -> String {
    let mut declared = String::new();
    let (mut set, mut used) = (String::new(), String::new());
    for local in 0..locals {
        declared.push_str(" i64");
        let index = local + 1;
        write!(set, "(local.set {index} (i64.extend_i32_u (i32.add (local.get 0) (i32.const {index}))))")
            .expect("writing to a string");
        write!(used, "(i64.add (local.get {index}) ").expect("writing to a string");
    }
    let closed = ")".repeat(locals);
    format!(
        r#"(module
          (memory (export "memory") 1 1)
          (func $f (param i32) (result i64) (local{declared})
            (if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
            {set}
            (call $f (i32.sub (local.get 0) (i32.const 1)))
            {used} (i64.const 0) {closed}
            i64.xor)
          (func (export "user_entrypoint") (param $n i32) (result i32)
            (drop (call $f (i32.mul (local.get $n) (i32.const 100))))
            (i32.const 0)))"#
    )
}

/// Frames of 7 words up to the widest there may be: the count of words ends every one of them before the native stack does.
#[test]
fn recursion_ends_by_the_chains_count_of_words() {
    for locals in [0, 1, 3, 10, 40, 100, 347] {
        let mut world = world(&recursion(locals));
        let outcome = |result: &SessionResult| result.trace.program.as_ref().map(|run| run.outcome);
        let deep = call(&mut world, &[0; 64]);
        assert_eq!(outcome(&deep), Some(Outcome::OutOfStack), "{locals} locals");
        assert_eq!(deep.gas_used, GAS);
        let shallow = call(&mut world, &[]);
        assert_eq!(outcome(&shallow), Some(Outcome::Success), "{locals} locals");
    }
}
