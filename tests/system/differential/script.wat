;; The same program as tests/solidity/src/Script.sol: it does what its calldata says, step by step.
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "transient_load_bytes32" (func $transient_load (param i32 i32)))
  (import "vm_hooks" "transient_store_bytes32" (func $transient_store (param i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "delegate_call_contract" (func $delegate_call (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "static_call_contract" (func $static_call (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "return_data_size" (func $return_data_size (result i32)))
  (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
  (import "vm_hooks" "evm_gas_left" (func $gas_left (result i64)))
  (import "vm_hooks" "msg_sender" (func $msg_sender (param i32)))
  (import "vm_hooks" "msg_value" (func $msg_value (param i32)))
  (import "vm_hooks" "contract_address" (func $contract_address (param i32)))

  ;; 0: a word of zero, 32: length of what a call returned, 65536: calldata, 131072: output.
  (memory (export "memory") 4 4)
  (global $out (mut i32) (i32.const 131072))

  ;; Adds the outcome of a call to the output.
  (func $called (param $status i32)
    (i32.store8 (i32.add (global.get $out) (i32.const 31)) (i32.eqz (local.get $status)))
    (global.set $out (i32.add (global.get $out) (i32.const 32)))
    (drop (call $read_return_data (global.get $out) (i32.const 0) (call $return_data_size)))
    (global.set $out (i32.add (global.get $out) (call $return_data_size))))

  ;; An eighth of the gas for each call, as in Solidity.
  (func $share (result i64)
    (i64.div_u (call $gas_left) (i64.const 8)))

  (func $byte (param $at i32) (param $shift i32) (result i32)
    (i32.shl (i32.load8_u (local.get $at)) (local.get $shift)))

  (func (export "user_entrypoint") (param $n i32) (result i32)
    (local $at i32) (local $end i32) (local $op i32) (local $length i32) (local $payload i32) (local $to i32)
    (call $read_args (i32.const 65536))
    (local.set $at (i32.const 65536))
    (local.set $end (i32.add (local.get $at) (local.get $n)))
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 32)) (local.get $end)))
        (local.set $op (i32.load8_u (local.get $at)))
        (local.set $length
          (i32.or
            (i32.or (call $byte (i32.add (local.get $at) (i32.const 8)) (i32.const 24))
                    (call $byte (i32.add (local.get $at) (i32.const 9)) (i32.const 16)))
            (i32.or (call $byte (i32.add (local.get $at) (i32.const 10)) (i32.const 8))
                    (call $byte (i32.add (local.get $at) (i32.const 11)) (i32.const 0)))))
        (local.set $to (i32.add (local.get $at) (i32.const 12)))
        (local.set $payload (i32.add (local.get $at) (i32.const 32)))
        (local.set $at (i32.add (local.get $payload) (local.get $length)))
        (block $transient_get (block $transient_set (block $who (block $pay (block $fail (block $revert
        (block $log (block $get (block $set (block $static (block $delegate (block $plain
          (br_table $plain $delegate $static $set $get $log $revert $fail $pay $who $transient_set $transient_get
            (local.get $op)))
          ;; 0: call
          (call $flush (i32.const 1))
          (call $called (call $call (local.get $to) (local.get $payload) (local.get $length) (i32.const 0) (call $share) (i32.const 32)))
          (br $next))
          ;; 1: delegatecall
          (call $flush (i32.const 1))
          (call $called (call $delegate_call (local.get $to) (local.get $payload) (local.get $length) (call $share) (i32.const 32)))
          (br $next))
          ;; 2: staticcall
          (call $flush (i32.const 1))
          (call $called (call $static_call (local.get $to) (local.get $payload) (local.get $length) (call $share) (i32.const 32)))
          (br $next))
          ;; 3: store; at once and of a slot that is not known, so that a static frame refuses it here as the EVM does
          (call $flush (i32.const 1))
          (call $cache (local.get $payload) (i32.add (local.get $payload) (i32.const 32)))
          (call $flush (i32.const 0))
          (br $next))
          ;; 4: load
          (call $load (local.get $payload) (global.get $out))
          (global.set $out (i32.add (global.get $out) (i32.const 32)))
          (br $next))
          ;; 5: log
          (call $emit_log (local.get $payload) (local.get $length) (i32.const 1))
          (br $next))
          ;; 6: revert
          (call $write_result (local.get $payload) (local.get $length))
          (return (i32.const 1)))
          ;; 7: fail
          (unreachable))
          ;; 8: call with value
          (call $flush (i32.const 1))
          (call $called (call $call (local.get $to)
            (i32.add (local.get $payload) (i32.const 32)) (i32.sub (local.get $length) (i32.const 32))
            (local.get $payload) (call $share) (i32.const 32)))
          (br $next))
          ;; 9: sender, value, own address
          (call $msg_sender (i32.add (global.get $out) (i32.const 12)))
          (call $msg_value (i32.add (global.get $out) (i32.const 32)))
          (call $contract_address (i32.add (global.get $out) (i32.const 76)))
          (global.set $out (i32.add (global.get $out) (i32.const 96)))
          (br $next))
          ;; 10: transient store
          (call $transient_store (local.get $payload) (i32.add (local.get $payload) (i32.const 32)))
          (br $next))
          ;; 11: transient load
          (call $transient_load (local.get $payload) (global.get $out))
          (global.set $out (i32.add (global.get $out) (i32.const 32)))
          (br $next)))
    (call $flush (i32.const 0))
    (call $write_result (i32.const 131072) (i32.sub (global.get $out) (i32.const 131072)))
    (i32.const 0)))
