//! `equipoise-deploy`: contracts, check, programs, keepalive, activate, cache.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use alloy_primitives::U256;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use deploy::{Config, Record, Rpc, activate, cache, check, contracts, keepalive, programs, report, show};

/// Deploys a market from one file, checks every parameter of it, and keeps its programs alive.
///
/// The key that pays comes from EQUIPOISE_DEPLOY_KEY or a file, never from the config. What the contracts are is the WASM that scripts/build
/// made: build it first, also to check.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    /// What the market is
    #[arg(long, short, global = true, default_value = "deploy.toml", value_name = "FILE")]
    config: PathBuf,
    /// Where addresses are kept
    #[arg(long, short, global = true, default_value = "deployment.json", value_name = "FILE")]
    record: PathBuf,
    /// File with the private key in hex
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Deploys what is missing of what scripts/build made, sets what differs, then checks; may be run again
    Contracts,
    /// Reads every parameter back, and the code against what scripts/build made; exit code 1 if one is not as wanted
    Check,
    /// Shows how long the programs live and whether they are cached; exit code 1 if one has fewer days than --least
    Programs {
        /// Days that each must have left
        #[arg(long, default_value_t = 60)]
        least: u64,
    },
    /// Extends the life of programs with fewer days left to a year
    Keepalive {
        /// Days
        #[arg(long, default_value_t = 90)]
        below: u64,
    },
    /// Activates programs that expired or are of an older version of Stylus
    Activate,
    /// Bids for places in the chain's cache
    Cache {
        /// Most for each program [wei]
        #[arg(long, default_value = "0")]
        most: U256,
    },
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("equipoise-deploy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command; whether all is well.
fn run(cli: &Cli) -> Result<bool> {
    let config = Config::load(&cli.config)?;
    let network = &config.network;
    let mut rpc = Rpc::connect(&network.rpc, network.chain_id, key(cli.key_file.as_deref())?)?;
    let fee = network.data_fee;
    match cli.command {
        Command::Contracts => {
            let mut record = Record::open(&cli.record, network.chain_id)?;
            contracts(&mut rpc, &config, &mut record, &mut |line| println!("{line}"))?;
            checked(&rpc, &config, &record)
        }
        Command::Check => checked(&rpc, &config, &record(cli, network.chain_id)?),
        Command::Programs { least } => {
            let all = programs(&rpc, &record(cli, network.chain_id)?)?;
            print!("{}", show(&all));
            Ok(all.iter().all(|one| one.seconds_left.is_some_and(|left| left >= least * 86_400)))
        }
        Command::Keepalive { below } => {
            let record = record(cli, network.chain_id)?;
            told("kept alive", &keepalive(&mut rpc, &record, below, fee)?, &rpc, &record)
        }
        Command::Activate => {
            let record = record(cli, network.chain_id)?;
            told("activated", &activate(&mut rpc, &record, fee)?, &rpc, &record)
        }
        Command::Cache { most } => {
            let record = record(cli, network.chain_id)?;
            told("cached", &cache(&mut rpc, &record, most)?, &rpc, &record)
        }
    }
}

fn record(cli: &Cli, chain_id: u64) -> Result<Record> {
    let record = Record::load(&cli.record)?;
    if record.chain_id != chain_id {
        bail!("{} is of chain {}, not {chain_id}", cli.record.display(), record.chain_id);
    }
    Ok(record)
}

fn checked(rpc: &Rpc, config: &Config, record: &Record) -> Result<bool> {
    let rows = check(rpc, config, record)?;
    let (text, wrong) = report(&rows);
    print!("\n{text}\n");
    println!("{} of {} parameters are as wanted", rows.len() - wrong, rows.len());
    let vault = record.at("vault")?;
    let which = interfaces::vault::IVault::Role::PendingOwner;
    let pending = rpc.view(vault, interfaces::vault::IVault::roleCall { which })?;
    if !pending.is_zero() {
        println!("{pending} must still call acceptOwnership() of {vault}");
    }
    Ok(wrong == 0)
}

fn told(what: &str, names: &[String], rpc: &Rpc, record: &Record) -> Result<bool> {
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    print!("{what}: {names}\n\n{}", show(&programs(rpc, record)?));
    Ok(true)
}

fn key(file: Option<&Path>) -> Result<Option<PrivateKeySigner>> {
    let text = match (file, std::env::var("EQUIPOISE_DEPLOY_KEY")) {
        (Some(file), _) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
        (None, Ok(text)) => text,
        (None, Err(_)) => return Ok(None),
    };
    Ok(Some(text.trim().parse().context("that is no private key")?))
}
