//! The vault: an options book that marks itself exactly in every trade, quotes by what a trade does to its own risk, and lets anyone
//! hedge it back into balance.
//!
//! # UNITS
//! USDC amounts have 6 decimals. Option sizes, prices, vols, rates and greeks have 18. Times are unix seconds. Sizes are whole lots.
//!
//! # BOOK
//! Stored: one signed net quantity per strike, eight to a slot, and per expiry the two sums that the put leg needs (`book`). Everything
//! else (marks, greeks, risk) is recomputed from them in every call, by the risk engine, a contract without storage that is fixed at
//! construction (`risk`). The vault sells options and buys them back, from holders and from accounts that write them (`margin`); its book is net.
//!
//! # QUOTES
//! premium = model value + J(after) - J(before) + spread, rounded against the trader and clamped to static bounds; the spread is never less
//! than the feed's deviation and the surface's step may hide. J is a function of the state alone, so a cycle of trades at one market state
//! never gains (`trading`). Weights over strips of strikes make an expiry's quotes deeper where they are high and shallower where they are
//! low; a change of them ramps over six hours or more, so slowly that the spread is worth more than knowing of it (`depth`).
//!
//! # LIMITS
//! The hedge that the book needs must stay within reach of a spot venue: not short, and bought with free cash, now and after the
//! profile's reserve move either way. NAV must bear the worst loss of 27 scenarios and of every terminal payoff, and a buffer. The book's
//! greeks have caps, and so has what is traded in one round of the feed, in all and in a series (`throttle`). No limit refuses a trade that
//! brings what is limited nearer to zero.
//!
//! # SHARE PRICE
//! Deposits pay NAV at mid; redemptions receive NAV at mid less J and less the spread income that has not vested, which does so in a straight
//! line to the expiry of its trade (`vesting`). All come from an internal ledger: tokens sent to the vault change nothing. A million virtual
//! shares make the first deposit safe (`shares`). A fee on gains above a high-water mark is off unless the limits name it (`fee`).
//!
//! # REDEMPTIONS
//! Requests of one epoch share one price and one fill, pro rata, as far as free cash goes that neither hedging nor the market's least
//! liquidity asks for, and as those who stay could still bear the worst loss; the rest waits, and epochs are filled in order (`epochs`). A
//! request can be cancelled until half the delay after its epoch closed. Nobody comes or is processed round an expiry or after a jump of the
//! feed or of the surface (`breakers`).
//!
//! # IDLE CASH
//! The curator may put up to nine tenths of free cash in an ERC-4626 pool that the owner named; whatever pays out brings it back in the same
//! call. It counts for deposits at what its shares convert to, growing by 20 % a year at most, and as liquid at what can be withdrawn; a pool
//! that fails takes no deposit and blocks no exit (`pool`).
//!
//! # WRITTEN OPTIONS
//! Margin accounts, a contract of their own (`abi/IMargin.sol`), sell options to the vault that nobody holds. What they owe for settled
//! series is a receivable; what they could fail to pay at most is subtracted from what NAV bears, and from the low mark as far as it is owed
//! (`margin`). While paused nothing is written or closed.
//!
//! # SHORTFALL
//! When liabilities exceed assets anyone may record it: from then on the live series share cash and hedges in proportion to their value at
//! that instant, and claims of them are paid in kind once accounts have paid in what they owe, or a week later (`shortfall`).
//!
//! # HEDGES
//! The vault keeps the hedges and moves them, through allow-listed venues or with whoever takes the other side, within the slippage cap
//! round the feed's price (`hedging`). When, which way, at what price inside the cap and for what reward is said by the hedging desk, a
//! contract of its own that anyone may use (`abi/IHedgeDesk.sol`), and what a desk could take is bounded here (`desk`).
//!
//! # SURFACE
//! The vols come from the surface feed, a contract that takes what N of M publishers signed (`abi/ISurface.sol`). Every mark asks it, and one
//! that cannot be had fails closed; a surface that is too old stops trades, not marks (`surface`).
//!
//! # SETTLEMENT
//! The price of the last round at or before the expiry, proven by the round after it, fixed once by anyone at any time. What holders
//! are owed, gross of what accounts owe, is set aside from then on, and claims are paid at any time, paused or not (`settlement`).
//!
//! # ROLES
//! Owner: profile, venues, pool, surface feed, margin contract and desk before the first deposit, later these five after two days, roles. Curator:
//! lists expiries, weighs their depth by strike, invests idle cash. Guardian: stops new risk, removes venues and the pool. No role can stop a
//! sale, a claim or a redemption (`governance`).
//!
//! # LIVENESS
//! Trades, deposits and the processing of redemptions need a fresh price, a sequencer that has been up for the grace period and a feed that
//! answers, trades a fresh surface too;
//! settlement needs the feed's rounds; claims of settled series need nothing but the token.
//!
//! # KNOWN LIMITS
//! Positions at the broker pay no claim before they are closed. Where two phases of the feed ran side by side at an expiry, a round of either may
//! settle it. While the pool cannot pay what it counts for, redemptions are filled in part, in order, and a shortfall cannot be recorded; where
//! one that is not removed fails for good, they are priced with its last checkpoint. A gain of the pool above the bound counts when it is
//! brought back. What rounding leaves of processed redemptions, under a micro-dollar a request, stays set aside. A change of weights that takes
//! longer than six hours may give who holds on through it more than the spreads.
#![cfg_attr(target_arch = "wasm32", no_std)]

#[macro_use]
extern crate alloc;

mod amounts;
mod book;
mod breakers;
mod broker;
mod deposits;
mod depth;
mod desk;
mod epochs;
mod error;
mod fee;
mod governance;
mod hedging;
mod liquidity;
mod margin;
mod market;
mod nav;
mod oracle;
mod permit;
mod pool;
mod positions;
mod profile;
mod redemptions;
mod risk;
mod routes;
mod satellite;
mod settlement;
mod shares;
mod shortfall;
mod state;
mod surface;
mod throttle;
mod trading;
mod vesting;

use interfaces::contract::{lock, token};

pub use error::Revert;
pub use routes::main as entrypoint;
pub use state::Vault;
