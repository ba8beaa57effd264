//! What positions cost: hedging with one, and every mark while there is one.

use demo::stage::positions::FEE;
use host::alloy_primitives::Address;
use interfaces::broker::IBroker;
use interfaces::vault::IVault;

use crate::broker::{hedge, receipt_of, skew, with_aave, with_perp};
use crate::costs::{view, Figures};
use crate::market::{wad, Market, SPOT};

/// Gas of hedging all that is due with a position.
fn position(market: &mut Market, venue: Address, ether: u64) -> u64 {
    let size = market.stage.need().expect("a need").due;
    receipt_of(market, venue, size, ether).expect("a hedge").execution_gas
}

/// Gas of the vault's words.
fn words(market: &mut Market) -> u64 {
    let vault = market.stage.vault;
    view(market, vault, IVault::wordsCall {})
}

pub(crate) fn figures(gas: &mut Figures) {
    let mut tell = |name: &str, used: u64| {
        gas.insert(name.into(), used.into());
    };
    let mut short = with_aave();
    skew(&mut short.market, 60.0);
    let (venue, broker) = (short.venue, short.market.stage.broker);
    let bare = words(&mut short.market);
    tell("rebalance_position_aave", position(&mut short.market, venue, 0));
    tell("words_with_aave_position", words(&mut short.market) - bare);
    tell("broker_held_aave", view(&mut short.market, broker, IBroker::heldCall { price: wad(SPOT) }));

    let mut perp = with_perp();
    skew(&mut perp.market, 60.0);
    let (venue, broker) = (perp.venue, perp.market.stage.broker);
    let base = perp.market.stage.chain.world.snapshot();
    tell("rebalance_position_perp_order", position(&mut perp.market, venue, FEE));
    perp.market.stage.chain.world.restore(&base);
    let bare = words(&mut perp.market);
    let (key, ..) = hedge(&mut perp.market, venue, FEE).expect("an order");
    perp.at(key, SPOT);
    tell("words_with_perp_position", words(&mut perp.market) - bare);
    tell("broker_held_perp", view(&mut perp.market, broker, IBroker::heldCall { price: wad(SPOT) }));
}
