//! What the markets are opened with.

use alloy_primitives::B256;
use interfaces::vault::IVault;
use options::Slice;

/// A slice at about 80 % vol for an expiry, as the feed packs it.
pub(crate) fn slice(expiry: u64, now: u64, spot: f64) -> B256 {
    let variance = 0.64 * (expiry - now) as f64 / 31_536_000.0;
    let slice = Slice {
        a: (variance * 0.8 * 2_f64.powi(36)).round() as i64,
        b: (variance * 2_f64.powi(36)).round() as i64,
        rho: (-0.1 * 2_f64.powi(22)).round() as i32,
        m: 0,
        s: (0.2 * 2_f64.powi(36)).round() as i64,
        forward: (spot * 1e6).round() as u64,
        updated_at: now as u32,
    };
    slice.check().expect("a slice");
    B256::from(slice.pack())
}

/// The profile of the demo's markets.
pub(crate) fn profile() -> IVault::Profile {
    const HOURS: u32 = 3_600;
    IVault::Profile {
        lot: 10_000_000_000_000_000,
        maxSize: 18_000_000_000_000_000_000,
        riskAversion: 4_000_000_000_000,
        vol: 800_000,
        deltaHorizon: HOURS,
        gammaHorizon: 24 * HOURS,
        vegaHorizon: 24 * HOURS,
        volOfVol: 50_000,
        hedgeCost: 800,
        deviation: 5_000,
        volStep: 5_000,
        fee: 300,
        maxPriceAge: 2 * HOURS,
        sequencerGrace: HOURS,
        surfaceHeartbeat: HOURS,
        maxSurfaceAge: 6 * HOURS,
        hedgeReserve: 150_000,
        maxSlippage: 10_000,
        hedgeFixedCost: 500_000,
        minBand: 500,
        maxBand: 50_000,
        redeemDelay: 24 * HOURS,
        carryHorizon: 0,
    }
}

/// The limits of the demo's markets.
pub(crate) fn limits() -> IVault::Limits {
    const HOURS: u32 = 3_600;
    IVault::Limits {
        surfaceInterval: HOURS / 2,
        solvencyBuffer: 100_000,
        maxDelta: u32::MAX,
        maxGamma: u32::MAX,
        maxVega: u32::MAX,
        roundDelta: u32::MAX,
        roundVega: u32::MAX,
        seriesDelta: u32::MAX,
        seriesVega: u32::MAX,
        spotJump: 200_000,
        surfaceJump: 200_000,
        minLiquidity: 0,
        blackout: 0,
        performanceFee: 0,
    }
}
