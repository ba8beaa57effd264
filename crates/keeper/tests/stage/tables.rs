//! What people see: the lines and columns, whatever the numbers.

use alloy_primitives::U256;
use interfaces::erc4626::IERC4626;
use keeper::show::{Paint, plan, status};
use keeper::{Chain, Collector, Config, Endpoints, Now};

use crate::market::{HOUR, Market, START, venues};
use crate::seats::Seating;

/// The text with every number as `#`, every address as `@`, and runs of spaces as one.
fn shape(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|at: char| ",;:()".contains(at));
        if bare.starts_with("0x") {
            return word.replace(bare, "@");
        }
        let digits = bare.trim_start_matches('-');
        let number =
            !digits.is_empty() && digits.chars().all(|at| at.is_ascii_digit() || ",.-:".contains(at));
        if number { word.replace(bare, "#") } else { word.to_owned() }
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The band's picture, without where the marks are.
fn without_picture(text: &str) -> String {
    let drawn = |line: &&str| line.contains('─');
    let line = |line: &str| {
        if !drawn(&line) {
            return line.to_owned();
        }
        let (picture, rest) = line.split_once(' ').expect("more than a picture");
        assert!(picture.chars().count() == 41 && picture.contains('●'), "{picture}");
        format!("PICTURE {rest}")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

const STATUS: &str = "\
Vault @
block # of # # UTC, # of # endpoints, # must agree
price # USD, # s old

Book value # USD, risk reserve # USD, free cash # USD
expiry (UTC) in strikes value USD delta gamma vega USD theta USD
# # # d # h # of # # # # # #
# # # d # h # of # # # # # #
all # of # # # # # #

Hedge held #, target #; what is computed here is the desk's to the unit
PICTURE deviation # (outside the band), inner #, outer #

Desk @, price cap # bp, rewards: # of # USD left
due #, seen # h # min ago; # of it counts for a discount or a reward
auction: # USD for all of it, # bp for the filler

Venues basis points against the feed's price to buy #
name adapter allowed an eighth half all
deep @ yes # # #
shallow @ yes # # refused

Queue redemptions of # epochs, # filled
epoch shares waiting processed paid USD ready (UTC)
# # # # # #

Due
settle next expiry # # UTC
fill switched off
hedge buy # over # venue(s) at a cost of # USD
position the broker has no venue
process epoch # is ready at # # UTC";

const PLAN: &str = "\
Plan for @ at block # of # # UTC

settle nothing: next expiry # # UTC

fill nothing: switched off

hedge buy # over # venue(s) at a cost of # USD
due #, # outer bands off; the legs go to the inner edge
venue adapter size cost USD bp limit USD
deep @ # # # #
shallow @ # # # #
benefit # USD of # that count, cost # USD; reward # USD: # for gas and # of what is saved
gas # at # gwei costs # USD; it brings # USD; the operator keeps # USD, may lose # USD
not sent

position nothing: the broker has no venue

process nothing: epoch # is ready at # # UTC

Some duties are switched off.";

/// What `status` prints.
async fn looked(config: &Config, chain: &Endpoints) -> String {
    let mut collector = Collector::new(config, venues(config));
    collector.curious = true;
    let head = chain.head(0).await.expect("a head");
    let view = collector.collect(chain, head, None).await.expect("a view");
    let text = status(&view, config, &chain.health(), Paint(false));
    println!("{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_plan_have_these_lines() {
    let mut market = Market::open();
    market.waited(HOUR);
    let owner = market.at.lp;
    let request =
        IERC4626::requestRedeemCall { shares: U256::from(10_u64.pow(18)), controller: owner, owner };
    market.send(owner, market.at.vault, request).expect("a request");
    let (config, chain, mut keeper) = market.own();
    assert_eq!(without_picture(&shape(&looked(&config, &chain).await)), STATUS);
    keeper.dry = true;
    let report = keeper.look(&chain, Now::default()).await;
    let text = plan(&report, &config, Paint(false));
    println!("{text}");
    assert_eq!(shape(&text), PLAN);
    assert!(plan(&report, &config, Paint(true)).contains("\x1b[1mPlan\x1b[0m"));
}

const POSITIONS: &str = "\
Positions broker @, counts # USD, checkpoint # s ago
venue adapter allowed cap USD size equity USD margin should over USD bp
aave @ yes # # # # % # % # -
perp @ yes # # # - # % # -

Queue redemptions of # epochs, # filled

Due
settle next expiry # # UTC
cancel no order is in flight
fill switched off
hedge |deviation| # is inside the band of #
position |deviation| # is inside the band of #
tend every margin is within a tenth of what it should be
collect # USD lie over
checkpoint due at # # UTC
process no redemption waits";

const TAKEN: &str = "\
hedge nothing: a position does it, or for less

position sell # at aave at a cost of # USD
due #, # outer bands off; the legs go to the inner edge
venue adapter size cost USD bp limit USD
aave @ # # # #
benefit # USD of # that count, cost # USD; reward # USD: # for gas and # of what is saved
gas # at # gwei costs # USD; it brings # USD; the operator keeps # USD, may lose # USD
sent as @

tend nothing: every margin is within a tenth of what it should be

collect nothing: # USD lie over

checkpoint nothing: nothing is held

process nothing: no redemption waits

Some duties are switched off.";

#[tokio::test(flavor = "multi_thread")]
async fn positions_have_these_lines() {
    let market = Market::seated(Seating::Both);
    market.puts(60.0);
    let (chain, mut keeper) = market.keeping(|_| ());
    let report = keeper.look(&chain, Now::default()).await;
    let config = market.config(&[market.node.url()]);
    let text = plan(&report, &config, Paint(false));
    println!("{text}");
    let from = text.find("hedge ").expect("a hedge");
    assert_eq!(shape(&text[from..]), TAKEN);
    crate::positions::settled(&mut keeper, &chain).await;
    let text = looked(&config, &chain).await;
    let from = text.find("Positions ").expect("positions");
    assert_eq!(shape(&text[from..]), POSITIONS);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_what_is_wrong() {
    let market = Market::open();
    market.skew();
    market.wait_until(START + 3 * HOUR);
    market.develop("evm_mine", serde_json::json!([]));
    let mut config = market.config(&[market.node.url(), "http://127.0.0.1:1/secret".into()]);
    config.quorum = Some(1);
    let chain = Endpoints::new(&config).expect("endpoints");
    let mut collector = Collector::new(&config, venues(&config));
    collector.curious = true;
    let head = chain.head(0).await.expect("a head");
    let view = collector.collect(&chain, head, None).await.expect("a view");
    let text = status(&view, &config, &chain.health(), Paint(false));
    for line in ["127.0.0.1:1: unreachable: ", "price none: PriceStale", "not marked: there is no price"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("secret"));
}
