//! Runs a folder of golden vectors: `scripts/vectors`.

use std::path::PathBuf;
use std::process::ExitCode;

use host::vectors::Vectors;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("vectors: no folder is named");
        return ExitCode::from(2);
    };
    let vectors = match Vectors::read(&folder) {
        Ok(vectors) => vectors,
        Err(error) => {
            eprintln!("vectors: {error}");
            return ExitCode::from(2);
        }
    };
    let report = vectors.run();
    for difference in &report.differences {
        println!("{difference}");
    }
    println!("{} passed, {} failed", report.passed, report.failed);
    if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
