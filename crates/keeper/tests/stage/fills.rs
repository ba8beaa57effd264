//! Fills of the auction from the keeper's own tokens.

use alloy_primitives::{Address, U256};
use interfaces::external::IToken;
use keeper::{Action, Config, Endpoints, Fill, Followed, Keeper, Now, Report, Skip};

use crate::hedges::outcome;
use crate::market::{HOUR, Market, SPOT};

/// A keeper that fills, with `units` of the underlying and as many dollars as they are worth.
fn filler(market: &Market, units: u64) -> (Endpoints, Keeper, Address) {
    let config = Config { fill: keeper::config::Fill { on: true, min_profit: 1.0 }, ..settings(market) };
    let account = market.node.accounts()[0].0;
    let whole = U256::from(units) * U256::from(10_u64.pow(18));
    let dollars = U256::from(units) * U256::from(3_000_000_000_u64);
    for (token, value) in [(market.at.underlying, whole), (market.at.usdc, dollars)] {
        market.tell(market.at.arbitrageur, token, IToken::transferCall { to: account, value });
    }
    (Endpoints::new(&config).expect("endpoints"), market.keeper(&config, 0), account)
}

fn settings(market: &Market) -> Config {
    let mut config = market.config(&[market.node.url()]);
    config.hedge.max_loss = -1_000.0;
    config.hedge.urgent_at = 99.0;
    config
}

fn allow(market: &Market, account: Address, token: Address, value: U256) {
    for spender in [market.at.vault, market.at.desk] {
        market.tell(account, token, IToken::approveCall { spender, value });
    }
}

fn fill(report: &Report) -> Fill {
    let sent = outcome(report, "fill").as_ref().unwrap_or_else(|skip| panic!("{skip}"));
    let Action::Fill(fill) = sent.proposal.action else { panic!("{sent:?}") };
    assert!(sent.proposal.profit() >= 1_000_000, "{sent:?}");
    fill
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sells_to_the_vault_and_buys_from_it_when_trading_back_leaves_a_profit() {
    let mut market = Market::open();
    market.waited(HOUR);
    let (chain, mut keeper, account) = filler(&market, 1_000);
    for token in [market.at.underlying, market.at.usdc] {
        allow(&market, account, token, U256::MAX);
    }
    for (bought, price) in [(true, SPOT), (false, SPOT * 0.7)] {
        if !bought {
            market.move_to(market.now() + HOUR, price);
            market.ripen(HOUR);
        }
        let need = market.need();
        assert!(need.due.is_positive() == bought, "{need:?}");
        let before = [market.at.usdc, market.at.underlying].map(|token| market.balance(token, account));
        let report = keeper.look(&chain, Now::default()).await;
        let fill = fill(&report);
        assert!(matches!(outcome(&report, "hedge"), Err(Skip::Behind("fill"))), "{report:?}");
        let report = keeper.look(&chain, Now::default()).await;
        assert!(
            matches!(&report.followed, Followed::Landed { kind: "fill", receipt, .. } if receipt.success),
            "{:?}",
            report.followed
        );
        let after = [market.at.usdc, market.at.underlying].map(|token| market.balance(token, account));
        let (size, cash) = (U256::from(fill.size.unsigned_abs()), U256::from(fill.cash));
        if bought {
            // The auction went on for a second or two, in the filler's favour.
            assert!(after[0] - before[0] >= cash && before[1] - after[1] == size, "{fill:?}");
        } else {
            assert!(before[0] - after[0] <= cash && after[1] - before[1] == size, "{fill:?}");
        }
        // Against the feed's price it is the discount.
        let mid = fill.size.unsigned_abs() as f64 / 1e18 * price;
        let gained = (fill.cash as f64 / 1e6 - mid) * if bought { 1.0 } else { -1.0 };
        assert!((gained - fill.discount as f64 / 1e6).abs() < 0.01 && fill.discount > fill.cost, "{fill:?}");
        println!("filled {} of {}, edge {} micro-USD", fill.size, fill.due, fill.edge());
        assert!(!market.is_due());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fills_what_its_account_and_its_allowance_reach() {
    let mut market = Market::open();
    market.waited(HOUR);
    let (chain, mut keeper, account) = filler(&market, 20);
    let short = |report: &Report| match outcome(report, "fill") {
        Err(Skip::PurseShort { token, purse, need }) => (*token, *purse, *need),
        other => panic!("{other:?}"),
    };
    let (token, purse, need) = short(&keeper.look(&chain, Now::default()).await);
    assert_eq!((token, purse.allowed), (market.at.underlying, 0));
    assert!(purse.have == 20 * 10_u128.pow(18) && need > purse.have, "{purse:?} {need}");
    allow(&market, account, token, U256::from(10_u64.pow(18)));
    let report = keeper.look(&chain, Now::default()).await;
    let fill = fill(&report);
    assert!(fill.size <= 10_i128.pow(18) && fill.size > 10_i128.pow(17), "{fill:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_leaves_what_the_auction_pays_too_little_for() {
    let mut market = Market::open();
    market.skew();
    let (chain, mut keeper, account) = filler(&market, 100);
    allow(&market, account, market.at.underlying, U256::MAX);
    // Nobody has waited: the auction asks a premium.
    let report = keeper.look(&chain, Now::default()).await;
    let Err(Skip::EdgeTooSmall { discount, cost, least }) = outcome(&report, "fill") else {
        panic!("{report:?}")
    };
    assert!(*discount < 0 && *cost > 0 && *least >= 1_000_000, "{discount} {cost} {least}");
    // But it will: the clock is started, and no more than that done.
    let sent = outcome(&report, "hedge").as_ref().expect("a look");
    let Action::Poke { surplus, wait } = sent.proposal.action else { panic!("{sent:?}") };
    println!("starts the clock for {surplus} micro-USD in {wait} s");
    assert!(surplus > 100_000_000 && !market.need().since.is_zero() && market.hedges().is_empty());
    // A hedge over the venues that pays more goes first.
    market.poke();
    market.move_to(market.now() + 3 * HOUR, SPOT);
    let mut config = settings(&market);
    (config.fill.on, config.hedge.max_loss) = (true, -1.0);
    for exchange in [0, 1] {
        market.arbitrage(exchange, SPOT * 1.0049);
    }
    let mut keeper = market.keeper(&config, 0);
    let report = keeper.look(&chain, Now::default()).await;
    assert!(matches!(outcome(&report, "fill"), Err(Skip::EdgeTooSmall { .. })), "{report:?}");
    assert_eq!(market.balance(market.at.underlying, account), U256::from(100) * U256::from(10_u64.pow(18)));
}
