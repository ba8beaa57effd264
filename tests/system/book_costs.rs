//! Gas of full books: trades, re-marks, worst cases, surfaces and settlement, by strikes.

use alloy_sol_types::SolCall;
use demo::stage::default_profile;
use host::alloy_primitives::{I256, U256};
use interfaces::lens::ILens;
use interfaces::surface::ISurface;
use interfaces::vault::IVault;

use crate::costs::{view, Figures};
use crate::market::{expiry, legs_of, series, Market, HOUR, SPOT, START};

pub(crate) fn figures(gas: &mut Figures) {
    full_books(gas);
    surfaces(gas);
}

/// A market with `count` strikes in each of `expiries` and no other, all of them traded: in each slot seven calls and a put.
fn full(expiries: &[u64], count: u8) -> Market {
    filled(Market::unlisted(default_profile()), expiries, count)
}

/// The same with a market of one's own.
pub(crate) fn filled(mut market: Market, expiries: &[u64], count: u8) -> Market {
    market.deposit(1_000_000.0).expect("a deposit");
    for one in expiries {
        market.list(*one, 1_800.0, 25.0, count).expect("a listing");
    }
    market.publish();
    for one in expiries {
        let ids: Vec<_> = (0..u64::from(count))
            .map(|index| (series(*one, 1_800 + 25 * index, index % 8 == 7), 0.01))
            .collect();
        for legs in ids.chunks(8) {
            market.trade(legs).expect("a trade");
        }
    }
    market
}

/// A market with 64 live strikes, 16 in each of four expiries.
pub(crate) fn book_of_64() -> Market {
    full(&[expiry(7), expiry(14), expiry(21), expiry(30)], 16)
}

/// Gas of the lens's `greeks`, every slot of the vault cold.
fn greeks(market: &mut Market) -> u64 {
    let (lens, vault) = (market.stage.lens, market.stage.vault);
    view(market, lens, ILens::greeksCall { vault })
}

/// The figures of a full book: a trade, the re-mark alone, which is the lens's `greeks` less `greeks` without a book, and its worst case.
fn full_books(gas: &mut Figures) {
    let mut market = book_of_64();
    let (trader, id) = (market.trader, series(expiry(14), 2_000, false));
    let trade = IVault::tradeCall {
        legs: legs_of(&[(id, 1.0)]),
        maxPremium: I256::MAX,
        receiver: trader,
        deadline: U256::MAX,
    };
    let (_, receipt) = market.receipt(trader, trade);
    gas.insert("trade_one_leg_64".into(), receipt.execution_gas.into());
    let ids = [(7, 2_000), (14, 2_025), (21, 1_900), (30, 2_150)];
    let legs: Vec<_> =
        ids.iter().map(|(days, strike)| (series(expiry(*days), *strike, false), 1.0)).collect();
    let trade = IVault::tradeCall {
        legs: legs_of(&legs),
        maxPremium: I256::MAX,
        receiver: trader,
        deadline: U256::MAX,
    };
    let (_, receipt) = market.receipt(trader, trade);
    gas.insert("trade_four_legs_64".into(), receipt.execution_gas.into());
    gas.insert("settle_64".into(), settle_64().into());
    for (name, bound) in
        [("trade_one_leg_64", 200_000), ("trade_four_legs_64", 260_000), ("settle_64", 120_000)]
    {
        let used = gas[name].as_u64().expect("whole gas");
        assert!(used <= bound, "{name}: {used} gas, over {bound}");
    }

    let without = greeks(&mut Market::unlisted(default_profile()));
    for (weeks, bound) in [(1, 34_000), (4, 107_000), (12, 304_000)] {
        let expiries: Vec<_> = (1..=weeks).map(|week| expiry(7 * week)).collect();
        let (mut market, strikes) = (full(&expiries, 64), 64 * weeks);
        let with = greeks(&mut market);
        let remark = with - without;
        assert!(remark <= bound, "a re-mark of {strikes} strikes: {remark} gas, over {bound}");
        gas.insert(format!("remark_{strikes}"), remark.into());
        let (lens, vault) = (market.stage.lens, market.stage.vault);
        gas.insert(format!("lens_greeks_{strikes}"), with.into());
        let worst = view(&mut market, lens, ILens::worstCaseCall { vault });
        gas.insert(format!("lens_worstCase_{strikes}"), worst.into());
    }
}

/// What a surface costs that follows another, with 64 strikes in each expiry and two signatures, and what the vault's call of it costs.
fn surfaces(gas: &mut Figures) {
    for count in [1, 4, 12] {
        let mut market = Market::unlisted(default_profile());
        let expiries: Vec<_> = (1..=count).map(|week| expiry(7 * week)).collect();
        for one in &expiries {
            market.list(*one, 1_800.0, 25.0, 64).expect("a listing");
        }
        // Three before it: all rows of the feed have been written.
        for hour in 0..3 {
            market.move_to(START + hour * HOUR, SPOT);
        }
        market.stage.chain.world.warp(START + 3 * HOUR);
        let slices = market.slices(0.803);
        let receipt = market.stage.publish(slices).expect("a surface");
        gas.insert(format!("publish_{count}x64"), receipt.execution_gas.into());
        let (from, surface) = (market.trader, market.stage.surface);
        let data = ISurface::slicesCall { expiries }.abi_encode();
        let view = market.stage.chain.world.view(from, surface, data).expect("slices");
        gas.insert(format!("slices_{count}"), view.execution_gas.into());
    }
}

/// Gas of settling an expiry of 64 strikes, each of them traded.
fn settle_64() -> u64 {
    let week = expiry(7);
    let mut market = full(&[week], 64);
    market.expiries = [week, week];
    let (trader, round) = (market.trader, market.stage.last_round().expect("a round"));
    market.stage.chain.world.warp(week + HOUR);
    market.stage.push_price(SPOT).expect("a round");
    market.receipt(trader, IVault::settleCall { expiry: week, roundId: round }).1.execution_gas
}
