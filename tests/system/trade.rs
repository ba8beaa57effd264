//! Quotes and trades.

use host::alloy_primitives::{I256, U256};
use interfaces::erc20::IERC20;
use interfaces::erc6909::IERC6909;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use crate::market::{events, legs_of, series, signed, wad, Market, SPOT, START};

#[test]
fn a_trade_pays_its_quote_and_its_events_rebuild_it() {
    let mut market = Market::open();
    let (series, trader, vault) = (market.call(2_800), market.trader, market.stage.vault);
    let quote = market.quote(&[(series, 3.0)]).expect("a quote");
    assert_eq!(quote.premium, quote.value + quote.riskCharge + I256::from_raw(quote.spread));
    let before = market.usdc_of(trader);
    let call = IVault::tradeCall {
        legs: legs_of(&[(series, 3.0)]),
        maxPremium: quote.premium,
        receiver: trader,
        deadline: U256::MAX,
    };
    let (premium, receipt) = market.receipt(trader, call);
    assert_eq!(premium, quote.premium);
    assert_eq!(before - market.usdc_of(trader), premium.into_raw());
    let held = market.stage.ask(IERC6909::balanceOfCall { owner: trader, id: series }).expect("a balance");
    assert_eq!(held, wad(3.0));
    let [traded] = events::<IVault::Traded>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((traded.account, traded.series, traded.size), (trader, series, signed(3.0)));
    let [paid] = events::<IVault::PremiumPaid>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((paid.premium, paid.value, paid.riskCharge), (quote.premium, quote.value, quote.riskCharge));
    assert_eq!((paid.spread, paid.spot), (quote.spread, wad(SPOT)));
    let [moved] = events::<IERC6909::Transfer>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((moved.receiver, moved.id, moved.amount), (trader, series, wad(3.0)));
}

#[test]
fn the_book_is_the_opposite_of_what_traders_hold() {
    let mut market = Market::open();
    let (call, put) = (market.call(2_500), market.put(2_000));
    market.trade(&[(call, 10.0)]).expect("a purchase");
    market.trade(&[(put, 1.5), (call, -0.5)]).expect("two legs");
    let book = market.book();
    assert_eq!(book.len(), 2);
    let month = book.iter().find(|one| one.expiry == market.expiries[1]).expect("the expiry");
    assert_eq!((month.base, month.step, month.netSizes.len()), (wad(1_800.0), wad(100.0), 21));
    let mut expected = vec![I256::ZERO; 21];
    expected[7] = signed(-9.5);
    expected[2] = signed(-1.5);
    assert_eq!(month.netSizes, expected);
    assert_eq!((month.putSize, month.putIndexSum), (signed(-1.5), signed(-3.0)));
    assert_eq!(month.slice.updatedAt, START);
}

#[test]
fn selling_back_lowers_risk_and_earns_the_difference() {
    let mut market = Market::open();
    let series = market.call(2_800);
    market.trade(&[(series, 18.0)]).expect("a purchase");
    let buy = market.quote(&[(series, 1.0)]).expect("a quote");
    let sell = market.quote(&[(series, -1.0)]).expect("a quote");
    assert!(buy.riskCharge.is_positive() && sell.riskCharge.is_negative(), "{buy:?} {sell:?}");
    assert!(-sell.premium < buy.premium);
    let (trader, before) = (market.trader, market.usdc_of(market.trader));
    let received = market.trade(&[(series, -18.0)]).expect("a sale");
    assert!(received.is_negative());
    assert_eq!(market.usdc_of(trader) - before, (-received).into_raw());
    let held = market.stage.ask(IERC6909::balanceOfCall { owner: trader, id: series }).expect("a balance");
    assert_eq!(held, U256::ZERO);
    assert_eq!(market.greeks(), ILens::Greeks::default());
}

#[test]
fn nobody_sells_what_they_do_not_hold() {
    let mut market = Market::open();
    let series = market.call(2_800);
    market.trade(&[(series, 2.0)]).expect("somebody else's purchase");
    let before = market.digests();
    market.trader = market.lp;
    let failure = market.trade(&[(series, -1.0)]).expect_err("a short sale");
    assert!(failure.to_string().starts_with("ERC6909InsufficientBalance"), "{failure}");
    assert_eq!(market.digests(), before);
}

#[test]
fn a_quote_of_a_spread_is_one_price_for_its_net_risk() {
    let mut market = Market::open();
    let (long, short) = (market.call(2_800), market.call(3_000));
    market.trade(&[(short, 5.0)]).expect("something to sell");
    let both = market.quote(&[(long, 5.0), (short, -5.0)]).expect("a quote");
    let alone = [(long, 5.0), (short, -5.0)].map(|leg| market.quote(&[leg]).expect("a quote"));
    assert!(both.premium < alone[0].premium + alone[1].premium, "{both:?} {alone:?}");
}

#[test]
fn nav_is_the_sum_of_its_parts_and_a_trade_earns_the_vault_its_spread() {
    let mut market = Market::open();
    let before = market.nav();
    let quote = market.quote(&[(market.call(2_800), 10.0)]).expect("a quote");
    market.trade(&[(market.call(2_800), 10.0)]).expect("a trade");
    let nav = market.nav();
    let sum = I256::from_raw(nav.cash) - I256::from_raw(nav.owed) + I256::from_raw(nav.hedge) + nav.book;
    assert_eq!(nav.mid, sum);
    assert_eq!(nav.low, nav.mid - I256::from_raw(nav.riskReserve + nav.unvested));
    assert_eq!(nav.unvested, quote.spread);
    let earned = nav.mid - before.mid;
    let expected = quote.riskCharge + I256::from_raw(quote.spread);
    assert!((earned - expected).abs() <= I256::ONE, "{earned} {expected}");
}

#[test]
fn a_trade_that_costs_nothing_moves_no_money() {
    let mut market = Market::open();
    // An option that is worth about as much as the spread on its sale.
    let id = series(market.expiries[0], 3_800, false);
    market.trade(&[(id, 1.0)]).expect("a purchase");
    let sale = [(id, -1.0)];
    let ends = [SPOT, 1.2 * SPOT].map(|price| (price * 1e8) as i64);
    market.push_where_nothing(ends, |market| {
        i128::try_from(market.quote(&sale).expect("a quote").premium).expect("a small number")
    });
    let (trader, vault, usdc) = (market.trader, market.stage.vault, market.stage.usdc);
    let (before, held) = (market.nav().cash, market.usdc_of(trader));
    let call = IVault::tradeCall {
        legs: legs_of(&sale),
        maxPremium: I256::ZERO,
        receiver: trader,
        deadline: U256::MAX,
    };
    let (premium, receipt) = market.receipt(trader, call);
    assert_eq!(premium, I256::ZERO);
    let [paid] = events::<IVault::PremiumPaid>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(paid.premium, I256::ZERO);
    assert!(events::<IERC20::Transfer>(&receipt.logs, usdc).is_empty());
    assert_eq!((market.nav().cash, market.usdc_of(trader)), (before, held));
    let held = market.stage.ask(IERC6909::balanceOfCall { owner: trader, id }).expect("a balance");
    assert_eq!(held, U256::ZERO);
}
