//! Calls of every contract, run as native code in a market with positions: each has an answer, and none that is well formed is refused in silence.
#![no_main]

use std::cell::RefCell;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolInterface;
use arbitrary::Arbitrary;
use interfaces::broker::IBroker::IBrokerCalls;
use interfaces::desk::IHedgeDesk::IHedgeDeskCalls;
use interfaces::margin::IMargin::IMarginCalls;
use interfaces::surface::ISurface::ISurfaceCalls;
use interfaces::vault::IVault::IVaultCalls;
use libfuzzer_sys::fuzz_target;
use stateful::fuzz::{Fuzz, GAS};
use stateful::native;
use stateful::opening::openings;

/// A call: by whom, of whom, how long after the last one, of which method, and with what; without a method the data is all there is.
#[derive(Arbitrary, Debug)]
struct Call {
    by: u8,
    of: u8,
    wait: u16,
    method: Option<u16>,
    data: Vec<u8>,
}

#[derive(Arbitrary, Debug)]
struct Input {
    market: u8,
    calls: Vec<Call>,
}

/// Calls beyond are left out.
const MOST: usize = 8;

thread_local! {
    static MARKETS: RefCell<Vec<Fuzz>> = {
        host::run_natively_everywhere(native::find);
        RefCell::new(openings().iter().map(|terms| Fuzz::open(terms).expect("a market")).collect())
    };
}

/// A contract: where it is, its selectors, and whether calldata is well formed.
type Contract = (Address, Vec<[u8; 4]>, fn(&[u8]) -> bool);

fn of<C: SolInterface>(address: Address) -> Contract {
    (address, C::selectors().collect(), |data| C::abi_decode_validate(data).is_ok())
}

fn contracts(fuzz: &Fuzz) -> [Contract; 8] {
    let stage = &fuzz.stage;
    let plain = |address| (address, Vec::new(), (|_| false) as fn(&[u8]) -> bool);
    [
        of::<IVaultCalls>(stage.vault),
        of::<IHedgeDeskCalls>(stage.desk),
        of::<IMarginCalls>(stage.margin),
        of::<ISurfaceCalls>(stage.surface),
        plain(stage.engine),
        plain(stage.lens),
        plain(stage.venue),
        of::<IBrokerCalls>(stage.broker),
    ]
}

// Opening the markets takes longer than any input may.
fuzz_target!(init: MARKETS.with_borrow(|markets| assert!(!markets.is_empty())), |input: Input| {
    MARKETS.with_borrow_mut(|markets| {
        let market = usize::from(input.market) % markets.len();
        let fuzz = &mut markets[market];
        fuzz.begin(0);
        let contracts = contracts(fuzz);
        let actors = &fuzz.stage.actors;
        let mut callers = vec![actors.owner, actors.curator, fuzz.cast.stranger, fuzz.stage.desk, fuzz.stage.margin];
        callers.extend_from_slice(&fuzz.cast.people);
        // Contracts too, as if they could sign.
        for caller in &callers {
            fuzz.stage.chain.world.set_balance(*caller, U256::from(10_u128.pow(20)));
        }
        for call in input.calls.into_iter().take(MOST) {
            fuzz.set_time(fuzz.now() + u64::from(call.wait));
            let (to, selectors, well_formed) = &contracts[usize::from(call.of) % contracts.len()];
            let method = call.method.filter(|_| !selectors.is_empty());
            let selector = method.map(|method| selectors[usize::from(method) % selectors.len()]);
            let data: Vec<u8> = selector.into_iter().flatten().chain(call.data).collect();
            let from = callers[usize::from(call.by) % callers.len()];
            let silent = well_formed(&data);
            let sent = fuzz.send(from, *to, data, GAS);
            assert!(!sent.halted || sent.gas > GAS / 2, "a trap");
            assert!(sent.ok || !sent.output.is_empty() || !silent, "refused without a reason");
        }
    });
});
