//! Several nodes as one chain: what they answer counts when enough of them say it.
//!
//! In each look the nodes that are on the right chain and not behind are found, and the newest block that all of them have is the head.
//! Everything else is asked of them about that block, by its hash. One that fails rests for a while, the longer the more often it failed; one that gives
//! a head and then fails where enough others answer is left out for the rest of the look as well, and its failures count until it has gone through a look
//! without one.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Bytes};
use anyhow::Result;
use async_trait::async_trait;
use futures_util::future::join_all;

use crate::agree::{agree, backed};
use crate::chain::{Account, Call, Chain, Fault, Head, Receipt};
use crate::config::Config;
use crate::endpoint::Endpoint;

/// The longest that an endpoint rests.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// How an endpoint did in the last look.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Host and port.
    pub name: String,
    /// Its head.
    pub number: Option<u64>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
    failures: u32,
    rests_until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Seen {
    health: Vec<Health>,
    /// Endpoints that agree on the head and have not failed since.
    good: Vec<usize>,
    /// What those failed with that have.
    lost: Vec<Fault>,
    /// The highest head so far.
    highest: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Endpoints {
    endpoints: Vec<Endpoint>,
    chain_id: Option<u64>,
    quorum: usize,
    max_lag: u64,
    max_age: u64,
    rest: Duration,
    seen: Mutex<Seen>,
}

impl Endpoints {
    /// The endpoints of a config.
    ///
    /// # Errors
    /// A malformed URL.
    pub fn new(config: &Config) -> Result<Self> {
        let limit = Duration::from_secs_f64(config.timeout);
        let endpoints = config.rpc.iter().map(|url| Endpoint::new(url, limit)).collect::<Result<Vec<_>>>()?;
        let named = |endpoint: &Endpoint| Health { name: endpoint.name.clone(), ..Health::default() };
        let health = endpoints.iter().map(named).collect();
        Ok(Self {
            endpoints,
            chain_id: config.chain_id,
            quorum: config.quorum(),
            max_lag: config.max_lag,
            max_age: config.max_head_age,
            rest: config.interval(),
            seen: Mutex::new(Seen { health, ..Seen::default() }),
        })
    }

    /// How each did in the last look.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        self.seen().health.clone()
    }

    /// The chain that most of them are on.
    ///
    /// # Errors
    /// No agreement.
    pub async fn chain_id(&self) -> Result<u64, Fault> {
        match self.chain_id {
            Some(id) => Ok(id),
            None => {
                agree("chain", &join_all(self.endpoints.iter().map(Endpoint::chain_id)).await, self.quorum)
            }
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head of an endpoint that is on the right chain and does not rest.
    async fn look(&self, index: usize, endpoint: &Endpoint) -> Result<Head, Fault> {
        let resting = self.seen().health.get(index).and_then(|health| {
            health.rests_until.filter(|until| *until > Instant::now()).and(health.fault.clone())
        });
        if let Some(fault) = resting {
            return Err(fault);
        }
        let have = endpoint.chain_id().await?;
        if let Some(want) = self.chain_id.filter(|want| *want != have) {
            return Err(Fault::WrongChain { have, want });
        }
        endpoint.header(BlockNumberOrTag::Latest).await
    }

    /// Notes how each endpoint did, and which of them are not behind.
    fn judge(&self, looks: &mut [Result<Head, Fault>]) {
        let mut seen = self.seen();
        seen.begin();
        let heads = looks.iter().filter_map(|look| look.as_ref().ok()).map(|head| &head.number);
        // What one node alone claims must not put all others behind.
        seen.highest = seen.highest.max(backed(heads, self.quorum));
        let highest = seen.highest;
        for (health, look) in seen.health.iter_mut().zip(looks.iter_mut()) {
            if let Ok(head) = look {
                let behind = highest.saturating_sub(head.number);
                health.number = Some(head.number);
                if behind > self.max_lag {
                    *look = Err(Fault::Lagging { number: head.number, behind });
                }
            }
            note(health, look.as_ref().err(), self.rest);
        }
    }

    /// The newest block that all who are left have, if enough agree on it.
    async fn common(&self, looks: &[Result<Head, Fault>]) -> Result<Head, Fault> {
        let backed = looks.iter().filter_map(|look| look.as_ref().ok()).map(|head| head.number).min();
        let number = backed.unwrap_or_default();
        let at = |endpoint: &Endpoint, look: &Result<Head, Fault>| {
            let (endpoint, look) = (endpoint.clone(), look.clone());
            async move {
                match look {
                    Ok(head) if head.number == number => Ok(head),
                    Ok(_) => endpoint.header(BlockNumberOrTag::Number(number)).await,
                    Err(fault) => Err(fault),
                }
            }
        };
        let blocks =
            join_all(self.endpoints.iter().zip(looks).map(|(endpoint, look)| at(endpoint, look))).await;
        self.note_blocks(looks, &blocks);
        let head = agree("head", &blocks, self.quorum)?;
        let good = blocks.iter().enumerate().filter(|(_, block)| block.as_ref() == Ok(&head));
        self.seen().good = good.map(|(index, _)| index).collect();
        Ok(head)
    }

    /// Notes those that gave a head and not the block that all have.
    fn note_blocks(&self, looks: &[Result<Head, Fault>], blocks: &[Result<Head, Fault>]) {
        let mut seen = self.seen();
        for ((health, look), block) in seen.health.iter_mut().zip(looks).zip(blocks) {
            if let (Ok(_), Err(fault)) = (look, block) {
                note(health, Some(fault), self.rest);
            }
        }
    }

    /// Asks the good ones. What others failed with in this look stands for their answers.
    async fn each<'a, T, F>(&'a self, ask: impl Fn(&'a Endpoint) -> F) -> Vec<Result<T, Fault>>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let lost = self.seen().lost.clone();
        let answers = self.asked(ask).await;
        answers.into_iter().chain(lost.into_iter().map(Err)).collect()
    }

    /// Asks the good ones, and leaves out from then on who fails.
    async fn asked<'a, T, F>(&'a self, ask: impl Fn(&'a Endpoint) -> F) -> Vec<Result<T, Fault>>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let good = self.seen().good.clone();
        let endpoints = good.iter().filter_map(|index| self.endpoints.get(*index));
        let answers = join_all(endpoints.map(ask)).await;
        self.leave_out(&good, &answers);
        answers
    }

    /// Leaves out those that failed, until the next look, if the others are enough: what nearly all fail at may be the question's fault.
    fn leave_out<T>(&self, asked: &[usize], answers: &[Result<T, Fault>]) {
        let failed = asked.iter().zip(answers).filter_map(|(index, answer)| {
            let fault = answer.as_ref().err().filter(|fault| fault.is_failure())?;
            Some((*index, fault))
        });
        let failed: Vec<(usize, &Fault)> = failed.collect();
        if answers.len().saturating_sub(failed.len()) < self.quorum {
            return;
        }
        let mut seen = self.seen();
        for (index, fault) in failed {
            seen.good.retain(|good| *good != index);
            seen.lost.push(fault.clone());
            if let Some(health) = seen.health.get_mut(index) {
                note(health, Some(fault), self.rest);
            }
        }
    }
}

impl Seen {
    /// Begins another look: whoever went through the last one without a failure is forgiven those before it.
    fn begin(&mut self) {
        self.lost.clear();
        for index in std::mem::take(&mut self.good) {
            if let Some(health) = self.health.get_mut(index) {
                health.failures = 0;
            }
        }
    }
}

/// Notes an endpoint's failure and how long it rests, or that it gave a head.
fn note(health: &mut Health, fault: Option<&Fault>, rest: Duration) {
    let Some(fault) = fault else {
        (health.fault, health.rests_until) = (None, None);
        return;
    };
    let now = Instant::now();
    if health.rests_until.is_some_and(|until| until > now) {
        return;
    }
    health.fault = Some(fault.clone());
    health.failures = health.failures.saturating_add(1);
    if health.failures > 1 {
        let doubled = rest.saturating_mul(1 << health.failures.min(10).saturating_sub(2));
        health.rests_until = Some(now + jittered(doubled.min(LONGEST_REST)));
    }
}

/// From half of a time to all of it.
pub(crate) fn jittered(time: Duration) -> Duration {
    let part = RandomState::new().hash_one(()) % 1_000;
    time.mul_f64(0.5 + part as f64 / 2_000.0)
}

#[async_trait]
impl Chain for Endpoints {
    async fn head(&self, unix: u64) -> Result<Head, Fault> {
        let looks = self.endpoints.iter().enumerate().map(|(index, endpoint)| self.look(index, endpoint));
        let mut looks = join_all(looks).await;
        self.judge(&mut looks);
        let head = self.common(&looks).await?;
        let age = unix.saturating_sub(head.timestamp);
        if self.max_age > 0 && age > self.max_age {
            return Err(Fault::StaleHead { age, limit: self.max_age });
        }
        Ok(head)
    }

    async fn call(&self, at: &Head, call: &Call) -> Result<Bytes, Fault> {
        agree("call", &self.each(|endpoint| endpoint.call(at, call)).await, self.quorum)
    }

    async fn account(&self, at: &Head, who: Address) -> Result<Account, Fault> {
        let account = agree("account", &self.each(|endpoint| endpoint.account(at, who)).await, self.quorum)?;
        // One node that has something waiting is enough.
        let pending = self.each(|endpoint| endpoint.pending(who)).await;
        let pending = pending.into_iter().flatten().max().unwrap_or_default();
        Ok(Account { pending: pending.max(account.nonce), ..account })
    }

    async fn gas(&self, at: &Head, call: &Call) -> Result<u64, Fault> {
        // Nodes estimate differently: what most of them refuse is refused, and what is taken is the most that enough of them ask for.
        let answers = self.each(|endpoint| endpoint.gas(at, call)).await;
        let most = backed(answers.iter().flatten(), self.quorum);
        let verdicts: Vec<Result<(), Fault>> =
            answers.iter().map(|answer| answer.as_ref().map(|_| ()).map_err(Clone::clone)).collect();
        agree("gas", &verdicts, self.quorum).map(|()| most)
    }

    async fn send(&self, raw: &Bytes) -> Result<(), Fault> {
        let sent = self.asked(|endpoint| endpoint.send(raw)).await;
        if sent.iter().any(Result::is_ok) {
            return Ok(());
        }
        // If one may have it, it may arrive; only when all refuse it is it refused.
        let mut faults: Vec<Fault> = sent.into_iter().filter_map(Result::err).collect();
        faults.sort_by_key(|fault| matches!(fault, Fault::Refused { .. }));
        Err(faults.into_iter().next().unwrap_or_else(|| Fault::Unreachable("no endpoint is left".into())))
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Fault> {
        let answers = self.each(|endpoint| endpoint.receipt(hash)).await;
        let known: Vec<_> = answers.into_iter().filter(|answer| !matches!(answer, Ok(None))).collect();
        if known.is_empty() { Ok(None) } else { agree("receipt", &known, 1) }
    }
}
