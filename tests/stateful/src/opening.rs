//! Where sequences begin: markets of several kinds, with everybody who plays in them.

use alloy_primitives::{Address, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result};
use demo::stage::{Config, Stage, Usdc, default_limits, default_profile, key, wide_limits};
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::numbers::usdc;
use crate::positions::Positions;

sol! {
    #[allow(missing_docs)]
    interface Hostile {
        function arm(address target, bytes calldata attack) external;
        function tried() external view returns (bool);
        function succeeded() external view returns (bool);
        function answer() external view returns (bytes);
        function setMode(uint8 mode) external;
        function run(int256 size, uint256 limit) external returns (uint256 profit);
        function allow(address token, address spender) external;
    }
}

/// 2022-05-01 00:00 UTC.
pub const START: u64 = 1_651_363_200;
/// Seconds of an hour and of a day.
pub const HOUR: u64 = 3_600;
/// Seconds of a day.
pub const DAY: u64 = 24 * HOUR;
/// The first price [USD].
pub const SPOT: f64 = 2_800.0;
/// USDC that everybody begins with [USD].
const PURSE: f64 = 5e6;

/// An expiry `days` after the start, at 08:00 UTC.
#[must_use]
pub fn expiry(days: u64) -> u64 {
    START + days * DAY + 8 * HOUR
}

/// A kind of market.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How it is called in reports.
    pub name: &'static str,
    /// The market's profile and limits.
    pub profile: IVault::Profile,
    /// See above.
    pub limits: IVault::Limits,
    /// Days to the expiries that are listed at the start.
    pub days: Vec<u64>,
    /// Lowest strike, step [USD], and how many.
    pub grid: (f64, f64, u8),
    /// What the LPs deposit before the first call [USD].
    pub deposit: f64,
    /// The artefact of the pool of idle cash.
    pub pool: &'static str,
    /// How many of a hundred series that people pick are puts.
    pub puts: u64,
    /// Whether the broker has venues.
    pub positions: bool,
    /// What people have done before the first call: handlers by name, in order.
    pub past: &'static [&'static str],
}

/// A market with positions, accounts at the edge of their margin and a request.
const BUSY: &[&str] = &[
    "buy",
    "buy",
    "buy",
    "buy",
    "combo",
    "buy",
    "fill_hedge",
    "margin_write",
    "margin_write",
    "margin_write",
    "margin_write",
    "margin_withdraw",
    "margin_withdraw",
    "request_redeem",
    "invest",
];

/// A market with a short hedge, and an order for another.
const SHORT: &[&str] = &[
    "buy",
    "buy",
    "buy",
    "buy",
    "hedge_by_position",
    "buy",
    "buy",
    "hedge_by_position",
    "margin_write",
    "request_redeem",
];

/// Every kind of market that sequences begin in.
#[must_use]
pub fn openings() -> Vec<Terms> {
    let base = Terms {
        name: "wide",
        profile: default_profile(),
        limits: wide_limits(),
        days: vec![7, 30],
        grid: (1_800.0, 100.0, 21),
        deposit: 500_000.0,
        pool: "LendingPool",
        puts: 20,
        positions: false,
        past: BUSY,
    };
    let quick = |hours: u32| IVault::Profile { redeemDelay: hours * 3_600, ..default_profile() };
    let careful =
        IVault::Limits { performanceFee: 100_000, minLiquidity: 50_000, blackout: 3_600, ..default_limits() };
    vec![
        base.clone(),
        Terms {
            name: "near",
            profile: quick(2),
            days: vec![0, 1],
            grid: (2_000.0, 200.0, 9),
            ..base.clone()
        },
        Terms {
            name: "careful",
            profile: quick(4),
            limits: careful,
            days: vec![1, 3, 28],
            grid: (2_100.0, 100.0, 15),
            pool: "HostilePool",
            ..base.clone()
        },
        Terms {
            name: "short",
            profile: quick(6),
            days: vec![2, 14],
            puts: 65,
            positions: true,
            past: SHORT,
            ..base.clone()
        },
        Terms {
            name: "empty",
            profile: quick(1),
            days: vec![2],
            grid: (2_400.0, 100.0, 8),
            deposit: 0.0,
            past: &[],
            ..base
        },
    ]
}

/// Who plays, and the contracts that are nobody's friends.
#[derive(Clone, Debug)]
pub struct Cast {
    /// They provide liquidity and trade.
    pub people: Vec<Address>,
    /// Key of the first of them, for permits.
    pub signer: PrivateKeySigner,
    /// They write options from margin accounts, and bid for those of others.
    pub writers: Vec<Address>,
    /// Somebody without any right.
    pub stranger: Address,
    /// A venue that is allowed and not to be trusted.
    pub hostile_venue: Address,
    /// A filler that calls where it is told to.
    pub hostile_filler: Address,
    /// A filler without capital.
    pub flash_filler: Address,
    /// The pool of idle cash.
    pub pool: Address,
    /// Where the broker may hold positions.
    pub positions: Option<Positions>,
    /// Where the code of USDC is once more, for the time when its own is replaced.
    pub token: Address,
    /// Everybody and everything that may hold tokens.
    pub holders: Vec<Address>,
}

/// Sets the stage and the cast for a kind of market.
///
/// # Errors
/// Whatever a call on the way fails with.
pub fn open(terms: &Terms) -> Result<(Stage, Cast)> {
    let config =
        Config { start: START, price: SPOT, profile: terms.profile.clone(), limits: terms.limits.clone() };
    let mut stage = Stage::deploy(&config)?;
    let cast = cast(&mut stage, terms)?;
    let curator = stage.actors.curator;
    for days in &terms.days {
        let (base, step, count) = terms.grid;
        let call = IVault::listExpiryCall {
            expiry: expiry(*days),
            base: crate::numbers::wad(base),
            step: crate::numbers::wad(step),
            count,
        };
        stage.vault(curator, call)?;
    }
    if terms.deposit > 0.0 {
        for who in &cast.people[..2] {
            let assets = usdc(terms.deposit);
            stage.vault(*who, IERC4626::depositCall { assets, receiver: *who })?;
        }
    }
    Ok((stage, cast))
}

fn cast(stage: &mut Stage, terms: &Terms) -> Result<Cast> {
    let owner = stage.actors.owner;
    let signer = key("signer");
    let mut people = vec![signer.address()];
    stage.chain.world.set_balance(signer.address(), U256::from(10_u128.pow(20)));
    for name in ["ann", "bob", "cid", "dot"] {
        people.push(stage.chain.world.account(name));
    }
    let writers: Vec<Address> =
        ["wim", "xia", "yan"].iter().map(|name| stage.chain.world.account(name)).collect();
    let stranger = stage.chain.world.account("stranger");
    for who in people.iter().chain(&writers).chain([&stranger]) {
        let mint = Usdc::mintCall { to: *who, value: usdc(PURSE) };
        stage.chain.send(owner, stage.usdc, mint)?;
        for spender in [stage.vault, stage.margin] {
            let approve = IToken::approveCall { spender, value: U256::MAX };
            stage.chain.send(*who, stage.usdc, approve)?;
        }
    }
    let arbitrageur = stage.actors.arbitrageur;
    for token in [stage.usdc, stage.underlying] {
        for spender in [stage.vault, stage.desk] {
            let approve = IToken::approveCall { spender, value: U256::MAX };
            stage.chain.send(arbitrageur, token, approve)?;
        }
    }
    for (who, cash) in writers.iter().zip([40_000.0, 150_000.0, 1_000_000.0]) {
        stage.margin(*who, IMargin::depositCall { amount: usdc(cash), account: *who })?;
    }
    let contracts = contracts(stage, terms)?;
    let [hostile_venue, hostile_filler, flash_filler, pool] = contracts;
    stage.vault(owner, IVault::allowVenueCall { venue: hostile_venue })?;
    // The venue that raises cash for claims is the one allowed last.
    stage.vault(owner, IVault::allowVenueCall { venue: stage.venue })?;
    stage.vault(owner, IVault::setPoolCall { pool })?;
    let positions = if terms.positions { Some(Positions::open(stage)?) } else { None };
    let fixed = [
        stage.vault,
        stage.margin,
        stage.desk,
        stage.broker,
        stage.venue,
        stage.uniswap.pool,
        stage.uniswap.router,
        stage.usdc,
        stage.underlying,
        stage.surface,
        owner,
        stage.actors.curator,
        stage.actors.guardian,
        stage.actors.keeper,
        arbitrageur,
        stranger,
    ];
    let held = positions.map_or_else(Vec::new, |positions| positions.contracts());
    let others = contracts.into_iter().chain(held).chain(people.clone()).chain(writers.clone());
    let holders = fixed.into_iter().chain(others).collect();
    let token = stage.chain.world.account("USDC's code");
    let code = stage.chain.world.code(stage.usdc);
    stage.chain.world.set_code(token, code);
    Ok(Cast {
        people,
        signer,
        writers,
        stranger,
        hostile_venue,
        hostile_filler,
        flash_filler,
        pool,
        positions,
        token,
        holders,
    })
}

/// The hostile venue and filler, the filler without capital, and the pool.
fn contracts(stage: &mut Stage, terms: &Terms) -> Result<[Address; 4]> {
    let owner = stage.actors.owner;
    let (vault, cash, underlying) = (stage.vault, stage.usdc, stage.underlying);
    let venue = stage.chain.create(owner, "HostileVenue", &(vault, cash, underlying).abi_encode_params())?;
    let filler = stage.chain.create(owner, "HostileFiller", &[])?;
    let flash = (stage.desk, vault, cash, underlying, stage.uniswap.router).abi_encode_params();
    let flash = stage.chain.create(owner, "FlashFiller", &flash)?;
    let pool = match terms.pool {
        "LendingPool" => stage.chain.create(owner, "LendingPool", &(cash, U256::from(3)).abi_encode_params()),
        name => stage.chain.create(owner, name, &cash.abi_encode()),
    };
    let pool = pool.context("the pool")?;
    let units = U256::from(10_u128.pow(21));
    for (token, to, value) in [
        (underlying, venue, units),
        (underlying, filler, units),
        (cash, venue, usdc(1e7)),
        (cash, filler, usdc(1e7)),
    ] {
        stage.chain.send(owner, token, IToken::transferCall { to, value })?;
    }
    for token in [cash, underlying] {
        for spender in [vault, stage.desk] {
            stage.chain.send(owner, filler, Hostile::allowCall { token, spender })?;
        }
    }
    let _ = stage.chain.world.call(owner, pool, Hostile::setModeCall { mode: 0 }.abi_encode());
    // It signs its own transactions.
    stage.chain.world.set_balance(filler, U256::from(10_u128.pow(20)));
    Ok([venue, filler, flash, pool])
}
