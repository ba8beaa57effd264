//! The ERC-20 properties of crytic, on the release WASM; SECURITY.md has the table.

use host::alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;

use crate::erc4626_properties::seeded;
use crate::market::Market;
use crate::redeem::{shares_of, SHARE};

/// Balances of the LP and of the trader, the allowance between them, and the supply.
fn ledger(market: &mut Market) -> [U256; 4] {
    let (lp, trader) = (market.lp, market.trader);
    let allowance = IERC20::allowanceCall { owner: lp, spender: trader };
    [
        shares_of(market, lp),
        shares_of(market, trader),
        market.stage.ask(allowance).expect("an allowance"),
        market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply"),
    ]
}

#[test]
fn shares_are_an_erc20() {
    let mut market = seeded();
    let (lp, trader, one) = (market.lp, market.trader, U256::ONE);
    assert_eq!(shares_of(&mut market, Address::ZERO), U256::ZERO);
    let approve = |value| IERC20::approveCall { spender: trader, value };
    market.stage.vault(lp, approve(U256::from(9))).expect("an approval");
    let all = shares_of(&mut market, lp);
    market.stage.vault(lp, approve(all + U256::from(2))).expect("another approval");
    let [held, other, allowed, supply] = ledger(&mut market);
    assert_eq!(allowed, all + U256::from(2));

    let to_nobody = IERC20::ERC20InvalidReceiver { receiver: Address::ZERO };
    market.refuses(to_nobody, |market| {
        market.stage.vault(lp, IERC20::transferCall { to: Address::ZERO, value: one })
    });
    let to_nobody = IERC20::ERC20InvalidReceiver { receiver: Address::ZERO };
    market.refuses(to_nobody, |market| {
        let call = IERC20::transferFromCall { from: lp, to: Address::ZERO, value: one };
        market.stage.vault(trader, call)
    });
    let error = || IERC20::ERC20InsufficientBalance { sender: lp, balance: held, needed: held + one };
    market.refuses(error(), |market| {
        market.stage.vault(lp, IERC20::transferCall { to: trader, value: held + one })
    });
    market.refuses(error(), |market| {
        let call = IERC20::transferFromCall { from: lp, to: trader, value: held + one };
        market.stage.vault(trader, call)
    });

    for value in [U256::ZERO, one, held] {
        assert!(market.stage.vault(lp, IERC20::transferCall { to: lp, value }).expect("to oneself"));
    }
    assert!(market.stage.vault(lp, IERC20::transferCall { to: trader, value: U256::ZERO }).expect("nothing"));
    let nothing = IERC20::transferFromCall { from: lp, to: trader, value: U256::ZERO };
    assert!(market.stage.vault(trader, nothing).expect("nothing"));
    let itself = IERC20::transferFromCall { from: lp, to: lp, value: one };
    assert!(market.stage.vault(trader, itself).expect("to its owner"));
    assert_eq!(ledger(&mut market), [held, other, allowed - one, supply]);

    let value = U256::from(SHARE);
    market.stage.vault(lp, IERC20::transferCall { to: trader, value }).expect("a transfer");
    let pull = IERC20::transferFromCall { from: lp, to: trader, value };
    market.stage.vault(trader, pull).expect("a transfer");
    let two = value + value;
    assert_eq!(ledger(&mut market), [held - two, other + two, allowed - one - value, supply]);
    assert_eq!(held + other, supply, "balances sum to the supply");
}
