//! Whoever is called out to calls back: every method of every contract that is under way, from every place that it calls.
//!
//! The callee is replaced by code that makes the calls and then does what it did before, in its own storage; so every call of every method
//! runs as it always does, and must end in the same state. What it calls back into is shut: the SDK refuses a re-entered program without
//! data, before the contract's own lock would with `ReentrantCall`; both are asked for, the lock by what a call does with transient storage.

use std::collections::{BTreeMap, BTreeSet};

use alloy_sol_types::SolError as _;
use host::alloy_primitives::{Address, Bytes, B256, U256};
use host::{FrameKind, Trace};
use interfaces::vault::IVault::ReentrantCall;

use super::abi::Method;
use super::cast::{subjects, Case, Scene, Scenes, Subject};

/// Gas of one call back, and what must be left for any to be made: a pool is called with two million.
const ATTACK_GAS: u32 = 250_000;
const LEAST_GAS: u32 = 1_500_000;
/// Calls back at one place in one go, so that a callee with little gas comes to its own work.
const AT_ONCE: usize = 12;

/// Code that calls `target` with each of `attacks` and goes on as `original`.
fn intruder(target: Address, attacks: &[Vec<u8>], original: Address) -> Bytes {
    const CALL_BYTES: usize = 45;
    let forward = 11 + CALL_BYTES * attacks.len();
    let tail = forward + 50;
    let mut code = vec![0x5a, 0x63];
    code.extend(LEAST_GAS.to_be_bytes());
    // Less than the least: forward at once.
    code.extend([0x11, 0x61]);
    code.extend(u16::try_from(forward).expect("short code").to_be_bytes());
    code.push(0x57);
    let mut data: Vec<u8> = Vec::new();
    for attack in attacks {
        let (length, at) = (attack.len() as u32, (tail + data.len()) as u32);
        let start = code.len();
        code.push(0x62);
        code.extend(&length.to_be_bytes()[1..]);
        code.push(0x62);
        code.extend(&at.to_be_bytes()[1..]);
        code.extend([0x5f, 0x39, 0x5f, 0x5f, 0x62]);
        code.extend(&length.to_be_bytes()[1..]);
        code.extend([0x5f, 0x5f, 0x73]);
        code.extend(target);
        code.push(0x62);
        code.extend(&ATTACK_GAS.to_be_bytes()[1..]);
        code.extend([0xf1, 0x50]);
        assert_eq!(code.len() - start, CALL_BYTES);
        data.extend(attack);
    }
    assert_eq!(code.len(), forward);
    code.extend([0x5b, 0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x73]);
    code.extend(original);
    code.extend([0x5a, 0xf4, 0x3d, 0x5f, 0x5f, 0x3e, 0x61]);
    let back = u16::try_from(forward + 46).expect("short code");
    code.extend(back.to_be_bytes());
    code.extend([0x57, 0x3d, 0x5f, 0xfd, 0xfe, 0x00, 0x00, 0x5b, 0x3d, 0x5f, 0xf3]);
    assert_eq!(code.len(), tail);
    code.extend(data);
    code.into()
}

/// A visit of a place while contracts were at work, each once.
type Visits = BTreeMap<Address, BTreeSet<Address>>;

/// Collects who was called while which of `ours` were under way.
fn visits(trace: &Trace, ours: &BTreeSet<Address>, open: &mut Vec<Address>, found: &mut Visits) {
    let own = ours.contains(&trace.to) && trace.kind != FrameKind::DelegateCall;
    if !own || !open.is_empty() {
        let under_way = open.iter().copied().filter(|contract| *contract != trace.to);
        found.entry(trace.to).or_default().extend(under_way);
    }
    if own {
        open.push(trace.to);
    }
    for call in &trace.calls {
        visits(call, ours, open, found);
    }
    if own {
        open.pop();
    }
}

/// Frames in which `from` called `target`, each with whether that was under way.
fn attacks_in<'t>(trace: &'t Trace, ends: [Address; 2], under_way: bool, found: &mut Vec<(bool, &'t Trace)>) {
    let [from, target] = ends;
    if trace.from == from && trace.to == target && trace.kind != FrameKind::DelegateCall {
        found.push((under_way, trace));
    }
    for call in &trace.calls {
        attacks_in(call, ends, under_way || trace.to == target, found);
    }
}

/// One call of each method of each contract of a scene, made in states that differ: only their calldata counts.
fn calldata(scenes: &mut Scenes, subjects: &[Subject]) -> BTreeMap<&'static str, Vec<(Method, Vec<u8>)>> {
    let mut all = BTreeMap::new();
    for subject in subjects {
        let defaults = scenes.at(subject.place).defaults();
        let with = |method: Method| {
            let case = subject.cases.iter().find(|case| case.signature == method.signature);
            let data = match case {
                Some(case) => (case.ready)(scenes.at(case.place)),
                None => defaults.call(&method),
            };
            (method, data)
        };
        all.insert(subject.name, subject.methods().into_iter().map(with).collect());
    }
    all
}

/// Whoever may make the call.
pub(crate) fn allowed(scene: &mut Scene, subject: &Subject, case: &Case, data: &[u8]) -> Option<Address> {
    let ready = scene.market.stage.chain.world.snapshot();
    let contract = scene.contracts[subject.name];
    let first = ["anyone", "owner", "curator", "guardian", "pending owner", "account owner"];
    let named = scene.roles.iter().filter(|(role, _)| !first.contains(role));
    let in_order = first.iter().map(|role| scene.role(role)).chain(named.map(|(_, account)| *account));
    let in_order: Vec<Address> = in_order.filter(|account| *account != contract).collect();
    in_order.into_iter().find(|account| {
        let done = scene.raw(*account, contract, case.value, data).is_ok();
        scene.market.stage.chain.world.restore(&ready);
        done
    })
}

/// A well-formed call of a method, in the scene where it may be made.
pub(crate) struct Prepared<'s> {
    pub(crate) scene: &'s mut Scene,
    /// Whether the call is one that is written by hand, and so must go through.
    pub(crate) written: bool,
    pub(crate) data: Vec<u8>,
    /// Who may make it, or anyone.
    pub(crate) from: Address,
    pub(crate) value: u64,
    /// What is called, in words.
    pub(crate) said: String,
}

/// Makes a call of a method ready.
pub(crate) fn prepared<'s>(scenes: &'s mut Scenes, subject: &Subject, method: &Method) -> Prepared<'s> {
    let case = subject.cases.iter().find(|case| case.signature == method.signature);
    let scene = scenes.at(case.map_or(subject.place, |case| case.place));
    let data = match case {
        Some(case) => (case.ready)(scene),
        None => scene.defaults().call(method),
    };
    let may = case.and_then(|case| allowed(scene, subject, case, &data));
    let from = may.unwrap_or(scene.market.trader);
    let (written, value) = (case.is_some(), case.map_or(0, |case| case.value));
    let said = format!("{}: {}", subject.name, method.signature);
    Prepared { scene, written, data, from, value, said }
}

/// Contracts and tokens by name, each with a digest.
pub(crate) type Digests = BTreeMap<&'static str, B256>;

pub(crate) fn digests(scene: &mut Scene) -> Digests {
    let mut all = scene.contracts.clone();
    all.extend([("usdc", scene.market.stage.usdc), ("underlying", scene.market.stage.underlying)]);
    all.into_iter().map(|(name, account)| (name, scene.market.stage.chain.world.digest(account))).collect()
}

/// The desk's plans.
pub(crate) const PLANS: [&str; 3] = ["rebalance", "performUpkeep", "onReport"];

/// What a plan of the desk is paid for its gas is more where calls back used some: what that moves is left out.
pub(crate) const PAID_FOR_GAS: [&str; 3] = ["hedge-desk", "vault", "usdc"];

/// Runs a prepared call with `code` at a place: what it left, and its trace.
fn run(
    scene: &mut Scene,
    (site, code): (Address, Bytes),
    (from, to, value, data): (Address, Address, u64, &[u8]),
) -> (Digests, Trace) {
    let world = &mut scene.market.stage.chain.world;
    let (ready, original) = (world.snapshot(), world.code(site));
    let implementation = Address::repeat_byte(0xee);
    world.set_code(implementation, original.clone());
    world.set_code(site, code);
    world.set_tracing(true);
    let done = scene.raw(from, to, value, data);
    let world = &mut scene.market.stage.chain.world;
    let trace = world.take_trace().expect("a trace");
    world.set_tracing(false);
    world.set_code(site, original);
    // What the caller paid for gas is no part of the end.
    world.set_balance(from, U256::ZERO);
    let digests = digests(scene);
    scene.market.stage.chain.world.restore(&ready);
    done.unwrap_or_else(|failure| panic!("a call that was called back into: {failure}"));
    (digests, trace)
}

/// The trace of a call; what it did is undone.
pub(crate) fn traced(scene: &mut Scene, (from, to, value, data): (Address, Address, u64, &[u8])) -> Trace {
    let world = &mut scene.market.stage.chain.world;
    let ready = world.snapshot();
    world.set_tracing(true);
    let _ = scene.raw(from, to, value, data);
    let world = &mut scene.market.stage.chain.world;
    let trace = world.take_trace().expect("a trace");
    world.set_tracing(false);
    world.restore(&ready);
    trace
}

/// What was found of all calls back.
#[derive(Default)]
struct Found {
    tried: BTreeSet<(&'static str, String)>,
    sites: usize,
    calls: usize,
    /// Calls that were made while their target was not under way, and went through.
    free: usize,
    /// Whether the call that is made is paid for its gas.
    paid: bool,
}

impl Found {
    /// Calls back from one place into one contract that is under way.
    fn besiege(
        &mut self,
        scene: &mut Scene,
        [site, target]: [Address; 2],
        (name, attacks): (&'static str, &[(Method, Vec<u8>)]),
        call: (Address, Address, u64, &[u8]),
    ) {
        let paid = self.paid;
        let implementation = Address::repeat_byte(0xee);
        let (plain, _) = run(scene, (site, intruder(target, &[], implementation)), call);
        for some in attacks.chunks(AT_ONCE) {
            let mut data: Vec<_> = some.iter().map(|(_, data)| data.clone()).collect();
            let (mut after, trace) = run(scene, (site, intruder(target, &data, implementation)), call);
            let mut frames = Vec::new();
            attacks_in(&trace, [site, target], false, &mut frames);
            self.shut(name, some, &frames);
            // The place is also called while this contract is not under way: what it then does as anybody may is no part of the comparison.
            let free = |data: &Vec<u8>| {
                frames.iter().any(|(under_way, one)| !under_way && one.error.is_none() && one.input == *data)
            };
            let before = data.len();
            data.retain(|one| !free(one));
            if data.len() < before {
                self.free += before - data.len();
                after = run(scene, (site, intruder(target, &data, implementation)), call).0;
            }
            let differs = plain.iter().filter(|(name, digest)| after[*name] != **digest);
            let differs = differs.map(|(name, _)| *name);
            let differs: Vec<_> = differs.filter(|name| !paid || !PAID_FOR_GAS.contains(name)).collect();
            assert!(differs.is_empty(), "{name}: {differs:?} differ because of calls back from {site}");
        }
        self.sites += 1;
    }

    /// Calls back into what is under way are refused, each of them.
    fn shut(&mut self, name: &'static str, some: &[(Method, Vec<u8>)], frames: &[(bool, &Trace)]) {
        for (method, data) in some {
            let own = frames.iter().filter(|(under_way, frame)| *under_way && frame.input == *data);
            for (_, frame) in own {
                let shut = frame.output.is_empty() || *frame.output == ReentrantCall {}.abi_encode();
                assert!(frame.error.is_some() && shut, "{name}: {}: {frame:?}", method.signature);
                self.calls += 1;
                self.tried.insert((name, method.signature.clone()));
            }
        }
    }
}

#[test]
fn whoever_is_called_finds_every_method_of_what_is_under_way_shut() {
    let (mut scenes, subjects) = (Scenes::default(), subjects());
    let calldata = calldata(&mut scenes, &subjects);
    let mut found = Found::default();
    let mut done = BTreeSet::new();
    for subject in &subjects {
        for (method, case) in subject.covered() {
            let scene = scenes.at(case.place);
            let data = (case.ready)(scene);
            let Some(from) = allowed(scene, subject, case, &data) else { continue };
            let to = scene.contracts[subject.name];
            found.paid = PLANS.iter().any(|plan| method.signature.starts_with(plan));
            let trace = traced(scene, (from, to, case.value, &data));
            let ours: BTreeSet<Address> = scene.contracts.values().copied().collect();
            let mut places = Visits::new();
            visits(&trace, &ours, &mut Vec::new(), &mut places);
            let names: BTreeMap<Address, &'static str> =
                scene.contracts.iter().map(|(name, account)| (*account, *name)).collect();
            for (site, under_way) in places {
                for target in under_way {
                    if !done.insert((case.place, subject.name, method.signature.clone(), site, target)) {
                        continue;
                    }
                    let name = names[&target];
                    found.besiege(
                        scene,
                        [site, target],
                        (name, &calldata[name]),
                        (from, to, case.value, &data),
                    );
                }
            }
        }
    }
    println!("{} calls back from {} places and flows, {} beside", found.calls, found.sites, found.free);
    for subject in subjects.iter().filter(|subject| !LEAVES.contains(&subject.name)) {
        for method in subject.methods() {
            let tried = found.tried.contains(&(subject.name, method.signature.clone()));
            assert!(tried, "{}: {} was not called back", subject.name, method.signature);
        }
    }
}

/// Contracts that call nobody, or nobody but in a static call that cannot come back with anything.
const LEAVES: [&str; 2] = ["lens", "risk-engine"];
