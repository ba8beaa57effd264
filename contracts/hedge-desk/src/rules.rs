//! The rules as stored: sixteen numbers in two words.

use alloy_primitives::aliases::U32;
use alloy_primitives::{Address, B256};
use book::{Reader, Writer};
use interfaces::contract::emit_struct;
use interfaces::desk::IHedgeDesk::{self, OnlyOwner, RuleOutOfRange, RulesLocked, RulesSet};
use interfaces::erc20::IERC20;
use interfaces::settings::Settings;
use interfaces::vault::IVault;
use interfaces::words::uint;
use inventory::hedge::{Rules, SEASONING};
use stylus_sdk::prelude::*;

use crate::error::{ensure, fail, OrOverflow, Result};
use crate::HedgeDesk;

/// Numbers in a word.
const PER_WORD: usize = 8;

impl HedgeDesk {
    /// Fixes what never changes.
    pub(crate) fn fix(&mut self, vault: Address, ether: u32) -> Result<()> {
        self.vault.set(vault);
        self.ether.set(U32::from_limbs([ether.into()]));
        Ok(())
    }

    /// The rules in force: the default ones until others were set.
    pub(crate) fn stored_rules(&self) -> Rules {
        let words = [0, 1].map(|place| self.rules.get(place).unwrap_or_default());
        if words.iter().all(|word| word.is_zero()) {
            return Rules::default();
        }
        let mut rules = IHedgeDesk::Rules::default();
        for (word, part) in words.iter().zip(rules.fields().chunks_mut(PER_WORD)) {
            let mut word = Reader(word.as_slice());
            for field in part {
                **field = word.u32();
            }
        }
        rules.rules()
    }

    /// The same, as the ABI says them.
    pub(crate) fn shown_rules(&self) -> IHedgeDesk::Rules {
        self.stored_rules().into()
    }

    /// Sets the rules, before there are shares.
    pub(crate) fn store_rules(&mut self, mut given: IHedgeDesk::Rules) -> Result<()> {
        let caller = self.vm().msg_sender();
        let owner = self.ask_word(&IVault::roleCall { which: IVault::Role::Owner })?;
        let owner = Address::from_word(B256::from(owner));
        ensure(caller == owner, || OnlyOwner { caller, owner })?;
        let shares = self.ask_word(&IERC20::totalSupplyCall {})?;
        ensure(shares.is_zero(), || RulesLocked { shares })?;
        let rules = given.rules();
        let profile = Settings::unpack(&self.told()?.settings).rules().profile;
        let range = |index: u32, value: u32, least: u32, most: u32| RuleOutOfRange {
            index: uint(index.into()),
            value: uint(value.into()),
            least: uint(least.into()),
            most: uint(most.into()),
        };
        let age = rules.seasoning;
        ensure(age <= SEASONING, || range(0, age, 1, SEASONING))?;
        if let Err(error) = rules.check(&profile) {
            let index = error.rule.index().into();
            return fail(range(index, error.value, error.least, error.most));
        }

        for (place, part) in given.fields().chunks(PER_WORD).enumerate() {
            let mut word = B256::ZERO;
            let mut fields = Writer(word.as_mut_slice());
            for number in part {
                fields.put(&number.to_be_bytes());
            }
            self.rules.setter(place).or_overflow()?.set(word);
        }
        emit_struct::<RulesSet>(self.vm(), given)
    }
}
