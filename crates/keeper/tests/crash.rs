//! Crashes at every point of the keeper's work: it never hedges twice.
//!
//! The chain here is scripted. Its vault takes any hedge, due or not, so only the keeper's own care keeps it from a second one; its pool loses
//! transactions, brings them back and mines them late.

mod script;

use std::time::Duration;

use alloy_signer_local::PrivateKeySigner;
use keeper::{Config, Keeper, Now, Probed, Venue};
use proptest::prelude::*;
use script::{Script, VAULT, VENUE, Weather};

fn config() -> Config {
    let settings = serde_json::json!({ "vault": VAULT, "max_head_age": 0, "fees": { "patience": 2.0 } });
    serde_json::from_value(settings).expect("a config")
}

/// A keeper as it starts: with nothing but its key.
fn keeper() -> Keeper {
    let key = PrivateKeySigner::from_bytes(&alloy_primitives::keccak256("keeper")).expect("a key");
    let venue: Box<dyn Venue> = Box::new(Probed::new("venue", VENUE));
    Keeper::new(config(), vec![venue], Some(key), 1)
}

/// Looks until `looks` are done; after a crash a new keeper goes on. Gives the number of crashes.
async fn keep(script: &Script, looks: usize) -> usize {
    let (mut keeper, mut crashes) = (keeper(), 0);
    for at in 0..looks {
        let now = Now { elapsed: Duration::from_secs(at as u64), unix: 0 };
        let looked = std::panic::AssertUnwindSafe(keeper.look(script, now));
        // A crash is the end of the task: what it held is gone.
        if futures_util::FutureExt::catch_unwind(looked).await.is_err() {
            crashes += 1;
            keeper = self::keeper();
        }
        script.mine();
    }
    crashes
}

fn run(future: impl Future<Output = usize>) -> usize {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// Silences the messages of crashes that are wanted.
fn quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let wanted = panic.payload().downcast_ref::<&str>().is_some_and(|text| *text == script::CRASH);
        if !wanted {
            eprintln!("{panic}");
        }
    }));
}

#[test]
fn a_crash_at_any_call_hedges_once() {
    quiet();
    let calls = {
        let script = Script::new(Weather::default());
        run(keep(&script, 6));
        script.check("no crash");
        script.calls()
    };
    assert!(calls > 30, "{calls} calls");
    for crash in 0..calls {
        // What was sent is mined at once, or while the next keeper already looks, or after it has replaced it.
        for (before, delay) in
            [true, false].into_iter().flat_map(|before| [0, 2, 6].map(|delay| (before, delay)))
        {
            let (crashes, delays) = (vec![(crash, before)], vec![delay; 24]);
            let script = Script::new(Weather { crashes, delays, ..Weather::default() });
            let count = run(keep(&script, 20));
            assert_eq!(count, 1, "a crash at call {crash}");
            let when = if before { "before" } else { "after" };
            script.check(&format!("a crash {when} call {crash}, mined {delay} blocks late"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn crashes_losses_and_late_transactions_hedge_once(
        crashes in prop::collection::vec((0_usize..200, any::<bool>()), 0..8),
        delays in prop::collection::vec(0_u64..8, 24),
        lost in prop::collection::vec(any::<bool>(), 24),
        silent in prop::collection::vec(0_usize..200, 0..6),
    ) {
        quiet();
        let script = Script::new(Weather { crashes, delays, lost, silent });
        run(keep(&script, 40));
        // Whatever was lost comes back and is mined if it still can.
        script.calm();
        run(keep(&script, 12));
        script.check("bad weather");
    }
}
