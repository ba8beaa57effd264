//! How a keeper is set up: a TOML file, and the environment over it.
//!
//! `EQUIPOISE_KEEPER_POLL=5` sets `poll`, `EQUIPOISE_KEEPER_HEDGE__MAX_LOSS=1.5` sets `max_loss` of `[hedge]`; lists are given as in TOML.

use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::Address;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

pub use crate::duties::{Duty, Fees, Fill, Hedge, Position, Process, Upkeep};

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
        ensure!(
            count == 1 || self.chain_id.is_some(),
            "with {count} endpoints chain_id must say which chain"
        );
        let quorum = self.quorum();
        ensure!((1..=count).contains(&quorum), "a quorum of {quorum} of {count} endpoints is none");
        ensure!(self.poll > 0.0 && self.timeout > 0.0, "poll and timeout must be above 0");
        ensure!((1..=64).contains(&self.hedge.samples), "hedge.samples must be from 1 to 64");
        Ok(())
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
mod tests {
    use super::*;

    const VAULT: &str = "0x00000000000000000000000000000000000000aa";

    fn load(pairs: &[(&str, &str)]) -> Result<Config> {
        let pairs = pairs.iter().map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned()));
        Config::load(None, pairs)
    }

    #[test]
    fn the_environment_sets_any_key() {
        let config = load(&[
            ("VAULT", VAULT),
            ("RPC", r#"["http://a", "http://b", "http://c"]"#),
            ("CHAIN_ID", "42161"),
            ("HEDGE__MAX_LOSS", "2.5"),
            ("KEY_FILE", "keeper.key"),
        ])
        .expect("a config");
        assert_eq!((config.rpc.len(), config.quorum(), config.chain_id), (3, 2, Some(42_161)));
        assert_eq!((config.hedge.max_loss, config.hedge.samples), (2.5, 24));
        assert_eq!(config.key_file, Some("keeper.key".into()));
    }

    #[test]
    fn the_example_shows_the_defaults() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("keeper.example.toml");
        let example = Config::load(Some(&file), std::iter::empty()).expect("a config");
        let zero = Address::ZERO.to_string();
        let defaults = load(&[("VAULT", zero.as_str())]).expect("a config");
        assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let refused = |pairs: &[(&str, &str)]| format!("{:#}", load(pairs).expect_err("refused"));
        assert!(refused(&[]).contains("missing field `vault`"));
        assert!(refused(&[("VAULT", VAULT), ("VAUTL", "1")]).contains("unknown field `vautl`"));
        assert!(refused(&[("VAULT", VAULT), ("RPC", "[]")]).contains("no endpoint"));
        assert!(refused(&[("VAULT", VAULT), ("RPC", r#"["a","b"]"#)]).contains("chain_id"));
        assert!(refused(&[("VAULT", VAULT), ("QUORUM", "2")]).contains("quorum of 2 of 1"));
        assert!(refused(&[("VAULT", VAULT), ("POLL", "soon")]).contains("poll"));
    }
}
