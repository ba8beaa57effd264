//! ERC-2612: allowances by signature, for accounts.

use alloc::vec::Vec;

use alloy_primitives::{address, Address, B256, U256};
use interfaces::eip712;
use interfaces::erc20::IERC20::{ERC2612ExpiredSignature, ERC2612InvalidSigner};
use stylus_sdk::keccak_const::Keccak256;
use stylus_sdk::prelude::*;

use crate::amounts::uint;
use crate::error::{ensure, OrOverflow, Result};
use crate::state::Vault;
use crate::token::static_word;

const PERMIT: &str = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
/// The precompile that recovers signers.
const RECOVER: Address = address!("0000000000000000000000000000000000000001");
/// Half the order of secp256k1, high and low: of the two forms of a signature only the one with the lower s counts.
const HALF_ORDER: (u128, u128) =
    (0x7fff_ffff_ffff_ffff_ffff_ffff_ffff_ffff, 0x5d57_6e73_57a4_501d_dfe9_2f46_681b_20a0);

/// Hash of a constant text as four numbers: constants of the code, where bytes would be data.
const fn hash(text: &str) -> [u64; 4] {
    match Keccak256::new().update(text.as_bytes()).finalize().as_chunks() {
        ([a, b, c, d], _) => {
            [u64::from_be_bytes(*a), u64::from_be_bytes(*b), u64::from_be_bytes(*c), u64::from_be_bytes(*d)]
        }
        _ => [0; 4],
    }
}

/// Appends a constant hash.
#[inline(never)]
fn put_hash(data: &mut Vec<u8>, a: u64, b: u64, c: u64, d: u64) {
    for limb in [a, b, c, d] {
        data.extend_from_slice(&limb.to_be_bytes());
    }
}

/// Appends words.
#[inline(never)]
fn put_words(data: &mut Vec<u8>, words: &[B256]) {
    for word in words {
        data.extend_from_slice(word.as_slice());
    }
}

/// What a permit says.
pub(crate) struct Permit {
    pub(crate) owner: Address,
    pub(crate) spender: Address,
    pub(crate) value: U256,
    pub(crate) deadline: U256,
}

impl Vault {
    /// EIP-712 domain of the vault.
    pub(crate) fn domain(&self) -> B256 {
        const KIND: [u64; 4] = hash(eip712::DOMAIN);
        const NAME: [u64; 4] = hash(eip712::NAME);
        const VERSION: [u64; 4] = hash(eip712::VERSION);
        let ([a, b, c, d], [e, f, g, h], [i, j, k, l]) = (KIND, NAME, VERSION);
        let (chain, vault) = (uint(self.vm().chain_id().into()), self.vm().contract_address());
        let mut data = Vec::new();
        put_hash(&mut data, a, b, c, d);
        put_hash(&mut data, e, f, g, h);
        put_hash(&mut data, i, j, k, l);
        put_words(&mut data, &[chain.into(), vault.into_word()]);
        self.vm().native_keccak256(&data)
    }

    /// Sets an allowance that its owner signed.
    pub(crate) fn accept_permit(&mut self, permit: &Permit, v: u8, r: U256, s: U256) -> Result<()> {
        const KIND: [u64; 4] = hash(PERMIT);
        let Permit { owner, spender, value, deadline } = *permit;
        ensure(uint(self.now().into()) <= deadline, || ERC2612ExpiredSignature { deadline })?;
        let nonce = self.shares.nonce(owner);
        let [a, b, c, d] = KIND;
        let (from, to) = (owner.into_word(), spender.into_word());
        let mut data = Vec::new();
        put_hash(&mut data, a, b, c, d);
        put_words(&mut data, &[from, to, value.into(), nonce.into(), deadline.into()]);
        let body = self.vm().native_keccak256(&data);
        data.clear();
        data.extend_from_slice(&[0x19, 0x01]);
        put_words(&mut data, &[self.domain(), body]);
        let digest = self.vm().native_keccak256(&data);
        data.clear();
        put_words(&mut data, &[digest, uint(v.into()).into(), r.into(), s.into()]);
        let [low, mid, high, top] = s.into_limbs();
        let pair = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let lower = (pair(top, high), pair(mid, low)) <= HALF_ORDER;
        let answer = if lower { static_word(self.vm(), RECOVER, &data) } else { None };
        let signer = Address::from_word(answer.unwrap_or_default().into());
        ensure(!signer.is_zero() && signer == owner, || ERC2612InvalidSigner { signer, owner })?;

        self.shares.use_nonce(owner, nonce.checked_add(U256::ONE).or_overflow()?);
        self.allow(owner, spender, value)
    }
}
