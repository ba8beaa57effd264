//! Native code in a program's place: the same answers, logs and storage as its WASM, on the same host functions.
#![allow(clippy::expect_used, clippy::panic)]

use host::alloy_primitives::{Address, B256, Bytes, U256, address};
use host::{NativeFrame, TX_GAS, Terms, Tx, World};

const READER: Address = address!("2000000000000000000000000000000000000002");

/// Adds its first word to slot 0, logs the sum and answers with it; without calldata it traps.
const WAT: &str = r#"(module
  (import "vm_hooks" "read_args" (func $args (param i32)))
  (import "vm_hooks" "write_result" (func $result (param i32 i32)))
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
  (import "vm_hooks" "evm_gas_left" (func $gas (result i64)))
  (memory (export "memory") 1 1)
  (func (export "user_entrypoint") (param $length i32) (result i32)
    (if (i32.eqz (local.get $length)) (then unreachable))
    (call $args (i32.const 64))
    (call $load (i32.const 0) (i32.const 32))
    (i32.store8 (i32.const 63) (i32.add (i32.load8_u (i32.const 63)) (i32.load8_u (i32.const 95))))
    (i64.store (i32.const 96) (call $gas))
    (call $store (i32.const 0) (i32.const 32))
    (call $flush (i32.const 0))
    (call $log (i32.const 32) (i32.const 32) (i32.const 0))
    (call $result (i32.const 32) (i32.const 72))
    (i32.const 0)))"#;

/// The same, in Rust.
fn native(frame: &mut NativeFrame<'_, '_>, calldata: Vec<u8>) -> Option<Result<Vec<u8>, Vec<u8>>> {
    let word: [u8; 32] = calldata.get(..32)?.try_into().ok()?;
    let sum = frame.storage_load(U256::ZERO)? + U256::from_be_bytes(word);
    let gas = frame.evm_gas_left()?;
    frame.storage_cache(U256::ZERO, sum)?;
    frame.storage_flush(false)?;
    frame.emit_log(&sum.to_be_bytes::<32>(), 0)?;
    let mut answer = sum.to_be_bytes::<32>().to_vec();
    answer.extend(word);
    answer.extend(gas.to_le_bytes());
    Some(Ok(answer))
}

fn world() -> (World, Address, Address) {
    let mut world = World::new();
    let deployer = world.account("deployer");
    let wasm = wat::parse_str(WAT).expect("a module");
    let program = world.deploy_wasm(deployer, &wasm, None).expect("a program");
    world.find_natives(|_| Some(native));
    (world, deployer, program)
}

/// Success, answer and logs of a call with one word, or with nothing.
fn call(world: &mut World, from: Address, to: Address, word: Option<u64>) -> (bool, Bytes, usize) {
    let data = word.map_or(Bytes::new(), |word| U256::from(word).to_be_bytes_vec().into());
    let tx = Tx { from, to: Some(to), value: U256::ZERO, data, gas_limit: TX_GAS };
    let done = world.execute(tx, Terms::default()).expect("a valid transaction");
    (done.failure.is_none(), done.receipt.output, done.receipt.logs.len())
}

#[test]
fn native_code_answers_logs_and_writes_what_wasm_does() {
    let (mut world, from, program) = world();
    let start = world.snapshot();
    let run = |world: &mut World, told: Option<&Vec<Vec<u64>>>| {
        let (mut ends, mut gas) = (Vec::new(), Vec::new());
        for (at, word) in [Some(5), None, Some(6)].into_iter().enumerate() {
            match told {
                Some(told) => world.replay_gas(told[at].clone()),
                None => world.record_gas(),
            }
            ends.push(call(world, from, program, word));
            gas.push(world.take_gas());
        }
        (ends, world.storage_digest(program), gas)
    };
    let (ends, digest, gas) = run(&mut world, None);
    assert_eq!(gas.iter().map(Vec::len).collect::<Vec<usize>>(), [1, 0, 1]);
    assert_eq!(U256::from_be_slice(&ends[2].1[..32]), U256::from(11));
    assert_eq!(ends.iter().map(|end| end.0).collect::<Vec<bool>>(), [true, false, true]);

    world.restore(&start);
    world.run_natively(true);
    let (natively, storage, rest) = run(&mut world, Some(&gas));
    assert_eq!((natively, storage), (ends, digest));
    assert!(rest.iter().all(Vec::is_empty), "every answer of the tape was asked for");
}

#[test]
fn what_a_static_call_forbids_is_forbidden_natively_too() {
    let (mut world, from, program) = world();
    // Calls the program with one word, statically, and answers with the status.
    let mut code = vec![0x60, 1, 0x5f, 0x52, 0x60, 32, 0x5f, 0x60, 32, 0x5f, 0x73];
    code.extend(program.as_slice());
    code.extend([0x5a, 0xfa, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]);
    world.set_code(READER, code.into());
    for natively in [false, true] {
        world.run_natively(natively);
        let (done, status, logs) = call(&mut world, from, READER, None);
        assert!(done && logs == 0);
        assert_eq!(B256::from_slice(&status), B256::ZERO, "natively: {natively}");
        assert_eq!(world.storage(program, U256::ZERO), U256::ZERO);
    }
}
