//! Nobody gains by making an excess and being paid for hedging it: a desk of real quotes, real charges and these rules,
//! against traders who know them all and pay no gas.
//!
//! What an attacker gains is what hedges brought (discounts, rewards, and all that a venue took, which is taken to be theirs),
//! less what their trades paid for it: spreads, and the delta's part of the charge. What the market does to the value of an
//! option is no gain of theirs, nor is what gamma and vega are charged. Accounts do not occur: the rules know none.

use inventory::hedge::{Budget, Clock, Dutch, Hedge, Measured, Rules, Stand, Trigger, Work, Young, slip};
use inventory::{Band, Bucket, Coefficients, Exposure, Profile, Trade, band, quote};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{FREE, NOW};
use crate::market::{DAY, ETH};

const HOUR: u32 = 3_600;
const VOL: f64 = 0.7;
const MICRO: f64 = 1e6;
/// What a transaction spends on gas [micro-USD].
const GAS: u128 = 100_000;

/// A call, per unit of the underlying.
#[derive(Clone, Copy, Debug)]
struct Call {
    strike: f64,
    expiry: u32,
}

/// Value, delta, gamma and vega.
#[derive(Clone, Copy)]
struct Greeks {
    value: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// Of the normal distribution, within 1e-7: Abramowitz and Stegun 26.2.17.
fn cdf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly = t
        * (0.319_381_53
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = density(x) * poly;
    if x > 0.0 { 1.0 - tail } else { tail }
}

impl Call {
    fn greeks(&self, spot: f64, now: u32) -> Greeks {
        let years = f64::from(self.expiry - now) / 31_536_000.0;
        let deviation = VOL * years.sqrt();
        let d1 = (spot / self.strike).ln() / deviation + deviation / 2.0;
        Greeks {
            value: spot * cdf(d1) - self.strike * cdf(d1 - deviation),
            delta: cdf(d1),
            gamma: density(d1) / (spot * deviation),
            vega: spot * density(d1) * years.sqrt(),
        }
    }
}

/// The vault with its desk, and what others hold: a delta in units of the underlying, a cash gamma and a vega that stay.
struct World {
    profile: Profile,
    rules: Rules,
    now: u32,
    spot: f64,
    others: (f64, f64, f64),
    hedges: f64,
    call: Call,
    /// What the attackers hold of the call.
    held: f64,
    clock: Clock,
    young: Young,
    budget: Budget,
    /// The attackers' gain so far [micro-USD].
    gain: f64,
    /// The part of it that hedges brought.
    brought: f64,
    /// Credit for a lower charge that is not counted as a gain.
    uncredited: bool,
}

/// What the vault's exposure is.
struct State {
    delta: i128,
    gamma: i128,
    vega: [Bucket; 1],
}

impl State {
    fn exposure(&self) -> Exposure<'_> {
        Exposure { delta: self.delta, gamma: self.gamma, vega: &self.vega, depth: &[] }
    }
}

impl World {
    fn state(&self, held: f64) -> State {
        let greeks = self.call.greeks(self.spot, self.now);
        let (delta, gamma, vega) = self.others;
        let units = delta + self.hedges - held * greeks.delta;
        State {
            delta: (units * self.spot * MICRO) as i128,
            gamma: ((gamma - held * greeks.gamma * self.spot * self.spot) * MICRO) as i128,
            vega: [Bucket {
                seconds: self.call.expiry - self.now,
                vega: ((vega - held * greeks.vega) * MICRO) as i128,
                surface_age: 0,
            }],
        }
    }

    fn band(&self) -> Band {
        band(&self.profile, self.state(self.held).gamma).unwrap()
    }

    fn trigger(&self) -> Trigger {
        let hedges = (self.hedges * self.spot * MICRO) as i128;
        let book = self.state(self.held).delta - hedges;
        Stand { book, held: hedges, orders: &[], reach: FREE }.trigger(
            &self.band(),
            &self.clock,
            &self.rules,
            self.now,
        )
    }

    fn look(&mut self) {
        let deviation = self.trigger().deviation;
        self.clock = self.clock.observe(self.now, deviation, &self.band(), &self.rules);
        self.clock = Clock::unpack(self.clock.pack());
    }

    /// Trades `size` of the call, bought if above zero, at the real quote.
    fn trade(&mut self, size: f64) {
        let coefficients = Coefficients::new(&self.profile);
        let (before, after) = (self.state(self.held), self.state(self.held + size));
        let vega = [Bucket { vega: after.vega[0].vega - before.vega[0].vega, ..after.vega[0] }];
        let net = Exposure {
            delta: after.delta - before.delta,
            gamma: after.gamma - before.gamma,
            vega: &vega,
            depth: &[],
        };
        let value = |spot: f64| (self.call.greeks(spot, self.now).value * size * MICRO).ceil() as i128;
        let deviation = f64::from(self.profile.deviation) / MICRO;
        let quote = quote(
            &self.profile,
            &coefficients,
            &Trade {
                before: before.exposure(),
                after: after.exposure(),
                net,
                value: value(self.spot),
                ends: [value(self.spot * (1.0 - deviation)), value(self.spot * (1.0 + deviation))],
                notional: (size.abs() * self.spot * MICRO) as u128,
                bound: i128::MIN,
            },
        )
        .unwrap();
        let of_delta = |state: &State| {
            coefficients.risk(&Exposure { delta: state.delta, ..Exposure::default() }).unwrap() as f64
        };
        let charge = of_delta(&after) - of_delta(&before);
        self.gain -= quote.spread as f64 + if self.uncredited { charge.max(0.0) } else { charge };

        let added = -size * self.call.greeks(self.spot, self.now).delta;
        let outer = self.band().outer;
        self.young = self.young.record(self.now, (added * 1e18) as i128, outer, self.rules.seasoning);
        self.held += size;
        self.look();
    }

    /// Hedges `size` by the auction, or through a venue that is the attackers' own and takes all that it may, and is paid all
    /// that it earned. Every hedge passes the post-conditions.
    fn hedge(&mut self, size: i128, auction: bool) {
        let trigger = self.trigger();
        let waited = self.clock.waited_for(&trigger, &self.rules, self.now);
        let spot = (self.spot * MICRO) as u128;
        let seasoned = self.young.seasoned(&trigger, self.now, spot, self.rules.seasoning);
        let amount = size.unsigned_abs();
        let cost = if auction {
            Dutch::new(&self.rules, &self.profile, waited).discount(amount, seasoned).unwrap()
        } else {
            (amount * u128::from(slip(&self.rules, waited)) / 1_000_000) as i128
        };
        let work = Work { size: amount, cost, seasoned, waited, gas: GAS };
        let budget = self.budget.available(&self.rules, self.now);
        let reward = work.reward(&self.rules, &self.profile, &trigger, budget).unwrap();
        self.budget = Work::paid(&self.rules, &reward, &self.budget, self.now).unwrap();

        let risk = |delta: i128| {
            Coefficients::new(&self.profile).risk(&Exposure { delta, ..Exposure::default() }).unwrap()
        };
        let before = Measured { nav: 0, risk: risk(-trigger.gap) };
        let paid = reward.total();
        let after = Measured { nav: -cost - paid as i128, risk: risk(size - trigger.gap) };
        let (rules, profile) = (&self.rules, &self.profile);
        let done = Hedge { rules, profile, trigger, size, work, budget, before, after, paid };
        assert_eq!(done.verify(), Ok(reward));

        let brought = cost as f64 + paid as f64 - GAS as f64;
        self.gain += brought;
        self.brought += brought;
        self.hedges += size as f64 / MICRO / self.spot;
        self.look();
    }

    /// Hedges as much of what is due as `own` [micro-USD] and the least size allow, in `parts`.
    fn hedge_own(&mut self, own: f64, parts: u32, auction: bool) {
        let mut left = own as u128;
        for part in 0..parts {
            let trigger = self.trigger();
            let size = trigger.excess().min(left / u128::from(parts - part));
            if trigger.due == 0 || size < trigger.least(&self.rules) {
                continue;
            }
            self.hedge(trigger.due.signum() * size as i128, auction);
            left -= size;
        }
    }

    /// Lets time pass, in which somebody looks now and then and the price moves, if it does.
    fn wait(&mut self, seconds: u32, moves: bool, random: &mut ChaCha8Rng) {
        let steps = random.random_range(1..8);
        for _ in 0..steps {
            let step = seconds / steps;
            self.now += step;
            if moves {
                let shock: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
                self.spot *= (shock * VOL * (f64::from(step) / 31_536_000.0).sqrt()).exp();
            }
            self.look();
        }
    }
}

/// A vault at rest or anywhere in its band, and a call of any moneyness that lives for at least 4 more days.
fn world(random: &mut ChaCha8Rng) -> World {
    let profile = Profile { min_band: random.random_range(500..20_000), ..ETH };
    let spot = 2_000.0;
    let strike = spot * random.random_range(0.7..1.3);
    let call = Call { strike, expiry: NOW + random.random_range(4..60) * DAY };
    let gamma = -random.random_range(0.0..2e6_f64);
    let mut world = World {
        profile,
        rules: Rules::default(),
        now: NOW,
        spot,
        others: (0.0, gamma, random.random_range(-1e5..1e5)),
        hedges: 0.0,
        call,
        held: 0.0,
        clock: Clock::default(),
        young: Young::default(),
        budget: Budget::full(&Rules::default(), NOW),
        gain: 0.0,
        brought: 0.0,
        uncredited: false,
    };
    let edge = world.band().outer as f64 / MICRO / spot;
    world.others.0 = edge * random.random_range(-1.0..1.0);
    world.look();
    world
}

/// A size whose delta takes the vault out of its band, often far.
fn size(world: &World, random: &mut ChaCha8Rng) -> f64 {
    let edge = world.band().outer as f64 / MICRO / world.spot;
    let delta =
        edge * random.random_range(0.05..6.0_f64) / world.call.greeks(world.spot, world.now).delta.max(0.02);
    if random.random() { delta } else { -delta }
}

/// Delta of what the attackers hold [micro-USD].
fn own(world: &World) -> f64 {
    (world.held * world.call.greeks(world.spot, world.now).delta * world.spot * MICRO).abs()
}

/// How often hedges brought something, so that no law below holds for want of hedges.
fn schedules(count: u64, mut run: impl FnMut(&mut ChaCha8Rng) -> World) -> u32 {
    let mut hedged = 0;
    for seed in 0..count {
        let world = run(&mut ChaCha8Rng::seed_from_u64(seed));
        assert!(
            world.gain <= 0.0,
            "{seed}: gain of {} micro-USD, hedges brought {}",
            world.gain,
            world.brought
        );
        hedged += u32::from(world.brought > 0.0);
    }
    hedged
}

#[test]
fn a_trade_and_a_hedge_at_once_earn_nothing() {
    let mut hedged = 0;
    for seed in 0..10_000 {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let mut world = world(random);
        let size = size(&world, random);
        world.trade(size);
        let before = world.gain;
        world.wait(random.random_range(0..world.rules.seasoning), false, random);
        let due = world.trigger().due.unsigned_abs() as f64;
        world.hedge_own(due, 1, true);
        // Not even the part that was there before, in the band: and the auction asks a premium.
        assert!(world.gain <= before, "{seed}");
        hedged += u32::from(world.gain < before);
        // A venue's reward is its gas.
        let paid = world.budget;
        world.trade(size);
        let due = world.trigger().due.unsigned_abs() as f64;
        world.hedge_own(due, 1, false);
        assert!(
            paid.available(&world.rules, world.now) - world.budget.available(&world.rules, world.now) <= GAS
        );
    }
    assert!(hedged > 3_000, "only {hedged} schedules came to a hedge");
}

#[test]
fn open_wait_hedge_close_never_gains_at_a_flat_price() {
    let hedged = schedules(10_000, |random| {
        let mut world = world(random);
        let size = size(&world, random);
        world.trade(size);
        let auction = random.random();
        world.wait(random.random_range(0..48) * HOUR, false, random);
        let own = own(&world);
        world.hedge_own(own, random.random_range(1..5), auction);
        world.wait(random.random_range(0..24) * HOUR, false, random);
        // Half of them hold to expiry, which costs no spread.
        if random.random() {
            world.trade(-world.held);
        }
        world
    });
    assert!(hedged > 3_000, "only {hedged} schedules came to a hedge that brought something");
}

#[test]
fn open_wait_hedge_close_never_gains_at_random_prices() {
    let hedged = schedules(10_000, |random| {
        let mut world = world(random);
        world.uncredited = true;
        let size = size(&world, random);
        world.trade(size);
        // Own is what the trade made, at today's price; what the price makes of it is the market's.
        let opened = own(&world) / world.spot;
        let auction = random.random();
        world.wait(random.random_range(0..48) * HOUR, true, random);
        let own = own(&world).min(opened * world.spot);
        world.hedge_own(own, random.random_range(1..5), auction);
        world.wait(random.random_range(0..24) * HOUR, true, random);
        world.trade(-world.held);
        world
    });
    assert!(hedged > 3_000, "only {hedged} schedules came to a hedge that brought something");
}

#[test]
fn colluders_who_go_in_circles_never_gain() {
    let hedged = schedules(3_000, |random| {
        let mut world = world(random);
        for _ in 0..random.random_range(2..6) {
            let size = size(&world, random);
            world.trade(size);
            let auction = random.random();
            world.wait(random.random_range(0..4) * HOUR + random.random_range(0..HOUR), false, random);
            // What this account's trade made: another took the last one off.
            let own = own(&world);
            world.hedge_own(own, random.random_range(1..4), auction);
            world.trade(-world.held);
            world.wait(random.random_range(0..HOUR), false, random);
        }
        world
    });
    assert!(hedged > 1_000, "only {hedged} schedules came to a hedge that brought something");
}
