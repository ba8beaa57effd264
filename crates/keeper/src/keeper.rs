//! One look at the chain after the other: collect, follow, decide, send.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alloy_primitives::{B256, U256};
use alloy_signer_local::PrivateKeySigner;
use interfaces::desk::IHedgeDesk;
use interfaces::words::to_u128;

use crate::action::{Action, Proposal};
use crate::ask::decode;
use crate::chain::{Chain, Fault};
use crate::collect::{Collector, View};
use crate::config::Config;
use crate::executor::{Executor, Followed, GAS_MARGIN};
use crate::skip::Skip;
use crate::strategy::{appraise, check_reward, decide, hedge, upkeep};
use crate::venue::Venue;

/// Gas that a hedge takes, about, where it could not be tried out.
const HEDGE_GAS: u64 = 800_000;
/// Time between two looks for what was sent.
const GLANCE: Duration = Duration::from_millis(250);

/// The time, given from outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// Since the keeper started.
    pub elapsed: Duration,
    /// The machine's clock [unix seconds]
    pub unix: u64,
}

impl Now {
    /// The machine's, for a keeper that started at `start`.
    #[must_use]
    pub fn since(start: Instant) -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { elapsed: start.elapsed(), unix }
    }
}

/// What came of a look.
#[derive(Debug)]
pub struct Report {
    /// What was seen, or why nothing was.
    pub view: Result<View, Skip>,
    /// What became of what was sent before.
    pub followed: Followed,
    /// What each strategy came to: the transaction that was sent, or why none was.
    pub outcomes: Vec<(&'static str, Result<Sent, Skip>)>,
}

/// A transaction that was sent, or would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// What it does and costs.
    pub proposal: Proposal,
    /// Its hash, none if it was not to be sent.
    pub hash: Option<B256>,
}

/// A keeper of one vault.
pub struct Keeper {
    config: Config,
    collector: Collector,
    executor: Executor,
    /// Time of the block by which a clock was started here [unix seconds]
    poked: u64,
    /// When the head of this look was asked for.
    began: Instant,
    /// Sends nothing.
    pub dry: bool,
}

impl Keeper {
    /// For the vault of a config, on a chain.
    #[must_use]
    pub fn new(
        config: Config,
        venues: Vec<Box<dyn Venue>>,
        key: Option<PrivateKeySigner>,
        chain_id: u64,
    ) -> Self {
        let collector = Collector::new(&config, venues);
        let executor = Executor::new(key, chain_id, &config);
        Self { config, collector, executor, poked: 0, began: Instant::now(), dry: false }
    }

    /// Asks venues for quotes even when no hedge is due.
    pub fn be_curious(&mut self) {
        self.collector.curious = true;
    }

    /// Whether something that was sent waits to be mined.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.executor.is_flying()
    }

    /// Looks once, and sends at most one transaction.
    pub async fn look(&mut self, chain: &dyn Chain, now: Now) -> Report {
        self.began = Instant::now();
        let view = match self.view(chain, now).await {
            Ok(view) => view,
            Err(skip) => {
                return Report { view: Err(skip), followed: Followed::Idle, outcomes: Vec::new() };
            }
        };
        let followed = self.executor.follow(chain, &view, now.elapsed).await;
        if matches!(followed, Followed::Landed { kind: "poke", .. }) {
            self.poked = view.head.timestamp;
        }
        let outcomes = self.act(chain, &view, &followed, now).await;
        Report { view: Ok(view), followed, outcomes }
    }

    /// Looks until nothing that was sent waits any more, for a keeper that started at `start`, and says what became of the last; none if that is not known
    /// within `limit`. It sends nothing meanwhile.
    pub async fn wait(&mut self, chain: &dyn Chain, start: Instant, limit: Duration) -> Option<Followed> {
        let dry = std::mem::replace(&mut self.dry, true);
        let followed = tokio::time::timeout(limit, self.mined(chain, start)).await;
        self.dry = dry;
        followed.ok()
    }

    async fn mined(&mut self, chain: &dyn Chain, start: Instant) -> Followed {
        let mut followed = Followed::Idle;
        while self.is_waiting() && !matches!(followed, Followed::Overdue { .. }) {
            tokio::time::sleep(GLANCE).await;
            followed = self.look(chain, Now::since(start)).await.followed;
        }
        followed
    }

    async fn view(&mut self, chain: &dyn Chain, now: Now) -> Result<View, Skip> {
        let head = chain.head(now.unix).await?;
        self.collector.collect(chain, head, self.executor.sender()).await
    }

    /// The first action that is due is tried out, weighed and sent; the others wait for it.
    async fn act(
        &mut self,
        chain: &dyn Chain,
        view: &View,
        followed: &Followed,
        now: Now,
    ) -> Vec<(&'static str, Result<Sent, Skip>)> {
        let mut outcomes = Vec::new();
        let mut first = None;
        for (name, decision) in decide(view, &self.config) {
            let outcome = match (decision, first) {
                (Err(skip @ (Skip::NoVenue(_) | Skip::Off)), None) if name == "hedge" => {
                    self.ripen(chain, view, followed, skip, now).await
                }
                (Err(skip @ Skip::NoSeat(_)), None) if name == "position" => {
                    self.ripen(chain, view, followed, skip, now).await
                }
                (Err(skip), _) => Err(skip),
                (Ok(_), Some(first)) if !self.dry => Err(Skip::Behind(first)),
                (Ok(action), _) => self.attempt(chain, view, followed, action, now).await,
            };
            // What is refused or too dear holds up nothing.
            if outcome.is_ok() || matches!(outcome, Err(Skip::InFlight { .. } | Skip::NotSent(_))) {
                first = first.or(Some(name));
            }
            outcomes.push((name, outcome));
        }
        outcomes
    }

    async fn attempt(
        &mut self,
        chain: &dyn Chain,
        view: &View,
        followed: &Followed,
        action: Action,
        now: Now,
    ) -> Result<Sent, Skip> {
        if let Followed::Waiting { nonce, waited } = followed {
            let patience = self.executor.patience().as_secs();
            return Err(Skip::InFlight { nonce: *nonce, waited: waited.as_secs(), patience });
        }
        let (gas, reward) = self.try_out(chain, view, &action).await?;
        let proposal = match appraise(view, &self.config, action.clone(), gas, reward) {
            Ok(proposal) => proposal,
            Err(skip) if matches!(action, Action::Hedge(_) | Action::Position(_)) => {
                let poke = self.poke(view, reward, gas).ok_or(skip)?;
                let (gas, _) = self.try_out(chain, view, &poke).await?;
                appraise(view, &self.config, poke, gas, 0)?
            }
            Err(skip) => return Err(skip),
        };
        if self.dry {
            return Ok(Sent { proposal, hash: None });
        }
        self.check_time(&proposal.action)?;
        let hash = self.executor.send(chain, view, &proposal, now.elapsed).await?;
        Ok(Sent { proposal, hash: Some(hash) })
    }

    /// Refuses what may come too late: the operator would pay for its refusal.
    fn check_time(&self, action: &Action) -> Result<(), Skip> {
        let (took, limit) = (self.began.elapsed(), Duration::from_secs(self.config.hedge.deadline) / 2);
        if action.has_deadline() && took > limit {
            return Err(Skip::TooSlow { took: took.as_millis(), limit: limit.as_millis() });
        }
        Ok(())
    }

    /// Starts the clock of a hedge that cannot be done yet, if it will pay.
    async fn ripen(
        &mut self,
        chain: &dyn Chain,
        view: &View,
        followed: &Followed,
        skip: Skip,
        now: Now,
    ) -> Result<Sent, Skip> {
        let poke = self.poke(view, 0, HEDGE_GAS).ok_or(skip)?;
        Box::pin(self.attempt(chain, view, followed, poke, now)).await
    }

    /// The start of a clock, unless it was started in a block of this very second.
    fn poke(&self, view: &View, paid: i128, gas: u64) -> Option<Action> {
        // What runs for everybody is started by one.
        if view.head.timestamp <= self.poked || upkeep::turn(view, &self.config).is_err() {
            return None;
        }
        hedge::poke(view, &self.config, paid, gas)
    }

    /// The gas that an action takes, and what it brings: tried out, a hedge at the price that its gas has.
    async fn try_out(&self, chain: &dyn Chain, view: &View, action: &Action) -> Result<(u64, i128), Skip> {
        let refused = |fault: Fault| {
            if fault.is_answer() { Skip::WouldRevert(fault.to_string()) } else { Skip::Chain(fault) }
        };
        let mut call = self.executor.call(view, action);
        let to = call.to;
        let gas = chain.gas(&view.head, &call).await.map_err(refused)?;
        let plan = match action {
            Action::Hedge(plan) => plan,
            Action::Position(position) => &position.plan,
            Action::Fill(fill) => return Ok((gas, fill.edge())),
            _ => return Ok((gas, 0)),
        };
        let spare = gas.saturating_add(gas / GAS_MARGIN);
        let most =
            U256::from(view.head.base_fee).saturating_mul(U256::from(spare)).saturating_add(call.value);
        let rich = view.account.is_some_and(|(_, account)| account.balance >= most);
        call.gas = rich.then_some(spare);
        let answer = chain.call(&view.head, &call).await.map_err(refused)?;
        let (ordered, reward) = match action {
            Action::Position(_) => {
                let done = decode::<IHedgeDesk::rebalancePositionCall>(&answer, to)?;
                (!done.key.is_zero(), done.reward)
            }
            _ => (false, decode::<IHedgeDesk::rebalanceCall>(&answer, to)?.reward),
        };
        let reward = i128::try_from(to_u128(reward).unwrap_or(u128::MAX)).unwrap_or(i128::MAX);
        // What is only ordered is paid nothing, whatever it does later.
        if let Some(stance) = view.stance.as_ref().filter(|_| !ordered || reward != 0) {
            check_reward(stance, plan, reward)?;
        }
        Ok((gas, reward))
    }
}
