//! Faults of a hedge, each as somebody would meet it: venues that flood, burn or call back at every door, a price that moves or stops.

use alloy_sol_types::SolError as _;
use host::alloy_primitives::{keccak256, Bytes};
use interfaces::desk::IHedgeDesk;
use interfaces::vault::IVault;

use crate::abi::signatures;
use crate::desk::{need, waited};
use crate::hedge::due;
use crate::hostile::{besieged, Hostile};
use crate::market::{HOUR, SPOT};

/// Modes of `HostileVenue`.
const REENTER: u8 = 0;
const FLOOD: u8 = 4;
const BURN: u8 = 5;

#[test]
fn a_venue_that_answers_a_megabyte_is_paid_no_attention() {
    let (mut market, venue) = besieged(FLOOD);
    let size = due(&mut market).size;
    assert_eq!(market.rebalance_within(venue, size, SPOT * 1.001).expect("a hedge"), size);
    assert!(!due(&mut market).needed);
}

#[test]
fn a_venue_that_burns_all_gas_changes_nothing_and_the_next_one_is_there() {
    let (mut market, bad) = besieged(BURN);
    let (good, size) = (market.stage.venue, due(&mut market).size);
    let (before, base) = (market.digests(), market.stage.chain.world.snapshot());
    let failure = market.rebalance(bad, size).expect_err("burned");
    assert_eq!(market.digests(), before, "{failure}");
    market.stage.chain.world.restore(&base);
    assert_eq!(market.rebalance(good, size).expect("a hedge elsewhere"), size);
}

#[test]
fn a_venue_that_calls_back_at_every_door_of_vault_and_desk_finds_it_shut() {
    let (mut market, venue) = besieged(REENTER);
    let (keeper, size) = (market.stage.actors.keeper, due(&mut market).size);
    let base = market.stage.chain.world.snapshot();
    let doors = [(market.stage.vault, "IEquipoise"), (market.stage.desk, "IHedgeDesk")];
    for (target, file) in doors {
        for signature in signatures(file, "function") {
            market.stage.chain.world.restore(&base);
            let attack: Bytes = [&keccak256(&signature)[..4], &[0; 32 * 8]].concat().into();
            market.stage.chain.send(keeper, venue, Hostile::armCall { target, attack }).expect("a trap");
            market.rebalance_within(venue, size, SPOT * 1.001).expect("the hedge itself");
            assert!(market.stage.chain.view(venue, Hostile::triedCall {}).expect("a flag"), "{signature}");
            let open = market.stage.chain.view(venue, Hostile::succeededCall {}).expect("a flag");
            assert!(!open, "{file}: {signature} was open");
        }
    }
}

#[test]
fn a_plan_that_a_new_price_overtakes_costs_little_and_does_nothing() {
    let mut market = waited(HOUR);
    let plan = market.stage.plan_of_due().expect("a plan");
    market.stage.push_price(SPOT * 1.004).expect("a round");
    let spot = market.stage.ask(IVault::spotCall {}).expect("a price").price;
    let (keeper, planned) = (market.stage.actors.keeper, plan.spot);
    let error = IHedgeDesk::PlanStale { spot, planned };
    market.refuses(error, |market| market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }));
}

#[test]
fn a_plan_that_is_mined_twice_hedges_once() {
    let mut market = waited(HOUR);
    let (plan, keeper) = (market.stage.plan_of_due().expect("a plan"), market.stage.actors.keeper);
    let call = IHedgeDesk::rebalanceCall { plan };
    market.stage.hedge(keeper, call.clone()).expect("a hedge");
    let failure = market.stage.hedge(keeper, call).expect_err("nothing is due");
    assert_eq!(failure.data()[..4], IHedgeDesk::HedgeNotDue::SELECTOR, "{failure}");
}

#[test]
fn without_a_price_nothing_is_hedged_and_the_clock_stands() {
    let mut market = waited(HOUR);
    let (before, keeper) = (need(&mut market), market.stage.actors.keeper);
    let plan = market.stage.plan_of_due().expect("a plan");
    let base = market.stage.chain.world.snapshot();
    let now = market.now();
    market.stage.chain.world.warp(now + 3 * HOUR);
    let error = || IHedgeDesk::NoPrice {};
    market.refuses(error(), |market| market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }));
    market.refuses(error(), |market| market.stage.hedge(keeper, IHedgeDesk::pokeCall {}));
    market.stage.chain.world.restore(&base);
    assert_eq!(need(&mut market), before);
}
