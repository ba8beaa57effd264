//! The ERC-4626 properties of a16z and of crytic, on the release WASM; SECURITY.md has the table.
//!
//! What a property says of `withdraw` and `redeem` is asked of a request, its processing and its claim, in a market without a delay; what
//! it says of their previews is asked of a refusal.

use std::cell::RefCell;

use alloy_sol_types::SolCall;
use demo::stage::default_profile;
use host::alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::market::{usdc, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{process, redeem_all, request, shares_of, SHARE};

type Tested = Result<(), TestCaseError>;

/// A market with a book, unvested spread and no delay: every mark differs from every other.
pub(crate) fn seeded() -> Market {
    let mut market = Market::with(IVault::Profile { redeemDelay: 0, ..default_profile() });
    market.trade(&[(market.call(2_500), 12.0), (market.call(2_900), 7.0)]).expect("a trade");
    market.move_to(START + 5 * HOUR, 2_815.5);
    market
}

/// Holds `property` against amounts of assets or shares, each time from the same state.
fn holds(amounts: impl Strategy<Value = u64>, property: impl Fn(&mut Market, U256) -> Tested) {
    let market = seeded();
    let base = market.stage.chain.world.snapshot();
    let market = RefCell::new(market);
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]));
    let outcome = runner.run(&amounts, |amount| {
        let market = &mut *market.borrow_mut();
        market.stage.chain.world.restore(&base);
        property(market, U256::from(amount))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Micro-USD: dust, and up to half a million dollars.
fn assets() -> impl Strategy<Value = u64> {
    prop_oneof![2..=20_u64, 1..=500_000_000_000_u64]
}

/// Units of a share: dust, and up to half a million shares.
fn shares() -> impl Strategy<Value = u64> {
    prop_oneof![1..=2_000_000_u64, 1..=500_000 * SHARE]
}

fn deposit(market: &mut Market, assets: U256) -> U256 {
    let call = IERC4626::depositCall { assets, receiver: market.lp };
    market.stage.vault(market.lp, call).expect("a deposit")
}

fn mint(market: &mut Market, shares: U256) -> U256 {
    let call = IERC4626::mintCall { shares, receiver: market.lp };
    market.stage.vault(market.lp, call).expect("a mint")
}

/// Redeems shares of the market's LP: request, processing, claim.
fn redeem(market: &mut Market, shares: U256) -> U256 {
    let lp = market.lp;
    request(market, lp, shares).expect("a request");
    assert_eq!(process(market).expect("processed").shares, shares);
    redeem_all(market, lp)
}

/// Withdraws exactly `assets`: asks for the shares that this takes at the low mark, and claims them all.
fn withdraw(market: &mut Market, assets: U256) -> U256 {
    let (lp, low) = (market.lp, market.nav().low.into_raw());
    let supply = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
    let (shares, nav) = (supply + U256::from(1_000_000), low + U256::ONE);
    let needed = (assets * shares).div_ceil(nav);
    request(market, lp, needed).expect("a request");
    let processed = process(market).expect("processed").assets;
    assert!(processed >= assets && processed - assets <= U256::ONE, "{processed} {assets}");
    let call = IERC4626::withdrawCall { assets, receiver: lp, controller: lp };
    market.stage.vault(lp, call).expect("a withdrawal");
    needed
}

#[test]
fn redeeming_a_deposit_gives_no_more_than_it() {
    holds(assets(), |market, amount| {
        let shares = deposit(market, amount);
        prop_assert!(redeem(market, shares) <= amount);
        Ok(())
    });
}

#[test]
fn withdrawing_a_deposit_takes_no_fewer_shares_than_it_gave() {
    holds(assets(), |market, amount| {
        let shares = deposit(market, amount);
        prop_assert!(withdraw(market, amount) >= shares);
        Ok(())
    });
}

#[test]
fn depositing_what_was_redeemed_gives_no_more_shares() {
    holds(shares(), |market, amount| {
        let assets = redeem(market, amount);
        if assets > U256::ZERO {
            prop_assert!(deposit(market, assets) <= amount);
        }
        Ok(())
    });
}

#[test]
fn minting_what_was_redeemed_costs_no_less() {
    holds(shares(), |market, amount| {
        let assets = redeem(market, amount);
        prop_assert!(mint(market, amount) >= assets);
        Ok(())
    });
}

#[test]
fn withdrawing_the_cost_of_minted_shares_takes_no_fewer() {
    holds(shares(), |market, amount| {
        let assets = mint(market, amount);
        prop_assert!(withdraw(market, assets) >= amount);
        Ok(())
    });
}

#[test]
fn redeeming_minted_shares_gives_no_more_than_they_cost() {
    holds(shares(), |market, amount| {
        let assets = mint(market, amount);
        prop_assert!(redeem(market, amount) <= assets);
        Ok(())
    });
}

#[test]
fn minting_the_shares_of_a_withdrawal_costs_no_less_than_it() {
    holds(assets(), |market, amount| {
        let shares = withdraw(market, amount);
        prop_assert!(mint(market, shares) >= amount);
        Ok(())
    });
}

#[test]
fn depositing_a_withdrawal_gives_no_more_shares_than_it_took() {
    holds(assets(), |market, amount| {
        let shares = withdraw(market, amount);
        prop_assert!(deposit(market, amount) <= shares);
        Ok(())
    });
}

/// USDC and shares of the LP, and what the vault may take.
fn holdings(market: &mut Market) -> [U256; 3] {
    let (lp, vault, token) = (market.lp, market.stage.vault, market.stage.usdc);
    let allowance = IERC20::allowanceCall { owner: lp, spender: vault };
    let allowed = market.stage.chain.view(token, allowance).expect("an allowance");
    [market.usdc_of(lp), shares_of(market, lp), allowed]
}

fn allow(market: &mut Market, value: U256) {
    let (lp, token) = (market.lp, market.stage.usdc);
    let call = IToken::approveCall { spender: market.stage.vault, value };
    market.stage.chain.send(lp, token, call).expect("an approval");
}

#[test]
fn a_deposit_moves_what_it_says_and_its_preview_said() {
    holds(assets(), |market, amount| {
        allow(market, amount + U256::ONE);
        let [cash, had, allowed] = holdings(market);
        let preview = market.stage.ask(IERC4626::previewDepositCall { assets: amount }).expect("a preview");
        let given = deposit(market, amount);
        prop_assert_eq!(given, preview);
        prop_assert_eq!(holdings(market), [cash - amount, had + given, allowed - amount]);
        Ok(())
    });
}

#[test]
fn a_mint_moves_what_it_says_and_its_preview_said() {
    holds(shares(), |market, amount| {
        let preview = market.stage.ask(IERC4626::previewMintCall { shares: amount }).expect("a preview");
        prop_assert!(preview > U256::ZERO);
        allow(market, preview);
        let [cash, had, _] = holdings(market);
        let taken = mint(market, amount);
        prop_assert_eq!(taken, preview);
        prop_assert_eq!(holdings(market), [cash - taken, had + amount, U256::ZERO]);
        Ok(())
    });
}

#[test]
fn a_claim_moves_what_it_says() {
    for exact in [true, false] {
        holds(shares(), |market, amount| {
            let lp = market.lp;
            let [cash, had, _] = holdings(market);
            request(market, lp, amount).expect("a request");
            let due = process(market).expect("processed").assets;
            let receiver = market.trader;
            let before = market.usdc_of(receiver);
            let (shares, assets) = if exact {
                let call = IERC4626::withdrawCall { assets: due, receiver, controller: lp };
                (market.stage.vault(lp, call).expect("a withdrawal"), due)
            } else {
                let call = IERC4626::redeemCall { shares: amount, receiver, controller: lp };
                (amount, market.stage.vault(lp, call).expect("a redemption"))
            };
            prop_assert_eq!(assets, due);
            prop_assert!(shares == amount || due == U256::ZERO);
            prop_assert_eq!(market.usdc_of(receiver) - before, due);
            let [cash_after, has, _] = holdings(market);
            prop_assert_eq!((cash_after, has), (cash, had - amount));
            Ok(())
        });
    }
}

#[test]
fn previews_of_redemptions_refuse_whoever_asks_whatever() {
    let mut market = seeded();
    for amount in [U256::ZERO, U256::ONE, usdc(1_000.0), U256::MAX] {
        market.refuses(IERC4626::AsynchronousRedemption {}, |market| {
            market.stage.vault(market.trader, IERC4626::previewRedeemCall { shares: amount })
        });
        market.refuses(IERC4626::AsynchronousRedemption {}, |market| {
            market.stage.vault(market.lp, IERC4626::previewWithdrawCall { assets: amount })
        });
    }
}

/// A view's answer to a caller.
fn view<C: SolCall>(market: &mut Market, from: Address, call: C) -> Vec<u8> {
    let vault = market.stage.vault;
    market.stage.chain.world.view(from, vault, call.abi_encode()).expect(C::SIGNATURE).output.to_vec()
}

#[test]
fn no_view_depends_on_its_caller_or_on_what_the_caller_holds() {
    let mut market = seeded();
    let callers = [Address::ZERO, market.lp, market.trader, market.stage.chain.world.account("pauper")];
    let amount = usdc(12_345.678_9);
    let mut seen = Vec::new();
    for from in callers {
        let answers = [
            view(&mut market, from, IERC4626::convertToSharesCall { assets: amount }),
            view(&mut market, from, IERC4626::convertToAssetsCall { shares: amount }),
            view(&mut market, from, IERC4626::previewDepositCall { assets: amount }),
            view(&mut market, from, IERC4626::previewMintCall { shares: amount }),
            view(&mut market, from, IERC4626::maxDepositCall { receiver: from }),
            view(&mut market, from, IERC4626::maxMintCall { receiver: from }),
        ];
        seen.push(answers);
    }
    assert!(seen.iter().all(|answers| *answers == seen[0]));
}

#[test]
fn views_that_must_not_revert_do_not_in_any_state() {
    let states: [fn(&mut Market); 7] = [
        |_| (),
        |market| {
            market.stage.vault(market.stage.actors.guardian, IVault::pauseCall {}).expect("a pause");
        },
        |market| market.stage.chain.world.warp(START + DAY),
        |market| market.stage.push_price(SPOT * 3.0).expect("a jump"),
        |market| market.push_answer(0),
        |market| market.move_to(market.expiries[0] + HOUR, SPOT),
        |market| {
            market.stage.push_price(SPOT * 20.0).expect("ruin");
            market.stage.push_price(SPOT * 20.0).expect("ruin");
        },
    ];
    for state in states {
        let mut market = seeded();
        state(&mut market);
        for account in [Address::ZERO, market.lp, market.trader, market.stage.vault] {
            view(&mut market, account, IERC4626::assetCall {});
            view(&mut market, account, IERC4626::shareCall {});
            view(&mut market, account, IERC4626::totalAssetsCall {});
            view(&mut market, account, IERC4626::maxDepositCall { receiver: account });
            view(&mut market, account, IERC4626::maxMintCall { receiver: account });
            view(&mut market, account, IERC4626::maxWithdrawCall { controller: account });
            view(&mut market, account, IERC4626::maxRedeemCall { controller: account });
            let supply = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
            for shares in [U256::ZERO, U256::ONE, supply, supply * U256::from(1_000)] {
                view(&mut market, account, IERC4626::convertToAssetsCall { shares });
            }
            for assets in [U256::ZERO, U256::ONE, usdc(1e12)] {
                view(&mut market, account, IERC4626::convertToSharesCall { assets });
            }
        }
    }
}

#[test]
fn nothing_costs_nothing_and_gives_nothing() {
    let mut market = seeded();
    let zero = U256::ZERO;
    assert_eq!(market.stage.ask(IERC4626::previewDepositCall { assets: zero }).expect("shares"), zero);
    assert_eq!(market.stage.ask(IERC4626::convertToSharesCall { assets: zero }).expect("shares"), zero);
    assert_eq!(market.stage.ask(IERC4626::convertToAssetsCall { shares: zero }).expect("assets"), zero);
    market.refuses(IERC4626::DepositTooSmall { assets: zero }, |market| market.deposit(0.0));
    let lp = market.lp;
    assert_eq!(redeem_all(&mut market, lp), zero);
    assert!(mint(&mut market, U256::ONE) > zero);
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    process(&mut market).expect("processed");
    let call = IERC4626::withdrawCall { assets: U256::ONE, receiver: lp, controller: lp };
    assert!(market.stage.vault(lp, call).expect("a withdrawal") > zero);
    let share_decimals = market.stage.ask(IERC20::decimalsCall {}).expect("decimals");
    assert!(share_decimals >= 6);
}

#[test]
fn conversions_there_and_back_gain_nothing() {
    holds(shares(), |market, amount| {
        let assets = market.stage.ask(IERC4626::convertToAssetsCall { shares: amount }).expect("assets");
        let back = market.stage.ask(IERC4626::convertToSharesCall { assets }).expect("shares");
        prop_assert!(back <= amount);
        let shares = market.stage.ask(IERC4626::convertToSharesCall { assets: amount }).expect("shares");
        let back = market.stage.ask(IERC4626::convertToAssetsCall { shares }).expect("assets");
        prop_assert!(back <= amount);
        Ok(())
    });
}

#[test]
fn third_parties_redeem_by_allowance_and_no_further() {
    let mut market = seeded();
    let (lp, other) = (market.lp, market.trader);
    let share = U256::from(SHARE);
    market.stage.vault(lp, IERC20::approveCall { spender: other, value: share }).expect("an approval");
    let ask = |shares| IERC4626::requestRedeemCall { shares, controller: other, owner: lp };
    let needed = share + U256::ONE;
    let error = IERC20::ERC20InsufficientAllowance { spender: other, allowance: share, needed };
    market.refuses(error, |market| market.stage.vault(other, ask(needed)));
    market.stage.vault(other, ask(share)).expect("a request");
    let left = IERC20::allowanceCall { owner: lp, spender: other };
    assert_eq!(market.stage.ask(left).expect("an allowance"), U256::ZERO);
    let due = process(&mut market).expect("processed").assets;
    for call in [
        IERC4626::redeemCall { shares: share, receiver: lp, controller: other }.abi_encode(),
        IERC4626::withdrawCall { assets: due, receiver: lp, controller: other }.abi_encode(),
    ] {
        let vault = market.stage.vault;
        let refused = market.stage.chain.world.call(lp, vault, call).map_err(demo::stage::Failure);
        let name = refused.err().map(|failure| failure.name());
        assert_eq!(name.as_deref(), Some("ERC20InvalidSpender"));
    }
    let set = IERC6909::setOperatorCall { spender: lp, approved: true };
    market.stage.vault(other, set).expect("an operator");
    let call = IERC4626::withdrawCall { assets: due, receiver: lp, controller: other };
    assert_eq!(market.stage.vault(lp, call).expect("a withdrawal"), share);
}
