//! What a market's profile says of risk: fields, bounds, and how a change of it comes into force.

const DAY: u64 = 86_400;

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
    /// Time for which the book's gamma keeps its band busy, in seconds; 0 charges nothing for it.
    pub carry_horizon: u32,
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

/// A field of [`Profile`] that has bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub enum Field {
    RiskAversion,
    Vol,
    DeltaHorizon,
    GammaHorizon,
    CarryHorizon,
    VegaHorizon,
    VolOfVol,
    HedgeCost,
    Deviation,
    VolStep,
    Fee,
    SurfaceHeartbeat,
    MaxSurfaceAge,
    MinBand,
    MaxBand,
}

/// A field out of its bounds, in the field's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// Which.
    pub field: Field,
    /// What it is.
    pub value: u64,
    /// The least that it may be.
    pub least: u64,
    /// The most that it may be.
    pub most: u64,
}

impl Profile {
    /// Checks every bound. Within them, and with greeks up to 1e16 micro-USD, every function of this crate has a result.
    ///
    /// # Errors
    /// The first field out of its bounds.
    pub fn check(&self) -> Result<(), ProfileError> {
        let heartbeat = u64::from(self.surface_heartbeat);
        let (month, week) = (DAY.saturating_mul(30), DAY.saturating_mul(7));
        let bounds = [
            (Field::RiskAversion, self.risk_aversion, 1, 10_000_000_000_000_000),
            (Field::Vol, self.vol.into(), 1, 5_000_000),
            (Field::DeltaHorizon, self.delta_horizon.into(), 1, month),
            (Field::GammaHorizon, self.gamma_horizon.into(), 0, month),
            (Field::CarryHorizon, self.carry_horizon.into(), 0, month),
            (Field::VegaHorizon, self.vega_horizon.into(), 0, month),
            (Field::VolOfVol, self.vol_of_vol.into(), 0, 1_000_000),
            (Field::HedgeCost, self.hedge_cost.into(), 0, 100_000),
            (Field::Deviation, self.deviation.into(), 0, 100_000),
            (Field::VolStep, self.vol_step.into(), 0, 200_000),
            (Field::Fee, self.fee.into(), 0, 100_000),
            (Field::SurfaceHeartbeat, heartbeat, 1, DAY),
            (Field::MaxSurfaceAge, self.max_surface_age.into(), heartbeat.saturating_add(1), week),
            (Field::MaxBand, self.max_band.into(), 1, u32::MAX.into()),
            (Field::MinBand, self.min_band.into(), 0, self.max_band.into()),
        ];
        for (field, value, least, most) in bounds {
            if value < least || value > most {
                return Err(ProfileError { field, value, least, most });
            }
        }
        Ok(())
    }

    /// The profile `elapsed` seconds into a change from `self` to `next` that takes `span`: what J reads moves in a straight
    /// line, rounded down, so that nobody can trade round a change; all else is the next profile's at once.
    ///
    /// Between two profiles that pass [`Profile::check`] every step passes it too.
    #[must_use]
    pub fn ramped(&self, next: &Self, elapsed: u32, span: u32) -> Self {
        if elapsed >= span {
            return *next;
        }
        let step = |from: u64, to: u64| between(from, to, elapsed, span);
        let short = |from: u32, to: u32| u32::try_from(step(from.into(), to.into())).unwrap_or(to);
        Self {
            risk_aversion: step(self.risk_aversion, next.risk_aversion),
            vol: short(self.vol, next.vol),
            delta_horizon: short(self.delta_horizon, next.delta_horizon),
            gamma_horizon: short(self.gamma_horizon, next.gamma_horizon),
            carry_horizon: short(self.carry_horizon, next.carry_horizon),
            vega_horizon: short(self.vega_horizon, next.vega_horizon),
            vol_of_vol: short(self.vol_of_vol, next.vol_of_vol),
            hedge_cost: short(self.hedge_cost, next.hedge_cost),
            min_band: short(self.min_band, next.min_band),
            max_band: short(self.max_band, next.max_band),
            ..*next
        }
    }
}

/// `from` + (`to` - `from`) `elapsed` / `span`, rounded down; elapsed < span. Words times 32 bits stay in 128, and the mean of
/// two numbers lies between them.
fn between(from: u64, to: u64, elapsed: u32, span: u32) -> u64 {
    let (left, gone) = (u128::from(span.saturating_sub(elapsed)), u128::from(elapsed));
    let sum = u128::from(from).saturating_mul(left).saturating_add(u128::from(to).saturating_mul(gone));
    let mean = sum.checked_div(span.into()).unwrap_or_default();
    u64::try_from(mean).unwrap_or(u64::MAX)
}
