//! The rules of hedging that nobody has to be trusted for: when a hedge is due, at what price it may be done, what it is
//! paid, and what must hold after it. The contract that owns the hedges and the keeper that proposes one run the same
//! functions on the same numbers.
//!
//! | file | rule |
//! |---|---|
//! | [`Rules`] | every parameter, its bounds and its default |
//! | [`Stand`], [`Trigger`] | what is due from book, hedges, pending orders, what venues reach, and the band |
//! | [`Clock`] | for how long it has been due |
//! | [`Young`] | which part of it is older than the trades of the last minutes |
//! | [`slip`], [`worst_price`] | the price cap round the oracle's price |
//! | [`Dutch`] | the price of the standing auction |
//! | [`benefit`], [`Work`], [`Budget`] | the risk removed, and what is paid for it out of which budget |
//! | [`Hedge`] | the post-conditions, one function for contract and keeper |
//! | [`split`] | the cheapest split of a hedge over venues |
//!
//! # Units
//!
//! Deltas, hedges, costs and rewards are micro-USD, a delta or a hedge being worth its size times the oracle's price. Positive
//! hedges buy. Times are unix seconds in 32 bits, durations seconds, rates millionths.
//!
//! # What no rule here does
//!
//! None reads a clock, a price or a balance: the caller measures, these judge. None knows accounts: what holds for one
//! account holds for any number that collude.

mod benefit;
mod budget;
mod clock;
mod dutch;
mod reward;
mod rules;
mod slip;
mod split;
mod trigger;
mod venue;
mod verify;
mod young;

pub use benefit::benefit;
pub use budget::Budget;
pub use clock::{Clock, Timer};
pub use dutch::Dutch;
pub use reward::{Reward, Work};
pub use rules::{Rule, Rules, RulesError};
pub use slip::{slip, worst_price};
pub use split::{MAX_VENUES, Split, split};
pub use trigger::{Order, Reach, Stand, Trigger};
pub use venue::{Curve, Pool, Venue};
pub use verify::{Breach, Hedge, Measured};
pub use young::{SEASONING, SPANS, Span, Young};

/// One in the fixed point of rates.
const MILLION: u128 = 1_000_000;

/// `amount` x `rate`, rounded down; `None` beyond 128 bits.
fn at_rate(amount: u128, rate: u32) -> Option<u128> {
    maths::mul_div_down(amount, rate.into(), MILLION)
}

/// `amount` x `rate`, rounded up; `None` beyond 128 bits.
fn at_rate_up(amount: u128, rate: u32) -> Option<u128> {
    maths::mul_div_up(amount, rate.into(), MILLION)
}

/// Whole USD in micro-USD: 2^32 x 10^6 stays in 64 bits.
fn usd(amount: u32) -> u128 {
    u128::from(amount).saturating_mul(MILLION)
}
