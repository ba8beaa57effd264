//! What the chain keeps of an activated program: when it was activated, what it costs to start, whether it is cached.
//!
//! A record is a word of the chain's own account, so that it is undone, saved and loaded with the state. The compiled module is only
//! remembered: it can be made anew from the code.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use revm::context_interface::{ContextTr, JournalTr};

use crate::activate::Activation;
use crate::code;
use crate::error::DeployError;
use crate::evm::{Context, Stylus};
use crate::price::{MIN_CACHED_INIT, MIN_INIT};
use crate::program::Program;

/// The account that holds the chain's own state.
pub(crate) const CHAIN_STATE: Address = address!("a4b05fffffffffffffffffffffffffffffffffff");
/// Version of the Stylus rules.
pub(crate) const STYLUS_VERSION: u16 = 2;
pub(crate) const EXPIRY_DAYS: u16 = 365;
pub(crate) const KEEPALIVE_DAYS: u16 = 31;
const DAY: u64 = 86_400;
/// Activation times are kept in hours since then [unix seconds].
const EPOCH: u64 = 1_421_388_000;
const HOUR: u64 = 3_600;

/// Why a program cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("ProgramNotActivated()")]
    NotActivated,
    #[error("ProgramNeedsUpgrade({0}, {STYLUS_VERSION})")]
    NeedsUpgrade(u16),
    #[error("ProgramExpired({0})")]
    Expired(u64),
}

/// The record of one code hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// 0 if the program was never activated.
    pub(crate) version: u16,
    hours: u32,
    pub(crate) footprint: u16,
    init_cost: u16,
    cached_init_cost: u16,
    asm_kib: u32,
    pub(crate) cached: bool,
}

impl Record {
    pub(crate) fn new(activation: &Activation, now: u64) -> Self {
        // Activation refuses costs that do not fit.
        Self {
            version: STYLUS_VERSION,
            hours: hours(now),
            footprint: activation.footprint_pages,
            init_cost: activation.init_cost as u16,
            cached_init_cost: activation.cached_init_cost as u16,
            asm_kib: activation.asm_estimate.div_ceil(1_024) as u32,
            cached: false,
        }
    }

    /// Where the record of a code hash lies.
    pub(crate) fn slot(hash: B256) -> U256 {
        keccak256(hash).into()
    }

    pub(crate) fn pack(&self) -> U256 {
        let fields: [(u64, usize); 7] = [
            (self.version.into(), 16),
            (self.hours.into(), 32),
            (self.footprint.into(), 16),
            (self.init_cost.into(), 16),
            (self.cached_init_cost.into(), 16),
            (self.asm_kib.into(), 32),
            (self.cached.into(), 8),
        ];
        fields.into_iter().fold(U256::ZERO, |word, (field, bits)| (word << bits) | U256::from(field))
    }

    pub(crate) fn unpack(word: U256) -> Self {
        let field = |shift: usize, bits: usize| -> u32 {
            let mask = (U256::ONE << bits) - U256::ONE;
            ((word >> shift) & mask).saturating_to()
        };
        Self {
            version: field(120, 16) as u16,
            hours: field(88, 32),
            footprint: field(72, 16) as u16,
            init_cost: field(56, 16) as u16,
            cached_init_cost: field(40, 16) as u16,
            asm_kib: field(8, 32),
            cached: field(0, 8) != 0,
        }
    }

    pub(crate) fn load(context: &mut Context, hash: B256) -> Self {
        const STATE: &str = "the state is in memory";
        let journal = context.journal_mut();
        journal.load_account(CHAIN_STATE).expect(STATE);
        Self::unpack(journal.sload(CHAIN_STATE, Self::slot(hash)).expect(STATE).data)
    }

    pub(crate) fn store(&self, context: &mut Context, hash: B256) {
        const STATE: &str = "the state is in memory";
        let journal = context.journal_mut();
        journal.load_account(CHAIN_STATE).expect(STATE);
        journal.touch_account(CHAIN_STATE);
        journal.sstore(CHAIN_STATE, Self::slot(hash), self.pack()).expect(STATE);
    }

    /// Seconds since the hour of activation.
    pub(crate) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(EPOCH + u64::from(self.hours) * HOUR)
    }

    /// Seconds until it expires.
    pub(crate) fn time_left(&self, now: u64) -> u64 {
        (u64::from(EXPIRY_DAYS) * DAY).saturating_sub(self.age(now))
    }

    /// Fails unless the program can be called.
    pub(crate) fn check(&self, now: u64) -> Result<(), Refusal> {
        match self.version {
            0 => Err(Refusal::NotActivated),
            STYLUS_VERSION if self.age(now) > u64::from(EXPIRY_DAYS) * DAY => {
                Err(Refusal::Expired(self.age(now)))
            }
            STYLUS_VERSION => Ok(()),
            other => Err(Refusal::NeedsUpgrade(other)),
        }
    }

    /// Whether it is old enough to be kept alive.
    pub(crate) fn may_be_renewed(&self, now: u64) -> bool {
        self.age(now) >= u64::from(KEEPALIVE_DAYS) * DAY
    }

    /// The same, in the chain's cache or out of it.
    pub(crate) fn with_cached(self, cached: bool) -> Self {
        Self { cached, ..self }
    }

    pub(crate) fn renew(&mut self, now: u64) {
        self.hours = hours(now);
    }

    /// Estimated native size [bytes].
    pub(crate) fn asm_size(&self) -> u32 {
        self.asm_kib.saturating_mul(1_024)
    }

    /// Gas charged before a call, memory not counted: of a program in the cache, and of one that is not.
    pub(crate) fn overhead(&self, cached: bool) -> u64 {
        let start = MIN_CACHED_INIT + u64::from(self.cached_init_cost);
        if cached { start } else { start + MIN_INIT + u64::from(self.init_cost) }
    }
}

fn hours(now: u64) -> u32 {
    u32::try_from(now.saturating_sub(EPOCH) / HOUR).unwrap_or(u32::MAX)
}

/// A program that is to be called, and its record.
pub(crate) fn callable(
    context: &mut Context,
    stylus: &mut Stylus,
    hash: B256,
    code: &[u8],
) -> Result<(Arc<Program>, Record), Refusal> {
    let record = Record::load(context, hash);
    record.check(stylus.chain.timestamp)?;
    if let Some(program) = stylus.programs.get(&hash) {
        return Ok((program, record));
    }
    // The state was loaded from a file: the module is made again.
    let made = assemble(code, |part| code_of(context, part))
        .and_then(|whole| stylus.programs.activate(hash, &whole.wasm, whole.compressed, whole.fragments));
    let program = made.ok().and_then(|_| stylus.programs.get(&hash)).ok_or(Refusal::NotActivated)?;
    Ok((program, record))
}

/// A program read back from its accounts.
pub(crate) struct Assembled {
    pub(crate) wasm: Vec<u8>,
    pub(crate) compressed: usize,
    pub(crate) fragments: usize,
}

/// Reads a program back from its accounts.
pub(crate) fn assemble(
    root: &[u8],
    mut code_of: impl FnMut(Address) -> Bytes,
) -> Result<Assembled, DeployError> {
    let malformed = |what: String| DeployError::Malformed(what);
    let fragments = code::fragments(root);
    if let Some(parts) = &fragments
        && !(1..=code::FRAGMENT_LIMIT).contains(&parts.len())
    {
        let found = parts.len();
        return Err(malformed(format!("{found} fragments, 1 to {} allowed", code::FRAGMENT_LIMIT)));
    }
    let mut packed = Vec::new();
    for part in fragments.iter().flatten() {
        let code = code_of(*part);
        if !code::is_fragment(&code) {
            return Err(malformed(format!("no fragment at {part}")));
        }
        packed.extend_from_slice(code::packed(&code));
    }
    if fragments.is_none() {
        packed.extend_from_slice(code::packed(root));
    }
    let wasm = code::decompress(&packed).ok_or_else(|| malformed("the code does not decompress".into()))?;
    if let Some(declared) = code::declared_length(root)
        && declared != wasm.len()
    {
        return Err(malformed(format!("{} bytes decompressed, the root declares {declared}", wasm.len())));
    }
    Ok(Assembled { wasm, compressed: packed.len(), fragments: fragments.map_or(1, |parts| parts.len()) })
}

/// Code of an account, read through the journal.
pub(crate) fn code_of(context: &mut Context, account: Address) -> Bytes {
    let loaded = context.journal_mut().load_account_with_code(account).expect("the state is in memory");
    loaded.info.code.as_ref().map(|code| code.original_bytes()).unwrap_or_default()
}
