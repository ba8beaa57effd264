//! Prices the options of a CSV file through the kernel's WASM.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use demo::pricing::{price, read};

/// Most faults that are shown.
const SHOWN: usize = 20;

/// Prices the options of a CSV file through the kernel's release WASM on the host, without floats.
///
/// The first line is spot,strike,seconds,vol,rate. Spot and strike are in USD, with at most 8 and 6 decimals; seconds to expiry are whole; vol
/// and the continuous rate are per year, 0.8 for 80 %, rounded to the nearest 2^-60. There is no carry. The rows come back with
///
///   call, put  in USD, for one unit of the underlying
///   delta      of the call (the put's is 1 less)
///   gamma      of either, per USD
///   vega       of either, in USD for a vol of 1.00
///   theta      of the call, in USD for a year
///
/// each the nearest of 20 decimals to the kernel's word. In the last hour gamma and theta are those of an hour before expiry, as the kernel's
/// documentation says.
///
/// All rows or none: where any is wrong, each fault is told on stderr with its line, nothing is printed, and the exit code is 2.
#[derive(Parser)]
#[command(name = "scripts/price", verbatim_doc_comment)]
struct Options {
    /// The file; - is standard input.
    file: PathBuf,
}

fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn main() -> ExitCode {
    let Options { file } = Options::parse();
    let name = if file == Path::new("-") { "standard input".into() } else { file.display().to_string() };
    let bytes = match bytes(&file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("price: {name}: cannot be read: {error}");
            return ExitCode::from(2);
        }
    };
    let rows = match read(&bytes) {
        Ok(rows) => rows,
        Err(faults) => {
            for fault in faults.iter().take(SHOWN) {
                eprintln!("price: {name}, {fault}");
            }
            if faults.len() > SHOWN {
                eprintln!("price: {name}: and {} more", faults.len() - SHOWN);
            }
            return ExitCode::from(2);
        }
    };
    let printed = price(&rows).and_then(|text| Ok(std::io::stdout().write_all(text.as_bytes())?));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("price: {error:#}");
            ExitCode::FAILURE
        }
    }
}
