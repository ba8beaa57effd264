//! The lens against the vault's own word and against computations of another kind.

use alloy_sol_types::{SolCall, SolError as _, SolInterface as _};
use demo::stage::Failure;
use host::alloy_primitives::{Address, FixedBytes, I256, U256};
use interfaces::lens::ILens::{self, ILensErrors};
use interfaces::vault::IVault;

use crate::desk::need;
use crate::hedge::{due, skewed};
use crate::market::{expiry, series, signed, wad, Market, HOUR, SPOT, START};

/// A book of calls and puts in both expiries, hedged.
fn traded() -> Market {
    let mut market = skewed();
    let near = market.expiries[0];
    market.trade(&[(series(near, 2_600, true), 4.0), (series(near, 3_000, false), 6.5)]).expect("a strangle");
    market.trade(&[(market.put(2_400), 3.0), (market.call(3_600), 2.0)]).expect("wings");
    let (venue, size) = (market.stage.venue, due(&mut market).size);
    market.rebalance(venue, size).expect("a hedge");
    market
}

fn look<C: SolCall>(market: &mut Market, call: C) -> C::Return {
    market.stage.look(call).expect(C::SIGNATURE)
}

fn refusal<C: SolCall>(market: &mut Market, call: C) -> ILensErrors {
    let failure: Failure = market.stage.look(call).err().expect("a refusal");
    ILensErrors::abi_decode(&failure.data()).expect("an error of the lens")
}

/// All series of an expiry with what the lens says of them.
fn options(market: &mut Market, expiry: u64, size: f64) -> Vec<(U256, ILens::OptionQuote)> {
    let vault = market.stage.vault;
    let chain = look(market, ILens::chainCall { vault, expiry, size: wad(size) });
    let id = |strike: U256, put| {
        let micro = u128::try_from(strike).expect("a strike") / 1_000_000_000_000;
        U256::from(u128::from(expiry) << 56 | micro << 8 | u128::from(put))
    };
    chain
        .into_iter()
        .flat_map(|one| [(id(one.strike, false), one.call), (id(one.strike, true), one.put)])
        .collect()
}

#[test]
fn a_chain_is_the_vaults_own_quotes_to_the_unit() {
    let mut market = traded();
    for (expiry, size) in [(market.expiries[0], 1.0), (market.expiries[1], 0.01), (market.expiries[1], 18.0)]
    {
        let options = options(&mut market, expiry, size);
        assert_eq!(options.len(), 42);
        for (id, told) in options {
            for (size, premium, refusal) in
                [(size, told.ask, told.askRefusal), (-size, -told.bid, told.bidRefusal)]
            {
                match market.quote(&[(id, size)]) {
                    Ok(quote) => assert_eq!((premium, refusal), (quote.premium, FixedBytes::ZERO)),
                    Err(failure) => assert_eq!(refusal[..], failure.data()[..4], "{failure}"),
                }
            }
        }
    }
}

#[test]
fn a_chain_says_which_sides_are_refused() {
    let mut market = Market::open();
    let (vault, month) = (market.stage.vault, market.expiries[1]);
    let flags = |options: &[(U256, ILens::OptionQuote)]| {
        options.iter().map(|(_, one)| [one.bidRefusal, one.askRefusal]).collect::<Vec<_>>()
    };
    let odd = options(&mut market, month, 0.015);
    assert_eq!(flags(&odd), [[FixedBytes(IVault::SizeNotWholeLots::SELECTOR); 2]; 42]);
    assert!(odd.iter().all(|(_, one)| one.ask.is_zero() && one.bid.is_zero()));
    // Sold puts ask for a short hedge, which spot cannot be: refused, and priced all the same.
    for (id, one) in options(&mut market, month, 1.0) {
        let short = FixedBytes(IVault::HedgeCapacityExceeded::SELECTOR);
        let refused = if id.bit(0) { one.askRefusal } else { one.bidRefusal };
        assert_eq!(refused, short, "{id}");
        let free = if id.bit(0) { one.bidRefusal } else { one.askRefusal };
        assert_eq!(free, FixedBytes::ZERO, "{id}");
        assert!(one.ask > one.value && one.bid < one.value, "{one:?}");
    }
    market.stage.chain.world.warp(START + 7 * HOUR);
    market.stage.push_price(SPOT).expect("a round");
    let stale = options(&mut market, month, 1.0);
    assert_eq!(flags(&stale), [[FixedBytes(IVault::SurfaceStale::SELECTOR); 2]; 42]);
    let error = ILens::ExpiryNotListed { expiry: month + 1 };
    let call = ILens::chainCall { vault, expiry: month + 1, size: wad(1.0) };
    assert_eq!(refusal(&mut market, call), ILensErrors::ExpiryNotListed(error));
}

fn fields(greeks: &ILens::Greeks) -> [I256; 7] {
    [greeks.value, greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.vanna, greeks.volga]
}

#[test]
fn greeks_are_the_sums_of_their_parts() {
    let mut market = traded();
    let vault = market.stage.vault;
    let whole = fields(&market.greeks());
    let by_expiry = look(&mut market, ILens::greeksByExpiryCall { vault });
    assert_eq!(by_expiry.iter().map(|one| one.expiry).collect::<Vec<_>>(), market.expiries);
    let mut parts = [I256::ZERO; 7];
    for one in &by_expiry {
        parts = std::array::from_fn(|index| parts[index] + fields(&one.greeks)[index]);
    }
    for (part, whole) in parts.iter().zip(&whole) {
        assert!((*whole - *part).abs() <= I256::ONE, "{parts:?} {whole:?}");
    }

    // Net sizes times calls, and puts by what the traders hold: positions in 18 decimals, greeks in 18 decimals.
    let mut sums = [0.0; 7];
    for book in market.book() {
        for (strike, size) in (0_u64..).map(|index| 1_800 + 100 * index).zip(&book.netSizes) {
            let call = ILens::seriesGreeksCall { vault, series: series(book.expiry, strike, false) };
            let one = fields(&look(&mut market, call));
            sums = std::array::from_fn(|index| sums[index] + float(*size) * float(one[index]));
        }
        // A put is a call less the forward: value S - K D with a rate of zero, delta 1.
        let strikes = 1_800.0 * float(book.putSize) + 100.0 * float(book.putIndexSum);
        sums[0] += strikes - SPOT * float(book.putSize);
        sums[1] -= float(book.putSize);
    }
    for (sum, whole) in sums.iter().zip(&whole) {
        assert!((sum - float(*whole)).abs() <= 1e-9 * (1.0 + sum.abs()), "{sums:?} {whole:?}");
    }
}

fn float(number: I256) -> f64 {
    number.to_string().parse::<f64>().expect("a number") / 1e18
}

#[test]
fn nav_is_broken_down_to_the_unit() {
    let mut market = traded();
    let (vault, nav) = (market.stage.vault, market.nav());
    let told = look(&mut market, ILens::navBreakdownCall { vault });
    assert_eq!((told.cash, told.owed, told.hedge, told.book), (nav.cash, nav.owed, nav.hedge, nav.book));
    assert_eq!((told.riskReserve, told.mid, told.low), (nav.riskReserve, nav.mid, nav.low));
    assert_eq!(told.free, I256::from_raw(nav.cash - nav.owed));
    assert_eq!(told.unvested, nav.unvested);
    let parts = told.riskDelta + told.riskGamma + told.riskVega;
    assert!(nav.riskReserve - parts <= U256::from(2), "{told:?}");
    assert!(told.riskGamma > U256::ZERO && told.riskVega > U256::ZERO, "{told:?}");
}

#[test]
fn stress_and_worst_case_agree_and_follow_the_market() {
    let mut market = traded();
    let vault = market.stage.vault;
    let worst = look(&mut market, ILens::worstCaseCall { vault });
    let moves = [-0.8, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 2.0];
    for (by, pnl) in moves.into_iter().zip(worst.grid[1]) {
        let told = look(&mut market, ILens::stressCall { vault, dSpot: signed(by), dVol: I256::ZERO });
        assert!((told - pnl).abs() <= I256::ONE, "{by}: {told} {pnl}");
    }
    let lowest = worst.grid.iter().flatten().min().expect("a scenario");
    assert_eq!(worst.loss, worst.settlement.max((-*lowest).into_raw()));
    // The vault is short of options: beyond the last strike it owes its net calls less its hedge.
    assert!(worst.slope.is_negative(), "{worst:?}");

    // What the scenario says is what the next mark says once it has happened, up to the scenario kernel's 3e-9 of spot an option.
    let before = market.nav().mid;
    let predicted = look(&mut market, ILens::stressCall { vault, dSpot: signed(-0.1), dVol: I256::ZERO });
    market.stage.push_price(SPOT * 0.9).expect("a round");
    let happened = market.nav().mid - before;
    assert!(
        (happened - predicted).abs() <= I256::try_from(2_000).expect("a number"),
        "{happened} {predicted}"
    );
}

#[test]
fn the_next_hedge_is_due_where_the_lens_says() {
    let mut market = Market::open();
    let vault = market.stage.vault;
    market.trade(&[(market.call(3_800), 1.0)]).expect("a purchase");
    let (told, need) = (look(&mut market, ILens::nextHedgeCall { vault }), need(&mut market));
    assert_eq!((told.position, told.target), (need.position, need.target));
    assert_eq!(
        (told.reachable, told.inner, told.outer),
        (need.position + need.deviation, need.inner, need.outer)
    );
    assert_eq!((told.size, told.needed, told.below), (need.due, false, U256::ZERO));
    let above = f64::from(told.above) / 1e18;
    assert!(above > SPOT && above < SPOT * 1.5, "{above}");
    // None is due at the edge, and one is a 4,096th of spot beyond it.
    let step = SPOT / 4_096.0;
    for (price, needed) in [(above, false), (above + step + 1e-6, true)] {
        market.stage.push_price(price).expect("a round");
        assert_eq!(due(&mut market).needed, needed, "{price}");
    }
    let told = look(&mut market, ILens::nextHedgeCall { vault });
    let spot = market.stage.ask(IVault::spotCall {}).expect("a price").price;
    assert_eq!((told.needed, told.below, told.above), (true, spot, spot));
}

#[test]
fn a_stress_outside_the_kernels_range_is_refused() {
    let mut market = Market::open();
    let vault = market.stage.vault;
    for (spot, vol) in [(-0.951, 0.0), (3.01, 0.0), (0.0, -0.751), (0.0, 3.01)] {
        let (d_spot, d_vol) = (signed(spot), signed(vol));
        let error = ILens::StressOutOfRange { dSpot: d_spot, dVol: d_vol };
        let call = ILens::stressCall { vault, dSpot: d_spot, dVol: d_vol };
        assert_eq!(refusal(&mut market, call), ILensErrors::StressOutOfRange(error));
    }
    for (spot, vol) in [(-0.95, -0.75), (3.0, 3.0)] {
        look(&mut market, ILens::stressCall { vault, dSpot: signed(spot), dVol: signed(vol) });
    }
}

#[test]
fn collateral_is_worth_what_the_vault_pays() {
    let mut market = traded();
    let (vault, id) = (market.stage.vault, market.call(2_800));
    let value = |market: &mut Market, series, amount| {
        look(market, ILens::collateralValueCall { vault, series, amount })
    };
    let bid = market.quote(&[(id, -2.0)]).expect("a bid").premium;
    assert_eq!(value(&mut market, id, wad(2.0)), (-bid).into_raw());
    // Whole lots count; the rest does not.
    assert_eq!(value(&mut market, id, wad(2.0) + wad(0.009)), (-bid).into_raw());
    for nothing in [U256::ZERO, wad(0.009), wad(18.01), U256::MAX] {
        assert_eq!(value(&mut market, id, nothing), U256::ZERO);
    }
    let unlisted = market.call(2_850);
    assert_eq!(value(&mut market, unlisted, wad(1.0)), U256::ZERO);
    market.stage.chain.world.warp(START + 7 * HOUR);
    assert_eq!(value(&mut market, id, wad(1.0)), U256::ZERO);
}

#[test]
fn what_is_no_vault_has_failed() {
    let mut market = Market::open();
    let nobody = market.stage.chain.world.account("nobody");
    for vault in [Address::ZERO, nobody, market.stage.usdc, market.stage.venue, market.stage.feed] {
        let failed = ILensErrors::VaultFailed(ILens::VaultFailed { vault });
        let id = market.call(2_800);
        assert_eq!(refusal(&mut market, ILens::bookCall { vault }), failed);
        assert_eq!(refusal(&mut market, ILens::greeksCall { vault }), failed);
        assert_eq!(refusal(&mut market, ILens::worstCaseCall { vault }), failed);
        let call = ILens::collateralValueCall { vault, series: id, amount: wad(1.0) };
        assert_eq!(refusal(&mut market, call), failed);
    }
}

#[test]
fn what_the_vault_refuses_is_passed_on() {
    let mut market = Market::open();
    let vault = market.stage.vault;
    let unknown = series(expiry(8), 2_800, false);
    let call = ILens::seriesGreeksCall { vault, series: unknown };
    let error = ILens::UnknownSeries { series: unknown };
    assert_eq!(refusal(&mut market, call), ILensErrors::UnknownSeries(error));
    market.stage.chain.world.warp(START + 3 * HOUR);
    let reason = FixedBytes(IVault::PriceStale::SELECTOR);
    let stale = ILensErrors::VaultRefused(ILens::VaultRefused { vault, reason });
    assert_eq!(refusal(&mut market, ILens::greeksCall { vault }), stale);
    assert_eq!(refusal(&mut market, ILens::worstCaseCall { vault }), stale);
    assert_eq!(market.book().len(), 2);
}

#[test]
fn a_series_has_the_id_that_the_vault_trades() {
    let mut market = Market::open();
    for put in [false, true] {
        let call = ILens::seriesIdCall { expiry: market.expiries[1], strike: wad(2_800.0), isPut: put };
        assert_eq!(look(&mut market, call), series(market.expiries[1], 2_800, put));
    }
    for (expiry, strike) in [(1 << 32, wad(1.0)), (1, U256::from(1)), (1, U256::MAX)] {
        let call = ILens::seriesIdCall { expiry, strike, isPut: false };
        let error = ILensErrors::ArithmeticOverflow(ILens::ArithmeticOverflow {});
        assert_eq!(refusal(&mut market, call), error);
    }
}
