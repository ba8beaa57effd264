//! What the desk lets happen: hedges in 2,000 random states, each judged by what the vault says before and after.

use alloy_primitives::{Address, B256, I256, U256};
use bridge::mocks::{IDesk, IMockToken};
use interfaces::desk::IHedgeDesk::{self, Need};
use interfaces::erc20::IERC20;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use native_tests::{HOUR, Market, START, signed, usdc};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Markets, each with a book of its own. motsu copies all logs in every call, so none lives for long.
const MARKETS: u64 = 100;
/// States of a market, each at its own price, time and venue.
const STATES: u64 = 20;
/// A thousandth of a basis point is the grain of what the test computes in floating point.
const GRAIN: f64 = 1e-7;

/// A market with a random book.
fn stocked(rng: &mut ChaCha8Rng) -> Market {
    let mut market = Market::open();
    for _ in 0..rng.random_range(1..=4) {
        let strike = 2_300 + 100 * rng.random_range(0..10);
        let _ = market.trade(&[(market.call(strike), rng.random_range(1..=18).into())]);
    }
    let filler = market.keeper;
    for token in [market.usdc, market.underlying] {
        let value = usdc(1e9) * U256::from(1_000_000_000_000_u64);
        market.chain.send(filler, token, IMockToken::mintCall { to: filler, value }).expect("stock");
        for spender in [market.vault, market.desk] {
            let allow = IToken::approveCall { spender, value: U256::MAX };
            assert!(market.chain.send(filler, token, allow).expect("an allowance"));
        }
    }
    market
}

/// How the venue's price is off the feed's against the vault [1e-6].
fn turn(market: &mut Market, rng: &mut ChaCha8Rng, hours: u64) -> i32 {
    market.move_to(START + hours * HOUR, rng.random_range(2_200.0..3_400.0));
    if rng.random_bool(0.7) {
        market.chain.send(market.trader, market.desk, IHedgeDesk::pokeCall {}).expect("a look");
        let now = market.chain.now();
        let later = now + rng.random_range(0..4_000);
        market.chain.warp(later);
    }
    let slip = rng.random_range(-2_000..9_000);
    let call = IDesk::setSlipCall { slip: I256::try_from(slip).expect("a slip") };
    market.chain.send(market.trader, market.venue, call).expect("a slip");
    slip
}

/// NAV, cash of who is paid, and the hedge.
struct Look {
    need: Need,
    nav: f64,
    purse: U256,
}

fn look(market: &Market) -> Look {
    let nav = market.nav().mid;
    let nav = f64::from(nav.unsigned_abs()) * if nav.is_negative() { -1.0 } else { 1.0 };
    Look { need: market.need(), nav, purse: market.cash(market.keeper) }
}

fn real(number: I256) -> f64 {
    f64::from(number.unsigned_abs()) / 1e18 * if number.is_negative() { -1.0 } else { 1.0 }
}

/// What must hold after a hedge, whoever did it.
fn judge(market: &Market, before: &Look, size: I256, by_fill: bool) {
    let (spot, after) =
        (f64::from(market.ask(IVault::spotCall {}).expect("a price").price) / 1e18, look(market));
    let (deviation, left) = (real(before.need.deviation), real(after.need.deviation));
    assert!(!before.need.due.is_zero(), "nothing was due");
    assert!(left.abs() < deviation.abs() + GRAIN, "{deviation} became {left}");
    let beyond = -left * deviation.signum();
    let inner = f64::from(before.need.inner) / 1e18;
    assert!(beyond <= inner + GRAIN, "{beyond} beyond the target, {inner} is the edge");
    let notional = real(size).abs() * spot * 1e6;
    let slip = f64::from(before.need.slip) / 1e6;
    let paid = if by_fill { 0.0 } else { f64::from(after.purse - before.purse) };
    let lost = before.nav - after.nav;
    assert!(lost <= notional * slip + paid + 3.0, "{lost} lost of {notional}, {paid} of it a reward");
    assert!(paid <= f64::from(before.need.budget) + 0.5, "{paid} of a budget of {}", before.need.budget);
    let allowance = |token: Address, spender: Address| {
        market
            .chain
            .view(token, IERC20::allowanceCall { owner: market.vault, spender })
            .expect("an allowance")
    };
    for token in [market.usdc, market.underlying] {
        for spender in [market.desk, market.venue, market.uniswap] {
            assert_eq!(allowance(token, spender), U256::ZERO);
        }
    }
}

/// Hedges some part of what is due, or more, and says whether it was let.
fn attempt(market: &mut Market, rng: &mut ChaCha8Rng, slip: i32) -> bool {
    let before = look(market);
    let due = before.need.due;
    let part = if rng.random_bool(0.4) { 1.0 } else { rng.random_range(-0.2..2.4) };
    let size = if part == 1.0 { due } else { signed(real(due) * part) };
    let by_fill = rng.random_bool(0.3);
    let (keeper, desk) = (market.keeper, market.desk);
    let state = market.chain.state();
    let done = if by_fill {
        let limit = if size.is_negative() { U256::MAX } else { U256::ZERO };
        let call = IHedgeDesk::fillHedgeCall { size, limit, receiver: keeper, data: B256::ZERO };
        market.chain.send(keeper, desk, call).map(|_| size)
    } else {
        market.rebalance(market.venue, size)
    };
    match done {
        Ok(done) => {
            judge(market, &before, done, by_fill);
            true
        }
        Err(data) => {
            assert!(
                data.len() >= 4 && market.chain.state() == state,
                "a refusal that says nothing or changed something"
            );
            let within = U256::from(slip.max(0) as u32 + 10) <= before.need.slip;
            let hedgeable = !due.is_zero() && size == due && within;
            assert!(!hedgeable, "{:?} is due, the venue is {slip} off: {data:x?}", before.need);
            false
        }
    }
}

#[test]
fn a_hedge_in_any_state_keeps_what_it_must() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut done = 0;
    for _ in 0..MARKETS {
        let mut market = stocked(&mut rng);
        for state in 1..=STATES {
            let slip = turn(&mut market, &mut rng, 3 * state);
            done += u64::from(attempt(&mut market, &mut rng, slip));
        }
    }
    println!("{} states, {done} hedges done", MARKETS * STATES);
    assert!(done > MARKETS * STATES / 8, "too few hedges were done to say anything: {done}");
}
