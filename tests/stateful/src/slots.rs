//! Where contracts keep what is looked at after every call: read from storage, a look costs a hundredth of a view.
//!
//! Tokens keep balances in mappings whose places are known. The vault's numbers are found by what they are at a time when views say so, and
//! every comparison with a view afterwards checks that they are still there.

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::SolValue;
use anyhow::{Context, Result, ensure};
use demo::stage::Stage;
use host::{DumpedAccount, World};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::vault::IVault;

use crate::numbers::{small, usdc};

/// Mappings of OpenZeppelin's token and of WETH9: balances, allowances.
const USDC: [u64; 2] = [0, 1];
const WETH: [u64; 2] = [3, 4];
/// Total supply of OpenZeppelin's token.
const USDC_SUPPLY: u64 = 2;

/// Half of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// The word.
    pub slot: U256,
    /// Whether it is the upper half.
    pub high: bool,
}

/// The vault's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// USDC of the ledger.
    pub cash: Half,
    /// Settled claims that are not paid.
    pub claims: Half,
    /// Processed redemptions that are not taken.
    pub redemptions: Half,
    /// Hedges [token units].
    pub hedge: Half,
    /// Shares in existence.
    pub supply: Half,
}

/// A value of a mapping.
#[must_use]
pub fn mapped(mapping: u64, key: Address) -> U256 {
    keccak256((key, U256::from(mapping)).abi_encode()).into()
}

/// A value of a mapping of mappings.
#[must_use]
pub fn mapped_twice(mapping: u64, outer: Address, inner: Address) -> U256 {
    keccak256((inner, mapped(mapping, outer)).abi_encode()).into()
}

impl Half {
    /// What is there.
    pub fn read(&self, world: &mut World, account: Address) -> u128 {
        let [a, b, c, d] = world.storage(account, self.slot).into_limbs();
        let [low, high] = if self.high { [c, d] } else { [a, b] };
        u128::from(high) << 64 | u128::from(low)
    }

    /// Writes it, and nothing beside it.
    pub fn write(&self, world: &mut World, account: Address, number: u128) {
        let [mut a, mut b, mut c, mut d] = world.storage(account, self.slot).into_limbs();
        let (low, high) = (number as u64, (number >> 64) as u64);
        if self.high {
            [c, d] = [low, high]
        } else {
            [a, b] = [low, high]
        }
        world.set_storage(account, self.slot, U256::from_limbs([a, b, c, d]));
    }

    fn next(self) -> Self {
        Self { slot: if self.high { self.slot + U256::ONE } else { self.slot }, high: !self.high }
    }
}

impl Slots {
    /// Finds them, by a deposit that is taken back.
    ///
    /// # Errors
    /// When they are not where one can be told from another.
    pub fn find(stage: &mut Stage, who: Address) -> Result<Self> {
        let mark = stage.chain.world.mark();
        let mut seen: Vec<[Vec<Half>; 2]> = Vec::new();
        for amount in [1_234.567_891, 77.000_003] {
            stage.vault(who, IERC4626::depositCall { assets: usdc(amount), receiver: who })?;
            let cash = small(stage.ask(IVault::navCall {})?.cash);
            let supply = small(stage.ask(IERC20::totalSupplyCall {})?);
            let vault = dumped(&mut stage.chain.world, stage.vault);
            seen.push([halves(&vault, cash), halves(&vault, supply)]);
        }
        stage.chain.world.rewind(mark);
        let both = |which: usize| {
            let mut common = seen[0][which].iter().filter(|half| seen[1][which].contains(half));
            (common.next().copied(), common.next().is_none())
        };
        // The first depositor holds all shares: their number stands twice. The supply is no mapping's value.
        let (Some(cash), true) = both(0) else { anyhow::bail!("the vault's cash is not found") };
        let supply = seen[0][1].iter().filter(|half| seen[1][1].contains(half)).min_by_key(|half| half.slot);
        let supply = *supply.context("the supply is not found")?;
        let claims = cash.next();
        let redemptions = claims.next();
        Ok(Self { cash, claims, redemptions, hedge: redemptions.next(), supply })
    }
}

/// An account's storage.
pub fn dumped(world: &mut World, account: Address) -> DumpedAccount {
    world.dump_account(account)
}

fn halves(account: &DumpedAccount, number: u128) -> Vec<Half> {
    let each = account.storage.iter().flat_map(|(slot, word)| {
        let [a, b, c, d] = word.into_limbs();
        let halves = [u128::from(b) << 64 | u128::from(a), u128::from(d) << 64 | u128::from(c)];
        [(false, halves[0]), (true, halves[1])].map(|(high, half)| (Half { slot: *slot, high }, half))
    });
    each.filter(|(_, half)| *half == number).map(|(half, _)| half).collect()
}

/// Balances of all holders, and the allowances that the vault may have given.
#[derive(Clone, Debug)]
pub struct Purses {
    usdc: Address,
    underlying: Address,
    holders: Vec<(Address, U256, U256)>,
    allowances: Vec<(Address, Address, U256)>,
}

impl Purses {
    /// Where they are.
    ///
    /// # Errors
    /// When a token does not keep them there.
    pub fn new(stage: &mut Stage, holders: &[Address]) -> Result<Self> {
        let (cash, units, vault) = (stage.usdc, stage.underlying, stage.vault);
        let each = holders.iter().map(|who| (*who, mapped(USDC[0], *who), mapped(WETH[0], *who)));
        let allowed = holders.iter().flat_map(|who| {
            [
                (cash, *who, mapped_twice(USDC[1], vault, *who)),
                (units, *who, mapped_twice(WETH[1], vault, *who)),
            ]
        });
        let this =
            Self { usdc: cash, underlying: units, holders: each.collect(), allowances: allowed.collect() };
        let owner = stage.actors.owner;
        for token in [cash, units] {
            let told = stage.chain.token_balance(token, owner)?;
            same(this.balance(&mut stage.chain.world, token, owner) == told)?;
            let told = stage
                .chain
                .view(token, IERC20::allowanceCall { owner: stage.actors.arbitrageur, spender: vault })?;
            let mapping = if token == cash { USDC[1] } else { WETH[1] };
            let slot = mapped_twice(mapping, stage.actors.arbitrageur, vault);
            same(stage.chain.world.storage(token, slot) == told)?;
        }
        Ok(this)
    }

    /// A balance.
    pub fn balance(&self, world: &mut World, token: Address, who: Address) -> U256 {
        let mapping = if token == self.usdc { USDC[0] } else { WETH[0] };
        world.storage(token, mapped(mapping, who))
    }

    /// The place of a balance.
    #[must_use]
    pub fn slot(&self, token: Address, who: Address) -> U256 {
        mapped(if token == self.usdc { USDC[0] } else { WETH[0] }, who)
    }

    /// What all holders have of both tokens.
    pub fn sums(&self, world: &mut World) -> [u128; 2] {
        let mut sums = [0_u128; 2];
        for (_, cash, units) in &self.holders {
            sums[0] += small(world.storage(self.usdc, *cash));
            sums[1] += small(world.storage(self.underlying, *units));
        }
        sums
    }

    /// USDC in existence.
    pub fn minted(&self, world: &mut World) -> u128 {
        small(world.storage(self.usdc, U256::from(USDC_SUPPLY)))
    }

    /// The first allowance that the vault has given and not used up: token, spender, amount.
    pub fn allowed(&self, world: &mut World) -> Option<(Address, Address, U256)> {
        self.allowances.iter().find_map(|(token, spender, slot)| {
            let amount = world.storage(*token, *slot);
            (!amount.is_zero()).then_some((*token, *spender, amount))
        })
    }

    /// The place of an allowance of the vault's.
    #[must_use]
    pub fn allowance_slot(&self, at: usize) -> (Address, U256) {
        (self.allowances[at].0, self.allowances[at].2)
    }
}

fn same(holds: bool) -> Result<()> {
    ensure!(holds, "a token keeps its balances elsewhere");
    Ok(())
}
