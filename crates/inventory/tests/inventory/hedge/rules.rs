use inventory::Profile;
use inventory::hedge::{Rule, Rules, RulesError};

use crate::market::ETH;

#[test]
fn the_defaults_suit_the_market_they_are_for() {
    Rules::default().check(&ETH).unwrap();
}

#[test]
fn a_price_cap_beyond_what_a_trade_pays_is_refused() {
    let wide = Rules { slip_max: 6_101, ..Rules::default() };
    let error = RulesError { rule: Rule::SlipMax, value: 6_101, least: 1, most: 6_100 };
    assert_eq!(wide.check(&ETH), Err(error));
    assert_eq!(wide.check(&Profile { fee: 301, ..ETH }), Ok(()));
}

#[test]
fn a_least_hedge_beyond_half_of_the_narrowest_band_is_refused() {
    let coarse = Rules { min_hedge: 2_501, ..Rules::default() };
    let error = RulesError { rule: Rule::MinHedge, value: 2_501, least: 1, most: 2_500 };
    assert_eq!(coarse.check(&ETH), Err(error));
    let narrow = Profile { min_band: 0, ..ETH };
    assert!(Rules::default().check(&narrow).is_err());
}

/// What the vault's events and errors call a field by.
#[test]
fn a_field_is_known_by_its_place() {
    let fields = [
        Rule::Seasoning,
        Rule::MaxWait,
        Rule::OrderPatience,
        Rule::MinHedge,
        Rule::SlipBase,
        Rule::SlipMax,
        Rule::SlipSpan,
        Rule::AuctionPremium,
        Rule::AuctionSpan,
        Rule::AuctionScale,
        Rule::RewardShare,
        Rule::RewardSpan,
        Rule::RewardCap,
        Rule::GasCap,
        Rule::Budget,
        Rule::BudgetSpan,
    ];
    for (place, field) in (0..).zip(fields) {
        assert_eq!(field.index(), place, "{field:?}");
    }
}

#[test]
fn every_field_has_bounds() {
    let base = Rules::default();
    let refused = [
        (Rule::Seasoning, Rules { seasoning: 0, ..base }),
        (Rule::Seasoning, Rules { seasoning: 86_401, ..base }),
        (Rule::MaxWait, Rules { max_wait: 599, ..base }),
        (Rule::MaxWait, Rules { max_wait: 30 * 86_400 + 1, ..base }),
        (Rule::OrderPatience, Rules { order_patience: 0, ..base }),
        (Rule::OrderPatience, Rules { order_patience: 86_401, ..base }),
        (Rule::MinHedge, Rules { min_hedge: 0, ..base }),
        (Rule::SlipMax, Rules { slip_max: 0, slip_base: 0, ..base }),
        (Rule::SlipBase, Rules { slip_base: 6_001, ..base }),
        (Rule::SlipSpan, Rules { slip_span: 0, ..base }),
        (Rule::AuctionPremium, Rules { auction_premium: 100_001, ..base }),
        (Rule::AuctionSpan, Rules { auction_span: 0, ..base }),
        (Rule::AuctionScale, Rules { auction_scale: 0, ..base }),
        (Rule::RewardShare, Rules { reward_share: 500_001, ..base }),
        (Rule::RewardSpan, Rules { reward_span: 0, ..base }),
        (Rule::RewardCap, Rules { reward_cap: 5_301, ..base }),
        (Rule::GasCap, Rules { gas_cap: 10_000_001, ..base }),
        (Rule::Budget, Rules { budget: 1_000_001, ..base }),
        (Rule::BudgetSpan, Rules { budget_span: 3_599, ..base }),
    ];
    for (rule, rules) in refused {
        let error = rules.check(&ETH).unwrap_err();
        assert_eq!(error.rule, rule);
        assert!(error.value < error.least || error.value > error.most, "{error:?}");
    }
}
