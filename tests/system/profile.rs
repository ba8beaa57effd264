//! Profiles and limits: each field has its bounds, and the first that is out of them is named.

use demo::stage::{default_limits, default_profile};
use interfaces::vault::IVault::{self, Limits, Profile};

use crate::market::{wide_limits, Market, DAY};

/// Whole and more of what is counted in millionths.
const WHOLE: u32 = 1_000_000;

/// Profiles with one field out of its bounds, and its index.
fn profiles() -> Vec<(Profile, u8)> {
    let p = default_profile;
    let day = DAY as u32;
    vec![
        (Profile { lot: 0, ..p() }, 0),
        (Profile { lot: 1, ..p() }, 0),
        (Profile { lot: 2_000_000_000_000_000_000, ..p() }, 0),
        (Profile { lot: u64::MAX, ..p() }, 0),
        (Profile { maxSize: 0, ..p() }, 1),
        (Profile { maxSize: p().lot - 1, ..p() }, 1),
        (Profile { riskAversion: 0, ..p() }, 2),
        (Profile { riskAversion: u64::MAX, ..p() }, 2),
        (Profile { vol: 0, ..p() }, 3),
        (Profile { vol: 10 * WHOLE, ..p() }, 3),
        (Profile { deltaHorizon: 0, ..p() }, 4),
        (Profile { deltaHorizon: 30 * day + 1, ..p() }, 4),
        (Profile { gammaHorizon: 30 * day + 1, ..p() }, 5),
        (Profile { vegaHorizon: u32::MAX, ..p() }, 6),
        (Profile { volOfVol: WHOLE + 1, ..p() }, 7),
        (Profile { hedgeCost: WHOLE, ..p() }, 8),
        (Profile { deviation: 100_001, ..p() }, 9),
        (Profile { volStep: 200_001, ..p() }, 10),
        // A fee above its cap.
        (Profile { fee: 100_001, ..p() }, 11),
        (Profile { fee: u32::MAX, ..p() }, 11),
        (Profile { maxPriceAge: 0, ..p() }, 12),
        (Profile { maxPriceAge: 2 * day + 1, ..p() }, 12),
        (Profile { sequencerGrace: day + 1, ..p() }, 13),
        (Profile { surfaceHeartbeat: 0, ..p() }, 14),
        (Profile { surfaceHeartbeat: day + 1, ..p() }, 14),
        (Profile { maxSurfaceAge: p().surfaceHeartbeat, ..p() }, 15),
        (Profile { maxSurfaceAge: 7 * day + 1, ..p() }, 15),
        (Profile { hedgeReserve: WHOLE, ..p() }, 16),
        // Slippage of nothing, of all and of more.
        (Profile { maxSlippage: 0, ..p() }, 17),
        (Profile { maxSlippage: WHOLE, ..p() }, 17),
        (Profile { maxSlippage: WHOLE + 1, ..p() }, 17),
        (Profile { maxSlippage: u32::MAX, ..p() }, 17),
        // A band whose least is above its most, and none.
        (Profile { minBand: p().maxBand + 1, ..p() }, 19),
        (Profile { minBand: 0, maxBand: 0, ..p() }, 20),
        (Profile { redeemDelay: 30 * day + 1, ..p() }, 21),
        (Profile { carryHorizon: u32::MAX, ..p() }, 22),
    ]
}

/// The same of limits.
fn limits() -> Vec<(Limits, u8)> {
    let l = default_limits;
    let day = DAY as u32;
    vec![
        (Limits { surfaceInterval: day + 1, ..l() }, 23),
        (Limits { solvencyBuffer: WHOLE, ..l() }, 24),
        (Limits { solvencyBuffer: u32::MAX, ..l() }, 24),
        (Limits { spotJump: 0, ..l() }, 32),
        (Limits { surfaceJump: 0, ..l() }, 33),
        (Limits { minLiquidity: WHOLE + 1, ..l() }, 34),
        (Limits { blackout: day + 1, ..l() }, 35),
        // A fee above its cap.
        (Limits { performanceFee: 300_001, ..l() }, 36),
        (Limits { performanceFee: WHOLE, ..l() }, 36),
    ]
}

#[test]
fn a_profile_or_limit_out_of_its_bounds_is_refused_by_its_number() {
    let mut market = Market::bare(default_profile(), wide_limits());
    let owner = market.stage.actors.owner;
    let all = profiles().into_iter().map(|(profile, field)| (profile, default_limits(), field));
    let all = all.chain(limits().into_iter().map(|(limits, field)| (default_profile(), limits, field)));
    for (profile_, limits_, field) in all {
        let call = IVault::setProfileCall { profile_, limits_ };
        market.refuses(IVault::ProfileInvalid { field }, |market| market.stage.vault(owner, call));
    }
    // The first of two is named, and the ends of the bounds are inside.
    let (profile_, limits_) = (
        Profile { fee: WHOLE, vol: 0, ..default_profile() },
        Limits { blackout: u32::MAX, ..default_limits() },
    );
    let call = IVault::setProfileCall { profile_, limits_ };
    market.refuses(IVault::ProfileInvalid { field: 3 }, |market| market.stage.vault(owner, call));
    let ends =
        Profile { fee: 100_000, maxSlippage: 100_000, minBand: 50_000, maxBand: 50_000, ..default_profile() };
    let call = IVault::setProfileCall {
        profile_: ends,
        limits_: Limits { performanceFee: 300_000, ..default_limits() },
    };
    market.stage.vault(owner, call).expect("the ends of the bounds");
}
