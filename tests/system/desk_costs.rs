//! What hedging costs, on a book of 64 strikes.

use alloy_sol_types::SolValue as _;
use demo::stage::{artifacts, POOL_FEE};
use host::alloy_primitives::{B256, I256, U256};
use interfaces::desk::IHedgeDesk;
use interfaces::external::IToken;
use interfaces::venue::IHedgeVenue;

use crate::book_costs::book_of_64;
use crate::costs::{view, Figures};
use crate::desk::need;
use crate::desk_fill::filler;
use crate::market::{expiry, series, Market, HOUR, SPOT};

/// A market of 64 strikes whose hedge has been due for an hour.
fn skewed_64() -> Market {
    let mut market = book_of_64();
    for strike in [2_000, 2_025, 2_050] {
        market.trade(&[(series(expiry(30), strike, false), 15.0)]).expect("a trade");
    }
    let keeper = market.stage.actors.keeper;
    market.stage.hedge(keeper, IHedgeDesk::pokeCall {}).expect("a look");
    let now = market.now();
    market.move_to(now + HOUR, SPOT);
    market
}

/// Gas of a transaction to the desk.
fn send<C: alloy_sol_types::SolCall>(market: &mut Market, call: C) -> u64 {
    let (who, desk) = (market.stage.actors.arbitrageur, market.stage.desk);
    market.stage.chain.send_for_receipt(who, desk, call).expect("a receipt").1.execution_gas
}

/// Gas of the venue's own swap, in the vault's place: somebody who has sent it the input.
fn venue_swap(market: &mut Market, size: I256) -> u64 {
    let stage = &mut market.stage;
    let (owner, trader) = (stage.actors.owner, stage.actors.arbitrageur);
    let arguments = (trader, stage.usdc, stage.underlying, stage.uniswap.router, POOL_FEE);
    let wasm = artifacts::wasm("uniswap_v3_venue").expect("the venue");
    let venue = stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments.abi_encode_params()));
    let venue = venue.expect("a venue of one's own");
    stage.chain.world.set_cached(venue, true);
    let limit = U256::from(SPOT * 1.01) * size.into_raw() / U256::from(1_000_000_000_000_u64);
    stage.chain.send(trader, stage.usdc, IToken::transferCall { to: venue, value: limit }).expect("input");
    let call = IHedgeVenue::hedgeCall { size, cashLimit: limit };
    stage.chain.send_for_receipt(trader, venue, call).expect("a swap").1.execution_gas
}

pub(crate) fn figures(gas: &mut Figures) {
    let mut market = skewed_64();
    let (desk, due) = (market.stage.desk, need(&mut market).due);
    let mut tell = |name: &str, used: u64| {
        gas.insert(name.into(), used.into());
    };
    tell("hedge_needed_64", view(&mut market, desk, IHedgeDesk::hedgeNeededCall {}));
    tell("check_upkeep_64", view(&mut market, desk, IHedgeDesk::checkUpkeepCall(Default::default())));
    let base = market.stage.chain.world.snapshot();
    tell("poke_64", send(&mut market, IHedgeDesk::pokeCall {}));

    market.stage.chain.world.restore(&base);
    let who = filler(&mut market);
    let fill = |size| IHedgeDesk::fillHedgeCall { size, limit: U256::ZERO, receiver: who, data: B256::ZERO };
    let half = due / I256::try_from(2).expect("two");
    tell("fill_hedge_first", send(&mut market, fill(half)));
    tell("fill_hedge", send(&mut market, fill(due - half)));

    market.stage.chain.world.restore(&base);
    let plan = market.stage.plan_of_due().expect("a plan");
    let first = send(&mut market, IHedgeDesk::rebalanceCall { plan });
    tell("rebalance_first_64", first);
    // The second hedge of a vault that holds some already, as almost all are.
    for strike in [2_000, 2_025] {
        market.trade(&[(series(expiry(30), strike, false), 15.0)]).expect("a trade");
    }
    let now = market.now();
    market.move_to(now + HOUR, SPOT);
    market.stage.hedge(who, IHedgeDesk::pokeCall {}).expect("a look");
    market.move_to(now + 2 * HOUR, SPOT);
    let plan = market.stage.plan_of_due().expect("a plan");
    let size = plan.legs[0].size;
    let before = market.stage.chain.world.snapshot();
    let rebalance = send(&mut market, IHedgeDesk::rebalanceCall { plan });
    market.stage.chain.world.restore(&before);
    let swap = venue_swap(&mut market, size);
    tell("rebalance_one_venue_64", rebalance);
    tell("venue_swap", swap);
}
