//! `equipoise-node`: a development node for Arbitrum Stylus, with no Docker and no network.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use node::{Config, Node};

/// A development node for Arbitrum Stylus: WASM and EVM contracts behind JSON-RPC, on a simulated chain.
///
/// Serves HTTP and WebSocket on one port, with prefunded accounts, for cast, viem, ethers, alloy, MetaMask and cargo-stylus.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

fn main() -> ExitCode {
    match run(Arguments::parse().config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("equipoise-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config) -> anyhow::Result<()> {
    let node = Node::start(config)?;
    greet(&node);
    node.wait()
}

/// Prints where the node listens and who has money.
fn greet(node: &Node) {
    let (bold, plain) = if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    println!("{bold}Accounts{plain} (private keys known to everybody: never use them on a real chain)");
    for (address, key) in node.accounts() {
        println!("  {address}  {key}");
    }
    println!("{bold}Chain{plain} {}", node.chain_id());
    println!("{bold}Listening{plain} on {} and {}", node.url(), node.url().replacen("http", "ws", 1));
}
