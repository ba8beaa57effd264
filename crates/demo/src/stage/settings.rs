//! Profiles and limits of markets.

use interfaces::vault::IVault;

/// The profile that markets start with.
#[must_use]
pub fn default_profile() -> IVault::Profile {
    const HOUR: u32 = 3_600;
    IVault::Profile {
        lot: 10_000_000_000_000_000,
        maxSize: 18_000_000_000_000_000_000,
        riskAversion: 4_000_000_000_000,
        vol: 800_000,
        deltaHorizon: HOUR,
        gammaHorizon: 24 * HOUR,
        vegaHorizon: 24 * HOUR,
        volOfVol: 50_000,
        hedgeCost: 800,
        deviation: 5_000,
        volStep: 5_000,
        fee: 300,
        maxPriceAge: 2 * HOUR,
        sequencerGrace: HOUR,
        surfaceHeartbeat: HOUR,
        maxSurfaceAge: 6 * HOUR,
        hedgeReserve: 150_000,
        maxSlippage: 10_000,
        hedgeFixedCost: 500_000,
        minBand: 500,
        maxBand: 50_000,
        redeemDelay: 24 * HOUR,
        carryHorizon: 0,
    }
}

/// The limits of markets.
#[must_use]
pub fn default_limits() -> IVault::Limits {
    const HOUR: u32 = 3_600;
    IVault::Limits {
        surfaceInterval: HOUR / 2,
        solvencyBuffer: 100_000,
        maxDelta: 500_000,
        maxGamma: 20_000_000,
        maxVega: 300_000,
        roundDelta: 20_000,
        roundVega: 30_000,
        seriesDelta: 15_000,
        seriesVega: 20_000,
        spotJump: 200_000,
        surfaceJump: 200_000,
        minLiquidity: 0,
        blackout: 0,
        performanceFee: 0,
    }
}

/// Limits without caps, for tests that look at something else.
#[must_use]
pub fn wide_limits() -> IVault::Limits {
    IVault::Limits {
        maxDelta: u32::MAX,
        maxGamma: u32::MAX,
        maxVega: u32::MAX,
        roundDelta: u32::MAX,
        roundVega: u32::MAX,
        seriesDelta: u32::MAX,
        seriesVega: u32::MAX,
        ..default_limits()
    }
}
