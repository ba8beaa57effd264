//! The vault deployed as its users deploy it: by transactions to a node.

#[path = "../../crates/node/tests/common/mod.rs"]
#[allow(dead_code, reason = "only some of the client is needed here")]
pub(crate) mod common;

use alloy_primitives::{address, keccak256, Address, Bytes, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{sol, SolCall, SolValue};
use demo::stage::artifacts;
use demo::stage::{PriceFeed, SequencerFeed};
use host::Packed;
use interfaces::surface::ISurface;
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
        let program = match Packed::new(&wasm).expect("a module") {
            Packed::Whole(code) => self.place(&code),
            Packed::Fragments(fragments, root) => {
                let placed: Vec<Address> = fragments.iter().map(|fragment| self.place(fragment)).collect();
                self.place(&root.naming(&placed))
            }
        };

        let most = U256::from(10).pow(U256::from(18));
        let fee = self.view(ARB_WASM, most, activateProgramCall { program }).dataFee;
        let receipt = self.send(Some(ARB_WASM), fee, activateProgramCall { program }.abi_encode().into());
        assert_eq!(receipt["logs"][0]["address"], json!(ARB_WASM));
        program
    }

    fn construct(&self, program: Address, arguments: &[u8]) {
        let selector = keccak256("stylus_constructor()");
        let data = selector[..4].iter().chain(arguments).copied().collect();
        self.send(Some(program), U256::ZERO, data);
    }

    fn tell<C: SolCall>(&self, to: Address, call: C) {
        self.send(Some(to), U256::ZERO, call.abi_encode().into());
    }

    /// Time of the last block.
    fn now(&self) -> u64 {
        let block =
            common::ask(&self.node, "eth_getBlockByNumber", json!(["latest", false])).expect("a block");
        let time = block["timestamp"].as_str().expect("a number").trim_start_matches("0x");
        u64::from_str_radix(time, 16).expect("a number")
    }

    fn view<C: SolCall>(&self, to: Address, value: U256, call: C) -> C::Return {
        let call = json!([{ "from": self.sender, "to": to, "value": value, "data": Bytes::from(call.abi_encode()) }]);
        let output: Bytes =
            serde_json::from_value(common::ask(&self.node, "eth_call", call).expect("answered"))
                .expect("bytes");
        C::abi_decode_returns(&output).expect("an answer of the right type")
    }
}

/// A vault that is deployed in fragments, activated and constructed, for the sender: itself and its underlying.
fn vault_of(client: &Client) -> (Address, Address) {
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
    client.construct(vault, &arguments);
    (vault, weth)
}

#[test]
fn the_vault_is_deployed_in_fragments_activated_and_set_up_over_rpc() {
    let client = Client::start();
    let (vault, weth) = vault_of(&client);
    assert_eq!(client.view(vault, U256::ZERO, IVault::underlyingCall {}), weth);
}

#[test]
fn the_publisher_fits_signs_and_submits_a_surface_over_rpc() {
    let client = Client::start();
    let (vault, _) = vault_of(&client);
    let feed = client.deploy("surface_feed");
    client.construct(feed, &vault.abi_encode());
    let (profile_, limits_) = (demo::stage::default_profile(), demo::stage::default_limits());
    client.tell(vault, IVault::setProfileCall { profile_, limits_ });
    client.tell(vault, IVault::setRoleCall { which: IVault::Role::Curator, account: client.sender });
    client.tell(vault, demo::stage::name_satellite(IVault::Satellite::Surface, feed));
    let mut keys = ["one", "two"].map(demo::stage::key);
    keys.sort_by_key(|key| key.address());
    let publishers_ = keys.iter().map(|key| key.address()).collect();
    client.tell(feed, ISurface::setPublishersCall { publishers_, threshold_: 2 });
    let now = client.now();
    let expiry = |days: u64| (now / 86_400 + days) * 86_400 + 28_800;
    let wad = |usd: u64| U256::from(usd) * U256::from(10).pow(U256::from(18));
    for days in [3, 30] {
        let (expiry, base, step) = (expiry(days), wad(1_800), wad(100));
        client.tell(vault, IVault::listExpiryCall { expiry, base, step, count: 21 });
    }

    let payer = PrivateKeySigner::from_bytes(&client.node.accounts()[1].1).expect("a key");
    let mut rpc = publisher::Rpc::connect(&client.node.url(), Some(payer)).expect("a connection");
    let now = client.now();
    let rows = (0..100).map(|hour| format!("{},{}\n", now - 3_600 * hour, 2_800 + hour % 7 * 20));
    let csv = "timestamp,close\n".to_owned() + &rows.collect::<String>();
    let source = publisher::prices(csv.as_bytes(), now).expect("prices");
    let state = publisher::State::read(&mut rpc, feed, now).expect("a state");
    let update = publisher::fit(&state, &source, rpc.chain_id().expect("a chain"), now).expect("a surface");
    let signatures = keys.each_ref().map(|key| update.sign(key).expect("signed"));
    let few = publisher::explain(&state, &update, Some(&signatures[..1]), now);
    assert_eq!(few.iter().map(|fault| fault.error).collect::<Vec<_>>(), ["TooFewSignatures"]);
    assert!(rpc.submit(&update, &signatures[..1]).is_err());
    let combined = update.combine(&signatures).expect("good signatures");
    rpc.submit(&update, &combined).expect("mined");
    assert_eq!(client.view(feed, U256::ZERO, ISurface::nonceCall {}), 1);
    let shown = client.view(feed, U256::ZERO, ISurface::sliceCall { expiry: expiry(30) });
    assert_eq!(shown.updatedAt, now);
    assert_eq!(shown.slice_.rho, update.slices[1].rho);
}
