//! How a node is started.

use std::net::IpAddr;
use std::path::PathBuf;

/// The mnemonic that Ethereum's test tools share.
pub const TEST_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Times beyond are refused, so that clocks can go on [unix seconds].
const LATEST: u64 = 1 << 40;

/// How a node is started.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port for HTTP and WebSocket; 0 takes a free one
    #[arg(long, default_value_t = 8547)]
    pub port: u16,
    /// Chain id; 42161 is Arbitrum One's
    #[arg(long, default_value_t = 412_346)]
    pub chain_id: u64,
    /// Mine a block every SECONDS instead of one for each transaction
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub block_time: Option<u64>,
    /// Mine only when asked to (`evm_mine`)
    #[arg(long, conflicts_with = "block_time")]
    pub no_mining: bool,
    /// Number of prefunded accounts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub accounts: u32,
    /// Balance of each [ether]
    #[arg(long, default_value_t = 10_000, value_name = "ETHER")]
    pub balance: u64,
    /// Mnemonic of the prefunded accounts
    #[arg(long, default_value = TEST_MNEMONIC)]
    pub mnemonic: String,
    /// Time of the genesis block [unix seconds]; the clock goes on from there [default: now]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=LATEST))]
    pub timestamp: Option<u64>,
    /// Load the state from FILE if it exists, and save it there at the end
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 8547,
            chain_id: 412_346,
            block_time: None,
            no_mining: false,
            accounts: 10,
            balance: 10_000,
            mnemonic: TEST_MNEMONIC.into(),
            timestamp: None,
            state: None,
        }
    }
}
