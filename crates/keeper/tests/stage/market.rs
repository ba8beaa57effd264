//! A market on a node: a stage that was set in the host's world, loaded into a node, and moved by transactions.

use alloy_primitives::{Address, B256, Bytes, I256, U160, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use demo::stage::{POOL_FEE, PriceFeed, THRESHOLD};
use interfaces::desk::IHedgeDesk::{self, Need};
use interfaces::eip712::{digest, domain_separator};
use interfaces::external::{ISwapRouter, IToken};
use interfaces::surface::ISurface::{self, SurfaceSlice, SurfaceUpdate};
use interfaces::vault::IVault;
use keeper::{Config, Endpoints, Keeper, Probed, Venue};
use node::Node;
use serde_json::{Value, json};

use crate::common::ask;
use crate::set::{Places, Scene, Set, set};

pub(crate) const START: u64 = 1_651_363_200; // 2022-05-01 00:00 UTC
pub(crate) const DAY: u64 = 86_400;
pub(crate) const HOUR: u64 = 3_600;
pub(crate) const SPOT: f64 = 2_800.0;
pub(crate) const CHAIN: u64 = 42_161;

/// A market on a node.
pub(crate) struct Market {
    pub(crate) node: Node,
    pub(crate) at: Places,
    /// Surfaces are published round it [USD]
    pub(crate) forward: f64,
    publishers: Vec<PrivateKeySigner>,
    nonce: u64,
}

pub(crate) fn wad(number: f64) -> U256 {
    U256::from((number * 1e9).round() as u128) * U256::from(1_000_000_000_u64)
}

pub(crate) fn signed(number: f64) -> I256 {
    let magnitude = I256::from_raw(wad(number.abs()));
    if number < 0.0 { -magnitude } else { magnitude }
}

pub(crate) fn float(number: I256) -> f64 {
    let magnitude = f64::from(number.unsigned_abs()) / 1e18;
    if number.is_negative() { -magnitude } else { magnitude }
}

pub(crate) fn expiry(days: u64) -> u64 {
    Scene::TESTS.expiry(days)
}

pub(crate) fn call(expiry: u64, strike: u64) -> U256 {
    U256::from(u128::from(expiry) << 56 | u128::from(strike * 1_000_000) << 8)
}

pub(crate) fn put(expiry: u64, strike: u64) -> U256 {
    call(expiry, strike) | U256::ONE
}

pub(crate) fn slice(expiry: u64, now: u64, forward: f64) -> SurfaceSlice {
    let variance = 0.64 * (expiry - now) as f64 / 31_536_000.0;
    let digits = |number: f64| I256::try_from((number * 1e18).round() as i128).expect("a small number");
    SurfaceSlice {
        expiry,
        rate: I256::ZERO,
        a: digits(variance * 0.8),
        b: digits(variance),
        rho: signed(-0.1),
        m: I256::ZERO,
        s: signed(0.2),
        forward: wad(forward),
    }
}

impl Market {
    /// A market whose node begins with the stage.
    pub(crate) fn open() -> Self {
        Self::open_at(Scene::TESTS)
    }

    /// The same at another time and price.
    pub(crate) fn open_at(scene: Scene) -> Self {
        let Set { places, state } = set(scene);
        let config = node::Config {
            port: 0,
            chain_id: CHAIN,
            timestamp: Some(scene.start),
            ..node::Config::default()
        };
        let node = Node::start(config).expect("the node starts");
        let mut publishers: Vec<_> = (0..3).map(|at| demo::stage::key(&format!("publisher {at}"))).collect();
        publishers.sort_by_key(PrivateKeySigner::address);
        let market = Self { node, at: places, forward: scene.price, publishers, nonce: 1 };
        market.develop("anvil_loadState", json!([Bytes::from(state.into_bytes())]));
        market.develop("anvil_autoImpersonateAccount", json!([true]));
        market
    }

    pub(crate) fn develop(&self, method: &str, params: Value) -> Value {
        ask(&self.node, method, params).expect(method)
    }

    /// Sends a transaction of anybody's and takes it that it is mined, unless it is left waiting.
    pub(crate) fn send<C: SolCall>(&self, from: Address, to: Address, call: C) -> Result<(), String> {
        let data = Bytes::from(call.abi_encode());
        let tx = json!([{ "from": from, "to": to, "data": data, "gas": "0x1e84800" }]);
        let hash = ask(&self.node, "eth_sendTransaction", tx).map_err(|error| error.to_string())?;
        let receipt = ask(&self.node, "eth_getTransactionReceipt", json!([hash])).expect("asked");
        match receipt["status"].as_str() {
            Some("0x1") | None => Ok(()),
            _ => Err(format!("{} reverted: {}", C::SIGNATURE, self.reason(&hash))),
        }
    }

    /// What a transaction was refused with.
    pub(crate) fn reason(&self, hash: &Value) -> String {
        let options = json!([hash, { "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } }]);
        let trace = self.develop("debug_traceTransaction", options);
        let data: Bytes = serde_json::from_value(trace["output"].clone()).unwrap_or_default();
        keeper::refusal(&data)
    }

    pub(crate) fn tell<C: SolCall>(&self, from: Address, to: Address, call: C) {
        self.send(from, to, call).expect("done");
    }

    pub(crate) fn view<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let call = json!([{ "to": to, "data": Bytes::from(call.abi_encode()) }]);
        let answer = ask(&self.node, "eth_call", call).expect("answered");
        let output: Bytes = serde_json::from_value(answer).expect("bytes");
        C::abi_decode_returns(&output).expect("an answer of the type")
    }

    pub(crate) fn need(&self) -> Need {
        self.view(self.at.desk, IHedgeDesk::hedgeNeededCall {})
    }

    pub(crate) fn is_due(&self) -> bool {
        !self.need().due.is_zero()
    }

    /// Deviation in outer bands.
    pub(crate) fn deviation(&self) -> f64 {
        let need = self.need();
        float(need.deviation) / (f64::from(need.outer) / 1e18)
    }

    /// Anyone looks, so the clock of what is due runs.
    pub(crate) fn poke(&self) {
        self.tell(self.at.lp, self.at.desk, IHedgeDesk::pokeCall {});
    }

    pub(crate) fn now(&self) -> u64 {
        let block = self.develop("eth_getBlockByNumber", json!(["latest", false]));
        number(&block["timestamp"])
    }

    /// Goes to a time without a block.
    pub(crate) fn wait_until(&self, time: u64) {
        self.develop("evm_setNextBlockTimestamp", json!([time]));
    }

    pub(crate) fn push_price(&self, price: f64) {
        let answer = I256::try_from((price * 1e8).round() as i128).expect("a price");
        self.tell(self.at.owner, self.at.feed, PriceFeed::pushCall { answer });
    }

    /// Goes to `time` with feed and pools at `price`, and a surface of that time.
    pub(crate) fn move_to(&mut self, time: u64, price: f64) {
        self.wait_until(time);
        self.push_price(price);
        self.arbitrage(0, price);
        self.arbitrage(1, price);
        self.publish();
    }

    /// Brings a pool to a price.
    pub(crate) fn arbitrage(&self, exchange: usize, price: f64) {
        let (usdc, underlying) = (self.at.usdc, self.at.underlying);
        let exchange = self.at.exchanges[exchange];
        let first = usdc < underlying;
        let ratio = if first { 1e12 / price } else { price / 1e12 };
        let goal = U160::from((ratio.sqrt() * 2_f64.powi(96)) as u128);
        let now = self.view(exchange.pool, slot0Call {}).sqrtPriceX96;
        if now == goal {
            return;
        }
        let down = goal < now;
        let (token_in, token_out) = if down == first { (usdc, underlying) } else { (underlying, usdc) };
        let account = self.at.arbitrageur;
        let params = ISwapRouter::ExactInputSingleParams {
            tokenIn: token_in,
            tokenOut: token_out,
            fee: alloy_primitives::aliases::U24::from(POOL_FEE),
            recipient: account,
            deadline: U256::MAX,
            amountIn: self.view(token_in, IToken::balanceOfCall { account }) / U256::from(2),
            amountOutMinimum: U256::ZERO,
            sqrtPriceLimitX96: goal,
        };
        self.tell(account, exchange.router, ISwapRouter::exactInputSingleCall { params });
    }

    /// Publishes a surface for all expiries to come.
    pub(crate) fn publish(&mut self) {
        let now = self.now();
        let headers = self.view(self.at.vault, IVault::headersCall {});
        let mut live: Vec<u64> =
            headers.iter().map(|word| book::Header::unpack(&word.0).expiry.into()).collect();
        live.retain(|expiry| *expiry > now);
        live.sort_unstable();
        self.nonce += 1;
        let slices = live.into_iter().map(|expiry| slice(expiry, now, self.forward)).collect();
        let update = SurfaceUpdate { timestamp: now, nonce: self.nonce, slices };
        let digest = digest(domain_separator(CHAIN, self.at.surface), &update);
        let signers = self.publishers.iter().take(THRESHOLD.into());
        let sign = |key: &PrivateKeySigner| key.sign_hash_sync(&digest).expect("signed").as_bytes().into();
        let signatures = signers.map(sign).collect();
        self.tell(self.at.owner, self.at.surface, ISurface::publishCall { update, signatures });
    }

    pub(crate) fn trade(&self, series: U256, size: f64) -> Result<(), String> {
        let legs = vec![IVault::Leg { series, size: signed(size) }];
        let receiver = self.at.trader;
        let call = IVault::tradeCall { legs, maxPremium: I256::MAX, receiver, deadline: U256::MAX };
        self.send(receiver, self.at.vault, call)
    }

    /// Options enough that a hedge is due.
    pub(crate) fn skew(&self) {
        for strike in [2_500, 2_600, 2_700, 2_800] {
            self.trade(call(expiry(30), strike), 18.0).expect("a trade");
        }
        assert!(self.is_due());
    }

    /// Somebody looks, and so long nothing happens.
    pub(crate) fn ripen(&self, seconds: u64) {
        self.poke();
        self.wait_until(self.now() + seconds);
        self.develop("evm_mine", json!([]));
    }

    /// A due hedge that has waited for so long, seen from the start; prices stand.
    pub(crate) fn waited(&mut self, seconds: u64) {
        self.skew();
        self.poke();
        let now = self.now();
        self.move_to(now + seconds, SPOT);
    }

    /// Transactions that brought a hedge, by who called the vault: hash and size, in order.
    pub(crate) fn hedges(&self) -> Vec<(Address, B256, f64)> {
        use alloy_sol_types::SolEvent;
        let filter = json!([{ "fromBlock": "0x0", "address": self.at.vault, "topics": [IVault::Hedged::SIGNATURE_HASH] }]);
        let logs = self.develop("eth_getLogs", filter);
        let read = |log: &Value| {
            let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).expect("topics");
            let data: Bytes = serde_json::from_value(log["data"].clone()).expect("data");
            let event = IVault::Hedged::decode_raw_log(topics, &data).expect("an event");
            let hash = serde_json::from_value(log["transactionHash"].clone()).expect("a hash");
            (event.caller, hash, float(event.size))
        };
        logs.as_array().expect("logs").iter().map(read).collect()
    }

    /// What the desk said it paid, by who called it: hash, payee and reward [USDC].
    pub(crate) fn rewards(&self) -> Vec<(Address, B256, Address, U256)> {
        use alloy_sol_types::SolEvent;
        let filter = json!([{
            "fromBlock": "0x0", "address": self.at.desk, "topics": [IHedgeDesk::Rebalanced::SIGNATURE_HASH],
        }]);
        let logs = self.develop("eth_getLogs", filter);
        let read = |log: &Value| {
            let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).expect("topics");
            let data: Bytes = serde_json::from_value(log["data"].clone()).expect("data");
            let event = IHedgeDesk::Rebalanced::decode_raw_log(topics, &data).expect("an event");
            let hash = serde_json::from_value(log["transactionHash"].clone()).expect("a hash");
            (event.caller, hash, event.payee, event.reward)
        };
        logs.as_array().expect("logs").iter().map(read).collect()
    }

    pub(crate) fn balance(&self, token: Address, account: Address) -> U256 {
        self.view(token, IToken::balanceOfCall { account })
    }

    /// A key with money, of those that the node begins with.
    pub(crate) fn key(&self, index: usize) -> PrivateKeySigner {
        PrivateKeySigner::from_bytes(&self.node.accounts()[index].1).expect("a key")
    }

    /// Settings for a keeper of this market behind these endpoints.
    pub(crate) fn config(&self, rpc: &[String]) -> Config {
        let venues: Vec<Value> = ["deep", "shallow"]
            .iter()
            .zip(self.at.venues)
            .map(|(name, address)| json!({ "name": name, "address": address }))
            .collect();
        let positions = [("aave", self.at.seats.aave), ("perp", self.at.seats.perp)];
        let positions = positions.map(|(name, address)| json!({ "name": name, "address": address }));
        let settings = json!({
            "vault": self.at.vault, "lens": self.at.lens, "venues": venues, "rpc": rpc, "chain_id": CHAIN,
            "max_head_age": 0, "positions": positions, "upkeep": { "turn": 0 },
            "poll": 0.02, "timeout": 2.0, "fees": { "patience": 0.2 },
        });
        let mut config: Config = serde_json::from_value(settings).expect("a config");
        config.listen = String::new();
        config
    }

    pub(crate) fn keeper(&self, config: &Config, key: usize) -> Keeper {
        Keeper::new(config.clone(), venues(config), Some(self.key(key)), CHAIN)
    }

    /// A keeper on the node itself.
    pub(crate) fn own(&self) -> (Config, Endpoints, Keeper) {
        let config = self.config(&[self.node.url()]);
        let chain = Endpoints::new(&config).expect("endpoints");
        let keeper = self.keeper(&config, 0);
        (config, chain, keeper)
    }
}

alloy_sol_types::sol! {
    function slot0() external view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked);
}

pub(crate) fn venues(config: &Config) -> Vec<Box<dyn Venue>> {
    let boxed = |venue: &keeper::config::VenueConfig| -> Box<dyn Venue> {
        Box::new(Probed::new(venue.name.clone(), venue.address))
    };
    config.venues.iter().map(boxed).collect()
}

pub(crate) fn number(value: &Value) -> u64 {
    let text = value.as_str().expect("a quantity").trim_start_matches("0x");
    u64::from_str_radix(text, 16).expect("a quantity")
}
