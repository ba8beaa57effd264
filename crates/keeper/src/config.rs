//! How a keeper is set up: a TOML file, and the environment over it.
//!
//! `EQUIPOISE_KEEPER_POLL=5` sets `poll`, `EQUIPOISE_KEEPER_HEDGE__MAX_LOSS=1.5` sets `max_loss` of `[hedge]`; lists are given as in TOML.

use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::Address;
use anyhow::{Context, Result, bail, ensure};
use client::place;
use serde::Deserialize;

pub use crate::duties::{Duty, Fees, Fill, Hedge, Position, Process, Upkeep};
use crate::ranges;

/// What the environment's names begin with.
const PREFIX: &str = "EQUIPOISE_KEEPER_";

/// See the module. Every field but `vault` has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The vault.
    pub vault: Address,
    /// Where it may hedge.
    #[serde(default)]
    pub venues: Vec<VenueConfig>,
    /// What people call the broker's venues: all that it has are used, whatever is named here.
    #[serde(default)]
    pub positions: Vec<VenueConfig>,
    /// JSON-RPC endpoints of the same chain.
    #[serde(default = "default_rpc")]
    pub rpc: Vec<String>,
    /// The chain, any if there is only one endpoint.
    pub chain_id: Option<u64>,
    /// How many endpoints must answer alike [default: most of them]
    pub quorum: Option<usize>,
    /// File with the private key in hex; without one nothing is sent.
    pub key_file: Option<PathBuf>,
    /// Time between two looks at the chain [s]
    #[serde(default = "default_poll")]
    pub poll: f64,
    /// Time that a request may take [s]
    #[serde(default = "default_timeout")]
    pub timeout: f64,
    /// Blocks that an endpoint may be behind the best.
    #[serde(default = "default_lag")]
    pub max_lag: u64,
    /// Oldest head that is acted on, 0 for any [s]
    #[serde(default = "default_head_age")]
    pub max_head_age: u64,
    /// Where metrics and health are served, nowhere if empty.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// The lens, for `status` to show the queue of redemptions.
    pub lens: Option<Address>,
    /// Price of the chain's coin if it is not the underlying [USD]
    pub coin_price: Option<f64>,
    /// Fees.
    #[serde(default)]
    pub fees: Fees,
    /// Hedges.
    #[serde(default)]
    pub hedge: Hedge,
    /// Hedges with positions.
    #[serde(default)]
    pub position: Position,
    /// What positions need beside hedges.
    #[serde(default)]
    pub upkeep: Upkeep,
    /// Fills of hedges from the account's own tokens.
    #[serde(default)]
    pub fill: Fill,
    /// Settlements.
    #[serde(default)]
    pub settle: Duty,
    /// Redemptions.
    #[serde(default)]
    pub process: Process,
}

/// A venue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// What people call it.
    pub name: String,
    /// Its adapter.
    pub address: Address,
}

fn default_rpc() -> Vec<String> {
    vec!["http://127.0.0.1:8547".into()]
}

fn default_poll() -> f64 {
    2.0
}

fn default_timeout() -> f64 {
    5.0
}

fn default_lag() -> u64 {
    20
}

fn default_head_age() -> u64 {
    60
}

fn default_listen() -> String {
    "127.0.0.1:9464".into()
}

/// Micro-USD of dollars.
#[must_use]
pub fn micro(usd: f64) -> i128 {
    (usd * 1e6).round() as i128
}

/// Wei of gwei.
#[must_use]
pub fn wei(gwei: f64) -> u128 {
    (gwei.max(0.0) * 1e9).round() as u128
}

impl Config {
    /// Reads a file, if one is given, and the environment over it.
    ///
    /// # Errors
    /// An unreadable file, an unknown key, a value of another type, or settings that cannot work.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let text = match file {
            Some(file) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
            None => String::new(),
        };
        let place = file.map_or_else(|| "the environment".into(), |file| file.display().to_string());
        let mut table: toml::Table = toml::from_str(&text).with_context(|| place.clone())?;
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix(PREFIX) {
                set(&mut table, &path.to_lowercase(), &value).with_context(|| name.clone())?;
            }
        }
        let config: Self = table.try_into().with_context(|| place)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let count = self.rpc.len();
        ensure!(count > 0, "rpc names no endpoint");
        // An endpoint is one vote of a quorum.
        let plain = |url: &String| url.trim_end_matches('/').to_lowercase();
        let twice = self
            .rpc
            .iter()
            .enumerate()
            .find(|(at, url)| self.rpc.iter().take(*at).any(|other| plain(other) == plain(url)));
        if let Some((_, url)) = twice {
            bail!("rpc names {} twice", place(url));
        }
        ensure!(
            count == 1 || self.chain_id.is_some(),
            "with {count} endpoints chain_id must say which chain"
        );
        let quorum = self.quorum();
        ensure!((1..=count).contains(&quorum), "a quorum of {quorum} of {count} endpoints is none");
        ranges::check(self)
    }

    /// Endpoints that must answer alike.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.quorum.unwrap_or(self.rpc.len() / 2 + 1)
    }

    /// Time between two looks at the chain.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_secs_f64(self.poll)
    }
}

/// The keeper's own variables. What else there is need be no text.
///
/// # Errors
/// One of its own that is no text.
pub fn environment() -> Result<Vec<(String, String)>> {
    let named = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let own = named.filter(|(name, _)| name.starts_with(PREFIX) && name != "EQUIPOISE_KEEPER_CONFIG");
    own.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => bail!("{name} is no text"),
    })
    .collect()
}

/// Sets `a__b` in a table to a TOML value, or to the text that it is.
fn set(table: &mut toml::Table, path: &str, value: &str) -> Result<()> {
    let (first, rest) = path.split_once("__").map_or((path, None), |(first, rest)| (first, Some(rest)));
    match rest {
        Some(rest) => {
            let inner = table.entry(first).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            set(inner.as_table_mut().with_context(|| format!("{first} is no table"))?, rest, value)
        }
        None => {
            let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"));
            // An address is text, even where TOML could read a number.
            let parsed = parsed.ok().filter(|_| !value.starts_with("0x"));
            let parsed = parsed.and_then(|mut table| table.remove("value"));
            table.insert(first.into(), parsed.unwrap_or_else(|| toml::Value::String(value.into())));
            Ok(())
        }
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
