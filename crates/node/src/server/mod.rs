//! The server: one thread owns the chain, connections ask it in turn.

mod http;
mod socket;
mod worker;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::chain::Saved;
use crate::config::Config;
use worker::Worker;

/// A running node. Dropping it stops it.
pub struct Node {
    address: SocketAddr,
    chain_id: u64,
    accounts: Vec<(Address, B256)>,
    state: Option<PathBuf>,
    worker: Worker,
    /// None only while the node is dropped.
    runtime: Option<Runtime>,
}

impl Node {
    /// Starts a node and returns when it listens. It runs on threads of its own, so callers may be asynchronous or not.
    ///
    /// # Errors
    /// When the mnemonic is none, the state cannot be loaded, or the port is taken.
    pub fn start(config: Config) -> Result<Self> {
        let address = SocketAddr::new(config.host, config.port);
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (interval, every) = watch::channel(config.block_time.map(Duration::from_secs));
        let worker = Worker::start(config.clone(), interval)?;
        let accounts = worker.ask_now(|chain| chain.wallets.keys())?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        if let Some(path) = config.state.as_deref().filter(|path| path.exists()) {
            load(&worker, path).with_context(|| format!("cannot load the state in {}", path.display()))?;
        }
        let within = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        drop(within);
        runtime.spawn(tick(worker.clone(), every));
        runtime.spawn(http::serve(listener, worker.clone()));
        let (chain_id, state) = (config.chain_id, config.state);
        Ok(Self { address, chain_id, accounts, state, worker, runtime: Some(runtime) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, for HTTP clients; WebSocket clients put `ws` for `http`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The chain's id.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The prefunded accounts and their private keys.
    #[must_use]
    pub fn accounts(&self) -> &[(Address, B256)] {
        &self.accounts
    }

    /// Waits for an interrupt, then saves the state if a file was named.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn wait(mut self) -> Result<()> {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(interrupted())?;
            runtime.shutdown_background();
        }
        match &self.state {
            Some(path) => save(&self.worker, path)
                .with_context(|| format!("cannot save the state in {}", path.display())),
            None => Ok(()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminated.recv() => Ok(()),
    }
}

fn load(worker: &Worker, path: &Path) -> Result<()> {
    let saved: Saved = serde_json::from_slice(&std::fs::read(path)?)?;
    worker.ask_now(move |chain| chain.load_saved(&saved))??;
    Ok(())
}

/// Writes beside the file first, so that an old state survives a full disk.
fn save(worker: &Worker, path: &Path) -> Result<()> {
    let text = worker.ask_now(|chain| serde_json::to_vec(&chain.saved()))??;
    let beside = path.with_extension("partial");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)?;
    Ok(())
}

/// Mines at the interval that is set.
async fn tick(worker: Worker, mut every: watch::Receiver<Option<Duration>>) {
    loop {
        let interval = *every.borrow_and_update();
        let elapsed = async {
            match interval {
                Some(interval) => tokio::time::sleep(interval).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = elapsed => {
                // A block that could not be made is made at the next tick.
                let _ = worker.ask(|chain| chain.mine().map(|_| ())).await;
            }
            changed = every.changed() => if changed.is_err() { return },
        }
    }
}
