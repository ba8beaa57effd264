//! Venues that hold a position for the broker: what they are fixed to, and how it is read back.
//!
//! An adapter tells whom it serves and pays; the rest of what it was constructed with stands in its storage, in the order of its fields.

use alloy_primitives::aliases::U24;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;
use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::config::Tokens;

/// A venue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// What people call it.
    pub name: String,
    /// Most that its position may be worth [whole USD]
    pub cap: u32,
    /// Margin that a position takes [1e-6]
    pub margin: u32,
    /// What closing is reckoned to cost [1e-6]
    pub haircut: u32,
    /// Short by lending, on Aave V3.
    pub aave: Option<Aave>,
    /// On a perpetuals exchange of GMX V2's form.
    pub perp: Option<Perp>,
}

/// A short by lending.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aave {
    /// Aave's pool.
    pub pool: Address,
    /// Uniswap's router.
    pub router: Address,
    /// Fee of the pool there [1e-6]
    pub pool_fee: u32,
    /// Least health factor after a sale or a withdrawal [1e-6]
    pub floor: u32,
}

/// A place on a perpetuals exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Perp {
    /// The exchange's market.
    pub market: Address,
    /// Its router of orders.
    pub router: Address,
    /// What takes tokens there.
    pub spender: Address,
    /// Where orders' tokens go.
    pub vault: Address,
    /// Its store.
    pub store: Address,
    /// Its roles.
    pub roles: Address,
    /// Seconds after which anyone may cancel an order.
    pub timeout: u32,
    /// The most that an order is given [wei]
    pub max_fee: u64,
}

/// Fields of a word of storage: the name of each, its bytes, and what it should hold.
pub(crate) type Word = Vec<(&'static str, usize, U256)>;

impl Position {
    /// The WASM of its adapter.
    pub(crate) fn wasm(&self) -> &'static str {
        if self.aave.is_some() { "aave_short" } else { "perp_venue" }
    }

    /// Its name in a record.
    pub(crate) fn recorded(&self) -> String {
        format!("position {}", self.name)
    }

    /// What cannot be.
    pub(crate) fn check(&self) -> Result<()> {
        let name = &self.name;
        let kinds = u8::from(self.aave.is_some()) + u8::from(self.perp.is_some());
        ensure!(kinds == 1, "[[positions]] {name} must have one of aave and perp");
        let fee = self.aave.as_ref().map_or(0, |aave| aave.pool_fee);
        ensure!(fee < 1 << 24, "[[positions]] {name} pool_fee = {fee} is no fee");
        let market = self.perp.as_ref().is_none_or(|perp| !perp.market.is_zero());
        ensure!(market, "[positions.perp] market is the zero address");
        Ok(())
    }

    /// Every address, which must be a contract's, by its name.
    pub(crate) fn addresses(&self) -> Vec<(&'static str, Address)> {
        let mut all = Vec::new();
        if let Some(aave) = &self.aave {
            all.extend([("[positions.aave] pool", aave.pool), ("[positions.aave] router", aave.router)]);
        }
        if let Some(perp) = &self.perp {
            all.extend([
                ("[positions.perp] router", perp.router),
                ("[positions.perp] spender", perp.spender),
                ("[positions.perp] vault", perp.vault),
                ("[positions.perp] store", perp.store),
                ("[positions.perp] roles", perp.roles),
            ]);
        }
        all
    }

    /// What its adapter is constructed with, for a broker.
    pub(crate) fn arguments(&self, broker: Address, tokens: &Tokens) -> Vec<u8> {
        let Tokens { usdc, underlying } = *tokens;
        if let Some(aave) = &self.aave {
            let fee = U24::from(aave.pool_fee);
            let head = (broker, broker, usdc, underlying, aave.router, fee, aave.pool);
            return [head.abi_encode_params(), (floor(aave.floor), self.haircut).abi_encode_params()]
                .concat();
        }
        let Some(perp) = &self.perp else { return Vec::new() };
        let head = (broker, broker, usdc, underlying, perp.market, perp.router, perp.spender, perp.vault);
        let rest = (perp.store, perp.roles, perp.timeout, self.haircut, U256::from(perp.max_fee));
        [head.abi_encode_params(), rest.abi_encode_params()].concat()
    }

    /// The words of its storage that it was constructed with, by their place.
    pub(crate) fn words(&self, broker: Address, tokens: &Tokens) -> Vec<(u64, Word)> {
        let address = |name, address: Address| (name, 20, U256::from_be_slice(address.as_slice()));
        let number = |name, bytes, number: u64| (name, bytes, U256::from(number));
        let of_broker = |name| address(name, broker);
        if let Some(aave) = &self.aave {
            let fee = number("poolFee", 3, aave.pool_fee.into());
            return vec![
                (0, vec![of_broker("desk"), fee, number("haircut", 4, self.haircut.into())]),
                (1, vec![of_broker("receiver"), number("floor", 8, floor(aave.floor))]),
                (2, vec![address("asset", tokens.usdc)]),
                (3, vec![address("underlying", tokens.underlying)]),
                (4, vec![address("router", aave.router)]),
                (5, vec![address("pool", aave.pool)]),
            ];
        }
        let Some(perp) = &self.perp else { return Vec::new() };
        let timeout = number("timeout", 4, perp.timeout.into());
        vec![
            (0, vec![of_broker("desk"), timeout, number("haircut", 4, self.haircut.into())]),
            (1, vec![of_broker("receiver")]),
            (2, vec![address("asset", tokens.usdc)]),
            (3, vec![address("underlying", tokens.underlying)]),
            (4, vec![address("market", perp.market)]),
            (5, vec![address("router", perp.router)]),
            (6, vec![address("spender", perp.spender)]),
            (7, vec![address("vault", perp.vault)]),
            (8, vec![address("store", perp.store)]),
            (9, vec![address("roles", perp.roles)]),
            (10, vec![number("maxFee", 32, perp.max_fee)]),
        ]
    }
}

/// A health factor of millionths with 18 decimals.
fn floor(millionths: u32) -> u64 {
    u64::from(millionths).saturating_mul(1_000_000_000_000)
}

/// The fields of a word, from its low end up.
pub(crate) fn fields(word: U256, of: &Word) -> Vec<U256> {
    let mut rest = word;
    let field = |(_, bytes, _): &(&'static str, usize, U256)| {
        let bits = bytes * 8;
        let all = bits == 256;
        let field = if all { rest } else { rest & ((U256::ONE << bits) - U256::ONE) };
        rest = if all { U256::ZERO } else { rest >> bits };
        field
    };
    of.iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Position {
        toml::from_str(text).expect("a venue")
    }

    #[test]
    fn a_venue_is_of_one_kind() {
        let head = "name = \"a\"\ncap = 1\nmargin = 2\nhaircut = 3\n";
        assert!(parse(head).check().expect_err("none").to_string().contains("one of aave and perp"));
        let zero = Address::ZERO;
        let aave =
            format!("[aave]\npool = \"{zero}\"\nrouter = \"{zero}\"\npool_fee = 500\nfloor = 1250000\n");
        let venue = parse(&(head.to_owned() + &aave));
        venue.check().expect("one");
        assert_eq!((venue.wasm(), venue.addresses().len()), ("aave_short", 2));
        let wide = aave.replace("pool_fee = 500", "pool_fee = 16777216");
        assert!(
            parse(&(head.to_owned() + &wide)).check().expect_err("no fee").to_string().contains("is no fee")
        );
    }

    #[test]
    fn fields_of_a_word_come_from_its_low_end() {
        let of = vec![("a", 20, U256::ZERO), ("b", 3, U256::ZERO), ("c", 4, U256::ZERO)];
        let word = U256::from(7) | U256::from(500) << 160 | U256::from(2_000) << 184;
        assert_eq!(fields(word, &of), [7, 500, 2_000].map(U256::from));
        assert_eq!(fields(word, &vec![("all", 32, U256::ZERO)]), [word]);
    }
}
