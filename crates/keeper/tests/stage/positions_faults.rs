//! Positions while something is wrong: rivals, crashes, venues that do not answer, cash that is short. Nothing is hedged twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolValue};
use async_trait::async_trait;
use interfaces::broker::IBroker;
use interfaces::vault::IVault;
use keeper::{Account, Call, Chain, Endpoints, Fault, Followed, Head, Now, Receipt, Skip};
use serde_json::json;

use crate::hedges::outcome;
use crate::market::{HOUR, Market, SPOT, START, float};
use crate::positions::{look, near, settled, skip};
use crate::restart::killed_in_flight;
use crate::seats::Seating;
use crate::skips::{Spoil, answered, spoilt};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keepers_one_takes_the_position_and_one_brings_home_what_is_over() {
    let mut market = Market::seated(Seating::Aave);
    market.puts(60.0);
    let (config, chain, mut one) = market.own();
    let mut two = market.keeper(&config, 1);
    let need = market.need();
    for (strategy, kind) in [("position", "position"), ("collect", "collect")] {
        market.develop("anvil_setAutomine", json!([false]));
        let sent = [look(&mut one, &chain).await, look(&mut two, &chain).await];
        assert!(sent.iter().all(|report| outcome(report, strategy).is_ok()), "{sent:?}");
        market.develop("anvil_setAutomine", json!([true]));
        let landed = [look(&mut one, &chain).await, look(&mut two, &chain).await];
        let done = landed.iter().filter(|report| {
            matches!(&report.followed, Followed::Landed { kind: of, receipt, .. } if *of == kind && receipt.success)
        });
        assert_eq!(done.count(), 1, "{landed:?}");
        for report in &landed {
            assert!(skip(report, strategy).is_quiet(), "{}", skip(report, strategy));
        }
        if strategy == "position" {
            assert!(near(market.held().size, need.due) && market.rewards().len() == 1);
            // The price falls: the margin is over, and a part of the hedge as well. Hedges are left to others here.
            market.move_to(START + HOUR, SPOT * 0.93);
            let quiet = |config: &mut keeper::Config| {
                (config.hedge.on, config.hedge.poke, config.position.on) = (false, false, false);
            };
            let mut config = market.config(&[market.node.url()]);
            quiet(&mut config);
            (one, two) = (market.keeper(&config, 0), market.keeper(&config, 1));
        }
    }
    assert!(near(market.held().size, need.due));
}

/// A chain on which the process dies at a call, before or after it.
struct Deadly {
    inner: Endpoints,
    calls: AtomicUsize,
    dies: Option<(usize, bool)>,
}

const CRASH: &str = "the process is killed here";

impl Deadly {
    async fn step<T>(&self, act: impl Future<Output = T>) -> T {
        let at = self.calls.fetch_add(1, Ordering::SeqCst);
        if self.dies == Some((at, true)) {
            std::panic::panic_any(CRASH);
        }
        let answer = act.await;
        if self.dies == Some((at, false)) {
            std::panic::panic_any(CRASH);
        }
        answer
    }
}

#[async_trait]
impl Chain for Deadly {
    async fn head(&self, unix: u64) -> Result<Head, Fault> {
        self.step(self.inner.head(unix)).await
    }

    async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault> {
        self.step(self.inner.call(at, call)).await
    }

    async fn account(&self, at: &Head, who: Address) -> Result<Account, Fault> {
        self.step(self.inner.account(at, who)).await
    }

    async fn gas(&self, at: &Head, call: &Call) -> Result<u64, Fault> {
        self.step(self.inner.gas(at, call)).await
    }

    async fn send(&self, raw: &Bytes) -> Result<(), Fault> {
        self.step(self.inner.send(raw)).await
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault> {
        self.step(self.inner.receipt(hash)).await
    }
}

/// Looks until nothing is due and nothing waits; after a crash a new keeper goes on. Gives the calls and whether it crashed.
async fn keep(market: &Market, dies: Option<(usize, bool)>) -> (usize, bool) {
    let config = market.config(&[market.node.url()]);
    let inner = Endpoints::new(&config).expect("endpoints");
    let chain = Deadly { inner, calls: AtomicUsize::new(0), dies };
    let (mut keeper, mut crashed) = (market.keeper(&config, 0), false);
    for at in 0..8 {
        let now = Now { elapsed: std::time::Duration::from_secs(at), unix: 0 };
        let looked = std::panic::AssertUnwindSafe(keeper.look(&chain, now));
        if futures_util::FutureExt::catch_unwind(looked).await.is_err() {
            (keeper, crashed) = (market.keeper(&config, 0), true);
        }
        // What waits is mined two looks later: a new keeper looks before it is.
        if at % 3 == 2 {
            market.develop("evm_mine", json!([]));
        }
    }
    (chain.calls.load(Ordering::SeqCst), crashed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_any_two_steps_leaves_one_position() {
    std::panic::set_hook(Box::new(|panic| {
        let wanted = panic.payload().downcast_ref::<&str>().is_some_and(|text| *text == CRASH);
        if !wanted {
            eprintln!("{panic}");
        }
    }));
    let market = Market::seated(Seating::Aave);
    market.puts(60.0);
    let due = market.need().due;
    market.develop("anvil_setAutomine", json!([false]));
    let snapshot = market.develop("evm_snapshot", json!([]));
    let mut snapshot = snapshot.clone();
    let (calls, _) = keep(&market, None).await;
    assert!(calls > 60, "{calls} calls");
    // The first look's last calls try the transaction out and send it; the next two looks see it wait.
    let mut crashes = 0;
    for at in (0..calls.min(150)).step_by(7) {
        for before in [true, false] {
            market.develop("evm_revert", json!([snapshot]));
            snapshot = market.develop("evm_snapshot", json!([]));
            let (_, crashed) = keep(&market, Some((at, before))).await;
            crashes += usize::from(crashed);
            market.develop("evm_mine", json!([]));
            let (held, rewards) = (market.held(), market.rewards());
            let once = near(held.size, due) && rewards.len() == 1;
            assert!(once, "a crash at call {at}, before it: {before}: {held:?}, {} due", due);
        }
    }
    assert!(crashes > 20, "{crashes} crashes");
}

#[test]
fn killed_with_a_position_in_flight_it_is_back_and_takes_it_once() {
    let market = Market::seated(Seating::Aave);
    market.puts(60.0);
    let due = market.need().due;
    let _second = killed_in_flight(&market, "the position");
    assert!(near(market.held().size, due) && market.rewards().len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_is_short_bounds_a_position_and_leaves_a_margin_alone() {
    let mut market = Market::seated(Seating::Aave);
    market.puts(60.0);
    // As if the vault had 10,000 USD free: at 70 % they carry 14,285.
    let short = |market: &Market, free: i128| {
        let words = market.view(market.at.vault, IVault::wordsCall {});
        let words: Vec<[u8; 32]> = words.iter().map(|word| word.0).collect();
        let request = book::Request { free, ..book::Request::decode(&words).expect("words") };
        let words: Vec<B256> = request.encode().into_iter().map(B256::from).collect();
        answered(IVault::wordsCall::SELECTOR, Ok(words.abi_encode().into()))
    };
    let due = market.need().due;
    let skip = spoilt(&market, "position", short(&market, 10_000_000_000)).await;
    // The reach of hedges follows from the same words, and so the desk says otherwise.
    let Skip::MarkDiffers(differing) = skip else { panic!("{skip}") };
    let ours = float(differing.ours.expect("computed").due);
    assert!(ours < 0.0 && ours > float(due) && ours.abs() * SPOT < 14_286.0, "{ours} of {due}");

    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    market.move_to(START + HOUR, SPOT * 1.12);
    let skip = spoilt(&market, "tend", short(&market, 5_000_000_000)).await;
    let Skip::CashShort { free: 5_000_000_000, needed, .. } = skip else { panic!("{skip}") };
    let missing = float(due).abs() * SPOT * 0.12 * 1.7;
    assert!((needed as f64 / 1e6 / missing - 1.0).abs() < 0.05, "{needed} of {missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_no_broker_has_stops_positions_and_nothing_else() {
    let market = Market::seated(Seating::Aave);
    market.puts(60.0);
    for answer in [Ok(Bytes::from(vec![0; 96])), Ok(Bytes::from(vec![0xff; 96])), Ok(Bytes::new())] {
        let spoil = Spoil { storage: Some(answer), ..Spoil::default() };
        let report = crate::skips::look(&market, |_| (), spoil).await;
        let skip = skip(&report, "position");
        assert!(matches!(skip, Skip::BrokerRefuses(_) | Skip::Chain(Fault::Garbage(_))), "{skip}");
    }
    assert_eq!(market.sent(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_venue_does_not_answer_it_says_so_and_it_goes_on_once_that_is_quarantined() {
    let market = Market::seated(Seating::Both);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    let (perp, broker) = (market.at.seats.perp, market.at.broker);
    market.develop("anvil_setCode", json!([perp, "0xfe"]));
    let report = look(&mut keeper, &chain).await;
    for strategy in ["cancel", "tend", "collect"] {
        let skip = skip(&report, strategy);
        assert!(matches!(skip, Skip::SeatIll(why) if why.starts_with("perp: ")), "{strategy}: {skip}");
    }
    for strategy in ["hedge", "position"] {
        let skip = skip(&report, strategy);
        assert!(
            matches!(skip, Skip::DeskRefuses(why) if why.starts_with("VaultFailed")),
            "{strategy}: {skip}"
        );
    }
    assert!(matches!(skip(&report, "settle"), Skip::NothingExpired { .. }));
    assert_eq!(market.sent(), 0);
    let which = IVault::Role::Guardian;
    let guardian = market.view(market.at.vault, IVault::roleCall { which });
    market.tell(guardian, broker, IBroker::quarantineCall { venue: perp });
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    assert!(market.held().size.is_negative() && !market.is_due());
}
