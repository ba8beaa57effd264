//! The entry point, and which method each selector names.

use alloc::vec::Vec;

use alloy_primitives::U256;
use interfaces::contract::{malformed, Answer as _, Args};
use interfaces::erc165::IERC165;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::routes;
use interfaces::vault::IVault;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::{stylus_core::storage::TopLevelStorage, ArbResult};

use crate::broker::Margining as _;
use crate::deposits::Deposits as _;
use crate::desk::Desk as _;
use crate::epochs::Queue as _;
use crate::error::{Result, Revert};
use crate::governance::Governance as _;
use crate::margin::Writing as _;
use crate::market::Market as _;
use crate::pool::IdleCash as _;
use crate::positions::{Erc165 as _, Erc6909 as _};
use crate::satellite::Naming as _;
use crate::settlement::Settlement as _;
use crate::shares::Erc20 as _;
use crate::state::Vault;
use crate::trading::Trading as _;

// SAFETY: the vault is the program's only storage and begins at slot 0.
unsafe impl TopLevelStorage for Vault {}

/// Runs a call: the constructor, which runs once, or a method. Nothing takes ether.
#[entrypoint]
pub fn main(input: Vec<u8>, vm: VM) -> ArbResult {
    let refusal = || Vec::from(Revert::empty());
    let (selector, data) = input.split_first_chunk().ok_or_else(refusal)?;
    // SAFETY: one instance for the call, on the slots that are the vault's.
    let mut vault = unsafe { Vault::new(U256::ZERO, 0, vm) };
    if !vault.vm().msg_value().is_zero() {
        return Err(refusal());
    }
    let mut out = Vec::new();
    route(&mut vault, u32::from_be_bytes(*selector), Args::new(data), &mut out)?;
    Ok(out)
}

fn route(vault: &mut Vault, selector: u32, mut args: Args<'_>, out: &mut Vec<u8>) -> Result<()> {
    routes! { vault, selector, args, out;
        constructor(asset, underlying, price_feed, sequencer_feed, risk_engine, owner);
        IVault {
            quoteCall => quote(legs);
            tradeCall => trade(legs, max_premium, receiver, deadline);
            tradeInRoundCall => trade_in_round(round_id, legs, max_premium, receiver, deadline);
            settleCall => settle(expiry, round_id);
            claimCall => claim(series, receiver);
            recordShortfallCall => record_shortfall();
            settlementPriceCall => settlement_price(expiry);
            listExpiryCall => list_expiry(expiry, base, step, count);
            setDepthCall => set_depth(expiry, weights);
            navCall => nav();
            wordsCall => words();
            headersCall => headers();
            spotCall => spot();
            profileCall => profile_view();
            feedsCall => feeds();
            underlyingCall => underlying_address();
            limitsCall => limits_view();
            riskEngineCall => risk_engine_view();
            setProfileCall => set_profile(profile, limits);
            roleCall => role(which);
            setRoleCall => set_role(which, account);
            acceptOwnershipCall => accept_ownership();
            pauseCall => pause();
            unpauseCall => unpause();
            pausedCall => paused_view();
            allowVenueCall => allow_venue(venue);
            removeVenueCall => remove_venue(venue);
            venueAllowedFromCall => venue_allowed_from(venue);
            satelliteCall => satellite_view(which);
            setSatelliteCall => set_satellite(which, contract);
            acceptSatelliteCall => accept_satellite(which);
            youngTradesCall => young_trades();
            hedgeCall => hedge(venue, size, cash_limit, payer, data);
            payRewardCall => pay_reward(payee, amount);
            moveMarginCall => move_margin(amount, value, open, short, margin);
            poolCall => pool_view();
            setPoolCall => set_pool(pool);
            removePoolCall => remove_pool();
            investCall => invest(assets);
            divestCall => divest(assets);
            accountsCall => accounts();
            payoffCall => payoff(legs);
            writeForCall => write_for(account, legs, max_premium, deadline);
            coverAccountsCall => cover_accounts(uncovered, borne);
            receivePayoffCall => receive_payoff(due, paid);
            payUncoveredCall => pay_uncovered(amount);
        }
        IERC4626 {
            assetCall => asset_address();
            shareCall => share();
            totalAssetsCall => total_assets();
            convertToSharesCall => convert_to_shares(assets);
            convertToAssetsCall => convert_to_assets(shares);
            maxDepositCall => max_deposit(receiver);
            previewDepositCall => preview_deposit(assets);
            depositCall => deposit(assets, receiver);
            maxMintCall => max_mint(receiver);
            previewMintCall => preview_mint(shares);
            mintCall => mint(shares, receiver);
            maxWithdrawCall => max_withdraw(controller);
            previewWithdrawCall => preview_withdraw(assets);
            withdrawCall => withdraw(assets, receiver, controller);
            maxRedeemCall => max_redeem(controller);
            previewRedeemCall => preview_redeem(shares);
            redeemCall => redeem(shares, receiver, controller);
            requestRedeemCall => request_redeem(shares, controller, owner);
            cancelRedeemRequestCall => cancel_redeem_request(id, controller);
            pendingRedeemRequestCall => pending_redeem_request(id, controller);
            claimableRedeemRequestCall => claimable_redeem_request(id, controller);
            processEpochCall => process_epoch();
            redeemDelayCall => redeem_delay();
            epochCall => epoch(id);
            epochsCall => epoch_range();
        }
        IERC20 {
            nameCall => name();
            symbolCall => symbol();
            decimalsCall => decimals();
            totalSupplyCall => total_supply();
            balanceOfCall => balance_of(account);
            allowanceCall => allowance(owner, spender);
            transferCall => transfer(to, value);
            approveCall => approve(spender, value);
            transferFromCall => transfer_from(from, to, value);
            permitCall => permit(owner, spender, value, deadline, v, r, s);
            noncesCall => nonces(owner);
            DOMAIN_SEPARATORCall => domain_separator();
        }
        IERC6909 {
            balanceOfCall => position_of(owner, id);
            allowanceCall => position_allowance(owner, spender, id);
            isOperatorCall => is_operator(owner, spender);
            transferCall => transfer_position(receiver, id, amount);
            transferFromCall => transfer_position_from(sender, receiver, id, amount);
            approveCall => approve_position(spender, id, amount);
            setOperatorCall => set_operator(spender, approved);
            totalSupplyCall => open_amount(id);
        }
        IERC165 {
            supportsInterfaceCall => supports_interface(interface_id);
        }
    }
    malformed()
}
