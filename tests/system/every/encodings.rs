//! Calldata that is no call of the ABI is refused without data, by every method of every contract; what is a call is never refused without.
//!
//! The words of each method's calldata are found by its types, so each address, small number, flag, offset and length is misspelt in turn.

use std::collections::BTreeSet;

use host::alloy_primitives::{Address, U256};
use host::CallError;
use serde_json::Value;

use super::abi::{selector, Method};
use super::cast::{subjects, Scene, Scenes};
use super::reentry::{digests, prepared, Prepared};

/// What a word of calldata is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Offset,
    Length,
    /// Of so many bytes, that follow.
    Bytes(usize),
    /// A type, and whether it is an enumeration.
    Value(String, bool),
}

fn is_dynamic(parameter: &Value) -> bool {
    let kind = parameter["type"].as_str().expect("a type");
    let parts = || parameter["components"].as_array().is_some_and(|parts| parts.iter().any(is_dynamic));
    kind.ends_with("[]") || kind == "bytes" || kind == "string" || (kind == "tuple" && parts())
}

fn number(data: &[u8], at: usize) -> usize {
    U256::from_be_slice(&data[at..at + 32]).to()
}

/// Words of parameters whose heads begin at `head`, with where they stand; the end of the heads.
fn words(parameters: &[Value], data: &[u8], head: usize, found: &mut Vec<(usize, Word)>) -> usize {
    let mut at = head;
    for parameter in parameters {
        let kind = parameter["type"].as_str().expect("a type");
        if !is_dynamic(parameter) {
            if let Some(parts) = parameter["components"].as_array() {
                at = words(parts, data, at, found);
            } else {
                let named = parameter["internalType"].as_str().is_some_and(|name| name.starts_with("enum"));
                found.push((at, Word::Value(kind.into(), named)));
                at += 32;
            }
            continue;
        }
        found.push((at, Word::Offset));
        let tail = head + number(data, at);
        at += 32;
        if let Some(element) = kind.strip_suffix("[]") {
            found.push((tail, Word::Length));
            let mut one = parameter.clone();
            one["type"] = element.into();
            let all = vec![one; number(data, tail)];
            words(&all, data, tail + 32, found);
        } else if kind == "tuple" {
            words(parameter["components"].as_array().expect("parts"), data, tail, found);
        } else {
            found.push((tail, Word::Bytes(number(data, tail))));
        }
    }
    at
}

/// Bytes of the word at `at` that make it what its type cannot be.
fn dirt(at: usize, word: &Word) -> Vec<(usize, u8)> {
    match word {
        Word::Offset | Word::Length | Word::Bytes(_) => {
            vec![(at, 0xff), (at + 23, 1), (at + 27, 1), (at + 28, 0x40)]
        }
        Word::Value(kind, true) => vec![(at + 31, 0xfe), (at, if kind == "uint8" { 1 } else { 0xff })],
        Word::Value(kind, _) => match kind.as_str() {
            "address" => vec![(at, 1), (at + 11, 1)],
            "bool" => vec![(at + 31, 2), (at, 1)],
            "uint256" | "int256" | "bytes32" => Vec::new(),
            _ if kind.starts_with("bytes") => vec![(at + kind[5..].parse::<usize>().expect("a width"), 1)],
            _ => {
                let bits: usize = kind.trim_start_matches("uint").parse().expect("an unsigned width");
                vec![(at, 1), (at + 31 - bits / 8, 1)]
            }
        },
    }
}

/// What a call needs of its calldata: not what pads the last bytes, and of some methods not all that their signature says.
fn needed(subject: &str, method: &Method, found: &[(usize, Word)]) -> usize {
    match (subject, method.signature.split('(').next().expect("a name")) {
        ("hedge-desk", "checkUpkeep") => 4,
        // What the exchange claims beside the key is not read.
        ("perp-venue", "afterOrderExecution" | "afterOrderCancellation" | "afterOrderFrozen") => 36,
        _ => found.iter().map(end).max().unwrap_or(4),
    }
}

/// Where a word and what follows it ends.
fn end((at, word): &(usize, Word)) -> usize {
    match word {
        Word::Bytes(length) => at + 32 + length,
        _ => at + 32,
    }
}

/// A method's call and whoever may make it.
struct Sent<'s> {
    scene: &'s mut Scene,
    from: Address,
    to: Address,
    value: u64,
    said: String,
    ready: host::Snapshot,
}

impl Sent<'_> {
    fn refuses(&mut self, value: u64, data: &[u8], what: &str) {
        let before = digests(self.scene);
        match self.scene.raw(self.from, self.to, value, data) {
            Err(CallError::Revert { data, .. }) => assert!(data.is_empty(), "{}, {what}: {data}", self.said),
            other => panic!("{}, {what}: {other:?}", self.said),
        }
        self.scene.market.stage.chain.world.restore(&self.ready);
        assert_eq!(digests(self.scene), before, "{}, {what}", self.said);
    }

    /// What comes of a call: its answer or its refusal.
    fn outcome(&mut self, data: &[u8], what: &str) -> Result<Vec<u8>, Vec<u8>> {
        let done = self.scene.raw(self.from, self.to, self.value, data);
        self.scene.market.stage.chain.world.restore(&self.ready);
        match done {
            Ok(receipt) => Ok(receipt.output.to_vec()),
            Err(CallError::Revert { data, .. }) => Err(data.to_vec()),
            Err(other) => panic!("{}, {what}: {other}", self.said),
        }
    }
}

/// Every method with a well-formed call of it, sent by whoever may.
fn each(mut act: impl FnMut(&mut Sent<'_>, &Method, &str, &[u8])) {
    let mut scenes = Scenes::default();
    for subject in subjects() {
        for method in subject.methods() {
            let Prepared { scene, data, from, value, said, .. } = prepared(&mut scenes, &subject, &method);
            let to = scene.contracts[subject.name];
            scene.market.stage.chain.world.set_balance(from, U256::from(u64::MAX));
            let ready = scene.market.stage.chain.world.snapshot();
            act(&mut Sent { scene, from, to, value, said, ready }, &method, subject.name, &data);
        }
    }
}

#[test]
fn calldata_that_is_no_call_is_refused_without_data() {
    let mut tried = 0;
    each(|sent, method, subject, data| {
        let mut found = Vec::new();
        words(&method.inputs, data, 4, &mut found);
        let need = needed(subject, method, &found);
        let mut refuse = |sent: &mut Sent<'_>, value, data: &[u8], what: &str| {
            tried += 1;
            sent.refuses(value, data, what);
        };
        for cut in [need - 1, need.saturating_sub(31), need.saturating_sub(32), 4]
            .into_iter()
            .filter(|cut| *cut >= 4 && *cut < need)
        {
            refuse(sent, sent.value, &data[..cut], &format!("cut to {cut} bytes"));
        }
        for (at, word) in found.iter().filter(|(at, _)| *at < need && need > 4) {
            for (byte, bits) in dirt(*at, word) {
                let mut dirty = data.to_vec();
                dirty[byte] = if *word == Word::Value("bool".into(), false) || byte != at + 31 {
                    dirty[byte] | bits
                } else {
                    bits
                };
                refuse(sent, sent.value, &dirty, &format!("byte {} of {word:?} at {at}", byte - at));
            }
        }
        if !method.payable {
            // Some say so.
            let value = std::mem::replace(&mut sent.value, 1);
            assert!(sent.outcome(data, "with ether").is_err(), "{} takes ether", sent.said);
            sent.value = value;
        }
    });
    println!("{tried} calls that are none");
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn what_names_no_method_is_refused_without_data() {
    let mut scenes = Scenes::default();
    for subject in subjects() {
        let scene = scenes.at(subject.place);
        let (from, to) = (scene.market.stage.actors.owner, scene.contracts[subject.name]);
        scene.market.stage.chain.world.set_balance(from, U256::from(u64::MAX));
        let ready = scene.market.stage.chain.world.snapshot();
        let mut sent = Sent { scene, from, to, value: 0, said: subject.name.into(), ready };
        let known: Vec<_> = subject.methods().iter().map(|method| method.selector).collect();
        if subject.name != "perp-venue" {
            sent.refuses(1, &[], "plain ether");
        }
        let construct = selector("stylus_constructor()");
        for length in 0..4 {
            // Plain ether is what the perp venue is paid fees from.
            if length > 0 || subject.name != "perp-venue" {
                sent.refuses(0, &known[0][..length], &format!("{length} bytes"));
            }
        }
        for index in 0..300_u32 {
            let other = selector(&format!("nothing{index}()"));
            sent.refuses(0, &[other.as_slice(), &[0; 320]].concat(), "a selector of nothing");
        }
        // A second construction: refused, with or without a reason. The lens and the engine have nothing to construct.
        for arguments in [0, 32, 320, 416, 640].into_iter().filter(|_| !subject.cases.is_empty()) {
            let data = [construct.as_slice(), &vec![0; arguments]].concat();
            assert!(sent.outcome(&data, "a second construction").is_err(), "{}", subject.name);
        }
    }
}

#[test]
fn what_stands_behind_a_call_changes_nothing_and_odd_offsets_do_no_harm() {
    let mut padded = 0;
    each(|sent, method, subject, data| {
        let plain = sent.outcome(data, "plain");
        let same = |sent: &mut Sent<'_>, data: &[u8], what: &str| {
            let same = sent.outcome(data, what);
            // A plan of the desk is paid for its gas, which calldata is part of.
            let paid = subject == "hedge-desk" && same.is_ok() == plain.is_ok();
            assert!(same == plain || paid, "{} {what}", sent.said);
        };
        for extra in [1, 32, 128 * 1024] {
            same(sent, &[data, &vec![0xaa; extra]].concat(), &format!("with {extra} bytes behind"));
        }
        let mut found = Vec::new();
        words(&method.inputs, data, 4, &mut found);
        for (at, word) in &found {
            let Word::Bytes(length) = word else { continue };
            let (from, to) = (at + 32 + length, at + 32 + length.next_multiple_of(32));
            let mut dirty = data.to_vec();
            dirty[from..to].fill(0xaa);
            same(sent, &dirty, "with dirt in its padding");
            padded += to - from;
        }
        for (at, _) in found.iter().filter(|(_, word)| *word == Word::Offset) {
            for offset in [0_u64, 32, 31, 33, 64] {
                let mut odd = data.to_vec();
                odd[*at..*at + 32].copy_from_slice(&U256::from(offset).to_be_bytes::<32>());
                // Itself, another's tail, a place between words: read as what stands there, or refused, and no trap.
                let _ = sent.outcome(&odd, "an odd offset");
            }
        }
    });
    assert!(padded > 31, "{padded} bytes of padding");
}

/// Types of parameters, of fields of structures too.
fn kinds(parameters: &[Value], found: &mut BTreeSet<String>) {
    for parameter in parameters {
        match parameter["components"].as_array() {
            Some(parts) => kinds(parts, found),
            None => drop(found.insert(parameter["type"].as_str().expect("a type").into())),
        }
    }
}

#[test]
fn no_method_reads_text_or_a_number_with_a_sign_of_less_than_a_word() {
    let mut all = BTreeSet::new();
    for subject in subjects() {
        for method in subject.methods() {
            let mut found = BTreeSet::new();
            kinds(&method.inputs, &mut found);
            // The exchange's callbacks have text, behind what is read of them.
            let text = found.iter().any(|kind| kind.starts_with("string"));
            assert!(!text || needed(subject.name, &method, &[]) == 36, "{} has text", method.signature);
            all.extend(found);
        }
    }
    let signed: Vec<_> = all.iter().filter(|kind| kind.starts_with("int")).collect();
    assert_eq!(signed, ["int256", "int256[]"]);
}

/// Numbers at the ends of what a word may be, and about those at the ends of narrower ones.
fn extremes(kind: &str) -> Vec<U256> {
    let bits = match kind {
        "address" => 160,
        "bool" => 1,
        _ if kind.starts_with("uint") => kind[4..].parse().expect("a width"),
        _ => 256,
    };
    let most = if bits == 256 { U256::MAX } else { (U256::ONE << bits) - U256::ONE };
    let all =
        [U256::ZERO, U256::ONE, most, most - U256::ONE, U256::ONE << 255, (U256::ONE << 255) - U256::ONE];
    let powers = [8, 16, 32, 48, 63, 64, 80, 96, 127, 128, 160, 192, 254].map(|power| U256::ONE << power);
    let about = powers.into_iter().flat_map(|power| [power - U256::ONE, power, power + U256::ONE]);
    let mut all: Vec<_> = all.into_iter().chain(about).filter(|number| *number <= most).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn no_call_is_refused_without_a_reason_whatever_its_numbers() {
    let mut tried = 0;
    each(|sent, method, _, data| {
        let mut found = Vec::new();
        words(&method.inputs, data, 4, &mut found);
        for (at, word) in found {
            let Word::Value(kind, false) = &word else { continue };
            if kind.starts_with("bytes") && kind != "bytes32" {
                continue;
            }
            for number in extremes(kind) {
                let mut odd = data.to_vec();
                odd[at..at + 32].copy_from_slice(&number.to_be_bytes::<32>());
                let outcome = sent.outcome(&odd, &format!("{number} for {kind} at {at}"));
                tried += 1;
                let reason = outcome.as_ref().err().is_none_or(|data| data.len() >= 4);
                assert!(reason, "{}: {number} for the {kind} at {at} is refused without a reason", sent.said);
            }
        }
    });
    println!("{tried} calls");
    assert!(tried > 1_000, "{tried}");
}
