//! Liabilities above assets: what is left is shared pro rata, and every exit stays open.

use demo::stage::default_profile;
use host::alloy_primitives::{Address, I256, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use crate::hedge::due;
use crate::market::{events, series, signed, usdc, wad, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{lps, process, redeem_all, request, shares_of};

/// What is left of spot after a gap of 60 % overnight.
pub(crate) const GAP: f64 = SPOT * 0.4;

/// A vault that wrote calls against twice as many puts, whose LPs have left as far as the worst loss let them, whose hedges then chased a price
/// that swung to and fro, and whose venue is gone.
fn strained() -> Market {
    strained_after(|_| ())
}

/// The same, with something done first.
pub(crate) fn strained_after(first: impl FnOnce(&mut Market)) -> Market {
    let profile = IVault::Profile { redeemDelay: 0, hedgeReserve: 0, ..default_profile() };
    let mut market = Market::limited(profile, wide_limits());
    first(&mut market);
    let legs: Vec<_> =
        [(market.call(1_800), 9.0), (market.put(2_800), 10.0), (market.put(2_700), 8.0)].into();
    let written = (0..40).take_while(|_| market.trade(&legs).is_ok()).count();
    assert!(written > 5, "{written} trades");
    chase(&mut market);
    let (lp, vault) = (market.lp, market.stage.vault);
    let loss = market.stage.look(ILens::worstCaseCall { vault }).expect("a loss").loss;
    let nav = market.nav();
    let most = nav.mid.into_raw() - loss * U256::from(10) / U256::from(9);
    let shares = shares_of(&mut market, lp) * most / nav.mid.into_raw();
    request(&mut market, lp, shares).expect("a request");
    process(&mut market).expect("processed");
    redeem_all(&mut market, lp);
    whipsaw(&mut market);
    let (guardian, venue) = (market.stage.actors.guardian, market.stage.venue);
    market.stage.vault(guardian, IVault::removeVenueCall { venue }).expect("a venue less");
    market
}

/// Hedges if a hedge is due.
fn chase(market: &mut Market) {
    let need = due(market);
    if need.needed {
        let venue = market.stage.venue;
        market.rebalance(venue, need.size).expect("a hedge");
    }
}

/// Buys hedges high and sells them low until the gap would take more than there is: only hedging loses what stress did not count.
fn whipsaw(market: &mut Market) {
    let (vault, gap) = (market.stage.vault, signed(GAP / SPOT - 1.0));
    for _ in 0..100 {
        let lost =
            market.stage.look(ILens::stressCall { vault, dSpot: gap, dVol: I256::ZERO }).expect("a loss");
        if market.nav().mid + lost < -I256::from_raw(usdc(50_000.0)) {
            return;
        }
        for price in [SPOT * 1.2, SPOT * 0.85, SPOT] {
            let now = market.now();
            market.move_to(now + 60, price);
            chase(market);
        }
    }
    panic!("solvent still: {}", market.nav().mid);
}

pub(crate) fn record(market: &mut Market) -> Result<IVault::recordShortfallReturn, demo::stage::Failure> {
    market.stage.vault(market.stage.actors.arbitrageur, IVault::recordShortfallCall {})
}

/// The market after the gap, at a price that has held for a round.
pub(crate) fn gapped() -> Market {
    let mut market = strained();
    market.stage.chain.world.warp(START + 8 * HOUR);
    for _ in 0..2 {
        market.stage.push_price(GAP).expect("a round");
    }
    market.publish();
    assert!(market.nav().mid.is_negative(), "{}", market.nav().mid);
    market
}

fn held(market: &mut Market, owner: Address, id: U256) -> U256 {
    market.stage.ask(IERC6909::balanceOfCall { owner, id }).expect("a balance")
}

fn underlying_of(market: &mut Market, account: Address) -> U256 {
    market.stage.chain.token_balance(market.stage.underlying, account).expect("a balance")
}

/// Claims series and returns the USDC and the underlying that came.
fn claim(market: &mut Market, from: Address, series: Vec<U256>) -> [U256; 2] {
    let before = [market.usdc_of(from), underlying_of(market, from)];
    let call = IVault::claimCall { series, receiver: from };
    let paid = market.stage.vault(from, call).expect("a claim");
    let after = [market.usdc_of(from), underlying_of(market, from)];
    assert_eq!(after[0] - before[0], paid);
    [paid, after[1] - before[1]]
}

#[test]
fn a_shortfall_is_recorded_when_there_is_one_at_a_price_that_holds() {
    let mut market = strained();
    let nav = market.nav().mid;
    assert!(nav > I256::ZERO);
    market.refuses(IVault::Solvent { nav }, record);
    market.stage.chain.world.warp(START + 8 * HOUR);
    market.stage.push_price(GAP).expect("a round");
    let jump = IVault::SpotJumped { from: wad(SPOT), to: wad(GAP), limit: U256::from(200_000) };
    market.refuses(jump, record);
    market.stage.push_price(GAP).expect("a round");
    market.publish();
    record(&mut market).expect("a record");
    market.refuses(IVault::Solvent { nav: I256::ZERO }, record);
}

#[test]
fn a_gap_of_sixty_per_cent_ends_in_the_haircut_and_no_new_risk() {
    let mut market = gapped();
    let (vault, expiry) = (market.stage.vault, market.expiries[1]);
    let (nav, lp) = (market.nav(), market.lp);
    let hedge = underlying_of(&mut market, vault);
    let anyone = market.stage.actors.arbitrageur;
    let (_, receipt) = market.receipt(anyone, IVault::recordShortfallCall {});
    let [event] = events::<IVault::ShortfallRecorded>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((event.claims, event.cash), ((-nav.book).into_raw(), nav.cash - nav.owed));
    assert_eq!((event.hedge, event.spot), (hedge, wad(GAP)));
    let after = market.nav();
    assert_eq!((after.mid, after.hedge, after.book), (I256::ZERO, U256::ZERO, I256::ZERO));
    assert_eq!(market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets"), U256::ZERO);

    market.refuses(IVault::EnforcedPause {}, |market| market.deposit(1.0));
    let id = series(expiry, 2_800, true);
    market.refuses(IVault::UnknownSeries { series: id }, |market| market.trade(&[(id, 1.0)]));
    let (owner, since) = (market.stage.actors.owner, U256::from(market.now()));
    market.refuses(IVault::InShortfall { since }, |market| market.stage.vault(owner, IVault::unpauseCall {}));
    let shares = shares_of(&mut market, lp);
    request(&mut market, lp, shares).expect("a request");
    market.refuses(IERC4626::SharesWorthless { low: I256::ZERO }, process);
    let supply = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
    assert_eq!(supply, shares, "nobody's shares are burned");
}

#[test]
fn shares_that_nothing_backs_are_not_sold() {
    let mut market = gapped();
    let receiver = market.lp;
    let none = |market: &mut Market| {
        let deposit = market.stage.ask(IERC4626::maxDepositCall { receiver }).expect("a limit");
        [deposit, market.stage.ask(IERC4626::maxMintCall { receiver }).expect("a limit")]
    };
    assert_eq!(none(&mut market), [U256::ZERO; 2]);
    let assets = usdc(1.0);
    let error = IERC4626::ERC4626ExceededMaxDeposit { receiver, assets, max: U256::ZERO };
    market.refuses(error, |market| market.deposit(1.0));
}

#[test]
fn claims_are_pro_rata_to_the_unit_early_or_late_and_in_any_order() {
    let mut market = gapped();
    let ids = [market.call(1_800), market.put(2_800), market.put(2_700)];
    let (trader, second) = (market.trader, market.lp);
    let odd = U256::from(31_234_567_890_123_456_789_u128);
    let transfer = IERC6909::transferCall { receiver: second, id: ids[1], amount: odd };
    market.stage.vault(trader, transfer).expect("a transfer");
    let vault = market.stage.vault;
    let each =
        ids.map(|id| market.stage.look(ILens::seriesGreeksCall { vault, series: id }).expect("greeks").value);
    let (total, nav) = ((-market.nav().book).into_raw(), market.nav());
    record(&mut market).expect("a record");
    let vault = market.stage.vault;
    let (cash, hedge) = (nav.cash - nav.owed, underlying_of(&mut market, vault));

    let claims: Vec<_> = [(trader, ids[0]), (second, ids[1]), (trader, ids[1]), (trader, ids[2])].into();
    let base = market.stage.chain.world.snapshot();
    let mut outcomes = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        market.stage.chain.world.restore(&base);
        let mut paid = vec![[U256::ZERO; 2]; 4];
        for index in order {
            let (from, id) = claims[index];
            paid[index] = claim(&mut market, from, vec![id]);
            let late = market.now() + 40 * DAY;
            market.stage.chain.world.warp(late);
        }
        let sum = paid.iter().fold([U256::ZERO; 2], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
        // The values of four claims, each rounded down, are a few micro-dollars short of the book's.
        let [left, kept] = [cash - sum[0], hedge - sum[1]];
        let few = U256::from(6);
        assert!(left <= few && kept <= few * (hedge / total + U256::ONE), "{left} {kept} of {cash} {hedge}");
        assert_eq!(claim(&mut market, trader, vec![ids[0]]), [U256::ZERO; 2], "a second claim");
        outcomes.push(paid);
    }
    market.stage.chain.world.restore(&base);
    let grain = hedge / total + U256::from(2);
    for (index, (from, id)) in claims.iter().enumerate() {
        let size = held(&mut market, *from, *id);
        let value = each[ids.iter().position(|one| one == id).expect("a series")].into_raw();
        // 18 decimals of a dollar times 18 of an option in a micro-dollar.
        let micro = value * size / U256::from(10).pow(U256::from(30));
        let fair = cash * micro / total;
        for paid in &outcomes {
            assert!(paid[index][0].abs_diff(fair) <= U256::from(2), "{} {fair}", paid[index][0]);
            assert!(paid[index][0].abs_diff(outcomes[0][index][0]) <= U256::ONE, "order matters");
            assert!(paid[index][1].abs_diff(outcomes[0][index][1]) <= grain, "order matters");
        }
    }
}

#[test]
fn what_was_owed_before_is_paid_in_full_and_first() {
    let mut early = None;
    let mut market = strained_after(|market| {
        let settled = series(market.expiries[0], 2_700, false);
        market.trade(&[(settled, 5.0)]).expect("a trade");
        let [lp] = lps(market, [300_000.0]);
        let shares = shares_of(market, lp);
        request(market, lp, shares).expect("a request");
        early = Some((lp, process(market).expect("processed").assets));
    });
    let (lp, due) = early.expect("a redemption");
    let near = market.expiries[0];
    let (trader, settled) = (market.trader, series(near, 2_700, false));
    market.move_to(near - 1, SPOT);
    let round = market.stage.last_round().expect("a round");
    market.move_to(near + 1, SPOT);
    market.stage.vault(trader, IVault::settleCall { expiry: near, roundId: round }).expect("a settlement");
    for _ in 0..2 {
        market.stage.push_price(GAP).expect("a round");
    }
    market.publish();
    record(&mut market).expect("a record");
    let late = market.now() + 100 * DAY;
    market.stage.chain.world.warp(late);
    let put = market.put(2_800);
    claim(&mut market, trader, vec![put]);
    assert_eq!(claim(&mut market, trader, vec![settled])[0], U256::from(500_000_000));
    assert_eq!(redeem_all(&mut market, lp), due);
}

#[test]
fn a_series_that_was_not_live_is_no_claim() {
    let mut market = gapped();
    record(&mut market).expect("a record");
    let unknown = series(market.expiries[1] + 7 * DAY, 2_800, true);
    market.refuses(IVault::NotSettled { series: unknown }, |market| {
        market
            .stage
            .vault(market.trader, IVault::claimCall { series: vec![unknown], receiver: market.trader })
    });
}
