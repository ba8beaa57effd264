//! Every reason to do nothing, once, with its numbers.

use alloy_primitives::{B256, Bytes, I256, U256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use async_trait::async_trait;
use demo::stage::{PriceFeed, SequencerFeed};
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;
use keeper::{Account, Call, Chain, Config, Endpoints, Fault, Head, Keeper, Now, Receipt, Report, Skip};
use serde_json::json;

use crate::hedges::outcome;
use crate::market::{CHAIN, HOUR, Market, SPOT, START, expiry, venues};

/// A chain whose answers are spoilt on purpose.
#[derive(Default)]
pub(crate) struct Spoil {
    /// Selector of a call, and what is answered instead.
    pub(crate) answer: Option<([u8; 4], Result<Bytes, Fault>)>,
    /// What is answered to code that reads storage.
    pub(crate) storage: Option<Result<Bytes, Fault>>,
    /// What every transaction is refused with.
    pub(crate) send: Option<Fault>,
}

struct Spoilt {
    inner: Endpoints,
    spoil: Spoil,
}

#[async_trait]
impl Chain for Spoilt {
    async fn head(&self, unix: u64) -> Result<Head, Fault> {
        self.inner.head(unix).await
    }

    async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault> {
        match &self.spoil.answer {
            Some((selector, answer)) if call.data.starts_with(selector) => answer.clone(),
            _ if call.code.is_some() && call.data.is_empty() && self.spoil.storage.is_some() => {
                self.spoil.storage.clone().expect("an answer")
            }
            _ => self.inner.call(at, call).await,
        }
    }

    async fn account(&self, at: &Head, who: alloy_primitives::Address) -> Result<Account, Fault> {
        self.inner.account(at, who).await
    }

    async fn gas(&self, at: &Head, call: &Call) -> Result<u64, Fault> {
        self.inner.gas(at, call).await
    }

    async fn send(&self, raw: &Bytes) -> Result<(), Fault> {
        self.spoil.send.clone().map_or(Ok(()), Err)?;
        self.inner.send(raw).await
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault> {
        self.inner.receipt(hash).await
    }
}

/// One look by a keeper with these settings, on answers that are spoilt so.
pub(crate) async fn look(market: &Market, set: impl FnOnce(&mut Config), spoil: Spoil) -> Report {
    let mut config = market.config(&[market.node.url()]);
    set(&mut config);
    let chain = Spoilt { inner: Endpoints::new(&config).expect("endpoints"), spoil };
    let mut keeper = Keeper::new(config.clone(), venues(&config), Some(market.key(0)), CHAIN);
    keeper.look(&chain, Now::default()).await
}

async fn skipped(market: &Market, strategy: &str, set: impl FnOnce(&mut Config)) -> Skip {
    let report = look(market, set, Spoil::default()).await;
    outcome(&report, strategy).as_ref().expect_err("skipped").clone()
}

pub(crate) async fn spoilt(market: &Market, strategy: &str, spoil: Spoil) -> Skip {
    let report = look(market, |_| (), spoil).await;
    let view = report.view.as_ref().err().cloned();
    view.unwrap_or_else(|| outcome(&report, strategy).as_ref().expect_err("skipped").clone())
}

pub(crate) fn answered(selector: [u8; 4], answer: Result<Bytes, Fault>) -> Spoil {
    Spoil { answer: Some((selector, answer)), ..Spoil::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn hedges_that_are_too_dear_or_cannot_be_paid() {
    let market = Market::open();
    market.skew();
    let skip = skipped(&market, "hedge", |config| {
        (config.hedge.max_loss, config.hedge.urgent_at) = (0.000_001, 99.0);
        config.hedge.poke = false;
    })
    .await;
    // Nobody has waited yet, so all that is paid is gas, at less than what it costs.
    let Skip::LossAboveLimit { cost, reward, max_loss: 1 } = skip else { panic!("{skip}") };
    assert!(cost > 1_000 && (1..cost).contains(&reward), "{cost} {reward}");
    // An urgent one may cost more; this one is at least an outer band off.
    let urgent = |config: &mut Config| (config.hedge.max_loss, config.hedge.urgent_at) = (0.0, 0.5);
    let mut config = market.config(&[market.node.url()]);
    urgent(&mut config);
    let mut keeper = market.keeper(&config, 0);
    keeper.dry = true;
    let report = keeper.look(&Endpoints::new(&config).expect("endpoints"), Now::default()).await;
    assert!(outcome(&report, "hedge").is_ok(), "{report:?}");

    let skip = skipped(&market, "hedge", |config| config.fees.max_gwei = 0.001).await;
    assert_eq!(skip, Skip::FeeAboveCap { fee: 20_000_000, cap: 1_000_000 });
    assert_eq!(skipped(&market, "hedge", |config| config.hedge.on = false).await, Skip::Off);
    let account = market.node.accounts()[0].0;
    market.develop("anvil_setBalance", json!([account, "0x5"]));
    let skip = skipped(&market, "hedge", |_| ()).await;
    assert!(matches!(skip, Skip::Poor { have: 5, need } if need > 1_000_000), "{skip}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hedges_without_a_venue() {
    let market = Market::open();
    market.skew();
    let skip = skipped(&market, "hedge", |config| config.venues.clear()).await;
    assert_eq!(skip, Skip::NoVenue("none is configured".into()));
    let stranger = market.at.lp;
    let skip = skipped(&market, "hedge", |config| {
        config.venues.truncate(1);
        config.venues[0].address = stranger;
    });
    assert_eq!(skip.await, Skip::NoVenue("deep: not allowed".into()));
    for exchange in [0, 1] {
        market.arbitrage(exchange, SPOT * 1.011);
    }
    let skip = skipped(&market, "hedge", |config| config.hedge.poke = false).await;
    assert!(skip.to_string().contains("shallow: SwapFailed"), "{skip}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_price_because_of_the_feed_or_the_sequencer() {
    let mut market = Market::open();
    market.skew();
    market.wait_until(START + 3 * HOUR);
    market.develop("evm_mine", json!([]));
    let skip = skipped(&market, "hedge", |_| ()).await;
    assert!(matches!(&skip, Skip::NoPrice(why) if why.starts_with("PriceStale")), "{skip}");
    market.move_to(START + 4 * HOUR, SPOT);
    let down = SequencerFeed::setCall { answer: I256::ONE, startedAt: U256::from(START) };
    market.send(market.at.owner, market.at.sequencer, down).expect("set");
    let skip = skipped(&market, "hedge", |_| ()).await;
    assert!(matches!(&skip, Skip::NoPrice(why) if why.starts_with("SequencerDown")), "{skip}");
    let up = SequencerFeed::setCall { answer: I256::ZERO, startedAt: U256::from(market.now()) };
    market.send(market.at.owner, market.at.sequencer, up).expect("set");
    let skip = skipped(&market, "hedge", |_| ()).await;
    assert!(matches!(&skip, Skip::NoPrice(why) if why.starts_with("SequencerGracePeriod")), "{skip}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_lie_or_are_none() {
    let market = Market::open();
    market.skew();
    let mut need = market.need();
    need.due += I256::ONE;
    let lie = answered(IHedgeDesk::hedgeNeededCall::SELECTOR, Ok(need.abi_encode().into()));
    let skip = spoilt(&market, "hedge", lie).await;
    let Skip::MarkDiffers(differing) = skip else { panic!("{skip}") };
    assert_eq!(differing.theirs.due - differing.ours.expect("computed").due, I256::ONE);
    // Trades that the vault does not tell of would make an excess count that is young.
    market.poke();
    market.wait_until(market.now() + 60);
    market.develop("evm_mine", json!([]));
    let hidden = answered(IVault::youngTradesCall::SELECTOR, Ok(vec![B256::ZERO; 6].abi_encode().into()));
    let skip = spoilt(&market, "hedge", hidden).await;
    let Skip::MarkDiffers(differing) = skip else { panic!("{skip}") };
    let ours = differing.ours.expect("computed");
    assert!(ours.seasoned > differing.theirs.seasoned, "{ours:?}");
    // A reward that no rule gives.
    let paid = (need.due, U256::from(90_000_000)).abi_encode_params();
    let lie = answered(IHedgeDesk::rebalanceCall::SELECTOR, Ok(paid.into()));
    let skip = spoilt(&market, "hedge", lie).await;
    assert!(matches!(skip, Skip::RewardDiffers { told: 90_000_000, most, .. } if most < 1_000_000), "{skip}");
    let words: Vec<B256> = market.view(market.at.vault, IVault::wordsCall {});
    let cut = answered(IVault::wordsCall::SELECTOR, Ok(words[..12].to_vec().abi_encode().into()));
    assert!(matches!(spoilt(&market, "hedge", cut).await, Skip::Unreadable(_)));
    let garbage = answered(IVault::wordsCall::SELECTOR, Ok(Bytes::from(vec![7; 5])));
    assert!(matches!(spoilt(&market, "hedge", garbage).await, Skip::Chain(Fault::Garbage(_))));
    let lost = Fault::Unreachable("gone".into());
    let silent = answered(IHedgeDesk::hedgeNeededCall::SELECTOR, Err(lost.clone()));
    assert_eq!(spoilt(&market, "hedge", silent).await, Skip::Chain(lost));
    let refusal = IHedgeDesk::VaultFailed { vault: market.at.vault }.abi_encode();
    let ill = answered(IHedgeDesk::hedgeNeededCall::SELECTOR, Err(Fault::Reverted(refusal.into())));
    let skip = spoilt(&market, "hedge", ill).await;
    assert!(matches!(&skip, Skip::DeskRefuses(why) if why.starts_with("VaultFailed")), "{skip}");
    assert!(market.hedges().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_are_not_taken() {
    let market = Market::open();
    market.skew();
    let refuse = |message: &str| {
        let fault = Fault::Refused { code: -32_000, message: message.into() };
        Spoil { send: Some(fault), ..Spoil::default() }
    };
    assert_eq!(spoilt(&market, "hedge", refuse("nonce too low: address")).await, Skip::NonceUsed(0));
    let skip = spoilt(&market, "hedge", refuse("txpool is full")).await;
    assert!(matches!(skip, Skip::NotSent(Fault::Refused { .. })), "{skip}");
    let config = market.config(&[market.node.url()]);
    let mut keeper = Keeper::new(config.clone(), venues(&config), None, CHAIN);
    let report = keeper.look(&Endpoints::new(&config).expect("endpoints"), Now::default()).await;
    assert_eq!(outcome(&report, "hedge"), &Err(Skip::NoKey));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_in_flight_is_waited_for_and_then_replaced() {
    let market = Market::open();
    market.skew();
    market.develop("anvil_setAutomine", json!([false]));
    let (_, chain, mut keeper) = market.own();
    let at = |seconds| Now { elapsed: std::time::Duration::from_secs(seconds), unix: 0 };
    let first = keeper.look(&chain, at(0)).await;
    let first = outcome(&first, "hedge").as_ref().expect("sent").hash;
    let report = keeper.look(&chain, at(0)).await;
    let waits = Skip::InFlight { nonce: 0, waited: 0, patience: 0 };
    assert_eq!(outcome(&report, "hedge"), &Err(waits));
    let report = keeper.look(&chain, at(9)).await;
    let second = outcome(&report, "hedge").as_ref().expect("replaced").hash;
    assert!(second.is_some() && second != first);
    let status = market.develop("txpool_status", json!([]));
    assert_eq!(status["pending"], json!("0x1"));
    market.develop("anvil_setAutomine", json!([true]));
    let report = keeper.look(&chain, at(10)).await;
    assert!(matches!(report.followed, keeper::Followed::Landed { hash, .. } if Some(hash) == second));
}

#[tokio::test(flavor = "multi_thread")]
async fn redemptions_that_are_too_small_or_would_be_refused() {
    let mut market = Market::open();
    let owner = market.at.lp;
    let request = IERC4626::requestRedeemCall { shares: U256::from(1_000_000), controller: owner, owner };
    market.send(owner, market.at.vault, request).expect("a request");
    market.move_to(START + 32 * HOUR, SPOT);
    let skip = skipped(&market, "process", |_| ()).await;
    assert_eq!(skip, Skip::PayoutTooSmall { assets: 1, least: 1_000_000 });
    market.move_to(START + 33 * HOUR, SPOT * 1.25);
    let skip = skipped(&market, "process", |_| ()).await;
    assert!(matches!(&skip, Skip::WouldRevert(why) if why.starts_with("SpotJumped")), "{skip}");
    let skip = skipped(&market, "process", |config| config.process.on = false).await;
    assert_eq!(skip, Skip::Off);
}

#[tokio::test(flavor = "multi_thread")]
async fn settlements_that_must_wait() {
    let mut market = Market::open();
    assert_eq!(
        skipped(&market, "settle", |_| ()).await,
        Skip::NothingExpired { next: Some(expiry(7) as u32) }
    );
    market.move_to(expiry(7) + HOUR, SPOT);
    let none = PriceFeed::latestRoundDataCall::SELECTOR;
    let lost = Fault::Timeout { after: std::time::Duration::from_secs(1) };
    assert_eq!(spoilt(&market, "settle", answered(none, Err(lost.clone()))).await, Skip::Chain(lost));
    let rounds = interfaces::external::IAggregator::getRoundDataCall::SELECTOR;
    let empty = answered(rounds, Err(Fault::Reverted(Bytes::new())));
    assert_eq!(spoilt(&market, "settle", empty).await, Skip::NoRound { expiry: expiry(7) });
}
