//! Words that no vault would say: they are read or refused, and nothing else happens.

mod script;

use alloy_primitives::B256;
use inventory::hedge::Young;
use keeper::{Stance, State, Told};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn spoilt_words_are_marked_or_refused(
        spoils in prop::collection::vec((0_usize..2_000, any::<u8>()), 1..4),
        cut in prop::option::of(0_usize..14),
    ) {
        let mut words = script::words();
        let length = words.len() * 32;
        for (at, byte) in spoils {
            words[at % length / 32].0[at % 32] ^= byte;
        }
        words.truncate(cut.unwrap_or(words.len()));
        let words: Vec<B256> = words;
        if let Some(state) = State::read(&words) {
            let _ = (state.greeks(), state.expired().count());
            // The same words spoil what the desk says of trades.
            let told = Told { young: Young::unpack(words.iter().map(|word| &word.0)), ..script::told() };
            let _ = state.worth().and_then(|worth| Stance::new(&state, &worth, &told)).map(|stance| {
                (stance.need(), stance.after(900).reward(1 << 40, 1, 1), stance.urgency())
            });
        }
    }
}
