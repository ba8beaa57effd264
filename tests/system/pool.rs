//! Idle cash in a real ERC-4626 pool, OpenZeppelin's: who may put it there, and that every payment brings it back.

use alloy_sol_types::{sol, SolValue as _};
use demo::stage::{default_profile, Failure};
use host::alloy_primitives::{Address, U256};
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::lens::ILens;
use interfaces::vault::IVault::{self, Role};

use crate::hedge::due;
use crate::market::{events, series, usdc, wide_limits, Market, DAY, HOUR, SPOT, START};
use crate::redeem::{process, redeem_all, request, shares_of};

sol! {
    interface IPool {
        function setMode(uint8 mode) external;
        function pump(uint256 boost) external;
        function borrow(uint256 amount) external;
        function repay(uint256 amount) external;
        function writeOff(uint256 amount) external;
        function arm(address target, bytes calldata attack) external;
        function tried() external view returns (bool);
        function succeeded() external view returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function convertToAssets(uint256 shares) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
    }
}

/// A pool of OpenZeppelin's with `offset` decimals more than USDC.
pub(crate) fn lending(market: &mut Market, offset: u8) -> Address {
    let (owner, usdc) = (market.stage.actors.owner, market.stage.usdc);
    let arguments = (usdc, U256::from(offset)).abi_encode_params();
    market.stage.chain.create(owner, "LendingPool", &arguments).expect("a pool")
}

/// Names a pool and waits until it may be used.
pub(crate) fn name(market: &mut Market, pool: Address) {
    market.stage.vault(market.stage.actors.owner, IVault::setPoolCall { pool }).expect("a pool");
    let now = market.now();
    market.move_to(now + 2 * DAY, SPOT);
}

pub(crate) fn invest(market: &mut Market, assets: U256) -> Result<(), Failure> {
    market.stage.vault(market.stage.actors.curator, IVault::investCall { assets }).map(|_| ())
}

pub(crate) fn divest(market: &mut Market, from: Address, assets: U256) -> Result<U256, Failure> {
    market.stage.vault(from, IVault::divestCall { assets })
}

/// All that may be invested.
pub(crate) fn investable(market: &mut Market) -> U256 {
    let nav = market.nav();
    let free = nav.cash - nav.owed;
    free - (free + nav.pool).div_ceil(U256::from(10))
}

/// Calls on each of six strikes, of the first expiry.
pub(crate) fn calls(market: &Market) -> Vec<U256> {
    (0..6).map(|index| series(market.expiries[0], 2_300 + 100 * index, false)).collect()
}

/// A market of calls, with nine tenths of its free cash in the pool.
pub(crate) fn invested(market: &mut Market, pool: Address) {
    name(market, pool);
    for id in calls(market) {
        market.trade(&[(id, 18.0)]).expect("a trade");
    }
    let assets = investable(market);
    invest(market, assets).expect("an investment");
}

/// Buys the hedge that is due, beyond what the vault has in cash; what that leaves is a hundredth of it.
pub(crate) fn hedge(market: &mut Market) -> U256 {
    let (venue, size) = (market.stage.venue, due(market).size);
    market.rebalance(venue, size).expect("a hedge");
    market.nav().cash
}

/// Goes past the first expiry at `price` and settles it.
pub(crate) fn settle(market: &mut Market, price: f64) {
    let expiry = market.expiries[0];
    market.move_to(expiry - HOUR, price);
    let round_id = market.stage.last_round().expect("a round");
    market.move_to(expiry + HOUR, price);
    market.stage.vault(market.trader, IVault::settleCall { expiry, roundId: round_id }).expect("a price");
}

#[test]
fn the_owner_names_a_pool_of_usdc_and_its_use_waits_two_days() {
    let mut market = Market::bare(default_profile(), wide_limits());
    let pool = lending(&mut market, 0);
    let (owner, curator, stranger) = (market.stage.actors.owner, market.stage.actors.curator, market.trader);
    let error = IVault::NotAuthorised { caller: curator, role: Role::Owner };
    market.refuses(error, |market| market.stage.vault(curator, IVault::setPoolCall { pool }));
    let weth = market.stage.underlying;
    let arguments = (weth, U256::ZERO).abi_encode_params();
    let other = market.stage.chain.create(owner, "LendingPool", &arguments).expect("a pool of WETH");
    let nothing = IVault::PoolNotAllowed { pool: Address::ZERO, allowedFrom: U256::ZERO };
    market.refuses(nothing, |market| invest(market, U256::ONE));
    market.deposit(1_000.0).expect("a deposit");
    let token = market.stage.usdc;
    let name_wrong = |market: &mut Market, pool| {
        market.stage.vault(owner, IVault::setPoolCall { pool }).expect("a name");
        let from = market.now() + 2 * DAY;
        market.move_to(from, SPOT);
    };
    for pool in [stranger, other] {
        name_wrong(&mut market, pool);
        market.refuses(IVault::PoolFailed { pool }, |market| invest(market, usdc(1.0)));
    }
    name_wrong(&mut market, weth);
    // It takes any call for a deposit of ether.
    let error = IVault::TokenShort { token, expected: usdc(1.0), received: U256::ZERO };
    market.refuses(error, |market| invest(market, usdc(1.0)));
    name_wrong(&mut market, Address::ZERO);
    market.refuses(IVault::TokenFailed { token }, |market| invest(market, usdc(1.0)));

    let mut market = Market::bare(default_profile(), wide_limits());
    let pool = lending(&mut market, 0);
    let (_, receipt) = market.receipt(owner, IVault::setPoolCall { pool });
    let [set] = events::<IVault::PoolSet>(&receipt.logs, market.stage.vault).try_into().expect("one event");
    assert_eq!((set.pool, set.allowedFrom), (pool, U256::from(START)));
    market.deposit(1_000.0).expect("a deposit");
    invest(&mut market, usdc(900.0)).expect("at once, before there were shares");

    let mut market = Market::open();
    let pool = lending(&mut market, 0);
    let from = U256::from(START + 2 * DAY);
    market.stage.vault(owner, IVault::setPoolCall { pool }).expect("a pool");
    let told = market.stage.ask(IVault::poolCall {}).expect("a view");
    assert_eq!((told.pool_, told.allowedFrom, told.shares), (pool, from, U256::ZERO));
    market.move_to(START + 2 * DAY - 1, SPOT);
    let error = IVault::PoolNotAllowed { pool, allowedFrom: from };
    market.refuses(error, |market| invest(market, usdc(1.0)));
    market.move_to(START + 2 * DAY, SPOT);
    invest(&mut market, usdc(1.0)).expect("after two days");
}

#[test]
fn the_curator_invests_above_a_tenth_and_nav_stays() {
    for offset in [0, 12] {
        let mut market = Market::open();
        let pool = lending(&mut market, offset);
        name(&mut market, pool);
        let (vault, curator, guardian) =
            (market.stage.vault, market.stage.actors.curator, market.stage.actors.guardian);
        let before = market.nav();
        let assets = usdc(900_000.0);
        let error = IVault::NotAuthorised { caller: guardian, role: Role::Curator };
        market.refuses(error, |market| market.stage.vault(guardian, IVault::investCall { assets }));
        let error = IVault::InsufficientCash { needed: assets + U256::ONE, available: assets };
        market.refuses(error, |market| invest(market, assets + U256::ONE));
        market.stage.vault(guardian, IVault::pauseCall {}).expect("a pause");
        market.refuses(IVault::EnforcedPause {}, |market| invest(market, assets));
        market.stage.vault(market.stage.actors.owner, IVault::unpauseCall {}).expect("no pause");

        let (_, receipt) = market.receipt(curator, IVault::investCall { assets });
        let [event] = events::<IVault::Invested>(&receipt.logs, vault).try_into().expect("one event");
        let shares = assets * U256::from(10).pow(U256::from(offset));
        assert_eq!((event.pool, event.bought, event.assets, event.shares), (pool, true, assets, shares));
        let after = market.nav();
        assert_eq!((after.cash, after.pool, after.poolLiquid), (usdc(100_000.0), assets, assets));
        assert_eq!((after.mid, after.low), (before.mid, before.low));
        assert_eq!((market.usdc_of(vault), market.usdc_of(pool)), (usdc(100_000.0), assets));
        let allowance = interfaces::erc20::IERC20::allowanceCall { owner: vault, spender: pool };
        assert_eq!(market.stage.chain.view(market.stage.usdc, allowance).expect("a view"), U256::ZERO);
        let error = IVault::InsufficientCash { needed: U256::ONE, available: U256::ZERO };
        market.refuses(error, |market| invest(market, U256::ONE));
        let other = lending(&mut market, offset);
        market.refuses(IVault::PoolInUse { pool, shares }, |market| {
            market.stage.vault(market.stage.actors.owner, IVault::setPoolCall { pool: other })
        });
        let told = market.stage.look(ILens::navBreakdownCall { vault }).expect("a breakdown");
        assert_eq!((told.pool, told.poolLiquid, told.mid, told.low), (assets, assets, after.mid, after.low));
        assert_eq!(told.free.into_raw(), usdc(1_000_000.0));

        let (received, receipt) = market.receipt(curator, IVault::divestCall { assets: U256::MAX });
        let [event] = events::<IVault::Invested>(&receipt.logs, vault).try_into().expect("one event");
        assert_eq!((received, event.bought, event.assets, event.shares), (assets, false, assets, shares));
        let told = market.stage.ask(IVault::poolCall {}).expect("a view");
        assert_eq!((told.shares, market.nav().mid), (U256::ZERO, before.mid));
    }
}

#[test]
fn a_hedge_a_sale_a_redemption_and_a_claim_bring_back_what_they_need() {
    for offset in [0, 12] {
        let mut market = Market::open();
        let pool = lending(&mut market, offset);
        invested(&mut market, pool);
        let (vault, lp, trader) = (market.stage.vault, market.lp, market.trader);
        let (before, mid) = (market.nav(), market.nav().mid);
        let left = hedge(&mut market);
        let after = market.nav();
        let spent = before.cash + before.pool - after.cash - after.pool;
        assert!(spent > before.cash && left < spent / U256::from(50), "{spent} {before:?} {after:?}");
        assert_eq!(market.usdc_of(vault), after.cash);
        let lost = (mid - after.mid).into_raw();
        assert!(lost < spent / U256::from(500), "the hedge cost its slippage: {lost} of {spent}");

        let sold: Vec<_> = calls(&market)[..2].iter().map(|id| (*id, -10.0)).collect();
        let had = market.usdc_of(trader);
        let premium = -market.trade(&sold).expect("a sale beyond the cash");
        assert!(premium.into_raw() > left, "{premium} {left}");
        assert_eq!(market.usdc_of(trader) - had, premium.into_raw());
        assert_eq!(market.nav().cash, U256::ZERO, "no more came than was missing");

        let shares = shares_of(&mut market, lp) / U256::from(4);
        request(&mut market, lp, shares).expect("a request");
        let now = market.now();
        market.move_to(now + DAY + DAY / 4, SPOT);
        let assets = process(&mut market).expect("processed").assets;
        let told = market.stage.ask(IERC4626::maxWithdrawCall { controller: lp }).expect("a view");
        assert!(assets == told && assets > usdc(200_000.0), "{assets} {told}");
        let had = market.usdc_of(lp);
        redeem_all(&mut market, lp);
        assert_eq!((market.usdc_of(lp) - had, market.nav().owed), (assets, U256::ZERO));

        settle(&mut market, SPOT);
        let nav = market.nav();
        let claim = IVault::claimCall { series: calls(&market), receiver: trader };
        let (payoff, receipt) = market.receipt(trader, claim);
        assert!(payoff > nav.cash && payoff <= nav.owed, "{payoff} {nav:?}");
        assert_eq!(events::<IVault::Hedged>(&receipt.logs, vault).len(), 0, "no hedge was sold");
        let [event] = events::<IVault::Invested>(&receipt.logs, vault).try_into().expect("one event");
        assert_eq!(event.assets, payoff - nav.cash);
        let after = market.nav();
        assert_eq!((after.cash, market.usdc_of(vault)), (U256::ZERO, U256::ZERO));
        assert!((after.mid - nav.mid).unsigned_abs() <= U256::ONE, "a claim moves no NAV");
    }
}

#[test]
fn a_removed_pool_takes_no_more_and_anyone_empties_it() {
    let mut market = Market::open();
    let pool = lending(&mut market, 0);
    invested(&mut market, pool);
    let (guardian, stranger, vault) =
        (market.stage.actors.guardian, market.stage.actors.arbitrageur, market.stage.vault);
    let error = IVault::NotAuthorised { caller: stranger, role: Role::Guardian };
    market.refuses(error, |market| divest(market, stranger, U256::ONE));
    let error = IVault::NotAuthorised { caller: stranger, role: Role::Guardian };
    market.refuses(error, |market| market.stage.vault(stranger, IVault::removePoolCall {}));
    divest(&mut market, guardian, usdc(100_000.0)).expect("the guardian may");

    let (_, receipt) = market.receipt(guardian, IVault::removePoolCall {});
    let [removed] = events::<IVault::PoolSet>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!((removed.pool, removed.allowedFrom), (pool, U256::ZERO));
    let error = IVault::PoolNotAllowed { pool, allowedFrom: U256::ZERO };
    market.refuses(error, |market| invest(market, U256::ONE));
    let before = market.nav();
    assert!(before.pool > U256::ZERO, "what is in it still counts");
    assert_eq!(divest(&mut market, stranger, U256::MAX).expect("by anyone"), before.pool);
    let after = market.nav();
    assert_eq!((after.pool, after.mid, after.cash), (U256::ZERO, before.mid, before.cash + before.pool));
    assert_eq!(market.usdc_of(vault), after.cash);
    let other = lending(&mut market, 0);
    name(&mut market, other);
    invest(&mut market, usdc(1.0)).expect("the next pool");
}

#[test]
fn gifts_of_pool_shares_or_of_usdc_change_nothing() {
    let mut market = Market::open();
    let pool = lending(&mut market, 0);
    invested(&mut market, pool);
    let (vault, giver, usdc_token) = (market.stage.vault, market.lp, market.stage.usdc);
    let approve = IToken::approveCall { spender: pool, value: U256::MAX };
    market.stage.chain.send(giver, usdc_token, approve).expect("an approval");
    let deposit = IERC4626::depositCall { assets: usdc(500_000.0), receiver: giver };
    let shares = market.stage.chain.send(giver, pool, deposit).expect("shares of the pool");
    let (before, told) = (market.nav(), market.stage.ask(IVault::poolCall {}).expect("a view"));
    market.stage.chain.send(giver, pool, IPool::transferCall { to: vault, value: shares }).expect("a gift");
    let gift = IToken::transferCall { to: vault, value: usdc(1.0) };
    market.stage.chain.send(giver, usdc_token, gift).expect("a gift");
    assert_eq!(market.nav(), before);
    let guardian = market.stage.actors.guardian;
    assert_eq!(divest(&mut market, guardian, U256::MAX).expect("all"), before.pool);
    let after = market.nav();
    assert_eq!((after.mid, after.pool), (before.mid, U256::ZERO));
    let held = market.stage.chain.view(pool, IPool::balanceOfCall { account: vault }).expect("a view");
    assert_eq!(held, shares, "what was given is still there: {told:?}");
}

#[test]
fn an_insolvent_vault_empties_its_pool_before_it_is_shared() {
    let mut market = crate::insolvency::strained_after(|market| {
        let pool = lending(market, 0);
        name(market, pool);
        invest(market, usdc(800_000.0)).expect("an investment");
    });
    let (pool, anyone) = (market.stage.ask(IVault::poolCall {}).expect("a view"), market.trader);
    let now = market.now();
    market.stage.chain.world.warp(now + HOUR);
    for _ in 0..2 {
        market.stage.push_price(SPOT * 0.4).expect("a round");
    }
    market.publish();
    let nav = market.nav();
    assert!(nav.mid.is_negative() && nav.pool > nav.cash, "{nav:?}");
    market.stage.chain.send(anyone, pool.pool_, IPool::borrowCall { amount: nav.pool }).expect("a loan");
    let error = IVault::PoolFailed { pool: pool.pool_ };
    market.refuses(error, |market| market.stage.vault(anyone, IVault::recordShortfallCall {}));
    let approve = IToken::approveCall { spender: pool.pool_, value: U256::MAX };
    market.stage.chain.send(anyone, market.stage.usdc, approve).expect("an approval");
    market.stage.chain.send(anyone, pool.pool_, IPool::repayCall { amount: nav.pool }).expect("repaid");
    let (_, receipt) = market.receipt(anyone, IVault::recordShortfallCall {});
    let vault = market.stage.vault;
    let [event] = events::<IVault::ShortfallRecorded>(&receipt.logs, vault).try_into().expect("one event");
    assert_eq!(event.cash, nav.cash + nav.pool - nav.owed);
}
