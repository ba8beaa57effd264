//! Deployments over a connection that fails, and runs that end between a transaction and its receipt: nothing is created twice.

#[path = "../../crates/client/tests/common/mod.rs"]
mod common;

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

use alloy_primitives::Address;
use anyhow::Result;
use common::{proxy, Fate};
use deploy::{check, contracts, report, Record, Rpc};
use serde_json::json;

use crate::deploy::Site;
use crate::over_rpc::common::ask;

/// A run that may be cut off.
struct Run {
    /// The steps that it sent a transaction for.
    steps: Vec<String>,
    /// How it ended; none if it was cut off.
    ended: Option<Result<()>>,
}

/// Runs a deployment that is cut off once it tells something that begins with `cut`.
fn run(site: &Site, rpc: &mut Rpc, cut: &str) -> Run {
    let mut steps = Vec::new();
    let mut tell = |line: &str| {
        steps.extend(line.split_once(": sent ").map(|(step, _)| step.to_owned()));
        assert!(!line.starts_with(cut), "cut off");
    };
    let (config, mut record) = (site.config(), site.record());
    let ended = catch_unwind(AssertUnwindSafe(|| contracts(rpc, &config, &mut record, &mut tell)));
    Run { steps, ended: ended.ok() }
}

/// What no line begins with.
const NEVER: &str = "\0";

/// Asserts that each step was sent once, and that all is deployed as it should be.
#[track_caller]
fn each_once(site: &Site, rpc: &Rpc, mut steps: Vec<String>) {
    let sent = steps.len();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), sent, "each once: {steps:?}");
    let record = site.record();
    assert!(record.programs.len() == 8 && record.pending.is_empty(), "{record:?}");
    assert_eq!(report(&check(rpc, &site.config(), &record).expect("read")).1, 0);
}

#[test]
fn answers_that_are_lost_end_no_run() {
    let site = Site::new("lost");
    let (mut looks, mut sends) = (0, 0);
    let url = proxy(site.node.address(), move |body| {
        looks += u32::from(body.contains("eth_getTransactionReceipt"));
        sends += u32::from(body.contains("eth_sendRawTransaction"));
        match body {
            body if body.contains("eth_getTransactionReceipt") && [1, 2, 6].contains(&looks) => Fate::Lost,
            body if body.contains("eth_sendRawTransaction") && sends == 4 => Fate::Unanswered,
            _ => Fate::Passes,
        }
    });
    let mut rpc = site.rpc_at(&url);
    let Run { steps, ended } = run(&site, &mut rpc, NEVER);
    ended.expect("not cut off").expect("deployed");
    each_once(&site, &rpc, steps);
}

#[test]
fn what_was_sent_before_a_run_was_cut_off_is_found_and_not_sent_again() {
    let site = Site::new("receipts");
    let mut rpc = site.rpc();
    let mut steps = Vec::new();
    for cut in ["vault: fragment 1 of", "vault: sent", "venue uniswap-v3-5bp: sent"] {
        let cut_off = run(&site, &mut rpc, cut);
        assert!(cut_off.ended.is_none(), "{cut}");
        let last = cut_off.steps.last().expect("it sent something").clone();
        assert!(site.record().pending.contains_key(&last) && site.record().get(&last).is_none(), "{last}");
        steps.extend(cut_off.steps);
    }
    let last = run(&site, &mut rpc, NEVER);
    last.ended.expect("not cut off").expect("deployed");
    steps.extend(last.steps);
    each_once(&site, &rpc, steps);
}

#[test]
fn what_never_arrived_is_forgotten_in_time_or_when_its_nonce_is_used() {
    let site = Site::new("forgotten");
    let deaf = |body: &str| {
        if body.contains("eth_sendRawTransaction") {
            Fate::Lost
        } else {
            Fate::Passes
        }
    };
    let mut deaf = site.rpc_at(&proxy(site.node.address(), deaf));
    let cut_off = run(&site, &mut deaf, "risk_engine: ");
    assert!(cut_off.ended.is_none() && site.record().pending.len() == 1);

    // It may be on its way: nothing is sent in its place.
    let mut rpc = site.rpc();
    let refused = run(&site, &mut rpc, NEVER);
    let failure = format!("{:#}", refused.ended.expect("not cut off").expect_err("too early"));
    assert!(failure.contains("the node does not know 0x") && failure.contains("run again in"), "{failure}");
    assert!(refused.steps.is_empty() && site.record().pending.len() == 1);

    let mut old = site.record();
    old.pending.values_mut().for_each(|pending| pending.since = 0);
    std::fs::write(&site.record, serde_json::to_string(&old).expect("JSON")).expect("written");
    let again = run(&site, &mut deaf, "risk_engine: ");
    assert_eq!(again.steps, cut_off.steps, "it is sent again");
    assert!(site.record().pending.values().all(|pending| pending.since > 0));

    let from = site.node.accounts()[0].0;
    let other = json!([{ "from": from, "to": Address::repeat_byte(9), "value": "0x1" }]);
    ask(&site.node, "eth_sendTransaction", other).expect("sent");
    let whole = run(&site, &mut rpc, NEVER);
    whole.ended.expect("not cut off").expect("deployed");
    assert_eq!(whole.steps.first(), cut_off.steps.first());
    assert!(site.record().programs.len() == 8 && site.record().pending.is_empty());
}

#[test]
fn a_record_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let site = Site::new("unwritten");
    let mut rpc = site.rpc();
    let nowhere = Path::new("/nowhere/deployment.json");
    let mut record = Record::open(nowhere, site.node.chain_id()).expect("a record");
    let failure = contracts(&mut rpc, &site.config(), &mut record, &mut |_| ()).expect_err("no folder");
    assert!(format!("{failure:#}").contains("/nowhere/deployment"), "{failure:#}");
    assert_eq!(rpc.sent, 0);
}
