//! Two keepers for one vault, and one that means harm.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::desk::IHedgeDesk::{self, Leg, Plan};
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
        market.ripen(HOUR / 2);
        assert!(market.is_due());
        market.develop("anvil_setAutomine", json!([false]));
        let sent = [one.look(&chain, Now::default()).await, two.look(&chain, Now::default()).await];
        assert!(sent.iter().all(|report| outcome(report, "hedge").is_ok()), "{sent:?}");
        market.develop("anvil_setAutomine", json!([true]));
        let landed = [one.look(&chain, Now::default()).await, two.look(&chain, Now::default()).await];
        let done =
            |followed: &Followed| matches!(followed, Followed::Landed { receipt, .. } if receipt.success);
        assert_eq!(landed.iter().filter(|report| done(&report.followed)).count(), 1, "{landed:?}");
        assert_eq!(hedged(&market).len(), round as usize);
        assert!(!market.is_due());
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
                json!([{ "from": self.account, "to": market.at.desk, "data": input, "gas": "0x1e84800" }]);
            let _ = crate::common::ask(&market.node, "eth_sendTransaction", own);
            let _ = crate::common::ask(&market.node, "eth_sendRawTransaction", json!([raw]));
        }
    }

    /// Plans of its own: too far, the wrong way, for a place that is no venue, dust, at another price, and late.
    fn attack(&self, market: &Market) {
        let need = market.need();
        let beyond = I256::from_raw(need.inner) + signed(0.5);
        let far = need.deviation + if need.due.is_negative() { -beyond } else { beyond };
        let [venue, _] = market.at.venues;
        let spot = market.view(market.at.vault, IVault::spotCall {}).price;
        let plan = |venue, size| Plan {
            legs: vec![Leg { venue, size, limitPrice: U256::ZERO }],
            spot,
            deadline: U256::MAX,
            payee: self.account,
        };
        let dust = need.due / I256::try_from(1_000_000).expect("a million");
        let mut plans = [(venue, far), (venue, -need.due), (self.account, need.due), (venue, dust)]
            .map(|(venue, size)| plan(venue, size))
            .to_vec();
        plans.push(Plan { spot: spot - U256::ONE, ..plan(venue, need.due) });
        plans.push(Plan { deadline: U256::from(START), ..plan(venue, need.due) });
        for plan in plans {
            let what = format!("{plan:?}");
            let call = IHedgeDesk::rebalanceCall { plan };
            assert!(market.send(self.account, market.at.desk, call).is_err(), "{what}");
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
        market.ripen(HOUR / 2);
        assert!(market.is_due(), "round {round}");
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
        let need = market.need();
        let off = need.deviation.abs().into_raw();
        assert!(need.due.is_zero() && off <= need.outer, "{need:?}");
        // Nothing that it kept does anything later.
        rival.replay(&market);
        assert_eq!(hedged(&market).len(), round as usize, "round {round}, later");
    }
    assert!(rival.seen.len() >= 6);
}

/// A hostile account in the same block before everybody else, with valid dust, looks, and plans that are stale.
fn harass(market: &Market, account: Address, spot: U256) -> usize {
    let queue = |call: Vec<u8>| {
        let tx = json!([{
            "from": account, "to": market.at.desk, "data": Bytes::from(call), "gas": "0x7a1200",
        }]);
        crate::common::ask(&market.node, "eth_sendTransaction", tx).expect("it waits");
    };
    let need = market.need();
    let plan = |size, spot| {
        let legs = vec![Leg { venue: market.at.venues[0], size, limitPrice: U256::ZERO }];
        let plan = Plan { legs, spot, deadline: U256::MAX, payee: account };
        IHedgeDesk::rebalanceCall { plan }.abi_encode()
    };
    queue(IHedgeDesk::pokeCall {}.abi_encode());
    // The least that is taken, or a little less: 250 dollars.
    let least = signed(250.5 / (f64::from(spot) / 1e18) * crate::market::float(need.due).signum());
    let plans = [
        plan(least, spot),
        plan(least / I256::try_from(2).expect("two"), spot),
        plan(need.due, spot - U256::ONE),
    ];
    let count = plans.len() + 1;
    plans.into_iter().for_each(queue);
    count
}

/// What was bought, and by how many transactions that hedged.
fn since(market: &Market, before: usize) -> (f64, usize) {
    let new = market.hedges().split_off(before);
    let mut hashes: Vec<_> = new.iter().map(|(_, hash, _)| *hash).collect();
    hashes.dedup();
    assert!(new.iter().all(|(.., size)| size.signum() == new[0].2.signum()), "both ways: {new:?}");
    (new.iter().map(|(.., size)| size).sum(), hashes.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn three_keepers_and_a_hostile_one_end_in_the_band_within_the_budget_and_hedge_once() {
    let mut market = Market::open();
    market.skew();
    let hostile = market.node.accounts()[5].0;
    let mut keepers = Vec::new();
    for (key, max_loss) in [(0, 1.0), (1, -0.25), (2, -2.0)] {
        let mut config = market.config(&[market.node.url()]);
        (config.hedge.max_loss, config.hedge.urgent_at) = (max_loss, 99.0);
        let chain = keeper::Endpoints::new(&config).expect("endpoints");
        keepers.push((chain, market.keeper(&config, key)));
    }
    let opened = market.now();
    let (mut hedged, mut attacks) = (0, 0);
    for round in 1..=8_u64 {
        market.move_to(START + round * HOUR, SPOT * [1.0, 1.15, 0.8][(round % 3) as usize]);
        market.ripen(HOUR / 2);
        let (need, before) = (market.need(), market.hedges().len());
        assert!(!need.due.is_zero(), "round {round}");
        let spot = market.view(market.at.vault, IVault::spotCall {}).price;
        for _ in 0..4 {
            market.develop("anvil_setAutomine", json!([false]));
            attacks += harass(&market, hostile, spot);
            for (chain, keeper) in &mut keepers {
                keeper.look(chain, Now::default()).await;
            }
            market.develop("anvil_setAutomine", json!([true]));
            for (chain, keeper) in &mut keepers {
                keeper.look(chain, Now::default()).await;
            }
            if !market.is_due() {
                break;
            }
        }
        let after = market.need();
        assert!(
            after.due.is_zero() && after.deviation.abs().into_raw() <= after.outer,
            "round {round}: {after:?}"
        );
        // All hedges together took it no further than past the target, to the inner edge on the other side.
        let (size, count) = since(&market, before);
        let (deviation, inner) = (crate::market::float(need.deviation), f64::from(need.inner) / 1e18);
        assert!(
            size.signum() == deviation.signum() && size.abs() <= deviation.abs() + inner,
            "{size} {need:?}"
        );
        hedged += count;
    }
    let rewards = market.rewards();
    let paid: u128 = rewards.iter().map(|(.., reward)| u128::try_from(*reward).expect("small")).sum();
    let rules = market.view(market.at.desk, IHedgeDesk::rulesCall {});
    let refilled = u128::from(market.now() - opened) * u128::from(rules.budget) * 1_000_000
        / u128::from(rules.budgetSpan);
    assert!(paid <= u128::from(rules.budget) * 1_000_000 + refilled, "{paid}");
    let left = u128::try_from(market.need().budget).expect("small");
    assert!(left + paid >= u128::from(rules.budget) * 1_000_000, "{left} left after {paid}");
    assert_eq!(rewards.len(), hedged, "a transaction hedged twice, or without saying so");
    let cap = f64::from(rules.rewardCap) / 1e6 + 1e-9;
    for (caller, hash, payee, reward) in &rewards {
        assert_eq!(caller, payee);
        let value: f64 =
            market.hedges().iter().filter(|(_, by, _)| by == hash).map(|(.., size)| size.abs()).sum();
        let most = value * SPOT * 1.15 * cap * 1e6 + f64::from(rules.gasCap);
        assert!(f64::from(*reward) <= most, "{reward} of {most}");
    }
    println!("{hedged} hedges of {attacks} attacks, {paid} micro-USD paid, {rewards:?}");
}
