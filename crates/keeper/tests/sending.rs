//! What is sent under a nonce and for how much, what would come too late, and how long what was sent is waited for.

mod script;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, Bytes};
use alloy_signer_local::PrivateKeySigner;
use async_trait::async_trait;
use keeper::{
    Account, Action, Call, Chain, Config, Fault, Followed, Head, Keeper, Now, Probed, Receipt, Report, Skip,
};
use script::{Script, VAULT, VENUE, Weather};
use serde_json::{Value, json};

/// A chain that takes its time for an estimate, and may fall silent.
struct Hindered {
    inner: Script,
    estimate: Duration,
    silent: AtomicBool,
}

#[async_trait]
impl Chain for Hindered {
    async fn head(&self, unix: u64) -> Result<Head, Fault> {
        if self.silent.load(Ordering::Relaxed) {
            return Err(Fault::Unreachable("no connection".into()));
        }
        self.inner.head(unix).await
    }

    async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault> {
        self.inner.call(at, call).await
    }

    async fn account(&self, at: &Head, who: Address) -> Result<Account, Fault> {
        self.inner.account(at, who).await
    }

    async fn gas(&self, at: &Head, call: &Call) -> Result<u64, Fault> {
        tokio::time::sleep(self.estimate).await;
        self.inner.gas(at, call).await
    }

    async fn send(&self, raw: &Bytes) -> Result<(), Fault> {
        self.inner.send(raw).await
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault> {
        self.inner.receipt(hash).await
    }
}

fn hindered(estimate: Duration) -> Hindered {
    Hindered { inner: Script::new(Weather::default()), estimate, silent: AtomicBool::new(false) }
}

/// A keeper with these settings for fees and hedges.
fn keeper(fees: Value, hedge: Value) -> Keeper {
    let settings = json!({ "vault": VAULT, "max_head_age": 0, "fees": fees, "hedge": hedge });
    let config: Config = serde_json::from_value(settings).expect("a config");
    let key = PrivateKeySigner::from_bytes(&alloy_primitives::keccak256("keeper")).expect("a key");
    Keeper::new(config, vec![Box::new(Probed::new("venue", VENUE))], Some(key), 1)
}

fn at(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), unix: 0 }
}

fn hedge(report: &Report) -> &Result<keeper::Sent, Skip> {
    let found = report.outcomes.iter().find(|(name, _)| *name == "hedge");
    &found.unwrap_or_else(|| panic!("{report:?}")).1
}

#[tokio::test]
async fn a_pool_that_wants_fee_and_tip_to_rise_takes_every_replacement() {
    for tip in [0.0, 0.001] {
        let script = Script::new(Weather::default());
        let mut keeper = keeper(json!({ "patience": 2.0, "tip_gwei": tip }), json!({}));
        for seconds in [0, 3, 6] {
            let report = keeper.look(&script, at(seconds)).await;
            assert!(hedge(&report).is_ok(), "a tip of {tip} after {seconds} s: {report:?}");
        }
        script.mine();
        let report = keeper.look(&script, at(7)).await;
        assert!(matches!(report.followed, Followed::Landed { kind: "hedge", .. }), "{report:?}");
    }
}

#[tokio::test]
async fn what_was_lost_at_a_fee_near_the_cap_is_sent_again() {
    let script = Script::new(Weather { lost: vec![true], ..Weather::default() });
    // The chain asks for 0.02 gwei; 15 percent more is above the cap.
    let mut keeper = keeper(json!({ "patience": 2.0, "max_gwei": 0.021 }), json!({}));
    for seconds in [0, 3] {
        let report = keeper.look(&script, at(seconds)).await;
        assert!(hedge(&report).is_ok(), "after {seconds} s: {report:?}");
    }
    script.mine();
    let report = keeper.look(&script, at(4)).await;
    assert!(matches!(report.followed, Followed::Landed { kind: "hedge", .. }), "{report:?}");
    script.check("lost once");
}

#[tokio::test]
async fn a_hedge_that_was_decided_on_so_slowly_that_it_may_come_too_late_is_not_sent() {
    let chain = hindered(Duration::from_millis(1_200));
    let mut keeper = keeper(json!({}), json!({ "deadline": 2 }));
    let report = keeper.look(&chain, at(0)).await;
    let skip = hedge(&report).as_ref().expect_err("too late");
    assert!(matches!(skip, Skip::TooSlow { took: 1_200.., limit: 1_000 }), "{skip}");
    assert_eq!(skip.code(), "too_slow");
    assert!(!skip.is_quiet() && !keeper.is_waiting());
    // What has no deadline is never too late.
    assert!(!Action::Poke { surplus: 0, wait: 0 }.has_deadline());
    let mut keeper = self::keeper(json!({}), json!({ "deadline": 60 }));
    let report = keeper.look(&chain, at(0)).await;
    assert!(hedge(&report).is_ok(), "{report:?}");
}

#[tokio::test]
async fn what_was_sent_is_waited_for_until_it_is_mined_and_no_longer_than_the_limit() {
    let (chain, start) = (hindered(Duration::ZERO), Instant::now());
    let mut keeper = keeper(json!({}), json!({}));
    assert_eq!(keeper.wait(&chain, start, Duration::from_secs(60)).await, Some(Followed::Idle));
    let report = keeper.look(&chain, Now::since(start)).await;
    assert!(hedge(&report).is_ok(), "{report:?}");
    chain.silent.store(true, Ordering::Relaxed);
    let began = Instant::now();
    assert_eq!(keeper.wait(&chain, start, Duration::from_millis(800)).await, None);
    assert!(began.elapsed() < Duration::from_secs(10) && keeper.is_waiting() && !keeper.dry);
    chain.silent.store(false, Ordering::Relaxed);
    chain.inner.mine();
    let followed = keeper.wait(&chain, start, Duration::from_secs(60)).await;
    assert!(matches!(followed, Some(Followed::Landed { kind: "hedge", .. })), "{followed:?}");
}

#[tokio::test]
async fn who_waits_is_told_that_another_transaction_took_the_place() {
    let (chain, start) = (hindered(Duration::ZERO), Instant::now());
    let mut one = keeper(json!({}), json!({}));
    assert!(hedge(&one.look(&chain, Now::since(start)).await).is_ok());
    // Another with the same key replaces it, once a pool has refused it for less.
    let mut two = keeper(json!({ "patience": 2.0 }), json!({}));
    let mut sent = false;
    for seconds in [0, 9, 18, 27] {
        sent = hedge(&two.look(&chain, at(seconds)).await).is_ok();
    }
    assert!(sent);
    chain.inner.mine();
    let followed = one.wait(&chain, start, Duration::from_secs(60)).await;
    assert_eq!(followed, Some(Followed::Displaced { nonce: 0 }));
}
