//! The trade that the README works through, to the last unit.

use host::alloy_primitives::{I256, U256};
use interfaces::vault::IVault;

use crate::hedge::due;
use crate::market::Market;

fn int(number: i128) -> I256 {
    I256::try_from(number).expect("a number")
}

fn quote(premium: i128, value: i128, charge: i128, spread: u64) -> IVault::Quote {
    IVault::Quote {
        premium: int(premium),
        value: int(value),
        riskCharge: int(charge),
        spread: U256::from(spread),
    }
}

#[test]
fn the_readme_says_what_happens() {
    let mut market = Market::open();
    let (buy, back) = ([(market.call(2_800), 10.0)], [(market.call(2_800), -10.0)]);
    let first = quote(2_684_097_562, 2_570_455_682, 12_220_039, 101_421_841);
    assert_eq!(market.quote(&buy).expect("a quote"), first);
    assert_eq!(market.trade(&buy).expect("a trade"), first.premium);

    let nav = market.nav();
    assert_eq!((nav.cash, nav.book), (U256::from(1_002_684_097_562_u64), int(-2_570_455_682)));
    assert_eq!((nav.mid, nav.low), (int(1_000_113_641_880), int(1_000_000_000_000)));
    assert_eq!(market.greeks().delta, int(-5_459_009_943_113_852_283));
    let hedge = due(&mut market);
    assert_eq!((hedge.target, hedge.needed), (int(5_459_009_943_214_285_714), true));
    let whole = |number: U256| number / U256::from(1_000_000_000_000_u64);
    assert_eq!((whole(hedge.outer), whole(hedge.inner)), (U256::from(696_198), U256::from(198_421)));
    assert_eq!(whole(hedge.size.into_raw()), U256::from(5_260_588));

    let second = quote(2_684_381_278, 2_570_455_682, 12_503_755, 101_421_841);
    assert_eq!(market.quote(&buy).expect("a quote"), second);
    let sold = quote(-2_481_253_879, -2_570_455_681, -12_220_039, 101_421_841);
    assert_eq!(market.quote(&back).expect("a quote"), sold);
}
