//! Two keepers for one vault, and one that means harm.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use interfaces::vault::IVault;
use keeper::{Followed, Now, Skip};
use serde_json::{Value, json};

use crate::hedges::outcome;
use crate::market::{HOUR, Market, SPOT, START, signed};

/// Hashes of the transactions that hedged.
fn hedged(market: &Market) -> Vec<B256> {
    let mut hashes: Vec<_> = market.hedges().into_iter().map(|(_, hash, _)| hash).collect();
    hashes.dedup();
    hashes
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keepers_that_see_the_same_hedge_once() {
    let mut market = Market::open();
    market.skew();
    let (config, chain, mut one) = market.own();
    let mut two = market.keeper(&config, 1);
    for round in 1..=4 {
        market.move_to(START + round * HOUR, SPOT * if round % 2 == 0 { 0.8 } else { 1.15 });
        assert!(market.hedge().needed);
        market.develop("anvil_setAutomine", json!([false]));
        let sent = [one.look(&chain, Now::default()).await, two.look(&chain, Now::default()).await];
        assert!(sent.iter().all(|report| outcome(report, "hedge").is_ok()), "{sent:?}");
        market.develop("anvil_setAutomine", json!([true]));
        let landed = [one.look(&chain, Now::default()).await, two.look(&chain, Now::default()).await];
        let done =
            |followed: &Followed| matches!(followed, Followed::Landed { receipt, .. } if receipt.success);
        assert_eq!(landed.iter().filter(|report| done(&report.followed)).count(), 1, "{landed:?}");
        assert_eq!(hedged(&market).len(), round as usize);
        assert!(!market.hedge().needed);
        for report in &landed {
            let skip = outcome(report, "hedge").as_ref().expect_err("nothing is due");
            assert!(matches!(skip, Skip::InsideBand { .. }), "{skip}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keepers_with_one_key_have_one_transaction_between_them() {
    let market = Market::open();
    market.skew();
    let (config, chain, mut one) = market.own();
    let mut two = market.keeper(&config, 0);
    market.develop("anvil_setAutomine", json!([false]));
    let first = one.look(&chain, Now::default()).await;
    assert!(outcome(&first, "hedge").is_ok(), "{first:?}");
    let second = two.look(&chain, Now::default()).await;
    assert!(matches!(outcome(&second, "hedge"), Err(Skip::InFlight { nonce: 0, .. })), "{second:?}");
    market.develop("anvil_setAutomine", json!([true]));
    let [first, second] = [one.look(&chain, Now::default()).await, two.look(&chain, Now::default()).await];
    assert!(matches!(first.followed, Followed::Landed { kind: "hedge", .. }), "{first:?}");
    assert_eq!(second.followed, Followed::Displaced { nonce: 0 });
    assert_eq!(hedged(&market).len(), 1);
}

/// What a rival does to whoever it has seen hedge: the calldata and the signed transactions that it saw.
struct Rival {
    account: Address,
    seen: Vec<(Bytes, Bytes)>,
}

impl Rival {
    /// Takes a look at the pool.
    fn watch(&mut self, market: &Market) {
        let block = market.develop("eth_getBlockByNumber", json!(["pending", true]));
        for tx in block["transactions"].as_array().into_iter().flatten() {
            let raw = market.develop("eth_getRawTransactionByHash", json!([tx["hash"]]));
            let read = |value: &Value| serde_json::from_value::<Bytes>(value.clone()).expect("bytes");
            self.seen.push((read(&tx["input"]), read(&raw)));
        }
    }

    /// Sends everything it ever saw: as its own, and again as it was signed.
    fn replay(&self, market: &Market) {
        for (input, raw) in &self.seen {
            let own =
                json!([{ "from": self.account, "to": market.at.vault, "data": input, "gas": "0x1e84800" }]);
            let _ = crate::common::ask(&market.node, "eth_sendTransaction", own);
            let _ = crate::common::ask(&market.node, "eth_sendRawTransaction", json!([raw]));
        }
    }

    /// Plans of its own: too far, the wrong way, and for a place that is no venue.
    fn attack(&self, market: &Market) {
        let hedge = market.hedge();
        let due = hedge.reachable - hedge.position;
        let beyond = I256::from_raw(hedge.inner) + signed(0.5);
        let far = if due.is_negative() { due - beyond } else { due + beyond };
        let [venue, _] = market.at.venues;
        for (venue, size) in [(venue, far), (venue, -due), (self.account, due)] {
            let legs = vec![IVault::HedgeLeg { venue, size, limitPrice: U256::ZERO }];
            let call = IVault::rebalanceCall { legs, deadline: U256::MAX };
            assert!(market.send(self.account, market.at.vault, call).is_err(), "{size} through {venue}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_rival_that_copies_replays_and_overshoots_makes_no_second_hedge() {
    let mut market = Market::open();
    market.skew();
    let (_, chain, mut keeper) = market.own();
    let mut rival = Rival { account: market.node.accounts()[5].0, seen: Vec::new() };
    for round in 1..=6_u64 {
        market.move_to(START + round * HOUR, SPOT * if round % 2 == 0 { 0.8 } else { 1.15 });
        assert!(market.hedge().needed, "round {round}");
        rival.attack(&market);
        market.develop("anvil_setAutomine", json!([false]));
        let report = keeper.look(&chain, Now::default()).await;
        assert!(outcome(&report, "hedge").is_ok(), "{report:?}");
        rival.watch(&market);
        rival.replay(&market);
        market.develop("anvil_setAutomine", json!([true]));
        rival.replay(&market);
        let report = keeper.look(&chain, Now::default()).await;
        assert!(matches!(report.followed, Followed::Landed { .. }), "{report:?}");
        assert_eq!(hedged(&market).len(), round as usize, "round {round}");
        let hedge = market.hedge();
        let off = (hedge.reachable - hedge.position).abs().into_raw();
        assert!(!hedge.needed && off <= hedge.outer, "{hedge:?}");
        // Nothing that it kept does anything later.
        rival.replay(&market);
        assert_eq!(hedged(&market).len(), round as usize, "round {round}, later");
    }
    assert!(rival.seen.len() >= 6);
}
