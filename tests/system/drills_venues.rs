//! Fault drills of where the vault hedges and keeps idle cash (C3 to C7), and of a spike of the gas price (C13), through the desk and through
//! claims that are short of cash, the vault's two ways to a venue. Asynchronous venues have drills of their own (`venue_perp_hostile`).

use alloy_sol_types::{sol, SolCall as _, SolError as _, SolValue as _};
use demo::stage::Failure;
use host::alloy_primitives::{keccak256, Address, Bytes, FixedBytes, I256, U256};
use interfaces::desk::IHedgeDesk::{self, Leg, Plan};
use interfaces::erc20::IERC20;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use interfaces::venue::IHedgeVenue;

use crate::abi::signatures;
use crate::desk::{need, waited};
use crate::desk_fill::{fill, filler};
use crate::hedge::due;
use crate::hostile::{besieged, Hostile};
use crate::market::{events, usdc, wad, Market, DAY, HOUR, SPOT};
use crate::pool::{calls, divest, invested_with, lending, settle, IPool};
use crate::pool_drills::{borrow, entrusted, hasty, set_mode, somebody, FAIL};
use crate::redeem::{process, redeem_all, request, shares_of};

sol! {
    interface Allowances {
        function allowance(address owner, address spender) external view returns (uint256);
    }
}

/// Modes of `HostileVenue`.
const REENTER: u8 = 0;
const STEAL: u8 = 1;
const UNDERFILL: u8 = 2;
const REFUSE: u8 = 3;
const FLOOD: u8 = 4;
const BURN: u8 = 5;

fn venue_mode(market: &mut Market, venue: Address, mode: u8) {
    let owner = market.stage.actors.owner;
    market.stage.chain.send(owner, venue, Hostile::setModeCall { mode }).expect("a mode");
}

/// A market whose holders are owed more than it has in cash: its pool fails, its hedges must be sold, and its default venue is hostile.
fn cornered() -> (Market, Address) {
    let (mut market, pool) = entrusted();
    let stage = &mut market.stage;
    let owner = stage.actors.owner;
    let arguments = (stage.vault, stage.usdc, stage.underlying).abi_encode_params();
    let venue = stage.chain.create(owner, "HostileVenue", &arguments).expect("the venue");
    let stock = demo::stage::Usdc::mintCall { to: venue, value: usdc(10e6) };
    stage.chain.send(owner, stage.usdc, stock).expect("cash to pay with");
    stage.vault(owner, IVault::allowVenueCall { venue }).expect("an allowance");
    let now = market.now();
    market.move_to(now + 2 * DAY, SPOT);
    // Named anew, now that it may be used, it is the default.
    market.stage.vault(owner, IVault::allowVenueCall { venue }).expect("an allowance");
    settle(&mut market, SPOT);
    set_mode(&mut market, pool, FAIL);
    assert!(market.nav().owed > market.nav().cash);
    (market, venue)
}

fn claim(market: &mut Market) -> Result<U256, Failure> {
    let claim = IVault::claimCall { series: calls(market), receiver: market.trader };
    market.stage.vault(market.trader, claim)
}

#[test]
fn c03_a_leg_that_reverts_undoes_the_plan_and_the_next_venue_is_paid_the_same() {
    let (mut market, bad) = besieged(REFUSE);
    let keeper = market.stage.actors.keeper;
    market.stage.hedge(keeper, IHedgeDesk::pokeCall {}).expect("a look");
    let now = market.now();
    market.move_to(now + HOUR, SPOT);
    let (before, good) = (need(&mut market), market.stage.venue);
    let straight = market.stage.plan(good, before.due).expect("a price");
    let half = before.due / I256::try_from(2).expect("two");
    let leg = |venue, size| Leg { venue, size, limitPrice: U256::ZERO };
    let legs = vec![leg(good, half), leg(bad, before.due - half)];
    let torn = Plan { legs, ..straight.clone() };

    let base = market.stage.chain.world.snapshot();
    let told =
        market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan: straight.clone() }).expect("a hedge");
    market.stage.chain.world.restore(&base);
    let reason = FixedBytes(IHedgeVenue::SwapFailed::SELECTOR);
    market.refuses(IVault::VenueFailed { venue: bad, reason }, |market| {
        market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan: torn })
    });
    assert_eq!(need(&mut market), before, "the clock, the budget and what is due stand");
    let done = market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan: straight }).expect("elsewhere");
    assert_eq!((done.size, done.reward), (told.size, told.reward));
    assert!(done.reward > U256::ZERO);
}

#[test]
fn c04_every_way_to_a_venue_meets_garbage_floods_and_burnt_gas_with_a_typed_error_or_a_measured_trade() {
    // Through the desk, buying: what the venue answers is not read, what it moved is measured.
    for mode in [REENTER, FLOOD] {
        let (mut market, venue) = besieged(mode);
        let size = due(&mut market).size;
        assert_eq!(market.rebalance_within(venue, size, SPOT * 1.001).expect("a hedge"), size);
    }
    let (mut market, venue) = besieged(BURN);
    let size = due(&mut market).size;
    let reason = FixedBytes::ZERO;
    market.refuses(IVault::VenueFailed { venue, reason }, |market| market.rebalance(venue, size));

    // Through a claim that is short of cash, selling.
    let (mut market, venue) = cornered();
    let base = market.stage.chain.world.snapshot();
    for mode in [REENTER, FLOOD] {
        market.stage.chain.world.restore(&base);
        venue_mode(&mut market, venue, mode);
        let owed = market.nav().owed;
        assert_eq!(claim(&mut market).expect("a claim"), owed);
    }
    for (mode, reason) in [(BURN, FixedBytes::ZERO), (REFUSE, FixedBytes(IHedgeVenue::SwapFailed::SELECTOR))]
    {
        market.stage.chain.world.restore(&base);
        venue_mode(&mut market, venue, mode);
        market.refuses(IVault::VenueFailed { venue, reason }, claim);
    }
    for mode in [STEAL, UNDERFILL] {
        market.stage.chain.world.restore(&base);
        venue_mode(&mut market, venue, mode);
        let before = market.digests();
        let failure = claim(&mut market).expect_err("too little came");
        assert_eq!(failure.data()[..4], IVault::SlippageAboveCap::SELECTOR, "{failure}");
        assert_eq!(market.digests(), before);
    }
}

#[test]
fn c04_a_claim_that_a_bad_venue_holds_up_is_paid_once_anyone_fills_the_sale() {
    for mode in [BURN, REFUSE, STEAL] {
        let (mut market, venue) = cornered();
        venue_mode(&mut market, venue, mode);
        claim(&mut market).expect_err("the venue is in its way");
        let who = filler(&mut market);
        let size = need(&mut market).due;
        assert!(size.is_negative(), "what hedged the settled book is to be sold: {size}");
        fill(&mut market, who, size, U256::MAX).expect("the auction needs no venue");
        let owed = market.nav().owed;
        assert_eq!(claim(&mut market).expect("paid from the cash of the fill"), owed, "mode {mode}");
    }
}

#[test]
fn c05_a_venue_that_calls_back_in_a_claim_finds_every_door_shut() {
    let (mut market, venue) = cornered();
    venue_mode(&mut market, venue, REENTER);
    let base = market.stage.chain.world.snapshot();
    let owed = market.nav().owed;
    let plain = {
        claim(&mut market).expect("a claim");
        market.digests()
    };
    for (target, file) in [(market.stage.vault, "IEquipoise"), (market.stage.desk, "IHedgeDesk")] {
        for signature in signatures(file, "function") {
            market.stage.chain.world.restore(&base);
            let attack: Bytes = [&keccak256(&signature)[..4], &[0; 32 * 8]].concat().into();
            market.stage.chain.send(market.lp, venue, Hostile::armCall { target, attack }).expect("a trap");
            assert_eq!(claim(&mut market).expect("the claim itself"), owed, "{signature}");
            assert!(market.stage.chain.view(venue, Hostile::triedCall {}).expect("a flag"), "{signature}");
            let open = market.stage.chain.view(venue, Hostile::succeededCall {}).expect("a flag");
            // What holds no lock changes nothing and shows nothing of the book.
            let digests = market.digests();
            assert!(!open || digests[..5] == plain[..5], "{file}: {signature} changed something");
            let answer = market.stage.chain.view(venue, Hostile::answerCall {}).expect("bytes");
            // What automation asks must not revert: it says that there is nothing to do.
            let idle = answer.get(..32).is_some_and(|word| word.iter().all(|byte| *byte == 0));
            assert!(
                !open || !priced(&signature) || idle,
                "{file}: {signature} showed a mark in the middle of a call"
            );
        }
    }
}

/// Whether a view tells a price, a mark or a NAV.
fn priced(signature: &str) -> bool {
    [
        "nav(",
        "quote(",
        "words(",
        "totalAssets(",
        "convertTo",
        "preview",
        "max",
        "hedgeNeeded(",
        "checkUpkeep(",
    ]
    .iter()
    .any(|start| signature.starts_with(start))
}

#[test]
fn c06_a_venue_is_given_no_allowance_and_takes_nothing_by_one() {
    let (mut market, venue) = besieged(REENTER);
    let (vault, size) = (market.stage.vault, due(&mut market).size);
    let (keeper, thief) = (market.stage.actors.keeper, market.trader);
    let base = market.stage.chain.world.snapshot();
    for token in [market.stage.usdc, market.stage.underlying] {
        for value in [U256::ONE, market.usdc_of(vault)] {
            market.stage.chain.world.restore(&base);
            let attack = IToken::transferFromCall { from: vault, to: thief, value }.abi_encode().into();
            market
                .stage
                .chain
                .send(keeper, venue, Hostile::armCall { target: token, attack })
                .expect("a trap");
            let had = market.stage.chain.token_balance(token, thief).expect("a balance");
            market.rebalance_within(venue, size, SPOT * 1.001).expect("the hedge itself");
            assert!(market.stage.chain.view(venue, Hostile::triedCall {}).expect("a flag"));
            assert!(!market.stage.chain.view(venue, Hostile::succeededCall {}).expect("a flag"));
            assert_eq!(market.stage.chain.token_balance(token, thief).expect("a balance"), had);
        }
    }
    market.stage.chain.world.restore(&base);
    market.rebalance(market.stage.venue, size).expect("a hedge");
    let spenders =
        [venue, market.stage.venue, market.stage.desk, market.stage.margin, market.stage.uniswap.router];
    for token in [market.stage.usdc, market.stage.underlying] {
        for spender in spenders {
            let asked = Allowances::allowanceCall { owner: vault, spender };
            assert_eq!(market.stage.chain.view(token, asked).expect("a number"), U256::ZERO);
        }
    }
}

#[test]
fn c07_a_pool_that_is_lost_lowers_nav_once_and_what_is_idle_still_pays() {
    let mut market = hasty();
    let pool = lending(&mut market, 0);
    invested_with(&mut market, pool, 2.0);
    let (lp, guardian) = (market.lp, market.stage.actors.guardian);
    let before = market.nav();
    let thief = somebody(&mut market, pool, 1.0);
    let all = market.usdc_of(pool);
    borrow(&mut market, pool, thief, all);
    market.stage.chain.send(thief, pool, IPool::writeOffCall { amount: all }).expect("it is gone");

    let after = market.nav();
    let fell = before.mid - after.mid;
    assert!(
        (fell - I256::from_raw(before.pool)).abs() <= I256::from_raw(U256::from(2)),
        "{fell} {}",
        before.pool
    );
    assert_eq!((after.pool, after.poolLiquid), (U256::ZERO, U256::ZERO));
    market.stage.vault(guardian, IVault::removePoolCall {}).expect("impaired by the guardian");
    assert_eq!(market.nav().mid, after.mid, "it falls once");
    // Exits go on from idle, at what is left; nobody who stays loses by it.
    let (shares, price) = (shares_of(&mut market, lp) / U256::from(50), market.share_price());
    request(&mut market, lp, shares).expect("a request");
    let filled = process(&mut market).expect("processed from idle cash");
    assert_eq!(filled.shares, shares);
    let paid = redeem_all(&mut market, lp);
    assert!(paid > U256::ZERO && f64::from(paid) <= f64::from(shares) * price);
    assert!(market.share_price() >= price * (1.0 - 1e-9));
    // New risk beyond what is left is refused, less risk is welcome.
    let legs: Vec<_> = calls(&market).into_iter().map(|id| (id, 18.0)).collect();
    let refused = (0..5).find_map(|_| market.trade(&legs).err()).expect("NAV no longer bears it");
    let known = [IVault::SolvencyTooLow::SELECTOR, IVault::InsufficientLiquidity::SELECTOR];
    assert!(known.iter().any(|one| refused.data().starts_with(one)), "{refused}");
    market.trade(&[(calls(&market)[0], -1.0)]).expect("less risk");
    assert!(divest(&mut market, thief, U256::MAX).map_or(true, |back| back.is_zero()));
}

#[test]
fn c07_a_venue_that_is_removed_is_out_at_once_and_hedges_go_on_elsewhere() {
    let (mut market, venue) = besieged(REENTER);
    let (guardian, size) = (market.stage.actors.guardian, due(&mut market).size);
    let nav = market.nav().mid;
    market.stage.vault(guardian, IVault::removeVenueCall { venue }).expect("quarantined");
    let gone = IVault::VenueNotAllowed { venue, allowedFrom: U256::ZERO };
    market.refuses(gone, |market| market.rebalance(venue, size));
    assert_eq!(market.nav().mid, nav);
    market.rebalance(market.stage.venue, size).expect("a hedge elsewhere");
}

#[test]
fn c07_naming_a_venue_leaves_the_default_route_as_it_is_until_the_new_one_may_be_used() {
    let (mut market, pool) = entrusted();
    let (owner, old, trader) = (market.stage.actors.owner, market.stage.venue, market.trader);
    let new = market.stage.chain.world.account("another venue");
    let near = market.expiries[0];
    market.move_to(near - DAY, SPOT);
    market.stage.vault(owner, IVault::allowVenueCall { venue: new }).expect("named");
    settle(&mut market, SPOT);
    set_mode(&mut market, pool, FAIL);
    let (vault, owed) = (market.stage.vault, market.nav().owed);
    let call = IVault::claimCall { series: calls(&market), receiver: trader };
    let (paid, receipt) = market.receipt(trader, call);
    let [sold] = events::<IVault::Hedged>(&receipt.logs, vault).try_into().expect("one sale");
    assert_eq!((paid, sold.venue), (owed, old));
}

#[test]
fn c13_a_gas_price_spike_is_paid_for_up_to_the_cap_and_the_breach_stands_where_all_can_see_it() {
    const GAS_CAP: u64 = 500_000;
    let mut market = waited(HOUR);
    let (base, keeper) = (market.stage.chain.world.snapshot(), market.stage.actors.keeper);
    let cheapest = market.stage.chain.world.base_fee();
    let mut rewards = Vec::new();
    for factor in [1, 10, 100, 10_000] {
        market.stage.chain.world.restore(&base);
        market.stage.chain.world.set_base_fee(cheapest * factor);
        let (nav, before) = (market.nav().mid, need(&mut market));
        let plan = market.stage.plan_of_due().expect("a plan");
        let done = market.stage.hedge(keeper, IHedgeDesk::rebalanceCall { plan }).expect("a hedge");
        let after = need(&mut market);
        assert!(after.due.is_zero() && before.budget - after.budget == done.reward, "{after:?}");
        assert!(nav - market.nav().mid < I256::from_raw(usdc(200.0)));
        rewards.push(done.reward);
    }
    let cap = U256::from(GAS_CAP);
    // Dearer gas is paid for, but never by more than its cap: at ten thousand times the fee as at a hundred.
    assert!(rewards[1] > rewards[0], "{rewards:?}");
    assert!(rewards.iter().all(|reward| *reward <= rewards[0] + cap), "{rewards:?}");
    assert_eq!(rewards[2], rewards[3]);

    // Where nobody hedges at that price, the breach, its age and a wider cap on the price stand in the desk's view.
    market.stage.chain.world.restore(&base);
    market.stage.chain.world.set_base_fee(cheapest * 10_000);
    let first = need(&mut market);
    let now = market.now();
    market.move_to(now + 6 * HOUR, SPOT);
    let later = need(&mut market);
    assert_eq!((later.since, later.due.is_zero()), (first.since, false));
    assert!(later.deviation.unsigned_abs() > later.outer && later.slip >= first.slip, "{later:?}");
    assert!(later.seasoned >= first.seasoned);
    let supply = market.stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
    assert!(supply > U256::ZERO && hedge_size(&mut market) < wad(1.0));
}

fn hedge_size(market: &mut Market) -> U256 {
    need(market).position.unsigned_abs()
}
