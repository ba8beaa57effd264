//! Pools that fail, cheat, call back, are drained or pumped: nobody gains by it, and nobody's exit is shut.

use alloy_sol_types::{SolCall as _, SolInterface as _, SolValue as _};
use demo::stage::default_profile;
use host::alloy_primitives::{Address, Bytes, U256};
use host::{CallError, Tx};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use serde_json::Value;

use crate::market::{events, signed, usdc, wide_limits, Market, DAY, SPOT};
use crate::pool::{
    calls, divest, hedge, invest, investable, invested, invested_with, lending, name, settle, IPool,
};
use crate::redeem::{process, redeem_all, request, shares_of};

/// Modes of the hostile pool.
pub(crate) const FAIL: u8 = 1;
const GARBAGE: u8 = 2;
const MEGABYTE: u8 = 3;
pub(crate) const BURN_GAS: u8 = 4;
const REENTER: u8 = 5;
const GIVE_HALF: u8 = 6;
const GIVE_NOTHING: u8 = 7;
const REFUSE: u8 = 8;
const SELL_HALF: u8 = 9;
const TAKE_HALF: u8 = 10;

/// A market whose redemptions wait for nothing.
pub(crate) fn hasty() -> Market {
    Market::limited(IVault::Profile { redeemDelay: 0, ..default_profile() }, wide_limits())
}

pub(crate) fn hostile(market: &mut Market) -> Address {
    let (owner, usdc) = (market.stage.actors.owner, market.stage.usdc);
    market.stage.chain.create(owner, "HostilePool", &usdc.abi_encode()).expect("a pool")
}

pub(crate) fn set_mode(market: &mut Market, pool: Address, mode: u8) {
    market.stage.chain.send(market.trader, pool, IPool::setModeCall { mode }).expect("a mode");
}

/// A market with nearly all its cash in a hostile pool, and a hedge to sell.
pub(crate) fn entrusted() -> (Market, Address) {
    let mut market = hasty();
    let pool = hostile(&mut market);
    invested(&mut market, pool);
    hedge(&mut market);
    (market, pool)
}

#[test]
fn a_pool_that_was_removed_is_not_named_again_before_it_is_empty() {
    let (mut market, pool) = entrusted();
    let (owner, guardian) = (market.stage.actors.owner, market.stage.actors.guardian);
    set_mode(&mut market, pool, FAIL);
    market.stage.vault(owner, IVault::setPoolCall { pool }).expect("while it is in use");
    market.stage.vault(guardian, IVault::removePoolCall {}).expect("removed");
    let (nav, shares) = (market.nav().mid, market.stage.ask(IVault::poolCall {}).expect("a pool").shares);
    market.refuses(IVault::PoolInUse { pool, shares }, |market| {
        market.stage.vault(owner, IVault::setPoolCall { pool })
    });
    assert_eq!(market.nav().mid, nav, "it counts for nothing");
    // Empty, it may be.
    set_mode(&mut market, pool, 0);
    market.stage.vault(guardian, IVault::divestCall { assets: U256::MAX }).expect("all of it");
    market.stage.vault(owner, IVault::setPoolCall { pool }).expect("named anew");
}

#[test]
fn a_sale_is_not_paid_out_of_what_is_owed_when_the_pool_refuses() {
    let (mut market, pool) = entrusted();
    let lp = market.lp;
    let shares = shares_of(&mut market, lp) / U256::from(20);
    request(&mut market, lp, shares).expect("a request");
    process(&mut market).expect("processed");
    let nav = market.nav();
    assert!(nav.owed >= nav.cash - usdc(1.0), "{nav:?}");
    set_mode(&mut market, pool, REFUSE);
    let sale = [(calls(&market)[0], -10.0)];
    let failure = market.trade(&sale).expect_err("nothing is free");
    assert_eq!(failure.name(), "InsufficientCash");
    set_mode(&mut market, pool, 0);
    market.trade(&sale).expect("a sale");
    assert!(market.nav().cash >= market.nav().owed);
}

/// An account with USDC that vault and pool may take.
pub(crate) fn somebody(market: &mut Market, pool: Address, usd: f64) -> Address {
    let account = market.stage.funded("somebody", usd).expect("an account");
    let approve = IToken::approveCall { spender: pool, value: U256::MAX };
    market.stage.chain.send(account, market.stage.usdc, approve).expect("an approval");
    account
}

fn deposit(market: &mut Market, from: Address, assets: U256) -> U256 {
    market.stage.vault(from, IERC4626::depositCall { assets, receiver: from }).expect("a deposit")
}

/// Asks for all shares and is processed as far as that goes.
fn leave(market: &mut Market, who: Address) {
    let shares = shares_of(market, who);
    request(market, who, shares).expect("a request");
    process(market).expect("processed");
    redeem_all(market, who);
}

pub(crate) fn borrow(market: &mut Market, pool: Address, who: Address, amount: U256) {
    market.stage.chain.send(who, pool, IPool::borrowCall { amount }).expect("a loan");
}

fn repay(market: &mut Market, pool: Address, who: Address, amount: U256) {
    market.stage.chain.send(who, pool, IPool::repayCall { amount }).expect("repaid");
}

#[test]
fn a_pool_that_fails_takes_no_deposit_and_shuts_no_exit() {
    for mode in [FAIL, GARBAGE, MEGABYTE, BURN_GAS] {
        let (mut market, pool) = entrusted();
        let (lp, trader, before) = (market.lp, market.trader, market.nav());
        set_mode(&mut market, pool, mode);
        let failed = market.nav();
        assert_eq!((failed.pool, failed.poolLiquid, failed.mid), (before.pool, U256::ZERO, before.mid));
        assert_eq!(failed.low, before.low - signed(0.0).wrapping_add(before.pool.try_into().expect("small")));
        let error = || IVault::PoolFailed { pool };
        market.refuses(error(), |market| market.deposit(1_000.0));
        market.refuses(error(), |market| {
            market.stage.vault(lp, IERC4626::mintCall { shares: U256::from(1_000_000), receiver: lp })
        });
        market.refuses(error(), |market| invest(market, U256::ONE));
        let guardian = market.stage.actors.guardian;
        market.refuses(error(), |market| divest(market, guardian, U256::MAX));
        let max = IERC4626::maxDepositCall { receiver: lp };
        assert_eq!(market.stage.ask(max).expect("a view"), U256::ZERO);
        let total = market.stage.ask(IERC4626::totalAssetsCall {}).expect("a view");
        assert!(total > U256::ZERO);
        let bought = market.trade(&[(market.call(2_800), -0.01)]);
        assert!(bought.is_err(), "nothing of it to sell");

        let shares = shares_of(&mut market, lp) / U256::from(100);
        request(&mut market, lp, shares).expect("a request");
        let outcome = process(&mut market);
        if let Ok(filled) = outcome {
            let supply = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
            let most = failed.low.max(signed(0.0)).into_raw() * shares / supply + U256::from(2);
            assert!(filled.assets <= most && filled.shares < shares, "{} {most}", filled.assets);
        }

        settle(&mut market, SPOT);
        let nav = market.nav();
        let claim = IVault::claimCall { series: calls(&market), receiver: trader };
        let (payoff, receipt) = market.receipt(trader, claim);
        let vault = market.stage.vault;
        assert!(payoff > nav.cash, "{payoff} {}", nav.cash);
        assert_eq!(events::<IVault::Hedged>(&receipt.logs, vault).len(), 1, "a hedge was sold for it");
        assert!(receipt.execution_gas < 8_000_000, "{} gas", receipt.execution_gas);

        market.stage.vault(guardian, IVault::removePoolCall {}).expect("removed");
        let removed = market.nav();
        assert_eq!((removed.pool, removed.poolLiquid), (U256::ZERO, U256::ZERO));
        market.refuses(error(), |market| market.deposit(1_000.0));
        set_mode(&mut market, pool, 0);
        let back = divest(&mut market, trader, U256::MAX).expect("by anyone");
        assert_eq!(back, before.pool);
        market.deposit(1_000.0).expect("a deposit");
    }
}

#[test]
fn a_pool_that_pays_less_or_nothing_leaves_the_claim_to_the_hedges() {
    for mode in [GIVE_HALF, GIVE_NOTHING, REFUSE] {
        let (mut market, pool) = entrusted();
        let (trader, vault) = (market.trader, market.stage.vault);
        settle(&mut market, SPOT);
        set_mode(&mut market, pool, mode);
        let (nav, had) = (market.nav(), market.usdc_of(trader));
        let (payoff, receipt) =
            market.receipt(trader, IVault::claimCall { series: calls(&market), receiver: trader });
        assert_eq!(market.usdc_of(trader) - had, payoff);
        let [sold] = events::<IVault::Hedged>(&receipt.logs, vault).try_into().expect("one sale");
        assert!(sold.size.is_negative());
        let after = market.nav();
        assert_eq!(market.usdc_of(vault), after.cash, "the ledger is what is there");
        let missing = payoff - nav.cash;
        let given = if mode == GIVE_HALF { missing / U256::from(2) } else { U256::ZERO };
        let told = events::<IVault::Invested>(&receipt.logs, vault);
        assert_eq!(told.iter().map(|one| one.assets).sum::<U256>(), given);
        assert_eq!(told.len(), usize::from(mode != REFUSE));
        let gone = nav.pool - after.pool;
        assert!(gone >= given && gone - given <= U256::ONE, "{gone} {given}");
    }
}

#[test]
fn what_a_cheating_pool_takes_or_gives_is_measured() {
    let mut market = hasty();
    let (pool, guardian) = (hostile(&mut market), market.stage.actors.guardian);
    name(&mut market, pool);
    let (token, expected) = (market.stage.usdc, usdc(1_000.0));
    let other = somebody(&mut market, pool, 1_000.0);
    let call = IERC4626::depositCall { assets: expected, receiver: other };
    market.stage.chain.send(other, pool, call).expect("somebody else's money");
    set_mode(&mut market, pool, SELL_HALF);
    let error = IVault::TokenShort { token: pool, expected, received: usdc(666.666_666) };
    market.refuses(error, |market| invest(market, expected));
    set_mode(&mut market, pool, TAKE_HALF);
    let error = IVault::TokenShort { token, expected, received: usdc(500.0) };
    market.refuses(error, |market| invest(market, expected));
    set_mode(&mut market, pool, FAIL);
    market.refuses(IVault::PoolFailed { pool }, |market| invest(market, expected));
    set_mode(&mut market, pool, 0);
    invest(&mut market, expected).expect("an honest moment");
    set_mode(&mut market, pool, GIVE_HALF);
    let error = IVault::TokenShort { token: pool, expected: usdc(100.0), received: usdc(50.0) };
    market.refuses(error, |market| divest(market, guardian, usdc(100.0)));
}

#[test]
fn whoever_brings_too_little_gas_cannot_make_the_pool_fail() {
    let (mut market, pool) = entrusted();
    set_mode(&mut market, pool, FAIL);
    let data: Bytes = IVault::navCall {}.abi_encode().into();
    let (from, to) = (market.trader, Some(market.stage.vault));
    let tx = Tx { from, to, value: U256::ZERO, data, gas_limit: 1_500_000 };
    let error = market.stage.chain.world.call_with(tx).expect_err("too little gas to tell");
    let CallError::Revert { data, .. } = error else { panic!("{error}") };
    let Ok(IVault::IVaultErrors::PoolGasTooLow(told)) = IVault::IVaultErrors::abi_decode(&data) else {
        panic!("{data}")
    };
    assert_eq!(told.needed, U256::from(2_031_808), "2,000,000 and its 63rd");
    assert!(told.gas < U256::from(1_500_000) && told.gas > U256::from(1_300_000), "{}", told.gas);
}

/// Calldata of every method of the vault that changes state, with arguments that are all zero.
fn state_changing() -> Vec<Bytes> {
    let path = format!("{}/abi/IEquipoise.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the ABI");
    let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let changing =
        entries.iter().filter(|one| one["type"] == "function" && one["stateMutability"] == "nonpayable");
    let named: std::collections::BTreeSet<&str> = changing.filter_map(|one| one["name"].as_str()).collect();
    let selectors = IVault::IVaultCalls::selectors()
        .chain(IERC4626::IERC4626Calls::selectors())
        .chain(IERC20::IERC20Calls::selectors())
        .chain(interfaces::erc6909::IERC6909::IERC6909Calls::selectors());
    assert!(named.contains("invest") && named.contains("processEpoch"), "{named:?}");
    selectors.map(|selector| selector.into_iter().chain([0; 32 * 40]).collect::<Vec<u8>>().into()).collect()
}

#[test]
fn a_pool_that_calls_back_finds_every_door_shut() {
    let (mut market, pool) = entrusted();
    let (vault, guardian) = (market.stage.vault, market.stage.actors.guardian);
    set_mode(&mut market, pool, REENTER);
    let attacks = state_changing();
    assert!(attacks.len() > 60, "{}", attacks.len());
    let base = market.stage.chain.world.snapshot();
    for attack in attacks {
        market.stage.chain.world.restore(&base);
        let arm = IPool::armCall { target: vault, attack: attack.clone() };
        market.stage.chain.send(market.trader, pool, arm).expect("a trap");
        assert_eq!(divest(&mut market, guardian, usdc(1_000.0)).expect("the call itself"), usdc(1_000.0));
        assert!(market.stage.chain.view(pool, IPool::triedCall {}).expect("a flag"));
        let succeeded = market.stage.chain.view(pool, IPool::succeededCall {}).expect("a flag");
        assert!(!succeeded, "{}", Bytes::copy_from_slice(&attack[..4]));
    }
}

#[test]
fn nobody_gains_by_draining_the_pool_and_repaying_it() {
    for depositor in [true, false] {
        let mut market = hasty();
        let pool = lending(&mut market, 0);
        invested_with(&mut market, pool, 2.0);
        let rich = somebody(&mut market, pool, 400_000.0);
        let start = market.usdc_of(rich);
        if !depositor {
            deposit(&mut market, rich, start);
        }
        let (before, loan) = (market.nav(), market.usdc_of(pool));
        borrow(&mut market, pool, rich, loan);
        let drained = market.nav();
        assert_eq!((drained.pool, drained.poolLiquid, drained.mid), (before.pool, U256::ZERO, before.mid));
        assert_eq!(before.low - drained.low, before.pool.try_into().expect("small"));
        if depositor {
            deposit(&mut market, rich, start);
        } else {
            leave(&mut market, rich);
        }
        repay(&mut market, pool, rich, loan);
        if depositor {
            leave(&mut market, rich);
        } else {
            process(&mut market).expect("the rest");
            redeem_all(&mut market, rich);
        }
        assert_eq!(shares_of(&mut market, rich), U256::ZERO);
        let end = market.usdc_of(rich);
        assert!(end <= start && end > start * U256::from(98) / U256::from(100), "{start} became {end}");
    }
}

#[test]
fn an_lp_that_drains_the_pool_while_another_is_processed_takes_nothing() {
    let mut market = hasty();
    let pool = lending(&mut market, 0);
    invested_with(&mut market, pool, 2.0);
    let rich = somebody(&mut market, pool, 400_000.0);
    deposit(&mut market, rich, usdc(400_000.0));
    let victim = market.lp;
    let shares = shares_of(&mut market, victim) / U256::from(2);
    request(&mut market, victim, shares).expect("a request");
    let (nav, supply) = (market.nav(), market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply"));
    let fair = nav.low.into_raw() * shares / supply;
    let loan = market.usdc_of(pool);
    borrow(&mut market, pool, rich, loan);
    let low = market.nav().low.into_raw();
    let filled = process(&mut market).expect("a part");
    // The virtual share bears a micro-dollar of its own.
    let most = (low + U256::ONE) * shares / supply;
    assert!(filled.shares < shares && filled.assets <= most, "{} of {most}", filled.assets);
    let price = |assets: U256, shares: U256| f64::from(assets) / f64::from(shares);
    let off = price(filled.assets, filled.shares) / price(fair, shares) - 1.0;
    assert!(off.abs() < 1e-9, "the part is paid what it would have been: {off}");
    repay(&mut market, pool, rich, loan);
    process(&mut market).expect("the rest");
    let paid = redeem_all(&mut market, victim);
    assert!(paid <= fair && fair - paid <= fair / U256::from(1_000), "{paid} of {fair}");
}

#[test]
fn nobody_gains_by_pumping_the_share_price() {
    let mut market = hasty();
    let pool = hostile(&mut market);
    invested(&mut market, pool);
    let rich = somebody(&mut market, pool, 300_000.0);
    let (start, boost) = (market.usdc_of(rich), usdc(1_000_000.0));
    let pump = |market: &mut Market, boost| {
        market.stage.chain.send(rich, pool, IPool::pumpCall { boost }).expect("a pump");
    };
    // In, up, out: the shares are paid as if nothing had been pumped.
    deposit(&mut market, rich, start);
    let before = market.nav();
    pump(&mut market, boost);
    let told = market.stage.chain.view(pool, IPool::convertToAssetsCall { shares: before.pool });
    assert!(told.expect("a view") > before.pool * U256::from(2));
    assert_eq!(market.nav(), before, "a pumped pool counts what it counted");
    leave(&mut market, rich);
    pump(&mut market, U256::ZERO);
    let end = market.usdc_of(rich);
    assert!(end <= start, "{start} became {end}");
    // Up, somebody else in: it gets what it would have got.
    let (lp, base) = (market.lp, market.stage.chain.world.snapshot());
    let fair = deposit(&mut market, lp, usdc(100_000.0));
    market.stage.chain.world.restore(&base);
    pump(&mut market, boost);
    assert_eq!(deposit(&mut market, lp, usdc(100_000.0)), fair);
    pump(&mut market, U256::ZERO);
    // Up, then a payment from the pool: what comes back leaves NAV as it was.
    let (before, guardian) = (market.nav(), market.stage.actors.guardian);
    pump(&mut market, boost);
    divest(&mut market, guardian, usdc(100_000.0)).expect("brought back");
    assert_eq!(market.nav().mid, before.mid);
}

#[test]
fn a_fall_counts_at_once_and_a_rise_at_twenty_per_cent_a_year() {
    let mut market = hasty();
    let pool = lending(&mut market, 0);
    name(&mut market, pool);
    let assets = investable(&mut market);
    invest(&mut market, assets).expect("an investment");
    let rich = somebody(&mut market, pool, 1_000_000.0);
    borrow(&mut market, pool, rich, usdc(90_000.0));
    let lose = IPool::writeOffCall { amount: usdc(90_000.0) };
    market.stage.chain.send(rich, pool, lose).expect("a loss");
    let fallen = usdc(810_000.0);
    assert!(fallen - market.nav().pool <= U256::ONE, "{}", market.nav().pool);
    deposit(&mut market, rich, usdc(1.0));
    let kept = market.nav().pool;
    let gift = IToken::transferCall { to: pool, value: usdc(500_000.0) };
    market.stage.chain.send(rich, market.stage.usdc, gift).expect("a gift to the pool");
    assert_eq!(market.nav().pool, kept);
    let now = market.now();
    for days in [1_u64, 2] {
        market.move_to(now + days * DAY, SPOT);
        let grown = kept + kept * U256::from(days * DAY * 200_000) / U256::from(31_536_000_000_000_u64);
        assert_eq!(market.nav().pool, grown);
    }
    let grown = market.nav().pool;
    deposit(&mut market, rich, usdc(1.0));
    assert_eq!(market.nav().pool, grown, "a checkpoint takes nothing away");
}
