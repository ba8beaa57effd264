//! Whoever calls and whatever answers: accounts in the making, static calls and calls in another's name, callees without code, precompiles,
//! answers of every length, times that stand still and jump.

use std::collections::HashMap;

use alloy_sol_types::{SolCall, SolError as _, SolValue as _};
use demo::stage::{artifacts, Failure, Usdc};
use host::alloy_primitives::{Address, Bytes, FixedBytes, I256, U256};
use host::{Answer, CallError, Mock};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::vault::IVault;

use crate::hedge::{due, skewed};
use crate::market::{legs_of, usdc, wad, Market, DAY, HOUR, SPOT, START};

/// Makes an account that calls others while it is made: `calls` is told its address.
fn born(
    market: &mut Market,
    calls: impl Fn(Address) -> Vec<(Address, Vec<u8>)>,
) -> (Address, Result<Address, CallError>) {
    let stage = &mut market.stage;
    let (maker, owner) = (stage.actors.arbitrageur, stage.actors.owner);
    let account = maker.create(stage.chain.world.nonce(maker));
    let mint = Usdc::mintCall { to: account, value: usdc(10_000.0) };
    stage.chain.send(owner, stage.usdc, mint).expect("cash");
    let (targets, data): (Vec<Address>, Vec<Bytes>) =
        calls(account).into_iter().map(|(target, data)| (target, Bytes::from(data))).unzip();
    let code = artifacts::bytecode("Newborn").expect("scripts/build has run");
    let code = [code.as_ref(), &(targets, data).abi_encode_params()].concat();
    (account, stage.chain.world.deploy_evm(maker, &code))
}

#[test]
fn an_account_that_is_being_made_deposits_and_trades_like_any_other() {
    let mut market = Market::open();
    let (token, vault, id) = (market.stage.usdc, market.stage.vault, market.call(2_800));
    market.trade(&[(id, 5.0)]).expect("somebody else's purchase");
    let trade = |receiver, size| {
        let (legs, max) = (legs_of(&[(id, size)]), I256::MAX);
        IVault::tradeCall { legs, maxPremium: max, receiver, deadline: U256::MAX }.abi_encode()
    };
    let calls = |account| {
        vec![
            (token, IToken::approveCall { spender: vault, value: U256::MAX }.abi_encode()),
            (vault, IERC4626::depositCall { assets: usdc(1_000.0), receiver: account }.abi_encode()),
            (vault, trade(account, 1.0)),
            (vault, trade(account, -0.4)),
        ]
    };
    let (account, made) = born(&mut market, calls);
    assert_eq!(made.expect("made"), account);
    let held = IERC6909::balanceOfCall { owner: account, id };
    assert_eq!(market.stage.ask(held).expect("a position"), wad(0.6));
    assert!(market.stage.ask(IERC20::balanceOfCall { account }).expect("shares") > U256::ZERO);

    // What is refused is refused with its reason, and the account does not come to be.
    let (account, made) = born(&mut market, |account| {
        calls(account).into_iter().chain([(vault, trade(account, -0.7))]).collect()
    });
    let error =
        IERC6909::ERC6909InsufficientBalance { owner: account, balance: wad(0.6), needed: wad(0.7), id };
    assert_eq!(made.expect_err("more than it has").revert_data().expect("a reason")[..], error.abi_encode());
    assert!(market.stage.ask(IERC20::balanceOfCall { account }).expect("shares").is_zero());
}

/// What a callee is made into.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// An account without code, as what destroyed itself is.
    Gone,
    /// What answers so many bytes, or refuses with them.
    Answering(usize, bool),
}

/// Answers shorter than a word, of a word, of more, and of a mebibyte, and refusals of as many bytes.
fn all() -> impl Iterator<Item = Made> {
    let lengths = [0, 31, 32, 33, 1 << 20];
    let answers = [false, true]
        .into_iter()
        .flat_map(move |revert| lengths.map(|length| Made::Answering(length, revert)));
    answers.chain([Made::Gone])
}

impl Made {
    fn put(self, market: &mut Market, callee: Address) {
        let world = &mut market.stage.chain.world;
        match self {
            Self::Gone => world.set_code(callee, Bytes::new()),
            Self::Answering(length, revert) => {
                let answer = Answer { gas: 1_000, data: vec![0x11; length].into(), revert };
                world.set_mock(callee, Mock { answers: HashMap::new(), otherwise: Some(answer) });
            }
        }
    }

    /// How many bytes it answers.
    fn answers(self) -> Option<usize> {
        match self {
            Self::Gone => Some(0),
            Self::Answering(length, revert) => (!revert).then_some(length),
        }
    }
}

/// The number of which each byte is what mocks answer.
const ODD: U256 = U256::from_limbs([0x1111_1111_1111_1111; 4]);

/// A call is refused with `error`, changes nothing and costs little.
fn refused<T>(
    market: &mut Market,
    what: &str,
    error: &[u8],
    act: impl FnOnce(&mut Market) -> Result<T, Failure>,
) {
    let before = market.digests();
    let failure = act(market).err().unwrap_or_else(|| panic!("{what}: done"));
    assert_eq!(failure.data()[..], *error, "{what}: {failure}");
    assert_eq!(market.digests(), before, "{what}");
    let Failure(CallError::Revert { gas_used, .. }) = failure else { panic!("{what}: {failure}") };
    assert!(gas_used < 2_000_000, "{what}: {gas_used} gas");
}

/// Everything that needs a mark is refused with an error, by the callee that is asked and what it is made into.
fn unmarked(callee: impl Fn(&Market) -> Address, error: impl Fn(&Market, Address, Made) -> Option<Vec<u8>>) {
    for made in all() {
        let mut market = Market::open();
        let (call, address) = (market.call(2_800), callee(&market));
        market.trade(&[(call, 2.0)]).expect("a trade");
        let Some(error) = error(&market, address, made) else { continue };
        made.put(&mut market, address);
        for size in [1.0, -1.0] {
            refused(&mut market, &format!("{made:?} {size}"), &error, |market| market.trade(&[(call, size)]));
        }
        refused(&mut market, &format!("{made:?}"), &error, |market| market.deposit(1_000.0));
        refused(&mut market, &format!("{made:?}"), &error, |market| market.stage.ask(IVault::navCall {}));
    }
}

#[test]
fn a_feed_that_is_gone_or_answers_anything_is_refused_by_name() {
    unmarked(
        |market| market.stage.feed,
        |market, feed, made| {
            let timestamp = U256::from(market.now());
            Some(match made.answers() {
                Some(160..) => IVault::PriceFromFuture { updatedAt: ODD, timestamp }.abi_encode(),
                _ => IVault::FeedFailed { feed }.abi_encode(),
            })
        },
    );
    unmarked(
        |market| market.stage.sequencer,
        |_, feed, made| {
            Some(match made.answers() {
                Some(160..) => IVault::SequencerDown { since: ODD }.abi_encode(),
                _ => IVault::FeedFailed { feed }.abi_encode(),
            })
        },
    );
    unmarked(|market| market.stage.surface, |_, feed, _| Some(IVault::SurfaceFailed { feed }.abi_encode()));
}

#[test]
fn an_engine_that_is_gone_or_answers_anything_is_refused_by_name() {
    unmarked(
        |market| market.stage.engine,
        |_, engine, made| match (made.answers(), made) {
            (Some(32..), _) => Some(IVault::ArithmeticOverflow {}.abi_encode()),
            (Some(_), _) | (None, Made::Answering(0, _)) => {
                Some(IVault::EngineFailed { engine }.abi_encode())
            }
            // What it refuses is the vault's refusal: it is fixed at construction, and is the vault's own code.
            _ => None,
        },
    );
}

#[test]
fn a_token_that_is_gone_or_answers_anything_is_refused_by_name() {
    for made in all() {
        let (mut market, id, lp) = crate::drills_token::owing();
        let (token, underlying, trader) = (market.stage.usdc, market.stage.underlying, market.trader);
        let (venue, call, size) = (market.stage.venue, market.call(2_800), due(&mut market).size);
        // A balance of so many bytes, or none; a transfer's word that is not yes.
        let read = |token| match made.answers() {
            Some(32..) => IVault::ArithmeticOverflow {}.abi_encode(),
            _ => IVault::TokenFailed { token }.abi_encode(),
        };
        made.put(&mut market, token);
        let said = format!("USDC {made:?}");
        refused(&mut market, &said, &read(token), |market| market.trade(&[(call, 1.0)]));
        refused(&mut market, &said, &read(token), |market| {
            let call = IERC4626::depositCall { assets: usdc(1.0), receiver: market.lp };
            market.stage.vault(market.lp, call)
        });
        let claim = IVault::claimCall { series: vec![id], receiver: trader };
        let failed = IVault::TokenFailed { token }.abi_encode();
        if matches!(made, Made::Answering(0, false)) {
            // As USDT does.
            market.stage.vault(trader, claim).expect("taken at its silence");
        } else {
            refused(&mut market, &said, &failed, |market| market.stage.vault(trader, claim));
            let shares = market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("a limit");
            refused(&mut market, &said, &failed, |market| {
                market.stage.vault(lp, IERC4626::redeemCall { shares, receiver: lp, controller: lp })
            });
        }

        let (mut market, ..) = crate::drills_token::owing();
        made.put(&mut market, underlying);
        let said = format!("the underlying {made:?}");
        refused(&mut market, &said, &read(underlying), |market| market.rebalance(venue, size));
    }
}

#[test]
fn a_broker_that_is_gone_or_answers_anything_is_refused_by_name() {
    for made in all() {
        let mut short = crate::broker::with_aave();
        crate::broker::skew(&mut short.market, 60.0);
        crate::broker::hedge(&mut short.market, short.venue, 0).expect("a hedge");
        let (broker, market) = (short.market.stage.broker, &mut short.market);
        made.put(market, broker);
        let (error, put) = (IVault::BrokerFailed { broker }.abi_encode(), market.put(2_800));
        refused(market, &format!("{made:?}"), &error, |market| market.trade(&[(put, -1.0)]));
        refused(market, &format!("{made:?}"), &error, |market| market.deposit(1_000.0));
        refused(market, &format!("{made:?}"), &error, |market| market.stage.ask(IVault::navCall {}));
    }
}

#[test]
fn a_venue_that_is_gone_or_answers_anything_is_judged_by_what_it_moved() {
    for made in all() {
        let mut market = skewed();
        let (venue, size) = (market.stage.venue, due(&mut market).size);
        made.put(&mut market, venue);
        let error = match made {
            Made::Answering(length, true) => {
                let reason = FixedBytes(if length == 0 { [0; 4] } else { [0x11; 4] });
                IVault::VenueFailed { venue, reason }.abi_encode()
            }
            _ => IVault::VenueUnderfilled { size, filled: I256::ZERO }.abi_encode(),
        };
        refused(&mut market, &format!("{made:?}"), &error, |market| market.rebalance(venue, size));
    }
    // Other code in its place, as an upgraded proxy has: it knows no such call.
    let mut market = skewed();
    let (venue, size, feed) = (market.stage.venue, due(&mut market).size, market.stage.feed);
    let code = market.stage.chain.world.code(feed);
    market.stage.chain.world.set_code(venue, code);
    let reason = FixedBytes::ZERO;
    market.refuses(IVault::VenueFailed { venue, reason }, |market| market.rebalance(venue, size));
}

#[test]
fn accounts_without_code_and_precompiles_are_no_venues() {
    // Recovery, hash, identity, exponentiation; ArbSys, ArbRetryableTx, ArbWasm, what is none; somebody with a key.
    let [recovers, hashes, repeats, powers] = [1_u64, 2, 4, 5];
    let [arb_sys, arb_retryable, arb_wasm, none, somebody] = [0x64, 0x6e, 0x71, 0xff, 0xdead_beef_dead_beef];
    let failing = [powers, arb_sys, arb_wasm];
    for at in [recovers, hashes, repeats, powers, arb_sys, arb_retryable, arb_wasm, none, somebody] {
        let mut market = skewed();
        let owner = market.stage.actors.owner;
        let venue = Address::from_word(U256::from(at).into());
        market.stage.vault(owner, IVault::allowVenueCall { venue }).expect("an allowance");
        market.move_to(START + 2 * DAY, SPOT);
        let size = due(&mut market).size;
        let before = market.digests();
        let failure = market.rebalance(venue, size).expect_err("nothing was filled");
        let error = if failing.contains(&at) {
            IVault::VenueFailed { venue, reason: FixedBytes::ZERO }.abi_encode()
        } else {
            IVault::VenueUnderfilled { size, filled: I256::ZERO }.abi_encode()
        };
        assert_eq!(failure.data(), error, "{venue}: {failure}");
        assert_eq!(market.digests(), before, "{venue}");
    }
}

#[test]
fn times_that_stand_still_go_on_by_a_second_or_jump_by_a_day() {
    let mut market = Market::open();
    let (call, trader) = (market.call(2_800), market.trader);
    let rounds = |market: &mut Market| {
        market.trade(&[(call, 1.0)]).expect("a trade");
        market.deposit(1_000.0).expect("a deposit");
        market.stage.hedge(trader, interfaces::desk::IHedgeDesk::pokeCall {}).expect("a look");
        market.publish();
    };
    // Three times in a second, and in the next.
    for seconds in [0, 0, 0, 1] {
        let now = market.now();
        market.stage.chain.world.warp(now + seconds);
        rounds(&mut market);
    }
    // The L1 block stays the same, or goes back: nobody asks for it.
    let quote = market.quote(&[(call, 1.0)]).expect("a quote");
    for block in [1, 15_000_000, u64::MAX] {
        market.stage.chain.world.adjust_block(Some(block), None);
        assert_eq!(market.quote(&[(call, 1.0)]).expect("a quote"), quote);
    }
    let (updated, max_age) = (START, U256::from(2 * HOUR));
    let now = START + 1 + DAY;
    market.stage.chain.world.warp(now);
    let stale =
        || IVault::PriceStale { updatedAt: U256::from(updated), timestamp: U256::from(now), maxAge: max_age };
    market.refuses(stale(), |market| market.trade(&[(call, 1.0)]));
    market.refuses(stale(), |market| market.deposit(1_000.0));
    market.stage.push_price(SPOT).expect("a round");
    let (expiry, max_age) = (market.expiries[1], U256::from(6 * HOUR));
    let stale = IVault::SurfaceStale { expiry, updatedAt: U256::from(START + 1), maxAge: max_age };
    market.refuses(stale, |market| market.trade(&[(call, 1.0)]));
    market.publish();
    rounds(&mut market);
}

#[test]
fn no_program_asks_for_the_number_of_the_block_or_the_origin_of_the_transaction() {
    let names = [
        "equipoise_vault",
        "risk_engine",
        "surface_feed",
        "margin",
        "hedge_desk",
        "broker",
        "lens",
        "uniswap_v3_venue",
        "aave_short",
        "perp_venue",
    ];
    let imports = |name: &str, function: &str| {
        let wasm = artifacts::wasm(name).expect("the WASM");
        wasm.windows(function.len()).any(|bytes| bytes == function.as_bytes())
    };
    for name in names {
        assert!(!imports(name, "block_number") && !imports(name, "tx_origin"), "{name}");
    }
    assert!(imports("equipoise_vault", "block_timestamp") && imports("equipoise_vault", "msg_sender"));
}
