//! A market's settings: the fields of `IVault.Profile` and `IVault.Limits` in the order of their structs.

use book::{Reader, Rules, SETTINGS, Writer};
use inventory::{Caps, hedge};

use crate::desk::IHedgeDesk;
use crate::vault::IVault::{Limits, Profile};

/// What the owner fixed.
#[derive(Clone, Default)]
pub struct Settings {
    /// What prices risk.
    pub profile: Profile,
    /// What bounds it.
    pub limits: Limits,
}

impl Settings {
    /// As stored: all fields in order, big-endian, three of 8 bytes and thirty-four of 4.
    #[must_use]
    pub fn pack(&mut self) -> [u8; SETTINGS] {
        let mut bytes = [0; SETTINGS];
        let mut fields = Writer(&mut bytes);
        let (longs, shorts) = self.profile.fields();
        let (_, limits) = self.limits.fields();
        for field in longs {
            fields.put(&field.to_be_bytes());
        }
        for field in shorts.into_iter().chain(limits) {
            fields.put(&field.to_be_bytes());
        }
        bytes
    }

    /// The settings in bytes that [`Settings::pack`] made.
    #[must_use]
    #[inline(never)]
    pub fn unpack(bytes: &[u8; SETTINGS]) -> Self {
        let mut fields = Reader(bytes);
        let mut settings = Self::default();
        let (longs, shorts) = settings.profile.fields();
        let (_, limits) = settings.limits.fields();
        for field in longs {
            *field = fields.u64();
        }
        for field in shorts.into_iter().chain(limits) {
            *field = fields.u32();
        }
        settings
    }

    /// What the risk engine judges by.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let (profile, limits) = (&self.profile, &self.limits);
        let usd = |number: u32| u128::from(number).saturating_mul(1_000_000);
        Rules {
            profile: profile.risk(),
            lot: profile.lot,
            reserve: profile.hedgeReserve,
            caps: Caps {
                delta: usd(limits.maxDelta),
                gamma: usd(limits.maxGamma),
                vega: usd(limits.maxVega),
            },
            buffer: limits.solvencyBuffer,
        }
    }
}

impl Profile {
    /// The fields of 8 bytes, then those of 4.
    pub fn fields(&mut self) -> ([&mut u64; 3], [&mut u32; 20]) {
        let p = self;
        (
            [&mut p.lot, &mut p.maxSize, &mut p.riskAversion],
            [
                &mut p.vol,
                &mut p.deltaHorizon,
                &mut p.gammaHorizon,
                &mut p.vegaHorizon,
                &mut p.volOfVol,
                &mut p.hedgeCost,
                &mut p.deviation,
                &mut p.volStep,
                &mut p.fee,
                &mut p.maxPriceAge,
                &mut p.sequencerGrace,
                &mut p.surfaceHeartbeat,
                &mut p.maxSurfaceAge,
                &mut p.hedgeReserve,
                &mut p.maxSlippage,
                &mut p.hedgeFixedCost,
                &mut p.minBand,
                &mut p.maxBand,
                &mut p.redeemDelay,
                &mut p.carryHorizon,
            ],
        )
    }

    /// The part of it that prices risk.
    #[must_use]
    pub fn risk(&self) -> inventory::Profile {
        inventory::Profile {
            risk_aversion: self.riskAversion,
            vol: self.vol,
            delta_horizon: self.deltaHorizon,
            gamma_horizon: self.gammaHorizon,
            carry_horizon: self.carryHorizon,
            vega_horizon: self.vegaHorizon,
            vol_of_vol: self.volOfVol,
            hedge_cost: self.hedgeCost,
            deviation: self.deviation,
            vol_step: self.volStep,
            fee: self.fee,
            surface_heartbeat: self.surfaceHeartbeat,
            max_surface_age: self.maxSurfaceAge,
            hedge_fixed_cost: self.hedgeFixedCost,
            min_band: self.minBand,
            max_band: self.maxBand,
        }
    }
}

impl Limits {
    /// The fields of 8 bytes, which there are none of, then those of 4.
    pub fn fields(&mut self) -> ([&mut u64; 0], [&mut u32; 14]) {
        let l = self;
        (
            [],
            [
                &mut l.surfaceInterval,
                &mut l.solvencyBuffer,
                &mut l.maxDelta,
                &mut l.maxGamma,
                &mut l.maxVega,
                &mut l.roundDelta,
                &mut l.roundVega,
                &mut l.seriesDelta,
                &mut l.seriesVega,
                &mut l.spotJump,
                &mut l.surfaceJump,
                &mut l.minLiquidity,
                &mut l.blackout,
                &mut l.performanceFee,
            ],
        )
    }
}

impl IHedgeDesk::Rules {
    /// All fields, in order.
    pub fn fields(&mut self) -> [&mut u32; 16] {
        let r = self;
        [
            &mut r.seasoning,
            &mut r.maxWait,
            &mut r.orderPatience,
            &mut r.minHedge,
            &mut r.slipBase,
            &mut r.slipMax,
            &mut r.slipSpan,
            &mut r.auctionPremium,
            &mut r.auctionSpan,
            &mut r.auctionScale,
            &mut r.rewardShare,
            &mut r.rewardSpan,
            &mut r.rewardCap,
            &mut r.gasCap,
            &mut r.budget,
            &mut r.budgetSpan,
        ]
    }

    /// As hedging is judged by them.
    #[must_use]
    pub fn rules(&self) -> hedge::Rules {
        hedge::Rules {
            seasoning: self.seasoning,
            max_wait: self.maxWait,
            order_patience: self.orderPatience,
            min_hedge: self.minHedge,
            slip_base: self.slipBase,
            slip_max: self.slipMax,
            slip_span: self.slipSpan,
            auction_premium: self.auctionPremium,
            auction_span: self.auctionSpan,
            auction_scale: self.auctionScale,
            reward_share: self.rewardShare,
            reward_span: self.rewardSpan,
            reward_cap: self.rewardCap,
            gas_cap: self.gasCap,
            budget: self.budget,
            budget_span: self.budgetSpan,
        }
    }
}

impl From<hedge::Rules> for IHedgeDesk::Rules {
    fn from(rules: hedge::Rules) -> Self {
        Self {
            seasoning: rules.seasoning,
            maxWait: rules.max_wait,
            orderPatience: rules.order_patience,
            minHedge: rules.min_hedge,
            slipBase: rules.slip_base,
            slipMax: rules.slip_max,
            slipSpan: rules.slip_span,
            auctionPremium: rules.auction_premium,
            auctionSpan: rules.auction_span,
            auctionScale: rules.auction_scale,
            rewardShare: rules.reward_share,
            rewardSpan: rules.reward_span,
            rewardCap: rules.reward_cap,
            gasCap: rules.gas_cap,
            budget: rules.budget,
            budgetSpan: rules.budget_span,
        }
    }
}
