#![no_std]
//! What the vault's inventory costs it and what follows: the risk charge J, quotes, the no-trade band and the hedge, the
//! scenarios of stress and margin, and how losses and payments are shared.
//!
//! Pure functions of integers. The contract and the keeper link this crate and agree to the last bit.
//!
//! # Units
//!
//! | quantity | unit |
//! |---|---|
//! | money, cash delta, cash gamma, vega | micro-USD |
//! | cash delta | delta x spot |
//! | cash gamma | gamma x spot^2 |
//! | vega | per 1.00 of vol |
//! | fractions, vols, vol of vol | millionths |
//! | risk aversion g | 1e-18 per USD |
//! | times | seconds; a year is 365 days |
//!
//! # The risk charge
//!
//! ```text
//! J = (g/2) [ s^2 h_D D^2 + (1/2) (s^2 h_G)^2 G^2 + s^2 h_C H^2 + h_V sum_ef V_e V_f nu_e nu_f rho_ef ] + c huber(D)
//! ```
//!
//! with D and G the cash greeks after hedges, H the half-width of the band that G asks for at no fixed cost, V_e the vega of an expiry, s the
//! vol, h the horizons, nu_e = vol of vol x sqrt(30 d / t_e), rho_ef = min(t_e, t_f) / max(t_e, t_f) and c the hedging cost.
//! [`Coefficients`] states each term, and what weights of depth by strike add.
//! J is a function of the state alone: the premiums of any cycle of trades hold J's increments, which sum to exactly zero,
//! and a trade split in parts is charged what the whole is charged.
//!
//! # Example
//!
//! ```
//! use inventory::{Bucket, Coefficients, Exposure, Profile, Trade, band, hedge_due, quote, risk, spread_floor};
//!
//! # fn example() -> Option<()> {
//! let profile = Profile {
//!     risk_aversion: 400_000_000_000, // 4e-7 per USD: 4 over a NAV of ten million
//!     vol: 700_000,
//!     delta_horizon: 3_600,
//!     gamma_horizon: 86_400,
//!     carry_horizon: 86_400,
//!     vega_horizon: 86_400,
//!     vol_of_vol: 50_000,
//!     hedge_cost: 800,
//!     deviation: 5_000,
//!     vol_step: 10_000,
//!     fee: 300,
//!     surface_heartbeat: 3_600,
//!     max_surface_age: 14_400,
//!     hedge_fixed_cost: 200_000,
//!     min_band: 5_000,
//!     max_band: 500_000,
//! };
//! let vega = [Bucket { seconds: 30 * 86_400, vega: -2_000_000_000_000, surface_age: 600 }];
//! let book = Exposure { delta: 40_000_000_000, gamma: -3_000_000_000_000, vega: &vega, depth: &[] };
//!
//! // 31.0 USD of hedging, 1.6 of gamma, 24.2 of keeping it hedged for a day, 2,000.0 of vega; the delta that waits an hour adds 0.02.
//! assert_eq!(risk(&profile, &book)? / 1_000_000, 2_056);
//! assert_eq!(risk(&profile, &Exposure::default())?, 0);
//!
//! // Opening that book in one trade on 4,000,000 USD of notional.
//! assert_eq!(spread_floor(&profile, &book, 4_000_000_000_000)?, 21_437_500_000);
//!
//! // The trader's side of it: worth 1,000 USD at mid, and 190 USD more or less at the ends of the deviation band.
//! let trade = Trade {
//!     after: book,
//!     net: book,
//!     value: 1_000_000_000,
//!     ends: [1_190_000_000, 810_000_000],
//!     notional: 4_000_000_000_000,
//!     ..Trade::default()
//! };
//! let quote = quote(&profile, &Coefficients::new(&profile), &trade).ok()?;
//! assert_eq!(quote.spread, 21_437_500_000);
//! assert_eq!(quote.premium, 1_000_000_000 + quote.charge + 21_437_500_000);
//!
//! let band = band(&profile, book.gamma)?;
//! assert_eq!((band.inner / 1_000_000, band.outer / 1_000_000), (32_189, 43_365));
//! assert_eq!(hedge_due(-40_000_000_000, &band), 0);
//! assert_eq!(hedge_due(-400_000_000_000, &band) / 1_000_000, -367_810);
//! # Some(())
//! # }
//! # assert!(example().is_some());
//! ```
//!
//! # What this crate does not do
//!
//! It prices nothing and knows no series, spot or surface: the caller passes greeks and values. It keeps no state and no
//! clock. It enforces no limit: it says what a loss, a margin or a share is, and the caller acts on it. It never decides who
//! may hedge: anyone may, by the rules of [`hedge`].

#[cfg(test)]
extern crate std;

mod band;
mod charge;
mod depth;
pub mod hedge;
mod limits;
mod margin;
mod profile;
mod quote;
mod real;
mod shares;
mod spread;
mod stress;
mod vega;

pub use band::{Band, HEDGE_AVERSION, band, hedge_due};
pub use charge::{Coefficients, risk};
pub use depth::{Blend, Depth, Pace, RAMP, STRIPS, Weights, WeightsError, check_weights};
pub use limits::{CapError, Caps, Round, RoundCaps, RoundError};
pub use margin::{Auction, Exposed, Margin, MarginRule, liquidation_part, margin, uncovered};
pub use profile::{Field, Profile, ProfileError};
pub use quote::{Quote, QuoteError, Trade, quote, static_bound};
pub use shares::{Fill, Haircut, Vesting, Waterfall};
pub use spread::{age_factor, spread_floor};
pub use stress::{
    MOVES, Pnl, SPOTS, Shock, VOLS, check_solvency, grid_pnl, hedge_part, payable, worst_case, worst_loss,
};

/// Expiries that an [`Exposure`] may hold.
pub const MAX_BUCKETS: usize = 12;

/// The vega of one expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Time to expiry, in seconds.
    pub seconds: u32,
    /// Vega [micro-USD per 1.00 of vol].
    pub vega: i128,
    /// Age of the expiry's surface, in seconds. [`risk`] does not read it.
    pub surface_age: u32,
}

/// Greeks of the vault's book with its hedges, or of a trade (the change of the vault's book).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure<'a> {
    /// Cash delta, after hedges [micro-USD].
    pub delta: i128,
    /// Cash gamma [micro-USD].
    pub gamma: i128,
    /// Vega by expiry, in any order, at most [`MAX_BUCKETS`]; two buckets of one expiry count as their sum in [`risk`].
    pub vega: &'a [Bucket],
    /// Vega by strike, of the expiries or grids that have weights; empty where depth is the same everywhere.
    pub depth: &'a [Depth],
}
