//! Venues that hold positions, deployed and named at the broker from the same file, and read back.

use alloy_primitives::{Address, Bytes};
use demo::stage::Aave;
use deploy::{check, report, Row};
use interfaces::broker::IBroker;
use interfaces::position::IPositionVenue;
use interfaces::vault::IVault::{self, Satellite};
use node::Node;
use serde_json::json;

use crate::deploy::{set, Site};
use crate::market::{SPOT, START};
use crate::over_rpc::common::ask;
use crate::venue_perp::Perp;

/// A node that begins with Aave and the exchange's parts, a market's file for it, and the sections of both venues.
fn site() -> Site {
    let mut perp = Perp::open();
    let stage = &mut perp.market.stage;
    let (owner, tokens) = (stage.actors.owner, [stage.usdc, stage.underlying, stage.feed]);
    let aave = Aave::deploy(&mut stage.chain, owner, tokens, SPOT).expect("Aave");
    let router = stage.uniswap.router;
    let config = node::Config { port: 0, timestamp: Some(START), ..node::Config::default() };
    let node = Node::start(config).expect("a node");
    let state = json!({ "timestamp": START, "accounts": stage.chain.world.dump() }).to_string();
    ask(&node, "anvil_loadState", json!([Bytes::from(state.into_bytes())])).expect("loaded");
    let mut site = Site::on(node, "positions");
    let before = site.config();
    for (name, from, to) in
        [("usdc", before.tokens.usdc, tokens[0]), ("underlying", before.tokens.underlying, tokens[1])]
    {
        site.text = site.text.replacen(&set(name, from), &set(name, to), 1);
    }
    let [roles, store, vault, spender, _] = perp.parts;
    let places = [
        ("pool", aave.pool),
        ("router", router),
        ("market", perp.perpetual),
        ("router", perp.exchange),
        ("spender", spender),
        ("vault", vault),
        ("store", store),
        ("roles", roles),
    ];
    site.text = uncommented(&site.text, &places);
    site
}

/// The example's sections of positions, with these addresses in their order.
fn uncommented(text: &str, places: &[(&str, Address)]) -> String {
    let (head, rest) = text.split_once("# [[positions]]").expect("the first");
    let (section, tail) = rest.split_once("[profile]").expect("what comes next");
    let mut section = format!("[[positions]]{section}").replace("\n# ", "\n").replace("\n#\n", "\n\n");
    for (name, address) in places {
        let zero = set(name, Address::ZERO);
        assert!(section.contains(&zero), "{zero} is not in the example");
        section = section.replacen(&zero, &set(name, *address), 1);
    }
    format!("{head}{section}[profile]{tail}")
}

fn wrong(rows: &[Row]) -> Vec<&str> {
    rows.iter().filter(|row| !row.ok()).map(|row| row.parameter.as_str()).collect()
}

#[test]
fn position_venues_come_from_the_same_file_named_at_the_broker_and_read_back() {
    let site = site();
    let mut rpc = site.rpc();
    assert!(site.run(&mut rpc) > 20);
    let rows = check(&rpc, &site.config(), &site.record()).expect("read");
    let (text, count) = report(&rows);
    println!("{text}");
    assert_eq!(count, 0, "{text}");
    let of = |start: &str| rows.iter().filter(|row| row.parameter.starts_with(start)).count();
    // Its code, whether it is active, and each argument.
    assert_eq!((of("position aave-short."), of("position perp.")), (2 + 9, 2 + 13));
    assert_eq!(of("broker.position "), 6);
    assert_eq!(site.run(&mut rpc), 0, "what is as it should be is left alone");

    // They serve the broker, and it the vault: what may be short is known to it.
    let (record, vault) = (site.record(), site.record().at("vault").expect("a vault"));
    let broker = rpc.view(vault, IVault::satelliteCall { which: Satellite::Broker }).expect("a broker");
    for name in ["position aave-short", "position perp"] {
        let venue = record.at(name).expect("a venue");
        assert_eq!(rpc.view(venue, IPositionVenue::deskCall {}).expect("a desk"), broker.contract_);
        assert_eq!(rpc.view(venue, IPositionVenue::receiverCall {}).expect("a receiver"), broker.contract_);
    }
    assert_eq!(rpc.view(broker.contract_, IBroker::venuesCall {}).expect("venues").len(), 2);
}

#[test]
fn the_check_sees_what_a_position_venue_is_not() {
    let site = site();
    let mut rpc = site.rpc();
    site.run(&mut rpc);
    let numbers = [
        ("cap = 400000", "cap = 400001", "broker.position aave-short.cap"),
        ("margin = 700000", "margin = 700001", "broker.position aave-short.margin"),
        ("floor = 1250000", "floor = 1250001", "position aave-short.floor"),
        ("timeout = 1800", "timeout = 1801", "position perp.timeout"),
        ("max_fee = 5000000000000000", "max_fee = 5000000000000001", "position perp.maxFee"),
        ("margin = 400000", "margin = 400001", "broker.position perp.margin"),
    ];
    let mut expected = Vec::new();
    let mut text = site.text.clone();
    for (from, to, row) in numbers {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
        expected.push(row);
    }
    let (head, tail) = text.split_once("[[positions]]").expect("positions");
    let mut tail = tail.to_owned();
    for (from, row) in
        [("haircut = 2000", "position aave-short.haircut"), ("pool_fee = 500", "position aave-short.poolFee")]
    {
        tail = tail.replacen(from, &from.replace("00", "01"), 1);
        expected.push(row);
    }
    let config = deploy::Config::parse(&format!("{head}[[positions]]{tail}")).expect("a config");
    let rows = check(&rpc, &config, &site.record()).expect("read");
    let mut found = wrong(&rows);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);

    // Addresses, one after the other.
    let config = site.config();
    let venue = |at: usize| config.positions[at].clone();
    let (aave, perp) = (venue(0).aave.expect("Aave"), venue(1).perp.expect("a perp"));
    let other = Address::repeat_byte(9);
    for (name, address, row) in [
        ("pool", aave.pool, "position aave-short.pool"),
        ("market", perp.market, "position perp.market"),
        ("router", perp.router, "position perp.router"),
        ("spender", perp.spender, "position perp.spender"),
        ("vault", perp.vault, "position perp.vault"),
        ("store", perp.store, "position perp.store"),
        ("roles", perp.roles, "position perp.roles"),
    ] {
        let text = site.text.replacen(&set(name, address), &set(name, other), 1);
        let config = deploy::Config::parse(&text).expect("a config");
        assert_eq!(wrong(&check(&rpc, &config, &site.record()).expect("read")), [row]);
    }
}

#[test]
fn position_venues_that_cannot_be_are_refused_before_anything_is_sent() {
    let site = site();
    let mut rpc = site.rpc();
    let pool = site.config().positions[0].aave.clone().expect("Aave").pool;
    let nobody = Address::repeat_byte(9);
    let text = site.text.replacen(&set("pool", pool), &set("pool", nobody), 1);
    let config = deploy::Config::parse(&text).expect("a config");
    let failure = deploy::contracts(&mut rpc, &config, &mut site.record(), &mut |_| ()).expect_err("no pool");
    assert!(format!("{failure:#}").contains("[positions.aave] pool"), "{failure:#}");
    assert_eq!(rpc.sent, 0);
    let twice = site.text.replacen("name = \"perp\"", "name = \"aave-short\"", 1);
    let refused = format!("{:#}", deploy::Config::parse(&twice).expect_err("one name"));
    assert!(refused.contains("two positions have one name"), "{refused}");
}
