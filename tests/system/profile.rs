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
        (Profile { lot: 1_000_000_001, ..p() }, 0),
        (Profile { lot: 1_000_000_001_000_000_000, maxSize: u64::MAX, ..p() }, 0),
        (Profile { lot: 2_000_000_000_000_000_000, ..p() }, 0),
        (Profile { lot: u64::MAX, ..p() }, 0),
        (Profile { maxSize: 0, ..p() }, 1),
        (Profile { maxSize: p().lot - 1, ..p() }, 1),
        (Profile { riskAversion: 0, ..p() }, 2),
        (Profile { riskAversion: 10_000_000_000_000_001, ..p() }, 2),
        (Profile { riskAversion: u64::MAX, ..p() }, 2),
        (Profile { vol: 0, ..p() }, 3),
        (Profile { vol: 5 * WHOLE + 1, ..p() }, 3),
        (Profile { vol: 10 * WHOLE, ..p() }, 3),
        (Profile { deltaHorizon: 0, ..p() }, 4),
        (Profile { deltaHorizon: 30 * day + 1, ..p() }, 4),
        (Profile { gammaHorizon: 30 * day + 1, ..p() }, 5),
        (Profile { vegaHorizon: 30 * day + 1, ..p() }, 6),
        (Profile { volOfVol: WHOLE + 1, ..p() }, 7),
        (Profile { hedgeCost: 100_001, ..p() }, 8),
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
        (Profile { hedgeReserve: 500_001, ..p() }, 16),
        // Slippage of nothing, of all and of more.
        (Profile { maxSlippage: 0, ..p() }, 17),
        (Profile { maxSlippage: 100_001, ..p() }, 17),
        (Profile { maxSlippage: WHOLE, ..p() }, 17),
        (Profile { maxSlippage: WHOLE + 1, ..p() }, 17),
        (Profile { maxSlippage: u32::MAX, ..p() }, 17),
        // A band whose least is above its most, and none.
        (Profile { minBand: p().maxBand + 1, ..p() }, 19),
        (Profile { minBand: 0, maxBand: 0, ..p() }, 20),
        (Profile { redeemDelay: 30 * day + 1, ..p() }, 21),
        (Profile { carryHorizon: 30 * day + 1, ..p() }, 22),
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
        (Limits { blackout: day / 4 + 1, ..l() }, 35),
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

/// Profiles and limits with one field at an end of its bounds.
fn ends() -> Vec<(Profile, Limits)> {
    let (p, l) = (default_profile, default_limits);
    let day = DAY as u32;
    let profiles = [
        Profile { lot: 1_000_000_000, ..p() },
        Profile { lot: 1_000_000_000_000_000_000, maxSize: 1_000_000_000_000_000_000, ..p() },
        Profile { maxSize: p().lot, ..p() },
        Profile { riskAversion: 1, ..p() },
        Profile { riskAversion: 10_000_000_000_000_000, ..p() },
        Profile { vol: 1, ..p() },
        Profile { vol: 5 * WHOLE, ..p() },
        Profile { deltaHorizon: 1, ..p() },
        Profile { deltaHorizon: 30 * day, ..p() },
        Profile { gammaHorizon: 30 * day, ..p() },
        Profile { vegaHorizon: 30 * day, ..p() },
        Profile { volOfVol: WHOLE, ..p() },
        Profile { hedgeCost: 100_000, ..p() },
        Profile { deviation: 100_000, ..p() },
        Profile { volStep: 200_000, ..p() },
        Profile { maxPriceAge: 1, ..p() },
        Profile { maxPriceAge: 2 * day, ..p() },
        Profile { sequencerGrace: day, ..p() },
        Profile { surfaceHeartbeat: 1, ..p() },
        Profile { surfaceHeartbeat: day, maxSurfaceAge: day + 1, ..p() },
        Profile { maxSurfaceAge: 7 * day, ..p() },
        Profile { hedgeReserve: 500_000, ..p() },
        Profile { maxSlippage: 1, ..p() },
        Profile { minBand: 0, maxBand: 1, ..p() },
        Profile { redeemDelay: 30 * day, ..p() },
        Profile { carryHorizon: 30 * day, ..p() },
    ];
    let limits = [
        Limits { surfaceInterval: day, ..l() },
        Limits { solvencyBuffer: WHOLE - 1, ..l() },
        Limits { spotJump: 1, ..l() },
        Limits { surfaceJump: 1, ..l() },
        Limits { minLiquidity: WHOLE, ..l() },
        Limits { blackout: day / 4, ..l() },
    ];
    let profiles = profiles.into_iter().map(|profile| (profile, l()));
    profiles.chain(limits.into_iter().map(|limits| (p(), limits))).collect()
}

#[test]
fn a_profile_or_limit_at_an_end_of_its_bounds_is_taken() {
    let mut market = Market::bare(default_profile(), wide_limits());
    let owner = market.stage.actors.owner;
    for (profile_, limits_) in ends() {
        let call = IVault::setProfileCall { profile_: profile_.clone(), limits_: limits_.clone() };
        market.stage.vault(owner, call).expect("an end of the bounds");
        assert_eq!(market.stage.ask(IVault::profileCall {}).expect("a profile"), profile_);
        assert_eq!(market.stage.ask(IVault::limitsCall {}).expect("limits"), limits_);
    }
}
