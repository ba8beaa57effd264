//! What the keeper does when all is well.

use alloy_primitives::{Bytes, U256};
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;
use keeper::{Action, Chain, Endpoints, Followed, Now, Probed, Report, Skip, State};
use serde_json::json;

use crate::market::{DAY, HOUR, Market, SPOT, START, call, expiry};

/// What a strategy came to.
pub(crate) fn outcome<'r>(report: &'r Report, strategy: &str) -> &'r Result<keeper::Sent, Skip> {
    let found = report.outcomes.iter().find(|(name, _)| *name == strategy);
    &found.unwrap_or_else(|| panic!("{report:?}")).1
}

#[test]
fn the_probe_is_what_its_source_compiles_to() {
    let creation = demo::stage::artifacts::bytecode("Probe").expect("built");
    let code = Probed::code().expect("code");
    assert!(
        creation.ends_with(&code) && code.len() > 1_000,
        "write the runtime code of Probe.json to probe.hex"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_computes_is_the_desks_to_the_unit_at_every_price() {
    let mut market = Market::open();
    market.skew();
    let (_, chain, mut keeper) = market.own();
    keeper.dry = true;
    let (mut waits, mut seasoned) = (0, 0);
    for (at, price) in
        [SPOT, 2_411.37, 2_412.0, 3_333.33, 3_330.0, 1_950.01, 4_100.99].into_iter().enumerate()
    {
        // Young trades in most spans of the ring, and a clock that runs from the second price on.
        market.move_to(START + (at as u64 + 1) * HOUR - 300, price);
        let _ = market.trade(call(expiry(30), 2_500), 0.3);
        if at > 0 {
            market.poke();
        }
        market.move_to(START + (at as u64 + 1) * HOUR, price * 1.001);
        let _ = market.trade(call(expiry(30), 2_900), -0.01);
        let report = keeper.look(&chain, Now::default()).await;
        let view = report.view.as_ref().expect("seen");
        let told = view.told.as_ref().expect("told");
        let ours = view.stance.expect("computed").need().expect("in the desk's words");
        assert_eq!(ours, told.need, "at {price}");
        assert!(!matches!(outcome(&report, "hedge"), Err(Skip::MarkDiffers(_))), "{report:?}");
        waits += usize::from(told.need.since < U256::from(view.head.timestamp) && !told.need.due.is_zero());
        seasoned += usize::from(!told.need.seasoned.is_zero());
    }
    assert!(waits >= 3 && seasoned >= 2, "{waits} {seasoned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_hedge_is_split_sent_paid_and_lands_at_the_inner_edge() {
    let mut market = Market::open();
    market.waited(HOUR);
    // Pools four basis points cheap, so that all of it saves more than it costs.
    for exchange in [0, 1] {
        market.arbitrage(exchange, SPOT * 0.9996);
    }
    let before = market.need();
    let (_, chain, mut keeper) = market.own();
    let report = keeper.look(&chain, Now::default()).await;
    let sent = outcome(&report, "hedge").as_ref().expect("sent");
    let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
    // The shallow pool has a tenth of the deep one's depth, and so takes about a tenth.
    let [deep, shallow] = &plan.legs[..] else { panic!("{plan:?}") };
    let part = shallow.size as f64 / plan.size as f64;
    assert!((0.05..0.2).contains(&part) && deep.name == "deep", "{plan:?}");
    let (proposal, parts) = (&sent.proposal, sent.proposal.parts.expect("a reward in its parts"));
    assert!(plan.cost > 0 && proposal.gas_cost > 0 && proposal.profit() > 0, "{proposal:?}");
    // What it was tried out to bring is what the rules give, to the unit.
    assert_eq!(parts.total(), proposal.reward as u128);
    assert!(parts.share > 0 && parts.gas > 0 && parts.benefit > parts.share, "{parts:?}");

    let report = keeper.look(&chain, Now::default()).await;
    let Followed::Landed { kind: "hedge", hash, receipt } = report.followed.clone() else {
        panic!("{report:?}")
    };
    assert!(receipt.success && receipt.gas <= sent.proposal.gas);
    let paid = receipt.rewarded().expect("a reward");
    // The clock went on for the blocks in between, so it may be a little more.
    assert!(paid >= U256::from(proposal.reward) && f64::from(paid) < proposal.reward as f64 * 1.01, "{paid}");
    let key = market.node.accounts()[0].0;
    assert_eq!(market.rewards(), [(key, hash, key, paid)]);
    assert_eq!(market.balance(market.at.usdc, key), paid);
    let hedges = market.hedges();
    assert_eq!(hedges.len(), 2);
    assert!(hedges.iter().all(|(_, by, _)| *by == hash));
    let after = market.need();
    assert!(after.due.is_zero() && market.deviation().abs() <= 1.0);
    let off = after.deviation.abs().into_raw();
    assert!(off <= after.inner + U256::from(1_000_000_000_000_u64), "{after:?}");
    assert!(before.budget - paid <= after.budget && after.budget < before.budget, "{before:?} {after:?}");
    let skip = outcome(&report, "hedge").as_ref().expect_err("nothing is due");
    assert!(matches!(skip, Skip::InsideBand { .. }), "{skip}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_says_a_hedge_costs_is_what_it_costs() {
    let market = Market::open();
    market.skew();
    let mut config = market.config(&[market.node.url()]);
    config.hedge.payee = Some(market.at.lp);
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut keeper = market.keeper(&config, 0);
    let cash = || market.view(market.at.vault, IVault::navCall {}).cash;
    let before = cash();
    let report = keeper.look(&chain, Now::default()).await;
    let sent = outcome(&report, "hedge").as_ref().expect("sent");
    let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
    let [(_, _, payee, reward)] = market.rewards()[..] else { panic!("{:?}", market.rewards()) };
    assert_eq!(payee, market.at.lp);
    let paid = f64::from(before - cash() - reward) / 1e6;
    let cost = paid - plan.size as f64 / 1e18 * SPOT;
    // The segments between samples are chords of a convex curve: at the samples they are exact, between them dearer.
    let told = plan.cost as f64 / 1e6;
    assert!(cost <= told + 0.01 && cost > told * 0.95, "told {told}, was {cost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_to_be_paid_starts_the_clock_once_waits_and_is_paid() {
    let mut market = Market::open();
    market.skew();
    let now = market.now();
    market.move_to(now + 700, SPOT);
    let mut config = market.config(&[market.node.url()]);
    (config.hedge.max_loss, config.hedge.urgent_at) = (-1.0, 99.0);
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut keeper = market.keeper(&config, 0);
    let kinds =
        |report: &Report| outcome(report, "hedge").as_ref().map(|sent| sent.proposal.action.kind()).ok();
    let report = keeper.look(&chain, Now::default()).await;
    assert_eq!(kinds(&report), Some("poke"), "{report:?}");
    // In the second of the poke nobody can see that it was done; it is not done again.
    let report = keeper.look(&chain, Now::default()).await;
    assert!(matches!(report.followed, Followed::Landed { kind: "poke", .. }), "{report:?}");
    assert!(matches!(outcome(&report, "hedge"), Err(Skip::LossAboveLimit { .. })), "{report:?}");
    let since = market.now();
    let due = market.need().due;
    let (mut waited, mut last) = (0, None);
    while waited < 900 {
        waited += 60;
        market.wait_until(since + waited);
        market.develop("evm_mine", json!([]));
        let report = keeper.look(&chain, Now::default()).await;
        match outcome(&report, "hedge") {
            Ok(sent) => {
                last = Some(sent.proposal.clone());
                break;
            }
            Err(skip) => assert!(matches!(skip, Skip::LossAboveLimit { .. }), "{skip}"),
        }
    }
    let sent = last.expect("it never paid");
    println!("poked, waited {waited} s, profit {} micro-USD", sent.profit());
    assert!(sent.action.kind() == "hedge" && sent.profit() >= 1_000_000 && waited > 60, "{sent:?}");
    // What saves most is a part of what is due; the rest does not pay for its cost yet, and waits.
    let Action::Hedge(plan) = &sent.action else { panic!("{sent:?}") };
    let part = plan.size as f64 / 1e18 / crate::market::float(due);
    assert!((0.1..0.9).contains(&part) && market.is_due(), "{part}");

    // It does not pay for a clock that starts for nothing: here no reward reaches what it wants.
    market.move_to(market.now() + HOUR, SPOT * 1.1);
    config.hedge.max_loss = -1_000.0;
    let mut greedy = market.keeper(&config, 0);
    let report = greedy.look(&chain, Now::default()).await;
    assert!(
        market.is_due() && matches!(outcome(&report, "hedge"), Err(Skip::LossAboveLimit { .. })),
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn venues_dearer_than_the_cap_are_waited_for_until_it_has_widened() {
    let market = Market::open();
    market.skew();
    // Thirty basis points dear: beyond slip(t) for most of an hour.
    for exchange in [0, 1] {
        market.arbitrage(exchange, SPOT * 1.003);
    }
    let (_, chain, mut keeper) = market.own();
    let report = keeper.look(&chain, Now::default()).await;
    let sent = outcome(&report, "hedge").as_ref().expect("a look");
    assert!(matches!(sent.proposal.action, Action::Poke { .. }), "{sent:?}");
    let report = keeper.look(&chain, Now::default()).await;
    assert!(
        matches!(outcome(&report, "hedge"), Err(Skip::NoVenue(why)) if why.contains("dearer")),
        "{report:?}"
    );
    market.wait_until(market.now() + HOUR);
    market.develop("evm_mine", json!([]));
    let report = keeper.look(&chain, Now::default()).await;
    let sent = outcome(&report, "hedge").as_ref().expect("sent");
    let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
    let worst = SPOT * 1.006;
    assert!(plan.legs.iter().all(|leg| (leg.limit as f64 / 1e18) < worst + 1e-9), "{plan:?}");
    let report = keeper.look(&chain, Now::default()).await;
    assert!(matches!(report.followed, Followed::Landed { receipt, .. } if receipt.success));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiry_is_settled_by_the_round_that_straddles_it_phases_included() {
    let mut market = Market::open();
    market.skew();
    let expiry = expiry(7);
    market.move_to(expiry - HOUR, 2_700.0);
    market.wait_until(expiry - 60);
    market.push_price(2_650.0);
    let settles = market.view(market.at.feed, demo::stage::PriceFeed::latestRoundDataCall {}).roundId;
    market.wait_until(expiry + 5);
    market.develop("evm_mine", json!([]));
    let (_, chain, mut keeper) = market.own();
    let report = keeper.look(&chain, Now::default()).await;
    let skip = outcome(&report, "settle").as_ref().expect_err("no round yet");
    assert_eq!(*skip, Skip::NoRoundYet { expiry, last: expiry - 60 });

    // The aggregator is replaced; its first round comes after the expiry.
    market.send(market.at.owner, market.at.feed, demo::stage::PriceFeed::nextPhaseCall {}).expect("a phase");
    for price in [2_600.0, 2_610.0, 2_620.0] {
        market.push_price(price);
    }
    let report = keeper.look(&chain, Now::default()).await;
    let sent = outcome(&report, "settle").as_ref().expect("sent");
    assert_eq!(sent.proposal.action, Action::Settle { expiry, round: settles });
    let price = market.view(market.at.vault, IVault::settlementPriceCall { expiry });
    assert_eq!(price, crate::market::wad(2_650.0));
    let report = keeper.look(&chain, Now::default()).await;
    assert!(matches!(report.followed, Followed::Landed { kind: "settle", .. }));
    assert!(matches!(outcome(&report, "settle"), Err(Skip::NothingExpired { next: Some(_) })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_is_processed_when_it_is_ready() {
    let mut market = Market::open();
    let (_, chain, mut keeper) = market.own();
    let look = |report: Report| outcome(&report, "process").clone();
    assert_eq!(look(keeper.look(&chain, Now::default()).await), Err(Skip::QueueEmpty));
    let owner = market.at.lp;
    let shares = market.view(market.at.vault, interfaces::erc20::IERC20::balanceOfCall { account: owner });
    let shares = shares / U256::from(2);
    let request = IERC4626::requestRedeemCall { shares, controller: owner, owner };
    market.send(owner, market.at.vault, request).expect("a request");
    let skip = look(keeper.look(&chain, Now::default()).await).expect_err("too young");
    let Skip::EpochNotReady { id: 1, ready_at } = skip else { panic!("{skip}") };
    market.move_to(ready_at, SPOT);
    let sent = look(keeper.look(&chain, Now::default()).await).expect("sent");
    assert!(matches!(sent.proposal.action, Action::Process { shares: burned, .. } if burned == shares));
    let report = keeper.look(&chain, Now::default()).await;
    assert!(matches!(&report.followed, Followed::Landed { kind: "process", receipt, .. } if receipt.success));
    assert_eq!(look(report), Err(Skip::QueueEmpty));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_settled_before_anything_is_hedged() {
    let mut market = Market::open();
    market.skew();
    market.trade(call(expiry(7), 2_500), 18.0).expect("a trade");
    market.move_to(expiry(7) - HOUR, 3_000.0);
    market.move_to(expiry(7) + 60, 3_000.0);
    let (_, chain, mut keeper) = market.own();
    let report = keeper.look(&chain, Now::default()).await;
    assert!(outcome(&report, "settle").is_ok(), "{report:?}");
    assert_eq!(outcome(&report, "hedge").as_ref().expect_err("waits"), &Skip::Behind("settle"));
    let report = keeper.look(&chain, Now::default()).await;
    assert!(outcome(&report, "hedge").is_ok(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_no_vaults_are_refused() {
    let market = Market::open();
    let (_, chain, _) = market.own();
    let head = chain.head(0).await.expect("a head");
    assert!(head.timestamp >= START && head.timestamp < START + DAY);
    let words = market.view(market.at.vault, IVault::wordsCall {});
    assert!(State::read(&words).is_some());
    assert!(State::read(&words[..9]).is_none() && State::read(&[]).is_none());
    let call =
        keeper::Call { to: market.at.vault, data: Bytes::from(vec![1, 2, 3, 4]), ..Default::default() };
    assert!(chain.call(&head, &call).await.expect_err("refused").is_answer());
}
