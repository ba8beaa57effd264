//! Roles, profile, venues and the pause. What loosens is slow or impossible; what tightens is instant; exits have no switch.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256, U64};
use interfaces::vault::IVault::{
    self, Limits, LimitsSet, NotAuthorised, OwnershipTransferStarted, OwnershipTransferred, Paused, Profile,
    ProfileLocked, ProfileSet, RoleSet, Unpaused, VenueAllowed, VenueRemoved, ZeroAddress,
};
use stylus_sdk::prelude::*;

use crate::amounts::uint;
use crate::error::{emit, emit_struct, ensure, OrOverflow, Result, Revert};
use crate::lock;
use crate::profile::Settings;
use crate::state::{word64, Vault};

/// Time from naming a venue, a pool or a surface feed to its first use, once there are shares [s].
const DELAY: u64 = 2 * 86_400;

pub(crate) const OWNER: IVault::Role = IVault::Role::Owner;
const GUARDIAN: IVault::Role = IVault::Role::Guardian;
const PENDING_OWNER: IVault::Role = IVault::Role::PendingOwner;

/// Storage index of a role.
fn slot(role: &IVault::Role) -> u8 {
    match role {
        IVault::Role::Owner => 0,
        IVault::Role::Curator => 1,
        IVault::Role::Guardian => 2,
        _ => 3,
    }
}

/// The role with this ABI number; a number that names none is malformed calldata.
fn parse(which: u8) -> Result<IVault::Role> {
    IVault::Role::try_from(which).map_err(|_| Revert::empty())
}

/// Whether a venue that is allowed from then on, or never where it is 0, may be used.
pub(crate) fn usable(allowed_from: u64, now: u64) -> bool {
    allowed_from != 0 && now >= allowed_from
}

impl Vault {
    fn holder(&self, role: &IVault::Role) -> Address {
        self.roles.get(usize::from(slot(role))).unwrap_or_default()
    }

    /// Who owns the vault.
    pub(crate) fn owner(&self) -> Address {
        self.holder(&OWNER)
    }

    fn assign(&mut self, role: IVault::Role, account: Address) -> Result<()> {
        self.roles.setter(usize::from(slot(&role))).or_overflow()?.set(account);
        emit(self.vm(), &RoleSet { role, account });
        Ok(())
    }

    /// Refuses a caller that does not hold `role`.
    pub(crate) fn require_role(&self, role: IVault::Role) -> Result<()> {
        let caller = self.vm().msg_sender();
        ensure(caller == self.holder(&role), || NotAuthorised { caller, role })
    }

    /// When what the owner names now may be used: at once while there are no shares [s].
    pub(crate) fn due(&self) -> Result<u64> {
        let delay = if self.shares.supply() == 0 { 0 } else { DELAY };
        self.now().checked_add(delay).or_overflow()
    }

    /// Refuses a caller that may neither invest nor stop it.
    pub(crate) fn require_keeper_of_cash(&self) -> Result<()> {
        if self.vm().msg_sender() == self.holder(&IVault::Role::Curator) {
            return Ok(());
        }
        self.require_owner_or_guardian()
    }

    pub(crate) fn require_owner_or_guardian(&self) -> Result<()> {
        if self.vm().msg_sender() == self.holder(&OWNER) {
            return Ok(());
        }
        self.require_role(GUARDIAN)
    }
}

/// Governance. `abi/IVault.sol` is the manual.
#[public]
pub trait Governance {
    /// The market's profile.
    #[selector(name = "profile")]
    fn profile_view(&self) -> Profile;
    /// The market's limits.
    #[selector(name = "limits")]
    fn limits_view(&self) -> Limits;
    /// Price feed and sequencer-uptime feed.
    fn feeds(&self) -> (Address, Address);
    /// What the options are on.
    #[selector(name = "underlying")]
    fn underlying_address(&self) -> Address;
    /// What computes marks, premiums and limits.
    #[selector(name = "riskEngine")]
    fn risk_engine_view(&self) -> Address;
    /// Sets profile and limits, before there are shares.
    fn set_profile(&mut self, profile: Profile, limits: Limits) -> Result<()>;
    /// Holder of a role.
    fn role(&self, which: u8) -> Result<Address>;
    /// Gives a role; the owner's is offered and must be accepted.
    fn set_role(&mut self, which: u8, account: Address) -> Result<()>;
    /// Takes the offered ownership.
    fn accept_ownership(&mut self) -> Result<()>;
    /// Stops new risk.
    fn pause(&mut self) -> Result<()>;
    /// Allows new risk again.
    fn unpause(&mut self) -> Result<()>;
    /// Whether new risk is stopped.
    #[selector(name = "paused")]
    fn paused_view(&self) -> bool;
    /// Allows a venue.
    fn allow_venue(&mut self, venue: Address) -> Result<()>;
    /// Takes a venue off the list.
    fn remove_venue(&mut self, venue: Address) -> Result<()>;
    /// When a venue may be used, zero when it may not.
    fn venue_allowed_from(&self, venue: Address) -> U256;
}

#[public]
impl Governance for Vault {
    #[selector(name = "profile")]
    fn profile_view(&self) -> Profile {
        self.settings().profile
    }

    #[selector(name = "limits")]
    fn limits_view(&self) -> Limits {
        self.settings().limits
    }

    fn feeds(&self) -> (Address, Address) {
        let feeds = self.feeds_of(&self.settings().profile);
        (feeds.price, feeds.sequencer)
    }

    #[selector(name = "underlying")]
    fn underlying_address(&self) -> Address {
        self.underlying_token().0
    }

    #[selector(name = "riskEngine")]
    fn risk_engine_view(&self) -> Address {
        self.engine_address()
    }

    fn set_profile(&mut self, profile: Profile, limits: Limits) -> Result<()> {
        lock::take()?;
        self.require_role(OWNER)?;
        let shares = self.shares.supply();
        ensure(shares == 0, || ProfileLocked { shares: uint(shares) })?;

        let mut settings = Settings { profile, limits };
        self.store_settings(&mut settings)?;
        let Settings { profile, limits } = settings;
        emit_struct::<ProfileSet>(self.vm(), profile)?;
        emit_struct::<LimitsSet>(self.vm(), limits)?;
        lock::release();
        Ok(())
    }

    fn role(&self, which: u8) -> Result<Address> {
        Ok(self.holder(&parse(which)?))
    }

    fn set_role(&mut self, which: u8, account: Address) -> Result<()> {
        lock::take()?;
        self.require_role(OWNER)?;
        let role = parse(which)?;

        if matches!(role, IVault::Role::Owner | IVault::Role::PendingOwner) {
            let owner = self.holder(&OWNER);
            self.assign(PENDING_OWNER, account)?;
            emit(self.vm(), &OwnershipTransferStarted { owner, pendingOwner: account });
        } else {
            self.assign(role, account)?;
        }
        lock::release();
        Ok(())
    }

    fn accept_ownership(&mut self) -> Result<()> {
        lock::take()?;
        self.require_role(PENDING_OWNER)?;
        let (owner, caller) = (self.holder(&OWNER), self.vm().msg_sender());

        self.assign(OWNER, caller)?;
        self.assign(PENDING_OWNER, Address::ZERO)?;
        emit(self.vm(), &OwnershipTransferred { owner, newOwner: caller });
        lock::release();
        Ok(())
    }

    fn pause(&mut self) -> Result<()> {
        lock::take()?;
        self.require_owner_or_guardian()?;

        self.store_paused(true);
        let account = self.vm().msg_sender();
        emit(self.vm(), &Paused { account });
        lock::release();
        Ok(())
    }

    fn unpause(&mut self) -> Result<()> {
        lock::take()?;
        self.require_role(OWNER)?;
        self.require_no_shortfall()?;

        self.store_paused(false);
        let account = self.vm().msg_sender();
        emit(self.vm(), &Unpaused { account });
        lock::release();
        Ok(())
    }

    #[selector(name = "paused")]
    fn paused_view(&self) -> bool {
        self.is_paused()
    }

    fn allow_venue(&mut self, venue: Address) -> Result<()> {
        lock::take()?;
        self.require_role(OWNER)?;
        ensure(!venue.is_zero(), || ZeroAddress {})?;
        let now = self.now();
        let mut allowed_from = word64(self.venues.get(venue));
        if !usable(allowed_from, now) {
            allowed_from = self.due()?;
        }
        // Claims and automation go by the default route: it changes to a venue that may be used, unless there is none.
        let current = word64(self.venues.get(self.default_venue.get()));

        self.venues.setter(venue).set(U64::from_limbs([allowed_from]));
        if allowed_from <= now || !usable(current, now) {
            self.default_venue.set(venue);
        }
        emit(self.vm(), &VenueAllowed { venue, allowedFrom: uint(allowed_from.into()) });
        lock::release();
        Ok(())
    }

    fn remove_venue(&mut self, venue: Address) -> Result<()> {
        lock::take()?;
        self.require_owner_or_guardian()?;

        self.venues.setter(venue).set(U64::ZERO);
        emit(self.vm(), &VenueRemoved { venue });
        lock::release();
        Ok(())
    }

    fn venue_allowed_from(&self, venue: Address) -> U256 {
        uint(word64(self.venues.get(venue)).into())
    }
}
