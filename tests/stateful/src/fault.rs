//! What goes wrong from outside, for the length of one call.

use alloy_primitives::{Address, Bytes};
use demo::stage::Stage;

use crate::dice::Dice;
use crate::opening::Cast;

/// Something outside the protocol that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The price feed reverts.
    FeedReverts,
    /// It answers zeros.
    FeedZero,
    /// It answers nothing.
    FeedEmpty,
    /// It burns all gas.
    FeedBurns,
    /// The sequencer is down.
    SequencerDown,
    /// Its feed reverts.
    SequencerReverts,
    /// The surface feed reverts.
    SurfaceSilent,
    /// USDC is paused, or who pays or receives is on its black list: transfers revert.
    TokenPaused,
    /// Transfers of USDC say no and do nothing.
    TokenFalse,
    /// The pool of idle cash fails.
    PoolFails,
    /// The venue fails.
    VenueFails,
    /// The venue does nothing and says it did.
    VenueIdle,
    /// The transaction has little gas.
    LowGas(u64),
}

const REVERT: &[u8] = &[0x5f, 0x5f, 0xfd];
const EMPTY: &[u8] = &[0x5f, 0x5f, 0xf3];
/// Five words of zeros, and one.
const ZEROS: &[u8] = &[0x60, 0xa0, 0x5f, 0xf3];
const ZERO: &[u8] = &[0x60, 0x20, 0x5f, 0xf3];
/// Calls of a token that move it.
const MOVES: [[u8; 4]; 2] = [[0xa9, 0x05, 0x9c, 0xbb], [0x23, 0xb8, 0x72, 0xdd]];

/// Code of a token of which only the calls that move it end otherwise, as `instead` does; all else is what the code at `whole` does.
fn stopped(whole: Address, instead: &[u8]) -> Bytes {
    let mut code = vec![0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x80];
    let (done, fail) = (65, 69);
    for selector in MOVES {
        code.push(0x63);
        code.extend(selector);
        code.extend([0x14, 0x60, fail, 0x57]);
    }
    code.extend([0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x73]);
    code.extend(whole);
    code.extend([0x5a, 0xf4, 0x3d, 0x5f, 0x5f, 0x3e, 0x60, done, 0x57, 0x3d, 0x5f, 0xfd]);
    code.extend([0x5b, 0x3d, 0x5f, 0xf3, 0x5b]);
    code.extend(instead);
    code.into()
}
const BURN: &[u8] = &[0xfe];
/// Five words of which the second is one.
const DOWN: &[u8] = &[0x60, 0x01, 0x60, 0x20, 0x52, 0x60, 0xa0, 0x5f, 0xf3];

impl Fault {
    /// One of them; of those that take gas only where they may.
    pub fn roll(dice: &mut Dice, gas_too: bool) -> Self {
        loop {
            let fault = Self::any(dice);
            if gas_too || !matches!(fault, Self::FeedBurns | Self::LowGas(_)) {
                return fault;
            }
        }
    }

    fn any(dice: &mut Dice) -> Self {
        let gas = dice.range(60_000, 4_000_000);
        dice.pick(&[
            Self::FeedReverts,
            Self::FeedZero,
            Self::FeedEmpty,
            Self::FeedBurns,
            Self::SequencerDown,
            Self::SequencerReverts,
            Self::SurfaceSilent,
            Self::TokenPaused,
            Self::TokenFalse,
            Self::PoolFails,
            Self::VenueFails,
            Self::VenueIdle,
            Self::LowGas(gas),
            Self::LowGas(gas),
        ])
    }

    /// Whose code is replaced by what.
    #[must_use]
    pub fn replaces(self, stage: &Stage, cast: &Cast) -> Option<(Address, Bytes)> {
        match self {
            Self::TokenPaused => return Some((stage.usdc, stopped(cast.token, REVERT))),
            Self::TokenFalse => return Some((stage.usdc, stopped(cast.token, ZERO))),
            _ => {}
        }
        let (account, code) = match self {
            Self::FeedReverts => (stage.feed, REVERT),
            Self::FeedZero => (stage.feed, ZEROS),
            Self::FeedEmpty => (stage.feed, EMPTY),
            Self::FeedBurns => (stage.feed, BURN),
            Self::SequencerDown => (stage.sequencer, DOWN),
            Self::SequencerReverts => (stage.sequencer, REVERT),
            Self::SurfaceSilent => (stage.surface, REVERT),
            Self::PoolFails => (cast.pool, REVERT),
            Self::VenueFails => (stage.venue, REVERT),
            Self::VenueIdle => (stage.venue, EMPTY),
            Self::TokenPaused | Self::TokenFalse | Self::LowGas(_) => return None,
        };
        Some((account, Bytes::from_static(code)))
    }

    /// Whether nothing has a price meanwhile.
    #[must_use]
    pub fn hides_price(self) -> bool {
        matches!(
            self,
            Self::FeedReverts
                | Self::FeedZero
                | Self::FeedEmpty
                | Self::FeedBurns
                | Self::SequencerDown
                | Self::SequencerReverts
        )
    }
}
