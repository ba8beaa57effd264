//! What the holder of an account does with it.

use alloc::vec::Vec;

use alloy_primitives::{Address, I256, U256};
use interfaces::margin::IMargin::{
    Deposited, NotOperator, PremiumSettled, Withdrawn, Written, WrittenSet, ZeroAddress,
};
use interfaces::words::{int, to_u128, uint};
use stylus_sdk::prelude::*;

use crate::cover::{require_initial, Cause};
use crate::error::{emit, ensure, OrOverflow, Result, Unmarked};
use crate::Margin;

impl Margin {
    fn require_operator(&self, account: Address) -> Result<()> {
        let caller = self.vm().msg_sender();
        let acts = caller == account || self.operators.get(account).get(caller);
        ensure(acts, || NotOperator { account, caller })
    }

    /// Puts the caller's USDC into an account, and ends its auction if that is enough.
    pub(crate) fn put_in(&mut self, amount: U256, owner: Address) -> Result<()> {
        ensure(!owner.is_zero(), || ZeroAddress {})?;
        let value = to_u128(amount).or_overflow()?;
        let mut account = self.account(owner);
        account.pay(i128::try_from(value).or_overflow()?.saturating_neg())?;

        self.save(owner, &account)?;
        let vm = self.vm().clone();
        let caller = vm.msg_sender();
        emit(&vm, &Deposited { caller, account: owner, amount });
        self.asset_token().pull(&vm, caller, value)?;
        if account.since == 0 {
            return Ok(());
        }
        // A deposit waits for no price: what cannot be marked now stays as it was marked last.
        match self.mark_if_any(owner, &account)? {
            Some(health) => self.conclude(owner, account, &health, Cause::Market),
            None => Ok(()),
        }
    }

    /// Takes USDC out of an account that has its initial margin after it.
    pub(crate) fn take_out(&mut self, amount: U256, owner: Address, receiver: Address) -> Result<()> {
        self.require_operator(owner)?;
        ensure(!receiver.is_zero(), || ZeroAddress {})?;
        let value = to_u128(amount).or_overflow()?;
        let mut account = self.account(owner);
        account.pay(i128::try_from(value).or_overflow()?)?;
        let health = self.mark(owner, &account).or_else(Unmarked::refuse)?;
        require_initial(owner, &health)?;

        self.conclude(owner, account, &health, Cause::Account)?;
        let vm = self.vm().clone();
        emit(&vm, &Withdrawn { account: owner, receiver, amount });
        self.asset_token().push(&vm, receiver, value)
    }

    /// Trades with the vault at its quote: what the account receives.
    pub(crate) fn write_legs(
        &mut self,
        owner: Address,
        legs: &[Written],
        min_premium: I256,
        deadline: U256,
    ) -> Result<I256> {
        self.require_operator(owner)?;
        let before = self.account(owner);
        let mut account = before.clone();
        let mut changed = Vec::with_capacity(legs.len());
        for leg in legs {
            changed.push((leg.series, account.change(leg.series, leg.size)?));
        }
        let sold = legs.iter().map(|leg| (leg.series, leg.size.wrapping_neg()));
        let most = min_premium.checked_neg().unwrap_or(I256::MAX);
        let premium = self.trade(owner, sold, most, deadline)?;
        account.pay(premium)?;

        let market = self.market().or_else(Unmarked::refuse)?;
        let health = self.mark_at(&market, owner, &account).or_else(Unmarked::refuse)?;
        let closes = legs.iter().all(|leg| leg.size.is_negative());
        if closes && !health.is_initial() {
            // Who is short of margin may buy back what makes it no worse.
            let stood = self.mark_at(&market, owner, &before).or_else(Unmarked::refuse)?;
            if health.shortage() > stood.shortage() {
                require_initial(owner, &health)?;
            }
        } else {
            require_initial(owner, &health)?;
        }

        for (series, written) in changed {
            emit(self.vm(), &WrittenSet { account: owner, series, written: uint(written) });
        }
        emit(self.vm(), &PremiumSettled { account: owner, premium: int(premium) });
        self.conclude(owner, account, &health, Cause::Account)?;
        int(premium).checked_neg().or_overflow()
    }
}
