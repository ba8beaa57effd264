//! Hedges with a short by lending: taken when the hedge must be short, made smaller when it need not be, tended, collected, and looked after.

use alloy_primitives::{Address, I256, U256};
use demo::stage::positions::{CAP, SHORT_MARGIN};
use interfaces::broker::IBroker::{self, Held};
use interfaces::desk::IHedgeDesk;
use interfaces::position::IPositionVenue;
use interfaces::vault::IVault;
use keeper::{Action, Config, Endpoints, Followed, Keeper, Now, Position, Report, Skip};
use serde_json::json;

use crate::hedges::outcome;
use crate::market::{DAY, HOUR, Market, SPOT, START, expiry, float, put};
use crate::seats::Seating;
use crate::set::Scene;

impl Market {
    /// A market whose broker has these venues.
    pub(crate) fn seated(seating: Seating) -> Self {
        Self::open_at(Scene::with(seating))
    }

    /// Buys puts, until a short hedge is due; sells them where there are fewer than none.
    pub(crate) fn puts(&self, size: f64) {
        let mut left = size;
        for strike in [2_800, 2_700, 2_900, 2_600] {
            let part = left.abs().min(15.0).copysign(left);
            if part != 0.0 {
                self.trade(put(expiry(30), strike), part).expect("puts");
            }
            left -= part;
        }
    }

    pub(crate) fn held(&self) -> Held {
        let price = self.view(self.at.vault, IVault::spotCall {}).price;
        self.view(self.at.broker, IBroker::heldCall { price })
    }

    /// What a venue of the broker's holds.
    pub(crate) fn state(&self, venue: Address) -> IPositionVenue::State {
        let price = self.view(self.at.vault, IVault::spotCall {}).price;
        self.view(venue, IPositionVenue::stateCall { price })
    }

    /// A keeper with these settings.
    pub(crate) fn keeping(&self, set: impl FnOnce(&mut Config)) -> (Endpoints, Keeper) {
        let mut config = self.config(&[self.node.url()]);
        set(&mut config);
        (Endpoints::new(&config).expect("endpoints"), self.keeper(&config, 0))
    }
}

pub(crate) async fn look(keeper: &mut Keeper, chain: &Endpoints) -> Report {
    keeper.look(chain, Now::default()).await
}

/// Whether two sizes are the same but for some seconds' interest.
pub(crate) fn near(one: I256, other: I256) -> bool {
    float(one - other).abs() < 1e-6
}

/// The position that a look took.
pub(crate) fn taken(report: &Report) -> Position {
    let sent = outcome(report, "position").as_ref().unwrap_or_else(|skip| panic!("{skip}"));
    let Action::Position(position) = &sent.proposal.action else { panic!("{sent:?}") };
    position.clone()
}

/// What a strategy did not do.
pub(crate) fn skip<'r>(report: &'r Report, strategy: &str) -> &'r Skip {
    outcome(report, strategy).as_ref().expect_err("skipped")
}

/// Kinds of what was mined, in the order of it, until a look finds nothing to do.
pub(crate) async fn settled(keeper: &mut Keeper, chain: &Endpoints) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for _ in 0..10 {
        let report = look(keeper, chain).await;
        if let Followed::Landed { kind, receipt, .. } = &report.followed {
            assert!(receipt.success, "{kind} was refused");
            kinds.push(*kind);
        }
        if report.outcomes.iter().all(|(_, outcome)| outcome.is_err()) {
            return kinds;
        }
    }
    panic!("never quiet: {kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_short_where_the_hedge_must_be_at_the_cost_that_it_says_and_is_paid() {
    let mut market = Market::seated(Seating::Aave);
    market.puts(60.0);
    market.poke();
    market.move_to(market.now() + HOUR, SPOT);
    let (need, nav) = (market.need(), market.view(market.at.vault, IVault::navCall {}).mid);
    assert!(need.due.is_negative() && need.target.is_negative(), "{need:?}");
    let (chain, mut keeper) = market.keeping(|_| ());
    let report = look(&mut keeper, &chain).await;
    assert_eq!(skip(&report, "hedge"), &Skip::PositionCheaper);
    let position = taken(&report);
    let [leg] = &position.plan.legs[..] else { panic!("{position:?}") };
    assert_eq!((leg.venue, leg.name.as_str()), (market.at.seats.aave, "aave"));
    assert!(position.grows && !position.later && position.ether == 0);
    assert_eq!(I256::try_from(leg.size).expect("small"), need.due);
    let sent = outcome(&report, "position").as_ref().expect("sent").proposal.clone();
    // What it was tried out to bring is what the rules give, to the unit.
    assert_eq!(sent.parts.expect("a reward in its parts").total(), sent.reward as u128);

    let report = look(&mut keeper, &chain).await;
    let Followed::Landed { kind: "position", hash, receipt } = report.followed.clone() else {
        panic!("{report:?}")
    };
    assert!(receipt.success && receipt.gas <= sent.gas + sent.gas / 3);
    let held = market.held();
    assert!(near(held.size, need.due) && held.pending.is_zero(), "{held:?} {need:?}");
    let after = market.need();
    assert!(after.due.is_zero() && near(after.position, need.due), "{after:?}");
    assert!(matches!(skip(&report, "position"), Skip::InsideBand { .. }), "{report:?}");
    let key = market.node.accounts()[0].0;
    let paid = receipt.rewarded().expect("a reward");
    assert_eq!(market.rewards(), [(key, hash, key, paid)]);
    assert_eq!(market.balance(market.at.usdc, key), paid);
    // It was sold in rounds, each at the limit that the last of them needs, so it cost less than the plan says. The haircut of 0.2 % is the venue's caution.
    let value = float(need.due).abs() * SPOT;
    let lost = float(nav - market.view(market.at.vault, IVault::navCall {}).mid) * 1e12;
    let cost = lost - f64::from(paid) / 1e6 - value * 0.002;
    let told = position.plan.cost as f64 / 1e6;
    assert!(cost <= told && cost > told - value * 0.0008, "told {told}, was {cost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_need_not_be_short_any_more_is_bought_back_and_comes_home() {
    let mut market = Market::seated(Seating::Aave);
    market.puts(40.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    let opened = market.held().size;
    assert!(opened.is_negative());
    // Half of the puts are sold back: a part of the short is too much.
    market.puts(-20.0);
    market.move_to(START + HOUR, SPOT);
    let need = market.need();
    assert!(need.due.is_positive());
    let report = look(&mut keeper, &chain).await;
    let position = taken(&report);
    assert!(!position.grows && position.plan.size > 0, "{position:?}");
    assert_eq!(skip(&report, "hedge"), &Skip::PositionCheaper, "spot would do it as well");
    let kinds = settled(&mut keeper, &chain).await;
    assert_eq!(kinds, ["position", "collect"], "what the smaller position does not take comes home");
    let left = market.state(market.at.seats.aave);
    assert!(near(left.size - opened, need.due), "{left:?} {need:?}");
    let margin = f64::from(SHORT_MARGIN) / 1e6 * float(left.size).abs() * SPOT;
    assert!((float(left.equity) * 1e12 / margin - 1.0).abs() < 0.001, "{left:?} {margin}");

    // All of them, and calls: the hedge must be long. The short goes first, and spot does the rest.
    for strike in [2_700, 2_900] {
        market.trade(put(expiry(30), strike), -10.0).expect("a sale");
    }
    market.trade(crate::market::call(expiry(30), 2_700), 18.0).expect("calls");
    market.move_to(START + 2 * HOUR, SPOT);
    let kinds = settled(&mut keeper, &chain).await;
    assert_eq!(kinds, ["position", "hedge", "collect"]);
    let (left, need) = (market.held(), market.need());
    // Interest of the block in which it was bought back is all that is left.
    assert!(float(left.size).abs() < 1e-6 && need.due.is_zero(), "{left:?} {need:?}");
    assert!(market.view(market.at.vault, IVault::navCall {}).hedge > U256::ZERO);
    let report = look(&mut keeper, &chain).await;
    assert!(matches!(skip(&report, "collect"), Skip::NothingLiesOver { .. }), "{report:?}");
    assert_eq!(skip(&report, "checkpoint"), &Skip::NothingHeld);
}

#[tokio::test(flavor = "multi_thread")]
async fn spot_that_is_held_is_sold_before_anything_is_short() {
    let mut market = Market::seated(Seating::Aave);
    let call = crate::market::call(expiry(30), 2_700);
    market.trade(call, 18.0).expect("calls");
    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["hedge"], "a long hedge is spot's");
    // The calls come back and puts go out: beyond what is held the hedge is short.
    market.trade(call, -18.0).expect("a sale");
    market.puts(15.0);
    market.move_to(START + HOUR, SPOT);
    let report = look(&mut keeper, &chain).await;
    let why = skip(&report, "position");
    assert!(matches!(why, Skip::SpotCheaper { .. }), "{why}");
    assert_eq!(settled(&mut keeper, &chain).await, ["hedge", "position"]);
    // But for two of the least hedges, in case that somebody sells one first.
    let left = f64::from(market.view(market.at.vault, IVault::navCall {}).hedge) / 1e6;
    assert!((499.0..501.0).contains(&left), "{left}");
    assert!(market.held().size.is_negative() && !market.is_due());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_margin_is_tended_after_the_price_has_moved() {
    let mut market = Market::seated(Seating::Aave);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    let report = look(&mut keeper, &chain).await;
    assert_eq!(skip(&report, "tend"), &Skip::MarginsRight);
    market.move_to(START + HOUR, SPOT * 1.12);
    let (before, cash) = (market.held(), market.view(market.at.vault, IVault::navCall {}).cash);
    let (chain, mut keeper) = market.keeping(|config| {
        (config.hedge.on, config.hedge.poke, config.position.on) = (false, false, false);
    });
    let report = look(&mut keeper, &chain).await;
    let sent = outcome(&report, "tend").as_ref().expect("sent");
    let Action::Tend { margin, ether: 0, later: false, .. } = sent.proposal.action else {
        panic!("{sent:?}")
    };
    let report = look(&mut keeper, &chain).await;
    assert!(matches!(&report.followed, Followed::Landed { kind: "tend", receipt, .. } if receipt.success));
    assert_eq!(skip(&report, "tend"), &Skip::MarginsRight);
    let (after, left) = (market.held(), market.view(market.at.vault, IVault::navCall {}).cash);
    assert!(near(after.size, before.size));
    assert_eq!(cash - left, U256::from(margin as u64));
    let worth = float(after.size).abs() * SPOT * 1.12;
    assert!((float(after.equity) * 1e12 / worth - 0.7).abs() < 1e-3, "{after:?}");
    // The other way round what is over comes home.
    market.move_to(START + 2 * HOUR, SPOT * 0.98);
    let kinds = settled(&mut keeper, &chain).await;
    assert_eq!(kinds, ["collect"]);
    let worth = float(after.size).abs() * SPOT * 0.98;
    assert!((float(market.held().equity) * 1e12 / worth - 0.7).abs() < 1e-3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_made_every_day_while_something_is_held_and_by_one_keeper() {
    let mut market = Market::seated(Seating::Aave);
    let (chain, mut keeper) = market.keeping(|_| ());
    let report = look(&mut keeper, &chain).await;
    assert_eq!(skip(&report, "checkpoint"), &Skip::NothingHeld);
    market.puts(60.0);
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    let report = look(&mut keeper, &chain).await;
    let Skip::CheckpointFresh { until } = *skip(&report, "checkpoint") else { panic!("{report:?}") };
    assert!((until - DAY).abs_diff(market.now()) < 30, "the trade made one");
    market.move_to(until - 600, SPOT);
    let quiet = |config: &mut Config| {
        (config.hedge.on, config.hedge.poke, config.position.on) = (false, false, false);
        config.upkeep.turn = 8;
    };
    let mut keepers = Vec::new();
    for key in 0..3 {
        let mut config = market.config(&[market.node.url()]);
        quiet(&mut config);
        keepers.push((Endpoints::new(&config).expect("endpoints"), market.keeper(&config, key)));
    }
    for (chain, keeper) in &mut keepers {
        assert_eq!(skip(&look(keeper, chain).await, "checkpoint"), &Skip::CheckpointFresh { until });
    }
    // For two rounds of turns all of them look at every block: each sees whose turn it is, and then that it is done.
    let (mut waited, mut sent) = (0, 0);
    for at in (until..until + 128).step_by(4) {
        market.wait_until(at);
        market.develop("anvil_setAutomine", json!([true]));
        market.develop("evm_mine", json!([]));
        market.develop("anvil_setAutomine", json!([false]));
        for (chain, keeper) in &mut keepers {
            let report = look(keeper, chain).await;
            match outcome(&report, "checkpoint") {
                Ok(_) => sent += 1,
                Err(Skip::NotOurTurn { from }) => {
                    assert!(*from > at && *from < at + 128, "{from} at {at}");
                    waited += 1;
                }
                Err(skip) => assert!(matches!(skip, Skip::CheckpointFresh { .. }), "{skip}"),
            }
        }
    }
    assert!(sent == 1 && waited > 0, "{sent} sent, {waited} waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_whose_notice_is_over_is_put_to_use() {
    let mut market = Market::seated(Seating::Aave);
    let (venue, owner) = (market.at.seats.aave, market.at.owner);
    // Other settings wait for two days, and so long the venue takes nothing new.
    let call = IBroker::setVenueCall { venue, cap: CAP / 2, margin: SHORT_MARGIN };
    market.tell(owner, market.at.broker, call);
    let (chain, mut keeper) = market.keeping(|_| ());
    let report = look(&mut keeper, &chain).await;
    assert_eq!(skip(&report, "checkpoint"), &Skip::NothingHeld);
    let later = market.now() + 2 * DAY + 60;
    market.move_to(later, SPOT);
    let report = look(&mut keeper, &chain).await;
    let sent = outcome(&report, "checkpoint").as_ref().expect("sent");
    assert_eq!(sent.proposal.action, Action::Checkpoint { short: Some(CAP / 2), age: None });
    let report = look(&mut keeper, &chain).await;
    assert!(
        matches!(&report.followed, Followed::Landed { kind: "checkpoint", receipt, .. } if receipt.success)
    );
    assert_eq!(skip(&report, "checkpoint"), &Skip::NothingHeld);
    market.puts(30.0);
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hedge_that_is_dearer_than_the_cap_as_a_whole_a_part_is_taken_and_then_the_rest() {
    let market = Market::seated(Seating::Aave);
    market.puts(60.0);
    market.puts(60.0);
    // The pool some basis points cheap: of all that is due the last round would go beyond the cap.
    market.arbitrage(0, SPOT * 0.9995);
    let due = market.need().due;
    let (chain, mut keeper) = market.keeping(|_| ());
    let position = taken(&look(&mut keeper, &chain).await);
    let part = position.plan.size as f64 / 1e18 / float(due);
    assert!([0.5, 0.25, 0.125].iter().any(|one: &f64| (one - part).abs() < 1e-6), "{part} of {due}");
    for _ in 0..8 {
        look(&mut keeper, &chain).await;
        market.arbitrage(0, SPOT * 0.9995);
    }
    let (held, need) = (market.held(), market.need());
    assert!(need.due.is_zero() && near(held.size, need.position), "{held:?} {need:?}");
    assert!(market.rewards().len() > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_does_not_pay_yet_is_waited_for() {
    let market = Market::seated(Seating::Aave);
    market.puts(60.0);
    // The pool twelve basis points dear, so that all of it saves more than it costs.
    market.arbitrage(0, SPOT * 1.0012);
    let (chain, mut keeper) = market.keeping(|config| {
        (config.hedge.max_loss, config.position.max_loss, config.hedge.urgent_at) =
            (-1_000.0, 0.000_001, 99.0);
    });
    // Nobody has waited: gas is paid at less than what it costs. The clock is started, once.
    let report = look(&mut keeper, &chain).await;
    let sent = outcome(&report, "position").as_ref().expect("a look");
    assert!(matches!(sent.proposal.action, Action::Poke { .. }), "{sent:?}");
    let report = look(&mut keeper, &chain).await;
    assert!(matches!(report.followed, Followed::Landed { kind: "poke", .. }), "{report:?}");
    assert!(matches!(skip(&report, "position"), Skip::LossAboveLimit { .. }), "{report:?}");
    assert!(market.held().size.is_zero() && !market.need().since.is_zero());
    let rules = market.view(market.at.desk, IHedgeDesk::rulesCall {});
    market.wait_until(market.now() + u64::from(rules.rewardSpan));
    market.develop("evm_mine", json!([]));
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
}
