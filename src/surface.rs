//! Where the surface comes from, and how the feed is asked.

use alloc::vec::Vec;

use ::book::Stored;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use interfaces::surface::ISurface;
use interfaces::vault::IVault::SurfaceFailed;
use options::Slice;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;

use crate::amounts::{to_i128, to_u128, uint};
use crate::book::live_indices;
use crate::error::{fail, Result};
use crate::satellite::SURFACE;
use crate::state::{Session, Vault};
use crate::token::static_call;

const WORD: usize = 32;

/// The live book as the feed's last update finds it.
pub(crate) struct Live {
    pub(crate) stored: Vec<Stored>,
    /// Largest move of a listed vol by that update [1e-6]
    pub(crate) moved: u32,
}

impl Vault {
    /// The live book with its slices.
    pub(crate) fn stored(&self, session: &Session) -> Result<Vec<Stored>> {
        Ok(self.live(session)?.stored)
    }

    /// The live book with its slices, and how far they moved.
    pub(crate) fn live(&self, session: &Session) -> Result<Live> {
        match self.live_if_any(session)? {
            Some(live) => Ok(live),
            None => fail(SurfaceFailed { feed: self.satellite(&SURFACE) }),
        }
    }

    /// As [`Vault::live`], none when the surface feed fails.
    pub(crate) fn live_if_any(&self, session: &Session) -> Result<Option<Live>> {
        let indices = live_indices(self.live_bits());
        let mut stored: Vec<_> =
            indices.map(|index| Stored { depth: self.ramp(index), ..self.book.stored(index) }).collect();
        let moved = fill(self.vm(), self.satellite(&SURFACE), &mut stored, session.now32()?);
        Ok(moved.map(|moved| Live { stored, moved }))
    }
}

/// Asks the feed for the slices and rates of `stored`, all in one call. None when it does not answer, or with anything but slices that keep
/// the bounds of the kernels.
///
/// The answer is two words for each expiry: the packed slice, or zero for none, and the rate; then how far the last update moved a vol [1e-6].
fn fill(vm: &VM, feed: Address, stored: &mut [Stored], now: u32) -> Option<u32> {
    if stored.is_empty() {
        return Some(0);
    }
    let size = stored.len().checked_mul(2)?.checked_add(3)?.checked_mul(WORD)?;
    let answer = static_call(vm, feed, &request(stored), size)?;
    let (words, rest) = answer.as_chunks::<WORD>();
    let (head, body) = words.split_at_checked(2)?;
    let (moved, pairs) = body.split_last()?;
    let count = body.len();
    let expected = [WORD, count].map(|number| u64::try_from(number).map(|number| uint(number.into())).ok());
    let told = head.iter().map(|word| Some(U256::from_be_bytes(*word)));
    if answer.len() != size || !rest.is_empty() || !told.eq(expected) {
        return None;
    }
    for (one, pair) in stored.iter_mut().zip(pairs.as_chunks::<2>().0) {
        let [slice, rate] = pair;
        let rate = alloy_primitives::I256::from_be_bytes(*rate);
        one.rate = i32::try_from(to_i128(rate)?).ok()?;
        one.slice = unpack(slice, now)?;
    }
    u32::try_from(to_u128(U256::from_be_bytes(*moved))?).ok()
}

/// A slice that can be marked, or that there is none; none at all for what is neither.
fn unpack(word: &[u8; WORD], now: u32) -> Option<Option<Slice>> {
    if *word == [0; WORD] {
        return Some(None);
    }
    let slice = Slice::unpack(word);
    (slice.check().is_ok() && slice.updated_at <= now).then_some(Some(slice))
}

/// Calldata: the expiries as an array of words.
fn request(stored: &[Stored]) -> Vec<u8> {
    let mut data = ISurface::slicesCall::SELECTOR.to_vec();
    let count = u128::try_from(stored.len()).unwrap_or(u128::MAX);
    let head = [32, count].into_iter();
    for number in head.chain(stored.iter().map(|one| one.header.expiry.into())) {
        data.extend_from_slice(&uint(number).to_be_bytes::<WORD>());
    }
    data
}
