//! Long random courses of both venues: what must hold after every step, whatever the protocol did.

use alloy_sol_types::SolValue as _;
use demo::stage::positions::FEE;
use host::alloy_primitives::{keccak256, B256, I256, U256};
use interfaces::external::{IPerpStore, IToken};
use interfaces::perp::IPerpVenue;
use interfaces::position::IPositionVenue;

use crate::market::{signed, usdc, SPOT};
use crate::venue_perp::{exchange_price, power, Exchange, Perp};
use crate::venue_perp_hostile::CALLBACKS;
use crate::venue_short::{dollars, Short};

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Between `low` and `high`, in a thousand steps.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.roll(1_001) as f64 / 1_000.0
    }
}

/// Name of a number in the exchange's store.
fn field(key: B256, name: &str) -> B256 {
    keccak256((key, keccak256(name.abi_encode())).abi_encode())
}

impl Perp {
    fn stored(&mut self, key: B256) -> U256 {
        self.market.stage.chain.view(self.store, IPerpStore::getUintCall { key }).expect("a number")
    }

    fn is_open(&mut self, value: B256) -> bool {
        let call = IPerpStore::containsBytes32Call { setKey: keccak256("ORDER_LIST".abi_encode()), value };
        self.market.stage.chain.view(self.store, call).expect("a flag")
    }

    /// The position in the store.
    fn held(&mut self) -> I256 {
        let mut tokens = |long: bool| {
            let key = (self.venue, self.perpetual, self.market.stage.usdc, long).abi_encode();
            I256::from_raw(self.stored(field(keccak256(key), "SIZE_IN_TOKENS")))
        };
        tokens(true) - tokens(false)
    }

    /// USDC of all who have a part in this.
    fn all_usdc(&mut self) -> U256 {
        let accounts = [self.desk, self.receiver, self.venue, self.parts[2]];
        accounts.into_iter().fold(U256::ZERO, |sum, account| sum + self.market.usdc_of(account))
    }

    /// Something that the desk, the exchange or anyone does. What is refused changes nothing, so refusals are not looked at.
    fn act(&mut self, dice: &mut Dice, last: B256) -> Option<B256> {
        let (keeper, exchange, venue) = (self.market.stage.actors.keeper, self.exchange, self.venue);
        let price = exchange_price(dice.between(2_600.0, 3_000.0));
        let percent = U256::from(dice.roll(101));
        let stranger = self.market.trader;
        match dice.roll(12) {
            0 | 1 => {
                let size = signed(dice.between(-6.0, 6.0));
                let margin = if dice.roll(2) == 0 { 0.0 } else { dice.between(0.0, 9_000.0) };
                if margin > 0.0 {
                    let call = IToken::transferCall { to: venue, value: usdc(margin) };
                    self.send(self.desk, self.market.stage.usdc, call).expect("margin");
                }
                return self.adjust(size, SPOT, margin, FEE).ok();
            }
            2 => drop(self.send(keeper, exchange, Exchange::executeCall { key: last, price })),
            3 => drop(self.send(keeper, exchange, Exchange::executeBadlyCall { key: last, price })),
            4 => {
                let done = dice.roll(2) == 0;
                let call = Exchange::executePartCall { key: last, price, percent, done };
                drop(self.send(keeper, exchange, call));
            }
            5 => drop(self.send(keeper, exchange, Exchange::cancelAsKeeperCall { key: last })),
            6 => drop(self.send(keeper, exchange, Exchange::freezeCall { key: last })),
            7 => drop(self.lie(CALLBACKS[dice.roll(3) as usize], last)),
            8 => {
                let (market, token) = (self.perpetual, self.market.stage.usdc);
                let is_long = dice.roll(2) == 0;
                let usd = power(30) * U256::from(dice.roll(9_000));
                let call =
                    Exchange::deleverageCall { account: venue, market, token, isLong: is_long, usd, price };
                drop(self.send(keeper, exchange, call));
            }
            9 => self.callbacks(dice.roll(3) as u8),
            10 => {
                let amount = self.state(SPOT).withdrawable * percent / U256::from(100);
                let paid = self.send(self.desk, venue, IPositionVenue::withdrawCall { amount });
                assert_eq!(paid.expect("what it says it would pay"), amount);
            }
            _ => {
                self.later(dice.roll(2_500));
                drop(self.send(stranger, venue, IPositionVenue::cancelCall { key: last }));
                drop(self.send(stranger, venue, IPerpVenue::claimCall {}));
            }
        }
        None
    }
}

#[test]
fn the_perp_venue_never_has_two_orders_and_always_says_what_the_store_says() {
    let (mut placed, mut refused) = (0, 0);
    for seed in 1..=4 {
        let mut perp = Perp::open();
        let (mut dice, mut keys) = (Dice(seed), Vec::new());
        let all = perp.all_usdc();
        for step in 0..120 {
            let last = keys.last().copied().unwrap_or_default();
            let was_open = perp.is_open(last);
            if let Some(key) = perp.act(&mut dice, last) {
                assert!(!was_open, "seed {seed}, step {step}: a second order");
                keys.push(key);
                placed += 1;
            } else if was_open {
                refused += 1;
            }
            let open: Vec<B256> = keys.iter().copied().filter(|key| perp.is_open(*key)).collect();
            let (state, held) = (perp.state(SPOT), perp.held());
            assert!(open.len() <= 1 && open.first().is_none_or(|key| *key == perp.order()));
            assert_eq!(state.pendingSince > U256::ZERO, open.len() == 1, "seed {seed}, step {step}");
            assert!(open.len() == 1 || state.pending == I256::ZERO);
            let venue = perp.venue;
            let spot = perp.market.stage.chain.token_balance(perp.parts[4], venue).expect("a balance");
            assert_eq!(state.size, held + I256::from_raw(spot), "seed {seed}, step {step}");
            assert_eq!(perp.all_usdc(), all, "seed {seed}, step {step}");
        }
    }
    assert!(placed > 20 && refused > 20, "{placed} {refused}");
}

#[test]
fn the_short_venue_stays_above_its_floor_pays_what_it_says_and_gains_nothing_by_trading() {
    let mut done = [0; 4];
    for seed in 1..=3 {
        let mut short = Short::open();
        let mut dice = Dice(seed);
        for step in 0..60 {
            short.market.stage.arbitrage(SPOT).expect("a pool at the market");
            let before = short.state(SPOT);
            let kind = dice.roll(4) as usize;
            let mut gift = 0.0;
            let success = match kind {
                0 => {
                    gift = dice.between(0.0, 20_000.0);
                    short.adjust(-dice.between(0.001, 8.0), SPOT * 0.99, gift).is_ok()
                }
                1 => {
                    let part = U256::from(dice.roll(1_001));
                    let size = before.size.unsigned_abs() * part / U256::from(1_000);
                    let size = I256::from_raw(size);
                    !size.is_zero() && short.adjust_exactly(size, SPOT, SPOT * 1.01, 0.0).is_ok()
                }
                2 => {
                    let amount = before.withdrawable * U256::from(dice.roll(101)) / U256::from(100);
                    assert_eq!(short.withdraw(amount).expect("what it says it would pay"), amount);
                    gift = -f64::from(amount) / 1e6;
                    true
                }
                _ => short.adjust(0.0, SPOT, -dice.between(0.0, 100.0)).is_ok(),
            };
            done[kind] += usize::from(success);
            let after = short.state(SPOT);
            // A refused sale leaves its margin idle; a purchase no longer needs the haircut of what it bought.
            let gained = dollars(after.equity - before.equity) - gift;
            let bought = f64::from((after.size - before.size).max(I256::ZERO).into_raw()) / 1e18;
            assert!(gained <= bought * SPOT * 0.002 + 1e-5, "seed {seed}, step {step}: {gained}");
            assert!(after.size <= I256::ZERO && (kind == 1 || !success || short.health() >= 1.25));
            short.has_approved_nothing();
        }
    }
    assert!(done.iter().all(|count| *count > 5), "{done:?}");
}

impl Short {
    fn has_approved_nothing(&mut self) {
        let stage = &self.market.stage;
        let (tokens, spenders) = ([stage.usdc, stage.underlying], [stage.uniswap.router, self.aave.pool]);
        for (token, spender) in tokens.into_iter().flat_map(|token| spenders.map(|spender| (token, spender)))
        {
            let allowance = Allowance::allowanceCall { owner: self.venue, spender };
            let left = self.market.stage.chain.view(token, allowance).expect("an allowance");
            assert_eq!(left, U256::ZERO);
        }
    }
}

alloy_sol_types::sol! {
    interface Allowance {
        function allowance(address owner, address spender) external view returns (uint256);
    }
}
