//! The fields of a market's settings, in the order of their structs.

use crate::vault::IVault::{Limits, Profile};

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
