//! Fault drills of the programs themselves (C10): expired, left behind by a new version of Stylus, out of the cache. Whatever happens to them
//! they cannot run, but nothing that they hold or owe changes, and anyone brings them back.

use alloy_sol_types::{sol, SolCall as _};
use demo::stage::{Failure, PriceFeed};
use host::alloy_primitives::aliases::U80;
use host::alloy_primitives::{address, Address, Bytes, FixedBytes, I256, U256};
use host::{CallError, Tx};
use interfaces::erc4626::IERC4626;
use interfaces::lens::ILens;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;

use crate::hedge::due;
use crate::market::{series, signed, usdc, wad, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{process, redeem_all, request, SHARE};

sol! {
    function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
}

const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");

/// A market with positions in both expiries and a processed redemption, each still to be paid, and its first expiry's last round.
fn invested() -> (Market, U80) {
    let mut market = Market::open();
    let near = market.expiries[0];
    market.trade(&[(series(near, 2_500, false), 4.0), (market.call(2_800), 3.0)]).expect("a trade");
    let lp = market.lp;
    request(&mut market, lp, U256::from(SHARE)).expect("a request");
    market.move_to(START + 2 * DAY, SPOT);
    process(&mut market).expect("processed");
    market.move_to(near - HOUR, 2_700.0);
    let round = market.stage.last_round().expect("a round");
    market.move_to(near + HOUR, 3_100.0);
    (market, round)
}

pub(crate) fn programs(market: &Market) -> [Address; 8] {
    let stage = &market.stage;
    [
        stage.vault,
        stage.engine,
        stage.surface,
        stage.desk,
        stage.margin,
        stage.broker,
        stage.venue,
        stage.lens,
    ]
}

/// Anyone activates a program again, for its fee.
fn activate(market: &mut Market, program: Address) {
    let (from, data) = (market.trader, Bytes::from(activateProgramCall { program }.abi_encode()));
    let tx = Tx { from, to: Some(ARB_WASM), value: wad(1.0), data, gas_limit: 30_000_000 };
    market.stage.chain.world.call_with(tx).expect("activated");
}

/// What the chain says of a program that cannot run.
fn halted(failure: &Failure) -> &str {
    let CallError::Halt { reason, .. } = &failure.0 else { panic!("{failure}") };
    reason.split('(').next().unwrap_or_default()
}

/// Price and payoffs of the first expiry, what a processed redemption pays, and NAV after it all.
fn outcome(market: &mut Market, round: U80) -> (U256, U256, U256, IVault::Nav) {
    let (near, trader, lp) = (market.expiries[0], market.trader, market.lp);
    let settle = IVault::settleCall { expiry: near, roundId: round };
    let price = market.stage.vault(trader, settle).expect("a settlement");
    let claim = IVault::claimCall { series: vec![series(near, 2_500, false)], receiver: trader };
    let paid = market.stage.vault(trader, claim).expect("a claim");
    (price, paid, redeem_all(market, lp), market.nav())
}

#[test]
fn c10_a_program_left_behind_by_a_new_version_stands_still_until_anyone_activates_it_and_has_lost_nothing() {
    let (mut market, round) = invested();
    let base = market.stage.chain.world.snapshot();
    let expected = outcome(&mut market, round);
    assert_eq!((expected.0, expected.1), (wad(2_700.0), usdc(800.0)));
    market.stage.chain.world.restore(&base);

    let before = market.digests();
    for program in programs(&market) {
        market.stage.chain.world.outdate(program);
    }
    let (near, trader) = (market.expiries[0], market.trader);
    let settle = IVault::settleCall { expiry: near, roundId: round };
    let failure = market.stage.vault(trader, settle).expect_err("it cannot run");
    assert_eq!(halted(&failure), "ProgramNeedsUpgrade");
    let failure = market.stage.ask(IERC4626::totalAssetsCall {}).expect_err("not even a view");
    assert_eq!(halted(&failure), "ProgramNeedsUpgrade");
    for program in programs(&market) {
        activate(&mut market, program);
    }
    assert_eq!(market.digests(), before, "nothing moved");
    assert_eq!(outcome(&mut market, round), expected);
    market.trade(&[(market.call(2_800), 1.0)]).expect("a trade");
}

#[test]
fn c10_programs_that_expired_are_activated_again_and_settle_every_expiry_at_its_own_price() {
    let (mut market, near_round) = invested();
    let far = market.expiries[1];
    market.move_to(far - HOUR, 3_050.0);
    let far_round = market.stage.last_round().expect("a round");
    market.stage.chain.world.warp(far + HOUR);
    market.stage.push_price(4_000.0).expect("a round");
    let base = market.stage.chain.world.snapshot();
    let settled = |market: &mut Market| {
        let (near, trader) = (market.expiries[0], market.trader);
        let mut told = Vec::new();
        for (expiry, round_id) in [(near, near_round), (far, far_round)] {
            let settle = IVault::settleCall { expiry, roundId: round_id };
            told.push(market.stage.vault(trader, settle).expect("a settlement"));
        }
        let ids = vec![series(near, 2_500, false), market.call(2_800)];
        told.push(
            market.stage.vault(trader, IVault::claimCall { series: ids, receiver: trader }).expect("a claim"),
        );
        let lp = market.lp;
        told.push(redeem_all(market, lp));
        told
    };
    let expected = settled(&mut market);
    assert_eq!(expected[..3], [wad(2_700.0), wad(3_050.0), usdc(800.0 + 750.0)]);

    market.stage.chain.world.restore(&base);
    market.stage.chain.world.warp(START + 366 * DAY);
    let (owner, feed) = (market.stage.actors.owner, market.stage.feed);
    let answer = I256::try_from(150_000_000_000_i64).expect("an answer");
    market.stage.chain.send(owner, feed, PriceFeed::pushCall { answer }).expect("the feed goes on");
    let before = market.digests();
    let failure = market.stage.ask(IVault::pausedCall {}).expect_err("expired");
    assert_eq!(halted(&failure), "ProgramExpired");
    let vault = market.stage.vault;
    // Settled claims and processed redemptions need no program but the vault's own.
    activate(&mut market, vault);
    assert_eq!(settled(&mut market), expected, "a year later, by the same rounds");
    let after = market.digests();
    assert_ne!(after[0], before[0]);
    for program in programs(&market).into_iter().skip(1) {
        activate(&mut market, program);
    }
    assert_eq!(market.digests(), after);
}

#[test]
fn c10_each_program_that_is_out_takes_with_it_what_needs_it_and_nothing_else() {
    let (mut market, round) = invested();
    let (near, trader, venue) = (market.expiries[0], market.trader, market.stage.venue);
    market.stage.vault(trader, IVault::settleCall { expiry: near, roundId: round }).expect("a settlement");
    for strike in [2_500, 2_600, 2_700] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    let writer = market.stage.writer("writer", 100_000.0).expect("an account");
    let (vault, engine, surface) = (market.stage.vault, market.stage.engine, market.stage.surface);
    let (size, call) = (due(&mut market).size, market.call(2_800));
    let base = market.stage.chain.world.snapshot();
    let exits = |market: &mut Market| {
        let claim = IVault::claimCall { series: vec![series(near, 2_500, false)], receiver: trader };
        assert_eq!(market.stage.vault(trader, claim).expect("a claim"), usdc(800.0));
        let lp = market.lp;
        assert!(redeem_all(market, lp) > U256::ZERO);
    };

    market.stage.chain.world.outdate(engine);
    market.refuses(IVault::EngineFailed { engine }, |market| market.trade(&[(call, 1.0)]));
    market.refuses(IVault::EngineFailed { engine }, |market| market.deposit(1.0));
    exits(&mut market);
    market.stage.chain.world.restore(&base);

    market.stage.chain.world.outdate(surface);
    market.refuses(IVault::SurfaceFailed { feed: surface }, |market| market.trade(&[(call, 1.0)]));
    exits(&mut market);
    market.stage.chain.world.restore(&base);

    market.stage.chain.world.outdate(market.stage.desk);
    assert_eq!(halted(&market.rebalance(venue, size).expect_err("no desk")), "ProgramNeedsUpgrade");
    market.trade(&[(call, 1.0)]).expect("trades need no desk");
    exits(&mut market);
    market.stage.chain.world.restore(&base);

    market.stage.chain.world.outdate(venue);
    let reason = FixedBytes::ZERO;
    market.refuses(IVault::VenueFailed { venue, reason }, |market| market.rebalance(venue, size));
    let asked = IHedgeVenue::hedgeCall { size, cashLimit: U256::ZERO };
    assert_eq!(
        halted(&market.stage.chain.send(trader, venue, asked).expect_err("itself")),
        "ProgramNeedsUpgrade"
    );
    market.trade(&[(call, 1.0)]).expect("trades need no venue");
    exits(&mut market);
    market.stage.chain.world.restore(&base);

    market.stage.chain.world.outdate(market.stage.margin);
    let write = IMargin::writeCall {
        account: writer,
        legs: vec![IMargin::Written { series: call, size: signed(1.0) }],
        minPremium: I256::MIN,
        deadline: U256::MAX,
    };
    assert_eq!(halted(&market.stage.margin(writer, write).expect_err("out")), "ProgramNeedsUpgrade");
    market.trade(&[(call, 1.0)]).expect("trades need no margin contract");
    exits(&mut market);
    market.stage.chain.world.restore(&base);

    // Without a position nobody asks the broker.
    market.stage.chain.world.outdate(market.stage.broker);
    market.trade(&[(call, 1.0)]).expect("trades need no broker");
    market.rebalance(venue, size).expect("nor do hedges at spot");
    exits(&mut market);
    market.stage.chain.world.restore(&base);

    market.stage.chain.world.outdate(market.stage.lens);
    assert_eq!(
        halted(&market.stage.look(ILens::greeksCall { vault }).expect_err("out")),
        "ProgramNeedsUpgrade"
    );
    market.rebalance(venue, size).expect("the lens is for readers");
    exits(&mut market);
}

#[test]
fn c10_out_of_the_cache_everything_costs_more_and_does_the_same() {
    let (mut market, round) = invested();
    let (call, trader) = (market.call(2_800), market.trader);
    let legs = crate::market::legs_of(&[(call, 1.0)]);
    let max_premium = I256::MAX;
    let trade = IVault::tradeCall { legs, maxPremium: max_premium, receiver: trader, deadline: U256::MAX };
    let near = market.expiries[0];
    market.stage.vault(trader, IVault::settleCall { expiry: near, roundId: round }).expect("a settlement");
    let now = market.now();
    market.stage.chain.world.warp(now + 1);
    let base = market.stage.chain.world.snapshot();
    let (paid, cached) = market.receipt(trader, trade.clone());
    let digests = market.digests();
    market.stage.chain.world.restore(&base);
    for program in programs(&market) {
        market.stage.chain.world.set_cached(program, false);
    }
    market.stage.chain.world.warp(now + 1);
    let (again, evicted) = market.receipt(trader, trade);
    assert_eq!((again, market.digests()), (paid, digests));
    assert_eq!(evicted.logs, cached.logs);
    let more = evicted.execution_gas - cached.execution_gas;
    // Vault, engine and surface feed start uncached: a third more, well inside what an estimate for a trade leaves.
    assert!(more > 50_000 && more < 150_000, "{more} of {}", cached.execution_gas);
}
