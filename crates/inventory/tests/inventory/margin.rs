use inventory::{
    Auction, Exposed, Margin, MarginRule, Pnl, SPOTS, VOLS, liquidation_part, margin, uncovered,
};
use proptest::prelude::*;

use crate::market::{USD, amount};

const RULE: MarginRule = MarginRule::DEFAULT;

fn pnl() -> impl Strategy<Value = Pnl> {
    proptest::array::uniform3(proptest::array::uniform9(amount()))
}

#[test]
fn deep_losses_weigh_less_and_ordinary_ones_whole() {
    let mut exposed = Exposed::default();
    assert_eq!(margin(&RULE, &exposed), Some(Margin { initial: 0, maintenance: 0 }));
    exposed.pnl[2][8] = -1_001;
    assert_eq!(margin(&RULE, &exposed), Some(Margin { initial: 351, maintenance: 246 }));
    exposed.pnl[0][0] = -2_000;
    assert_eq!(margin(&RULE, &exposed).unwrap().initial, 700);
    exposed.pnl[1][7] = -900;
    assert_eq!(margin(&RULE, &exposed).unwrap().initial, 900);
    exposed.settlement = 901;
    assert_eq!(margin(&RULE, &exposed).unwrap().initial, 901);
    exposed.deep_settlement = 3_000;
    assert_eq!(margin(&RULE, &exposed).unwrap().initial, 1_050);
    exposed.short_notional = 200_001;
    assert_eq!(margin(&RULE, &exposed).unwrap().initial, 2_001);
    exposed.short_notional = u128::MAX;
    let most = MarginRule { short_minimum: u32::MAX, ..RULE };
    assert_eq!(margin(&most, &exposed), None);
}

#[test]
fn what_equity_does_not_cover_is_the_vaults() {
    let mut pnl = [[0; SPOTS]; VOLS];
    pnl[0][0] = -1_000;
    pnl[1][3] = -400;
    pnl[2][8] = i128::MIN;
    let open = uncovered(&pnl, 500);
    assert_eq!((open[0][0], open[1][3], open[2][8]), (500, 0, (1 << 127) - 500));
    assert_eq!(uncovered(&pnl, -1)[1][4], 1);
}

#[test]
fn an_auction_falls_from_equity_to_nothing_and_on() {
    let at = |elapsed| Auction::DEFAULT.price(1_000 * USD, 300_000_000, elapsed).unwrap();
    assert_eq!([at(0), at(1_800), at(3_600)], [980 * USD, 490 * USD, 0]);
    assert_eq!([at(5_400), at(7_200), at(u32::MAX)], [-150 * USD, -300 * USD, -300 * USD]);
    // Without equity it starts at nothing, and ends at what is owed and the reserve.
    let under = |elapsed| Auction::DEFAULT.price(-100 * USD, 300_000_000, elapsed).unwrap();
    assert_eq!([under(0), under(1_800), under(3_600), under(9_999)], [0, -200 * USD, -400 * USD, -400 * USD]);
    let at_nothing = Auction { solvent: 0, ..Auction::DEFAULT };
    assert_eq!(at_nothing.price(1_000 * USD, 300_000_000, 0), Some(0));
    let no_time = Auction { solvent: 0, insolvent: 0, ..Auction::DEFAULT };
    assert_eq!(no_time.price(1, 1, 0), None);
}

#[test]
fn no_more_of_an_account_is_taken_than_its_margin_needs() {
    // 100 short of a margin of 1,000, at a price of 850: 100 / 950.
    assert_eq!(liquidation_part(900, 1_000, 850), Some(105_264));
    assert_eq!(liquidation_part(1_000, 1_000, 850), Some(0));
    assert_eq!(liquidation_part(900, 1_000, 0), Some(1_000_000));
    assert_eq!(liquidation_part(900, 1_000, -5), Some(1_000_000));
    assert_eq!(liquidation_part(-900, 0, 10), Some(989_011));
    assert_eq!(liquidation_part(i128::MIN, u128::MAX, 10), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// Losses of books together are at most the losses apart, so margin is too: legs offset, and never the other way.
    #[test]
    fn margin_of_two_books_is_at_most_the_sum(a in pnl(), b in pnl(), [x, y]: [u64; 2]) {
        let one = |pnl, loss: u64| Exposed { pnl, settlement: (loss >> 8).into(), deep_settlement: (loss >> 6).into(), short_notional: (loss >> 4).into() };
        let mut sum = a;
        for (row, other) in sum.iter_mut().zip(b) {
            for (value, other) in row.iter_mut().zip(other) {
                *value += other;
            }
        }
        let of = |exposed: &Exposed| margin(&RULE, exposed).unwrap();
        let (first, second) = (one(a, x), one(b, y));
        let both = Exposed {
            pnl: sum,
            settlement: first.settlement + second.settlement,
            deep_settlement: first.deep_settlement + second.deep_settlement,
            short_notional: first.short_notional + second.short_notional,
        };
        prop_assert!(of(&both).initial <= of(&first).initial + of(&second).initial);
        prop_assert!(of(&both).maintenance <= of(&both).initial);
    }

    #[test]
    fn an_auction_never_rises_and_ends_where_somebody_takes_it(equity in amount(), reserve: u64, times: [u16; 2]) {
        let price = |elapsed: u16| Auction::DEFAULT.price(equity, reserve.into(), elapsed.into()).unwrap();
        let [a, b] = times;
        let (early, late) = (price(a.min(b)), price(a.max(b)));
        prop_assert!(late <= early && early <= equity.max(0));
        prop_assert_eq!(price(u16::MAX), equity.min(0) - i128::from(reserve));
    }

    /// After the part is taken at the price, the rest has its margin; one millionth less would not do.
    #[test]
    fn a_liquidation_restores_the_margin(initial in 1..1_u64 << 50, equity in amount(), price in 1..1_u64 << 50) {
        let (margin, price) = (i128::from(initial), i128::from(price));
        let part = liquidation_part(equity, initial.into(), price).unwrap();
        let met = |part: u32| {
            let (part, rest) = (i128::from(part), 1_000_000 - i128::from(part));
            equity * rest + part * price >= margin * rest
        };
        prop_assert!(part <= 1_000_000 && met(part));
        prop_assert!(part == 0 || !met(part - 1));
    }
}
