//! Arguments and answers in the Solidity ABI, word by word.
//!
//! The SDK's router decodes and encodes with code made for each signature, a third of a large contract; here each type has one reader and
//! one writer. Decoding is strict: a number out of its type's range, an offset or a length past the data are refused without data.

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::aliases::{U24, U80};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, I256, U256};

use super::{Result, Revert, malformed};
use crate::margin::IMargin::Written;
use crate::surface::ISurface::SurfaceUpdate;

/// Calldata after the selector, read from the front.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    all: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Args<'a> {
    /// All of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self { all: data, rest: data }
    }

    /// The next argument.
    ///
    /// # Errors
    /// Empty revert data when it is missing or out of its type's range.
    #[inline]
    pub fn take<T: Arg>(&mut self) -> Result<T> {
        T::take(self)
    }

    fn word(&mut self) -> Result<&'a [u8; 32]> {
        let Some((word, rest)) = self.rest.split_first_chunk() else { return malformed() };
        self.rest = rest;
        Ok(word)
    }

    /// An unsigned number of at most `bits` bits.
    #[inline(never)]
    fn uint(&mut self, bits: usize) -> Result<U256> {
        let number = U256::from_be_bytes(*self.word()?);
        if number.bit_len() > bits { malformed() } else { Ok(number) }
    }

    /// A word of at most `size` bytes on its left.
    #[inline(never)]
    fn left(&mut self, size: usize) -> Result<&'a [u8; 32]> {
        let word = self.word()?;
        if word.iter().skip(size).any(|byte| *byte != 0) { malformed() } else { Ok(word) }
    }

    /// A number of at most 64 bits.
    pub(super) fn limb(&mut self, bits: usize) -> Result<u64> {
        let [low, ..] = self.uint(bits)?.into_limbs();
        Ok(low)
    }

    fn size(&mut self) -> Result<usize> {
        usize::try_from(self.limb(32)?).map_err(|_| Revert::empty())
    }

    /// What a dynamic argument's offset points at.
    pub(super) fn tail(&mut self) -> Result<Self> {
        let rest = self.all.get(self.size()?..);
        rest.map(Self::new).ok_or_else(Revert::empty)
    }
}

/// A type that can be an argument.
pub trait Arg: Sized {
    /// Reads one.
    ///
    /// # Errors
    /// Empty revert data when it is missing or out of range.
    fn take(args: &mut Args<'_>) -> Result<Self>;
}

/// A type that can be an answer.
pub trait Answer {
    /// Appends it.
    ///
    /// # Errors
    /// The error that it is.
    fn put(self, out: &mut Vec<u8>) -> Result<()>;
}

#[inline(never)]
fn put_uint(out: &mut Vec<u8>, number: &U256) {
    out.extend_from_slice(&number.to_be_bytes::<32>());
}

pub(super) fn put_limb(out: &mut Vec<u8>, number: u64) {
    put_uint(out, &U256::from_limbs([number, 0, 0, 0]));
}

impl Arg for U256 {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        args.uint(256)
    }
}

impl Answer for U256 {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        put_uint(out, &self);
        Ok(())
    }
}

impl Arg for I256 {
    #[expect(clippy::disallowed_methods, reason = "an ABI word of an int256 is its two's complement")]
    fn take(args: &mut Args<'_>) -> Result<Self> {
        args.uint(256).map(Self::from_raw)
    }
}

impl Answer for I256 {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        self.into_raw().put(out)
    }
}

impl Arg for U80 {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        let [low, high, ..] = args.uint(80)?.into_limbs();
        Ok(Self::from_limbs([low, high]))
    }
}

impl Arg for U24 {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        Ok(Self::from_limbs([args.limb(24)?]))
    }
}

impl Answer for U24 {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        let [number] = self.into_limbs();
        put_limb(out, number);
        Ok(())
    }
}

macro_rules! numbers {
    ($($name:ident: $bits:literal),*) => {$(
        impl Arg for $name {
            fn take(args: &mut Args<'_>) -> Result<Self> {
                Self::try_from(args.limb($bits)?).map_err(|_| Revert::empty())
            }
        }

        impl Answer for $name {
            fn put(self, out: &mut Vec<u8>) -> Result<()> {
                put_limb(out, self.into());
                Ok(())
            }
        }
    )*};
}

numbers!(u8: 8, u16: 16, u32: 32, u64: 64);

impl Arg for bool {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        Ok(args.limb(1)? == 1)
    }
}

impl Answer for bool {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        put_limb(out, self.into());
        Ok(())
    }
}

impl Arg for Address {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        match args.word()?.split_first_chunk::<12>() {
            Some(([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], address)) => Ok(Self::from_slice(address)),
            _ => malformed(),
        }
    }
}

impl Answer for Address {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(self.into_word().as_slice());
        Ok(())
    }
}

/// Fewer bytes than a word, on its left.
macro_rules! bytes {
    ($($size:literal)*) => {$(
        impl Arg for FixedBytes<$size> {
            fn take(args: &mut Args<'_>) -> Result<Self> {
                args.left($size)?.first_chunk().copied().map(Self).ok_or_else(Revert::empty)
            }
        }
    )*};
}

bytes!(4 8);

impl Answer for FixedBytes<4> {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(self.as_slice());
        out.extend_from_slice(&[0; 28]);
        Ok(())
    }
}

impl Arg for B256 {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        args.word().map(|word| Self(*word))
    }
}

impl Arg for Bytes {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        let mut tail = args.tail()?;
        let length = tail.size()?;
        let bytes = tail.rest.get(..length);
        bytes.map(Self::copy_from_slice).ok_or_else(Revert::empty)
    }
}

impl Answer for B256 {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(self.as_slice());
        Ok(())
    }
}

/// An array. Offsets of its items count from behind its length.
impl<T: Arg> Arg for Vec<T> {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        let mut tail = args.tail()?;
        let count = tail.size()?;
        let mut rest = Args::new(tail.rest);
        let mut items = Self::new();
        for _ in 0..count {
            items.push(rest.take()?);
        }
        Ok(items)
    }
}

/// Offsets inside a struct count from its start.
impl Arg for SurfaceUpdate {
    fn take(args: &mut Args<'_>) -> Result<Self> {
        let mut tail = args.tail()?;
        Ok(Self { timestamp: tail.take()?, nonce: tail.take()?, slices: tail.take()? })
    }
}

impl Answer for () {
    fn put(self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

impl<A: Answer, B: Answer> Answer for (A, B) {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        self.0.put(out)?;
        self.1.put(out)
    }
}

impl<A: Answer, B: Answer, C: Answer> Answer for (A, B, C) {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        ((self.0, self.1), self.2).put(out)
    }
}

impl<T: Answer> Answer for Result<T> {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        self?.put(out)
    }
}

/// As the only answer of a method.
impl Answer for String {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        put_limb(out, 32);
        put_length(out, self.len());
        out.extend_from_slice(self.as_bytes());
        while !out.len().is_multiple_of(32) {
            out.push(0);
        }
        Ok(())
    }
}

pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    put_limb(out, u64::try_from(length).unwrap_or(u64::MAX));
}

/// An array of a fixed length.
impl<T: Answer, const N: usize> Answer for [T; N] {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        self.into_iter().try_for_each(|item| item.put(out))
    }
}

/// A type without a tail.
pub trait Flat: Answer {}

impl Flat for B256 {}
impl Flat for Address {}
impl Flat for I256 {}
impl Flat for Written {}

/// An array as the only answer of a method.
impl<T: Flat> Answer for Vec<T> {
    fn put(self, out: &mut Vec<u8>) -> Result<()> {
        put_limb(out, 32);
        put_length(out, self.len());
        out.reserve(self.len().saturating_mul(32));
        self.into_iter().try_for_each(|item| item.put(out))
    }
}
