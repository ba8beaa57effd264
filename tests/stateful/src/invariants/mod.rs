//! What must hold, by number and name.
//!
//! Each is a function that looks at one market: after every call, with the call, or at the end of a sequence, where a look that costs more is
//! taken in some of them. It answers whether there was anything to look at, or what is wrong.

mod book;
mod economics;
mod flows;
mod hedging;
mod ledger;
mod queue;
mod safety;
mod settlement;
mod shares;

use crate::fuzz::Fuzz;
use crate::step::Step;

/// Whether there was anything to look at, or what is wrong.
pub type Verdict = Result<bool, String>;

/// When an invariant is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the first call of so many of a hundred sequences.
    Begin(u64),
    /// After every call.
    Call,
    /// At the end of so many of a hundred sequences.
    End(u64),
}

/// Something that must hold.
#[derive(Clone, Copy)]
pub struct Invariant {
    /// Its number.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// When it is looked at.
    pub when: When,
    /// The look.
    pub check: fn(&mut Fuzz, &Step) -> Verdict,
}

const fn call(number: u8, name: &'static str, check: fn(&mut Fuzz, &Step) -> Verdict) -> Invariant {
    Invariant { number, name, when: When::Call, check }
}

const fn begin(
    number: u8,
    name: &'static str,
    percent: u64,
    check: fn(&mut Fuzz, &Step) -> Verdict,
) -> Invariant {
    Invariant { number, name, when: When::Begin(percent), check }
}

const fn end(
    number: u8,
    name: &'static str,
    percent: u64,
    check: fn(&mut Fuzz, &Step) -> Verdict,
) -> Invariant {
    Invariant { number, name, when: When::End(percent), check }
}

/// All of them, in order.
pub const ALL: [Invariant; 45] = [
    call(1, "solvent", ledger::solvent),
    call(2, "token_conservation", ledger::token_conservation),
    call(3, "donation_neutral", ledger::donation_neutral),
    call(4, "no_free_wei", economics::no_free_wei),
    begin(5, "first_depositor", 50, shares::first_depositor),
    call(6, "share_price_bound", shares::share_price_bound),
    end(7, "shares_sum", 100, shares::shares_sum),
    begin(8, "zero_supply_zero_claim", 100, shares::zero_supply_zero_claim),
    call(9, "escrow_isolated", shares::escrow_isolated),
    end(10, "net_greeks_recompute", 10, book::net_greeks_recompute),
    end(11, "position_sum", 30, book::position_sum),
    call(12, "venue_position", ledger::venue_position),
    end(13, "expired_no_greeks", 30, book::expired_no_greeks),
    end(14, "bounds", 6, book::bounds),
    end(15, "skew_sign", 12, economics::skew_sign),
    end(16, "bid_le_ask", 12, economics::bid_le_ask),
    end(17, "no_snipe", 12, economics::no_snipe),
    end(18, "no_profitable_round_trip", 12, economics::no_profitable_round_trip),
    call(19, "vol_update_bounded", safety::vol_update_bounded),
    call(20, "rebalance_price_cap", hedging::rebalance_price_cap),
    call(21, "rebalance_reduces", hedging::rebalance_reduces),
    call(22, "keeper_reward_cap", hedging::keeper_reward_cap),
    call(23, "approvals_zero", ledger::approvals_zero),
    end(24, "queued_claimable", 20, queue::queued_claimable),
    call(25, "payoff_exact", settlement::payoff_exact),
    call(26, "oracle_gate", safety::oracle_gate),
    end(27, "settle_price_once", 50, settlement::settle_price_once),
    end(28, "settle_time_independent", 40, settlement::settle_time_independent),
    end(29, "settle_idempotent", 30, settlement::settle_idempotent),
    call(30, "impair_only_down", flows::impair_only_down),
    end(31, "auth_matrix", 30, flows::auth_matrix),
    end(32, "guardian_cannot_take", 15, queue::guardian_cannot_take),
    end(33, "monotone_time", 50, safety::monotone_time),
    call(34, "reentrancy", hedging::reentrancy),
    call(35, "adapter_allowlist", hedging::adapter_allowlist),
    call(36, "gas_bounded", safety::gas_bounded),
    end(37, "all_or_nothing", 15, flows::all_or_nothing),
    call(38, "no_panic", safety::no_panic),
    end(39, "view_pure", 5, flows::view_pure),
    end(40, "event_replay", 30, flows::event_replay),
    call(41, "pause_scope", safety::pause_scope),
    end(42, "limits_4626", 10, shares::limits_4626),
    call(43, "allowance", flows::allowance),
    end(44, "wasm_equals_native", 100, flows::wasm_equals_native),
    end(45, "storage_layout", 50, ledger::storage_layout),
];

/// An invariant by its number.
#[must_use]
pub fn numbered(number: u8) -> Option<&'static Invariant> {
    ALL.iter().find(|one| one.number == number)
}

/// Fails with what is wrong unless it holds.
pub(crate) fn holds(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}
