//! Tokens that call back into margin accounts, margin contracts that are none, and vaults that are none.

use alloy_sol_types::{SolCall as _, SolError as _, SolValue as _};
use demo::stage::{artifacts, name_satellite};
use host::alloy_primitives::{Address, Bytes, I256, U256};
use host::DeployError;
use interfaces::external::IToken;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::hostile::{vault_of, Hostile};
use crate::market::{legs_of, usdc, wide_limits, Market};

#[test]
fn a_token_that_calls_back_finds_every_door_of_the_accounts_shut() {
    let mut market = Market::open();
    let (vault, token) = vault_of(&mut market, "ReentrantToken");
    let (lp, owner) = (market.lp, market.stage.actors.owner);
    let wasm = artifacts::wasm("margin").expect("the WASM");
    let arguments = (vault, 0_u64, 0_u64).abi_encode_params();
    let chain = &mut market.stage.chain;
    let margin = chain.world.deploy_wasm(owner, &wasm, Some(&arguments)).expect("the accounts");
    let approve = IToken::approveCall { spender: margin, value: U256::MAX };
    chain.send(lp, token, approve).expect("an approval");
    let account = lp;
    let attacks: [Bytes; 8] = [
        IMargin::depositCall { amount: usdc(1.0), account }.abi_encode().into(),
        IMargin::withdrawCall { amount: usdc(1.0), account, receiver: lp }.abi_encode().into(),
        IMargin::refreshCall { account }.abi_encode().into(),
        IMargin::setOperatorCall { operator: lp, approved: true }.abi_encode().into(),
        IMargin::liquidateCall { account }.abi_encode().into(),
        IMargin::bidCall { account, part: U256::ONE, maxPrice: I256::MAX }.abi_encode().into(),
        IMargin::accountOfCall { account }.abi_encode().into(),
        IMargin::healthCall { account }.abi_encode().into(),
    ];
    for attack in attacks {
        let arm = Hostile::armCall { target: margin, attack };
        chain.send(lp, token, arm).expect("a trap");
        chain
            .send(lp, margin, IMargin::depositCall { amount: usdc(10.0), account })
            .expect("the deposit itself");
        assert!(chain.view(token, Hostile::triedCall {}).expect("a flag"));
        assert!(!chain.view(token, Hostile::succeededCall {}).expect("a flag"));
    }
    let held = chain.view(margin, IMargin::accountOfCall { account }).expect("an account").cash;
    assert_eq!(held, usdc(80.0));
    let attack = IMargin::depositCall { amount: usdc(1.0), account }.abi_encode().into();
    chain.send(lp, token, Hostile::armCall { target: margin, attack }).expect("a trap");
    let out = IMargin::withdrawCall { amount: usdc(80.0), account, receiver: lp };
    chain.send(lp, margin, out).expect("all of it");
    assert!(!chain.view(token, Hostile::succeededCall {}).expect("a flag"));
    let held = chain.view(margin, IMargin::accountOfCall { account }).expect("an account").cash;
    assert_eq!(held, U256::ZERO);
}

#[test]
fn accounts_of_no_vault_do_not_come_to_be() {
    let mut market = Market::open();
    let wasm = artifacts::wasm("margin").expect("the WASM");
    let nobody = market.stage.chain.world.account("nobody");
    let (owner, usdc) = (market.stage.actors.owner, market.stage.usdc);
    for vault in [nobody, usdc] {
        let arguments = (vault, 0_u64, 0_u64).abi_encode_params();
        let error =
            market.stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments)).expect_err("no vault");
        let DeployError::Constructor(failure) = error else { panic!("{error}") };
        let data = failure.revert_data().expect("an error").clone();
        assert_eq!(data[..], IMargin::VaultFailed { vault }.abi_encode()[..]);
    }
}

/// A market whose margin contract is somebody with a key.
fn impostor() -> (Market, Address) {
    let mut market = Market::bare(demo::stage::default_profile(), wide_limits());
    let (owner, impostor) = (market.stage.actors.owner, market.trader);
    let call = name_satellite(IVault::Satellite::Margin, impostor);
    market.stage.vault(owner, call).expect("at once while there are no shares");
    market.deposit(100_000.0).expect("a deposit");
    for expiry in market.expiries {
        market.list(expiry, 1_800.0, 100.0, 21).expect("a listed expiry");
    }
    market.publish();
    (market, impostor)
}

#[test]
fn the_vault_pays_a_margin_contract_no_more_than_it_said_is_uncovered() {
    let (mut market, margin) = impostor();
    let pay = |usd| IVault::payUncoveredCall { amount: usdc(usd) };
    let error =
        |amount, uncovered| IVault::PaidAboveUncovered { amount: usdc(amount), uncovered: usdc(uncovered) };
    market.refuses(error(1.0, 0.0), |market| market.stage.vault(margin, pay(1.0)));
    let cover = |usd, borne| IVault::coverAccountsCall { uncovered: usdc(usd), borne };
    market.stage.vault(margin, cover(1_000.0, true)).expect("what NAV bears");
    market.refuses(error(1_001.0, 1_000.0), |market| market.stage.vault(margin, pay(1_001.0)));
    let before = market.usdc_of(margin);
    market.stage.vault(margin, pay(1_000.0)).expect("what is uncovered");
    assert_eq!(market.usdc_of(margin) - before, usdc(1_000.0));

    // NAV is 99,000, the buffer a tenth of it, and the worst loss of no book a rounding.
    let error = IVault::SolvencyTooLow {
        nav: I256::from_raw(usdc(99_000.0)),
        worstLoss: U256::ONE,
        missing: U256::ONE,
    };
    let most = 89_099.999_999;
    market.stage.vault(margin, cover(most, true)).expect("just borne");
    market.refuses(error, |market| market.stage.vault(margin, cover(most + 0.000_001, true)));
    market.stage.vault(margin, cover(1e6, false)).expect("what the market does is recorded");
    let huge = IVault::coverAccountsCall { uncovered: U256::MAX, borne: false };
    market.refuses(IVault::ArithmeticOverflow {}, |market| market.stage.vault(margin, huge));
}

#[test]
fn a_margin_contract_sells_for_accounts_and_pays_like_anybody() {
    let (mut market, margin) = impostor();
    let (put, account) = (market.put(2_800), market.lp);
    let call = |size, max| IVault::writeForCall {
        account,
        legs: legs_of(&[(put, size)]),
        maxPremium: max,
        deadline: U256::MAX,
    };
    let premium = market.stage.vault(margin, call(-2.0, I256::ZERO)).expect("written");
    assert!(premium.is_negative());
    let back = market.stage.vault(margin, call(2.0, I256::MAX)).expect("closed");
    assert!(back + premium > I256::ZERO);
    // The impostor closes more than it wrote: it sold nothing, so nobody is owed anything at the settlement.
    let payoff = IVault::payoffCall { legs: legs_of(&[(put, 1.0)]) };
    market.refuses(IVault::NotSettled { series: put }, |market| market.stage.ask(payoff));
}
