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

/// What a transaction pays for a unit of gas [wei].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Price {
    /// At most
    fee: u128,
    /// Of it at most to whoever makes the block
    tip: u128,
}

/// A transaction that was sent.
#[derive(Clone, Debug)]
struct Flight {
    nonce: u64,
    kind: &'static str,
    /// All that were signed with the nonce, none for what was sent before this keeper started.
    hashes: Vec<B256>,
    /// Of the last one
    price: Price,
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
    /// What the next transaction under a nonce should pay at least: one was lost, or a node called it underpriced.
    floor: Option<(u64, Price)>,
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
                (self.flight, self.floor) = (None, Some((nonce, self.bumped(flight.price))));
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
        let price = Price::default();
        self.flight = Some(Flight { nonce, kind: "unknown", hashes: Vec::new(), price, since: now });
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
        let price = self.price(view.head.base_fee, account.nonce)?;
        let gas = proposal.gas.saturating_add(proposal.gas / GAS_MARGIN);
        let need = price.fee.saturating_mul(gas.into()).saturating_add(proposal.action.ether());
        let have = interfaces::words::to_u128(account.balance).unwrap_or(u128::MAX);
        if have < need {
            return Err(Skip::Poor { have, need });
        }
        let call = self.call(view, &proposal.action);
        let tx = TxEip1559 {
            chain_id: self.chain_id,
            nonce: account.nonce,
            gas_limit: gas,
            max_fee_per_gas: price.fee,
            max_priority_fee_per_gas: price.tip,
            to: TxKind::Call(call.to),
            value: call.value,
            input: call.data,
            ..TxEip1559::default()
        };
        let raw = signed(&key, tx)?;
        let hash = keccak256(&raw);
        self.note(account.nonce, proposal.action.kind(), hash, price, now);
        match chain.send(&raw).await {
            Ok(()) => Ok(hash),
            Err(fault) => Err(self.unsent(fault, account.nonce, hash, price)),
        }
    }

    /// Remembers a transaction before it is sent: whether it arrived may never be known.
    fn note(&mut self, nonce: u64, kind: &'static str, hash: B256, price: Price, now: Duration) {
        let earlier = self.flight.take().filter(|flight| flight.nonce == nonce);
        let mut hashes = earlier.map(|flight| flight.hashes).unwrap_or_default();
        hashes.push(hash);
        self.flight = Some(Flight { nonce, kind, hashes, price, since: now });
    }

    /// What a failure to send means. A node's refusal is certain; anything else may have arrived.
    fn unsent(&mut self, fault: Fault, nonce: u64, hash: B256, price: Price) -> Skip {
        let Fault::Refused { message, .. } = &fault else { return Skip::NotSent(fault) };
        if let Some(flight) = &mut self.flight {
            flight.hashes.retain(|sent| *sent != hash);
            // What was never taken is not waited for.
            if flight.hashes.is_empty() {
                self.flight = None;
            }
        }
        if message.contains("underpriced") {
            self.floor = Some((nonce, self.bumped(price)));
        }
        if message.contains("nonce too low") { Skip::NonceUsed(nonce) } else { Skip::NotSent(fault) }
    }

    /// Twice the base fee and the tip, or what a replacement must pay as far as the cap allows it: what was lost at a high fee must not keep from
    /// sending once the chain asks for less.
    fn price(&self, base: u128, nonce: u64) -> Result<Price, Skip> {
        let (tip, cap) = (wei(self.fees.tip_gwei), wei(self.fees.max_gwei));
        let fresh = base.saturating_mul(2).saturating_add(tip);
        if fresh > cap {
            return Err(Skip::FeeAboveCap { fee: fresh, cap });
        }
        let earlier = self.flight.as_ref().filter(|flight| flight.nonce == nonce);
        let earlier = earlier.map(|flight| self.bumped(flight.price)).unwrap_or_default();
        let floor = self.floor.filter(|(known, _)| *known == nonce);
        let floor = floor.map(|(_, floor)| floor).unwrap_or_default();
        let fee = fresh.max(earlier.fee).max(floor.fee).min(cap);
        Ok(Price { fee, tip: tip.max(earlier.tip).max(floor.tip).min(fee) })
    }

    /// What replaces a transaction of this price: a pool wants both parts of it to rise, a tip of nothing as well.
    fn bumped(&self, price: Price) -> Price {
        // Of what was sent before this keeper started it is not known.
        if price.fee == 0 {
            return Price::default();
        }
        let more = |wei: u128| {
            let part = wei.saturating_mul(self.fees.bump.into()).div_ceil(100);
            wei.saturating_add(part).saturating_add(1)
        };
        Price { fee: more(price.fee), tip: more(price.tip) }
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

#[cfg(test)]
mod tests {
    use super::*;

    const GWEI: u128 = 1_000_000_000;

    /// With a cap of 5 gwei, and a replacement paying 15 percent more.
    fn executor() -> Executor {
        let config = serde_json::json!({ "vault": NOBODY });
        Executor::new(None, 1, &serde_json::from_value(config).expect("a config"))
    }

    fn flight(nonce: u64, price: Price) -> Flight {
        Flight { nonce, kind: "hedge", hashes: Vec::new(), price, since: Duration::ZERO }
    }

    #[test]
    fn what_was_lost_near_the_cap_does_not_keep_from_sending_when_the_chain_asks_for_less() {
        let mut executor = executor();
        executor.floor = Some((7, executor.bumped(Price { fee: 5 * GWEI, tip: GWEI })));
        let price = executor.price(GWEI, 7);
        assert_eq!(price, Ok(Price { fee: 5 * GWEI, tip: GWEI + GWEI * 15 / 100 + 1 }));
        assert_eq!(executor.price(GWEI, 8), Ok(Price { fee: 2 * GWEI, tip: 0 }));
        let above = Skip::FeeAboveCap { fee: 6 * GWEI, cap: 5 * GWEI };
        assert_eq!(executor.price(3 * GWEI, 7), Err(above));
    }

    #[test]
    fn a_replacement_raises_fee_and_tip_and_the_tip_no_further_than_the_fee() {
        let mut executor = executor();
        let replaced = |executor: &mut Executor, price: Price| {
            executor.flight = Some(flight(7, price));
            executor.price(GWEI, 7).expect("below the cap")
        };
        let two = Price { fee: 2 * GWEI, tip: 0 };
        assert_eq!(replaced(&mut executor, two), Price { fee: 2 * GWEI + GWEI * 30 / 100 + 1, tip: 1 });
        // What the chain asks for by now may be more.
        let one = Price { fee: GWEI, tip: 100 };
        assert_eq!(replaced(&mut executor, one), Price { fee: 2 * GWEI, tip: 116 });
        let most = Price { fee: 5 * GWEI, tip: 5 * GWEI };
        assert_eq!(replaced(&mut executor, most), most);
        // Of what was sent before the start nothing is known.
        assert_eq!(replaced(&mut executor, Price::default()), two);
    }
}
