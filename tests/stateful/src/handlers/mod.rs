//! What people do. Each handler makes one call to the protocol, with arguments that mostly make sense, and writes into the ghost ledger what the call
//! must have done when it succeeds.

mod cash;
mod claims;
mod govern;
mod hedge;
mod liquidity;
mod margin;
mod positions;
mod tokens;
mod trade;

use alloy_primitives::Address;

pub use trade::leg;

use crate::fuzz::Fuzz;

/// Handlers that hedge.
pub const HEDGES: &[&str] = &[
    "fill_hedge",
    "rebalance",
    "perform_upkeep",
    "on_report",
    "flash_fill",
    "ambush_venue",
    "ambush_filler",
    "hedge_by_position",
];
/// Handlers that may open risk.
pub const OPENING: &[&str] = &["buy", "combo", "trade_in_round"];
/// Handlers that cannot do without a price.
pub const PRICED: &[&str] = &[
    "buy",
    "sell",
    "combo",
    "trade_in_round",
    "deposit",
    "mint",
    "fill_hedge",
    "rebalance",
    "perform_upkeep",
    "on_report",
    "flash_fill",
    "hedge_by_position",
    "tend",
    "collect",
    "checkpoint",
    "margin_write",
    "margin_close",
    "liquidate",
    "bid",
];
/// Handlers that new risk waits for: they are refused while it is stopped, and no others are.
pub const RISKY: &[&str] =
    &["buy", "deposit", "mint", "margin_write", "margin_close", "invest", "list_expiry"];

/// A handler: its name, how often it comes, and what it does; none when there is nothing to do.
pub type Handler = (&'static str, u64, fn(&mut Fuzz) -> Option<()>);

/// All of them.
pub const HANDLERS: &[Handler] = &[
    ("buy", 16, trade::buy),
    ("sell", 10, trade::sell),
    ("combo", 6, trade::combo),
    ("trade_in_round", 3, trade::in_round),
    ("deposit", 8, liquidity::deposit),
    ("mint", 4, liquidity::mint),
    ("request_redeem", 6, liquidity::request),
    ("request_for", 2, liquidity::request_for),
    ("cancel_request", 3, liquidity::cancel),
    ("process_epoch", 6, liquidity::process),
    ("redeem", 6, liquidity::redeem),
    ("withdraw", 4, liquidity::withdraw),
    ("settle", 8, claims::settle),
    ("claim", 8, claims::claim),
    ("record_shortfall", 4, claims::record_shortfall),
    ("transfer_shares", 3, tokens::transfer_shares),
    ("approve_shares", 2, tokens::approve_shares),
    ("take_shares", 3, tokens::take_shares),
    ("permit", 2, tokens::permit),
    ("transfer_options", 3, tokens::transfer_options),
    ("take_options", 3, tokens::take_options),
    ("approve_options", 1, tokens::approve_options),
    ("set_operator", 2, tokens::set_operator),
    ("donate", 4, tokens::donate),
    ("margin_deposit", 3, margin::deposit),
    ("margin_withdraw", 3, margin::withdraw),
    ("margin_write", 8, margin::write),
    ("margin_close", 4, margin::close),
    ("margin_settle", 8, margin::settle),
    ("margin_operator", 1, margin::set_operator),
    ("liquidate", 6, margin::liquidate),
    ("bid", 8, margin::bid),
    ("refresh", 3, margin::refresh),
    ("poke", 3, hedge::poke),
    ("fill_hedge", 8, hedge::fill),
    ("rebalance", 8, hedge::rebalance),
    ("perform_upkeep", 4, hedge::upkeep),
    ("on_report", 2, hedge::report),
    ("flash_fill", 4, hedge::flash),
    ("ambush_venue", 5, hedge::ambush_venue),
    ("ambush_filler", 4, hedge::ambush_filler),
    ("hedge_by_position", 16, positions::hedge),
    ("cancel_order", 4, positions::cancel),
    ("tend", 6, positions::tend),
    ("collect", 6, positions::collect),
    ("checkpoint", 6, positions::checkpoint),
    ("quarantine", 1, positions::quarantine),
    ("invest", 5, cash::invest),
    ("divest", 5, cash::divest),
    ("set_pool", 2, cash::set_pool),
    ("remove_pool", 1, cash::remove_pool),
    ("publish", 5, govern::publish),
    ("list_expiry", 4, govern::list),
    ("set_depth", 2, govern::set_depth),
    ("pause", 1, govern::pause),
    ("unpause", 16, govern::unpause),
    ("allow_venue", 2, govern::allow_venue),
    ("remove_venue", 1, govern::remove_venue),
    ("set_role", 1, govern::set_role),
    ("set_satellite", 1, govern::set_satellite),
];

impl Fuzz {
    /// Somebody.
    pub fn somebody(&mut self) -> Address {
        self.dice.pick(&self.cast.people)
    }

    /// Mostly `who`, sometimes somebody else.
    pub fn mostly(&mut self, who: Address) -> Address {
        if self.dice.percent(80) { who } else { self.somebody() }
    }

    /// Brings price and surface up to date, as people do before they trade, but not always.
    pub fn get_fresh(&mut self) {
        if !self.is_fresh() && self.dice.percent(90) {
            self.refresh(self.ghost.price);
        }
    }

    /// What happens before a call: time passes, the price moves, surfaces come, an expiry is reached.
    pub fn drift(&mut self) {
        if self.dice.percent(30) {
            self.exchange_acts();
        }
        match self.dice.below(100) {
            0..=39 => {}
            40..=69 => {
                let later = self.now() + self.dice.range(1, 1_200);
                self.pass(later, 0.004);
            }
            70..=89 => {
                let later = self.now() + self.dice.range(600, 7_000);
                self.pass(later, 0.012);
            }
            90..=94 => {
                let later = self.now() + self.dice.range(3_600, 30 * 3_600);
                self.pass(later, 0.03);
            }
            95..=97 => self.reach_expiry(),
            98 => {
                let later = self.now() + 600;
                self.pass(later, 0.25);
            }
            _ if self.dice.percent(30) => self.break_down(),
            _ => {
                let later = self.now() + self.dice.range(1, 5 * 3_600);
                self.warp(later);
            }
        }
    }

    /// The price is another one altogether, and stays there.
    fn break_down(&mut self) {
        let price = (self.ghost.price * self.dice.real(0.3, 2.6)).clamp(900.0, 7_000.0);
        for _ in 0..2 {
            let later = self.now() + 600;
            self.warp(later);
            self.push_price(price);
        }
    }

    /// Time passes, and the price moves by at most a part.
    fn pass(&mut self, later: u64, by: f64) {
        self.warp(later);
        let change = self.dice.real(-by, by);
        let price = (self.ghost.price * (1.0 + change)).clamp(900.0, 7_000.0);
        self.push_price(price);
        // Signatures are most of what a surface costs.
        let age = later - self.ghost.surfaces.last().map_or(0, |(time, _)| *time);
        if age > 3 * 3_600 || self.dice.percent(10) {
            let vol = (self.ghost.vol + self.dice.real(-0.003, 0.003)).clamp(0.5, 1.2);
            let _ = self.publish(vol);
        }
    }

    /// A round just before the next expiry, and one just after it.
    fn reach_expiry(&mut self) {
        let now = self.now();
        let Some(expiry) = self.ghost.listed.keys().copied().find(|expiry| *expiry > now) else { return };
        if expiry > now + 8 * 86_400 {
            return;
        }
        let before = self.dice.range(0, 600);
        self.warp((expiry - before).max(now));
        let price = self.ghost.price * (1.0 + self.dice.real(-0.02, 0.02));
        self.push_price(price);
        let later = expiry + self.dice.range(1, 4_000);
        self.pass(later, 0.005);
    }
}
