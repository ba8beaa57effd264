//! `equipoise-publisher`: fit, sign, submit, explain.

use std::fs::File;
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use publisher::{Rpc, Signed, Source, State, Update, explain, fit, prices, quotes, table};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Parser)]
#[command(version, about = "Fits, signs, submits and explains the surfaces of a vault's feed")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes an update from quotes or past prices, as near to them as the feed's step lets it come.
    Fit {
        #[command(flatten)]
        node: Node,
        /// The surface feed.
        #[arg(long)]
        feed: Address,
        /// The clock, unix seconds: no later data is seen, and it is the update's timestamp.
        #[arg(long)]
        now: u64,
        /// CSV of time,expiry,strike,vol,forward.
        #[arg(long, conflicts_with = "prices", required_unless_present = "prices")]
        quotes: Option<PathBuf>,
        /// CSV of timestamp,close, where there are no quotes.
        #[arg(long)]
        prices: Option<PathBuf>,
    },
    /// Signs an update; needs no node.
    Sign {
        update: PathBuf,
        /// File with a private key in hex.
        #[arg(long)]
        key: PathBuf,
    },
    /// Combines signatures and sends an update, unless the feed would refuse it.
    Submit {
        #[command(flatten)]
        node: Node,
        update: PathBuf,
        signatures: Vec<PathBuf>,
        /// File with the private key of whoever pays for the transaction.
        #[arg(long)]
        key: PathBuf,
        /// The clock, unix seconds.
        #[arg(long)]
        now: u64,
    },
    /// Says what the feed would refuse of an update, and of its signatures if any are given.
    Explain {
        #[command(flatten)]
        node: Node,
        update: PathBuf,
        signatures: Vec<PathBuf>,
        /// The clock, unix seconds.
        #[arg(long)]
        now: u64,
    },
}

#[derive(Args)]
struct Node {
    /// JSON-RPC of a node.
    #[arg(long, default_value = "http://127.0.0.1:8547")]
    rpc: String,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Fit { node, feed, now, quotes, prices } => {
            let mut rpc = Rpc::connect(&node.rpc, None)?;
            let source = source(quotes.as_deref(), prices.as_deref(), now)?;
            let state = State::read(&mut rpc, feed, now)?;
            print(&fit(&state, &source, rpc.chain_id()?, now)?)
        }
        Command::Sign { update, key } => print(&load::<Update>(&update)?.sign(&self::key(&key)?)?),
        Command::Submit { node, update, signatures, key, now } => {
            let mut rpc = Rpc::connect(&node.rpc, Some(self::key(&key)?))?;
            let update: Update = load(&update)?;
            let signatures = update.combine(&load_all(&signatures)?)?;
            let state = State::read(&mut rpc, update.feed, update.timestamp)?;
            let faults = explain(&state, &update, Some(&signatures), now);
            if !faults.is_empty() {
                bail!("the feed would refuse it:\n{}", table(&faults));
            }
            println!("{}", rpc.submit(&update, &signatures)?);
            Ok(())
        }
        Command::Explain { node, update, signatures, now } => {
            let mut rpc = Rpc::connect(&node.rpc, None)?;
            let update: Update = load(&update)?;
            let given = load_all(&signatures)?;
            let combined = if given.is_empty() { None } else { Some(update.combine(&given)?) };
            let state = State::read(&mut rpc, update.feed, update.timestamp)?;
            let faults = explain(&state, &update, combined.as_deref(), now);
            print!("{}", table(&faults));
            std::process::exit(i32::from(!faults.is_empty()));
        }
    }
}

fn source(quotes: Option<&Path>, prices: Option<&Path>, now: u64) -> Result<Source> {
    let open = |path: &Path| File::open(path).with_context(|| path.display().to_string());
    match (quotes, prices) {
        (Some(path), _) => Ok(Source::Quotes(quotes::read(open(path)?, now)?)),
        (_, Some(path)) => self::prices(open(path)?, now),
        _ => bail!("neither --quotes nor --prices"),
    }
}

fn key(path: &Path) -> Result<PrivateKeySigner> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.trim().parse().with_context(|| format!("{} holds no private key", path.display()))
}

fn load<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn load_all(paths: &[PathBuf]) -> Result<Vec<Signed>> {
    paths.iter().map(|path| load(path)).collect()
}

fn print(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
