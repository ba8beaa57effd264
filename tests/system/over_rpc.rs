//! The vault deployed as its users deploy it: by transactions to a node.

#[path = "../../crates/node/tests/common/mod.rs"]
#[allow(dead_code, reason = "only some of the client is needed here")]
mod common;

use alloy_primitives::{address, keccak256, Address, Bytes, U256};
use alloy_sol_types::{sol, SolCall, SolValue};
use demo::stage::artifacts;
use demo::stage::{PriceFeed, SequencerFeed};
use host::Packed;
use interfaces::vault::IVault;
use node::Node;
use serde_json::{json, Value};

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");

sol! {
    function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
    function programMemoryFootprint(address program) external view returns (uint16);
}

/// A node and whoever sends to it.
struct Client {
    node: Node,
    sender: Address,
}

impl Client {
    fn start() -> Self {
        let node = common::node();
        let sender = node.accounts()[0].0;
        Self { node, sender }
    }

    /// Sends a transaction with the gas that the node estimates.
    fn send(&self, to: Option<Address>, value: U256, data: Bytes) -> Value {
        let tx = json!([{ "from": self.sender, "to": to, "value": value, "data": data }]);
        let hash = common::ask(&self.node, "eth_sendTransaction", tx).expect("sent");
        let receipt = common::ask(&self.node, "eth_getTransactionReceipt", json!([hash])).expect("mined");
        assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
        receipt
    }

    fn create(&self, init_code: Bytes) -> Address {
        serde_json::from_value(self.send(None, U256::ZERO, init_code)["contractAddress"].clone())
            .expect("created")
    }

    /// Creates an account with this code, by init code that returns it.
    fn place(&self, code: &[u8]) -> Address {
        let mut init = vec![0x61, 0, 0, 0x80, 0x60, 10, 0x3d, 0x39, 0x3d, 0xf3];
        init[1..3].copy_from_slice(&u16::try_from(code.len()).expect("short code").to_be_bytes());
        init.extend_from_slice(code);
        self.create(init.into())
    }

    /// Places a program in as many fragments as it takes, and activates it.
    fn deploy(&self, name: &str) -> Address {
        let wasm = artifacts::wasm(name).expect("built");
        let Packed::Fragments(fragments, root) = Packed::new(&wasm).expect("a module") else {
            panic!("{name} needs more than one account")
        };
        let placed: Vec<Address> = fragments.iter().map(|fragment| self.place(fragment)).collect();
        let program = self.place(&root.naming(&placed));

        let most = U256::from(10).pow(U256::from(18));
        let fee = self.view(ARB_WASM, most, activateProgramCall { program }).dataFee;
        let receipt = self.send(Some(ARB_WASM), fee, activateProgramCall { program }.abi_encode().into());
        assert_eq!(receipt["logs"][0]["address"], json!(ARB_WASM));
        program
    }

    fn view<C: SolCall>(&self, to: Address, value: U256, call: C) -> C::Return {
        let call = json!([{ "from": self.sender, "to": to, "value": value, "data": Bytes::from(call.abi_encode()) }]);
        let output: Bytes =
            serde_json::from_value(common::ask(&self.node, "eth_call", call).expect("answered"))
                .expect("bytes");
        C::abi_decode_returns(&output).expect("an answer of the right type")
    }
}

#[test]
fn the_vault_is_deployed_in_fragments_activated_and_set_up_over_rpc() {
    let client = Client::start();
    let solidity = |name: &str| client.create(artifacts::bytecode(name).expect("built"));
    let [usdc, weth, feed, sequencer] = ["Usdc", "WETH9", "PriceFeed", "SequencerFeed"].map(solidity);
    let answer = alloy_primitives::I256::try_from(280_000_000_000_i64).expect("small");
    client.send(Some(feed), U256::ZERO, PriceFeed::pushCall { answer }.abi_encode().into());
    let up = SequencerFeed::setCall { answer: alloy_primitives::I256::ZERO, startedAt: U256::ONE };
    client.send(Some(sequencer), U256::ZERO, up.abi_encode().into());

    let engine = client.deploy("risk_engine");
    let vault = client.deploy("equipoise_vault");
    assert_eq!(client.view(ARB_WASM, U256::ZERO, programMemoryFootprintCall { program: vault }), 1);

    let arguments = (usdc, weth, feed, sequencer, engine, client.sender).abi_encode_params();
    let construct: Bytes = keccak256("stylus_constructor()")[..4].iter().chain(&arguments).copied().collect();
    client.send(Some(vault), U256::ZERO, construct);
    assert_eq!(client.view(vault, U256::ZERO, IVault::underlyingCall {}), weth);
}
