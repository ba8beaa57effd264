//! Calls that may change nothing, and calls in another's name and storage.

use alloy_sol_types::SolValue as _;
use host::alloy_primitives::{Address, Bytes, U256};
use host::{CallError, SessionCall};
use interfaces::vault::IVault;

use super::abi::selector;
use super::atomic::state;
use super::cast::{subjects, Place, Scene, Scenes};
use super::reentry::{allowed, digests, prepared, Prepared};

#[test]
fn no_method_changes_anything_in_a_static_call() {
    let (mut scenes, mut count) = (Scenes::default(), 0);
    for subject in subjects() {
        for (method, case) in subject.covered() {
            let scene = scenes.at(case.place);
            let data = (case.ready)(scene);
            let Some(from) = allowed(scene, &subject, case, &data) else { continue };
            let before = digests(scene);
            let call = SessionCall {
                from,
                to: scene.contracts[subject.name],
                value: U256::ZERO,
                data: data.into(),
                gas_limit: host::TX_GAS,
                read_only: true,
            };
            let mut session = scene.market.stage.chain.world.session();
            let seen = session.call(call);
            session.commit();
            let said = format!("{}: {}", subject.name, method.signature);
            // A look of the desk at what it knows already writes nothing.
            assert!(seen.trace.error.is_some() || method.signature == "poke()", "{said} goes through");
            assert!(seen.logs.is_empty(), "{said} logs");
            assert_eq!(digests(scene), before, "{said} changed something");
            count += 1;
        }
    }
    assert!(count > 70, "{count}");
}

/// Code that does whatever `target`'s code does, in its own storage.
fn proxy(target: Address) -> Bytes {
    [
        &[0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x73][..],
        target.as_slice(),
        &[0x5a, 0xf4, 0x3d, 0x5f, 0x5f, 0x3e, 0x60, 0x29, 0x57, 0x3d, 0x5f, 0xfd, 0x5b, 0x3d, 0x5f, 0xf3],
    ]
    .concat()
    .into()
}

#[test]
fn in_anothers_name_and_storage_every_method_says_why_it_refuses_and_leaves_the_contract_alone() {
    let (mut scenes, mut count) = (Scenes::default(), 0);
    let copy = Address::repeat_byte(0x9c);
    for subject in subjects() {
        for method in subject.methods() {
            let Prepared { scene, data, from, value, said, .. } = prepared(&mut scenes, &subject, &method);
            let target = scene.contracts[subject.name];
            scene.market.stage.chain.world.set_code(copy, proxy(target));
            let before = state(scene, from);
            match scene.raw(from, copy, value, &data) {
                Err(CallError::Revert { data, .. }) => {
                    assert!(data.len() >= 4, "{said} is refused without a reason")
                }
                Err(other) => panic!("{said}: {other}"),
                Ok(receipt) => assert!(receipt.logs.iter().all(|log| log.address == copy), "{said}"),
            }
            assert_eq!(state(scene, from), before, "{said} changed something");
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn a_construction_in_anothers_storage_makes_a_copy_and_leaves_the_contract_alone() {
    let mut scenes = Scenes::default();
    let scene = scenes.at(Place::Open);
    let (copy, from, vault) = (Address::repeat_byte(0x9c), scene.market.trader, scene.contracts["vault"]);
    scene.market.stage.chain.world.set_code(copy, proxy(vault));
    let stage = &scene.market.stage;
    let arguments = (stage.usdc, stage.underlying, stage.feed, stage.sequencer, stage.engine, from);
    let data = [selector("stylus_constructor()").as_slice(), &arguments.abi_encode_params()].concat();
    let before = state(scene, from);
    scene.raw(from, copy, 0, &data).expect("a copy of whoever made it");
    assert!(scene.raw(from, copy, 0, &data).is_err(), "constructed twice");
    let owner = |scene: &mut Scene, of: Address| {
        let call = IVault::roleCall { which: IVault::Role::Owner };
        scene.market.stage.chain.view(of, call).expect("a role")
    };
    assert_eq!((owner(scene, copy), owner(scene, vault)), (from, scene.role("owner")));
    assert_eq!(state(scene, from), before);
}
