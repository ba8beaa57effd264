//! What the lens asks a vault. Answers are bounded, and read as the vault's ABI says or not at all.

use alloc::vec::Vec;

use alloy_primitives::{Address, FixedBytes, I256, U256};
use alloy_sol_types::{SolCall, SolError as _};
use book::{Mark, Request, Rules, Spots, Stored, ANSWER, MAX_EXPIRIES};
use interfaces::contract::{calldata, Words};
use interfaces::erc4626::IERC4626;
use interfaces::lens::ILens::{VaultFailed, VaultRefused};
use interfaces::settings::Settings;
use interfaces::vault::IVault::{self, ReentrantCall};
use interfaces::words::{int, to_i128, to_u128, uint};
use options::StrikeGrid;
use stylus_sdk::call::RawCall;
use stylus_sdk::host::VM;

use crate::error::{fail, OrOverflow, Result};

const WORD: usize = 32;
/// Words of a NAV and of a quote.
const NAV: usize = 12;
const QUOTE: usize = 4;

/// A vault, and the access to it.
#[derive(Clone, Copy)]
pub(crate) struct Vault<'a> {
    pub(crate) vm: &'a VM,
    pub(crate) address: Address,
}

/// What a vault tells its risk engine.
pub(crate) struct State {
    pub(crate) rules: Rules,
    pub(crate) request: Request,
}

/// The same, with its book marked: the mark has the stored expiries.
pub(crate) struct Marked {
    pub(crate) state: State,
    pub(crate) mark: Mark,
}

/// What the vault says of its NAV [micro-USD].
pub(crate) struct Nav {
    pub(crate) cash: u128,
    pub(crate) owed: u128,
    pub(crate) hedge: u128,
    pub(crate) book: i128,
    pub(crate) risk_reserve: u128,
    pub(crate) unvested: u128,
    pub(crate) pool: u128,
    pub(crate) pool_liquid: u128,
    pub(crate) receivable: u128,
    pub(crate) broker: i128,
    pub(crate) mid: i128,
    pub(crate) low: i128,
}

impl Vault<'_> {
    /// The book, marked at a price that passed the vault's checks.
    pub(crate) fn marked(&self) -> Result<Marked> {
        let mut state = self.priced()?;
        let State { rules, request } = &mut state;
        let spots = Spots::here(rules.lot, request.spot).or_overflow()?;
        let stored = core::mem::take(&mut request.stored);
        let mark = Mark::new(stored.into_iter(), spots, request.now).or_overflow()?;
        Ok(Marked { state, mark })
    }

    /// What the vault tells its risk engine, with a price. Without one, `spot` says why there is none.
    pub(crate) fn priced(&self) -> Result<State> {
        let state = self.state()?;
        if state.request.spot == 0 {
            self.ask(&IVault::spotCall {}, 2)?;
            return self.good(None);
        }
        Ok(state)
    }

    /// What the vault tells its risk engine.
    pub(crate) fn state(&self) -> Result<State> {
        let answer = self.ask_up_to(&calldata(&IVault::wordsCall {}), ANSWER)?;
        self.good(read_state(&answer))
    }

    pub(crate) fn nav(&self) -> Result<Nav> {
        let answer = self.ask(&IVault::navCall {}, NAV)?;
        self.good(read_nav(&mut Reader(&answer)))
    }

    /// The last epoch of redemptions that is filled, and the last of all.
    pub(crate) fn epochs(&self) -> Result<[u128; 2]> {
        let answer = self.ask(&IERC4626::epochsCall {}, 2)?;
        self.good(Reader(&answer).uints())
    }

    /// What was requested in an epoch, what of it was processed and for how much, and its three times.
    pub(crate) fn epoch(&self, id: u128) -> Result<[u128; 6]> {
        let answer = self.ask(&IERC4626::epochCall { requestId: uint(id) }, 6)?;
        self.good(Reader(&answer).uints())
    }

    /// The premium of a trade of one leg, or the selector of the error that the vault refuses it with.
    pub(crate) fn quote(
        &self,
        series: U256,
        size: i128,
    ) -> Result<core::result::Result<i128, FixedBytes<4>>> {
        let mut data = IVault::quoteCall::SELECTOR.to_vec();
        for word in [uint(32), uint(1), series, int(size).into_raw()] {
            data.extend_from_slice(&word.to_be_bytes::<WORD>());
        }
        match self.call(&data, QUOTE) {
            Ok(answer) => {
                let whole = answer.len() == QUOTE.saturating_mul(WORD);
                self.good(Reader(&answer).int().filter(|_| whole)).map(Ok)
            }
            Err(data) => match self.reason(&data)? {
                FixedBytes(ReentrantCall::SELECTOR) => self.refused(&data),
                reason => Ok(Err(reason)),
            },
        }
    }

    /// What was read, or the vault has failed.
    pub(crate) fn good<T>(&self, read: Option<T>) -> Result<T> {
        read.map_or_else(|| fail(VaultFailed { vault: self.address }), Ok)
    }

    /// An answer of `words` words.
    fn ask<C: SolCall>(&self, call: &C, words: usize) -> Result<Vec<u8>>
    where
        for<'a> C::Token<'a>: Words,
    {
        let answer = self.ask_up_to(&calldata(call), words)?;
        let whole = answer.len() == words.saturating_mul(WORD);
        self.good(whole.then_some(answer))
    }

    fn ask_up_to(&self, data: &[u8], words: usize) -> Result<Vec<u8>> {
        self.call(data, words).or_else(|data| self.refused(&data))
    }

    /// At most `words` words of an answer, or of a refusal's data.
    fn call(&self, data: &[u8], words: usize) -> core::result::Result<Vec<u8>, Vec<u8>> {
        let size = words.saturating_mul(WORD);
        // SAFETY: the lens has no storage.
        let answer =
            unsafe { RawCall::new_static(self.vm).limit_return_data(0, size).call(self.address, data) };
        answer.map_err(|error| error.to_vec())
    }

    fn refused<T>(&self, data: &[u8]) -> Result<T> {
        fail(VaultRefused { vault: self.address, reason: self.reason(data)? })
    }

    /// The selector of a refusal; one without is a failure.
    fn reason(&self, data: &[u8]) -> Result<FixedBytes<4>> {
        self.good(data.first_chunk::<4>().copied().map(FixedBytes))
    }
}

/// A request of a vault with a lot, with a book that the kernels take.
fn read_state(answer: &[u8]) -> Option<State> {
    let request = Request::answered(answer)?;
    let rules = Settings::unpack(&request.settings).rules();
    let good = request.stored.iter().all(|stored| sound(stored, request.now));
    (good && request.stored.len() <= MAX_EXPIRIES && rules.lot > 0).then_some(State { rules, request })
}

/// Whether grid and slice are within the bounds of the kernels.
fn sound(stored: &Stored, now: u32) -> bool {
    let StrikeGrid { base, step, count } = stored.header.grid;
    let slice = stored.slice.as_ref().is_none_or(|slice| slice.check().is_ok() && slice.updated_at <= now);
    StrikeGrid::new(base, step, count).is_ok() && slice
}

fn read_nav(words: &mut Reader<'_>) -> Option<Nav> {
    Some(Nav {
        cash: words.uint()?,
        owed: words.uint()?,
        hedge: words.uint()?,
        book: words.int()?,
        risk_reserve: words.uint()?,
        unvested: words.uint()?,
        pool: words.uint()?,
        pool_liquid: words.uint()?,
        receivable: words.uint()?,
        broker: words.int()?,
        mid: words.int()?,
        low: words.int()?,
    })
}

/// An answer, read word by word from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<&'a [u8; WORD]> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(word)
    }

    fn uint(&mut self) -> Option<u128> {
        to_u128(U256::from_be_bytes(*self.word()?))
    }

    fn uints<const N: usize>(&mut self) -> Option<[u128; N]> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.uint()?;
        }
        Some(numbers)
    }

    fn int(&mut self) -> Option<i128> {
        to_i128(I256::from_be_bytes(*self.word()?))
    }
}
