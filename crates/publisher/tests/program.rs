//! The program itself: what it signs without a node, and how it ends where it cannot go on.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use alloy_primitives::{Address, I256, U256, address};
use alloy_signer_local::PrivateKeySigner;
use publisher::{Signed, SliceNumbers, Update};

const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const SIGNER: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");

fn publisher(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_equipoise-publisher")).args(arguments).output().expect("it starts")
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

fn update() -> Update {
    let wad = I256::try_from(10_i128.pow(16)).expect("small");
    let slice = SliceNumbers {
        expiry: 1_651_996_800,
        rate: I256::ZERO,
        a: wad,
        b: wad,
        rho: -wad,
        m: I256::ZERO,
        s: wad,
        forward: U256::from(2_800_000_000_000_000_000_000_u128),
    };
    let feed = Address::repeat_byte(7);
    Update { chain_id: 412_346, feed, timestamp: 1_651_363_200, nonce: 3, slices: vec![slice] }
}

/// The arguments that sign an update with a key.
fn sign(update: &Path, key: &Path) -> Output {
    publisher(&["sign", update.to_str().expect("plain"), "--key", key.to_str().expect("plain")])
}

fn said(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn it_signs_an_update_as_the_library_does() {
    let text = serde_json::to_string(&update()).expect("JSON");
    let signed = sign(&file("update.json", &text), &file("key", &format!("{KEY}\n")));
    let signed: Signed = serde_json::from_slice(&signed.stdout).expect("JSON");
    let key: PrivateKeySigner = KEY.parse().expect("a key");
    assert_eq!(key.address(), SIGNER);
    assert_eq!(signed, update().sign(&key).expect("signed"));
}

#[test]
fn it_says_which_file_it_cannot_use() {
    let key = file("good-key", KEY);
    assert!(said(&sign(Path::new("nowhere/update.json"), &key)).contains("nowhere/update.json"));
    let text = serde_json::to_string(&update()).expect("JSON");
    let update = file("signed-by-nobody.json", &text);
    assert!(said(&sign(&update, Path::new("nowhere/key"))).contains("nowhere/key"));
    assert!(said(&sign(&update, &file("bad-key", "0x12"))).contains("bad-key"));
    let unknown = text.replacen('{', "{\"more\":1,", 1);
    assert!(said(&sign(&file("unknown.json", &unknown), &key)).contains("unknown field `more`"));
}

/// What it says of an update and a node.
fn explained(name: &str, rpc: &str) -> String {
    let text = serde_json::to_string(&update()).expect("JSON");
    let update = file(name, &text);
    let update = update.to_str().expect("plain");
    said(&publisher(&["explain", update, "--now", "1651363200", "--rpc", rpc]))
}

#[test]
fn without_a_node_it_ends_and_names_its_host_and_port_alone() {
    // Nobody listens there.
    let said = explained("unsent.json", "http://127.0.0.1:9/secret-key");
    assert!(said.contains("127.0.0.1:9") && !said.contains("secret-key"), "{said}");
    let said = explained("no-url.json", "http://127.0.0.1:port/secret-key");
    assert!(said.contains("127.0.0.1:port") && !said.contains("secret-key"), "{said}");
}

#[test]
fn a_node_behind_tls_is_refused_by_a_build_without_it() {
    if cfg!(not(feature = "tls")) {
        let said = explained("tls.json", "https://127.0.0.1:9/secret-key");
        assert!(said.contains("127.0.0.1:9 wants TLS: build with --features tls"), "{said}");
        assert!(!said.contains("secret-key"), "{said}");
    }
}

#[test]
fn options_that_make_no_sense() {
    for arguments in [&["fit"][..], &["sign"], &["publish"], &["explain", "update.json", "--now", "soon"]] {
        assert_eq!(publisher(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
