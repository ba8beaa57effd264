//! The standing auction: with capital, without, and with bad intent.

use alloy_sol_types::{sol, SolCall as _, SolError as _, SolValue as _};
use demo::stage::Failure;
use host::alloy_primitives::{Address, FixedBytes, B256, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::external::IToken;
use interfaces::vault::IVault;

use crate::desk::{need, waited};
use crate::hedge::skewed;
use crate::hostile::Hostile;
use crate::market::{events, Market, HOUR, SPOT};

sol! {
    interface Filler {
        function run(int256 size, uint256 limit) external returns (uint256 profit);
    }

    interface Villain {
        function setFailing(bool failing) external;
        function run(address desk, int256 size) external;
        function allow(address token, address spender) external;
    }
}

/// The arbitrageur, who has both tokens and lets vault and desk take them.
pub(crate) fn filler(market: &mut Market) -> Address {
    let who = market.stage.actors.arbitrageur;
    for token in [market.stage.usdc, market.stage.underlying] {
        allow(market, who, token, U256::MAX);
    }
    who
}

/// What an account lets the vault take when the desk says so.
pub(crate) fn allow(market: &mut Market, who: Address, token: Address, value: U256) {
    for spender in [market.stage.vault, market.stage.desk] {
        let approve = IToken::approveCall { spender, value };
        market.stage.chain.send(who, token, approve).expect("an allowance");
    }
}

pub(crate) fn fill(market: &mut Market, who: Address, size: I256, limit: U256) -> Result<U256, Failure> {
    let call = IHedgeDesk::fillHedgeCall { size, limit, receiver: who, data: B256::ZERO };
    market.stage.hedge(who, call)
}

fn balances(market: &mut Market, who: Address) -> [U256; 2] {
    let underlying = market.stage.underlying;
    [market.usdc_of(who), market.stage.chain.token_balance(underlying, who).expect("a balance")]
}

#[test]
fn nobody_fills_who_does_not_let_the_desk_take_as_much() {
    let mut market = waited(HOUR);
    let (who, desk, token) = (filler(&mut market), market.stage.desk, market.stage.underlying);
    let size = need(&mut market).due;
    let allow = |market: &mut Market, value| {
        let approve = IToken::approveCall { spender: desk, value };
        market.stage.chain.send(who, token, approve).expect("an allowance");
    };
    let units = size.into_raw();
    for received in [U256::ZERO, units - U256::ONE] {
        allow(&mut market, received);
        let error = IVault::TokenShort { token, expected: units, received };
        market.refuses(error, |market| fill(market, who, size, U256::ZERO));
    }
    allow(&mut market, units);
    fill(&mut market, who, size, U256::ZERO).expect("a fill");
    // It takes nothing of it.
    let left = IToken::allowanceCall { owner: who, spender: desk };
    assert_eq!(market.stage.chain.view(token, left).expect("an allowance"), units);
}

#[test]
fn the_first_moment_pays_the_vault_a_premium() {
    let mut market = skewed();
    let who = filler(&mut market);
    let (size, nav) = (need(&mut market).due, market.nav().mid);
    let told = need(&mut market).cash;
    let before = balances(&mut market, who);
    let (desk, vault) = (market.stage.desk, market.stage.vault);
    let call = IHedgeDesk::fillHedgeCall { size, limit: told, receiver: who, data: B256::ZERO };
    let (cash, receipt) = market.stage.chain.send_for_receipt(who, desk, call).expect("a fill");
    let after = balances(&mut market, who);
    assert_eq!((after[0] - before[0], before[1] - after[1]), (cash, size.into_raw()));
    assert_eq!(cash, told);
    // Five basis points below the feed's price are the vault's.
    let fair = SPOT * f64::from(size.into_raw()) / 1e12;
    assert!((f64::from(cash) / fair - 0.9995).abs() < 1e-9, "{cash}");
    assert!(market.nav().mid > nav);
    let [event] = events::<IHedgeDesk::HedgeFilled>(&receipt.logs, desk).try_into().expect("one event");
    assert_eq!((event.filler, event.receiver, event.size, event.cash), (who, who, size, cash));
    let [event] = events::<IVault::Hedged>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((event.size, event.position), (size, size));
    assert!(need(&mut market).due.is_zero());
}

#[test]
fn the_price_moves_towards_the_filler_and_parts_cost_what_the_whole_does() {
    let mut cash = Vec::new();
    for minutes in [1, 15, 29, 60] {
        let mut market = waited(minutes * 60);
        let need = need(&mut market);
        if minutes > 10 {
            assert!(need.seasoned > U256::ZERO, "{need:?}");
        }
        cash.push(need.cash);
    }
    assert!(cash.is_sorted() && cash[0] < cash[3], "{cash:?}");

    let mut market = waited(20 * 60);
    let who = filler(&mut market);
    let size = need(&mut market).due;
    let base = market.stage.chain.world.snapshot();
    let whole = fill(&mut market, who, size, U256::ZERO).expect("a fill");
    market.stage.chain.world.restore(&base);
    let part = size / I256::try_from(3).expect("three");
    let mut parts = U256::ZERO;
    for size in [part, part, size - part - part] {
        parts += fill(&mut market, who, size, U256::ZERO).expect("a part");
    }
    assert!(parts <= whole && whole - parts <= U256::from(10), "{parts} {whole}");
}

#[test]
fn a_fill_beyond_its_limit_or_beyond_the_edge_is_refused() {
    let mut market = waited(HOUR);
    let who = filler(&mut market);
    let need = need(&mut market);
    for limit in [need.cash + U256::ONE, U256::MAX] {
        let error = IHedgeDesk::CashBeyondLimit { cash: need.cash, limit };
        market.refuses(error, |market| fill(market, who, need.due, limit));
    }
    let double = need.due + need.due;
    let failure = fill(&mut market, who, double, U256::ZERO).expect_err("too much");
    assert_eq!(failure.data()[..4], IHedgeDesk::FarEdgeCrossed::SELECTOR, "{failure}");
    let failure = fill(&mut market, who, -need.due, U256::MAX).expect_err("the wrong way");
    assert_eq!(failure.data()[..4], IHedgeDesk::HedgeWrongWay::SELECTOR, "{failure}");
}

#[test]
fn a_solver_without_capital_takes_first_and_keeps_what_is_left() {
    let mut market = waited(HOUR);
    let stage = &mut market.stage;
    let (owner, solver) = (stage.actors.owner, stage.actors.keeper);
    let arguments = (stage.desk, stage.vault, stage.usdc, stage.underlying, stage.uniswap.router);
    let contract =
        stage.chain.create(owner, "FlashFiller", &arguments.abi_encode_params()).expect("a solver");
    let size = need(&mut market).due;
    let before = market.usdc_of(solver);
    let call = Filler::runCall { size, limit: U256::ZERO };
    let profit = market.stage.chain.send(solver, contract, call).expect("a fill");
    assert!(profit > U256::ZERO && market.usdc_of(solver) - before == profit);
    assert!(need(&mut market).due.is_zero());
    assert_eq!(balances(&mut market, contract), [U256::ZERO; 2]);
}

/// A hostile filler that lets the vault take what it has, which is nothing.
fn villain(market: &mut Market) -> Address {
    let stage = &mut market.stage;
    let (owner, token) = (stage.actors.owner, stage.underlying);
    let villain = stage.chain.create(owner, "HostileFiller", &[]).expect("a villain");
    for spender in [stage.vault, stage.desk] {
        stage.chain.send(owner, villain, Villain::allowCall { token, spender }).expect("an allowance");
    }
    villain
}

#[test]
fn a_filler_that_fails_keeps_or_calls_back_changes_nothing() {
    let mut market = waited(HOUR);
    let (desk, vault, underlying) = (market.stage.desk, market.stage.vault, market.stage.underlying);
    let (owner, size) = (market.stage.actors.owner, need(&mut market).due);
    let villain = villain(&mut market);
    let run = |market: &mut Market| market.stage.chain.send(owner, villain, Villain::runCall { desk, size });
    let before = market.digests();
    let failure = run(&mut market).err().expect("it keeps the cash");
    assert_eq!(failure.data(), IVault::TokenFailed { token: underlying }.abi_encode());
    market.stage.chain.send(owner, villain, Villain::setFailingCall { failing: true }).expect("a mode");
    let failure = run(&mut market).err().expect("it fails");
    assert_eq!(
        failure.data(),
        IVault::VenueFailed { venue: villain, reason: FixedBytes([0x08, 0xc3, 0x79, 0xa0]) }.abi_encode()
    );
    assert_eq!(market.digests(), before);
    market.stage.chain.send(owner, villain, Villain::setFailingCall { failing: false }).expect("a mode");

    let stock = IToken::transferCall { to: villain, value: size.into_raw() };
    market.stage.chain.send(owner, underlying, stock).expect("stock");
    let attacks = [
        (vault, IVault::navCall {}.abi_encode()),
        (vault, IVault::youngTradesCall {}.abi_encode()),
        (desk, IHedgeDesk::pokeCall {}.abi_encode()),
        (desk, IHedgeDesk::hedgeNeededCall {}.abi_encode()),
        (
            desk,
            IHedgeDesk::fillHedgeCall { size, limit: U256::ZERO, receiver: villain, data: B256::ZERO }
                .abi_encode(),
        ),
    ];
    let base = market.stage.chain.world.snapshot();
    for (target, attack) in attacks {
        market.stage.chain.world.restore(&base);
        let arm = Hostile::armCall { target, attack: attack.into() };
        market.stage.chain.send(owner, villain, arm).expect("a trap");
        run(&mut market).expect("the fill itself");
        assert!(market.stage.chain.view(villain, Hostile::triedCall {}).expect("a flag"));
        assert!(!market.stage.chain.view(villain, Hostile::succeededCall {}).expect("a flag"), "{target}");
        assert!(need(&mut market).due.is_zero());
    }
}
