//! Where the contracts keep what: the storage layout as the programs themselves show it, held against `snapshots/storage.json`.
//!
//! *Fields*: a byte of a slot belongs to a word of a view's answer when that changes with it; asked of every view that answers from its own
//! storage alone. *Writes*: the slots that a call of each method changes. A slot of a map is named by the map's slot and its keys. Whoever
//! reads storage from outside, and whoever moves a field, finds it here; `UPDATE_SNAPSHOTS=1` writes the file anew.

use std::collections::{BTreeMap, BTreeSet};

use host::alloy_primitives::{keccak256, Address, U256};

use super::cast::{subjects, Place, Scene, Scenes, Subject};
use super::locks::calls_out;
use super::reentry::{allowed, traced};
use crate::market::expiry;

/// Slots that a map may stand at, and slots that a value of it may take.
const BASES: u64 = 0x140;
const WIDTH: u64 = 12;

/// Names of slots of maps, and of the keys that they may have.
struct Names {
    slots: BTreeMap<U256, String>,
    keys: BTreeMap<U256, String>,
}

impl Names {
    fn of(scene: &Scene) -> Self {
        let mut keys: BTreeMap<U256, String> = BTreeMap::new();
        let mut account = |name: &str, account: Address| {
            keys.insert(U256::from_be_bytes(account.into_word().0), name.replace(' ', "_"));
        };
        for (role, who) in &scene.roles {
            account(role, *who);
        }
        account("trader", scene.market.trader);
        account("lp", scene.market.lp);
        account("venue", scene.market.stage.venue);
        account("signer", crate::permit::signer());
        keys.extend((0..4).map(|id| (U256::from(id), id.to_string())));
        for (name, days) in [("week", 7), ("month", 30), ("fortnight", 14)] {
            let expiry = expiry(days);
            keys.insert(U256::from(expiry), name.into());
            for strike in [2_500, 2_600, 2_700, 2_800] {
                keys.insert(crate::market::series(expiry, strike, false), format!("{name}_{strike}"));
            }
        }
        let mut names = BTreeMap::new();
        for base in (0..BASES).map(U256::from) {
            for (key, name) in &keys {
                let (slot, name) = (place(*key, base), format!("{base:#x}[{name}]"));
                for (inner, second) in &keys {
                    names.insert(place(*inner, slot), format!("{name}[{second}]"));
                }
                for offset in 0..WIDTH {
                    names.insert(slot + U256::from(offset), after(&name, offset));
                }
            }
        }
        Self { slots: names, keys }
    }

    /// Words of calldata that are keys.
    fn keys_in(&self, data: &[u8], from: Address) -> Vec<(U256, &String)> {
        let words = data[4..].chunks_exact(32).map(U256::from_be_slice);
        let own = U256::from_be_bytes(from.into_word().0);
        words.chain([own]).filter_map(|word| Some((word, self.keys.get(&word)?))).collect()
    }

    /// A slot of a map of three keys, which are in the calldata.
    fn deep(&self, slot: U256, data: &[u8], from: Address) -> Option<String> {
        let keys = self.keys_in(data, from);
        for base in (0..BASES).map(U256::from) {
            for (first, one) in &keys {
                for (second, two) in &keys {
                    let inner = place(*second, place(*first, base));
                    if let Some((_, three)) = keys.iter().find(|(third, _)| place(*third, inner) == slot) {
                        return Some(format!("{base:#x}[{one}][{two}][{three}]"));
                    }
                }
            }
        }
        None
    }

    fn name(&self, slot: U256, data: &[u8], from: Address) -> String {
        if slot < U256::from(1_000) {
            return format!("{slot:#x}");
        }
        let known = self.slots.get(&slot).cloned().or_else(|| self.deep(slot, data, from));
        known.unwrap_or_else(|| panic!("{slot:#x} is no slot of a map that is known"))
    }
}

fn after(name: &str, offset: u64) -> String {
    if offset == 0 {
        name.into()
    } else {
        format!("{name}+{offset}")
    }
}

fn place(key: U256, base: U256) -> U256 {
    keccak256([key.to_be_bytes::<32>(), base.to_be_bytes()].concat()).into()
}

/// Bytes of slots by words of answers: which change them.
type Fields = BTreeMap<String, BTreeMap<String, String>>;

/// `3..7, 9`.
fn ranges(bytes: &BTreeSet<usize>) -> String {
    let mut parts: Vec<[usize; 2]> = Vec::new();
    for byte in bytes {
        match parts.last_mut() {
            Some(part) if part[1] + 1 == *byte => part[1] = *byte,
            _ => parts.push([*byte, *byte]),
        }
    }
    let text =
        parts.iter().map(|[from, to]| if from == to { from.to_string() } else { format!("{from}..{to}") });
    text.collect::<Vec<_>>().join(", ")
}

/// The most words of an answer that are told apart.
const WORDS: usize = 40;

fn fields(scene: &mut Scene, subject: &Subject, names: &Names) -> Fields {
    let (defaults, contract, from) = (scene.defaults(), scene.contracts[subject.name], scene.market.trader);
    let mut fields = Fields::new();
    for method in subject.methods().into_iter().filter(|method| !method.changes) {
        let data = defaults.call(&method);
        let trace = traced(scene, (from, contract, 0, &data));
        if calls_out(&trace) || trace.error.is_some() {
            continue;
        }
        let mut found: BTreeMap<(usize, String), BTreeSet<usize>> = BTreeMap::new();
        for (slot, value) in &trace.reads {
            let name = names.name(*slot, &data, from);
            for byte in 0..32 {
                let mut other = value.to_be_bytes::<32>();
                other[byte] ^= 1;
                let world = &mut scene.market.stage.chain.world;
                world.set_storage(contract, *slot, U256::from_be_bytes(other));
                let answer = world.view(from, contract, data.clone());
                world.set_storage(contract, *slot, *value);
                let Ok(answer) = answer else {
                    found.entry((WORDS, name.clone())).or_default().insert(byte);
                    continue;
                };
                let words = trace.output.chunks(32).zip(answer.output.chunks(32)).enumerate();
                for (index, _) in words.filter(|(_, (before, after))| before != after).take(WORDS) {
                    found.entry((index, name.clone())).or_default().insert(byte);
                }
            }
        }
        let one = trace.output.len() <= 32;
        for ((index, slot), bytes) in found {
            let name = match index {
                WORDS => format!("{} refuses", method.signature),
                _ if one => method.signature.clone(),
                _ => format!("{} word {index}", method.signature),
            };
            fields.entry(name).or_default().insert(slot, ranges(&bytes));
        }
    }
    fields
}

/// Slots that a call of each method changes.
fn writes(
    scenes: &mut Scenes,
    subject: &Subject,
    named: &mut BTreeMap<Place, Names>,
) -> BTreeMap<String, Vec<String>> {
    let covered = subject.covered().into_iter();
    let mut write = |(method, case): (super::abi::Method, &super::cast::Case)| {
        let scene = scenes.at(case.place);
        let data = (case.ready)(scene);
        let from = allowed(scene, subject, case, &data)?;
        let names = named.entry(case.place).or_insert_with(|| Names::of(scene));
        let trace = traced(scene, (from, scene.contracts[subject.name], case.value, &data));
        Some((method.signature, trace.writes.keys().map(|slot| names.name(*slot, &data, from)).collect()))
    };
    covered.filter_map(&mut write).collect()
}

#[test]
fn the_storage_layout_is_the_one_that_is_kept() {
    let (mut scenes, mut found, mut named) = (Scenes::default(), serde_json::Map::new(), BTreeMap::new());
    for subject in subjects() {
        let writes = writes(&mut scenes, &subject, &mut named);
        if !writes.is_empty() {
            let scene = scenes.at(subject.place);
            let names = named.entry(subject.place).or_insert_with(|| Names::of(scene));
            let fields = fields(scene, &subject, names);
            found.insert(subject.name.into(), serde_json::json!({ "fields": fields, "writes": writes }));
        }
    }
    let path = format!("{}/snapshots/storage.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string_pretty(&found).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).expect("the layout is written");
    }
    let kept = std::fs::read_to_string(&path).expect("a layout: make it with UPDATE_SNAPSHOTS=1");
    for (kept, found) in kept.lines().zip(text.lines()) {
        assert_eq!(kept, found, "the storage layout is another one");
    }
    assert_eq!(kept.len(), text.len(), "the storage layout is another one");
}
