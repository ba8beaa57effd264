//! One file that says what a market is: where, of what, with which numbers, by whom. Keys never stand in it.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use anyhow::{Context, Result, ensure};
use interfaces::desk::IHedgeDesk::Rules;
use interfaces::vault::IVault::{Limits, Profile};
use serde::Deserialize;

use crate::positions::Position;
use crate::settings;

/// See `deploy.example.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where.
    pub network: Network,
    /// What is paid with, and what the options are on.
    pub tokens: Tokens,
    /// What prices it.
    pub feeds: Feeds,
    /// Who may do what.
    pub roles: Roles,
    /// Who signs surfaces.
    pub surface: Surface,
    /// The hedging desk.
    pub desk: Desk,
    /// The margin accounts.
    pub margin: Margin,
    /// Who holds positions at venues.
    pub broker: Broker,
    /// Where it may hedge; the last one is the default.
    #[serde(default)]
    pub venues: Vec<Venue>,
    /// Where it may hedge with positions, at most four.
    #[serde(default)]
    pub positions: Vec<Position>,
    /// An ERC-4626 pool for idle USDC.
    pub pool: Option<Address>,
    profile: toml::Table,
    limits: toml::Table,
}

/// The chain and what is deployed to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// JSON-RPC of a node.
    pub rpc: String,
    /// The chain that the node must be on.
    pub chain_id: u64,
    /// The contract that creates, activates and constructs in one transaction.
    #[serde(default = "stylus_deployer")]
    pub stylus_deployer: Address,
    /// Folder of the contracts' WASM.
    #[serde(default = "wasm")]
    pub wasm: PathBuf,
    /// Wei sent for a program's data fee; what it is not comes back.
    #[serde(default = "data_fee")]
    pub data_fee: u64,
}

/// Tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// USDC, 6 decimals.
    pub usdc: Address,
    /// What the options are on.
    pub underlying: Address,
}

/// Feeds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feeds {
    /// Price of the underlying in USD, 8 decimals.
    pub price: Address,
    /// Sequencer uptime.
    pub sequencer: Address,
}

/// Roles.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Is offered the vault at the end, and must accept it.
    pub owner: Address,
    /// Lists expiries.
    pub curator: Address,
    /// May stop new risk.
    pub guardian: Address,
}

/// Publishers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// Their addresses, ascending.
    pub publishers: Vec<Address>,
    /// How many must sign.
    pub threshold: u8,
}

/// The desk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// What gas is paid for as if ether cost [USD]
    pub ether: u32,
    #[serde(default)]
    rules: toml::Table,
}

/// Margin accounts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// Most that an account may leave uncovered [micro-USD]
    pub account_limit: u64,
    /// Most that all may [micro-USD]
    pub total_limit: u64,
}

/// The broker; its venues are named once their adapters are there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Widest distance of a limit from the vault's price [1e-6]
    pub slip: u32,
}

/// A spot venue on Uniswap V3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Venue {
    /// What people call it.
    pub name: String,
    /// Uniswap's router.
    pub router: Address,
    /// Fee of the pool [1e-6]
    pub pool_fee: u32,
}

fn stylus_deployer() -> Address {
    alloy_primitives::address!("cEcba2F1DC234f70Dd89F2041029807F8D03A990")
}

fn wasm() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    target.join("wasm32-unknown-unknown/release")
}

fn data_fee() -> u64 {
    10_000_000_000_000_000
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// What is missing, unknown or out of range, by its name.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.profile()?;
        config.limits()?;
        config.rules()?;
        let publishers = &config.surface.publishers;
        ensure!(publishers.is_sorted_by(|a, b| a < b), "[surface] publishers are not ascending");
        let count = publishers.len();
        let threshold = usize::from(config.surface.threshold);
        ensure!((1..=count).contains(&threshold), "[surface] threshold {threshold} of {count} publishers");
        let mut names: Vec<&str> = config.venues.iter().map(|venue| venue.name.as_str()).collect();
        names.sort_unstable();
        ensure!(names.windows(2).all(|pair| pair.first() != pair.last()), "two venues have one name");
        ensure!(config.positions.len() <= 4, "the broker has no place for {} venues", config.positions.len());
        let mut names: Vec<&str> = config.positions.iter().map(|venue| venue.name.as_str()).collect();
        names.sort_unstable();
        ensure!(names.windows(2).all(|pair| pair.first() != pair.last()), "two positions have one name");
        config.positions.iter().try_for_each(Position::check)?;
        for (name, address) in config.addresses() {
            ensure!(!address.is_zero(), "{name} is the zero address");
        }
        Ok(config)
    }

    /// Every address that must not be zero, by its name.
    fn addresses(&self) -> Vec<(&'static str, Address)> {
        let (tokens, feeds, roles) = (self.tokens, self.feeds, self.roles);
        let mut all = vec![
            ("[tokens] usdc", tokens.usdc),
            ("[tokens] underlying", tokens.underlying),
            ("[feeds] price", feeds.price),
            ("[feeds] sequencer", feeds.sequencer),
            ("[roles] owner", roles.owner),
            ("[roles] curator", roles.curator),
            ("[roles] guardian", roles.guardian),
        ];
        all.extend(self.venues.iter().map(|venue| ("[[venues]] router", venue.router)));
        all.extend(self.positions.iter().flat_map(Position::addresses));
        all.extend(self.surface.publishers.iter().map(|one| ("[surface] publishers", *one)));
        all
    }

    /// The market's profile.
    ///
    /// # Errors
    /// A field that is missing, unknown or out of range.
    pub fn profile(&self) -> Result<Profile> {
        settings::profile(&self.profile)
    }

    /// The market's limits.
    ///
    /// # Errors
    /// As [`Config::profile`].
    pub fn limits(&self) -> Result<Limits> {
        settings::limits(&self.limits)
    }

    /// The desk's rules.
    ///
    /// # Errors
    /// As [`Config::profile`].
    pub fn rules(&self) -> Result<Rules> {
        settings::rules(&self.desk.rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy.example.toml");
        std::fs::read_to_string(path).expect("the example")
    }

    #[test]
    fn the_example_is_whole_but_for_its_addresses() {
        let refused = Config::parse(&example()).expect_err("addresses are zero").to_string();
        assert_eq!(refused, "[tokens] usdc is the zero address");
        let filled = example().replace(&Address::ZERO.to_string(), &Address::repeat_byte(7).to_string());
        let config = Config::parse(&filled).expect("a config");
        assert_eq!(config.profile().expect("a profile").lot, 10_000_000_000_000_000);
        assert_eq!(config.rules().expect("rules").gasCap, 500_000);
    }

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_sent() {
        let filled = example().replace(&Address::ZERO.to_string(), &Address::repeat_byte(7).to_string());
        let refused = |from: &str, to: &str| {
            assert!(filled.contains(from), "{from}");
            format!("{:#}", Config::parse(&filled.replacen(from, to, 1)).expect_err(to))
        };
        assert!(refused("threshold = 1", "threshold = 2").contains("threshold 2 of 1 publishers"));
        assert!(refused("ether = 2000", "ehter = 2000").contains("ehter"));
        assert!(refused("chain_id = 42161", "").contains("chain_id"));
        assert!(refused("chain_id = 42161", "chain_id = ").contains("line"));
        assert!(refused("chain_id = 42161", "chain_id = \"42161\"").contains("expected u64"));
        assert!(refused("deviation = 5000", "deviation = -5").contains("deviation is no number"));
    }
}
