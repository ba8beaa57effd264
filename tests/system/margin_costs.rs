//! What margin accounts cost, on a book of 64 strikes.

use host::alloy_primitives::{I256, U256};
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::book_costs::book_of_64;
use crate::costs::Figures;
use crate::margin::written;
use crate::market::{expiry, series, usdc, Market, HOUR};

/// Gas of a transaction to the margin accounts.
fn send<C: alloy_sol_types::SolCall>(
    market: &mut Market,
    from: host::alloy_primitives::Address,
    call: C,
) -> u64 {
    let margin = market.stage.margin;
    market.stage.chain.send_for_receipt(from, margin, call).expect("a receipt").1.execution_gas
}

pub(crate) fn figures(gas: &mut Figures) {
    let mut market = book_of_64();
    let (month, week) = (expiry(30), expiry(7));
    let (far, near) = (series(month, 2_000, true), series(week, 2_000, true));
    let writer = market.stage.writer("writer", 10_000.0).expect("an account");
    let bidder = market.stage.writer("bidder", 100_000.0).expect("an account");
    let write = |id, size| IMargin::writeCall {
        account: writer,
        legs: written(&[(id, size)]),
        minPremium: -I256::MAX,
        deadline: U256::MAX,
    };
    let mut tell = |name: &str, used: u64| {
        gas.insert(name.into(), used.into());
    };
    tell(
        "margin_deposit",
        send(&mut market, writer, IMargin::depositCall { amount: usdc(1.0), account: writer }),
    );
    tell("write_one_leg_64", send(&mut market, writer, write(near, 1.0)));
    tell("write_uncovered_64", send(&mut market, writer, write(far, 9.0)));
    tell("close_one_leg_64", send(&mut market, writer, write(far, -1.0)));
    tell("margin_refresh", send(&mut market, writer, IMargin::refreshCall { account: writer }));
    let take = IMargin::withdrawCall { amount: usdc(1.0), account: writer, receiver: writer };
    tell("margin_withdraw", send(&mut market, writer, take));

    market.stage.chain.world.warp(week - HOUR);
    // The put that settles is in the money.
    market.stage.push_price(1_900.0).expect("a round");
    let round = market.stage.last_round().expect("a round");
    market.stage.chain.world.warp(week + HOUR);
    market.stage.push_price(900.0).expect("a round");
    market.publish();
    let settle = IVault::settleCall { expiry: week, roundId: round };
    tell("settle_with_written", market.receipt(writer, settle).1.execution_gas);
    let pay = IMargin::settleAccountCall { account: writer, expiry: week };
    tell("settle_account", send(&mut market, writer, pay));
    tell("liquidate", send(&mut market, writer, IMargin::liquidateCall { account: writer }));
    let bid = IMargin::bidCall { account: writer, part: U256::from(10_000), maxPrice: I256::MAX };
    tell("bid", send(&mut market, bidder, bid));
}
