//! `abi/*.json`, the Rust types and the WASM speak of the same functions, events and errors.

use std::collections::BTreeSet;

use alloy_sol_types::SolInterface;
use host::alloy_primitives::{keccak256, Address};
use host::CallError;
use interfaces::desk::IHedgeDesk::{IHedgeDeskCalls, IHedgeDeskErrors, IHedgeDeskEvents};
use interfaces::erc165::IERC165::IERC165Calls;
use interfaces::erc20::IERC20::{IERC20Calls, IERC20Errors, IERC20Events};
use interfaces::erc4626::IERC4626::{IERC4626Calls, IERC4626Errors, IERC4626Events};
use interfaces::erc6909::IERC6909::{IERC6909Calls, IERC6909Errors, IERC6909Events};
use interfaces::lens::ILens::{ILensCalls, ILensErrors};
use interfaces::margin::IMargin::{IMarginCalls, IMarginErrors, IMarginEvents};
use interfaces::surface::ISurface::{ISurfaceCalls, ISurfaceErrors, ISurfaceEvents};
use interfaces::vault::IVault::{IVaultCalls, IVaultErrors, IVaultEvents};
use interfaces::venue::IHedgeVenue::{IHedgeVenueCalls, IHedgeVenueErrors};
use serde_json::Value;

use crate::market::Market;

/// Signatures of a kind in an ABI file.
pub(crate) fn signatures(file: &str, kind: &str) -> BTreeSet<String> {
    let path = format!("{}/abi/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the ABI");
    let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let named = entries.iter().filter(|entry| entry["type"] == kind);
    named
        .map(|entry| format!("{}{}", entry["name"].as_str().expect("a name"), types(&entry["inputs"])))
        .collect()
}

fn types(parameters: &Value) -> String {
    let list = parameters.as_array().expect("parameters").iter().map(|one| {
        let name = one["type"].as_str().expect("a type");
        name.strip_prefix("tuple").map_or(name.into(), |rest| types(&one["components"]) + rest)
    });
    format!("({})", list.collect::<Vec<String>>().join(","))
}

fn selectors(signatures: &BTreeSet<String>) -> BTreeSet<[u8; 4]> {
    signatures.iter().map(|signature| keccak256(signature)[..4].try_into().expect("4 bytes")).collect()
}

fn all<const N: usize>(sets: [Vec<[u8; 4]>; N]) -> BTreeSet<[u8; 4]> {
    sets.into_iter().flatten().collect()
}

fn of<I: SolInterface>() -> Vec<[u8; 4]> {
    I::selectors().collect()
}

#[test]
fn rust_and_json_name_the_same_functions_and_errors() {
    let calls = all([
        of::<IVaultCalls>(),
        of::<IERC20Calls>(),
        of::<IERC4626Calls>(),
        of::<IERC6909Calls>(),
        of::<IERC165Calls>(),
    ]);
    assert_eq!(selectors(&signatures("IEquipoise", "function")), calls);
    let errors =
        all([of::<IVaultErrors>(), of::<IERC20Errors>(), of::<IERC4626Errors>(), of::<IERC6909Errors>()]);
    assert_eq!(selectors(&signatures("IEquipoise", "error")), errors);
    assert_eq!(selectors(&signatures("ILens", "function")), all([of::<ILensCalls>()]));
    assert_eq!(selectors(&signatures("ILens", "error")), all([of::<ILensErrors>()]));
    assert_eq!(selectors(&signatures("IHedgeDesk", "function")), all([of::<IHedgeDeskCalls>()]));
    assert_eq!(selectors(&signatures("IHedgeDesk", "error")), all([of::<IHedgeDeskErrors>()]));
    assert_eq!(selectors(&signatures("IHedgeVenue", "function")), all([of::<IHedgeVenueCalls>()]));
    assert_eq!(selectors(&signatures("IHedgeVenue", "error")), all([of::<IHedgeVenueErrors>()]));
    assert_eq!(selectors(&signatures("IMargin", "function")), all([of::<IMarginCalls>()]));
    assert_eq!(selectors(&signatures("IMargin", "error")), all([of::<IMarginErrors>()]));
    assert_eq!(selectors(&signatures("ISurface", "function")), all([of::<ISurfaceCalls>()]));
    assert_eq!(selectors(&signatures("ISurface", "error")), all([of::<ISurfaceErrors>()]));
}

#[test]
fn rust_and_json_name_the_same_events() {
    let json = ["IEquipoise", "ISurface", "IMargin", "IHedgeDesk"].map(|file| signatures(file, "event"));
    let json: BTreeSet<[u8; 32]> = json.iter().flatten().map(|one| keccak256(one).0).collect();
    let rust: BTreeSet<[u8; 32]> = [
        IVaultEvents::SELECTORS,
        IERC20Events::SELECTORS,
        IERC4626Events::SELECTORS,
        IERC6909Events::SELECTORS,
        ISurfaceEvents::SELECTORS,
        IMarginEvents::SELECTORS,
        IHedgeDeskEvents::SELECTORS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect();
    assert_eq!(json, rust);
}

/// A contract answers a selector it knows, or refuses with an error of its own; one that it does not know it refuses without data.
fn knows(market: &mut Market, contract: Address, selector: [u8; 4]) -> bool {
    let data: Vec<u8> = selector.into_iter().chain([0; 32 * 40]).collect();
    match market.stage.chain.world.view(market.trader, contract, data) {
        Ok(_) => true,
        Err(CallError::Revert { data, .. }) => !data.is_empty(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_programs_answer_every_selector_and_no_other() {
    let mut market = Market::open();
    let stage = &market.stage;
    let contracts = [
        (stage.vault, "IEquipoise"),
        (stage.desk, "IHedgeDesk"),
        (stage.venue, "IHedgeVenue"),
        (stage.lens, "ILens"),
        (stage.surface, "ISurface"),
        (stage.margin, "IMargin"),
    ];
    for (contract, file) in contracts {
        let known = signatures(file, "function");
        for signature in &known {
            let selector = keccak256(signature)[..4].try_into().expect("4 bytes");
            assert!(knows(&mut market, contract, selector), "{file}: {signature}");
        }
        for index in 0..2_000_u32 {
            let selector = keccak256(index.to_be_bytes())[..4].try_into().expect("4 bytes");
            assert!(!knows(&mut market, contract, selector), "{file}: {selector:?}");
        }
    }
}
