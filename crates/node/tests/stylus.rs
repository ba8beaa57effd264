//! The life of a Stylus program over JSON-RPC: the calls that cargo-stylus makes, and what the chain does with a program later.

mod common;

use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue, sol};
use common::{ask, node, refusal};
use node::Node;
use serde_json::{Value, json};

const ARB_SYS: Address = address!("0000000000000000000000000000000000000064");
const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
const ARB_WASM_CACHE: Address = address!("0000000000000000000000000000000000000072");
const STYLUS_DEPLOYER: Address = address!("cEcba2F1DC234f70Dd89F2041029807F8D03A990");
const NODE_INTERFACE: Address = address!("00000000000000000000000000000000000000c8");
const DAY: u64 = 86_400;

sol! {
    function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
    function codehashKeepalive(bytes32 codehash) external payable;
    function codehashVersion(bytes32 codehash) external view returns (uint16);
    function codehashAsmSize(bytes32 codehash) external view returns (uint32);
    function programTimeLeft(address program) external view returns (uint64);
    function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
    function stylusVersion() external view returns (uint16);
    function inkPrice() external view returns (uint32);
    function cacheProgram(address program) external;
    function codehashIsCached(bytes32 codehash) external view returns (bool);
    function arbBlockNumber() external view returns (uint256);
    function arbBlockHash(uint256 number) external view returns (bytes32);
    function arbChainID() external view returns (uint256);
    function arbOSVersion() external view returns (uint256);
    function gasEstimateComponents(address to, bool contractCreation, bytes data) external payable returns (uint64 gasEstimate, uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate);

    function deploy(bytes bytecode, bytes initData, uint256 initValue, bytes32 salt) external payable returns (address);

    event ContractDeployed(address deployedContract);
    event ProgramActivated(bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee, uint16 version);

    error ProgramNotWasm();
    error ProgramNotActivated();
    error ProgramExpired(uint64 ageInSeconds);
    error ProgramUpToDate();
    error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
    error ProgramInsufficientValue(uint256 have, uint256 want);
    error InvalidBlockNumber(uint256 requested, uint256 current);
    error Error(string reason);
}

/// Answers 42 to everything.
const PROGRAM: &str = r#"(module
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32)
        (i32.store8 (i32.const 31) (i32.const 42))
        (call $write_result (i32.const 0) (i32.const 32))
        (i32.const 0)))"#;

/// Code as it lies on chain: the prefix, and the module compressed.
fn code(text: &str) -> Bytes {
    let wasm = wat::parse_str(text).expect("a module");
    let mut packed = vec![0xef, 0xf0, 0x00, 0x00];
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &wasm[..], &mut packed, &parameters).expect("compressed");
    packed.into()
}

/// Init code that returns the code after it.
fn init_code(code: &[u8]) -> Bytes {
    let mut init = hex!("61000080600a3d393df3").to_vec();
    init[1..3].copy_from_slice(&u16::try_from(code.len()).expect("short code").to_be_bytes());
    init.extend_from_slice(code);
    init.into()
}

fn sender(node: &Node) -> Address {
    node.accounts()[0].0
}

/// Sends a transaction and returns its receipt.
fn send(node: &Node, to: Option<Address>, value: U256, data: Bytes) -> Value {
    let tx = json!({ "from": sender(node), "to": to, "value": value, "data": data, "gas": "0x1312d00" });
    let hash = ask(node, "eth_sendTransaction", json!([tx])).expect("sent");
    ask(node, "eth_getTransactionReceipt", json!([hash])).expect("mined")
}

fn succeeded(receipt: &Value) -> bool {
    receipt["status"] == json!("0x1")
}

/// Creates an account with this code by a transaction.
fn create(node: &Node, code: &[u8]) -> Address {
    let receipt = send(node, None, U256::ZERO, init_code(code));
    assert!(succeeded(&receipt), "{receipt}");
    serde_json::from_value(receipt["contractAddress"].clone()).expect("an address")
}

fn activate(node: &Node, program: Address) -> Value {
    let value = U256::from(10_000_000_000_000_000_u64);
    send(node, Some(ARB_WASM), value, activateProgramCall { program }.abi_encode().into())
}

/// A program that is deployed and activated.
fn deployed(node: &Node) -> Address {
    let program = create(node, &code(PROGRAM));
    let receipt = activate(node, program);
    assert!(succeeded(&receipt), "{receipt}");
    program
}

fn view<C: SolCall>(node: &Node, to: Address, call: C) -> Result<C::Return, Value> {
    let data: Bytes = call.abi_encode().into();
    let output = ask(node, "eth_call", json!([{ "to": to, "data": data }, "latest"]))?;
    let output: Bytes = serde_json::from_value(output).expect("bytes");
    Ok(C::abi_decode_returns(&output).expect("an answer of the right type"))
}

fn call(node: &Node, program: Address) -> Result<U256, Value> {
    let output = ask(node, "eth_call", json!([{ "to": program }, "latest"]))?;
    let output: Bytes = serde_json::from_value(output).expect("bytes");
    Ok(U256::from_be_slice(&output))
}

/// Asserts that an error is a revert with this data.
fn assert_reverts(result: Result<impl std::fmt::Debug, Value>, error: impl SolError) {
    let found = result.expect_err("it reverts");
    assert_eq!(found["code"], json!(3), "{found}");
    assert_eq!(found["data"], json!(hex::encode_prefixed(error.abi_encode())));
}

fn warp(node: &Node, seconds: u64) {
    ask(node, "evm_increaseTime", json!([seconds])).expect("later");
    ask(node, "evm_mine", json!([])).expect("mined");
}

#[test]
fn a_check_runs_the_activation_on_overridden_code_and_changes_nothing() {
    let node = node();
    let (program, nobody) = (Address::repeat_byte(0x51), Address::repeat_byte(0x52));
    let whole = code(PROGRAM);
    let codehash = keccak256(&whole);
    assert_reverts(view(&node, ARB_WASM, codehashVersionCall { codehash }), ProgramNotActivated {});

    let data: Bytes = activateProgramCall { program }.abi_encode().into();
    let value = U256::from(1_000_000_000_000_000_000_u64);
    let overrides =
        json!({ nobody.to_string(): { "balance": U256::MAX }, program.to_string(): { "code": whole } });
    let asked =
        json!([{ "from": nobody, "to": ARB_WASM, "value": value, "data": data }, "latest", overrides]);
    let output: Bytes =
        serde_json::from_value(ask(&node, "eth_call", asked).expect("it would activate")).expect("bytes");
    let (version, fee) = <(u16, U256)>::abi_decode(&output).expect("version and fee");
    assert_eq!(version, 2);
    // One function with one parameter and one result; 6.2628 for each byte of the module; the least price of a byte.
    let length = wat::parse_str(PROGRAM).expect("a module").len() as u64;
    let estimate = 512_000 + 996 + 22 + length * 62_628 / 10_000;
    assert_eq!(fee, U256::from(estimate * 82_928_201));
    assert_reverts(view(&node, ARB_WASM, codehashVersionCall { codehash }), ProgramNotActivated {});
}

#[test]
fn a_program_is_created_activated_and_called() {
    let node = node();
    let whole = code(PROGRAM);
    let program = create(&node, &whole);
    assert_eq!(ask(&node, "eth_getCode", json!([program, "latest"])), Ok(json!(whole)));

    let refused = call(&node, program).expect_err("it is not active");
    assert_eq!(refused["code"], json!(-32_000));
    assert_eq!(refused["message"], json!(format!("ProgramNotActivated(): program {program}")));

    let balance = |account: Address| -> U256 {
        serde_json::from_value(ask(&node, "eth_getBalance", json!([account, "latest"])).expect("a balance"))
            .expect("a number")
    };
    let before = balance(sender(&node));
    let receipt = activate(&node, program);
    assert!(succeeded(&receipt), "{receipt}");
    let log = &receipt["logs"][0];
    assert_eq!(log["topics"], json!([ProgramActivated::SIGNATURE_HASH, keccak256(&whole)]));
    let data: Bytes = serde_json::from_value(log["data"].clone()).expect("bytes");
    let (_, activated, fee, version) =
        <(B256, Address, U256, u16)>::abi_decode(&data).expect("the event's data");
    assert_eq!((activated, version), (program, 2));
    let number = |value: &Value| -> U256 { serde_json::from_value(value.clone()).expect("a number") };
    let gas = number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]);
    assert_eq!(before - balance(sender(&node)), fee + gas, "the surplus comes back");
    assert_eq!(balance(ARB_WASM), U256::ZERO);

    assert_eq!(call(&node, program), Ok(U256::from(42)));
    assert_eq!(view(&node, ARB_WASM, codehashVersionCall { codehash: keccak256(&whole) }), Ok(2));
    let again = activateProgramCall { program }.abi_encode();
    let again = json!([{ "from": sender(&node), "to": ARB_WASM, "value": "0x38d7ea4c68000", "data": Bytes::from(again) }]);
    assert_reverts(ask(&node, "eth_call", again), ProgramUpToDate {});
}

#[test]
fn an_activation_that_is_refused_says_why_and_takes_nothing() {
    let node = node();
    let asked = |program: Address, value: u64| {
        let data: Bytes = activateProgramCall { program }.abi_encode().into();
        ask(
            &node,
            "eth_call",
            json!([{ "from": sender(&node), "to": ARB_WASM, "value": U256::from(value), "data": data }]),
        )
    };
    let program = create(&node, &code(PROGRAM));
    let found = asked(program, 7).expect_err("too little");
    let data: Bytes = serde_json::from_value(found["data"].clone()).expect("bytes");
    let short = ProgramInsufficientValue::abi_decode(&data).expect("the error");
    assert_eq!(short.have, U256::from(7));
    assert!(short.want > U256::from(7));
    assert!(asked(program, short.want.saturating_to::<u64>()).is_ok(), "the fee that is asked for is enough");
    assert_reverts(asked(sender(&node), 7), ProgramNotWasm {});

    let float =
        PROGRAM.replace("(i32.const 0)))", "(drop (f32.add (f32.const 1) (f32.const 2))) (i32.const 0)))");
    let broken = create(&node, &code(&float));
    let found = asked(broken, 1 << 60).expect_err("a rule is broken");
    let data: Bytes = serde_json::from_value(found["data"].clone()).expect("bytes");
    let reason = Error::abi_decode(&data).expect("a reason").reason;
    assert!(reason.contains("FloatOperation"), "{reason}");
    assert!(found["message"].as_str().is_some_and(|message| message.contains("FloatOperation")), "{found}");

    let garbage = create(&node, &hex!("eff00000deadbeef"));
    let found = asked(garbage, 1 << 60).expect_err("no module");
    assert!(found["message"].as_str().is_some_and(|message| message.contains("decompress")), "{found}");
    let receipt = activate(&node, garbage);
    assert!(!succeeded(&receipt));
}

#[test]
fn other_code_that_begins_with_ef_is_not_created() {
    let node = node();
    for refused in [&hex!("ef00")[..], &hex!("eff0"), &hex!("eff003")] {
        let receipt = send(&node, None, U256::ZERO, init_code(refused));
        assert!(!succeeded(&receipt), "{}", hex::encode(refused));
        assert_eq!(ask(&node, "eth_getCode", json!([receipt["contractAddress"], "latest"])), Ok(json!("0x")));
    }
    let (code, message) = refusal(&node, "eth_estimateGas", json!([{ "data": init_code(&hex!("ef00")) }]));
    assert_eq!((code, message.as_str()), (-32_000, "invalid code: must not begin with 0xef"));
    for taken in [&hex!("eff00000")[..], &hex!("eff00101"), &hex!("eff00200")] {
        create(&node, taken);
    }
}

#[test]
fn a_program_lives_a_year_unless_it_is_kept_alive() {
    let node = node();
    let program = deployed(&node);
    let codehash = keccak256(code(PROGRAM));
    let keepalive = || {
        let data: Bytes = codehashKeepaliveCall { codehash }.abi_encode().into();
        json!([{ "from": sender(&node), "to": ARB_WASM, "value": "0x38d7ea4c68000", "data": data }])
    };
    let left = view(&node, ARB_WASM, programTimeLeftCall { program }).expect("active");
    assert!(left <= 365 * DAY && left > 365 * DAY - 3_700, "{left}");
    let early = ask(&node, "eth_call", keepalive()).expect_err("too soon");
    assert!(
        early["data"]
            .as_str()
            .is_some_and(|data| data.starts_with(&hex::encode_prefixed(ProgramKeepaliveTooSoon::SELECTOR)))
    );

    warp(&node, 200 * DAY);
    let data: Bytes = codehashKeepaliveCall { codehash }.abi_encode().into();
    assert!(succeeded(&send(&node, Some(ARB_WASM), U256::from(10_u64.pow(15)), data)));
    warp(&node, 300 * DAY);
    assert_eq!(call(&node, program), Ok(U256::from(42)));
    warp(&node, 66 * DAY);
    let refused = call(&node, program).expect_err("it is expired");
    assert!(
        refused["message"].as_str().is_some_and(|message| message.starts_with("ProgramExpired(")),
        "{refused}"
    );
    let late = ask(&node, "eth_call", keepalive()).expect_err("too late");
    assert!(
        late["data"]
            .as_str()
            .is_some_and(|data| data.starts_with(&hex::encode_prefixed(ProgramExpired::SELECTOR)))
    );
    assert!(succeeded(&activate(&node, program)), "anybody may activate it again");
    assert_eq!(call(&node, program), Ok(U256::from(42)));
}

#[test]
fn an_activation_is_undone_with_the_state() {
    let node = node();
    let program = create(&node, &code(PROGRAM));
    let id = ask(&node, "evm_snapshot", json!([])).expect("a snapshot");
    assert!(succeeded(&activate(&node, program)));
    assert_eq!(call(&node, program), Ok(U256::from(42)));
    assert_eq!(ask(&node, "evm_revert", json!([id])), Ok(json!(true)));
    assert!(call(&node, program).is_err());
    assert!(succeeded(&activate(&node, program)));
    let before = ask(&node, "eth_blockNumber", json!([])).expect("a number");
    let before: U256 = serde_json::from_value(before).expect("a number");
    let earlier = json!([{ "to": program }, U256::from(before.saturating_to::<u64>() - 1)]);
    assert!(ask(&node, "eth_call", earlier).is_err(), "a block earlier it was not active");
}

#[test]
fn a_program_works_in_a_node_that_loads_its_state() {
    let first = node();
    let program = deployed(&first);
    let state = ask(&first, "anvil_dumpState", json!([])).expect("a state");
    let second = node();
    assert_eq!(ask(&second, "anvil_loadState", json!([state])), Ok(json!(true)));
    assert_eq!(call(&second, program), Ok(U256::from(42)));
    assert_eq!(refusal(&second, "anvil_loadState", json!(["0x7b7d"])).0, -32_602);
}

#[test]
fn a_cached_program_starts_cheaper() {
    let node = node();
    let program = deployed(&node);
    let codehash = keccak256(code(PROGRAM));
    let gas = || {
        let receipt = send(&node, Some(program), U256::ZERO, Bytes::new());
        serde_json::from_value::<U256>(receipt["gasUsed"].clone()).expect("a number").saturating_to::<u64>()
    };
    assert_eq!(view(&node, ARB_WASM_CACHE, codehashIsCachedCall { codehash }), Ok(false));
    let uncached = gas();
    let data: Bytes = cacheProgramCall { program }.abi_encode().into();
    assert!(succeeded(&send(&node, Some(ARB_WASM_CACHE), U256::ZERO, data)));
    assert_eq!(view(&node, ARB_WASM_CACHE, codehashIsCachedCall { codehash }), Ok(true));
    let init = view(&node, ARB_WASM, programInitGasCall { program }).expect("active");
    assert_eq!(uncached - gas(), init.gas - init.gasWhenCached);
}

#[test]
fn the_stylus_deployer_creates_activates_and_constructs_at_once() {
    let node = node();
    let bytecode = init_code(&code(PROGRAM));
    let value = U256::from(10_000_000_000_000_000_u64);
    let deploy = |salt: B256, value: U256| {
        let call = deployCall {
            bytecode: bytecode.clone(),
            initData: Bytes::from_static(&[1, 2, 3, 4]),
            initValue: U256::ZERO,
            salt,
        };
        let receipt = send(&node, Some(STYLUS_DEPLOYER), value, call.abi_encode().into());
        assert!(succeeded(&receipt), "{receipt}");
        let log = receipt["logs"].as_array().and_then(|logs| logs.last()).expect("a log").clone();
        assert_eq!(log["topics"], json!([ContractDeployed::SIGNATURE_HASH]));
        let data: Bytes = serde_json::from_value(log["data"].clone()).expect("bytes");
        Address::abi_decode(&data).expect("an address")
    };
    let first = deploy(B256::ZERO, value);
    assert_eq!(call(&node, first), Ok(U256::from(42)));
    assert_eq!(ask(&node, "eth_getBalance", json!([STYLUS_DEPLOYER, "latest"])), Ok(json!("0x0")));
    let second = deploy(B256::repeat_byte(1), U256::ZERO);
    assert_ne!(first, second);
    assert_eq!(call(&node, second), Ok(U256::from(42)), "the same code needs no second activation");
}

#[test]
fn arbsys_knows_the_chain_and_the_node_interface_estimates() {
    let node = node();
    for _ in 0..3 {
        ask(&node, "evm_mine", json!([])).expect("mined");
    }
    assert_eq!(view(&node, ARB_SYS, arbBlockNumberCall {}), Ok(U256::from(3)));
    assert_eq!(view(&node, ARB_SYS, arbChainIDCall {}), Ok(U256::from(412_346)));
    assert_eq!(view(&node, ARB_SYS, arbOSVersionCall {}), Ok(U256::from(115)));
    assert_eq!(view(&node, ARB_WASM, stylusVersionCall {}), Ok(2));
    assert_eq!(view(&node, ARB_WASM, inkPriceCall {}), Ok(10_000));
    let block = ask(&node, "eth_getBlockByNumber", json!(["0x2", false])).expect("a block");
    let hash = view(&node, ARB_SYS, arbBlockHashCall { number: U256::from(2) }).expect("a hash");
    assert_eq!(json!(hash), block["hash"]);
    let (requested, current) = (U256::from(3), U256::from(3));
    assert_reverts(
        view(&node, ARB_SYS, arbBlockHashCall { number: requested }),
        InvalidBlockNumber { requested, current },
    );

    let estimate = gasEstimateComponentsCall {
        to: ARB_SYS,
        contractCreation: false,
        data: arbChainIDCall {}.abi_encode().into(),
    };
    let parts = view(&node, NODE_INTERFACE, estimate).expect("an estimate");
    assert!((21_064..25_000).contains(&parts.gasEstimate), "{}", parts.gasEstimate);
    assert_eq!((parts.gasEstimateForL1, parts.baseFee), (0, U256::from(10_000_000)));
    assert_eq!(refusal(&node, "eth_call", json!([{ "to": ARB_WASM, "data": "0x12345678" }])).0, 3);
}
