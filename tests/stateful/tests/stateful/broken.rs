//! Every invariant sees what breaks it: the same scene twice, untouched and sabotaged.

use std::collections::BTreeMap;

use host::alloy_primitives::Bytes;
use stateful::fault::Fault;
use stateful::fuzz::Fuzz;
use stateful::handlers::HANDLERS;
use stateful::invariants::{ALL, Verdict, numbered};
use stateful::native;
use stateful::opening::openings;
use stateful::step::Step;

use crate::sabotage;

/// What is done to the world.
type Sabotage = fn(&mut Fuzz);

/// When it is done.
#[derive(Clone, Copy)]
enum Scene {
    /// Between a call of this handler that succeeded and the look at it.
    After(&'static str),
    /// Before a call of this handler, during which this fails; the call need not succeed.
    Before(&'static str, Option<Fault>),
    /// Before a look at the end, once all these handlers have succeeded.
    Ending(&'static [&'static str]),
    /// In the middle of a look at the end, once all these handlers have succeeded.
    Inside(&'static [&'static str]),
}

use Scene::{After, Before, Ending, Inside};

/// Each invariant with a market, a scene and what breaks it; some in two.
const BREAKS: [(u8, &str, Scene, Sabotage); 47] = [
    (1, "wide", After("buy"), sabotage::nav_below_loss),
    (2, "wide", After("poke"), sabotage::vault_robbed),
    (3, "wide", After("donate"), sabotage::cash_up),
    (4, "wide", After("buy"), sabotage::cash_down),
    (5, "empty", Inside(&[]), sabotage::more_shares),
    (6, "wide", After("deposit"), sabotage::more_shares),
    (7, "wide", Ending(&[]), sabotage::one_share_more),
    (8, "empty", Ending(&[]), sabotage::shares_of_nothing),
    (9, "wide", After("request_redeem"), sabotage::cash_up),
    (10, "wide", Ending(&["buy"]), sabotage::lots_added),
    (11, "wide", Ending(&["buy"]), sabotage::one_lot_added),
    (12, "wide", After("poke"), sabotage::hedge_up),
    (12, "short", After("hedge_by_position"), sabotage::broker_paid),
    (13, "near", Ending(&["reach_expiry"]), sabotage::expiry_moved),
    (14, "wide", Ending(&["publish"]), sabotage::surface_bent),
    (15, "wide", Inside(&["buy"]), sabotage::some_lots_added),
    (16, "wide", Inside(&["buy"]), sabotage::lots_added),
    (17, "wide", Inside(&["buy"]), sabotage::price_leaps),
    (18, "wide", Inside(&["buy"]), sabotage::trader_enriched),
    (19, "wide", After("publish"), sabotage::surface_bent),
    (20, "wide", After("fill_hedge"), sabotage::cash_down),
    (20, "short", After("hedge_by_position"), sabotage::cash_down),
    (21, "wide", After("fill_hedge"), sabotage::hedge_up),
    (22, "wide", After("rebalance"), sabotage::keeper_enriched),
    (23, "wide", After("poke"), sabotage::allowance_left),
    (24, "near", Inside(&["process_epoch"]), sabotage::nothing_set_aside),
    (25, "near", After("claim"), sabotage::receiver_robbed),
    (26, "wide", Before("deposit", Some(Fault::FeedReverts)), sabotage::feed_of_its_own),
    (27, "near", Ending(&["settle"]), sabotage::settlement_rewritten),
    (28, "near", Inside(&["buy"]), sabotage::rounds_rewritten),
    (29, "near", Inside(&["settle"]), sabotage::settlement_forgotten),
    (30, "wide", After("remove_pool"), sabotage::cash_up),
    (31, "wide", Ending(&[]), sabotage::roles_stolen),
    (32, "near", Inside(&["request_redeem"]), sabotage::one_share_more),
    (33, "wide", Ending(&["publish"]), sabotage::surface_turned_back),
    (34, "wide", After("ambush_filler"), sabotage::let_in),
    (35, "wide", After("rebalance"), sabotage::venue_gone),
    (36, "wide", Before("poke", None), burning_vault),
    (37, "wide", Inside(&["buy"]), sabotage::slot_written),
    (38, "wide", Before("approve_shares", None), silent_vault),
    (39, "wide", Ending(&[]), writing_margin),
    (40, "wide", Ending(&["buy"]), sabotage::option_conjured),
    (41, "wide", Before("buy", None), sabotage::pause_undone),
    (42, "wide", Inside(&[]), sabotage::more_shares),
    (43, "wide", After("take_shares"), sabotage::allowance_restored),
    (44, "wide", Ending(&["buy"]), other_native_code),
    (45, "wide", Ending(&[]), answering_vault),
];

fn replace_vault(fuzz: &mut Fuzz, code: &'static [u8]) {
    let vault = fuzz.stage.vault;
    fuzz.stage.chain.world.set_code(vault, Bytes::from_static(code));
}

fn burning_vault(fuzz: &mut Fuzz) {
    replace_vault(fuzz, &[0xfe]);
}

fn silent_vault(fuzz: &mut Fuzz) {
    replace_vault(fuzz, &[0x5f, 0x5f, 0xfd]);
}

/// Answers every call with twelve words of nothing.
fn answering_vault(fuzz: &mut Fuzz) {
    replace_vault(fuzz, &[0x61, 0x01, 0x80, 0x5f, 0xf3]);
}

/// A margin contract whose views write.
fn writing_margin(fuzz: &mut Fuzz) {
    let margin = fuzz.stage.margin;
    let code = Bytes::from_static(&[0x60, 0x01, 0x60, 0x01, 0x55, 0x60, 0x20, 0x5f, 0xf3]);
    fuzz.stage.chain.world.set_code(margin, code);
}

/// The native code is another program's.
fn other_native_code(fuzz: &mut Fuzz) {
    fuzz.stage.chain.world.find_natives(|_| Some(|_, _| Some(Ok(vec![0; 32]))));
}

/// Runs a handler with a close look, and what breaks an invariant behind its call.
fn close(fuzz: &mut Fuzz, name: &str, fault: Option<Fault>, sabotage: Option<Sabotage>) -> Option<Step> {
    let (_, _, run) = HANDLERS.iter().find(|(own, ..)| *own == name).expect("a handler of this name");
    (fuzz.close, fuzz.fault, fuzz.step) = (true, fault, None);
    fuzz.saboteur = sabotage;
    let _ = run(fuzz);
    let step = fuzz.end_step();
    fuzz.saboteur = None;
    step
}

/// Goes on until all these handlers have succeeded.
fn reach(fuzz: &mut Fuzz, handlers: &[&str]) -> bool {
    handlers.iter().all(|name| {
        if *name == "reach_expiry" {
            let expiry = *fuzz.ghost.listed.keys().next().expect("an expiry");
            fuzz.warp(expiry + 60);
            fuzz.refresh(fuzz.ghost.price);
            return true;
        }
        (0..60).any(|_| {
            fuzz.drift();
            fuzz.run_plain(name).is_some_and(|step| step.ok()) || (fuzz.some_step().is_none())
        })
    })
}

/// One scene.
fn play(fuzz: &mut Fuzz, number: u8, scene: Scene, sabotage: Option<Sabotage>) -> Verdict {
    let check = numbered(number).expect("an invariant of this number").check;
    match scene {
        After(name) => {
            for _ in 0..40 {
                fuzz.drift();
                match close(fuzz, name, None, sabotage) {
                    Some(step) if step.ok() => return check(fuzz, &step),
                    _ => drop(fuzz.some_step()),
                }
            }
            Ok(false)
        }
        Before(name, fault) => {
            fuzz.refresh(fuzz.ghost.price);
            sabotage.into_iter().for_each(|act| act(fuzz));
            close(fuzz, name, fault, None).map_or(Ok(false), |step| check(fuzz, &step))
        }
        Ending(handlers) | Inside(handlers) => {
            if !reach(fuzz, handlers) {
                return Ok(false);
            }
            match scene {
                Ending(_) => sabotage.into_iter().for_each(|act| act(fuzz)),
                _ => fuzz.saboteur = sabotage,
            }
            let verdict = check(fuzz, &Step::default());
            fuzz.saboteur = None;
            verdict
        }
    }
}

#[test]
fn every_invariant_sees_what_breaks_it() {
    let mut numbers: Vec<u8> = BREAKS.iter().map(|(number, ..)| *number).collect();
    numbers.dedup();
    assert_eq!(numbers, ALL.iter().map(|one| one.number).collect::<Vec<u8>>());
    let mut markets: BTreeMap<&str, Fuzz> = openings()
        .iter()
        .filter(|terms| BREAKS.iter().any(|(_, market, ..)| *market == terms.name))
        .map(|terms| (terms.name, Fuzz::open(terms).expect("a market")))
        .collect();
    let only: Option<u8> = std::env::var("INVARIANT").ok().and_then(|number| number.parse().ok());
    let mut blind = Vec::new();
    for (number, market, scene, sabotage) in BREAKS {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let fuzz = markets.get_mut(market).expect("a market of this name");
        let name = numbered(number).expect("an invariant").name;
        let (mut seen, mut broken) = (0, None);
        for seed in 0..40 {
            fuzz.begin(5 * seed);
            match play(fuzz, number, scene, None) {
                Ok(looked) => seen += u64::from(looked),
                Err(wrong) => panic!("I-{number:02} {name}, untouched, seed {seed}: {wrong}"),
            }
            fuzz.begin(5 * seed);
            let verdict = play(fuzz, number, scene, Some(sabotage));
            fuzz.stage.chain.world.find_natives(native::find);
            broken = broken.or(verdict.err());
            if seen > 0 && broken.is_some() {
                break;
            }
        }
        println!("I-{number:02} {name}: {seen} looks, then {broken:?}");
        if seen == 0 || broken.is_none() {
            blind.push(name);
        }
    }
    assert_eq!(blind, Vec::<&str>::new(), "these see nothing");
}
