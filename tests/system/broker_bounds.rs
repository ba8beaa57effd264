//! What the broker lets the desk trade, and what margin moves with it, to the unit: before adapters that say what they were told.

use alloy_sol_types::{sol, SolCall, SolError as _, SolValue as _};
use demo::stage::{default_profile, name_satellite, Failure};
use host::alloy_primitives::{Address, B256, I256, U256};
use host::{Log, Receipt, SessionCall};
use interfaces::broker::IBroker::{self, Held, Traded, Venue};
use interfaces::position::IPositionVenue::State;
use interfaces::vault::IVault;

use crate::market::{events, signed, usdc, wad, wide_limits, Market, DAY, SPOT};

sol! {
    interface Adapter {
        struct Said {
            int256 size;
            int256 equity;
            uint256 withdrawable;
            int256 pending;
            uint256 pendingSince;
        }

        function tell(Said told) external;
        function order(bytes32 key) external;
        function state(uint256 price) external view returns (Said);
    }

    interface Tokens {
        event Transfer(address indexed from, address indexed to, uint256 value);
    }
}

/// Most that a position may be worth [USD]: ten at the price of the stage; and the margin that it takes [1e-6].
pub(crate) const CAP: u32 = 28_000;
pub(crate) const MARGIN: u32 = 400_000;
/// What is named waits for this long once there are shares [s].
pub(crate) const NOTICE: u64 = 2 * DAY;

/// A market whose desk is an account, and whose broker has two adapters that say what they were told.
pub(crate) struct Told {
    pub(crate) market: Market,
    pub(crate) desk: Address,
    pub(crate) venues: [Address; 2],
}

pub(crate) fn dollars(usd: f64) -> I256 {
    let size = I256::from_raw(usdc(usd.abs()));
    if usd < 0.0 {
        -size
    } else {
        size
    }
}

/// A position of `size` that is worth `equity`, of which `withdrawable` could leave.
pub(crate) fn position(size: f64, equity: f64, withdrawable: f64) -> Adapter::Said {
    let (size, equity, withdrawable) = (signed(size), dollars(equity), usdc(withdrawable));
    Adapter::Said { size, equity, withdrawable, pending: I256::ZERO, pendingSince: U256::ZERO }
}

impl Told {
    pub(crate) fn open() -> Self {
        let mut market = Market::bare(default_profile(), wide_limits());
        let desk = market.stage.funded("desk", 1_000_000.0).expect("a desk with cash");
        let (owner, broker) = (market.stage.actors.owner, market.stage.broker);
        let named = name_satellite(IVault::Satellite::Desk, desk);
        market.stage.vault(owner, named).expect("a desk");
        let venues = [(); 2].map(|()| adapter(&mut market, broker, broker));
        for venue in venues {
            market
                .stage
                .broker(owner, IBroker::setVenueCall { venue, cap: CAP, margin: MARGIN })
                .expect("a venue");
        }
        market.deposit(1_000_000.0).expect("a deposit");
        Self { market, desk, venues }
    }

    /// The same with a position of `size` at the first.
    pub(crate) fn holding(size: f64) -> Self {
        let mut told = Self::open();
        let limit = if size < 0.0 { SPOT * 0.99 } else { SPOT * 1.01 };
        told.adjust(told.venues[0], size, wad(limit)).expect("a position");
        told
    }

    pub(crate) fn tell(&mut self, venue: Address, said: Adapter::Said) {
        let owner = self.market.stage.actors.owner;
        self.market.stage.chain.send(owner, venue, Adapter::tellCall { told: said }).expect("told");
    }

    /// What the adapter says.
    pub(crate) fn said(&mut self, venue: Address) -> State {
        let said =
            self.market.stage.chain.view(venue, Adapter::stateCall { price: wad(SPOT) }).expect("a state");
        let Adapter::Said { size, equity, withdrawable, pending, pendingSince } = said;
        State { size, equity, withdrawable, pending, pendingSince }
    }

    pub(crate) fn adjust(&mut self, venue: Address, size: f64, limit: U256) -> Result<Receipt, Failure> {
        self.adjust_by(self.desk, venue, size, limit)
    }

    fn adjust_by(
        &mut self,
        who: Address,
        venue: Address,
        size: f64,
        limit: U256,
    ) -> Result<Receipt, Failure> {
        let call = IBroker::adjustCall { venue, size: signed(size), limitPrice: limit };
        Ok(self.market.stage.chain.send_for_receipt(who, self.market.stage.broker, call)?.1)
    }

    /// Anyone's call, for its logs.
    pub(crate) fn anyone<C: SolCall>(&mut self, call: C) -> Result<(C::Return, Receipt), Failure> {
        let (anyone, broker) = (self.market.stage.actors.keeper, self.market.stage.broker);
        self.market.stage.chain.send_for_receipt(anyone, broker, call)
    }

    pub(crate) fn quarantine(&mut self, venue: Address) {
        let guardian = self.market.stage.actors.guardian;
        self.market.stage.broker(guardian, IBroker::quarantineCall { venue }).expect("a quarantine");
    }

    pub(crate) fn held(&mut self, price: f64) -> Held {
        self.market.stage.broker_view(IBroker::heldCall { price: wad(price) }).expect("what is held")
    }

    /// The only order or trade in a receipt.
    pub(crate) fn traded(&self, receipt: &Receipt) -> Traded {
        let [traded] = events(&receipt.logs, self.market.stage.broker).try_into().expect("one trade");
        traded
    }
}

/// One more adapter, for a desk and a receiver.
pub(crate) fn adapter(market: &mut Market, desk: Address, receiver: Address) -> Address {
    let (owner, asset) = (market.stage.actors.owner, market.stage.usdc);
    let arguments = (desk, receiver, asset).abi_encode_params();
    market.stage.chain.create(owner, "ToldVenue", &arguments).expect("an adapter")
}

/// What moved of USDC: from whom, to whom, how much.
fn moved(market: &Market, logs: &[Log]) -> Vec<(Address, Address, U256)> {
    let transfers: Vec<Tokens::Transfer> = events(logs, market.stage.usdc);
    transfers.into_iter().map(|told| (told.from, told.to, told.value)).collect()
}

#[test]
fn a_limit_is_within_the_cap_of_the_vaults_price_for_either_side() {
    let mut told = Told::open();
    let [venue, _] = told.venues;
    let (most, least) = (wad(SPOT * 1.01), wad(SPOT * 0.99));
    let base = told.market.stage.chain.world.snapshot();
    for (size, worst, worse) in [(1.0, most, most + U256::ONE), (-1.0, least, least - U256::ONE)] {
        told.market.stage.chain.world.restore(&base);
        let failure = told.adjust(venue, size, worse).expect_err("beyond the cap");
        assert_eq!(
            failure.data(),
            IBroker::LimitBeyondCap { limitPrice: worse, worst }.abi_encode(),
            "{failure}"
        );
        told.adjust(venue, size, worst).expect("at the cap");
        assert_eq!(told.said(venue).size, signed(size));
        // The other side's bound is none of its.
        told.adjust(venue, size, if size > 0.0 { least / U256::from(2) } else { most * U256::from(2) })
            .expect("a limit that is better");
    }
    // What trades nothing is bounded as a sale.
    let failure = told.adjust(venue, 0.0, least - U256::ONE).expect_err("beyond the cap");
    let error = IBroker::LimitBeyondCap { limitPrice: least - U256::ONE, worst: least };
    assert_eq!(failure.data(), error.abi_encode(), "{failure}");
}

#[test]
fn a_position_grows_up_to_its_cap_and_takes_its_margin_with_it() {
    for size in [-10.0, 10.0] {
        let mut told = Told::open();
        let ([venue, _], limit) = (told.venues, wad(SPOT));
        let receipt = told.adjust(venue, size, limit).expect("at the cap");
        let (vault, broker) = (told.market.stage.vault, told.market.stage.broker);
        let margin = usdc(11_200.0);
        assert_eq!(moved(&told.market, &receipt.logs), [(vault, broker, margin), (broker, venue, margin)]);
        assert_eq!(told.traded(&receipt).margin.into_raw(), margin);
        let unit = signed(1e-9_f64.copysign(size)) / I256::try_from(1_000_000_000).expect("a number");
        let call = IBroker::adjustCall { venue, size: unit, limitPrice: limit };
        let (value, cap) = (usdc(28_000.0) + U256::ONE, usdc(28_000.0));
        let desk = told.desk;
        told.market
            .refuses(IBroker::VenueCapExceeded { value, cap }, |market| market.stage.broker(desk, call));
    }
}

#[test]
fn a_venue_takes_no_more_before_its_notice_is_over_or_in_quarantine() {
    let mut told = Told::holding(-5.0);
    let ([venue, other], limit, desk) = (told.venues, wad(SPOT), told.desk);
    let sell = |venue| IBroker::adjustCall { venue, size: signed(-1.0), limitPrice: limit };
    let owner = told.market.stage.actors.owner;
    told.market
        .stage
        .broker(owner, IBroker::setVenueCall { venue: other, cap: CAP, margin: MARGIN })
        .expect("named");
    let from = told.market.now() + NOTICE;
    told.market.stage.chain.world.warp(from - 1);
    told.market.stage.push_price(SPOT).expect("a round");
    let error = IBroker::VenueNotAllowed { venue: other, allowedFrom: U256::from(from) };
    told.market.refuses(error, |market| market.stage.broker(desk, sell(other)));
    told.market.stage.chain.world.warp(from);
    told.adjust(other, -1.0, limit).expect("on the second");

    told.quarantine(venue);
    let guardian = told.market.stage.actors.guardian;
    for who in [desk, told.market.stage.actors.keeper] {
        told.market
            .refuses(IBroker::OnlyGuardian { caller: who }, |market| market.stage.broker(who, sell(venue)));
    }
    let error = IBroker::VenueNotAllowed { venue, allowedFrom: U256::ZERO };
    told.market.refuses(error, |market| market.stage.broker(guardian, sell(venue)));
    let receipt = told.adjust_by(guardian, venue, 2.0, limit).expect("it may be made smaller");
    assert_eq!(told.said(venue).size, signed(-3.0));
    assert_eq!(told.traded(&receipt).margin, I256::ZERO);
    let receipt = told.adjust_by(owner, venue, 6.0, limit).expect("or turned, if it is no larger then");
    assert_eq!((told.said(venue).size, told.traded(&receipt).margin), (signed(3.0), I256::ZERO));
}

/// Whether the desk is paid a reward behind a trade at the first venue by `who`, in the same transaction.
fn rewarded(told: &mut Told, who: Address, size: f64, reward: f64) -> bool {
    let ([venue, _], desk) = (told.venues, told.desk);
    let adjust = IBroker::adjustCall { venue, size: signed(size), limitPrice: wad(SPOT) };
    let pay = IVault::payRewardCall { payee: desk, amount: usdc(reward) };
    let calls = [
        (who, told.market.stage.broker, adjust.abi_encode()),
        (desk, told.market.stage.vault, pay.abi_encode()),
    ];
    let mut session = told.market.stage.chain.world.session();
    let ran = calls.map(|(from, to, data)| {
        let (value, gas_limit) = (U256::ZERO, host::TX_GAS);
        session.call(SessionCall { from, to, value, data: data.into(), gas_limit, read_only: false }).trace
    });
    let [traded, paid] = ran.map(|frame| frame.error.is_none());
    assert!(traded, "{size}");
    paid
}

#[test]
fn a_reward_is_granted_for_what_was_done_at_once_where_it_counts() {
    let mut told = Told::holding(-5.0);
    let ([venue, _], desk, owner) = (told.venues, told.desk, told.market.stage.actors.owner);
    // One per cent of 2,800 USD.
    assert!(rewarded(&mut told, desk, -1.0, 28.0) && !rewarded(&mut told, desk, -1.0, 28.000_001));
    let order = |told: &mut Told, key| {
        told.market.stage.chain.send(owner, venue, Adapter::orderCall { key }).expect("orders or none");
    };
    order(&mut told, B256::repeat_byte(7));
    assert!(!rewarded(&mut told, desk, -1.0, 0.000_001));
    order(&mut told, B256::ZERO);
    told.quarantine(venue);
    let guardian = told.market.stage.actors.guardian;
    assert!(!rewarded(&mut told, guardian, 1.0, 0.000_001));
}

#[test]
fn a_trade_that_makes_a_position_no_larger_moves_no_money() {
    let mut told = Told::holding(-10.0);
    let ([venue, _], limit) = (told.venues, wad(SPOT));
    // Half the margin that it takes: for the trade of a larger one, and for `tend`, it would be sent.
    told.tell(venue, position(-10.0, 5_600.0, 0.0));
    for size in [0.0, 4.0] {
        let receipt = told.adjust(venue, size, limit).expect("a trade");
        assert_eq!(told.traded(&receipt).margin, I256::ZERO);
        assert_eq!(moved(&told.market, &receipt.logs), []);
        // The vault hears once of it: where the broker stands after it.
        let [stands] = events::<IVault::MarginMoved>(&receipt.logs, told.market.stage.vault)
            .try_into()
            .expect("one event");
        assert_eq!((stands.amount, stands.open), (I256::ZERO, true));
    }
}

#[test]
fn an_order_of_an_adapter_counts_as_nothing_hedged() {
    let mut told = Told::open();
    let ([venue, _], key) = (told.venues, B256::repeat_byte(7));
    let owner = told.market.stage.actors.owner;
    told.market.stage.chain.send(owner, venue, Adapter::orderCall { key }).expect("orders from now on");
    let call = IBroker::adjustCall { venue, size: signed(-1.0), limitPrice: wad(SPOT) };
    let (desk, broker) = (told.desk, told.market.stage.broker);
    let done = told.market.stage.chain.send(desk, broker, call).expect("an order");
    assert_eq!((done.key, done.filled), (key, I256::ZERO));
    assert_eq!(told.said(venue).equity, dollars(1_120.0), "its margin went with it");
}

#[test]
fn a_margin_is_put_right_when_it_is_off_by_more_than_a_tenth() {
    let mut told = Told::holding(-10.0);
    let [venue, _] = told.venues;
    let base = told.market.stage.chain.world.snapshot();
    // A tenth of 11,200 USD either way, and a millionth more. What could be collected needs no order.
    for (equity, withdrawable, margin) in [
        (10_080.0, 0.0, None),
        (10_079.999_999, 0.0, Some(1_120.000_001)),
        (12_320.0, 0.0, None),
        (12_320.000_001, 0.0, Some(-1_120.000_001)),
        (13_320.0, 1_000.0, None),
        (13_320.000_001, 1_000.0, Some(-1_120.000_001)),
        (13_320.0, 5_000.0, None),
    ] {
        told.market.stage.chain.world.restore(&base);
        told.tell(venue, position(-10.0, equity, withdrawable));
        let Some(margin) = margin else {
            let error = IBroker::NothingToTend { equity: dollars(equity), margin: usdc(11_200.0) };
            told.market.refuses(error, |market| {
                market.stage.broker(market.stage.actors.keeper, IBroker::tendCall { venue })
            });
            continue;
        };
        let (_, receipt) = told.anyone(IBroker::tendCall { venue }).expect("more than a tenth");
        let traded = told.traded(&receipt);
        assert_eq!((traded.size, traded.margin), (I256::ZERO, dollars(margin)), "{equity}");
        let sent: Vec<_> =
            moved(&told.market, &receipt.logs).into_iter().map(|(.., amount)| amount).collect();
        let expected = if margin > 0.0 { vec![usdc(margin); 2] } else { vec![] };
        assert_eq!(sent, expected, "from the vault, to the venue");
    }
}

#[test]
fn margin_of_a_quarantined_venue_is_freed_and_never_topped_up() {
    let mut told = Told::holding(-10.0);
    let [venue, _] = told.venues;
    told.quarantine(venue);
    told.tell(venue, position(-10.0, 5_000.0, 0.0));
    let error = IBroker::NothingToTend { equity: dollars(5_000.0), margin: usdc(11_200.0) };
    told.market.refuses(error, |market| {
        market.stage.broker(market.stage.actors.keeper, IBroker::tendCall { venue })
    });
    told.tell(venue, position(-10.0, 20_000.0, 0.0));
    let (_, receipt) = told.anyone(IBroker::tendCall { venue }).expect("what is over");
    assert_eq!(told.traded(&receipt).margin, dollars(-8_800.0));
}

#[test]
fn a_venue_is_named_for_this_broker_alone_and_keeps_its_own_settings() {
    let mut told = Told::open();
    let (owner, broker) = (told.market.stage.actors.owner, told.market.stage.broker);
    let (stranger, [first, second]) = (told.market.trader, told.venues);
    for (desk, receiver) in [(stranger, broker), (broker, stranger)] {
        let venue = adapter(&mut told.market, desk, receiver);
        told.market.refuses(IBroker::VenueWrong { venue }, |market| {
            market.stage.broker(owner, IBroker::setVenueCall { venue, cap: CAP, margin: MARGIN })
        });
    }
    let now = told.market.now();
    let call = IBroker::setVenueCall { venue: second, cap: 9_000, margin: 1_000_000 };
    told.market.stage.broker(owner, call).expect("other settings");
    told.quarantine(first);
    let third = adapter(&mut told.market, broker, broker);
    let call = IBroker::setVenueCall { venue: third, cap: 1, margin: 50_000 };
    told.market.stage.broker(owner, call).expect("a third");
    let entry = |venue, from, cap, margin, counts, bound| Venue {
        venue,
        allowedFrom: from,
        cap,
        margin,
        countsFrom: counts,
        bound,
        kept: 0,
    };
    let all = [
        entry(first, 0, CAP, MARGIN, 0, CAP),
        entry(second, now + NOTICE, 9_000, 1_000_000, now, CAP),
        entry(third, now + NOTICE, 1, 50_000, now + NOTICE, 1),
    ];
    assert_eq!(told.market.stage.broker_view(IBroker::venuesCall {}).expect("the venues"), all);
    // What is forgotten leaves its place to the next.
    told.market.refuses(IBroker::VenueInUse { venue: second }, |market| {
        market.stage.broker(owner, IBroker::dropVenueCall { venue: second })
    });
    told.market.stage.broker(owner, IBroker::dropVenueCall { venue: first }).expect("forgotten");
    assert_eq!(told.market.stage.broker_view(IBroker::venuesCall {}).expect("the venues"), all[1..]);
    told.market.refuses(IBroker::UnknownVenue { venue: first }, |market| {
        market.stage.broker(market.stage.actors.keeper, IBroker::collectCall { venue: first })
    });
    for place in 2..=4 {
        let venue = adapter(&mut told.market, broker, broker);
        let call = IBroker::setVenueCall { venue, cap: CAP, margin: MARGIN };
        if place < 4 {
            told.market.stage.broker(owner, call).expect("there is a place");
        } else {
            let error = IBroker::TooManyVenues { limit: U256::from(4) };
            told.market.refuses(error, |market| market.stage.broker(owner, call));
        }
    }
    let vault = told.market.stage.vault;
    assert_eq!(told.market.stage.broker_view(IBroker::vaultCall {}).expect("its vault"), vault);
}
