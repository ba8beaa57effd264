//! The rules that every marked hour must keep.

use anyhow::Result;

use super::Replay;
use crate::invariants::Rule;
use crate::market::{Market, Nav, Tokens};

/// Hours between two looks at the supply of every open series.
const SUPPLIES_EVERY: u64 = 24 * 3_600;

impl<M: Market> Replay<'_, M> {
    /// Checks what is true of the market as a whole.
    pub(super) fn check(&mut self, time: u64, nav: &Nav, supply: u128) -> Result<()> {
        let tokens = self.market.tokens()?;
        self.check_money(time, nav, &tokens);
        let expected = self.lps.supply;
        self.results.invariants.check(Rule::SharesAccounted, time, supply == expected, || {
            format!("{supply} shares, {expected} by deposits and redemptions")
        });
        self.check_book(time)?;
        let last = self.scenario.window.hours.last().is_some_and(|hour| hour.time == time);
        if time.is_multiple_of(SUPPLIES_EVERY) || last {
            self.check_supplies(time)?;
        }
        Ok(())
    }

    fn check_money(&mut self, time: u64, nav: &Nav, tokens: &Tokens) {
        let rules = &mut self.results.invariants;
        let conserved = tokens.usdc_held == tokens.usdc_minted && tokens.weth_held == tokens.weth_minted;
        rules.check(Rule::TokensConserved, time, conserved, || format!("{tokens:?}"));
        rules.check(Rule::ClaimsPayable, time, nav.cash >= nav.owed, || {
            format!("{} micro-USD of cash against {} owed", nav.cash, nav.owed)
        });
        let adds_up = nav.mid == nav.cash - nav.owed + nav.hedge + nav.book
            && tokens.usdc_vault == nav.cash.unsigned_abs();
        rules
            .check(Rule::NavAddsUp, time, adds_up, || format!("{nav:?}, {} in the vault", tokens.usdc_vault));
    }

    fn check_book(&mut self, time: u64) -> Result<()> {
        let book = self.market.book()?;
        for stored in &book {
            let mirror = self.ghost.mirror(stored);
            self.results.invariants.check(Rule::BookEqualsPositions, time, mirror == *stored, || {
                format!("stored {stored:?}, positions {mirror:?}")
            });
        }
        let settled_open = self
            .ghost
            .open()
            .into_keys()
            .find(|series| book.iter().all(|stored| stored.expiry != series.expiry));
        self.results.invariants.check(Rule::BookEqualsPositions, time, settled_open.is_none(), || {
            format!("{settled_open:?} is held and not in the book")
        });
        Ok(())
    }

    fn check_supplies(&mut self, time: u64) -> Result<()> {
        for (series, lots) in self.ghost.open() {
            let supply = self.market.supply(series)?;
            self.results.invariants.check(Rule::SuppliesEqualPositions, time, supply == lots, || {
                format!("{supply} lots of {series:?} exist, {lots} were traded")
            });
        }
        Ok(())
    }
}
