#![no_std]
//! What the vault's inventory costs it: the risk charge J, the floor of the spread, the no-trade band and the hedge.
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
//! J = (g/2) [ s^2 h_D D^2 + (1/2) (s^2 h_G)^2 G^2 + h_V sum_ef V_e V_f nu_e nu_f rho_ef ] + c huber(D)
//! ```
//!
//! with D and G the cash greeks after hedges, V_e the vega of an expiry, s the vol, h the horizons, nu_e = vol of vol x
//! sqrt(30 d / t_e), rho_ef = min(t_e, t_f) / max(t_e, t_f) and c the hedging cost. [`Coefficients`] states each term.
//! J is a function of the state alone: the premiums of any cycle of trades hold J's increments, which sum to exactly zero,
//! and a trade split in parts is charged what the whole is charged.
//!
//! # Example
//!
//! ```
//! use inventory::{Bucket, Exposure, Profile, band, hedge_due, risk, spread_floor};
//!
//! # fn example() -> Option<()> {
//! let profile = Profile {
//!     risk_aversion: 400_000_000_000, // 4e-7 per USD: 4 over a NAV of ten million
//!     vol: 700_000,
//!     delta_horizon: 3_600,
//!     gamma_horizon: 86_400,
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
//! let book = Exposure { delta: 40_000_000_000, gamma: -3_000_000_000_000, vega: &vega };
//!
//! // 31.0 USD of hedging, 1.6 of gamma, 2,000.0 of vega; the delta that waits an hour adds 0.02.
//! assert_eq!(risk(&profile, &book)? / 1_000_000, 2_032);
//! assert_eq!(risk(&profile, &Exposure::default())?, 0);
//!
//! // Opening that book in one trade on 4,000,000 USD of notional.
//! assert_eq!(spread_floor(&profile, &book, 4_000_000_000_000)?, 21_437_500_000);
//!
//! let band = band(&profile, book.gamma)?;
//! assert_eq!((band.inner / 1_000_000, band.outer / 1_000_000), (299_999, 385_723));
//! assert_eq!(hedge_due(-40_000_000_000, &band), 0);
//! assert_eq!(hedge_due(-400_000_000_000, &band) / 1_000_000, -100_000);
//! # Some(())
//! # }
//! # assert!(example().is_some());
//! ```
//!
//! # What this crate does not do
//!
//! It prices nothing and knows no series, spot or surface: the caller passes greeks. It keeps no state and no clock. It
//! enforces no limit: margin, the stress grid and solvency are decided elsewhere. It never decides who may hedge or for
//! what reward.

#[cfg(test)]
extern crate std;

mod band;
mod charge;
mod real;
mod spread;
mod vega;

pub use band::{Band, band, hedge_due};
pub use charge::{Coefficients, risk};
pub use spread::{age_factor, spread_floor};

/// Expiries that an [`Exposure`] may hold.
pub const MAX_BUCKETS: usize = 12;

/// What the market's profile says of risk. Names and units are those of `IVault.Profile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Risk aversion g [1e-18 per USD].
    pub risk_aversion: u64,
    /// Vol of the underlying over the horizons below [1e-6 per sqrt(year)].
    pub vol: u32,
    /// Time for which delta stays unhedged, in seconds.
    pub delta_horizon: u32,
    /// Horizon of the gamma term, in seconds.
    pub gamma_horizon: u32,
    /// Horizon of the vega term, in seconds.
    pub vega_horizon: u32,
    /// Vol of vol of an expiry 30 days away [1e-6 of vol per sqrt(day)].
    pub vol_of_vol: u32,
    /// Cost of hedging: fee and half the spread of the cheapest venue [1e-6 of notional].
    pub hedge_cost: u32,
    /// Deviation threshold of the spot feed [1e-6].
    pub deviation: u32,
    /// Largest step of the surface in one update [1e-6 of vol].
    pub vol_step: u32,
    /// Fee [1e-6 of spot per option].
    pub fee: u32,
    /// Age up to which a surface is fresh, in seconds.
    pub surface_heartbeat: u32,
    /// Age from which a surface may not be quoted, in seconds.
    pub max_surface_age: u32,
    /// What one hedge costs whatever its size: gas [micro-USD, at most 4,294 USD].
    pub hedge_fixed_cost: u32,
    /// Least half-width of the outer band [whole USD of cash delta].
    pub min_band: u32,
    /// Greatest half-width of the outer band [whole USD of cash delta]. It wins where `min_band` exceeds it.
    pub max_band: u32,
}

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
}
