//! The ghost ledger: what the calls that succeeded must have made of the world, kept by arithmetic of its own.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};

/// Strikes of an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Lowest strike [USD].
    pub base: u64,
    /// Distance [USD].
    pub step: u64,
    /// How many.
    pub count: u8,
    /// Since when the expiry is listed [unix seconds]
    pub since: u64,
}

impl Grid {
    /// The strike at an index [USD].
    #[must_use]
    pub fn strike(&self, index: u64) -> u64 {
        self.base + self.step * index
    }
}

/// Id of a series.
#[must_use]
pub fn series(expiry: u64, strike: u64, put: bool) -> U256 {
    U256::from(u128::from(expiry) << 56 | u128::from(strike * 1_000_000) << 8 | u128::from(put))
}

/// Expiry, strike [USD] and kind of a series.
#[must_use]
pub fn parts(id: U256) -> (u64, u64, bool) {
    let id: u128 = id.saturating_to();
    ((id >> 56) as u64, (id >> 8) as u64 % (1 << 48) / 1_000_000, id & 1 == 1)
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Ghost {
    /// Options that people hold [18 decimals].
    pub held: BTreeMap<(Address, U256), u128>,
    /// Options that accounts have written [18 decimals].
    pub written: BTreeMap<(Address, U256), u128>,
    /// Shares, the vault's escrow among them.
    pub shares: BTreeMap<Address, u128>,
    /// Shares that wait, by controller: the epoch's id, and how many.
    pub requests: BTreeMap<Address, (u128, u128)>,
    /// Cash of margin accounts [USDC].
    pub margin: BTreeMap<Address, u128>,
    /// What was given to the vault: USDC and the underlying.
    pub gifts: [u128; 2],
    /// USDC given to the margin contract.
    pub margin_gifts: u128,
    /// Hedges [token units].
    pub hedge: u128,
    /// Settlement prices as the vault answered them.
    pub settled: BTreeMap<u64, U256>,
    /// Live expiries.
    pub listed: BTreeMap<u64, Grid>,
    /// Rounds of the feed: id and time.
    pub rounds: Vec<(u128, u64)>,
    /// Surfaces that were taken: time and level.
    pub surfaces: Vec<(u64, f64)>,
    /// The feed's price [USD], and where the Uniswap pool stands.
    pub price: f64,
    /// See above.
    pub pool_price: f64,
    /// Level of the surface.
    pub vol: f64,
    /// Whether new risk is stopped.
    pub paused: bool,
    /// Whether a shortfall was recorded.
    pub shortfall: bool,
    /// Venues that are allowed, and from when.
    pub venues: BTreeMap<Address, u64>,
    /// From when the pool of idle cash may be used; none when it was removed.
    pub pool_from: Option<u64>,
    /// Rewards of hedges: when, and how much [USDC].
    pub rewards: Vec<(u64, u128)>,
    /// Options by what the vault's events say: bought less sold less claimed, written with a minus.
    pub told: BTreeMap<(Address, U256), i128>,
    /// Shares by what the vault's events say.
    pub told_shares: BTreeMap<Address, i128>,
    /// Operators of people's.
    pub operators: BTreeSet<(Address, Address)>,
    /// The last nonce and time of the surface feed, the last epoch filled and the last of all.
    pub clocks: [u128; 4],
    /// Permits that were used.
    pub permits: u64,
    /// Orders that the broker placed, the last at the end.
    pub orders: Vec<B256>,
}

impl Ghost {
    /// Moves options; whoever is zero is nobody.
    pub fn move_options(&mut self, from: Address, to: Address, id: U256, size: u128) {
        if !from.is_zero() {
            let held = self.held.entry((from, id)).or_default();
            *held = held.saturating_sub(size);
            if *held == 0 {
                self.held.remove(&(from, id));
            }
        }
        if !to.is_zero() && size > 0 {
            *self.held.entry((to, id)).or_default() += size;
        }
    }

    /// Moves shares; whoever is zero is nobody.
    pub fn move_shares(&mut self, from: Address, to: Address, shares: u128) {
        if !from.is_zero() {
            let held = self.shares.entry(from).or_default();
            *held = held.saturating_sub(shares);
        }
        if !to.is_zero() {
            *self.shares.entry(to).or_default() += shares;
        }
    }

    /// What an account has written of a series changes.
    pub fn write(&mut self, account: Address, id: U256, size: i128) {
        let written = self.written.entry((account, id)).or_default();
        *written = written.saturating_add_signed(size);
        if *written == 0 {
            self.written.remove(&(account, id));
        }
    }

    /// All that people hold of a series.
    #[must_use]
    pub fn supply(&self, id: U256) -> u128 {
        self.held.iter().filter(|((_, held), _)| *held == id).fold(0, |sum, (_, size)| sum + size)
    }

    /// What the vault has of a series: what is written less what is held.
    #[must_use]
    pub fn net(&self, id: U256) -> i128 {
        let written = self.written.iter().filter(|((_, own), _)| *own == id);
        written.fold(0, |sum, (_, size)| sum + *size as i128) - self.supply(id) as i128
    }

    /// All series that anybody holds or has written.
    #[must_use]
    pub fn series(&self) -> BTreeSet<U256> {
        self.held.keys().chain(self.written.keys()).map(|(_, id)| *id).collect()
    }

    /// Series that somebody holds.
    #[must_use]
    pub fn held_by(&self, who: Address) -> Vec<(U256, u128)> {
        let own = self.held.iter().filter(|((holder, _), _)| *holder == who);
        own.map(|((_, id), size)| (*id, *size)).collect()
    }

    /// The round that settles an expiry, if it is known.
    #[must_use]
    pub fn settling_round(&self, expiry: u64) -> Option<u128> {
        let mut pairs = self.rounds.windows(2);
        pairs.find(|pair| pair[0].1 <= expiry && expiry < pair[1].1).map(|pair| pair[0].0)
    }

    /// What options of a settled series pay, rounded down [USDC].
    #[must_use]
    pub fn payoff(&self, id: U256, size: u128) -> Option<u128> {
        let (expiry, strike, put) = parts(id);
        let price = *self.settled.get(&expiry)?;
        let strike = U256::from(strike) * U256::from(crate::numbers::WAD);
        let each = if put { strike.saturating_sub(price) } else { price.saturating_sub(strike) };
        let wad = U256::from(crate::numbers::WAD);
        Some(crate::numbers::small(each * U256::from(size) / wad / U256::from(1_000_000_000_000_u64)))
    }
}

/// What events say of positions and shares.
impl Ghost {
    /// Takes in the logs of a transaction.
    pub fn listen(&mut self, vault: Address, sent: &crate::step::Sent) {
        use interfaces::{erc20::IERC20, erc4626::IERC4626, erc6909::IERC6909};
        for moved in sent.events::<IERC6909::Transfer>(vault) {
            let size = moved.amount.saturating_to::<u128>() as i128;
            for (who, by) in [(moved.sender, -size), (moved.receiver, size)] {
                if !who.is_zero() {
                    *self.told.entry((who, moved.id)).or_default() += by;
                }
            }
        }
        for moved in sent.events::<IERC20::Transfer>(vault) {
            let shares = moved.value.saturating_to::<u128>() as i128;
            for (who, by) in [(moved.from, -shares), (moved.to, shares)] {
                if !who.is_zero() {
                    *self.told_shares.entry(who).or_default() += by;
                }
            }
        }
        for fee in sent.events::<IERC4626::PerformanceFeePaid>(vault) {
            self.move_shares(Address::ZERO, fee.owner, fee.shares.saturating_to());
        }
    }
}
