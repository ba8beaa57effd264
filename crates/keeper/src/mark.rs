//! The vault's words, and the book in them marked here, by the code that the contract runs.

use alloy_primitives::B256;
use book::{Mark, Marked, Request, Rules, Spots, Stored, size_at};
use interfaces::settings::Settings;
use inventory::Band;
use options::{StrikeGrid, Totals};

use crate::numbers::WAD_PER_PRICE;

/// Bits of the kernels' words for value, delta and vega, and for gamma and theta.
const FINE: i32 = 62;
const COARSE: i32 = 50;

/// What the vault tells its risk engine.
#[derive(Clone, Debug)]
pub struct State {
    /// What the keeper itself acts on.
    pub terms: Terms,
    /// What risk is judged by.
    pub rules: Rules,
    /// Price, time, hedge, free cash and the book.
    pub request: Request,
}

/// Settings of the market.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Most that a hedge may be worse than the feed's price [1e-6]
    pub max_slippage: u32,
    /// Oldest price of the feed [s]
    pub max_price_age: u32,
}

/// The book's worth in money.
#[derive(Clone, Copy, Debug)]
pub struct Worth {
    /// Model value [micro-USD]
    pub value: i128,
    /// Cash delta without hedges [micro-USD]
    pub delta: i128,
    /// J [micro-USD]
    pub risk: u128,
    /// The no-trade band [micro-USD]
    pub band: Band,
}

/// Greeks of an expiry, to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpiryGreeks {
    /// [unix seconds]
    pub expiry: u32,
    /// Strikes with a position, and strikes.
    pub strikes: (usize, usize),
    /// [USD]
    pub value: f64,
    /// [units of the underlying]
    pub delta: f64,
    /// Change of delta for a dollar.
    pub gamma: f64,
    /// For a vol point [USD]
    pub vega: f64,
    /// For a day [USD]
    pub theta: f64,
}

impl State {
    /// Reads the words; none for words that are no vault's, or a book outside the kernels' bounds.
    #[must_use]
    pub fn read(words: &[B256]) -> Option<Self> {
        let words: Vec<[u8; 32]> = words.iter().map(|word| word.0).collect();
        let request = Request::decode(&words)?;
        let settings = Settings::unpack(&request.settings);
        let rules = settings.rules();
        let good = request.stored.iter().all(|stored| sound(stored, request.now));
        let terms =
            Terms { max_slippage: settings.profile.maxSlippage, max_price_age: settings.profile.maxPriceAge };
        (good && rules.lot > 0).then_some(Self { terms, rules, request })
    }

    /// The feed's price with 18 decimals, zero while the vault has none.
    #[must_use]
    pub fn spot(&self) -> u128 {
        u128::from(self.request.spot).saturating_mul(WAD_PER_PRICE)
    }

    /// Marks the book; none without a price or beyond the kernels' domain.
    #[must_use]
    pub fn worth(&self) -> Option<Worth> {
        let Marked { value, delta, risk, band, .. } = book::mark(&self.rules, self.request.clone()).ok()?;
        Some(Worth { value, delta, risk, band })
    }

    /// Hedges that are the underlying itself, which alone can be sold through a spot venue [1e-18]
    #[must_use]
    pub fn held(&self) -> u128 {
        let positions = self.request.brokered.map_or(0, |brokered| brokered.value);
        let value = self.request.hedge.value.saturating_sub(positions);
        size_at(self.request.spot, value).and_then(|size| u128::try_from(size).ok()).unwrap_or_default()
    }

    /// Expired books that wait for their settlement price [unix seconds]
    pub fn expired(&self) -> impl Iterator<Item = u32> + use<'_> {
        let expiries = self.request.stored.iter().map(|stored| stored.header.expiry);
        expiries.filter(|expiry| *expiry <= self.request.now)
    }

    /// Greeks by expiry, soonest first; none as [`State::worth`].
    #[must_use]
    pub fn greeks(&self) -> Option<Vec<ExpiryGreeks>> {
        let spots = Spots::here(self.rules.lot, self.request.spot).ok()?;
        let mark = Mark::new(self.request.stored.iter().cloned(), spots, self.request.now).ok()?;
        let lot = self.rules.lot as f64 / 1e18;
        let spot = self.spot() as f64 / 1e18;
        let mut greeks: Vec<ExpiryGreeks> =
            mark.expiries.iter().map(|one| readable(&one.stored, &one.sums, lot, spot)).collect();
        greeks.sort_by_key(|one| one.expiry);
        Some(greeks)
    }
}

fn readable(stored: &Stored, sums: &Totals, lot: f64, spot: f64) -> ExpiryGreeks {
    let scaled = |sum: i128, bits: i32| sum as f64 / 2_f64.powi(bits) * lot;
    ExpiryGreeks {
        expiry: stored.header.expiry,
        strikes: (stored.each_lots().filter(|lots| *lots != 0).count(), stored.header.grid.count.into()),
        value: scaled(sums.value, FINE) * spot,
        delta: scaled(sums.delta, FINE),
        gamma: scaled(sums.gamma, COARSE) / spot,
        vega: scaled(sums.vega, FINE) * spot / 100.0,
        theta: scaled(sums.theta, COARSE) * spot / 365.0,
    }
}

/// Whether grid and slice are within the bounds of the kernels.
fn sound(stored: &Stored, now: u32) -> bool {
    let StrikeGrid { base, step, count } = stored.header.grid;
    let slice = stored.slice.as_ref().is_none_or(|slice| slice.check().is_ok() && slice.updated_at <= now);
    StrikeGrid::new(base, step, count).is_ok() && slice
}
