//! What a contract says to the outside: errors and events of `abi/`, one word for each field.
//!
//! In a program an error ends the call where it arises: its data is written and the frame reverts, so a [`Revert`] is never seen and costs
//! nothing to pass on. Natively, in tests, it travels up as data. No contract may therefore catch a `Revert`: what can be answered
//! in another way than by refusing is an `Option` or an error type of its own.

/// Adapters of venues that hold a position.
pub mod adapter;
/// Calls to contracts of others.
pub mod callee;
mod codec;
mod hedging;
/// Re-entrancy.
pub mod lock;
mod router;
mod structs;
/// Calls to tokens.
pub mod token;
mod views;

use alloc::vec::Vec;
use core::marker::PhantomData;

use alloy_primitives::B256;
use alloy_sol_types::abi::token::{DynSeqToken, WordToken};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolType};
use stylus_sdk::stylus_core::RawLogAccess;

pub use codec::{Answer, Arg, Args};
pub use router::once;

use crate::vault::IVault::{ArithmeticOverflow, BookTooLarge, SurfaceMissing};

/// A refusal of the whole call. On WASM it has no values.
#[cfg(target_arch = "wasm32")]
#[derive(Debug)]
pub struct Revert(core::convert::Infallible);

/// A refusal of the whole call: its data.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, PartialEq, Eq)]
pub struct Revert(pub Vec<u8>);

/// The result of everything that can refuse.
pub type Result<T, E = Revert> = core::result::Result<T, E>;

/// Checked arithmetic ends in `ArithmeticOverflow`, never in a wrapped number.
pub trait OrOverflow<T> {
    /// The value, or the error when there is none.
    ///
    /// # Errors
    /// `ArithmeticOverflow`.
    fn or_overflow(self) -> Result<T>;
}

impl<T> OrOverflow<T> for Option<T> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.ok_or_else(|| ArithmeticOverflow {}.into())
    }
}

impl<T> OrOverflow<T> for core::result::Result<T, core::num::TryFromIntError> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.map_err(|_| ArithmeticOverflow {}.into())
    }
}

impl<T> OrOverflow<T> for book::Result<T> {
    #[inline]
    fn or_overflow(self) -> Result<T> {
        self.map_err(unmarked)
    }
}

/// Why there is no mark, no price or no stress, in the errors of `IVault`.
#[cold]
#[inline(never)]
#[must_use]
pub fn unmarked(error: book::Error) -> Revert {
    match error {
        book::Error::Overflow => ArithmeticOverflow {}.into(),
        book::Error::SurfaceMissing { expiry } => SurfaceMissing { expiry: expiry.into() }.into(),
        book::Error::Lots { lots, limit } => BookTooLarge { lots, limit }.into(),
    }
}

/// Calldata of a method whose only argument is an array of words.
#[must_use]
pub fn array_calldata(selector: [u8; 4], words: &[[u8; 32]]) -> Vec<u8> {
    let mut data = Vec::with_capacity(words.len().saturating_add(3).saturating_mul(32));
    data.extend_from_slice(&selector);
    codec::put_limb(&mut data, 32);
    codec::put_length(&mut data, words.len());
    data.extend_from_slice(words.as_flattened());
    data
}

/// Fails with `error`.
///
/// # Errors
/// Always.
#[inline]
#[allow(unreachable_code, reason = "on WASM the error ends the call")]
pub fn fail<T, E: SolError>(error: E) -> Result<T>
where
    for<'a> E::Token<'a>: Words,
{
    Err(Revert::from(error))
}

/// Fails with the error of a callee, as it came.
///
/// # Errors
/// Always.
#[inline]
#[allow(unreachable_code, reason = "on WASM the error ends the call")]
pub fn raise<T>(data: &[u8]) -> Result<T> {
    Err(Revert::with(data))
}

/// Refuses calldata that is no call of the ABI: without data, as Solidity does.
///
/// # Errors
/// Always.
#[inline]
#[allow(unreachable_code, reason = "on WASM the error ends the call")]
pub fn malformed<T>() -> Result<T> {
    Err(Revert::empty())
}

/// Fails with `error` unless `condition` holds.
///
/// # Errors
/// The given one.
#[inline]
pub fn ensure<E: SolError>(condition: bool, error: impl FnOnce() -> E) -> Result<()>
where
    for<'a> E::Token<'a>: Words,
{
    if condition { Ok(()) } else { fail(error()) }
}

/// Emits an event.
pub fn emit<E: SolEvent>(vm: &impl RawLogAccess, event: &E)
where
    for<'a> E::DataToken<'a>: Words,
    <E::TopicList as SolType>::Token<'static>: Topics,
{
    let mut topics = [WordToken::default(); 4];
    if event.encode_topics_raw(&mut topics).is_ok() {
        let indexed = <E::TopicList as SolType>::Token::<'static>::indexed(topics);
        let [a, b, c, d] = Signature::<E>::LIMBS;
        log(vm, a, b, c, d, indexed.as_ref(), &bytes(event.tokenize_body().words().as_ref()));
    }
}

/// Emits an event that is one struct of many numbers.
///
/// # Errors
/// None: an answer that fails is no struct of numbers.
pub fn emit_struct<E: SolEvent>(vm: &impl RawLogAccess, fields: impl Answer) -> Result<()> {
    let mut data = Vec::new();
    fields.put(&mut data)?;
    let [a, b, c, d] = Signature::<E>::LIMBS;
    log(vm, a, b, c, d, &[], &data);
    Ok(())
}

/// The hash that names an event, as four numbers: constants of the code. As bytes it would be data, which every call pays for.
struct Signature<E>(PhantomData<E>);

impl<E: SolEvent> Signature<E> {
    const LIMBS: [u64; 4] = match E::SIGNATURE_HASH.0.as_chunks() {
        ([a, b, c, d], _) => {
            [u64::from_be_bytes(*a), u64::from_be_bytes(*b), u64::from_be_bytes(*c), u64::from_be_bytes(*d)]
        }
        _ => [0; 4],
    };
}

#[inline(never)]
fn log(vm: &impl RawLogAccess, a: u64, b: u64, c: u64, d: u64, indexed: &[B256], data: &[u8]) {
    let words = indexed.len().saturating_add(1);
    let mut bytes = Vec::with_capacity(words.saturating_mul(32).saturating_add(data.len()));
    for limb in [a, b, c, d] {
        bytes.extend_from_slice(&limb.to_be_bytes());
    }
    for word in indexed {
        bytes.extend_from_slice(word.as_slice());
    }
    bytes.extend_from_slice(data);
    vm.emit_log(&bytes, indexed.len().saturating_add(1));
}

/// Calldata of a call whose arguments are words.
pub fn calldata<C: SolCall>(call: &C) -> Vec<u8>
where
    for<'a> C::Token<'a>: Words,
{
    encode(C::SELECTOR, call.tokenize().words().as_ref())
}

#[inline(never)]
fn bytes(words: &[B256]) -> Vec<u8> {
    let mut data = Vec::with_capacity(words.len().saturating_mul(32));
    for word in words {
        data.extend_from_slice(word.as_slice());
    }
    data
}

#[inline(never)]
fn encode(selector: [u8; 4], words: &[B256]) -> Vec<u8> {
    let mut data = Vec::with_capacity(words.len().saturating_mul(32).saturating_add(4));
    data.extend_from_slice(&selector);
    for word in words {
        data.extend_from_slice(word.as_slice());
    }
    data
}

impl Revert {
    /// A refusal without data: malformed calldata.
    #[must_use]
    pub fn empty() -> Self {
        Self::with(&[])
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn with(data: &[u8]) -> Self {
        Self(data.to_vec())
    }

    #[cfg(target_arch = "wasm32")]
    fn with(data: &[u8]) -> Self {
        #[link(wasm_import_module = "vm_hooks")]
        unsafe extern "C" {
            fn write_result(data: *const u8, len: usize);
            fn exit_early(status: u32) -> !;
        }
        // SAFETY: the data outlives the call that reads it; nothing runs after the exit.
        unsafe {
            write_result(data.as_ptr(), data.len());
            exit_early(1)
        }
    }
}

impl<E: SolError> From<E> for Revert
where
    for<'a> E::Token<'a>: Words,
{
    #[cold]
    #[inline(never)]
    fn from(error: E) -> Self {
        Self::with(&encode(E::SELECTOR, error.tokenize().words().as_ref()))
    }
}

impl From<Revert> for Vec<u8> {
    #[cfg(target_arch = "wasm32")]
    fn from(revert: Revert) -> Self {
        match revert.0 {}
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn from(revert: Revert) -> Self {
        revert.0
    }
}

/// A panic is a trap: the frame reverts without data. The standard library's handler would bring the words and places of all panics, and
/// data bytes are paid for in every call.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Tokens that are one word each.
pub trait Words {
    /// The words, in order.
    type Array: AsRef<[B256]>;
    /// Takes them out.
    fn words(self) -> Self::Array;
}

macro_rules! words {
    ($count:literal: $($name:ident)*) => {
        impl Words for ($(word!($name),)*) {
            type Array = [B256; $count];
            #[inline]
            fn words(self) -> Self::Array {
                #[allow(non_snake_case, reason = "a name for each word of a tuple")]
                let ($($name,)*) = self;
                [$($name.0),*]
            }
        }
    };
}

macro_rules! word {
    ($name:ident) => {
        WordToken
    };
}

words!(0: );
words!(2: A B);
words!(3: A B C);
words!(4: A B C D);
words!(5: A B C D E);
words!(6: A B C D E F);
words!(7: A B C D E F G);
words!(8: A B C D E F G H);

impl Words for WordToken {
    type Array = [B256; 1];
    #[inline]
    fn words(self) -> Self::Array {
        [self.0]
    }
}

/// An array of words and the words after it in the head: its offset, they, its length and itself.
fn after(others: &[WordToken], array: &DynSeqToken<WordToken>) -> Vec<B256> {
    let count = |number: usize| {
        let bytes = u64::try_from(number).unwrap_or(u64::MAX).to_be_bytes();
        B256::left_padding_from(&bytes)
    };
    let head = others.len().saturating_add(1).saturating_mul(32);
    let others = others.iter().map(|word| word.0);
    let items = array.0.iter().map(|word| word.0);
    [count(head)].into_iter().chain(others).chain([count(array.0.len())]).chain(items).collect()
}

impl Words for (DynSeqToken<WordToken>, WordToken) {
    type Array = Vec<B256>;
    fn words(self) -> Self::Array {
        after(&[self.1], &self.0)
    }
}

impl Words for (DynSeqToken<WordToken>, WordToken, WordToken) {
    type Array = Vec<B256>;
    fn words(self) -> Self::Array {
        after(&[self.1, self.2], &self.0)
    }
}

/// One word, or one struct: the struct's words.
impl<T: Words> Words for (T,) {
    type Array = T::Array;
    #[inline]
    fn words(self) -> Self::Array {
        self.0.words()
    }
}

/// Topics of an event: the first names it.
pub trait Topics {
    /// The others, in order.
    type Array: AsRef<[B256]>;
    /// Takes the others out of the most that there can be.
    fn indexed(topics: [WordToken; 4]) -> Self::Array;
}

macro_rules! topics {
    ($count:literal: $($name:ident)*) => {
        impl Topics for (WordToken, $(word!($name),)*) {
            type Array = [B256; $count];
            #[inline]
            fn indexed(topics: [WordToken; 4]) -> Self::Array {
                #[allow(non_snake_case, reason = "a name for each word of an array")]
                let [_, $($name,)* ..] = topics;
                [$($name.0),*]
            }
        }
    };
}

topics!(0: );
topics!(1: A);
topics!(2: A B);
topics!(3: A B C);
