//! The market of a replay on a [`Stage`]: the boundary's numbers turned into calls of the ABI and back.

use alloy_primitives::aliases::U80;
use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::{SolCall, SolEvent};
use anyhow::{Result, anyhow};
use host::Receipt;
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use crate::market::{
    ExpiryBook, Failure, Fill, Greeks, Grid, Hedge, Kind, Market, Nav, Outcome, Quote, Refusal, Series,
    Tokens,
};
use crate::stage::{self, Config, PriceFeed, Stage, surface_slice};

const WAD: f64 = 1e18;
/// The feed is updated at least this often [s].
const HEARTBEAT: u64 = 2 * 3_600;
/// USDC of every trader and LP at the start.
const PURSE: f64 = 1e9;

/// A stage with traders and LPs.
pub struct Live {
    /// The stage.
    pub stage: Stage,
    profile: IVault::Profile,
    traders: Vec<Address>,
    lps: Vec<Address>,
    /// Id of each LP's last request to redeem.
    requests: Vec<U256>,
    fills: Vec<Fill>,
    /// Gas of the calls so far, by name: how many, the sum and the most.
    pub gas: std::collections::BTreeMap<&'static str, (u64, u64, u64)>,
}

impl Live {
    /// Deploys a stage and funds its people.
    ///
    /// # Errors
    /// Whatever fails on the way.
    pub fn deploy(config: &Config, traders: usize, lps: usize) -> Result<Self> {
        let mut stage = Stage::deploy(config)?;
        let mut people = |name: &str, count: usize| -> Result<Vec<Address>> {
            (0..count).map(|index| stage.funded(&format!("{name} {index}"), PURSE)).collect()
        };
        let (traders, lps) = (people("trader", traders)?, people("lp", lps)?);
        let (profile, fills, gas) = (config.profile.clone(), Vec::new(), Default::default());
        let requests = vec![U256::ZERO; lps.len()];
        Ok(Self { stage, profile, traders, lps, requests, fills, gas })
    }

    fn send<C: SolCall>(&mut self, name: &'static str, from: Address, call: C) -> Outcome<C::Return> {
        self.send_to(name, from, self.stage.vault, call)
    }

    fn send_to<C: SolCall>(
        &mut self,
        name: &'static str,
        from: Address,
        to: Address,
        call: C,
    ) -> Outcome<C::Return> {
        let sent = self.stage.chain.send_for_receipt(from, to, call);
        let (answer, receipt) = sent.map_err(failure)?;
        self.spend(name, &receipt);
        for log in receipt.logs.iter().filter(|log| log.address == self.stage.vault) {
            if let Ok(hedged) = IVault::Hedged::decode_raw_log(log.topics.iter().copied(), &log.data) {
                self.fills
                    .push(Fill { size: signed(hedged.size) / WAD, price: unsigned(hedged.price) / WAD });
            }
        }
        Ok(answer)
    }

    fn spend(&mut self, name: &'static str, receipt: &Receipt) {
        let (count, sum, most) = self.gas.entry(name).or_default();
        *count += 1;
        *sum += receipt.execution_gas;
        *most = (*most).max(receipt.execution_gas);
    }

    fn ask<C: SolCall>(&mut self, call: C) -> Outcome<C::Return> {
        self.stage.ask(call).map_err(failure)
    }

    fn look<C: SolCall>(&mut self, call: C) -> Outcome<C::Return> {
        self.stage.look(call).map_err(failure)
    }

    fn holders(&self) -> Vec<Address> {
        let stage = &self.stage;
        let actors = stage.actors;
        let fixed = [
            actors.owner,
            actors.keeper,
            actors.arbitrageur,
            stage.vault,
            stage.venue,
            stage.uniswap.pool,
            stage.uniswap.router,
        ];
        fixed.iter().chain(&self.traders).chain(&self.lps).copied().collect()
    }

    fn token(&mut self, token: Address) -> Outcome<(u128, u128)> {
        let supply = self.stage.chain.view(token, IERC20::totalSupplyCall {}).map_err(failure)?;
        let mut held = 0;
        for holder in self.holders() {
            held += whole(self.stage.chain.token_balance(token, holder).map_err(failure)?)?;
        }
        Ok((whole(supply)?, held))
    }

    fn leg(&self, series: Series, lots: i64) -> Result<IVault::Leg, Failure> {
        let size = i128::from(self.profile.lot) * i128::from(lots);
        Ok(IVault::Leg { series: id(series), size: int(size)? })
    }
}

/// Id of a series, as the lens's `seriesId` makes it.
fn id(series: Series) -> U256 {
    let kind = u128::from(series.kind == Kind::Put);
    U256::from(u128::from(series.expiry) << 56 | u128::from(series.strike) << 8 | kind)
}

fn failure(failure: stage::Failure) -> Failure {
    match failure.vault_error() {
        Some(_) => Failure::Refused(Refusal { name: failure.name(), detail: failure.to_string() }),
        None if failure.data().is_empty() => Failure::Broken(anyhow!(failure)),
        None => Failure::Refused(Refusal { name: failure.name(), detail: failure.to_string() }),
    }
}

fn int(number: i128) -> Result<I256, Failure> {
    I256::try_from(number).map_err(|error| Failure::Broken(anyhow!(error)))
}

fn whole(number: U256) -> Result<u128, Failure> {
    u128::try_from(number).map_err(|error| Failure::Broken(anyhow!(error)))
}

fn whole_signed(number: I256) -> Result<i128, Failure> {
    i128::try_from(number).map_err(|error| Failure::Broken(anyhow!(error)))
}

fn unsigned(number: U256) -> f64 {
    f64::from(number)
}

fn signed(number: I256) -> f64 {
    let magnitude = f64::from(number.unsigned_abs());
    if number.is_negative() { -magnitude } else { magnitude }
}

/// Micro-USD with 18 decimals.
fn strike(micro: u64) -> U256 {
    U256::from(u128::from(micro) * 1_000_000_000_000)
}

impl Market for Live {
    fn traders(&self) -> usize {
        self.traders.len()
    }

    fn lps(&self) -> usize {
        self.lps.len()
    }

    fn lot(&self) -> f64 {
        self.profile.lot as f64 / WAD
    }

    fn max_lots(&self) -> i64 {
        (self.profile.maxSize / self.profile.lot) as i64
    }

    fn fee(&self) -> f64 {
        f64::from(self.profile.fee) / 1e6
    }

    fn vol_step(&self) -> f64 {
        f64::from(self.profile.volStep) / 1e6
    }

    fn deviation(&self) -> f64 {
        f64::from(self.profile.deviation) / 1e6
    }

    fn heartbeat(&self) -> u64 {
        HEARTBEAT
    }

    fn warp(&mut self, time: u64) -> Outcome<()> {
        self.stage.chain.world.warp(time);
        Ok(())
    }

    fn push_price(&mut self, price: f64) -> Outcome<u128> {
        self.stage.push_price(price)?;
        let call = PriceFeed::latestRoundDataCall {};
        let feed = self.stage.feed;
        Ok(self.stage.chain.view(feed, call).map_err(failure)?.roundId.to())
    }

    fn arbitrage(&mut self, price: f64) -> Outcome<()> {
        Ok(self.stage.arbitrage(price)?)
    }

    fn list_expiry(&mut self, expiry: u64, grid: Grid) -> Outcome<()> {
        let (base, step, count) = (strike(grid.base), strike(grid.step), grid.count);
        let curator = self.stage.actors.curator;
        self.send("listExpiry", curator, IVault::listExpiryCall { expiry, base, step, count }).map(|_| ())
    }

    fn publish(&mut self, slices: &[(u64, options::Slice)]) -> Outcome<()> {
        let slices = slices.iter().map(|(expiry, slice)| surface_slice(*expiry, slice, 0)).collect();
        let receipt = self.stage.publish(slices).map_err(failure)?;
        self.spend("publish", &receipt);
        Ok(())
    }

    fn quote(&mut self, series: Series, lots: i64) -> Outcome<Quote> {
        let legs = vec![self.leg(series, lots)?];
        let quote = self.ask(IVault::quoteCall { legs })?;
        Ok(Quote {
            premium: whole_signed(quote.premium)?,
            value: whole_signed(quote.value)?,
            charge: whole_signed(quote.riskCharge)?,
            spread: whole(quote.spread)? as i128,
        })
    }

    fn trade(&mut self, trader: usize, series: Series, lots: i64, limit: i128) -> Outcome<i128> {
        let (legs, receiver) = (vec![self.leg(series, lots)?], self.traders[trader]);
        let call = IVault::tradeCall { legs, maxPremium: int(limit)?, receiver, deadline: U256::MAX };
        whole_signed(self.send("trade", receiver, call)?)
    }

    fn settle(&mut self, expiry: u64, round: u128) -> Outcome<f64> {
        let call = IVault::settleCall { expiry, roundId: U80::from(round) };
        let keeper = self.stage.actors.keeper;
        Ok(unsigned(self.send("settle", keeper, call)?) / WAD)
    }

    fn claim(&mut self, trader: usize, series: &[Series]) -> Outcome<i128> {
        let series = series.iter().map(|one| id(*one)).collect();
        let receiver = self.traders[trader];
        Ok(whole(self.send("claim", receiver, IVault::claimCall { series, receiver })?)? as i128)
    }

    fn supply(&mut self, series: Series) -> Outcome<i64> {
        let supply = whole(self.ask(IERC6909::totalSupplyCall { id: id(series) })?)?;
        Ok((supply / u128::from(self.profile.lot)) as i64)
    }

    fn greeks(&mut self) -> Outcome<Greeks> {
        let greeks = self.look(ILens::greeksCall { vault: self.stage.vault })?;
        Ok(Greeks {
            value: signed(greeks.value) / WAD,
            delta: signed(greeks.delta) / WAD,
            gamma: signed(greeks.gamma) / WAD,
            vega: signed(greeks.vega) / WAD,
            theta: signed(greeks.theta) / WAD,
        })
    }

    fn nav(&mut self) -> Outcome<Nav> {
        let nav = self.ask(IVault::navCall {})?;
        Ok(Nav {
            cash: whole(nav.cash)? as i128,
            owed: whole(nav.owed)? as i128,
            hedge: whole(nav.hedge)? as i128,
            book: whole_signed(nav.book)?,
            mid: whole_signed(nav.mid)?,
            low: whole_signed(nav.low)?,
        })
    }

    fn book(&mut self) -> Outcome<Vec<ExpiryBook>> {
        let lot = i128::from(self.profile.lot);
        let lots = |size: I256| Ok::<i64, Failure>((whole_signed(size)? / lot) as i64);
        let micro = |number: U256| Ok::<u64, Failure>((whole(number)? / 1_000_000_000_000) as u64);
        let book = self.look(ILens::bookCall { vault: self.stage.vault })?;
        book.into_iter()
            .map(|one| {
                let count = one.netSizes.len() as u8;
                Ok(ExpiryBook {
                    expiry: one.expiry,
                    grid: Grid { base: micro(one.base)?, step: micro(one.step)?, count },
                    net: one.netSizes.into_iter().map(lots).collect::<Result<_, _>>()?,
                    puts: lots(one.putSize)?,
                    put_index_sum: lots(one.putIndexSum)?,
                })
            })
            .collect()
    }

    fn hedge(&mut self) -> Outcome<Hedge> {
        let need = self.stage.need().map_err(failure)?;
        Ok(Hedge {
            needed: !need.due.is_zero(),
            position: signed(need.position) / WAD,
            target: signed(need.target) / WAD,
            reachable: signed(need.position + need.deviation) / WAD,
            inner: unsigned(need.inner) / WAD,
            outer: unsigned(need.outer) / WAD,
            size: signed(need.due) / WAD,
        })
    }

    fn rebalance(&mut self, _size: f64) -> Outcome<()> {
        let plan = self.stage.plan_of_due().map_err(failure)?;
        let (keeper, desk) = (self.stage.actors.keeper, self.stage.desk);
        self.send_to("rebalance", keeper, desk, IHedgeDesk::rebalanceCall { plan }).map(|_| ())
    }

    fn fills(&mut self) -> Outcome<Vec<Fill>> {
        Ok(std::mem::take(&mut self.fills))
    }

    fn deposit(&mut self, lp: usize, assets: i128) -> Outcome<u128> {
        let receiver = self.lps[lp];
        let call = IERC4626::depositCall { assets: U256::from(assets.unsigned_abs()), receiver };
        whole(self.send("deposit", receiver, call)?)
    }

    fn request_redeem(&mut self, lp: usize, shares: u128) -> Outcome<()> {
        let owner = self.lps[lp];
        let call = IERC4626::requestRedeemCall { shares: U256::from(shares), controller: owner, owner };
        self.requests[lp] = self.send("requestRedeem", owner, call)?;
        Ok(())
    }

    fn process(&mut self) -> Outcome<(u128, i128)> {
        let keeper = self.stage.actors.keeper;
        let processed = self.send("processEpoch", keeper, IERC4626::processEpochCall {})?;
        Ok((whole(processed.shares)?, whole(processed.assets)? as i128))
    }

    fn redeem(&mut self, lp: usize) -> Outcome<i128> {
        let receiver = self.lps[lp];
        let shares = self.ask(IERC4626::maxRedeemCall { controller: receiver })?;
        let call = IERC4626::redeemCall { shares, receiver, controller: receiver };
        Ok(whole(self.send("redeem", receiver, call)?)? as i128)
    }

    fn pending(&mut self, lp: usize) -> Outcome<u128> {
        let (id, controller) = (self.requests[lp], self.lps[lp]);
        let call = IERC4626::pendingRedeemRequestCall { requestId: id, controller };
        whole(self.ask(call)?)
    }

    fn shares(&mut self, lp: usize) -> Outcome<u128> {
        whole(self.ask(IERC20::balanceOfCall { account: self.lps[lp] })?)
    }

    fn share_supply(&mut self) -> Outcome<u128> {
        whole(self.ask(IERC20::totalSupplyCall {})?)
    }

    fn tokens(&mut self) -> Outcome<Tokens> {
        let (usdc, vault) = (self.stage.usdc, self.stage.vault);
        let (usdc_minted, usdc_held) = self.token(usdc)?;
        let (weth_minted, weth_held) = self.token(self.stage.underlying)?;
        let held = self.stage.chain.view(usdc, IToken::balanceOfCall { account: vault }).map_err(failure)?;
        Ok(Tokens { usdc_minted, usdc_held, weth_minted, weth_held, usdc_vault: whole(held)? })
    }
}
