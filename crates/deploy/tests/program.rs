//! The program itself: how it ends where it cannot go on, before anything is sent.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example as it is.
const EXAMPLE: &str = include_str!("../deploy.example.toml");
const ZERO: &str = "0x0000000000000000000000000000000000000000";
const SOMEBODY: &str = "0x0707070707070707070707070707070707070707";

/// The example, filled in, with an endpoint where nobody listens.
fn example() -> String {
    let changed =
        EXAMPLE.replace("http://127.0.0.1:8547", "http://127.0.0.1:9/secret-key").replace(ZERO, SOMEBODY);
    assert!(changed.contains("127.0.0.1:9") && changed.contains(SOMEBODY));
    changed
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

fn deploy(config: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_equipoise-deploy"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env_remove("EQUIPOISE_DEPLOY_KEY")
        .output()
        .expect("it starts")
}

/// What it said when it ended with code 1 and nothing else.
fn said(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    assert!(said.starts_with("equipoise-deploy: "), "{said}");
    said
}

#[test]
fn it_says_which_file_it_cannot_use_and_why() {
    let missing = said(&deploy(Path::new("nowhere/deploy.toml"), &["check"]));
    assert!(missing.contains("nowhere/deploy.toml"), "{missing}");
    let unknown = file("unknown.toml", &format!("more = 1\n{}", example()));
    let unknown = said(&deploy(&unknown, &["check"]));
    assert!(unknown.contains("unknown.toml") && unknown.contains("unknown field `more`"), "{unknown}");
    let empty = said(&deploy(&file("empty.toml", EXAMPLE), &["check"]));
    assert!(empty.contains("empty.toml: [tokens] usdc is the zero address"), "{empty}");
    let good = file("good.toml", &example());
    let key = said(&deploy(&good, &["contracts", "--key-file", "nowhere/key"]));
    assert!(key.contains("nowhere/key"), "{key}");
    let key = file("bad-key", "0x12");
    let key = said(&deploy(&good, &["contracts", "--key-file", key.to_str().expect("plain")]));
    assert!(key.contains("that is no private key"), "{key}");
}

#[test]
fn without_an_endpoint_it_ends_and_names_its_host_and_port_alone() {
    let config = file("nobody.toml", &example());
    for command in ["contracts", "check", "programs", "keepalive", "activate", "cache"] {
        let said = said(&deploy(&config, &[command]));
        assert!(said.contains("127.0.0.1:9") && !said.contains("secret-key"), "{command}: {said}");
    }
    let malformed = file("malformed.toml", &example().replace("127.0.0.1:9", "127.0.0.1:port"));
    let said = said(&deploy(&malformed, &["check"]));
    assert!(said.contains("127.0.0.1:port") && !said.contains("secret-key"), "{said}");
}

#[test]
fn an_endpoint_behind_tls_is_refused_by_a_build_without_it() {
    let config = file("tls.toml", &example().replace("http://127.0.0.1:9", "https://127.0.0.1:9"));
    let said = said(&deploy(&config, &["check"]));
    assert!(said.contains("127.0.0.1:9 wants TLS: build with --features tls"), "{said}");
    assert!(!said.contains("secret-key"), "{said}");
}

#[test]
fn options_that_make_no_sense() {
    let config = file("options.toml", &example());
    for arguments in [&["deploy"][..], &["programs", "--least", "long"], &["cache", "--most", "-1"], &[]] {
        assert_eq!(deploy(&config, arguments).status.code(), Some(2), "{arguments:?}");
    }
}
