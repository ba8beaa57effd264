//! A whole market on the simulated host: tokens, feeds, Uniswap, the vault and its venue, and the people who use them.

mod aave;
pub mod artifacts;
mod broker;
mod contracts;
mod desk;
mod failure;
mod margin;
mod perp;
pub mod positions;
mod settings;
mod surface;
mod uniswap;

use alloy_primitives::{Address, Bytes, I256, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue};
use anyhow::Result;
use host::{Receipt, Tx, World};
use interfaces::external::IToken;
use interfaces::vault::IVault;

pub use aave::{Aave, fixCall, setReserveFreezeCall, setReservePauseCall};
pub use broker::BROKER_SLIP;
pub use contracts::{PriceFeed, SequencerFeed, Usdc, Weth};
pub use failure::Failure;
pub use margin::UNCOVERED_LIMITS;
pub use perp::{Exchange, PerpExchange, setPerpRoleCall};
pub use settings::{default_limits, default_profile, wide_limits};
pub use surface::{THRESHOLD, key, surface_slice};
pub use uniswap::{POOL_FEE, Uniswap};

/// A world with typed calls.
pub struct Chain {
    /// The simulated host.
    pub world: World,
}

impl Chain {
    /// Sends a transaction and decodes what it returned.
    ///
    /// # Errors
    /// The callee's refusal.
    pub fn send<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> Result<C::Return, Failure> {
        self.send_for_receipt(from, to, call).map(|(answer, _)| answer)
    }

    /// As [`Chain::send`], with the receipt.
    ///
    /// # Errors
    /// The callee's refusal.
    pub fn send_for_receipt<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: C,
    ) -> Result<(C::Return, Receipt), Failure> {
        let receipt = self.world.call(from, to, call.abi_encode())?;
        Ok((decode::<C>(&receipt.output), receipt))
    }

    /// Reads without a transaction.
    ///
    /// # Errors
    /// The callee's refusal.
    pub fn view<C: SolCall>(&mut self, to: Address, call: C) -> Result<C::Return, Failure> {
        let receipt = self.world.view(Address::ZERO, to, call.abi_encode())?;
        Ok(decode::<C>(&receipt.output))
    }

    /// Deploys a Solidity contract by the name of its artefact.
    ///
    /// # Errors
    /// A missing artefact or a failing constructor.
    pub fn create(&mut self, from: Address, name: &str, arguments: &[u8]) -> Result<Address> {
        let code: Bytes = artifacts::bytecode(name)?.iter().chain(arguments).copied().collect();
        Ok(self.world.deploy_evm(from, &code)?)
    }

    /// Balance of a token.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub fn token_balance(&mut self, token: Address, account: Address) -> Result<U256, Failure> {
        self.view(token, IToken::balanceOfCall { account })
    }
}

fn decode<C: SolCall>(output: &[u8]) -> C::Return {
    C::abi_decode_returns(output).unwrap_or_else(|error| panic!("{} answered badly: {error}", C::SIGNATURE))
}

/// Who acts on the stage.
#[derive(Clone, Copy, Debug)]
pub struct Actors {
    /// Owner of everything.
    pub owner: Address,
    /// Lists expiries.
    pub curator: Address,
    /// May stop new risk.
    pub guardian: Address,
    /// Calls `rebalance`.
    pub keeper: Address,
    /// Keeps the pool at the market.
    pub arbitrageur: Address,
}

/// How a stage is set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Time of the first block [unix seconds]
    pub start: u64,
    /// Price of the underlying [USD]
    pub price: f64,
    /// The market's profile.
    pub profile: IVault::Profile,
    /// The market's limits.
    pub limits: IVault::Limits,
}

/// The deployed market.
pub struct Stage {
    /// The chain it stands on.
    pub chain: Chain,
    /// Who acts.
    pub actors: Actors,
    /// USDC.
    pub usdc: Address,
    /// WETH9, the underlying whatever its price series.
    pub underlying: Address,
    /// The price feed.
    pub feed: Address,
    /// The sequencer-uptime feed.
    pub sequencer: Address,
    /// Uniswap.
    pub uniswap: Uniswap,
    /// The vault.
    pub vault: Address,
    /// The vault's risk engine.
    pub engine: Address,
    /// The hedging desk.
    pub desk: Address,
    /// The hedge venue.
    pub venue: Address,
    /// The lens, which serves every vault.
    pub lens: Address,
    /// The surface feed.
    pub surface: Address,
    /// The margin accounts.
    pub margin: Address,
    /// The broker.
    pub broker: Address,
    /// Keys of its publishers, by address.
    pub publishers: Vec<PrivateKeySigner>,
}

/// Liquidity of each side of the pool [USD].
const POOL_DEPTH: f64 = 200_000_000.0;
/// USDC given to whoever deploys and arbitrages.
const TREASURY: f64 = 1e12;

impl Stage {
    /// Deploys the whole market.
    ///
    /// # Errors
    /// Whatever fails on the way.
    pub fn deploy(config: &Config) -> Result<Self> {
        let mut chain = Chain { world: World::new() };
        chain.world.warp(config.start);
        let mut named = |name: &str| chain.world.account(name);
        let actors = Actors {
            owner: named("owner"),
            curator: named("curator"),
            guardian: named("guardian"),
            keeper: named("keeper"),
            arbitrageur: named("arbitrageur"),
        };
        let owner = actors.owner;
        let usdc = chain.create(owner, "Usdc", &[])?;
        let underlying = chain.create(owner, "WETH9", &[])?;
        let feed = chain.create(owner, "PriceFeed", &[])?;
        let sequencer = chain.create(owner, "SequencerFeed", &[])?;
        let mut fund = |account| -> Result<()> {
            chain.send(
                owner,
                usdc,
                Usdc::mintCall { to: account, value: U256::from((TREASURY * 1e6) as u128) },
            )?;
            let ether = U256::from((TREASURY / config.price * 1e18) as u128);
            chain.world.set_balance(account, ether * U256::from(2));
            let data = Weth::depositCall {}.abi_encode().into();
            chain.world.call_with(Tx {
                from: account,
                to: Some(underlying),
                value: ether,
                data,
                gas_limit: 1_000_000,
            })?;
            Ok(())
        };
        fund(owner)?;
        fund(actors.arbitrageur)?;
        let uniswap = Uniswap::deploy(&mut chain, owner, usdc, underlying, config.price, POOL_DEPTH)?;
        for token in [usdc, underlying] {
            let approve = IToken::approveCall { spender: uniswap.router, value: U256::MAX };
            chain.send(actors.arbitrageur, token, approve)?;
        }
        chain.send(owner, feed, PriceFeed::pushCall { answer: price_answer(config.price) })?;
        let up = U256::from(config.start - 7 * 86_400);
        chain.send(owner, sequencer, SequencerFeed::setCall { answer: I256::ZERO, startedAt: up })?;
        let [vault, engine, desk, venue, lens, surface, margin, broker] =
            contracts_of(&mut chain, owner, [usdc, underlying, feed, sequencer], uniswap.router)?;
        let publishers = surface::keys();
        let mut stage = Self {
            chain,
            actors,
            usdc,
            underlying,
            feed,
            sequencer,
            uniswap,
            vault,
            engine,
            desk,
            venue,
            lens,
            surface,
            margin,
            broker,
            publishers,
        };
        stage.open(config)?;
        Ok(stage)
    }

    fn open(&mut self, config: &Config) -> Result<()> {
        let actors = self.actors;
        let owner = actors.owner;
        let (profile_, limits_) = (config.profile.clone(), config.limits.clone());
        self.chain.send(owner, self.vault, IVault::setProfileCall { profile_, limits_ })?;
        for (which, account) in
            [(IVault::Role::Curator, actors.curator), (IVault::Role::Guardian, actors.guardian)]
        {
            self.chain.send(owner, self.vault, IVault::setRoleCall { which, account })?;
        }
        self.chain.send(owner, self.vault, IVault::allowVenueCall { venue: self.venue })?;
        for (which, contract) in
            [(IVault::Satellite::Desk, self.desk), (IVault::Satellite::Broker, self.broker)]
        {
            self.chain.send(owner, self.vault, name_satellite(which, contract))?;
        }
        self.open_surface()?;
        self.open_margin()?;
        Ok(())
    }

    /// An account with USDC that the vault may take.
    ///
    /// # Errors
    /// When a token call fails.
    pub fn funded(&mut self, name: &str, usd: f64) -> Result<Address> {
        let account = self.chain.world.account(name);
        let mint = Usdc::mintCall { to: account, value: U256::from((usd * 1e6) as u128) };
        self.chain.send(self.actors.owner, self.usdc, mint)?;
        self.chain.send(account, self.usdc, IToken::approveCall { spender: self.vault, value: U256::MAX })?;
        Ok(account)
    }

    /// A new round of the price feed.
    ///
    /// # Errors
    /// When the feed refuses.
    pub fn push_price(&mut self, price: f64) -> Result<()> {
        self.chain.send(self.actors.owner, self.feed, PriceFeed::pushCall { answer: price_answer(price) })?;
        Ok(())
    }

    /// Brings the pool to a price.
    ///
    /// # Errors
    /// When the swap fails.
    pub fn arbitrage(&mut self, price: f64) -> Result<()> {
        self.uniswap.arbitrage(&mut self.chain, self.actors.arbitrageur, price)
    }

    /// A transaction to the vault.
    ///
    /// # Errors
    /// The vault's refusal.
    pub fn vault<C: SolCall>(&mut self, from: Address, call: C) -> Result<C::Return, Failure> {
        self.chain.send(from, self.vault, call)
    }

    /// A view of the vault.
    ///
    /// # Errors
    /// The vault's refusal.
    pub fn ask<C: SolCall>(&mut self, call: C) -> Result<C::Return, Failure> {
        self.chain.view(self.vault, call)
    }

    /// A view of the lens.
    ///
    /// # Errors
    /// The lens's refusal.
    pub fn look<C: SolCall>(&mut self, call: C) -> Result<C::Return, Failure> {
        self.chain.view(self.lens, call)
    }

    /// Id of the feed's last round.
    ///
    /// # Errors
    /// When the feed has none.
    pub fn last_round(&mut self) -> Result<alloy_primitives::aliases::U80> {
        Ok(self.chain.view(self.feed, PriceFeed::latestRoundDataCall {})?.roundId)
    }
}

/// Deploys the vault and what it works with and keeps them in the chain's cache, as an operator would.
fn contracts_of(
    chain: &mut Chain,
    owner: Address,
    [usdc, underlying, feed, sequencer]: [Address; 4],
    router: Address,
) -> Result<[Address; 8]> {
    let engine = chain.world.deploy_wasm(owner, &artifacts::wasm("risk_engine")?, None)?;
    let arguments = (usdc, underlying, feed, sequencer, engine, owner).abi_encode_params();
    let vault = chain.world.deploy_wasm(owner, &artifacts::wasm("equipoise_vault")?, Some(&arguments))?;
    let arguments = (vault, usdc, underlying, router, POOL_FEE).abi_encode_params();
    let venue = chain.world.deploy_wasm(owner, &artifacts::wasm("uniswap_v3_venue")?, Some(&arguments))?;
    let lens = chain.world.deploy_wasm(owner, &artifacts::wasm("lens")?, None)?;
    let surface =
        chain.world.deploy_wasm(owner, &artifacts::wasm("surface_feed")?, Some(&vault.abi_encode()))?;
    let margin = margin::deploy(chain, owner, vault)?;
    let desk = desk::deploy(chain, owner, vault)?;
    let broker = broker::deploy(chain, owner, vault)?;
    let contracts = [vault, engine, desk, venue, lens, surface, margin, broker];
    for contract in contracts {
        chain.world.set_cached(contract, true);
    }
    Ok(contracts)
}

/// Names a contract that works for the vault.
#[must_use]
pub fn name_satellite(which: IVault::Satellite, contract: Address) -> IVault::setSatelliteCall {
    IVault::setSatelliteCall { which, contract_: contract }
}

/// A price as the feed's answer, 8 decimals.
fn price_answer(price: f64) -> I256 {
    I256::try_from((price * 1e8).round() as i128).unwrap_or_default()
}
