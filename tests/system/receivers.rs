//! What is sent to nobody, to the vault itself and to its own contracts.

use host::alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::drills_token::owing;
use crate::market::{legs_of, signed, usdc, wad, Market};
use crate::redeem::{shares_of, SHARE};

/// The market's own: the vault, its token, a venue, the sequencer's feed.
fn own(market: &Market) -> [Address; 4] {
    [market.stage.vault, market.stage.usdc, market.stage.venue, market.stage.sequencer]
}

fn trade(market: &Market, receiver: Address) -> IVault::tradeCall {
    let (max, deadline) = (signed(1e6), U256::MAX);
    IVault::tradeCall { legs: legs_of(&[(market.call(2_800), 1.0)]), maxPremium: max, receiver, deadline }
}

#[test]
fn nobody_receives_nothing() {
    let (mut market, id, lp) = owing();
    let (trader, token, receiver, rich) = (market.trader, market.stage.usdc, Address::ZERO, market.lp);
    market.refuses(IERC6909::ERC6909InvalidReceiver { receiver }, |market| {
        market.stage.vault(trader, trade(market, receiver))
    });
    market.refuses(IERC6909::ERC6909InvalidReceiver { receiver }, |market| {
        market.stage.vault(trader, IERC6909::transferCall { receiver, id, amount: wad(1.0) })
    });
    market.refuses(IERC20::ERC20InvalidReceiver { receiver }, |market| {
        market.stage.vault(rich, IERC4626::depositCall { assets: usdc(1.0), receiver })
    });
    market.refuses(IERC20::ERC20InvalidReceiver { receiver }, |market| {
        market.stage.vault(rich, IERC4626::mintCall { shares: U256::from(SHARE), receiver })
    });
    // USDC itself moves to nobody.
    let failed = || IVault::TokenFailed { token };
    market.refuses(failed(), |market| {
        market.stage.vault(trader, IVault::claimCall { series: vec![id], receiver })
    });
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    market.refuses(failed(), |market| {
        market.stage.vault(lp, IERC4626::redeemCall { shares, receiver, controller: lp })
    });
    let assets = market.stage.ask(IERC4626::maxWithdrawCall { controller: lp }).expect("a limit");
    market.refuses(failed(), |market| {
        market.stage.vault(lp, IERC4626::withdrawCall { assets, receiver, controller: lp })
    });
    market.refuses(IMargin::ZeroAddress {}, |market| {
        let call = IMargin::depositCall { amount: usdc(1.0), account: receiver };
        market.stage.margin(trader, call)
    });
}

/// What everybody but the receiver has after it received: NAV, the price of a share and what the vault owes.
#[test]
fn what_the_markets_own_contracts_receive_is_lost_by_its_sender_alone() {
    let (mut market, id, lp) = owing();
    let (trader, keeper, rich) = (market.trader, market.stage.actors.keeper, market.lp);
    let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
    let base = market.stage.chain.world.snapshot();
    let mut seen = Vec::new();
    for receiver in own(&market).into_iter().chain([keeper]) {
        market.stage.chain.world.restore(&base);
        let claim = IVault::claimCall { series: vec![id], receiver };
        let paid = market.stage.vault(trader, claim).expect("a claim");
        let redeem = IERC4626::redeemCall { shares, receiver, controller: lp };
        let redeemed = market.stage.vault(lp, redeem).expect("a redemption");
        let call = trade(&market, receiver);
        let premium = market.stage.vault(trader, call).expect("a trade");
        let minted = market
            .stage
            .vault(rich, IERC4626::depositCall { assets: usdc(500.0), receiver })
            .expect("a deposit");
        let held = IERC6909::balanceOfCall { owner: receiver, id: market.call(2_800) };
        assert_eq!(market.stage.ask(held).expect("a position"), wad(1.0));
        assert!(shares_of(&mut market, receiver) >= minted);
        let (nav, cash) = (market.nav(), market.stage.ask(IERC4626::totalAssetsCall {}).expect("assets"));
        seen.push((paid, redeemed, premium, minted, nav, cash));
    }
    assert!(seen.iter().all(|one| *one == seen[4]), "{seen:?}");
}

#[test]
fn what_is_moved_to_oneself_stays_and_no_more_moves_than_there_is() {
    let mut market = Market::open();
    let (trader, lp, id) = (market.trader, market.lp, market.call(2_800));
    market.trade(&[(id, 2.0)]).expect("a trade");
    let theirs = trade(&market, lp);
    market.stage.vault(trader, theirs).expect("somebody else's");
    let before = market.digests();
    for amount in [U256::ZERO, U256::ONE, wad(2.0)] {
        let call = IERC6909::transferCall { receiver: trader, id, amount };
        assert!(market.stage.vault(trader, call).expect("to oneself"));
        let call = IERC6909::transferFromCall { sender: trader, receiver: trader, id, amount };
        assert!(market.stage.vault(trader, call).expect("to oneself"));
    }
    assert_eq!(market.digests(), before);
    let error = |owner, balance: f64, needed| IERC6909::ERC6909InsufficientBalance {
        owner,
        balance: wad(balance),
        needed,
        id,
    };
    for needed in [wad(2.0) + U256::ONE, U256::MAX] {
        for receiver in [trader, lp] {
            market.refuses(error(trader, 2.0, needed), |market| {
                market.stage.vault(trader, IERC6909::transferCall { receiver, id, amount: needed })
            });
        }
        market.refuses(error(lp, 1.0, needed), |market| {
            market.stage.vault(lp, IERC6909::transferCall { receiver: trader, id, amount: needed })
        });
    }
    // A sale of more than there is of a series.
    let error = error(trader, 2.0, wad(2.01));
    market.refuses(error, |market| market.trade(&[(id, -2.01)]));
    let needed = U256::ONE;
    let error = IERC6909::ERC6909InsufficientAllowance { spender: lp, allowance: U256::ZERO, needed, id };
    market.refuses(error, |market| {
        let call = IERC6909::transferFromCall { sender: trader, receiver: lp, id, amount: needed };
        market.stage.vault(lp, call)
    });
}
