//! The vault's storage, its construction, and what every method begins with.

use alloc::vec::Vec;

use ::book::SETTINGS;
use alloy_primitives::aliases::U32;
use alloy_primitives::{Address, U16, U8};
use interfaces::vault::IVault::{
    EnforcedPause, Limits, OwnershipTransferred, Profile, TokenFailed, ZeroAddress,
};
use inventory::hedge::SPANS;
use stylus_sdk::prelude::*;
use stylus_sdk::storage::{
    StorageAddress, StorageArray, StorageB256, StorageMap, StorageU128, StorageU16, StorageU32, StorageU64,
    StorageU8,
};

use crate::book::{live_indices, Book};
use crate::broker::{Margining, Positions as Held};
use crate::deposits::Deposits;
use crate::depth::Depths;
use crate::desk::Desk;
use crate::epochs::Queue;
use crate::error::{emit, ensure, OrOverflow, Result};
use crate::governance::Governance;
use crate::margin::{Margin, Writing};
use crate::market::Market;
use crate::oracle::{Feeds, Price};
use crate::pool::{IdleCash, Pool, Pooled};
use crate::positions::{Erc165, Erc6909, Positions};
use crate::profile::{Settings, SettingsWords};
use crate::redemptions::Redemptions;
use crate::satellite::{Naming, Satellites};
use crate::settlement::Settlement;
use crate::shares::{Erc20, Shares};
use crate::shortfall::Shortfall;
use crate::throttle::Throttle;
use crate::token::Token;
use crate::trading::Trading;
use crate::vesting::Vestings;

/// Decimals that the vault's arithmetic is written for: USDC, and a feed in 1e-8 USD.
const ASSET_DECIMALS: u128 = 6;
const FEED_DECIMALS: u128 = 8;
const MAX_UNDERLYING_DECIMALS: u128 = 18;

/// New risk is stopped.
const PAUSED: u64 = 1;
/// Cash is in the pool.
const IN_POOL: u64 = 2;
/// The broker holds something.
const BROKERED: u64 = 4;

/// Storage of the vault.
#[storage]
pub struct Vault {
    price_feed: StorageAddress,
    /// One bit for each live expiry.
    live: StorageU16,
    /// One bit for each expiry whose depth has weights.
    pub(crate) weighted: StorageU16,
    underlying_decimals: StorageU8,
    /// [`PAUSED`], [`IN_POOL`] and [`BROKERED`], read with the price feed.
    flags: StorageU8,
    /// The most that the broker may be short // [whole USD]
    short: StorageU32,
    /// Margin that a position of its takes // [1e-4]
    margin_rate: StorageU16,
    /// What margin accounts could fail to pay at most // [USDC]
    pub(crate) uncovered: StorageU64,
    sequencer_feed: StorageAddress,
    /// What margin accounts owe for settled series // [USDC]
    pub(crate) receivable: StorageU64,
    risk_engine: StorageAddress,
    asset: StorageAddress,
    underlying: StorageAddress,
    settings: SettingsWords,
    /// USDC in the vault, all purposes // [USDC]
    pub(crate) cash: StorageU128,
    /// Settled claims not yet paid // [USDC]
    pub(crate) claims_owed: StorageU128,
    /// Processed redemptions not yet taken // [USDC]
    pub(crate) redemptions_owed: StorageU128,
    /// Hedges held // [token units of the underlying]
    pub(crate) hedge: StorageU128,
    pub(crate) book: Book,
    pub(crate) shares: Shares,
    pub(crate) positions: Positions,
    pub(crate) redemptions: Redemptions,
    /// Spread income that vests until an expiry // [USDC]
    pub(crate) vestings: Vestings,
    /// Price of a share above which a gain pays the fee // [1e-18 micro-USD for a unit of a share]
    pub(crate) high_water: StorageU128,
    /// Settlement price by expiry // [1e-8 USD]
    pub(crate) settlements: StorageMap<alloy_primitives::U64, StorageU64>,
    /// Owner, curator, guardian, pending owner.
    pub(crate) roles: StorageArray<StorageAddress, 4>,
    /// When a venue may be used, zero when it may not // [s]
    pub(crate) venues: StorageMap<Address, StorageU64>,
    /// The venue that raises cash for claims: the one allowed last.
    pub(crate) default_venue: StorageAddress,
    /// Surface feed, margin contract, hedging desk, broker.
    pub(crate) satellites: Satellites,
    /// Delta of the trades of the last minutes.
    pub(crate) young: StorageArray<StorageB256, SPANS>,
    pub(crate) throttle: Throttle,
    pub(crate) shortfall: Shortfall,
    pub(crate) depths: Depths,
    pub(crate) pool: Pool,
    pub(crate) margin: Margin,
}

#[public]
#[implements(
    Trading, Settlement, Deposits, Queue, Erc20, Erc6909, Erc165, Market, Naming, Desk, Margining, IdleCash,
    Writing, Governance
)]
impl Vault {
    /// Fixes tokens, feeds, risk engine and owner. The tokens' and the feed's decimals are checked here, once.
    #[constructor]
    pub fn constructor(
        &mut self,
        asset: Address,
        underlying: Address,
        price_feed: Address,
        sequencer_feed: Address,
        risk_engine: Address,
        owner: Address,
    ) -> Result<()> {
        let given = [asset, underlying, price_feed, sequencer_feed, risk_engine, owner];
        ensure(given.iter().all(|address| !address.is_zero()), || ZeroAddress {})?;
        let vm = self.vm();
        ensure(Token(asset).decimals(vm)? == ASSET_DECIMALS, || TokenFailed { token: asset })?;
        ensure(Token(price_feed).decimals(vm)? == FEED_DECIMALS, || TokenFailed { token: price_feed })?;
        let decimals = Token(underlying).decimals(vm)?;
        ensure(decimals <= MAX_UNDERLYING_DECIMALS, || TokenFailed { token: underlying })?;

        self.asset.set(asset);
        self.underlying.set(underlying);
        self.underlying_decimals.set(U8::from_limbs([u64::try_from(decimals).or_overflow()?]));
        self.price_feed.set(price_feed);
        self.sequencer_feed.set(sequencer_feed);
        self.risk_engine.set(risk_engine);
        self.roles.setter(0).or_overflow()?.set(owner);

        emit(self.vm(), &OwnershipTransferred { owner: Address::ZERO, newOwner: owner });
        Ok(())
    }
}

/// What a method that prices anything works on.
pub(crate) struct Session {
    /// Profile and limits as stored.
    pub(crate) packed: [u8; SETTINGS],
    pub(crate) profile: Profile,
    pub(crate) limits: Limits,
    /// [s]
    pub(crate) now: u64,
    pub(crate) price: Price,
    pub(crate) pool: Pooled,
    pub(crate) positions: Held,
}

impl Session {
    /// The block's time as the book stores times.
    pub(crate) fn now32(&self) -> Result<u32> {
        u32::try_from(self.now).or_overflow()
    }
}

impl Vault {
    /// USDC.
    pub(crate) fn asset_token(&self) -> Token {
        Token(self.asset.get())
    }

    /// What computes marks, premiums and limits.
    pub(crate) fn engine_address(&self) -> Address {
        self.risk_engine.get()
    }

    /// What the options are on.
    pub(crate) fn underlying_token(&self) -> Token {
        Token(self.underlying.get())
    }

    /// Block time [s].
    pub(crate) fn now(&self) -> u64 {
        self.vm().block_timestamp()
    }

    /// Profile and limits.
    pub(crate) fn settings(&self) -> Settings {
        Settings::unpack(&self.settings.packed())
    }

    /// Replaces profile and limits.
    pub(crate) fn store_settings(&mut self, settings: &mut Settings) -> Result<()> {
        self.settings.write(settings)
    }

    /// Feeds and their limits.
    pub(crate) fn feeds_of(&self, profile: &Profile) -> Feeds {
        Feeds {
            price: self.price_feed.get(),
            sequencer: self.sequencer_feed.get(),
            max_age: profile.maxPriceAge.into(),
            grace: profile.sequencerGrace.into(),
        }
    }

    /// Time, a checked price, and what is in the pool and at the broker.
    pub(crate) fn session(&self) -> Result<Session> {
        let mut session = self.priced()?;
        self.require_places(&mut session)?;
        Ok(session)
    }

    /// Time and a checked price; neither pool nor broker is asked.
    pub(crate) fn priced(&self) -> Result<Session> {
        let session = self.unpriced();
        let price = self.feeds_of(&session.profile).current(self.vm(), session.now)?;
        Ok(Session { price, ..session })
    }

    /// Time and settings, without a price, the pool and the broker.
    pub(crate) fn unpriced(&self) -> Session {
        let packed = self.settings.packed();
        let Settings { profile, limits } = Settings::unpack(&packed);
        let (now, price) = (self.now(), Price::default());
        Session { packed, profile, limits, now, price, pool: Pooled::default(), positions: Held::default() }
    }

    /// Cash in the vault owed to nobody; negative while settled claims wait for hedges to be sold.
    pub(crate) fn free_cash(&self) -> Result<i128> {
        let owed = self.owed()?;
        let cash = i128::try_from(small(self.cash.get())).or_overflow()?;
        cash.checked_sub_unsigned(owed).or_overflow()
    }

    /// Settled claims and processed redemptions.
    pub(crate) fn owed(&self) -> Result<u128> {
        small(self.claims_owed.get()).checked_add(small(self.redemptions_owed.get())).or_overflow()
    }

    /// Value of the hedges at `spot`, rounded down [micro-USD].
    pub(crate) fn hedge_value(&self, spot: u64) -> Result<u128> {
        let per_price = self.hedge_unit()?.checked_mul(100).or_overflow()?;
        maths::mul_div_down(small(self.hedge.get()), spot.into(), per_price).or_overflow()
    }

    /// Token units of one underlying.
    pub(crate) fn hedge_unit(&self) -> Result<u128> {
        let [decimals] = *self.underlying_decimals.get().as_limbs();
        10_u128.checked_pow(u32::try_from(decimals).or_overflow()?).or_overflow()
    }

    /// One bit for each live expiry.
    pub(crate) fn live_bits(&self) -> u16 {
        let [bits] = *self.live.get().as_limbs();
        u16::try_from(bits).unwrap_or_default()
    }

    /// One bit for each expiry whose depth has weights.
    pub(crate) fn weighted_bits(&self) -> u16 {
        let [bits] = *self.weighted.get().as_limbs();
        u16::try_from(bits).unwrap_or_default()
    }

    /// Sets or clears the bit of an expiry.
    pub(crate) fn set_live(&mut self, index: usize, live: bool) -> Result<()> {
        let bit = 1_u16.checked_shl(u32::try_from(index).or_overflow()?).or_overflow()?;
        let bits = if live { self.live_bits() | bit } else { self.live_bits() & !bit };
        self.live.set(U16::from_limbs([bits.into()]));
        Ok(())
    }

    /// Storage index of a live expiry.
    pub(crate) fn find_expiry(&self, expiry: u64) -> Option<usize> {
        live_indices(self.live_bits()).find(|index| u64::from(self.book.header(*index).expiry) == expiry)
    }

    /// Whether new risk is stopped.
    pub(crate) fn is_paused(&self) -> bool {
        self.flag(PAUSED)
    }

    /// Stops or allows new risk.
    pub(crate) fn store_paused(&mut self, paused: bool) {
        self.store_flag(PAUSED, paused);
    }

    /// Whether any cash is in the pool.
    pub(crate) fn in_pool(&self) -> bool {
        self.flag(IN_POOL)
    }

    /// Notes whether any cash is in the pool.
    pub(crate) fn store_in_pool(&mut self, any: bool) {
        self.store_flag(IN_POOL, any);
    }

    /// Whether the broker holds anything.
    pub(crate) fn is_brokered(&self) -> bool {
        self.flag(BROKERED)
    }

    /// What the broker may be short [whole USD], and the margin that a position takes [1e-6].
    pub(crate) fn short_terms(&self) -> (u32, u32) {
        let ([short], [rate]) = (self.short.get().into_limbs(), self.margin_rate.get().into_limbs());
        let narrow = |limb: u64| u32::try_from(limb).unwrap_or_default();
        (narrow(short), narrow(rate).saturating_mul(100))
    }

    /// Notes whether the broker holds anything, what it may be short, and the margin [1e-4].
    pub(crate) fn store_brokered(&mut self, any: bool, short: u32, margin: u16) {
        self.store_flag(BROKERED, any);
        self.short.set(U32::from_limbs([short.into()]));
        self.margin_rate.set(U16::from_limbs([margin.into()]));
    }

    fn flag(&self, flag: u64) -> bool {
        let [flags] = *self.flags.get().as_limbs();
        flags & flag != 0
    }

    fn store_flag(&mut self, flag: u64, on: bool) {
        let [flags] = *self.flags.get().as_limbs();
        self.flags.set(U8::from_limbs([if on { flags | flag } else { flags & !flag }]));
    }

    /// New risk and new deposits stop while paused.
    pub(crate) fn require_unpaused(&self) -> Result<()> {
        ensure(!self.is_paused(), || EnforcedPause {})
    }

    /// USDC comes in.
    pub(crate) fn credit_cash(&mut self, amount: u128) -> Result<()> {
        increase(&mut self.cash, amount)
    }

    /// USDC goes out.
    pub(crate) fn debit_cash(&mut self, amount: u128) -> Result<()> {
        decrease(&mut self.cash, amount)
    }
}

/// Four numbers in two slots.
pub(crate) type Row = StorageArray<StorageU128, 4>;

/// A number of a row.
pub(crate) fn at(row: &Row, index: usize) -> u128 {
    small(row.get(index).unwrap_or_default())
}

/// Writes a number of a row.
pub(crate) fn put(row: &mut Row, index: usize, number: u128) -> Result<()> {
    row.setter(index).or_overflow()?.set(wide(number));
    Ok(())
}

/// Adds to a stored number.
#[inline(never)]
pub(crate) fn increase(slot: &mut StorageU128, by: u128) -> Result<()> {
    slot.set(wide(small(slot.get()).checked_add(by).or_overflow()?));
    Ok(())
}

/// Takes from a stored number.
#[inline(never)]
pub(crate) fn decrease(slot: &mut StorageU128, by: u128) -> Result<()> {
    slot.set(wide(small(slot.get()).checked_sub(by).or_overflow()?));
    Ok(())
}

/// A stored 128-bit number.
pub(crate) fn small(word: alloy_primitives::U128) -> u128 {
    let [low, high] = *word.as_limbs();
    u128::from(high) << 64 | u128::from(low)
}

/// A number to store in 128 bits.
pub(crate) fn wide(number: u128) -> alloy_primitives::U128 {
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
    let high = u64::try_from(number >> 64).unwrap_or_default();
    alloy_primitives::U128::from_limbs([low, high])
}

/// A stored 64-bit number.
pub(crate) fn word64(word: alloy_primitives::U64) -> u64 {
    let [number] = *word.as_limbs();
    number
}
