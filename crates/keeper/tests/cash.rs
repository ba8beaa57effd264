//! Hedges that cash or the token's grain cut short.

mod script;

use alloy_signer_local::PrivateKeySigner;
use keeper::{Action, Config, Keeper, Now, Probed, Report, Skip};
use script::{Script, Terms, VAULT, VENUE, Weather};

fn look(terms: Terms) -> Report {
    let settings = serde_json::json!({ "vault": VAULT, "max_head_age": 0 });
    let config: Config = serde_json::from_value(settings).expect("a config");
    let key = PrivateKeySigner::from_bytes(&alloy_primitives::keccak256("keeper")).expect("a key");
    let mut keeper = Keeper::new(config, vec![Box::new(Probed::new("venue", VENUE))], Some(key), 1);
    let script = Script::with(Weather::default(), terms);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(keeper.look(&script, Now::default()))
}

fn hedge(report: &Report) -> &Result<keeper::Sent, Skip> {
    let found = report.outcomes.iter().find(|(name, _)| *name == "hedge");
    &found.unwrap_or_else(|| panic!("{report:?}")).1
}

#[test]
fn a_purchase_asks_for_no_more_than_free_cash_at_its_limits() {
    let free = 60_000_000_000;
    let report = look(Terms { free, narrow: true, ..Terms::default() });
    let sent = hedge(&report).as_ref().expect("sent");
    let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
    // All of the cash at the feed's price, but for the inner band, is due; at the limit it buys a little less.
    let spot = 2_800_000_000_000_000_000_000;
    assert!(plan.due > free * 357_000_000 && plan.size < plan.due, "{plan:?}");
    let [leg] = &plan.legs[..] else { panic!("{plan:?}") };
    assert!(leg.limit > spot);
    // The vault rounds what it sets aside down to whole micro-USD.
    let asked = (leg.size as f64 / 1e18 * leg.limit as f64 / 1e12).floor();
    assert!(asked <= free as f64 && asked > free as f64 * 0.999, "{asked} of {free}");
}

#[test]
fn less_than_a_token_unit_is_dust() {
    let report = look(Terms { free: 1_000_000_000, decimals: 0, narrow: true });
    let skip = hedge(&report).as_ref().expect_err("nothing whole");
    assert!(
        matches!(skip, Skip::Dust { size: 0, due } if (1..1_000_000_000_000_000_000).contains(due)),
        "{skip}"
    );
    let report = look(Terms { decimals: 0, ..Terms::default() });
    let sent = hedge(&report).as_ref().expect("sent");
    let Action::Hedge(plan) = &sent.proposal.action else { panic!("{sent:?}") };
    assert_eq!(plan.size, plan.due / 1_000_000_000_000_000_000 * 1_000_000_000_000_000_000);
}
