//! Who may call what, asked of every contract, and the table of it in `SECURITY.md`.
//!
//! Every method that may change state is called by everybody, in the same state and with arguments with which whoever may succeeds.
//! `UPDATE_SNAPSHOTS=1` writes the section anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use host::alloy_primitives::Address;
use host::CallError;

use super::abi;
use super::cast::{subjects, Case, Scene, Scenes, Subject};

/// Errors that refuse a caller for who they are.
const FOR_THE_ROLE: [&str; 15] = [
    "NotAuthorised",
    "OnlyBroker",
    "OnlyController",
    "OnlyDesk",
    "OnlyGuardian",
    "OnlyMargin",
    "OnlyOwner",
    "OnlyVault",
    "NotOperator",
    // Who is not a controller's operator may not spend their shares.
    "ERC20InvalidSpender",
    "ERC20InsufficientAllowance",
    "ERC6909InsufficientAllowance",
    // The bidder's own account.
    "OwnAccount",
    // Anyone but the desk, before the time-out.
    "NotYetCancellable",
    // A venue without orders.
    "UnknownOrder",
];

/// Methods that succeed for nobody.
const FOR_NOBODY: [(&str, &str); 2] = [("aave-short", "cancel(bytes32)"), ("aave-short", "clear(bytes32)")];

/// Roles by outcome: `None` succeeded.
type Row = BTreeMap<Option<String>, Vec<&'static str>>;

/// What is asked, and what is wrong with the answers.
struct Inquiry {
    scenes: Scenes,
    names: BTreeMap<[u8; 4], String>,
    wrong: Vec<String>,
}

impl Inquiry {
    fn ask(&mut self, subject: &Subject, case: &Case) -> Row {
        let scene = self.scenes.at(case.place);
        let data = (case.ready)(scene);
        let ready = scene.market.stage.chain.world.snapshot();
        let contract = scene.contracts[subject.name];
        let mut row = Row::new();
        for (role, account) in callers(scene, subject) {
            scene.market.stage.chain.world.restore(&ready);
            let outcome = match scene.raw(account, contract, case.value, &data) {
                Ok(_) => None,
                Err(CallError::Revert { data, .. })
                    if self.names.contains_key(data.get(..4).unwrap_or(&[])) =>
                {
                    Some(self.names[&data[..4]].clone())
                }
                Err(other) => Some(other.to_string()),
            };
            if outcome.as_ref().is_some_and(|name| !FOR_THE_ROLE.contains(&name.as_str())) {
                self.wrong.push(format!("{}: {} by {role}: {outcome:?}", subject.name, case.signature));
            }
            row.entry(outcome).or_default().push(role);
        }
        let nobody = FOR_NOBODY.contains(&(subject.name, case.signature));
        if row.contains_key(&None) == nobody {
            self.wrong.push(format!("{}: {} succeeds for nobody", subject.name, case.signature));
        }
        row
    }
}

/// Who calls a contract: not the contract itself, and the vault its venue alone.
fn callers(scene: &Scene, subject: &Subject) -> Vec<(&'static str, Address)> {
    let contract = scene.contracts[subject.name];
    let calls = |role: &str| role != "vault" || subject.name == "uniswap-v3-venue";
    scene.roles.iter().filter(|(role, account)| *account != contract && calls(role)).copied().collect()
}

fn line(signature: &str, row: &Row) -> String {
    let all = row.values().map(Vec::len).sum::<usize>();
    let may = row.get(&None).map_or_else(Vec::new, Clone::clone);
    let may = match may.len() {
        0 => "nobody".into(),
        count if count == all => "anyone".into(),
        count if count > all / 2 => {
            let not: Vec<_> =
                row.iter().filter(|(error, _)| error.is_some()).flat_map(|(_, who)| who.clone()).collect();
            format!("anyone but {}", not.join(", "))
        }
        _ => may.join(", "),
    };
    let refused: Vec<&String> = row.keys().flatten().collect();
    let refused = match refused[..] {
        [] => "-".into(),
        [one] => format!("`{one}`"),
        _ => {
            let parts = row
                .iter()
                .filter_map(|(error, who)| Some(format!("`{}` {}", error.as_ref()?, who.join(", "))));
            parts.collect::<Vec<_>>().join("; ")
        }
    };
    format!("| `{signature}` | {may} | {refused} |\n")
}

fn section() -> String {
    let mut inquiry = Inquiry { scenes: Scenes::default(), names: abi::errors(), wrong: Vec::new() };
    let mut text = String::from(TITLE);
    text += INTRODUCTION;
    for subject in subjects() {
        let covered = subject.covered();
        if covered.is_empty() {
            continue;
        }
        let scene = inquiry.scenes.at(subject.place);
        let roles = callers(scene, &subject).iter().map(|(role, _)| *role).collect::<Vec<_>>().join(", ");
        writeln!(text, "\n**{}**, by {roles}:\n", subject.name).expect("text");
        text += "| method | may call | everybody else |\n|---|---|---|\n";
        for (method, case) in covered {
            let row = inquiry.ask(&subject, case);
            text += &line(&short(&method.signature), &row);
        }
    }
    assert!(
        inquiry.wrong.is_empty(),
        "refused for another reason than the role:\n{}",
        inquiry.wrong.join("\n")
    );
    text
}

/// A signature without what is inside of a structure.
fn short(signature: &str) -> String {
    let (name, inside) = signature.split_once('(').expect("parameters");
    let (mut depth, mut out) = (0, format!("{name}("));
    for letter in inside.chars() {
        match letter {
            '(' => {
                if depth == 0 {
                    out += "struct";
                }
                depth += 1;
            }
            ')' if depth > 0 => depth -= 1,
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

const TITLE: &str = "## Who may call what\n";
const INTRODUCTION: &str = "
Every method of every deployed contract that may change state, called by everybody in a state and with arguments with which whoever may
call it succeeds. *account owner* is whose shares, positions, requests and margin account the call is about, *operator* somebody whom they
made one; *anyone* is everybody below, and somebody without any role. The methods are those of `abi/*.json`. Written by
`tests/system/every/roles.rs`, which fails on any difference: `UPDATE_SNAPSHOTS=1 cargo test --workspace --test system --locked -- every::roles`.
";

#[test]
fn who_may_call_what_is_what_security_md_says() {
    let found = section();
    let path = format!("{}/SECURITY.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("SECURITY.md");
    let begin = text.find(TITLE);
    let end = begin.and_then(|begin| text[begin + 3..].find("\n## ").map(|end| begin + 3 + end + 1));
    let (before, kept, after) = match (begin, end) {
        (Some(begin), Some(end)) => (&text[..begin], &text[begin..end], &text[end..]),
        (Some(begin), None) => (&text[..begin], &text[begin..], ""),
        _ => (text.as_str(), "", ""),
    };
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let parts = [before.trim_end(), found.trim_end(), after.trim_end()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        std::fs::write(&path, parts.join("\n\n") + "\n").expect("the table is written");
        return;
    }
    for (kept, found) in kept.trim_end().lines().zip(found.trim_end().lines()) {
        assert_eq!(kept, found, "SECURITY.md says otherwise");
    }
    assert_eq!(
        kept.trim_end().lines().count(),
        found.trim_end().lines().count(),
        "SECURITY.md has other rows"
    );
}
