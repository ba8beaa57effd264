//! Code as it lies on chain: `EF F0 00 <dictionary>` and a brotli stream, or a root `EF F0 02` that names accounts with its fragments.

use alloy_primitives::{Address, Bytes};
use std::io::Read;

/// Longest code of one account.
pub(crate) const ACCOUNT_LIMIT: usize = 24_576;
/// Longest decompressed program.
pub(crate) const WASM_LIMIT: usize = 262_144;
/// Most fragments of a program.
pub(crate) const FRAGMENT_LIMIT: usize = 4;

const WHOLE: [u8; 3] = [0xef, 0xf0, 0x00];
const FRAGMENT: [u8; 3] = [0xef, 0xf0, 0x01];
const ROOT: [u8; 3] = [0xef, 0xf0, 0x02];

/// Brotli as cargo-stylus compresses: quality 11, window 22, no dictionary.
pub(crate) fn compress(wasm: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &wasm[..], &mut packed, &parameters)
        .expect("writing to memory does not fail");
    packed
}

/// A compressed program as the code of one account, whatever its length.
pub(crate) fn whole(packed: &[u8]) -> Bytes {
    WHOLE.into_iter().chain([0]).chain(packed.iter().copied()).collect()
}

/// The accounts that hold a compressed program: one, or its fragments in order.
pub(crate) fn split(packed: &[u8]) -> Vec<Bytes> {
    let whole = whole(packed);
    if whole.len() <= ACCOUNT_LIMIT {
        return vec![whole];
    }
    let chunk = ACCOUNT_LIMIT - FRAGMENT.len();
    packed.chunks(chunk).map(|part| FRAGMENT.into_iter().chain(part.iter().copied()).collect()).collect()
}

/// The root of a fragmented program.
pub(crate) fn root(decompressed: usize, fragments: &[Address]) -> Bytes {
    let length = (decompressed as u32).to_be_bytes();
    let addresses = fragments.iter().flat_map(|address| address.0.0);
    ROOT.into_iter().chain([0]).chain(length).chain(addresses).collect()
}

/// Whether code is a Stylus program that can be called.
pub(crate) fn is_program(code: &[u8]) -> bool {
    code.starts_with(&WHOLE) || code.starts_with(&ROOT)
}

/// Addresses of the fragments that a root names.
pub(crate) fn fragments(code: &[u8]) -> Option<Vec<Address>> {
    let addresses = code.strip_prefix(&ROOT)?.get(5..)?;
    Some(addresses.chunks_exact(20).map(Address::from_slice).collect())
}

/// The program in whole or fragment code, compressed parts joined by the caller. One byte beyond the limit is read, so that activation
/// sees that it is too long.
pub(crate) fn decompress(packed: &[u8]) -> Option<Vec<u8>> {
    let mut wasm = Vec::new();
    brotli::Decompressor::new(packed, 4096).take(WASM_LIMIT as u64 + 1).read_to_end(&mut wasm).ok()?;
    Some(wasm)
}

/// The compressed part of an account's code.
pub(crate) fn packed(code: &[u8]) -> &[u8] {
    let header = if code.starts_with(&WHOLE) { 4 } else { 3 };
    code.get(header..).unwrap_or_default()
}
