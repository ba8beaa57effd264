//! `equipoise-keeper`: run, once, plan, status.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use keeper::metrics::Metrics;
use keeper::server::{Health, Served, serve};
use keeper::show::{self, Paint};
use keeper::{Chain, Collector, Config, Endpoints, Followed, Keeper, Now, Probed, Report, Skip, Venue};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info, warn};

/// Keeps an Equipoise vault: hedges it when a hedge is due, looks after its positions, settles its expiries, processes its redemptions.
///
/// Settings come from a TOML file and, over it, from the environment: EQUIPOISE_KEEPER_VAULT, EQUIPOISE_KEEPER_RPC,
/// EQUIPOISE_KEEPER_HEDGE__MAX_LOSS and so on for every key.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    /// Settings
    #[arg(long, short, global = true, value_name = "FILE", env = "EQUIPOISE_KEEPER_CONFIG")]
    config: Option<PathBuf>,
    /// Least level of what is logged to stderr: error, warn, info, debug
    #[arg(long, global = true, default_value = "info")]
    log: tracing::Level,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Keeps the vault until it is stopped
    Run,
    /// Does what is due now, and waits until it is mined
    Once,
    /// Shows what it would do and why, and sends nothing
    Plan,
    /// Shows the book, the band, the venues, the positions and what is due
    Status,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let log =
        tracing_subscriber::fmt().with_max_level(cli.log).with_target(false).with_writer(std::io::stderr);
    // A line that cannot be written, on a full disk say, is lost. To complain of it on the same stderr would be the end of the program.
    log.log_internal_errors(false).with_ansi(std::io::stderr().is_terminal()).init();
    match start(&cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("equipoise-keeper: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: &Cli) -> Result<ExitCode> {
    let config = Config::load(cli.config.as_deref(), keeper::environment()?.into_iter())?;
    let key = config.key_file.as_deref().map(key).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let chain = Endpoints::new(&config)?;
        let venues = || config.venues.iter().map(|venue| boxed(&venue.name, venue.address)).collect();
        match cli.command {
            Command::Status => status(&config, &chain, venues()).await,
            Command::Plan => {
                let mut keeper = Keeper::new(config.clone(), venues(), key, chain.chain_id().await?);
                keeper.dry = true;
                let report = keeper.look(&chain, Now::since(Instant::now())).await;
                print!("{}", show::plan(&report, &config, paint()));
                Ok(code(report.view.is_ok()))
            }
            Command::Once => {
                // Whoever asks for it does not wait for a turn.
                let mut config = config.clone();
                config.upkeep.turn = 0;
                let keeper = Keeper::new(config.clone(), venues(), key, chain.chain_id().await?);
                once(keeper, &config, &chain).await
            }
            Command::Run => run(config.clone(), venues(), key, chain).await,
        }
    })
}

fn boxed(name: &str, address: alloy_primitives::Address) -> Box<dyn Venue> {
    Box::new(Probed::new(name, address))
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn paint() -> Paint {
    Paint(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}

fn key(path: &Path) -> Result<PrivateKeySigner> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.trim().parse().with_context(|| format!("{} holds no private key", path.display()))
}

async fn status(config: &Config, chain: &Endpoints, venues: Vec<Box<dyn Venue>>) -> Result<ExitCode> {
    let mut collector = Collector::new(config, venues);
    collector.curious = true;
    let head = chain.head(Now::since(Instant::now()).unix).await?;
    let view = collector.collect(chain, head, None).await?;
    print!("{}", show::status(&view, config, &chain.health(), paint()));
    Ok(ExitCode::SUCCESS)
}

/// Prints the plan that was sent, and waits until it is mined.
async fn once(mut keeper: Keeper, config: &Config, chain: &Endpoints) -> Result<ExitCode> {
    let start = Instant::now();
    let report = keeper.look(chain, Now::since(start)).await;
    print!("{}", show::plan(&report, config, paint()));
    let limit = Duration::from_secs_f64(config.fees.patience * 2.0 + 60.0);
    let good = match keeper.wait(chain, start, limit).await {
        Some(Followed::Landed { hash, receipt, .. }) => {
            let how = if receipt.success { "done" } else { "reverted" };
            println!("{how} in block {}, {} gas: {hash}", receipt.block, receipt.gas);
            receipt.success
        }
        Some(Followed::Overdue { nonce }) => {
            println!("nonce {nonce} is still not mined");
            false
        }
        Some(Followed::Displaced { nonce }) => {
            println!("nonce {nonce} was used by another transaction of the account");
            false
        }
        Some(Followed::Idle | Followed::Waiting { .. }) => report.view.is_ok(),
        None => {
            println!("what became of it is not known after {} s: the endpoints do not say", limit.as_secs());
            false
        }
    };
    Ok(code(good))
}

async fn run(
    config: Config,
    venues: Vec<Box<dyn Venue>>,
    key: Option<PrivateKeySigner>,
    chain: Endpoints,
) -> Result<ExitCode> {
    let mut stop = Stop::listen()?;
    let metrics = Arc::new(Metrics::default());
    let (told, health) = watch::channel(Health::default());
    if !config.listen.is_empty() {
        let patience = config.interval().saturating_mul(5).max(Duration::from_secs(30));
        let served = Served { metrics: Arc::clone(&metrics), health, patience };
        info!(address = %serve(&config.listen, served).await?, "metrics and health are served");
    }
    let Some(chain_id) = agreed(&chain, config.interval(), &mut stop).await else {
        return Ok(ExitCode::SUCCESS);
    };
    if key.is_none() {
        warn!("there is no key: nothing will be sent");
    }
    info!(vault = %config.vault, chain_id, endpoints = config.rpc.len(), quorum = config.quorum(), "keeping");
    let mut keeper = Keeper::new(config.clone(), venues, key, chain_id);
    let (start, mut blind) = (Instant::now(), 0_u32);
    loop {
        let now = Now::since(start);
        let report = keeper.look(&chain, now).await;
        log(&report);
        metrics.note(&report, now.unix, keeper.is_waiting());
        metrics.note_endpoints(&chain.health());
        blind = if report.view.is_ok() { 0 } else { blind.saturating_add(1) };
        tell(&told, &report);
        if stop.within(pause(config.interval(), blind)).await {
            info!("stopped");
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Says whether a block was seen.
fn tell(told: &watch::Sender<Health>, report: &Report) {
    told.send_modify(|health| match &report.view {
        Ok(_) => *health = Health { seen: Some(Instant::now()), reason: None },
        Err(skip) => health.reason = Some(skip.to_string()),
    });
}

/// The chain's id, as soon as the endpoints agree on one; none if the keeper is stopped before.
async fn agreed(chain: &Endpoints, interval: Duration, stop: &mut Stop) -> Option<u64> {
    loop {
        match chain.chain_id().await {
            Ok(id) => return Some(id),
            Err(fault) => warn!(%fault, "the chain's id is not known"),
        }
        if stop.within(interval).await {
            return None;
        }
    }
}

/// The interval, doubled for each look that saw nothing, a minute at most.
fn pause(interval: Duration, blind: u32) -> Duration {
    interval.saturating_mul(1 << blind.min(6)).min(interval.max(Duration::from_secs(60)))
}

/// Hears what tells the keeper to stop, from its start on: also what comes during a look.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits; true as soon as the keeper is told to stop, at once if it was told since it last waited.
    async fn within(&mut self, pause: Duration) -> bool {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }
}

/// Every look, every reason.
fn log(report: &Report) {
    let block = match &report.view {
        Ok(view) => view.head.number,
        Err(skip) => return warn!(reason = skip.code(), "nothing is decided: {skip}"),
    };
    match &report.followed {
        Followed::Landed { kind, hash, receipt } if receipt.success => {
            let reward = receipt.rewarded().map_or(0.0, |reward| f64::from(reward) / 1e6);
            info!(action = kind, %hash, block = receipt.block, gas = receipt.gas, reward, "done");
        }
        Followed::Landed { kind, hash, receipt } => {
            warn!(action = kind, %hash, block = receipt.block, gas = receipt.gas, "reverted");
        }
        Followed::Displaced { nonce } => warn!(nonce, "another transaction of the account was mined"),
        Followed::Overdue { nonce } => warn!(nonce, "not mined in time: it may be replaced"),
        Followed::Waiting { .. } | Followed::Idle => {}
    }
    for (strategy, outcome) in &report.outcomes {
        match outcome {
            Ok(sent) => {
                let (proposal, hash) = (&sent.proposal, sent.hash.unwrap_or_default());
                let (cost, profit) = (proposal.gas_cost as f64 / 1e6, proposal.profit() as f64 / 1e6);
                info!(strategy, action = proposal.action.kind(), block, %hash, gas = proposal.gas, cost, profit, "sent");
            }
            Err(skip) => skipped(strategy, block, skip),
        }
    }
}

fn skipped(strategy: &str, block: u64, skip: &Skip) {
    let reason = skip.code();
    match skip {
        Skip::MarkDiffers(_) | Skip::RewardDiffers { .. } => {
            error!(strategy, block, reason, "skipped: {skip}")
        }
        skip if skip.is_quiet() || matches!(skip, Skip::InFlight { .. }) => {
            tracing::debug!(strategy, block, reason, "skipped: {skip}")
        }
        skip => warn!(strategy, block, reason, "skipped: {skip}"),
    }
}
