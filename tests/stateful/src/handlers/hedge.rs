//! Keepers, fillers and hostile venues.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::SolCall;
use interfaces::desk::IHedgeDesk::{self, Leg, Need, Plan};
use interfaces::erc4626::IERC4626;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use crate::fuzz::Fuzz;
use crate::numbers::{int, signed, small, wad};
use crate::opening::Hostile;
use crate::step::Told;

impl Fuzz {
    /// What is due; none when nothing is, but for a few tries in vain.
    fn due(&mut self) -> Option<Need> {
        self.get_fresh();
        let need = self.stage.need().ok()?;
        (!need.due.is_zero() || self.dice.percent(2)).then_some(need)
    }

    /// Notes a hedge by what the vault says it holds.
    fn hedged(&mut self, size: I256) {
        self.ghost.hedge = self.ghost.hedge.saturating_add_signed(signed(size));
    }

    /// A plan over these venues, at the feed's price.
    pub(super) fn plan(&mut self, legs: Vec<Leg>) -> Option<Plan> {
        let spot = self.ask(IVault::spotCall {})?.price;
        let payee = self.stage.actors.keeper;
        Some(Plan { legs, spot, deadline: U256::MAX, payee })
    }

    /// A call that a contract that was let in could make.
    fn attack(&mut self) -> (Address, Bytes) {
        let (who, one) = (self.cast.hostile_venue, U256::ONE);
        let (vault, margin, desk) = (self.stage.vault, self.stage.margin, self.stage.desk);
        let id = self.live_series().unwrap_or_default();
        let legs = vec![super::trade::leg(id, 1)];
        let (target, data) = match self.dice.below(9) {
            0 => (vault, IERC4626::depositCall { assets: U256::from(1_000_000), receiver: who }.abi_encode()),
            1 => (vault, IERC4626::processEpochCall {}.abi_encode()),
            2 => (vault, IVault::navCall {}.abi_encode()),
            3 => (vault, IERC4626::totalAssetsCall {}.abi_encode()),
            4 => {
                let call =
                    IVault::tradeCall { legs, maxPremium: I256::MAX, receiver: who, deadline: U256::MAX };
                (vault, call.abi_encode())
            }
            5 => (vault, IVault::claimCall { series: vec![id], receiver: who }.abi_encode()),
            // An account without options is marked without asking the vault for anything.
            6 if !self.ghost.written.is_empty() => {
                let account = self.ghost.written.keys().next().map_or(who, |(account, _)| *account);
                (margin, IMargin::refreshCall { account }.abi_encode())
            }
            7 => (desk, IHedgeDesk::pokeCall {}.abi_encode()),
            _ => {
                let call =
                    IHedgeDesk::fillHedgeCall { size: int(1), limit: one, receiver: who, data: B256::ZERO };
                (desk, call.abi_encode())
            }
        };
        (target, data.into())
    }
}

pub(super) fn poke(fuzz: &mut Fuzz) -> Option<()> {
    fuzz.get_fresh();
    let (desk, anyone) = (fuzz.stage.desk, fuzz.cast.stranger);
    fuzz.act("poke", anyone, desk, &IHedgeDesk::pokeCall {});
    Some(())
}

pub(super) fn fill(fuzz: &mut Fuzz) -> Option<()> {
    let need = fuzz.due()?;
    let filler = fuzz.stage.actors.arbitrageur;
    let whole = signed(need.due);
    let size = if fuzz.dice.percent(70) {
        whole
    } else {
        fuzz.dice.part(whole.unsigned_abs()) as i128 * whole.signum()
    };
    let limit = if size > 0 { U256::ZERO } else { U256::MAX };
    let call = IHedgeDesk::fillHedgeCall { size: int(size), limit, receiver: filler, data: B256::ZERO };
    let desk = fuzz.stage.desk;
    let before = fuzz.usdc_of(filler);
    if fuzz.act("fill_hedge", filler, desk, &call).is_some() {
        fuzz.hedged(int(size));
        fuzz.tell(Told::Hedge { payee: Address::ZERO, before });
    }
    Some(())
}

pub(super) fn rebalance(fuzz: &mut Fuzz) -> Option<()> {
    let need = fuzz.due()?;
    let off = fuzz.dice.real(-0.0008, 0.0008);
    fuzz.arbitrage(off);
    let (venue, whole) = (fuzz.stage.venue, signed(need.due));
    let leg = |size| Leg { venue, size: int(size), limitPrice: U256::ZERO };
    let legs =
        if fuzz.dice.percent(30) { vec![leg(whole / 2), leg(whole - whole / 2)] } else { vec![leg(whole)] };
    let plan = fuzz.plan(legs)?;
    run_plan(fuzz, "rebalance", plan);
    Some(())
}

fn run_plan(fuzz: &mut Fuzz, handler: &'static str, plan: Plan) {
    let (keeper, desk) = (fuzz.stage.actors.keeper, fuzz.stage.desk);
    let before = fuzz.usdc_of(keeper);
    if let Some(done) = fuzz.act(handler, keeper, desk, &IHedgeDesk::rebalanceCall { plan }) {
        fuzz.hedged(done.size);
        let now = fuzz.now();
        fuzz.ghost.rewards.push((now, small(done.reward)));
        fuzz.tell(Told::Hedge { payee: keeper, before });
    }
}

/// The doors of automation networks: what was hedged is read from the vault's word.
fn upkeep_by(fuzz: &mut Fuzz, handler: &'static str, report: bool) -> Option<()> {
    fuzz.due()?;
    let off = fuzz.dice.real(-0.0008, 0.0004);
    fuzz.arbitrage(off);
    let data = Bytes::new();
    let (keeper, desk, vault) = (fuzz.stage.actors.keeper, fuzz.stage.desk, fuzz.stage.vault);
    let before = fuzz.usdc_of(keeper);
    let done = if report {
        let call = IHedgeDesk::onReportCall { metadata: data.clone(), report: data };
        fuzz.act(handler, keeper, desk, &call).is_some()
    } else {
        fuzz.act(handler, keeper, desk, &IHedgeDesk::performUpkeepCall { performData: data }).is_some()
    };
    if done {
        let sent = fuzz.step.as_ref()?.sent.clone();
        for hedge in sent.events::<IVault::Hedged>(vault) {
            fuzz.hedged(hedge.size);
        }
        let now = fuzz.now();
        for paid in sent.events::<IVault::RewardPaid>(vault) {
            fuzz.ghost.rewards.push((now, small(paid.amount)));
        }
        fuzz.tell(Told::Hedge { payee: keeper, before });
    }
    Some(())
}

pub(super) fn upkeep(fuzz: &mut Fuzz) -> Option<()> {
    upkeep_by(fuzz, "perform_upkeep", false)
}

pub(super) fn report(fuzz: &mut Fuzz) -> Option<()> {
    upkeep_by(fuzz, "on_report", true)
}

/// A solver without capital.
pub(super) fn flash(fuzz: &mut Fuzz) -> Option<()> {
    let need = fuzz.due()?;
    if !need.due.is_positive() && !fuzz.dice.percent(5) {
        return None;
    }
    fuzz.arbitrage(-0.003);
    let (anyone, solver) = (fuzz.cast.stranger, fuzz.cast.flash_filler);
    let call = Hostile::runCall { size: need.due, limit: U256::ZERO };
    if fuzz.act("flash_fill", anyone, solver, &call).is_some() {
        fuzz.hedged(need.due);
        fuzz.tell(Told::Hedge { payee: Address::ZERO, before: 0 });
    }
    fuzz.ghost.pool_price = 0.0;
    Some(())
}

/// A venue that is allowed and hostile: it calls back, answers a megabyte, or cheats.
pub(super) fn ambush_venue(fuzz: &mut Fuzz) -> Option<()> {
    let need = fuzz.due()?;
    let (venue, keeper) = (fuzz.cast.hostile_venue, fuzz.stage.actors.keeper);
    if fuzz.ghost.venues.get(&venue).is_none_or(|from| *from > fuzz.now()) {
        return None;
    }
    let mode = match fuzz.dice.below(20) {
        0..=13 => 0,
        14..=16 => 4,
        17 => 1,
        18 => 2,
        _ => 3,
    };
    let (target, attack) = fuzz.attack();
    fuzz.aside(keeper, venue, &Hostile::armCall { target, attack }).ok()?;
    fuzz.aside(keeper, venue, &Hostile::setModeCall { mode }).ok()?;
    let factor = if need.due.is_positive() { 1.0007 } else { 0.9993 };
    let limit = wad(fuzz.ghost.price * factor);
    let plan = fuzz.plan(vec![Leg { venue, size: need.due, limitPrice: limit }])?;
    run_plan(fuzz, "ambush_venue", plan);
    if fuzz.step.as_ref().is_some_and(crate::step::Step::ok) && mode == 0 {
        fuzz.tell(Told::Ambush { contract: venue });
    }
    Some(())
}

/// A filler that calls back while it has what the vault gave it.
pub(super) fn ambush_filler(fuzz: &mut Fuzz) -> Option<()> {
    let need = fuzz.due()?;
    let (filler, anyone) = (fuzz.cast.hostile_filler, fuzz.cast.stranger);
    let (target, attack) = fuzz.attack();
    fuzz.aside(anyone, filler, &Hostile::armCall { target, attack }).ok()?;
    let limit = if need.due.is_positive() { U256::ZERO } else { U256::MAX };
    // The filler pays as the one who calls the desk, so it is called as itself.
    let call =
        IHedgeDesk::fillHedgeCall { size: need.due, limit, receiver: filler, data: B256::repeat_byte(0x78) };
    let desk = fuzz.stage.desk;
    if fuzz.act("ambush_filler", filler, desk, &call).is_some() {
        fuzz.hedged(need.due);
        fuzz.tell(Told::Ambush { contract: filler });
    }
    Some(())
}
