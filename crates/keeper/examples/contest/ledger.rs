//! What the chain says that each account did.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, Log};
use alloy_sol_types::{SolCall, SolEvent};
use anyhow::{Context, Result};
use demo::stage::PriceFeed;
use interfaces::desk::IHedgeDesk;
use serde_json::{Value, json};

use crate::market::{Market, float, number};
use crate::players::ETHER;

/// An account's day.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    account: Address,
    pub(crate) hedges: usize,
    pub(crate) positions: usize,
    /// Margins that were put right, what was brought home, checkpoints.
    pub(crate) upkeep: usize,
    pub(crate) fills: usize,
    pub(crate) pokes: usize,
    /// [USD]
    pub(crate) rewards: f64,
    /// What fills gained against the feed's price [USD]
    pub(crate) gains: f64,
    /// [USD]
    pub(crate) gas: f64,
    /// Transactions that were mined and refused, by the error's name.
    pub(crate) refused: BTreeMap<String, usize>,
}

/// The days of these accounts, from every block.
pub(crate) fn read(market: &Market, names: Vec<(&'static str, Address)>, opening: f64) -> Result<Vec<Entry>> {
    let new = |(name, account)| Entry { name, account, ..Entry::default() };
    let mut entries: Vec<Entry> = names.into_iter().map(new).collect();
    let mut price = opening;
    let last = number(&market.develop("eth_blockNumber", json!([])));
    for block in 0..=last {
        let block = market.develop("eth_getBlockByNumber", json!([format!("{block:#x}"), true]));
        for tx in block["transactions"].as_array().into_iter().flatten() {
            if tx["to"] == json!(market.at.feed) {
                price = pushed(tx)?.unwrap_or(price);
            }
            let from: Address = serde_json::from_value(tx["from"].clone())?;
            let known = [market.at.desk, market.at.broker].iter().any(|to| tx["to"] == json!(to));
            if let Some(entry) = entries.iter_mut().find(|entry| known && entry.account == from) {
                entry.note(market, tx, price)?;
            }
        }
    }
    Ok(entries)
}

/// The price that a transaction to the feed has brought [USD].
fn pushed(tx: &Value) -> Result<Option<f64>> {
    let input: Bytes = serde_json::from_value(tx["input"].clone())?;
    let push = PriceFeed::pushCall::abi_decode(&input).ok();
    Ok(push.map(|push| f64::from(push.answer.unsigned_abs()) / 1e8))
}

impl Entry {
    fn note(&mut self, market: &Market, tx: &Value, price: f64) -> Result<()> {
        let receipt = market.develop("eth_getTransactionReceipt", json!([tx["hash"]]));
        let paid = number(&receipt["gasUsed"]) as f64 * number(&receipt["effectiveGasPrice"]) as f64;
        self.gas += paid / 1e18 * ETHER;
        if receipt["status"] != json!("0x1") {
            let reason = market.reason(&tx["hash"]);
            let name = reason.split([' ', '{']).next().unwrap_or_default();
            let reason = if reason.starts_with("refused") { reason.clone() } else { name.to_owned() };
            *self.refused.entry(reason).or_default() += 1;
            return Ok(());
        }
        let input: Bytes = serde_json::from_value(tx["input"].clone())?;
        let selector = input.first_chunk::<4>().copied().unwrap_or_default();
        let logs = logs(&receipt)?;
        match selector {
            IHedgeDesk::rebalanceCall::SELECTOR | IHedgeDesk::rebalancePositionCall::SELECTOR => {
                let event = logs.iter().find_map(|log| IHedgeDesk::Rebalanced::decode_log(log).ok());
                let spot = selector == IHedgeDesk::rebalanceCall::SELECTOR;
                *if spot { &mut self.hedges } else { &mut self.positions } += 1;
                self.rewards += f64::from(event.context("a hedge without its event")?.reward) / 1e6;
            }
            IHedgeDesk::fillHedgeCall::SELECTOR => {
                let event = logs.iter().find_map(|log| IHedgeDesk::HedgeFilled::decode_log(log).ok());
                let event = event.context("a fill without its event")?;
                let (size, cash) = (float(event.size), f64::from(event.cash) / 1e6);
                self.fills += 1;
                self.gains += cash * size.signum() - size * price;
            }
            IHedgeDesk::pokeCall::SELECTOR => self.pokes += 1,
            _ => self.upkeep += 1,
        }
        Ok(())
    }
}

fn logs(receipt: &Value) -> Result<Vec<Log>> {
    let log = |log: &Value| {
        let topics: Vec<B256> = serde_json::from_value(log["topics"].clone())?;
        let data: Bytes = serde_json::from_value(log["data"].clone())?;
        let address: Address = serde_json::from_value(log["address"].clone())?;
        Ok(Log::new_unchecked(address, topics, data))
    };
    receipt["logs"].as_array().into_iter().flatten().map(log).collect()
}
