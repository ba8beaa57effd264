//! A request says the same in words as it does in fields.

use book::{Brokered, Header, Hedge, MAX_EXPIRIES, Order, Place, Ramp, Request, SETTINGS, Stored, slots};
use options::{Kind, Slice, StrikeGrid};
use proptest::prelude::*;

const HOURS: u32 = 3_600;

fn weights(strips: u8) -> impl Strategy<Value = [u8; 8]> {
    let some = any::<[u8; 8]>().prop_map(move |parts| {
        std::array::from_fn(|strip| if strip < strips.into() { 1 + parts[strip] % 25 } else { 0 })
    });
    prop_oneof![3 => some, 1 => Just([0; 8])]
}

fn ramp(strips: u8, now: u32) -> impl Strategy<Value = Option<Ramp>> {
    let times = (0..=now, 6 * HOURS..=u32::MAX);
    let ramp = (weights(strips), weights(strips), times);
    ramp.prop_map(|(from, to, (since, span))| {
        (from != [0; 8] || to != [0; 8]).then_some(Ramp { from, to, since, span })
    })
}

fn stored(index: usize, now: u32) -> impl Strategy<Value = Stored> {
    let slice = prop::option::of((0..=now, 1..1_u64 << 47).prop_map(|(updated_at, forward)| Slice {
        a: 1 << 30,
        b: 1 << 20,
        rho: -5,
        m: 9,
        s: 1 << 31,
        forward,
        updated_at,
    }));
    let head = (any::<u32>(), 1..=64_u8, -1_000_i64..1_000, any::<i32>());
    (head, slice).prop_flat_map(move |((expiry, count, puts, rate), slice)| {
        let grid = StrikeGrid { base: 1_000_000_000, step: 25_000_000, count };
        let header = Header { expiry, grid, put_lots: puts, put_index_sum: puts * 3 };
        let lots = prop::collection::vec(any::<[u8; 32]>(), usize::from(slots(&header)));
        let depth = prop::option::of(ramp(slots(&header), now)).prop_map(Option::flatten);
        (lots, depth).prop_map(move |(lots, depth)| Stored { index, header, slice, rate, lots, depth })
    })
}

fn order() -> impl Strategy<Value = Order> {
    (0..MAX_EXPIRIES, 0..64_u8, any::<bool>(), any::<i32>()).prop_map(|(index, strike, put, lots)| {
        let kind = if put { Kind::Put } else { Kind::Call };
        Order { place: Place { index, strike }, kind, lots }
    })
}

fn request() -> impl Strategy<Value = Request> {
    let fixed = (any::<[u64; 3]>(), any::<u32>(), any::<[i128; 3]>(), any::<u8>());
    (fixed, 0..=MAX_EXPIRIES).prop_flat_map(
        |(([spot, receivable, uncovered], now, [lots, value, free], byte), count)| {
            let stored: Vec<_> = (0..count).map(|index| stored(index, now)).collect();
            let orders = prop::collection::vec(order(), 0..=8);
            let brokered = prop::option::of(
                any::<(i128, i64, u32, u32)>().prop_map(|(value, equity, short, margin)| Brokered {
                    value,
                    equity,
                    short,
                    margin,
                }),
            );
            (orders, stored, any::<[u8; 32]>(), brokered).prop_map(
                move |(orders, stored, young, brokered)| Request {
                    // Recent trades go with orders alone.
                    young: if orders.is_empty() { [0; 32] } else { young },
                    settings: [byte; SETTINGS],
                    spot,
                    now,
                    hedge: Hedge { lots, value },
                    free,
                    brokered,
                    receivable,
                    uncovered,
                    orders,
                    stored,
                },
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn words_and_fields_say_the_same(request in request()) {
        let words = request.encode();
        let read = Request::decode(&words).expect("a request");
        prop_assert_eq!(&read.encode(), &words);
        prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn an_answer_is_read_whole_or_not_at_all(request in request(), at in any::<prop::sample::Index>()) {
        let words = request.encode();
        let count = words.len() as u64;
        let mut answer = [[0; 24].as_slice(), &32_u64.to_be_bytes(), &[0; 24], &count.to_be_bytes(), words.as_flattened()].concat();
        prop_assert_eq!(Request::answered(&answer).expect("a request").encode(), words);
        prop_assert!(Request::answered(&answer[..at.index(answer.len())]).is_none());
        prop_assert!(Request::answered(&[answer.as_slice(), &[0]].concat()).is_none());
        answer[at.index(64)] ^= 1;
        prop_assert!(Request::answered(&answer).is_none());
    }

    #[test]
    fn a_request_that_is_cut_short_is_none(request in request(), at in any::<prop::sample::Index>()) {
        let words = request.encode();
        prop_assert!(Request::decode(&words[..at.index(words.len())]).is_none());
    }
}

/// A request of one expiry of 20 strikes with weights, and the place of the word that holds them.
fn weighted(ramp: Ramp) -> (Vec<[u8; 32]>, usize) {
    let grid = StrikeGrid { base: 1_000_000_000, step: 25_000_000, count: 20 };
    let header = Header { expiry: 5_000_000, grid, put_lots: 0, put_index_sum: 0 };
    let lots = vec![[0; 32]; 3];
    let stored = vec![Stored { index: 3, header, slice: None, rate: -7, lots, depth: Some(ramp) }];
    let (hedge, orders) = (Hedge::default(), Vec::new());
    let settings = [0; SETTINGS];
    (
        Request {
            settings,
            spot: 1,
            now: 1_000_000,
            hedge,
            free: 0,
            brokered: None,
            receivable: 1,
            uncovered: 2,
            young: [0; 32],
            orders,
            stored,
        }
        .encode(),
        10,
    )
}

const GOOD: Ramp = Ramp { from: [0; 8], to: [60, 80, 60, 0, 0, 0, 0, 0], since: 1_000_000, span: 6 * HOURS };

#[test]
fn weights_that_no_vault_stores_are_refused() {
    let (words, _) = weighted(GOOD);
    assert_eq!(Request::decode(&words).expect("a request").stored[0].depth, Some(GOOD));
    for (why, ramp) in [
        ("over the budget", Ramp { to: [60, 80, 61, 0, 0, 0, 0, 0], ..GOOD }),
        ("over the budget, past the strikes", Ramp { to: [60, 80, 60, 0, 0, 0, 0, 1], ..GOOD }),
        ("over the budget before", Ramp { from: [255; 8], ..GOOD }),
        ("a strip without weight", Ramp { to: [60, 80, 0, 0, 0, 0, 0, 0], ..GOOD }),
        ("a strip without weight before", Ramp { from: [0, 80, 60, 0, 0, 0, 0, 0], ..GOOD }),
        ("none at all", Ramp { to: [0; 8], ..GOOD }),
        ("from the future", Ramp { since: 1_000_001, ..GOOD }),
        ("too fast", Ramp { span: 6 * HOURS - 1, ..GOOD }),
        ("at once", Ramp { span: 0, ..GOOD }),
    ] {
        assert!(Request::decode(&weighted(ramp).0).is_none(), "{why}");
    }
    for byte in 28..32 {
        let (mut words, at) = weighted(GOOD);
        words[at][byte] = 1;
        assert!(Request::decode(&words).is_none(), "byte {byte} behind the weights");
    }
}
