//! Quotes and trades, with token and feed called by the vault.

use alloy_primitives::{I256, U256};
use bridge::mocks::IMockFeed;
use interfaces::erc20::IERC20;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use native_tests::{HOUR, Market, SPOT, START, legs_of, series, signed, wad};

#[test]
fn a_trade_that_the_token_refuses_changes_nothing() {
    let mut market = Market::open();
    let (series, token) = (market.call(2_800), market.usdc);
    let premium = market.ask(IVault::quoteCall { legs: legs_of(&[(series, 3.0)]) }).expect("a quote").premium;
    market.approve(market.trader, premium.into_raw() - U256::ONE);
    market.refuses(IVault::TokenFailed { token }, |market| market.trade(&[(series, 3.0)]));
    market.approve(market.trader, premium.into_raw());
    assert_eq!(market.trade(&[(series, 3.0)]), Ok(premium));
}

#[test]
fn a_leg_that_fails_undoes_the_legs_before_it() {
    let mut market = Market::open();
    let (bought, unheld) = (market.call(2_800), market.call(2_900));
    let error = IERC6909::ERC6909InsufficientBalance {
        owner: market.trader,
        balance: U256::ZERO,
        needed: wad(1.0),
        id: unheld,
    };
    // Somebody else's purchase lets the sale pass every other check.
    let trader = std::mem::replace(&mut market.trader, market.lp);
    market.trade(&[(unheld, 2.0)]).expect("a purchase");
    market.trader = trader;
    market.refuses(error, |market| market.trade(&[(bought, 3.0), (unheld, -1.0)]));
}

#[test]
fn limits_of_price_and_time_are_kept_to_the_unit() {
    let mut market = Market::open();
    let (trader, legs) = (market.trader, legs_of(&[(market.call(2_800), 1.0)]));
    let premium = market.ask(IVault::quoteCall { legs: legs.clone() }).expect("a quote").premium;
    let now = U256::from(START);
    let exact = IVault::tradeCall { maxPremium: premium, deadline: now, ..market.trade_call(legs) };
    let limit = premium - I256::ONE;
    let poor = IVault::tradeCall { maxPremium: limit, ..exact.clone() };
    market.refuses(IVault::PremiumAboveLimit { premium, limit }, |market| market.send(trader, poor));
    let deadline = now - U256::ONE;
    let late = IVault::tradeCall { deadline, ..exact.clone() };
    market.refuses(IVault::DeadlinePassed { deadline, timestamp: now }, |market| market.send(trader, late));
    assert_eq!(market.send(trader, exact), Ok(premium));
}

#[test]
fn a_feed_that_is_stale_or_answers_nothing_usable_stops_trades() {
    let mut market = Market::open();
    let (series, feed) = (market.call(2_800), market.feed);
    let push =
        |answer, updated_at| IMockFeed::pushCall { answer, startedAt: updated_at, updatedAt: updated_at };
    let now = U256::from(START);
    market.chain.send(feed, feed, push(I256::ZERO, now)).expect("a round");
    let error = IVault::PriceNotPositive { answer: I256::ZERO };
    market.refuses(error, |market| market.trade(&[(series, 1.0)]));
    let later = now + U256::ONE;
    market.chain.send(feed, feed, push(I256::ONE, later)).expect("a round");
    let error = IVault::PriceFromFuture { updatedAt: later, timestamp: now };
    market.refuses(error, |market| market.trade(&[(series, 1.0)]));
    market.push_price(SPOT);
    market.chain.warp(START + 2 * HOUR + 1);
    let timestamp = U256::from(START + 2 * HOUR + 1);
    let error = IVault::PriceStale { updatedAt: now, timestamp, maxAge: U256::from(2 * HOUR) };
    market.refuses(error, |market| market.trade(&[(series, 1.0)]));
}

#[test]
fn a_trade_pays_its_quote_and_its_events_rebuild_it() {
    let mut market = Market::open();
    let (id, trader, vault) = (market.call(2_800), market.trader, market.vault);
    let quote = market.ask(IVault::quoteCall { legs: legs_of(&[(id, 3.0)]) }).expect("a quote");
    let cash = (market.cash(trader), market.cash(vault));
    let logs = (market.chain.events(vault).len(), market.chain.events(market.usdc).len());

    let premium = market.trade(&[(id, 3.0)]).expect("a trade");

    assert_eq!(premium, quote.premium);
    assert_eq!(quote.premium, quote.value + quote.riskCharge + I256::from_raw(quote.spread));
    let paid = premium.into_raw();
    assert_eq!((cash.0 - market.cash(trader), market.cash(vault) - cash.1), (paid, paid));
    assert_eq!(market.held(id), wad(3.0));
    assert_eq!(market.chain.events(vault).len(), logs.0 + 3);
    assert_eq!(market.chain.events(market.usdc).len(), logs.1 + 1);
    let moved = IERC6909::Transfer {
        caller: trader,
        sender: alloy_primitives::Address::ZERO,
        receiver: trader,
        id,
        amount: wad(3.0),
    };
    assert_eq!(market.chain.events_of::<IERC6909::Transfer>(vault), [moved]);
    let traded = IVault::Traded { account: trader, series: id, size: signed(3.0) };
    assert_eq!(market.chain.events_of::<IVault::Traded>(vault), [traded]);
    let IVault::Quote { premium, value, riskCharge, spread } = quote;
    let told = IVault::PremiumPaid { account: trader, premium, value, riskCharge, spread, spot: wad(SPOT) };
    assert_eq!(market.chain.events_of::<IVault::PremiumPaid>(vault), [told]);
    let moved = IERC20::Transfer { from: trader, to: vault, value: paid };
    assert_eq!(market.chain.events_of::<IERC20::Transfer>(market.usdc).last(), Some(&moved));
}

/// Net lots of both expiries, 24 strikes each, as stored: behind eight words of the vault, each expiry has three words of lots, the last of its own.
fn lots(market: &Market) -> [[i32; 24]; 2] {
    let words = market.ask(IVault::wordsCall {}).expect("the stored book");
    let words = &words[8..];
    let expiries: Vec<_> = words.chunks_exact(words.len() / 2).collect();
    std::array::from_fn(|index| {
        let bytes: Vec<u8> = expiries[index].iter().rev().take(3).rev().flat_map(|word| word.0).collect();
        std::array::from_fn(|at| i32::from_be_bytes(bytes[4 * at..][..4].try_into().expect("four bytes")))
    })
}

#[test]
fn the_book_is_the_opposite_of_what_traders_hold() {
    let mut market = Market::open();
    let (call, put) = (market.call(2_500), series(market.expiries[1], 2_000, true));
    market.trade(&[(call, 10.0)]).expect("a purchase");
    market.trade(&[(put, 1.5), (call, -0.5)]).expect("two legs");
    let [_, month] = lots(&market);
    let mut expected = [0; 24];
    expected[7] = -950;
    expected[2] = -150;
    assert_eq!(month, expected);
    assert_eq!((market.held(call), market.held(put)), (wad(9.5), wad(1.5)));
}

#[test]
fn selling_back_pays_the_seller_and_empties_the_book() {
    let mut market = Market::open();
    let (id, trader, vault) = (market.call(2_800), market.trader, market.vault);
    let bought = market.trade(&[(id, 18.0)]).expect("a purchase");
    let cash = (market.cash(trader), market.cash(vault));
    let received = -market.trade(&[(id, -18.0)]).expect("a sale");
    assert!(received.is_positive() && received < bought, "{received} {bought}");
    let paid = received.into_raw();
    assert_eq!((market.cash(trader) - cash.0, cash.1 - market.cash(vault)), (paid, paid));
    assert_eq!(market.held(id), U256::ZERO);
    assert_eq!(lots(&market), [[0; 24]; 2]);
}

#[test]
fn positions_move_between_people_and_sell_for_whoever_holds_them() {
    let mut market = Market::open();
    let (id, buyer, heir) = (market.call(2_800), market.trader, market.keeper);
    market.trade(&[(id, 2.0)]).expect("a purchase");
    let call = IERC6909::transferCall { receiver: heir, id, amount: wad(2.0) };
    assert_eq!(market.send(buyer, call), Ok(true));
    let error =
        IERC6909::ERC6909InsufficientBalance { owner: buyer, balance: U256::ZERO, needed: wad(2.0), id };
    market.refuses(error, |market| market.trade(&[(id, -2.0)]));
    let call = market.trade_call(legs_of(&[(id, -2.0)]));
    let received = -market.send(heir, call).expect("a sale");
    assert_eq!(market.cash(heir), received.into_raw());
}

#[test]
fn a_view_cannot_be_used_to_write() {
    let market = Market::open();
    let id = market.call(2_800);
    let before = market.chain.state();
    market.ask(IVault::quoteCall { legs: legs_of(&[(id, 3.0)]) }).expect("a quote");
    market.ask(IToken::balanceOfCall { account: market.lp }).expect("a balance");
    assert!(market.chain.state() == before, "a view changed something");
}
