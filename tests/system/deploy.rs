//! `equipoise-deploy` rehearsed against a node: a market from one file, a check that sees every parameter, a run that was cut off, and the life of
//! the programs.

use std::path::PathBuf;

use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue};
use demo::stage::{artifacts, PriceFeed, SequencerFeed};
use deploy::{activate, cache, check, contracts, keepalive, programs, report, Config, Record, Row, Rpc};
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault::{self, Role};
use node::Node;
use serde_json::{json, Value};

use crate::over_rpc::common::ask;

const DAY: u64 = 86_400;
const FEE: u64 = 10_000_000_000_000_000;

/// A node with tokens, feeds and Uniswap, and a market's file for it.
pub(crate) struct Site {
    pub(crate) node: Node,
    pub(crate) text: String,
    pub(crate) record: PathBuf,
    pub(crate) owner: Address,
}

fn sent(node: &Node, tx: Value) -> Value {
    let hash = ask(node, "eth_sendTransaction", json!([tx])).expect("sent");
    let receipt = ask(node, "eth_getTransactionReceipt", json!([hash])).expect("asked");
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    receipt
}

pub(crate) fn tell<C: SolCall>(node: &Node, from: Address, to: Address, call: C) {
    sent(node, json!({ "from": from, "to": to, "data": Bytes::from(call.abi_encode()) }));
}

impl Site {
    pub(crate) fn new(name: &str) -> Self {
        Self::on(Node::start(node::Config { port: 0, ..node::Config::default() }).expect("a node"), name)
    }

    /// On a node that is there.
    pub(crate) fn on(node: Node, name: &str) -> Self {
        let accounts: Vec<Address> = node.accounts().iter().map(|(account, _)| *account).collect();
        let (deployer, owner) = (accounts[0], accounts[1]);
        let create = |name: &str, arguments: &[u8]| -> Address {
            let code: Bytes =
                artifacts::bytecode(name).expect("built").iter().chain(arguments).copied().collect();
            let receipt = sent(&node, json!({ "from": deployer, "data": code, "gas": "0x1e84800" }));
            serde_json::from_value(receipt["contractAddress"].clone()).expect("created")
        };
        let [usdc, weth, feed, sequencer, factory] =
            ["Usdc", "WETH9", "PriceFeed", "SequencerFeed", "UniswapV3Factory"].map(|name| create(name, &[]));
        let router = create("SwapRouter", &(factory, weth).abi_encode());
        let answer = I256::try_from(280_000_000_000_i64).expect("small");
        tell(&node, deployer, feed, PriceFeed::pushCall { answer });
        tell(&node, deployer, sequencer, SequencerFeed::setCall { answer: I256::ZERO, startedAt: U256::ONE });

        let path = format!("{}/crates/deploy/deploy.example.toml", env!("CARGO_MANIFEST_DIR"));
        let mut text = std::fs::read_to_string(path).expect("the example");
        let wasm = artifacts_folder();
        for (from, to) in [
            ("http://127.0.0.1:8547".to_owned(), node.url()),
            ("chain_id = 42161".to_owned(), format!("chain_id = {}\nwasm = \"{wasm}\"", node.chain_id())),
            (zero("usdc"), set("usdc", usdc)),
            (zero("underlying"), set("underlying", weth)),
            (zero("price"), set("price", feed)),
            (zero("sequencer"), set("sequencer", sequencer)),
            (zero("owner"), set("owner", owner)),
            (zero("curator"), set("curator", accounts[2])),
            (zero("guardian"), set("guardian", accounts[3])),
            (format!("[\"{}\"]", Address::ZERO), format!("[\"{}\"]", accounts[4])),
            ("# [[venues]]             # Uniswap".to_owned(), "[[venues]] #".to_owned()),
            ("# name = \"uniswap-v3-5bp\"".to_owned(), "name = \"uniswap-v3-5bp\"".to_owned()),
            (format!("# {}", zero("router")), set("router", router)),
            ("# pool_fee = 500".to_owned(), "pool_fee = 500".to_owned()),
        ] {
            assert!(text.contains(&from), "{from} is not in the example");
            text = text.replacen(&from, &to, 1);
        }
        let record = std::env::temp_dir().join(format!("equipoise-{name}-{}.json", node.address().port()));
        let _ = std::fs::remove_file(&record);
        Self { node, text, record, owner }
    }

    pub(crate) fn config(&self) -> Config {
        Config::parse(&self.text).expect("a config")
    }

    pub(crate) fn rpc(&self) -> Rpc {
        self.rpc_at(&self.node.url())
    }

    pub(crate) fn rpc_at(&self, url: &str) -> Rpc {
        let key = PrivateKeySigner::from_bytes(&self.node.accounts()[0].1).expect("a key");
        Rpc::connect(url, self.node.chain_id(), Some(key)).expect("a connection")
    }

    pub(crate) fn record(&self) -> Record {
        Record::open(&self.record, self.node.chain_id()).expect("a record")
    }

    /// Runs a deployment; the transactions that it sent.
    pub(crate) fn run(&self, rpc: &mut Rpc) -> u64 {
        let before = rpc.sent;
        contracts(rpc, &self.config(), &mut self.record(), &mut |_| ()).expect("deployed");
        rpc.sent - before
    }

    /// What is wrong by a config whose text differs.
    fn wrong(&self, rpc: &Rpc, from: &str, to: &str) -> Vec<String> {
        assert!(self.text.contains(from), "{from} is not in the file");
        let config = Config::parse(&self.text.replacen(from, to, 1)).expect("a config");
        let rows = check(rpc, &config, &self.record()).expect("read");
        rows.iter().filter(|row| !row.ok()).map(|row| row.parameter.clone()).collect()
    }

    pub(crate) fn pass(&self, days: u64) {
        ask(&self.node, "evm_increaseTime", json!([days * DAY])).expect("time");
        ask(&self.node, "evm_mine", json!([])).expect("a block");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.record);
    }
}

fn artifacts_folder() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("wasm32-unknown-unknown/release").display().to_string()
}

fn zero(name: &str) -> String {
    set(name, Address::ZERO)
}

pub(crate) fn set(name: &str, address: Address) -> String {
    format!("{name} = \"{address}\"")
}

#[test]
fn a_market_comes_from_one_file_and_every_parameter_of_it_is_read_back() {
    let site = Site::new("market");
    let mut rpc = site.rpc();
    assert!(site.run(&mut rpc) > 15);
    let rows = check(&rpc, &site.config(), &site.record()).expect("read");
    let (text, wrong) = report(&rows);
    println!("{text}");
    assert_eq!(wrong, 0, "{text}");
    let families = ["profile.", "limits.", "desk.rules.", "vault.", "surface.", "margin.", "venue ", "lens."];
    assert!(
        rows.len() > 85 && families.iter().all(|one| rows.iter().any(|row| row.parameter.starts_with(one)))
    );
    assert!(text.lines().skip(1).all(|line| line.ends_with("  ok")));

    // The owner accepts; the check stays as it is.
    let vault = site.record().at("vault").expect("a vault");
    tell(&site.node, site.owner, vault, IVault::acceptOwnershipCall {});
    assert_eq!(rpc.view(vault, IVault::roleCall { which: Role::Owner }).expect("a role"), site.owner);
    assert_eq!(report(&check(&rpc, &site.config(), &site.record()).expect("read")).1, 0);
    assert_eq!(site.run(&mut rpc), 0, "what is as it should be is left alone");
    assert_eq!(rpc.view(vault, IERC4626::totalAssetsCall {}).expect("a view"), U256::ZERO);
}

/// The row of a parameter of the file.
fn row_of(section: &str, name: &str) -> String {
    match (section, name) {
        ("tokens", "usdc") => "vault.asset".to_owned(),
        ("tokens" | "roles", name) => format!("vault.{name}"),
        ("feeds", name) => format!("vault.feeds.{name}"),
        ("margin", "account_limit") => "margin.accountLimit".to_owned(),
        ("margin", _) => "margin.totalLimit".to_owned(),
        ("venues", "pool_fee") => "venue uniswap-v3-5bp.poolFee".to_owned(),
        ("venues", name) => format!("venue uniswap-v3-5bp.{name}"),
        (section, name) => format!("{section}.{name}"),
    }
}

#[test]
fn the_check_sees_each_number_that_is_off_by_one_and_each_address_that_is_another() {
    let site = Site::new("check");
    let mut rpc = site.rpc();
    site.run(&mut rpc);
    // All of a section at once: each of its rows is wrong then, and no other.
    let (mut numbers, mut addresses) = (0, 0);
    for wanted in ["tokens", "feeds", "roles", "desk", "margin", "broker", "venues", "profile", "limits"] {
        let (mut section, mut lines, mut expected) = (String::new(), Vec::new(), Vec::new());
        for line in site.text.lines() {
            let plain = line.split('#').next().unwrap_or_default().trim();
            if let Some(name) = plain.strip_prefix('[') {
                section = name.trim_matches(['[', ']']).to_owned();
            }
            let Some((name, value)) =
                plain.split_once(" = ").filter(|(name, _)| section == wanted && *name != "name")
            else {
                lines.push(line.to_owned());
                continue;
            };
            expected.push(row_of(&section, name));
            let digits = value.trim_matches('"').replace('_', "");
            lines.push(match digits.parse::<u128>() {
                Ok(number) if value.starts_with('"') => format!("{name} = \"{}\"", number + 1),
                Ok(number) => format!("{name} = {}", number + 1),
                Err(_) => set(name, Address::repeat_byte(9)),
            });
            if digits.starts_with("0x") {
                addresses += 1
            } else {
                numbers += 1
            }
        }
        let config = Config::parse(&lines.join("\n")).expect("a config");
        let rows = check(&rpc, &config, &site.record()).expect("read");
        let mut wrong: Vec<String> =
            rows.iter().filter(|row| !row.ok()).map(|row| row.parameter.clone()).collect();
        wrong.sort();
        expected.sort();
        assert_eq!(wrong, expected, "[{wanted}]");
    }
    assert_eq!((numbers, addresses), (23 + 14 + 1 + 2 + 1 + 1, 8));
    let publisher = site.node.accounts()[4].0.to_string();
    let other = Address::repeat_byte(9).to_string();
    assert_eq!(site.wrong(&rpc, &publisher, &other), ["surface.publishers"]);
    let rules = site.wrong(&rpc, "# [desk.rules] ", "[desk.rules]\ngasCap = 499_999 #");
    assert_eq!(rules, ["desk.rules.gasCap"]);

    // On the chain's side: paused, and a program that is another's.
    let (vault, guardian) = (site.record().at("vault").expect("a vault"), site.node.accounts()[3].0);
    tell(&site.node, guardian, vault, IVault::pauseCall {});
    let lens = site.record().at("lens").expect("a lens");
    ask(&site.node, "anvil_setCode", json!([lens, "0xfe"])).expect("code");
    let rows = check(&rpc, &site.config(), &site.record()).expect("read");
    let wrong: Vec<&Row> = rows.iter().filter(|row| !row.ok()).collect();
    let names: Vec<&str> = wrong.iter().map(|row| row.parameter.as_str()).collect();
    assert_eq!(names, ["lens.code", "lens.program", "vault.paused"]);
    let (text, count) = report(&rows);
    assert!(count == 3 && text.contains("vault.paused") && text.contains("WRONG"), "{text}");
}

#[test]
fn a_run_that_was_cut_off_goes_on_where_it_stopped() {
    let site = Site::new("cut");
    let mut rpc = site.rpc();
    // The key's money ends in the middle: so does the run.
    let payer = site.node.accounts()[0].0;
    let poor = json!([payer, format!("{:#x}", u128::from(FEE) + 500_000_000_000_000)]);
    ask(&site.node, "anvil_setBalance", poor).expect("a balance");
    let mut told = Vec::new();
    let mut note = |line: &str| told.push(line.to_owned());
    let failure = contracts(&mut rpc, &site.config(), &mut site.record(), &mut note).expect_err("no money");
    assert!(format!("{failure:#}").contains("insufficient funds"), "{failure:#}");
    let kept = site.record().programs;
    assert!((1..6).contains(&kept.len()), "{kept:?}");
    let rich = json!([payer, format!("{:#x}", 100_000 * u128::from(FEE))]);
    ask(&site.node, "anvil_setBalance", rich).expect("a balance");
    site.run(&mut rpc);
    let whole = site.record().programs;
    assert!(whole.len() == 8 && kept.iter().all(|(name, address)| whole.get(name) == Some(address)));
    assert_eq!(report(&check(&rpc, &site.config(), &site.record()).expect("read")).1, 0);
}

#[test]
fn what_cannot_be_deployed_is_refused_before_anything_is_sent() {
    let site = Site::new("refused");
    let mut rpc = site.rpc();
    let nobody = Address::repeat_byte(9);
    let refused = |rpc: &mut Rpc, from: &str, to: String| {
        let config = Config::parse(&site.text.replacen(from, &to, 1)).expect("a config");
        format!("{:#}", contracts(rpc, &config, &mut site.record(), &mut |_| ()).expect_err("refused"))
    };
    let usdc = site.config().tokens.usdc;
    let weth = site.config().tokens.underlying;
    assert!(refused(&mut rpc, &set("usdc", usdc), set("usdc", nobody)).contains("has no code"));
    let decimals = refused(&mut rpc, &set("usdc", usdc), set("usdc", weth));
    assert!(decimals.contains("[tokens] usdc has 18 decimals, 6 needed"), "{decimals}");
    let nowhere = refused(&mut rpc, "wasm = \"", "wasm = \"/nowhere".to_owned());
    assert!(nowhere.contains("run scripts/build"), "{nowhere}");
    assert_eq!(rpc.sent, 0);
    let mut keyless = Rpc::connect(&site.node.url(), site.node.chain_id(), None).expect("a connection");
    let failure =
        contracts(&mut keyless, &site.config(), &mut site.record(), &mut |_| ()).expect_err("no key");
    assert!(failure.to_string().contains("EQUIPOISE_DEPLOY_KEY"), "{failure}");
    let wrong = Rpc::connect(&site.node.url(), 42_161, None).expect_err("another chain");
    assert!(wrong.to_string().contains("the config says 42161"), "{wrong}");
    let mut other = site.record();
    other.chain_id = 1;
    assert!(site.record().programs.is_empty());
}

#[test]
fn c10_programs_are_kept_alive_brought_back_and_cached() {
    let site = Site::new("programs");
    let mut rpc = site.rpc();
    site.run(&mut rpc);
    let record = site.record();
    let days = |rpc: &Rpc| -> Vec<u64> {
        let all = programs(rpc, &record).expect("told");
        all.iter().map(|one| one.seconds_left.unwrap_or_default() / DAY).collect()
    };
    assert!(days(&rpc).iter().all(|left| *left >= 364));
    // Too young to be kept alive: nothing is sent, whatever is asked.
    assert!(keepalive(&mut rpc, &record, 400, FEE).expect("nothing to do").is_empty());
    site.pass(300);
    assert!(days(&rpc).iter().all(|left| *left < 66));
    assert!(keepalive(&mut rpc, &record, 60, FEE).expect("not yet").is_empty());
    site.pass(10);
    let balance = |rpc: &Rpc| rpc.balance(rpc.sender().expect("a key")).expect("a balance");
    let before = balance(&rpc);
    assert_eq!(keepalive(&mut rpc, &record, 60, FEE).expect("kept").len(), record.programs.len());
    assert!(days(&rpc).iter().all(|left| *left >= 364));
    let spent = before - balance(&rpc);
    assert!(spent < U256::from(FEE), "what the fee leaves comes back: {spent} wei");

    site.pass(366);
    let dead = programs(&rpc, &record).expect("told");
    assert!(dead.iter().all(|one| one.state() == "expired"), "{dead:?}");
    let refused = keepalive(&mut rpc, &record, 60, FEE).expect_err("too late").to_string();
    assert!(refused.contains("is expired: activate it first"), "{refused}");
    assert_eq!(activate(&mut rpc, &record, FEE).expect("activated").len(), record.programs.len());
    assert!(activate(&mut rpc, &record, FEE).expect("nothing to do").is_empty());
    assert_eq!(report(&check(&rpc, &site.config(), &record).expect("read")).1, 0, "and nothing else changed");

    assert!(programs(&rpc, &record).expect("told").iter().all(|one| !one.cached));
    assert_eq!(cache(&mut rpc, &record, U256::ZERO).expect("cached").len(), record.programs.len());
    let cached = programs(&rpc, &record).expect("told");
    assert!(cached.iter().all(|one| one.cached && one.start.is_some_and(|(cold, warm)| cold > warm)));
    println!("{}", deploy::show(&cached));
}
