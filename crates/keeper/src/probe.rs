//! Quotes of any venue with the interface of `abi/IHedgeVenue.sol`: the hedge itself is run, and undone.
//!
//! A probe's code (`tests/solidity/src/Probe.sol`) stands in for the vault's for the length of one `eth_call`, with the vault's own tokens. It
//! does what the vault does, reads both balances and takes everything back, for one size after the other.

use alloy_primitives::{Address, Bytes, U256, bytes};
use async_trait::async_trait;
use interfaces::words::{to_u128, uint};

use crate::ask::decode;
use crate::chain::{Call, Chain, Fault, Head};
use crate::numbers::{WAD, WAD_PER_MICRO};
use crate::venue::{Ask, Quote, Venue};

alloy_sol_types::sol! {
    /// What one size came to: token units, USDC, and the refusal's first bytes if it was refused.
    #[derive(Debug)]
    struct Fill {
        uint256 units;
        uint256 cash;
        bytes refusal;
    }

    function probe(address venue, address asset, address underlying, int256[] sizes, uint256[] limits)
        external
        returns (Fill[] fills);
}

/// Runtime code of `tests/solidity/src/Probe.sol`.
const CODE: &str = include_str!("probe.hex");

/// A venue that is asked by trying it out.
#[derive(Clone, Debug)]
pub struct Probed {
    name: String,
    address: Address,
}

impl Probed {
    /// The venue at an address.
    #[must_use]
    pub fn new(name: impl Into<String>, address: Address) -> Self {
        Self { name: name.into(), address }
    }

    /// The probe's code.
    ///
    /// # Errors
    /// A build whose code is no hexadecimal.
    pub fn code() -> Result<Bytes, Fault> {
        CODE.trim().parse().map_err(|_| Fault::Garbage("the probe's code".into()))
    }
}

#[async_trait]
impl Venue for Probed {
    fn name(&self) -> &str {
        &self.name
    }

    fn address(&self) -> Address {
        self.address
    }

    async fn quotes(&self, chain: &dyn Chain, at: &Head, ask: &Ask) -> Result<Vec<Quote>, Fault> {
        use alloy_sol_types::SolCall;
        let call = probeCall {
            venue: self.address,
            asset: ask.asset,
            underlying: ask.underlying,
            sizes: ask.sizes.iter().map(|size| signed_units(ask, *size)).collect(),
            limits: ask.sizes.iter().map(|size| limit(ask, *size)).collect(),
        };
        let call = Call {
            from: Address::ZERO,
            to: ask.vault,
            data: call.abi_encode().into(),
            code: Some(Self::code()?),
            ..Call::default()
        };
        let fills = decode::<probeCall>(&chain.call(at, &call).await?, self.address)?;
        if fills.len() != ask.sizes.len() {
            return Err(Fault::Garbage(format!("{} fills of {} sizes", fills.len(), ask.sizes.len())));
        }
        Ok(ask.sizes.iter().zip(fills).map(|(size, fill)| quote(ask, *size, fill)).collect())
    }
}

fn units(ask: &Ask, size: u128) -> u128 {
    size.checked_div(ask.grain).unwrap_or_default()
}

fn signed_units(ask: &Ask, size: u128) -> alloy_primitives::I256 {
    let units = i128::try_from(units(ask, size)).unwrap_or(i128::MAX);
    interfaces::words::int(if ask.buying { units } else { units.saturating_neg() })
}

/// USDC at the worst price, as the vault rounds it.
fn limit(ask: &Ask, size: u128) -> U256 {
    let whole = units(ask, size).saturating_mul(ask.grain);
    let cash = if ask.buying { maths::mul_div_down } else { maths::mul_div_up };
    uint(cash(whole, ask.worst, WAD.saturating_mul(WAD_PER_MICRO)).unwrap_or_default())
}

/// A fill counts if all of it was filled; the vault refuses any other.
fn quote(ask: &Ask, size: u128, fill: Fill) -> Quote {
    let whole = to_u128(fill.units) == Some(units(ask, size));
    let cash = match to_u128(fill.cash) {
        Some(cash) if whole && fill.refusal.is_empty() => Ok(cash),
        _ if fill.refusal.is_empty() => Err(bytes!("")),
        _ => Err(fill.refusal),
    };
    Quote { size, cash }
}
