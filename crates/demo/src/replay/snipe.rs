//! A sniper: one who knows the next price before the feed has it, and trades at the feed's as much as the vault lets.

use anyhow::Result;

use super::{Listing, Replay};
use crate::black_scholes::{Terms, YEAR};
use crate::ledger::usd;
use crate::market::{Failure, Kind, Market, Series};

/// When a sniper trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniper {
    /// On every move that the feed's deviation threshold hides.
    InBand,
    /// On every move past the threshold, before the round lands.
    OnJumps,
}

/// What a sniper did in one round.
#[derive(Clone, Copy, Debug)]
pub struct Snipe {
    /// Unix seconds.
    pub time: u64,
    /// Relative move from the feed's price to the true one.
    pub jump: f64,
    /// Paid [USD]
    pub paid: f64,
    /// Of it, what J charged; negative is credit for a lower risk [USD]
    pub charge: f64,
    /// Model value of what was bought, at the true price [USD]
    pub worth: f64,
    /// What all who traded in the round gained, the sniper among them, at the true price [USD]
    pub round: f64,
    /// NAV before [USD]
    pub nav: f64,
}

/// A trade of the round: series, options as the trader sees them, premium [USD].
pub(super) type Dealt = (Series, f64, f64);

impl Snipe {
    /// What the sniper gained at the vault's cost [USD].
    #[must_use]
    pub fn gain(&self) -> f64 {
        self.worth - self.paid
    }

    /// What the knowledge alone gained: what J credits for a lower risk is earned [USD].
    #[must_use]
    pub fn edge(&self) -> f64 {
        self.gain() + self.charge
    }
}

impl<M: Market> Replay<'_, M> {
    /// Trades on `price` before the feed has it.
    pub(super) fn snipe(&mut self, time: u64, price: f64) -> Result<()> {
        let (Some(sniper), Some((_, feed))) = (self.scenario.sniper, self.pushed) else { return Ok(()) };
        let jump = price / feed - 1.0;
        let past = jump.abs() >= self.market.deviation();
        if past != (sniper == Sniper::OnJumps) || jump == 0.0 {
            return Ok(());
        }
        let Ok(nav) = self.market.nav() else { return Ok(()) };
        let mut snipe =
            Snipe { time, jump, paid: 0.0, charge: 0.0, worth: 0.0, round: 0.0, nav: usd(nav.mid) };
        let kind = if jump > 0.0 { Kind::Call } else { Kind::Put };
        let series = |one: &Listing, moneyness| Series {
            expiry: one.expiry,
            strike: one.grid.nearest(feed * moneyness),
            kind,
        };
        for one in self.listed.clone() {
            for moneyness in [1.0, 0.9, 1.1] {
                let series = series(&one, moneyness);
                if let Some(worth) = self.worth(time, price, series) {
                    self.buy_most(feed, worth, series, &mut snipe)?;
                }
            }
        }
        for (series, size, paid) in &self.dealt {
            snipe.round += size * self.worth(time, price, *series).unwrap_or_default() - paid;
        }
        if snipe.paid > 0.0 {
            self.results.snipes.push(snipe);
        }
        Ok(())
    }

    /// Model value of an option at a price: between publications the vol of a strike stands still.
    fn worth(&self, time: u64, price: f64, series: Series) -> Option<f64> {
        let one = self.listed.iter().find(|one| one.expiry == series.expiry && one.expiry > time)?;
        let published = one.expiry.saturating_sub(one.published) as f64 / YEAR;
        let vol = (one.slice?.variance(series.strike_usd()) / published).sqrt();
        let years = (one.expiry - time) as f64 / YEAR;
        Some(Terms { kind: series.kind, strike: series.strike_usd(), years }.value(price, vol).price)
    }

    /// Buys as much of a series as the vault lets, by halves of the largest order; an option is worth `worth` [USD].
    fn buy_most(&mut self, feed: f64, worth: f64, series: Series, snipe: &mut Snipe) -> Result<()> {
        let (trader, lot) = (self.market.traders() - 1, self.market.lot());
        let mut lots = self.market.max_lots();
        while lots > 0 {
            let quote = self.market.quote(series, lots);
            match quote
                .and_then(|quote| self.market.trade(trader, series, lots, quote.premium).map(|_| quote))
            {
                Ok(quote) => {
                    let size = lots as f64 * lot;
                    self.ghost.trade(trader, series, lots);
                    self.dealt.push((series, size, usd(quote.premium)));
                    self.accounts.trade(&quote, size * feed * self.market.fee());
                    snipe.paid += usd(quote.premium);
                    snipe.charge += usd(quote.charge);
                    snipe.worth += size * worth;
                    return Ok(());
                }
                Err(Failure::Refused(_)) => lots /= 2,
                Err(Failure::Broken(error)) => return Err(error.context("snipe")),
            }
        }
        Ok(())
    }
}
