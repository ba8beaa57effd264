//! Sends one transaction at a time and follows it until it is mined, replaced or lost.
//!
//! The nonce is the account's in the block that the action was decided on, so whatever else was ever signed with it excludes this one. A
//! transaction that waits too long is replaced under the same nonce for a higher fee, by what is due by then.

use std::time::Duration;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;

use crate::action::{Action, Proposal, Target};
use crate::chain::{Account, Call, Chain, Fault, Receipt};
use crate::collect::View;
use crate::config::{Config, Fees, wei};
use crate::skip::Skip;

/// Gas of a transaction that is added to what it was found to take, in parts of this.
pub(crate) const GAS_MARGIN: u64 = 3;

/// Whose calls are tried out while there is no key.
const NOBODY: Address = address!("000000000000000000000000000000000000dEaD");

/// A transaction that was sent.
#[derive(Clone, Debug)]
struct Flight {
    nonce: u64,
    kind: &'static str,
    /// All that were signed with the nonce, none for what was sent before this keeper started.
    hashes: Vec<B256>,
    /// Of the last one [wei]
    fee: u128,
    since: Duration,
}

/// What became of what was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Followed {
    /// Nothing was sent.
    Idle,
    /// It waits.
    Waiting {
        /// Its nonce
        nonce: u64,
        /// How long
        waited: Duration,
    },
    /// It waits for too long and may be replaced, or no node knows it.
    Overdue {
        /// Its nonce
        nonce: u64,
    },
    /// It was mined.
    Landed {
        /// What it was for
        kind: &'static str,
        /// Its hash
        hash: B256,
        /// How it went
        receipt: Receipt,
    },
    /// Its nonce was used by another transaction of the account, sent before this keeper started or by somebody else with the key.
    Displaced {
        /// The nonce
        nonce: u64,
    },
}

/// See the module.
pub struct Executor {
    key: Option<PrivateKeySigner>,
    chain_id: u64,
    fees: Fees,
    deadline: u64,
    payee: Option<Address>,
    flight: Option<Flight>,
    /// What the next transaction must pay at least under a nonce, after a node called one underpriced [wei]
    floor: Option<(u64, u128)>,
}

impl Executor {
    /// Sends with `key` on a chain; without a key it sends nothing.
    #[must_use]
    pub fn new(key: Option<PrivateKeySigner>, chain_id: u64, config: &Config) -> Self {
        let (fees, deadline, payee) = (config.fees, config.hedge.deadline, config.hedge.payee);
        Self { key, chain_id, fees, deadline, payee, flight: None, floor: None }
    }

    /// Whose transactions it sends.
    #[must_use]
    pub fn sender(&self) -> Option<Address> {
        self.key.as_ref().map(PrivateKeySigner::address)
    }

    /// Whether something waits to be mined.
    #[must_use]
    pub fn is_flying(&self) -> bool {
        self.flight.is_some()
    }

    /// Looks after what was sent, `now` being the time since the start.
    pub async fn follow(&mut self, chain: &dyn Chain, view: &View, now: Duration) -> Followed {
        let Some((_, account)) = view.account else { return Followed::Idle };
        let Some(flight) = self.flight.clone() else { return self.adopt(&account, now) };
        if flight.nonce < account.nonce {
            self.flight = None;
            return landed(chain, &flight).await.unwrap_or(Followed::Displaced { nonce: flight.nonce });
        }
        let (nonce, waited) = (flight.nonce, now.saturating_sub(flight.since));
        // Also where the account has gone back behind it: the chain was reorganised, or the view is of a node that is behind.
        if waited >= self.patience() {
            if account.pending <= nonce {
                // No node has it. It may still come back; what is sent next under its nonce must outbid it.
                (self.flight, self.floor) = (None, Some((nonce, self.bumped(flight.fee))));
            }
            return Followed::Overdue { nonce };
        }
        Followed::Waiting { nonce, waited }
    }

    /// What waits without being known was sent before a restart: it gets its time, too.
    fn adopt(&mut self, account: &Account, now: Duration) -> Followed {
        if account.pending <= account.nonce {
            return Followed::Idle;
        }
        let nonce = account.nonce;
        self.flight = Some(Flight { nonce, kind: "unknown", hashes: Vec::new(), fee: 0, since: now });
        Followed::Waiting { nonce, waited: Duration::ZERO }
    }

    /// How long a transaction may wait.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs_f64(self.fees.patience.max(0.0))
    }

    /// The call that an action is, for trying it out.
    #[must_use]
    pub fn call(&self, view: &View, action: &Action) -> Call {
        let from = self.sender().unwrap_or(NOBODY);
        let deadline = view.head.timestamp.saturating_add(self.deadline);
        let payee = match action {
            Action::Hedge(_) | Action::Position(_) => self.payee.unwrap_or(from),
            _ => from,
        };
        let to = match action.target() {
            Target::Vault => None,
            Target::Desk => view.told.as_ref().ok().map(|told| told.address),
            Target::Broker => view.broker.as_ref().ok().and_then(|broker| Some(broker.as_ref()?.address)),
            Target::Venue(venue) => Some(venue),
        };
        Call {
            from,
            to: to.unwrap_or(view.market.vault),
            data: action.calldata(deadline, payee),
            value: U256::from(action.ether()),
            ..Call::default()
        }
    }

    /// Signs and sends an action that was decided on in `view`.
    ///
    /// # Errors
    /// The reason why it was not sent.
    pub async fn send(
        &mut self,
        chain: &dyn Chain,
        view: &View,
        proposal: &Proposal,
        now: Duration,
    ) -> Result<B256, Skip> {
        let (Some(key), Some((_, account))) = (self.key.clone(), view.account) else {
            return Err(Skip::NoKey);
        };
        let fee = self.fee(view.head.base_fee, account.nonce)?;
        let gas = proposal.gas.saturating_add(proposal.gas / GAS_MARGIN);
        let need = fee.saturating_mul(gas.into()).saturating_add(proposal.action.ether());
        let have = interfaces::words::to_u128(account.balance).unwrap_or(u128::MAX);
        if have < need {
            return Err(Skip::Poor { have, need });
        }
        let call = self.call(view, &proposal.action);
        let tx = TxEip1559 {
            chain_id: self.chain_id,
            nonce: account.nonce,
            gas_limit: gas,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: wei(self.fees.tip_gwei).min(fee),
            to: TxKind::Call(call.to),
            value: call.value,
            input: call.data,
            ..TxEip1559::default()
        };
        let raw = signed(&key, tx)?;
        let hash = keccak256(&raw);
        self.note(account.nonce, proposal.action.kind(), hash, fee, now);
        match chain.send(&raw).await {
            Ok(()) => Ok(hash),
            Err(fault) => Err(self.unsent(fault, account.nonce, hash, fee)),
        }
    }

    /// Remembers a transaction before it is sent: whether it arrived may never be known.
    fn note(&mut self, nonce: u64, kind: &'static str, hash: B256, fee: u128, now: Duration) {
        let earlier = self.flight.take().filter(|flight| flight.nonce == nonce);
        let mut hashes = earlier.map(|flight| flight.hashes).unwrap_or_default();
        hashes.push(hash);
        self.flight = Some(Flight { nonce, kind, hashes, fee, since: now });
    }

    /// What a failure to send means. A node's refusal is certain; anything else may have arrived.
    fn unsent(&mut self, fault: Fault, nonce: u64, hash: B256, fee: u128) -> Skip {
        let Fault::Refused { message, .. } = &fault else { return Skip::NotSent(fault) };
        if let Some(flight) = &mut self.flight {
            flight.hashes.retain(|sent| *sent != hash);
            // What was never taken is not waited for.
            if flight.hashes.is_empty() {
                self.flight = None;
            }
        }
        if message.contains("underpriced") {
            self.floor = Some((nonce, self.bumped(fee)));
        }
        if message.contains("nonce too low") { Skip::NonceUsed(nonce) } else { Skip::NotSent(fault) }
    }

    /// Twice the base fee and the tip, or what a replacement must pay.
    fn fee(&self, base: u128, nonce: u64) -> Result<u128, Skip> {
        let fresh = base.saturating_mul(2).saturating_add(wei(self.fees.tip_gwei));
        let earlier = self.flight.as_ref().filter(|flight| flight.nonce == nonce);
        let earlier = earlier.map_or(0, |flight| self.bumped(flight.fee));
        let floor = self.floor.filter(|(known, _)| *known == nonce).map_or(0, |(_, floor)| floor);
        let (fee, cap) = (fresh.max(earlier).max(floor), wei(self.fees.max_gwei));
        if fee > cap { Err(Skip::FeeAboveCap { fee, cap }) } else { Ok(fee) }
    }

    fn bumped(&self, fee: u128) -> u128 {
        let more = fee.saturating_mul(self.fees.bump.into()).div_ceil(100);
        if fee == 0 { 0 } else { fee.saturating_add(more).saturating_add(1) }
    }
}

/// The receipt of whichever of a flight's transactions was mined.
async fn landed(chain: &dyn Chain, flight: &Flight) -> Option<Followed> {
    for hash in flight.hashes.iter().rev() {
        if let Ok(Some(receipt)) = chain.receipt(*hash).await {
            return Some(Followed::Landed { kind: flight.kind, hash: *hash, receipt });
        }
    }
    None
}

fn signed(key: &PrivateKeySigner, tx: TxEip1559) -> Result<Bytes, Skip> {
    let signature = key.sign_hash_sync(&tx.signature_hash());
    let signature = signature
        .map_err(|error| Skip::NotSent(Fault::Garbage(format!("the key does not sign: {error}"))))?;
    let envelope: TxEnvelope = tx.into_signed(signature).into();
    Ok(envelope.encoded_2718().into())
}
