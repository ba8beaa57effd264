//! Hedges by orders at a perpetuals exchange: placed once, waited for, cancelled when they have had their time.

use alloy_primitives::{B256, I256, U256};
use demo::stage::Exchange;
use demo::stage::positions::TIMEOUT;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::perp::IPerpVenue;
use interfaces::vault::IVault;
use keeper::show::{Paint, status};
use keeper::{Action, Chain, Collector, Followed, Skip};

use crate::market::{HOUR, Market, SPOT, float, venues, wad};
use crate::positions::{look, settled, skip, taken};
use crate::seats::Seating;

/// Ether of an order by the keeper's settings, of which the exchange keeps a half [wei]
const FEE: u128 = 2_000_000_000_000_000;
/// Money is no finer than this in a size at 2,800 USD.
const GRAIN: f64 = 1e-6;

impl Market {
    fn order(&self) -> B256 {
        self.view(self.at.seats.perp, IPerpVenue::orderKeyCall {})
    }

    /// The exchange executes what is in flight.
    fn execute(&self, price: f64) {
        // In the exchange's decimals: 30 less the token's 18.
        let call = Exchange::executeCall { key: self.order(), price: wad(price) / U256::from(1_000_000) };
        self.tell(self.at.owner, self.at.seats.exchange, call);
    }

    /// Orders that the desk told of.
    fn ordered(&self) -> usize {
        use alloy_sol_types::SolEvent;
        let topic = IHedgeDesk::HedgeOrdered::SIGNATURE_HASH;
        let filter = serde_json::json!([{ "fromBlock": "0x0", "address": self.at.desk, "topics": [topic] }]);
        self.develop("eth_getLogs", filter).as_array().expect("logs").len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_placed_once_waited_for_and_counts_when_it_is_executed() {
    let market = Market::seated(Seating::Perp);
    market.puts(60.0);
    let need = market.need();
    let (chain, mut keeper) = market.keeping(|_| ());
    let account = market.node.accounts()[0].0;
    let report = look(&mut keeper, &chain).await;
    let position = taken(&report);
    assert!(position.later && position.grows && position.ether == FEE, "{position:?}");
    let sent = outcome_of(&report);
    // Nothing is paid for what is not done: the operator gives gas and the fee.
    assert!(sent.reward == 0 && sent.ether_cost == 5_600_000 && sent.profit() < -5_600_000, "{sent:?}");
    let report = look(&mut keeper, &chain).await;
    assert!(
        matches!(&report.followed, Followed::Landed { kind: "position", receipt, .. } if receipt.success)
    );
    assert_eq!(market.ordered(), 1);
    let flying = market.held();
    assert!(flying.size.is_zero() && (float(flying.pending - need.due)).abs() < GRAIN, "{flying:?}");
    // In flight it counts: nothing is due, and no look sends another.
    for _ in 0..3 {
        let report = look(&mut keeper, &chain).await;
        assert!(matches!(skip(&report, "position"), Skip::InsideBand { .. }), "{report:?}");
        assert!(matches!(skip(&report, "cancel"), Skip::NoOrderLate { until: Some(_) }), "{report:?}");
    }
    let config = market.config(&[market.node.url()]);
    let head = chain.head(0).await.expect("a head");
    let view = Collector::new(&config, venues(&config)).collect(&chain, head, None).await;
    let text = status(&view.expect("a view"), &config, &chain.health(), Paint(false));
    assert!(text.contains("perp: an order of -") && text.contains("is in flight for"), "{text}");

    market.execute(SPOT);
    let held = market.held();
    assert!(float(held.size - need.due).abs() < GRAIN && held.pending.is_zero() && !market.is_due());
    assert_eq!(settled(&mut keeper, &chain).await, [""; 0]);
    assert_eq!(market.ordered(), 1);
    assert!(market.balance(market.at.usdc, account).is_zero());
}

fn outcome_of(report: &keeper::Report) -> keeper::Proposal {
    crate::hedges::outcome(report, "position").as_ref().expect("sent").proposal.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_fills_is_cancelled_before_it_is_placed_again() {
    let mut market = Market::seated(Seating::Perp);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    let (first, placed) = (market.order(), market.now());
    let rules = market.view(market.at.desk, IHedgeDesk::rulesCall {});
    // From its patience on the desk no longer counts it. The venue takes no second one, so nothing is done twice.
    market.move_to(placed + u64::from(rules.orderPatience) + 60, SPOT);
    assert!(market.is_due());
    let report = look(&mut keeper, &chain).await;
    let why = skip(&report, "position").to_string();
    assert!(why.contains("perp: an order is in flight since"), "{why}");
    let Skip::NoOrderLate { until: Some(until) } = *skip(&report, "cancel") else { panic!("{report:?}") };
    assert!(until.abs_diff(placed + u64::from(TIMEOUT)) < 60, "{until}");
    market.move_to(until, SPOT);
    let report = look(&mut keeper, &chain).await;
    let sent = crate::hedges::outcome(&report, "cancel").as_ref().expect("sent");
    assert!(matches!(&sent.proposal.action, Action::Cancel(order) if order.key == first), "{sent:?}");
    assert_eq!(settled(&mut keeper, &chain).await, ["cancel", "position"]);
    assert!(market.order() != first && market.ordered() == 2);
    market.execute(SPOT);
    assert!(!market.is_due() && market.held().size.is_negative());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_whose_hedge_is_not_due_any_more_comes_home() {
    let mut market = Market::seated(Seating::Perp);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    market.puts(-60.0);
    let cash = market.view(market.at.vault, IVault::navCall {}).cash;
    let call = Exchange::cancelAsKeeperCall { key: market.order() };
    market.tell(market.at.owner, market.at.seats.exchange, call);
    market.move_to(market.now() + HOUR, SPOT);
    assert!(!market.is_due());
    assert_eq!(settled(&mut keeper, &chain).await, ["collect"]);
    let nav = market.view(market.at.vault, IVault::navCall {});
    assert!(nav.cash > cash && nav.broker.is_zero());
    let perp = market.at.seats.perp;
    assert!(market.balance(market.at.usdc, perp).is_zero());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_at_the_exchange_is_made_smaller_by_an_order_out_of_the_purse() {
    let mut market = Market::seated(Seating::Perp);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    market.execute(SPOT);
    let opened = market.held().size;
    market.puts(-60.0);
    market.move_to(market.now() + HOUR, SPOT);
    let report = look(&mut keeper, &chain).await;
    let position = taken(&report);
    // What the exchange gave back lies in the venue's purse: only the rest of the fee is sent.
    assert!(!position.grows && position.plan.size > 0 && position.ether == FEE / 2, "{position:?}");
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    market.execute(SPOT);
    let left = market.held().size;
    assert!((float(left - opened) - position.plan.size as f64 / 1e18).abs() < GRAIN, "{left} {opened}");
    // The margin that the smaller position does not take is freed by an order, and comes home.
    assert_eq!(settled(&mut keeper, &chain).await, ["tend"]);
    market.execute(SPOT);
    assert_eq!(settled(&mut keeper, &chain).await, ["collect"]);
    let left = market.state(market.at.seats.perp);
    let margin = float(left.size).abs() * SPOT * 0.4;
    assert!((float(left.equity) * 1e12 / margin - 1.0).abs() < 0.01, "{left:?} {margin}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_too_dear_or_has_no_fee_is_not_placed() {
    let market = Market::seated(Seating::Perp);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|config| {
        (config.position.order_max_loss, config.hedge.urgent_max_loss) = (5.0, 1.0);
    });
    let report = look(&mut keeper, &chain).await;
    let Skip::LossAboveLimit { cost, reward: 0, max_loss: 5_000_000 } = *skip(&report, "position") else {
        panic!("{report:?}")
    };
    assert!(cost > 5_600_000, "{cost}");
    let (chain, mut keeper) = market.keeping(|config| config.position.order_fee = 0.000_5);
    let report = look(&mut keeper, &chain).await;
    assert!(
        matches!(skip(&report, "position"), Skip::WouldRevert(why) if why.starts_with("CallFailed")),
        "{report:?}"
    );
    assert_eq!((market.ordered(), market.held().pending), (0, I256::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cheaper_of_two_venues_is_taken_and_the_other_when_it_is_out() {
    let market = Market::seated(Seating::Both);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    keeper.dry = true;
    let at = |report: &keeper::Report| taken(report).plan.legs[0].name.clone();
    // A swap of five basis points with its impact; an order is reckoned at fifteen and a fee.
    assert_eq!(at(&look(&mut keeper, &chain).await), "aave");
    let (chain, mut cheap) = market.keeping(|config| {
        (config.position.order_cost, config.position.order_fee) = (1, 0.001_01);
    });
    cheap.dry = true;
    assert_eq!(at(&look(&mut cheap, &chain).await), "perp");
    let guardian = demo_guardian(&market);
    let call = IBroker::quarantineCall { venue: market.at.seats.aave };
    market.tell(guardian, market.at.broker, call);
    let report = look(&mut keeper, &chain).await;
    assert_eq!(at(&report), "perp");
    let call = IBroker::quarantineCall { venue: market.at.seats.perp };
    market.tell(guardian, market.at.broker, call);
    market.tell(guardian, market.at.broker, IBroker::checkpointCall {});
    let report = look(&mut keeper, &chain).await;
    // With neither, the vault can be short of nothing: nothing is due.
    assert!(matches!(skip(&report, "position"), Skip::InsideBand { .. }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_hedge_is_an_order_where_no_spot_venue_is_left_and_is_made_smaller_by_another() {
    let mut market = Market::seated(Seating::Perp);
    market.skew();
    let need = market.need();
    assert!(need.due.is_positive(), "{need:?}");
    let (chain, mut keeper) = market.keeping(|_| ());
    keeper.dry = true;
    let report = look(&mut keeper, &chain).await;
    assert!(matches!(skip(&report, "position"), Skip::SpotCheaper { .. }), "{report:?}");
    for venue in market.at.venues {
        market.tell(market.at.owner, market.at.vault, IVault::removeVenueCall { venue });
    }
    keeper.dry = false;
    let report = look(&mut keeper, &chain).await;
    let position = taken(&report);
    assert!(position.later && position.grows, "{position:?}");
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    market.execute(SPOT);
    let opened = market.held().size;
    assert!(float(opened - need.due).abs() < GRAIN && !market.is_due(), "{opened} {need:?}");
    // The margin is what the setting says, out of free cash.
    let state = market.state(market.at.seats.perp);
    let margin = float(opened) * SPOT * 0.4;
    assert!((float(state.equity) * 1e12 / margin - 1.0).abs() < 0.01, "{state:?} {margin}");

    market.puts(60.0);
    market.move_to(market.now() + HOUR, SPOT);
    let report = look(&mut keeper, &chain).await;
    let position = taken(&report);
    assert!(!position.grows && position.plan.size < 0, "{position:?}");
    assert_eq!(settled(&mut keeper, &chain).await, ["position"]);
    market.execute(SPOT);
    let left = market.held().size;
    assert!((float(left - opened) - position.plan.size as f64 / 1e18).abs() < GRAIN, "{left} {opened}");
}

fn demo_guardian(market: &Market) -> alloy_primitives::Address {
    let which = IVault::Role::Guardian;
    market.view(market.at.vault, IVault::roleCall { which })
}
