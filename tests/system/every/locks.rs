//! Selectors that are unique, methods that take the lock, and views that change nothing, whoever asks.

use std::collections::BTreeSet;

use host::alloy_primitives::{Address, Bytes};
use host::Trace;

use super::cast::{subjects, Scenes};
use super::reentry::{allowed, digests, traced};

#[test]
fn selectors_are_unique_in_each_contract() {
    for subject in subjects() {
        let methods = subject.methods();
        let mut selectors: BTreeSet<[u8; 4]> = methods.iter().map(|method| method.selector).collect();
        assert_eq!(selectors.len(), methods.len(), "{}", subject.name);
        assert!(selectors.insert(super::abi::selector("stylus_constructor()")), "{}", subject.name);
    }
}

/// Contracts with a lock of their own.
const LOCKED: [&str; 5] = ["vault", "margin", "broker", "aave-short", "perp-venue"];

/// Whether a call went to others than the chain's own contracts.
pub(crate) fn calls_out(trace: &Trace) -> bool {
    trace.calls.iter().any(|call| call.to > Address::with_last_byte(0xff))
}

/// How often the outermost frame used a host function.
fn uses(trace: &Trace, name: &str) -> u64 {
    let run = trace.program.as_ref().expect("a program");
    run.hostios.iter().find(|hostio| hostio.name == name).map_or(0, |hostio| hostio.count)
}

#[test]
fn every_method_that_changes_state_and_calls_out_takes_the_lock_and_gives_it_back() {
    let mut scenes = Scenes::default();
    let (mut taken, mut quiet) = (0, 0);
    for subject in subjects().iter().filter(|subject| LOCKED.contains(&subject.name)) {
        for (method, case) in subject.covered() {
            let scene = scenes.at(case.place);
            let data = (case.ready)(scene);
            let Some(from) = allowed(scene, subject, case, &data) else { continue };
            let trace = traced(scene, (from, scene.contracts[subject.name], case.value, &data));
            let [loads, stores] =
                ["transient_load_bytes32", "transient_store_bytes32"].map(|name| uses(&trace, name));
            let takes = loads >= 1 && stores >= 2;
            // The perp venue's `setRouter` asks who is a controller, in a static call, and then writes one slot.
            let out = calls_out(&trace) && method.signature != "setRouter(address)";
            assert!(takes || !out, "{}: {} calls out unlocked", subject.name, method.signature);
            taken += usize::from(takes);
            quiet += usize::from(!takes);
        }
    }
    println!("{taken} methods take the lock, {quiet} call nobody");
    assert!(taken > 45 && quiet < 12, "{taken} {quiet}");
}

/// Views that must not revert, and answer what may be deposited at most.
const OPEN: [&str; 2] = ["maxDeposit(address)", "maxMint(address)"];

#[test]
fn every_view_that_asks_others_looks_at_the_lock() {
    let mut scenes = Scenes::default();
    let mut looked = 0;
    for subject in subjects().iter().filter(|subject| LOCKED.contains(&subject.name)) {
        let scene = scenes.at(subject.place);
        let (defaults, contract) = (scene.defaults(), scene.contracts[subject.name]);
        for method in subject.methods().into_iter().filter(|method| !method.changes) {
            let trace = traced(scene, (scene.market.trader, contract, 0, &defaults.call(&method)));
            let looks = uses(&trace, "transient_load_bytes32") > 0;
            looked += usize::from(looks);
            let open = OPEN.contains(&method.signature.as_str());
            assert!(
                looks || open || !calls_out(&trace),
                "{}: {} asks unlocked",
                subject.name,
                method.signature
            );
        }
    }
    assert!(looked > 15, "{looked}");
}

/// Views that refuse what they are asked here, with an error of their own.
const REFUSING: [(&str, &str); 4] = [
    ("vault", "previewRedeem(uint256)"),
    ("vault", "previewWithdraw(uint256)"),
    ("vault", "payoff((uint256,int256)[])"),
    ("margin", "auctionOf(address)"),
];

#[test]
fn no_view_changes_anything_or_depends_on_its_caller() {
    let mut scenes = Scenes::default();
    for subject in subjects() {
        let scene = scenes.at(subject.place);
        let (defaults, contract) = (scene.defaults(), scene.contracts[subject.name]);
        let callers = scene.roles.clone();
        let before = digests(scene);
        for method in subject.methods().into_iter().filter(|method| !method.changes) {
            let data: Bytes = defaults.call(&method).into();
            let said = format!("{}: {}", subject.name, method.signature);
            let answer = scene.raw(scene.market.trader, contract, 0, &data);
            assert_eq!(
                answer.is_err(),
                REFUSING.contains(&(subject.name, method.signature.as_str())),
                "{said}: {answer:?}"
            );
            let answer = match answer {
                Ok(receipt) => {
                    assert!(receipt.logs.is_empty(), "{said} logs");
                    receipt.output
                }
                Err(failure) => failure.revert_data().expect("a refusal").clone(),
            };
            assert!(answer.len() >= 4, "{said}: {answer}");
            assert_eq!(digests(scene), before, "{said} changed something");
            for (_, from) in &callers {
                let call = host::SessionCall {
                    from: *from,
                    to: contract,
                    value: Default::default(),
                    data: data.clone(),
                    gas_limit: host::TX_GAS,
                    read_only: true,
                };
                let seen = scene.market.stage.chain.world.session().call(call);
                assert_eq!(seen.trace.output, answer, "{said} by {from}");
                assert!(seen.logs.is_empty() && seen.trace.writes.is_empty(), "{said} by {from}");
            }
        }
    }
}
