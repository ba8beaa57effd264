//! Fault drills of the keeper on the market's side: what it does, and does not, while something is wrong, and that it goes on once it is right again. `SECURITY.md` has
//! the list.

use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_sol_types::{SolCall, sol};
use demo::stage::SequencerFeed;
use demo::stage::artifacts;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;
use keeper::metrics::Metrics;
use keeper::{Action, Config, Endpoints, Followed, Keeper, Now, Report, Skip};
use serde_json::json;

use crate::common::ask;
use crate::hedges::outcome;
use crate::market::{DAY, HOUR, Market, SPOT, START, call, expiry, number};

sol! {
    function setMode(uint8 mode) external;
    function setPaused(bool paused) external;
    function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
}

const ARB_WASM: Address = alloy_primitives::address!("0000000000000000000000000000000000000071");

impl Market {
    /// Runtime code of a Solidity contract, and where it was made.
    fn made(&self, name: &str) -> (Address, Bytes) {
        let tx = json!([{ "from": self.at.owner, "data": artifacts::bytecode(name).expect("built"), "gas": "0x1e84800" }]);
        let hash = self.develop("eth_sendTransaction", tx);
        let receipt = self.develop("eth_getTransactionReceipt", json!([hash]));
        let address: Address = serde_json::from_value(receipt["contractAddress"].clone()).expect("created");
        (address, self.code(address))
    }

    fn code(&self, account: Address) -> Bytes {
        serde_json::from_value(self.develop("eth_getCode", json!([account, "latest"]))).expect("code")
    }

    fn set_code(&self, account: Address, code: &Bytes) {
        self.develop("anvil_setCode", json!([account, code]));
    }

    /// Blocks whose base fee is so many times the least.
    fn set_fee(&self, times: u64) {
        self.develop("anvil_setNextBlockBaseFeePerGas", json!([format!("{:#x}", times * 10_000_000)]));
        self.develop("evm_mine", json!([]));
    }

    fn sequencer(&self, answer: i64, since: u64) {
        let answer = I256::try_from(answer).expect("small");
        let call = SequencerFeed::setCall { answer, startedAt: U256::from(since) };
        self.tell(self.at.owner, self.at.sequencer, call);
    }

    /// Transactions of the keeper's account that were mined.
    pub(crate) fn sent(&self) -> u64 {
        let account = self.node.accounts()[0].0;
        number(&self.develop("eth_getTransactionCount", json!([account, "latest"])))
    }
}

pub(crate) async fn look(keeper: &mut Keeper, chain: &Endpoints) -> Report {
    keeper.look(chain, Now::default()).await
}

/// Why a look came to nothing for a strategy, whatever it failed at.
fn why(report: &Report, strategy: &str) -> Skip {
    let view = report.view.as_ref().err().cloned();
    view.unwrap_or_else(|| outcome(report, strategy).as_ref().expect_err("skipped").clone())
}

/// Looks until nothing is due any more.
async fn goes_on(market: &Market, keeper: &mut Keeper, chain: &Endpoints) {
    for _ in 0..5 {
        look(keeper, chain).await;
        if !market.is_due() {
            return;
        }
    }
    panic!("it never hedged");
}

#[tokio::test(flavor = "multi_thread")]
async fn c01_while_the_feed_is_broken_it_sends_nothing_counts_why_and_goes_on_when_it_is_back() {
    let market = Market::open();
    market.skew();
    let (_, chain, mut keeper) = market.own();
    let (metrics, feed) = (Metrics::default(), market.at.feed);
    let (good, (_, bad)) = (market.code(feed), market.made("BadFeed"));
    market.set_code(feed, &bad);
    for mode in 1..=4 {
        market.tell(market.at.owner, feed, setModeCall { mode });
        let report = look(&mut keeper, &chain).await;
        let skip = why(&report, "hedge");
        assert!(matches!(&skip, Skip::NoPrice(why) if why.starts_with("FeedFailed")), "mode {mode}: {skip}");
        assert!(report.outcomes.iter().all(|(_, outcome)| outcome.is_err()), "{report:?}");
        metrics.note(&report, 0, keeper.is_waiting());
    }
    assert_eq!(market.sent(), 0);
    let told = metrics.get("skips_total", &[("strategy", "hedge"), ("reason", "no_price")]);
    assert_eq!(told, 4.0, "an alarm has something to count");
    market.set_code(feed, &good);
    goes_on(&market, &mut keeper, &chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_after_an_outage_it_settles_at_once_and_hedges_when_the_grace_is_over() {
    let mut market = Market::open();
    market.trade(call(expiry(7), 2_500), 5.0).expect("a trade");
    market.skew();
    let (_, chain, mut keeper) = market.own();
    market.move_to(expiry(7) - HOUR, SPOT);
    market.sequencer(1, expiry(7) - HOUR / 2);
    let skip = why(&look(&mut keeper, &chain).await, "hedge");
    assert!(matches!(&skip, Skip::NoPrice(why) if why.starts_with("SequencerDown")), "{skip}");
    let up = expiry(7) + 3 * HOUR;
    market.move_to(up, SPOT);
    market.sequencer(0, up);
    let report = look(&mut keeper, &chain).await;
    let settled = outcome(&report, "settle").as_ref().expect("settled inside the grace period");
    assert!(matches!(settled.proposal.action, Action::Settle { .. }), "{settled:?}");
    let report = look(&mut keeper, &chain).await;
    assert!(matches!(&report.followed, Followed::Landed { kind: "settle", receipt, .. } if receipt.success));
    let price = market.view(market.at.vault, IVault::settlementPriceCall { expiry: expiry(7) });
    assert_eq!(price, crate::market::wad(SPOT), "by the round of before the outage");
    let skip = why(&report, "hedge");
    assert!(matches!(&skip, Skip::NoPrice(why) if why.starts_with("SequencerGracePeriod")), "{skip}");
    assert!(market.hedges().is_empty());
    market.move_to(up + HOUR + 1, SPOT);
    goes_on(&market, &mut keeper, &chain).await;
    assert!(!market.hedges().is_empty());
}

/// Codes of a venue that breaks: reverts, burns all gas, answers a megabyte for nothing, keeps what it is given.
const BROKEN: [(&str, &str); 4] = [
    ("it reverts", "0x5f5ffd"),
    ("it burns all gas", "0x5b5f56"),
    ("it answers a megabyte", "0x621000005ff3"),
    ("it keeps the money", "0x00"),
];

#[tokio::test(flavor = "multi_thread")]
async fn c03_c04_c06_a_venue_that_fails_floods_burns_or_steals_is_left_out_and_the_next_one_hedges() {
    for (what, code) in BROKEN {
        let market = Market::open();
        market.skew();
        let (_, chain, mut keeper) = market.own();
        let deep = market.at.venues[0];
        market.set_code(deep, &code.parse().expect("code"));
        let report = look(&mut keeper, &chain).await;
        let view = report.view.as_ref().expect("seen");
        assert!(
            !view.venues[0].quotes.as_ref().is_ok_and(|quotes| quotes.iter().any(|quote| quote.cash.is_ok())),
            "{what}"
        );
        let sent = outcome(&report, "hedge").as_ref().unwrap_or_else(|skip| panic!("{what}: {skip}"));
        let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
        assert!(plan.legs.iter().all(|leg| leg.venue != deep), "{what}: {plan:?}");
        let report = look(&mut keeper, &chain).await;
        let landed =
            matches!(&report.followed, Followed::Landed { kind: "hedge", receipt, .. } if receipt.success);
        assert!(landed && !market.hedges().is_empty(), "{what}: {report:?}");

        // With no other venue it says so, and sends nothing.
        let market = Market::open();
        market.skew();
        market.set_code(market.at.venues[0], &code.parse().expect("code"));
        market.set_code(market.at.venues[1], &code.parse().expect("code"));
        let mut config = market.config(&[market.node.url()]);
        config.hedge.poke = false;
        let chain = Endpoints::new(&config).expect("endpoints");
        let report = look(&mut market.keeper(&config, 0), &chain).await;
        assert!(matches!(why(&report, "hedge"), Skip::NoVenue(_)), "{what}: {report:?}");
        assert_eq!(market.sent(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c07_a_venue_that_was_removed_is_not_used_again() {
    let market = Market::open();
    market.skew();
    let (_, chain, mut keeper) = market.own();
    let [deep, shallow] = market.at.venues;
    market.tell(market.at.owner, market.at.vault, IVault::removeVenueCall { venue: deep });
    let report = look(&mut keeper, &chain).await;
    let sent = outcome(&report, "hedge").as_ref().expect("a hedge by the other");
    let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
    assert!(plan.legs.iter().all(|leg| leg.venue == shallow), "{plan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_while_the_vaults_program_is_expired_it_sends_nothing_and_goes_on_once_it_is_active_again() {
    let market = Market::open();
    let (_, chain, mut keeper) = market.own();
    market.skew();
    let engine = market.view(market.at.vault, IVault::riskEngineCall {});
    market.wait_until(START + 366 * DAY);
    market.push_price(SPOT);
    let report = look(&mut keeper, &chain).await;
    assert!(report.view.is_err(), "{report:?}");
    assert_eq!(market.sent(), 0);
    let at = market.at.clone();
    for program in [at.vault, at.desk, at.surface, at.venues[0], engine] {
        let data = Bytes::from(activateProgramCall { program }.abi_encode());
        let tx = json!([{ "from": market.at.owner, "to": ARB_WASM, "data": data, "value": "0xde0b6b3a7640000", "gas": "0x1e84800" }]);
        // Two of them are the same code and need it once.
        let _ = ask(&market.node, "eth_sendTransaction", tx);
    }
    let report = look(&mut keeper, &chain).await;
    let settled = outcome(&report, "settle").as_ref().map(|sent| sent.proposal.action.clone());
    assert!(matches!(settled, Ok(Action::Settle { .. }) | Err(Skip::NoRound { .. })), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_in_a_spike_of_the_gas_price_it_waits_unless_the_hedge_is_urgent_and_never_pays_more_than_its_cap()
 {
    let market = Market::open();
    market.skew();
    let look_with = async |set: &dyn Fn(&mut Config)| {
        let mut config = market.config(&[market.node.url()]);
        config.hedge.poke = false;
        set(&mut config);
        let mut keeper = market.keeper(&config, 0);
        keeper.dry = true;
        let report = keeper.look(&Endpoints::new(&config).expect("endpoints"), Now::default()).await;
        outcome(&report, "hedge").clone()
    };
    let calm = look_with(&|_| ()).await.expect("at the least fee it hedges").proposal;
    market.set_fee(100);
    let patient = |config: &mut Config| config.hedge.urgent_at = 99.0;
    let Err(Skip::LossAboveLimit { cost, reward, max_loss }) = look_with(&patient).await else {
        panic!("too dear")
    };
    assert!(cost > 50 * calm.gas_cost && cost - reward > max_loss, "{cost} {reward}");
    // Far outside of the band it may cost more.
    let urgent = |config: &mut Config| (config.hedge.urgent_at, config.hedge.urgent_max_loss) = (10.0, 20.0);
    assert!(look_with(&urgent).await.is_ok());
    market.set_fee(1_000);
    let mut config = market.config(&[market.node.url()]);
    urgent(&mut config);
    let report =
        market.keeper(&config, 0).look(&Endpoints::new(&config).expect("endpoints"), Now::default()).await;
    assert!(matches!(why(&report, "hedge"), Skip::FeeAboveCap { .. }), "{report:?}");
    assert_eq!(market.sent(), 0);
    assert!(market.need().since.is_zero() || market.deviation() > 1.0, "the breach stands");
    market.set_fee(1);
    assert!(look_with(&|_| ()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn c14_while_usdc_is_paused_it_sends_nothing_and_says_why() {
    let market = Market::open();
    market.skew();
    let (_, chain, mut keeper) = market.own();
    let (usdc, (_, frozen)) = (market.at.usdc, market.made("FrozenUsdc"));
    market.set_code(usdc, &frozen);
    market.tell(market.at.owner, usdc, setPausedCall { paused: true });
    let report = look(&mut keeper, &chain).await;
    let skip = why(&report, "hedge");
    assert!(matches!(skip, Skip::NoVenue(_) | Skip::WouldRevert(_)), "{skip}");
    assert_eq!(market.hedges().len(), 0);
    market.tell(market.at.owner, usdc, setPausedCall { paused: false });
    goes_on(&market, &mut keeper, &chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c15_with_an_old_surface_it_goes_on_hedging_by_the_vaults_own_marks() {
    let market = Market::open();
    market.skew();
    market.wait_until(START + 7 * HOUR);
    market.push_price(SPOT);
    let stale = market.trade(call(expiry(30), 2_800), 1.0).expect_err("trading has stopped");
    assert!(stale.contains("SurfaceStale"), "{stale}");
    let (_, chain, mut keeper) = market.own();
    goes_on(&market, &mut keeper, &chain).await;
    assert!(!market.hedges().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn c16_an_epoch_of_dust_waits_six_hours_at_most_and_so_does_what_is_behind_it() {
    let mut market = Market::open();
    let (lp, dust, vault) = (market.at.lp, market.at.trader, market.at.vault);
    market.tell(lp, vault, IERC20::transferCall { to: dust, value: U256::from(7) });
    // Three epochs of a unit each, by an account that wants nobody else to be paid, and a real one behind them.
    for epoch in 0..3_u64 {
        market.move_to(START + epoch * 7 * HOUR, SPOT);
        let from = [dust, market.at.arbitrageur, market.at.owner][epoch as usize];
        if from != dust {
            market.tell(dust, vault, IERC20::transferCall { to: from, value: U256::ONE });
        }
        let request = IERC4626::requestRedeemCall { shares: U256::ONE, controller: from, owner: from };
        market.tell(from, vault, request);
    }
    market.move_to(START + 21 * HOUR, SPOT);
    let shares = market.view(vault, IERC20::balanceOfCall { account: lp }) / U256::from(2);
    market.tell(lp, vault, IERC4626::requestRedeemCall { shares, controller: lp, owner: lp });
    let (_, chain, mut keeper) = market.own();
    let (mut done, mut hour) = (Vec::new(), 21);
    while done.len() < 4 {
        hour += 1;
        assert!(hour < 72, "{done:?}");
        market.move_to(START + hour * HOUR, SPOT);
        for _ in 0..4 {
            let report = look(&mut keeper, &chain).await;
            if let Ok(sent) = outcome(&report, "process") {
                done.push((hour, sent.proposal.action.clone()));
            }
        }
    }
    let ready: U256 = market.view(vault, IERC4626::epochCall { requestId: U256::from(4) }).readyAt;
    let Some((last, Action::Process { shares: burned, .. })) = done.last() else { panic!("{done:?}") };
    assert_eq!(*burned, shares);
    assert!(U256::from(START + last * HOUR) <= ready + U256::from(7 * HOUR), "{last} {ready}");
    // Dust is not worth a transaction before it has held anybody up.
    assert!(done[0].0 >= 30, "{done:?}");
}
