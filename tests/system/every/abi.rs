//! Methods and errors as `abi/*.json` has them, and calldata made of their types.

use std::collections::BTreeMap;

use host::alloy_primitives::{keccak256, Address, U256};
use serde_json::Value;

/// A function of an interface.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) signature: String,
    pub(crate) selector: [u8; 4],
    /// Whether it may change state.
    pub(crate) changes: bool,
    pub(crate) payable: bool,
    pub(crate) inputs: Vec<Value>,
}

fn entries(file: &str) -> Vec<Value> {
    let path = format!("{}/abi/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the ABI");
    serde_json::from_str(&text).expect("JSON")
}

/// A type as signatures have it.
fn canonical(parameter: &Value) -> String {
    let name = parameter["type"].as_str().expect("a type");
    match name.strip_prefix("tuple") {
        Some(rest) => format!("({}){rest}", list(&parameter["components"])),
        None => name.into(),
    }
}

fn list(parameters: &Value) -> String {
    let all = parameters.as_array().expect("parameters").iter().map(canonical);
    all.collect::<Vec<_>>().join(",")
}

fn signature(entry: &Value) -> String {
    format!("{}({})", entry["name"].as_str().expect("a name"), list(&entry["inputs"]))
}

pub(crate) fn selector(signature: &str) -> [u8; 4] {
    keccak256(signature)[..4].try_into().expect("4 bytes")
}

/// Functions of interfaces, by signature.
pub(crate) fn methods(files: &[&str]) -> Vec<Method> {
    let mut found: Vec<Method> = files
        .iter()
        .flat_map(|file| entries(file))
        .filter(|entry| entry["type"] == "function")
        .map(|entry| {
            let (signature, mutability) =
                (signature(&entry), entry["stateMutability"].as_str().expect("one"));
            Method {
                selector: selector(&signature),
                signature,
                changes: !["view", "pure"].contains(&mutability),
                payable: mutability == "payable",
                inputs: entry["inputs"].as_array().expect("inputs").clone(),
            }
        })
        .collect();
    found.sort_by(|left, right| left.signature.cmp(&right.signature));
    found
}

/// Names of all errors of all interfaces, by selector.
pub(crate) fn errors() -> BTreeMap<[u8; 4], String> {
    let folder = format!("{}/abi", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path());
    let names = files.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let names = names.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned());
    let all = names.flat_map(|name| entries(&name)).filter(|entry| entry["type"] == "error");
    all.map(|entry| (selector(&signature(&entry)), entry["name"].as_str().expect("a name").into())).collect()
}

/// What stands for an argument that nobody chose.
pub(crate) struct Defaults {
    pub(crate) account: Address,
    pub(crate) vault: Address,
    pub(crate) series: U256,
    pub(crate) expiry: u64,
    /// What the risk engine is asked.
    pub(crate) words: Vec<[u8; 32]>,
}

/// An argument, to be laid out.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    Word([u8; 32]),
    Bytes(Vec<u8>),
    /// Whether its length is written before it.
    Many(bool, Vec<Argument>),
}

impl Argument {
    fn is_dynamic(&self) -> bool {
        match self {
            Self::Word(_) => false,
            Self::Bytes(_) => true,
            Self::Many(counted, all) => *counted || all.iter().any(Self::is_dynamic),
        }
    }

    fn tail(&self) -> Vec<u8> {
        match self {
            Self::Word(word) => word.to_vec(),
            Self::Bytes(bytes) => {
                let mut out = number(bytes.len()).to_vec();
                out.extend(bytes);
                out.resize(out.len().next_multiple_of(32), 0);
                out
            }
            Self::Many(counted, all) => {
                let mut out = if *counted { number(all.len()).to_vec() } else { Vec::new() };
                out.extend(laid_out(all));
                out
            }
        }
    }
}

fn number(number: usize) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

/// Arguments as a call has them, without the selector.
fn laid_out(arguments: &[Argument]) -> Vec<u8> {
    let tails: Vec<Vec<u8>> = arguments.iter().map(Argument::tail).collect();
    let sizes = arguments.iter().zip(&tails);
    let head: usize = sizes.map(|(one, tail)| if one.is_dynamic() { 32 } else { tail.len() }).sum();
    let (mut heads, mut rest) = (Vec::new(), Vec::new());
    for (argument, tail) in arguments.iter().zip(tails) {
        if argument.is_dynamic() {
            heads.extend(number(head + rest.len()));
            rest.extend(tail);
        } else {
            heads.extend(tail);
        }
    }
    heads.extend(rest);
    heads
}

impl Defaults {
    /// A well-formed call of a method.
    pub(crate) fn call(&self, method: &Method) -> Vec<u8> {
        let arguments: Vec<_> = method.inputs.iter().map(|one| self.argument(one)).collect();
        method.selector.into_iter().chain(laid_out(&arguments)).collect()
    }

    fn argument(&self, parameter: &Value) -> Argument {
        let (kind, name) =
            (parameter["type"].as_str().expect("a type"), parameter["name"].as_str().unwrap_or(""));
        self.of(kind, name, parameter)
    }

    fn of(&self, kind: &str, name: &str, parameter: &Value) -> Argument {
        if kind == "bytes32[]" {
            return Argument::Many(true, self.words.iter().map(|word| Argument::Word(*word)).collect());
        }
        if let Some(element) = kind.strip_suffix("[]") {
            return Argument::Many(true, vec![self.of(element, name, parameter)]);
        }
        if kind == "tuple" {
            let parts = parameter["components"].as_array().expect("components");
            return Argument::Many(false, parts.iter().map(|part| self.argument(part)).collect());
        }
        match kind {
            "bytes" | "string" => Argument::Bytes(Vec::new()),
            "address" if name == "vault" => Argument::Word(self.vault.into_word().0),
            "address" => Argument::Word(self.account.into_word().0),
            "bool" => Argument::Word(U256::ONE.to_be_bytes()),
            _ if kind.starts_with("bytes") => Argument::Word([0; 32]),
            _ if kind.starts_with("uint") || kind.starts_with("int") => {
                Argument::Word(self.number(kind, name))
            }
            _ => panic!("{kind} {name}"),
        }
    }

    fn number(&self, kind: &str, name: &str) -> [u8; 32] {
        let number = match (kind, name) {
            (_, "series" | "id") => self.series,
            (_, "expiry" | "expiries") => U256::from(self.expiry),
            (_, "price") => U256::from(2_800_000_000_000_000_000_000_u128),
            ("uint256" | "int256", _) => U256::from(1_000_000_000_000_000_000_u64),
            _ => U256::ONE,
        };
        number.to_be_bytes()
    }
}
