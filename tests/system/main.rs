//! The release WASM on the simulated host, beside real Solidity: one file for each user action.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a test that panics has failed, which is what it is for"
)]

/// Before any test: the programs of ours run natively.
#[cfg(feature = "natively")]
#[used]
#[unsafe(link_section = ".init_array")]
static NATIVELY: extern "C" fn() = {
    extern "C" fn natively() {
        host::run_natively_everywhere(stateful::native::find);
    }
    natively
};

mod abi;
mod book_costs;
mod breakers;
mod broker;
mod broker_bounds;
mod broker_costs;
mod broker_drills;
mod broker_worth;
mod calldata;
mod costs;
mod deploy;
mod deploy_cut;
mod deploy_notice;
mod deploy_positions;
mod deposit;
mod depth;
mod desk;
mod desk_costs;
mod desk_drills;
mod desk_fill;
mod desk_states;
mod desk_terms;
mod differential;
mod documents;
mod drills_exits;
mod drills_feeds;
mod drills_late;
mod drills_programs;
mod drills_token;
mod drills_venues;
mod engine;
mod erc20_properties;
mod erc4626_properties;
mod event_replay;
mod every;
mod fee;
mod figures;
mod greeks;
mod hedge;
mod hostile;
mod indexer;
mod insolvency;
mod integrator;
mod kernel;
mod lending;
mod lens;
mod lens_hostile;
mod lp_drills;
mod margin;
mod margin_auction;
mod margin_closing;
mod margin_costs;
mod margin_hostile;
mod margin_refusals;
mod margin_settlement;
mod market;
mod over_rpc;
mod permit;
mod pool;
mod pool_drills;
mod pool_losses;
mod price;
mod primitives;
mod profile;
mod publisher;
mod publishers;
mod receivers;
mod redeem;
mod refusals;
mod replay;
mod round_trip;
mod settle;
mod speed;
mod surface;
mod surface_feed;
mod surface_rates;
mod surroundings;
mod throttle;
mod trade;
mod venue_costs;
mod venue_drills;
mod venue_perp;
mod venue_perp_callbacks;
mod venue_perp_hostile;
mod venue_perp_units;
mod venue_short;
mod venue_short_answers;
mod venue_short_hostile;
mod venue_spot;
mod vesting;
mod views;
mod worked_trade;
