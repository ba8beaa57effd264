//! Shares and options as tokens, and gifts.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_sol_types::SolValue;
use interfaces::eip712::domain_separator;
use interfaces::erc20::IERC20;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;

use crate::fuzz::Fuzz;
use crate::numbers::LOT;
use crate::step::Told;

impl Fuzz {
    /// Somebody among the people with options, a series, and a part of them.
    fn option_holder(&mut self) -> Option<(Address, U256, u128)> {
        let held: Vec<(Address, U256, u128)> =
            self.ghost.held.iter().map(|((who, id), size)| (*who, *id, *size)).collect();
        if held.is_empty() {
            return None;
        }
        let (who, id, size) = self.dice.pick(&held);
        let lots = self.dice.part((size / LOT).max(1));
        Some((who, id, (lots * LOT).min(size)))
    }
}

pub(super) fn transfer_shares(fuzz: &mut Fuzz) -> Option<()> {
    let (from, shares) = fuzz.shareholder()?;
    let to = fuzz.somebody();
    // More than there are, now and then.
    let shares = if fuzz.dice.percent(10) { shares + 10_u128.pow(30) } else { shares };
    let (vault, call) = (fuzz.stage.vault, IERC20::transferCall { to, value: U256::from(shares) });
    if fuzz.act("transfer_shares", from, vault, &call).is_some() {
        fuzz.ghost.move_shares(from, to, shares);
    }
    Some(())
}

pub(super) fn approve_shares(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, spender) = (fuzz.somebody(), fuzz.somebody());
    let value = U256::from(fuzz.dice.bits());
    let (vault, call) = (fuzz.stage.vault, IERC20::approveCall { spender, value });
    if fuzz.act("approve_shares", owner, vault, &call).is_some() {
        fuzz.tell(Told::Allowance { owner, spender, id: None, left: value });
    }
    Some(())
}

pub(super) fn take_shares(fuzz: &mut Fuzz) -> Option<()> {
    let (from, shares) = fuzz.shareholder()?;
    let (spender, to) = (fuzz.somebody(), fuzz.somebody());
    let short = fuzz.dice.percent(15);
    let allowed = if short { shares - 1 } else { shares + u128::from(fuzz.dice.below(1_000)) };
    let vault = fuzz.stage.vault;
    let allow = IERC20::approveCall { spender, value: U256::from(allowed) };
    fuzz.aside(from, vault, &allow).ok()?;
    let call = IERC20::transferFromCall { from, to, value: U256::from(shares) };
    if fuzz.act("take_shares", spender, vault, &call).is_some() {
        fuzz.ghost.move_shares(from, to, shares);
        let left = U256::from(allowed) - U256::from(shares);
        fuzz.tell(Told::Allowance { owner: from, spender, id: None, left });
    }
    Some(())
}

pub(super) fn permit(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, spender) = (fuzz.cast.people[0], fuzz.somebody());
    let (value, vault) = (U256::from(fuzz.dice.bits()), fuzz.stage.vault);
    let deadline = U256::from(fuzz.now() + fuzz.dice.range(0, 1_000));
    let stale = fuzz.dice.percent(20);
    let nonce = U256::from(fuzz.ghost.permits + u64::from(stale));
    let kind =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    let words = (kind, owner, spender, value, nonce, deadline).abi_encode();
    let separator = domain_separator(fuzz.stage.chain.world.chain_id(), vault);
    let digest = keccak256([&[0x19, 0x01], separator.as_slice(), keccak256(words).as_slice()].concat());
    let signature = fuzz.cast.signer.sign_hash_sync(&digest).ok()?;
    let call = IERC20::permitCall {
        owner,
        spender,
        value,
        deadline,
        v: 27 + u8::from(signature.v()),
        r: B256::from(signature.r()),
        s: B256::from(signature.s()),
    };
    let anyone = fuzz.cast.stranger;
    if fuzz.act("permit", anyone, vault, &call).is_some() {
        fuzz.ghost.permits += 1;
        fuzz.tell(Told::Allowance { owner, spender, id: None, left: value });
    }
    Some(())
}

pub(super) fn transfer_options(fuzz: &mut Fuzz) -> Option<()> {
    let (from, id, size) = fuzz.option_holder()?;
    let receiver = fuzz.somebody();
    let size = if fuzz.dice.percent(10) { size + 10_u128.pow(30) } else { size };
    let amount = U256::from(size);
    let (vault, call) = (fuzz.stage.vault, IERC6909::transferCall { receiver, id, amount });
    if fuzz.act("transfer_options", from, vault, &call).is_some() {
        fuzz.ghost.move_options(from, receiver, id, size);
    }
    Some(())
}

pub(super) fn take_options(fuzz: &mut Fuzz) -> Option<()> {
    let (sender, id, size) = fuzz.option_holder()?;
    let (spender, receiver) = (fuzz.somebody(), fuzz.somebody());
    let amount = U256::from(size);
    let vault = fuzz.stage.vault;
    let operates = sender == spender || fuzz.ghost.operators.contains(&(sender, spender));
    let short = fuzz.dice.percent(15);
    let allowed = if short { amount - U256::ONE } else { amount + U256::from(fuzz.dice.below(1_000)) };
    let allow = IERC6909::approveCall { spender, id, amount: allowed };
    fuzz.aside(sender, vault, &allow).ok()?;
    let call = IERC6909::transferFromCall { sender, receiver, id, amount };
    if fuzz.act("take_options", spender, vault, &call).is_some() {
        fuzz.ghost.move_options(sender, receiver, id, size);
        let left = if operates { allowed } else { allowed - amount };
        fuzz.tell(Told::Allowance { owner: sender, spender, id: Some(id), left });
    }
    Some(())
}

pub(super) fn approve_options(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, id, size) = fuzz.option_holder()?;
    let (spender, amount) = (fuzz.somebody(), U256::from(size));
    let (vault, call) = (fuzz.stage.vault, IERC6909::approveCall { spender, id, amount });
    if fuzz.act("approve_options", owner, vault, &call).is_some() {
        fuzz.tell(Told::Allowance { owner, spender, id: Some(id), left: amount });
    }
    Some(())
}

pub(super) fn set_operator(fuzz: &mut Fuzz) -> Option<()> {
    let (owner, spender, approved) = (fuzz.somebody(), fuzz.somebody(), fuzz.dice.percent(30));
    let (vault, call) = (fuzz.stage.vault, IERC6909::setOperatorCall { spender, approved });
    if fuzz.act("set_operator", owner, vault, &call).is_some() {
        if approved {
            fuzz.ghost.operators.insert((owner, spender));
        } else {
            fuzz.ghost.operators.remove(&(owner, spender));
        }
    }
    Some(())
}

/// Tokens sent to the vault or to the margin contract.
pub(super) fn donate(fuzz: &mut Fuzz) -> Option<()> {
    let (arbitrageur, who) = (fuzz.stage.actors.arbitrageur, fuzz.somebody());
    let (token, from, most) = if fuzz.dice.percent(60) {
        (fuzz.stage.usdc, who, 5_000_000_000)
    } else {
        (fuzz.stage.underlying, arbitrageur, 10_u64.pow(18))
    };
    let amount = fuzz.dice.range(1, most);
    let to = if fuzz.dice.percent(85) { fuzz.stage.vault } else { fuzz.stage.margin };
    let call = IToken::transferCall { to, value: U256::from(amount) };
    fuzz.fault = None;
    fuzz.close = true;
    if fuzz.act("donate", from, token, &call).is_some() {
        let cash = token == fuzz.stage.usdc;
        if to == fuzz.stage.vault {
            fuzz.ghost.gifts[usize::from(!cash)] += u128::from(amount);
        } else if cash {
            fuzz.ghost.margin_gifts += u128::from(amount);
        }
    }
    Some(())
}
