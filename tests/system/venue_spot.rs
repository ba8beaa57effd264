//! The spot venue before its vault as an account: exactly what it was asked for, inside the limit, and nothing kept.

use std::collections::HashMap;
use std::fmt::Debug;

use alloy_sol_types::{SolCall, SolError, SolValue as _};
use demo::stage::{artifacts, default_profile, Failure, POOL_FEE};
use host::alloy_primitives::aliases::U24;
use host::alloy_primitives::{Address, Bytes, FixedBytes, I256, U256};
use host::{Answer, Mock, Tx};
use interfaces::erc20::IERC20;
use interfaces::external::IToken;
use interfaces::venue::IHedgeVenue;

use crate::market::{signed, usdc, wad, wide_limits, Market};

/// A venue on the stage's Uniswap whose vault is an account with both tokens.
struct Spot {
    market: Market,
    vault: Address,
    venue: Address,
    router: Address,
    usdc: Address,
    underlying: Address,
}

impl Spot {
    fn open() -> Self {
        let market = Market::bare(default_profile(), wide_limits());
        let (usdc, underlying, router) =
            (market.stage.usdc, market.stage.underlying, market.stage.uniswap.router);
        Self::of(market, [usdc, underlying, router])
    }

    /// A venue for these tokens and this router.
    fn of(mut market: Market, [usdc, underlying, router]: [Address; 3]) -> Self {
        let stage = &mut market.stage;
        let vault = stage.actors.arbitrageur;
        let arguments = (vault, usdc, underlying, router, U24::from(POOL_FEE)).abi_encode_params();
        let wasm = artifacts::wasm("uniswap_v3_venue").expect("the venue's WASM");
        let owner = stage.actors.owner;
        let venue = stage.chain.world.deploy_wasm(owner, &wasm, Some(&arguments)).expect("the venue");
        Self { market, vault, venue, router, usdc, underlying }
    }

    fn give(&mut self, token: Address, value: U256) {
        let to = self.venue;
        self.market
            .stage
            .chain
            .send(self.vault, token, IToken::transferCall { to, value })
            .expect("a transfer");
    }

    fn hedge(&mut self, size: I256, limit: U256) -> Result<U256, Failure> {
        let call = IHedgeVenue::hedgeCall { size, cashLimit: limit };
        self.market.stage.chain.send(self.vault, self.venue, call)
    }

    /// What an account has of both tokens.
    fn of_both(&mut self, account: Address) -> [U256; 2] {
        [self.usdc, self.underlying]
            .map(|token| self.market.stage.chain.token_balance(token, account).expect("a balance"))
    }

    fn approved(&mut self) -> [U256; 2] {
        let (owner, spender) = (self.venue, self.router);
        let mut of = |token| {
            self.market
                .stage
                .chain
                .view(token, IERC20::allowanceCall { owner, spender })
                .expect("an allowance")
        };
        [of(self.usdc), of(self.underlying)]
    }

    #[track_caller]
    fn refuses<T>(
        &mut self,
        error: impl SolError + Debug,
        act: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) {
        let before = [self.of_both(self.venue), self.of_both(self.vault), self.approved()];
        let failure = act(self).err().expect("a refusal");
        assert_eq!(failure.data(), error.abi_encode(), "{failure}, not {error:?}");
        assert_eq!([self.of_both(self.venue), self.of_both(self.vault), self.approved()], before);
    }
}

#[test]
fn it_says_whom_it_serves_and_through_what() {
    let mut spot = Spot::open();
    let (venue, vault, router) = (spot.venue, spot.vault, spot.router);
    let chain = &mut spot.market.stage.chain;
    assert_eq!(chain.view(venue, IHedgeVenue::vaultCall {}).expect("a vault"), vault);
    assert_eq!(chain.view(venue, IHedgeVenue::routerCall {}).expect("a router"), router);
    assert_eq!(chain.view(venue, IHedgeVenue::poolFeeCall {}).expect("a fee"), U24::from(POOL_FEE));
}

#[test]
fn a_purchase_pays_what_the_pool_takes_and_brings_the_rest_back() {
    let mut spot = Spot::open();
    let (usdc_token, size, limit) = (spot.usdc, signed(10.0), usdc(28_100.0));
    let before = spot.of_both(spot.vault);
    spot.give(usdc_token, limit);
    let cash = spot.hedge(size, limit).expect("a purchase");
    let after = spot.of_both(spot.vault);
    assert!(cash > usdc(28_000.0) && cash < usdc(28_040.0), "{cash}");
    assert_eq!([before[0] - after[0], after[1] - before[1]], [cash, size.into_raw()]);
    assert_eq!((spot.of_both(spot.venue), spot.approved()), ([U256::ZERO; 2], [U256::ZERO; 2]));
    // The last unit of the limit is enough, and one less is not.
    let base = spot.market.stage.chain.world.snapshot();
    spot.give(usdc_token, limit);
    let next = spot.hedge(size, limit).expect("a purchase");
    spot.market.stage.chain.world.restore(&base);
    spot.give(usdc_token, next);
    let reason = FixedBytes([0x08, 0xc3, 0x79, 0xa0]);
    spot.refuses(IHedgeVenue::SwapFailed { reason }, |spot| spot.hedge(size, next - U256::ONE));
    assert_eq!(spot.hedge(size, next).expect("at its limit"), next);
}

#[test]
fn a_sale_brings_what_the_pool_pays_and_no_gift_is_sold_with_it() {
    let mut spot = Spot::open();
    let (token, usdc_token, gift) = (spot.underlying, spot.usdc, wad(0.3));
    spot.give(token, gift);
    spot.give(usdc_token, usdc(7.0));
    let before = spot.of_both(spot.vault);
    spot.give(token, wad(10.0));
    let cash = spot.hedge(signed(-10.0), usdc(27_900.0)).expect("a sale");
    assert!(cash > usdc(27_960.0) && cash < usdc(28_000.0), "{cash}");
    let after = spot.of_both(spot.vault);
    // USDC that lay there goes along; the underlying that lay there stays.
    assert_eq!([after[0] - before[0], before[1] - after[1]], [cash + usdc(7.0), wad(10.0)]);
    assert_eq!((spot.of_both(spot.venue), spot.approved()), ([U256::ZERO, gift], [U256::ZERO; 2]));
}

#[test]
fn only_its_vault_trades_something_with_what_it_has_sent() {
    let mut spot = Spot::open();
    let (caller, venue, usdc_token, token) = (spot.market.trader, spot.venue, spot.usdc, spot.underlying);
    spot.refuses(IHedgeVenue::OnlyVault { caller }, |spot| {
        let call = IHedgeVenue::hedgeCall { size: signed(1.0), cashLimit: U256::ZERO };
        spot.market.stage.chain.send(caller, venue, call)
    });
    spot.refuses(IHedgeVenue::ZeroHedge {}, |spot| spot.hedge(I256::ZERO, U256::ZERO));
    let held = usdc(2_799.0);
    spot.give(usdc_token, held);
    let expected = held + U256::ONE;
    spot.refuses(IHedgeVenue::InputMissing { expected, held }, |spot| spot.hedge(signed(1.0), expected));
    spot.give(token, wad(1.0) - U256::ONE);
    let (expected, held) = (wad(1.0), wad(1.0) - U256::ONE);
    spot.refuses(IHedgeVenue::InputMissing { expected, held }, |spot| spot.hedge(signed(-1.0), U256::ZERO));
    let data = IHedgeVenue::vaultCall {}.abi_encode().into();
    let tx = Tx { from: caller, to: Some(venue), value: U256::ONE, data, gas_limit: 1_000_000 };
    spot.market.stage.chain.world.set_balance(caller, wad(1.0));
    assert!(spot.market.stage.chain.world.call_with(tx).is_err(), "it takes no ether");
}

/// An answer by rote to all that is asked, or to one method.
fn answer(data: Vec<u8>, revert: bool) -> Answer {
    Answer { gas: 1_000, data: Bytes::from(data), revert }
}

#[test]
fn a_router_that_refuses_or_says_nothing_is_named_with_its_reason() {
    let selector = [0xde, 0xad, 0xbe, 0xef];
    for (data, revert, reason) in [
        ([&selector[..], &[1; 40]].concat(), true, selector),
        (selector.to_vec(), true, selector),
        (vec![1; 3], true, [0; 4]),
        (vec![], true, [0; 4]),
        (vec![1; 31], false, [0; 4]),
        (vec![], false, [0; 4]),
    ] {
        let mut spot = Spot::open();
        let mock = Mock { answers: HashMap::new(), otherwise: Some(answer(data, revert)) };
        spot.market.stage.chain.world.set_mock(spot.router, mock);
        let (usdc_token, token) = (spot.usdc, spot.underlying);
        spot.give(usdc_token, usdc(2_900.0));
        spot.give(token, wad(1.0));
        for (size, limit) in [(signed(1.0), usdc(2_900.0)), (signed(-1.0), U256::ZERO)] {
            let reason = FixedBytes(reason);
            spot.refuses(IHedgeVenue::SwapFailed { reason }, |spot| spot.hedge(size, limit));
        }
    }
}

#[test]
fn a_token_is_believed_when_it_says_yes_or_is_silent_and_has_code() {
    let yes = true.abi_encode();
    for (said, good) in [
        (Some(answer(yes.clone(), false)), true),
        (Some(answer(vec![], false)), true),
        (Some(answer(false.abi_encode(), false)), false),
        (Some(answer(U256::from(2).abi_encode(), false)), false),
        (Some(answer(vec![1; 31], false)), false),
        (Some(answer(yes, true)), false),
        (None, false),
    ] {
        let mut market = Market::bare(default_profile(), wide_limits());
        let world = &mut market.stage.chain.world;
        let [token, router] = ["token", "router"].map(|name| world.account(name));
        let balance = (IERC20::balanceOfCall::SELECTOR.to_vec(), answer(wad(1.0).abi_encode(), false));
        world.set_mock(token, Mock { answers: HashMap::from([balance]), otherwise: said });
        let paid = answer(usdc(2_800.0).abi_encode(), false);
        world.set_mock(router, Mock { answers: HashMap::new(), otherwise: Some(paid) });
        let usdc_token = market.stage.usdc;
        let mut spot = Spot::of(market, [usdc_token, token, router]);
        let call = IHedgeVenue::hedgeCall { size: signed(-1.0), cashLimit: U256::ZERO };
        let done = spot.market.stage.chain.send(spot.vault, spot.venue, call);
        if good {
            assert_eq!(done.expect("a sale"), usdc(2_800.0));
        } else {
            let failure = done.expect_err("no such token");
            assert_eq!(failure.data(), IHedgeVenue::TransferFailed { token }.abi_encode(), "{failure}");
        }
    }
}

#[test]
fn a_token_that_has_no_balance_or_no_code_fails_by_name() {
    let mut market = Market::bare(default_profile(), wide_limits());
    let world = &mut market.stage.chain.world;
    let [token, router] = ["token", "router"].map(|name| world.account(name));
    let usdc_token = market.stage.usdc;
    let mut spot = Spot::of(market, [usdc_token, token, router]);
    for code in [false, true] {
        if code {
            let said = Some(answer(vec![1; 31], false));
            spot.market.stage.chain.world.set_mock(token, Mock { answers: HashMap::new(), otherwise: said });
        }
        let failure = spot.hedge(signed(-1.0), U256::ZERO).expect_err("no token");
        assert_eq!(failure.data(), IHedgeVenue::TransferFailed { token }.abi_encode(), "{failure}");
    }
    // What was bought is given on: an account without code says nothing to that.
    let mut market = Market::bare(default_profile(), wide_limits());
    let world = &mut market.stage.chain.world;
    let [token, router] = ["token", "router"].map(|name| world.account(name));
    let paid = Some(answer(usdc(2_800.0).abi_encode(), false));
    world.set_mock(router, Mock { answers: HashMap::new(), otherwise: paid });
    let mut spot = Spot::of(market, [usdc_token, token, router]);
    spot.give(usdc_token, usdc(2_800.0));
    let failure = spot.hedge(signed(1.0), usdc(2_800.0)).expect_err("no token");
    assert_eq!(failure.data(), IHedgeVenue::TransferFailed { token }.abi_encode(), "{failure}");
}
