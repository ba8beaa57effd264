//! Deposits.

use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;

use crate::market::{Market, usdc};

#[test]
fn a_deposit_is_worth_what_it_brought() {
    let mut market = Market::open();
    let shares = market.stage.ask(interfaces::erc20::IERC20::balanceOfCall { account: market.lp }).expect("shares");
    let assets = market.stage.ask(IERC4626::convertToAssetsCall { shares }).expect("assets");
    assert_eq!(assets, usdc(1_000_000.0));
    let series = market.series(market.expiries[1], 2_800, false);
    println!("{:?}", market.quote(series, 10.0));
    println!("{:?}", market.trade(series, 10.0));
    println!("{:?}", market.stage.ask(IVault::navCall {}));
    println!("{:?}", market.stage.ask(IVault::greeksCall {}));
    println!("{:?}", market.stage.ask(IVault::hedgeNeededCall {}));
    let info = market.stage.chain.world.program(market.stage.vault);
    println!("{info:?}");
}
