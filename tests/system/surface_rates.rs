//! The rate of a slice: how large it may be, and how far it may move a forward.

use host::alloy_primitives::U256;
use interfaces::surface::ISurface::{self, SurfaceSlice};

use crate::market::{expiry, signed, wad, Market, HOUR, START};
use crate::surface::{bare, refuses_slices, units};

/// The slices of the next update, with this rate in the far one.
fn far_rate(market: &mut Market, rate: f64) -> Vec<SurfaceSlice> {
    let mut slices = market.slices(0.8);
    slices[1].rate = signed(rate);
    slices
}

/// What is said of a rate of the far slice that is too far from the one before.
fn rate_above(market: &Market, before: f64, rate: f64) -> ISurface::StepAboveLimit {
    let expiry = market.expiries[1];
    let [before, rate] = [before, rate].map(|rate| (rate * 2_f64.powi(30)).round() as i32);
    let step = options::check_rate(before, rate, (expiry - market.now()) as u32, 0).expect_err("a move");
    let to = units(step.to, 47).into_raw();
    ISurface::StepAboveLimit { expiry, strike: U256::ZERO, from: U256::ZERO, to, limit: wad(0.005) }
}

#[test]
fn a_rate_moves_a_forward_no_further_than_a_step_and_a_burst_no_further_than_one() {
    let mut market = Market::open();
    // 30 days and 8 hours: a rate of 0.0602 is a forward half a per cent away.
    let error = rate_above(&market, 0.0, 0.0602);
    assert!(error.to > error.limit, "{error:?}");
    let slices = far_rate(&mut market, 0.0602);
    refuses_slices(&mut market, error, slices);
    let slices = far_rate(&mut market, 0.0601);
    market.stage.publish(slices).expect("a step within the cap");
    let told = market.surface(ISurface::slicesCall { expiries: vec![market.expiries[1]] });
    assert_eq!(U256::from_be_bytes(told[2].0), U256::from(4_995), "the move of the last update");

    let (error, slices) = (rate_above(&market, 0.0, 0.07), far_rate(&mut market, 0.07));
    refuses_slices(&mut market, error, slices);
    market.stage.chain.world.warp(START + HOUR);
    let (error, slices) = (rate_above(&market, 0.0601, 0.1204), far_rate(&mut market, 0.1204));
    refuses_slices(&mut market, error, slices);
    let slices = far_rate(&mut market, 0.12);
    market.stage.publish(slices).expect("another step, an hour later");
}

#[test]
fn each_of_nine_expiries_has_a_rate_of_its_own() {
    let mut market = bare();
    for days in [60, 67, 74, 81, 88, 95, 102] {
        market.list(expiry(days), 1_800.0, 100.0, 3).expect("a listed expiry");
    }
    let base = market.stage.chain.world.snapshot();
    for rated in [0, 8] {
        market.stage.chain.world.restore(&base);
        // Each of the three surfaces is the one that steps count against once.
        for hours in 0..5 {
            market.stage.chain.world.warp(START + hours * HOUR);
            let mut slices = market.slices(0.8);
            assert_eq!(slices.len(), 9);
            slices[rated].rate = signed(0.4);
            market.stage.publish(slices).expect("a rate that moves nothing");
        }
    }
}

#[test]
fn rates_of_a_half_are_marked() {
    let mut market = bare();
    let mut slices = market.slices(0.8);
    for (slice, rate) in slices.iter_mut().zip([-0.5, 0.5]) {
        slice.rate = signed(rate);
    }
    market.stage.publish(slices).expect("a first surface");
    market.trade(&[(market.call(2_800), 1.0)]).expect("a trade");
}
