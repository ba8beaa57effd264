//! What the desk lets happen, in 500 random states of the deployed programs: each hedge is judged by what the vault says before and after.

use host::alloy_primitives::{Address, B256, I256, U256};
use interfaces::desk::IHedgeDesk::{self, Need};
use interfaces::erc20::IERC20;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::market::{signed, Market, HOUR, START};

/// Markets, each with a book of its own, and states of each.
const MARKETS: u64 = 25;
const STATES: u64 = 20;
/// What the test computes in floating point is no finer.
const GRAIN: f64 = 1e-7;

/// Numbers that are the same in every run.
struct Dice(TestRng);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0.next_u64() % count
    }

    /// In [low, high).
    fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }
}

pub(crate) fn real(number: I256) -> f64 {
    f64::from(number.unsigned_abs()) / 1e18 * if number.is_negative() { -1.0 } else { 1.0 }
}

struct Look {
    need: Need,
    nav: f64,
    purse: U256,
}

fn look(market: &mut Market) -> Look {
    let (nav, keeper) = (real(market.nav().mid) * 1e18, market.stage.actors.keeper);
    Look { need: market.stage.need().expect("the state of the hedge"), nav, purse: market.usdc_of(keeper) }
}

/// A market with a random book, and somebody with both tokens who lets the vault take them.
fn stocked(dice: &mut Dice) -> Market {
    let mut market = Market::open();
    for _ in 0..=dice.below(4) {
        let (strike, size) = (2_300 + 100 * dice.below(10), (1 + dice.below(18)) as f64);
        let _ = market.trade(&[(market.call(strike), size)]);
    }
    crate::desk_fill::filler(&mut market);
    market
}

/// Another price, a pool that is off it by some basis points, and a hedge that has been due for a while. How far the pool is off [1e-6].
fn turn(market: &mut Market, dice: &mut Dice, state: u64) -> f64 {
    let price = dice.real(2_200.0, 3_400.0);
    market.move_to(START + 3 * state * HOUR, price);
    if dice.below(10) < 7 {
        let anyone = market.stage.actors.arbitrageur;
        market.stage.hedge(anyone, IHedgeDesk::pokeCall {}).expect("a look");
        let later = market.now() + dice.below(4_000);
        market.stage.chain.world.warp(later);
    }
    let off = dice.real(-2_000.0, 7_000.0);
    let buys = market.stage.need().expect("the state of the hedge").due.is_positive();
    let against = if buys { 1.0 + off / 1e6 } else { 1.0 - off / 1e6 };
    market.stage.arbitrage(price * against).expect("a pool");
    off
}

/// What must hold after a hedge, whoever did it.
fn judge(market: &mut Market, before: &Look, size: I256, by_fill: bool) {
    let spot = market.stage.ask(interfaces::vault::IVault::spotCall {}).expect("a price").price;
    let (spot, after) = (f64::from(spot) / 1e18, look(market));
    let (deviation, left) = (real(before.need.deviation), real(after.need.deviation));
    assert!(!before.need.due.is_zero(), "nothing was due");
    assert!(left.abs() < deviation.abs() + GRAIN, "{deviation} became {left}");
    let (beyond, inner) = (-left * deviation.signum(), f64::from(before.need.inner) / 1e18);
    assert!(beyond <= inner + GRAIN, "{beyond} beyond the target, {inner} is the edge");
    let most = real(size).abs() * spot * f64::from(before.need.slip);
    let paid = if by_fill { 0.0 } else { f64::from(after.purse - before.purse) };
    let lost = before.nav - after.nav;
    assert!(lost <= most + paid + 3.0, "{lost} lost, at most {most} to the venue, {paid} a reward");
    assert!(paid <= f64::from(before.need.budget) + 0.5, "{paid} of a budget of {}", before.need.budget);
    let (vault, venue, desk) = (market.stage.vault, market.stage.venue, market.stage.desk);
    for token in [market.stage.usdc, market.stage.underlying] {
        for spender in [desk, venue, market.stage.uniswap.router] {
            for owner in [vault, venue, desk] {
                assert_eq!(allowance(market, token, owner, spender), U256::ZERO);
            }
        }
    }
}

fn allowance(market: &mut Market, token: Address, owner: Address, spender: Address) -> U256 {
    market.stage.chain.view(token, IERC20::allowanceCall { owner, spender }).expect("an allowance")
}

/// Hedges some part of what is due, or more, and says whether it was let.
fn attempt(market: &mut Market, dice: &mut Dice, off: f64) -> bool {
    let before = look(market);
    let due = before.need.due;
    let size = if dice.below(10) < 4 { due } else { signed(real(due) * dice.real(-0.2, 2.4)) };
    let by_fill = dice.below(10) < 3;
    let (filler, venue) = (market.stage.actors.arbitrageur, market.stage.venue);
    let digests = market.digests();
    let done = if by_fill {
        let limit = if size.is_negative() { U256::MAX } else { U256::ZERO };
        let call = IHedgeDesk::fillHedgeCall { size, limit, receiver: filler, data: B256::ZERO };
        market.stage.hedge(filler, call).map(|_| size)
    } else {
        market.rebalance(venue, size)
    };
    match done {
        Ok(size) => {
            judge(market, &before, size, by_fill);
            true
        }
        Err(failure) => {
            assert!(failure.data().len() >= 4, "a refusal that says nothing: {failure}");
            assert_eq!(market.digests(), digests, "a refusal that changed something: {failure}");
            // The pool's fee is five basis points, and the hedge moves it by some more.
            let within = off.max(0.0) + 1_500.0 <= f64::from(before.need.slip);
            let hedgeable = !due.is_zero() && size == due && (by_fill || within);
            assert!(!hedgeable, "{:?} is due, the pool is {off} off: {failure}", before.need);
            false
        }
    }
}

#[test]
fn a_hedge_in_any_state_keeps_what_it_must() {
    let mut dice = Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let mut done = 0;
    for _ in 0..MARKETS {
        let mut market = stocked(&mut dice);
        for state in 1..=STATES {
            let off = turn(&mut market, &mut dice, state);
            done += u64::from(attempt(&mut market, &mut dice, off));
        }
    }
    println!("{} states, {done} hedges done", MARKETS * STATES);
    assert!(done > MARKETS * STATES / 8, "too few hedges were done to say anything: {done}");
}
