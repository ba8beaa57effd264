//! Gas of every entry point and size of every contract, held against `snapshots/`.
//!
//! A figure that rises by over 1 % fails; `UPDATE_SNAPSHOTS=1` writes the files anew.

use std::collections::BTreeMap;

use alloy_sol_types::SolCall;
use demo::stage::{default_limits, default_profile, name_satellite};
use host::alloy_primitives::{Address, I256, U256};
use interfaces::erc165::IERC165;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::lens::ILens;
use interfaces::vault::IVault;

use serde_json::Number;

use crate::book_costs;
use crate::broker_costs;
use crate::depth;
use crate::desk_costs;
use crate::kernel;
use crate::margin_costs;
use crate::market::{expiry, legs_of, series, signed, usdc, wad, Market, DAY, HOUR, SPOT, START};
use crate::venue_costs;

/// Whole numbers, or kernel figures with two decimals.
pub(crate) type Figures = BTreeMap<String, Number>;

/// Compares with a snapshot, or writes it.
pub(crate) fn hold(file: &str, figures: &Figures) {
    let path = format!("{}/snapshots/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let text = serde_json::to_string_pretty(figures).expect("JSON") + "\n";
        std::fs::write(&path, text).expect("the snapshot is written");
    }
    let text = std::fs::read_to_string(&path).expect("a snapshot: make it with UPDATE_SNAPSHOTS=1");
    let kept: Figures = serde_json::from_str(&text).expect("name -> number");
    let names = |figures: &Figures| figures.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(figures), "{file} has other names");
    let value = |number: &Number| number.as_f64().expect("a number");
    let risen = figures.iter().filter(|(name, number)| value(number) > value(&kept[*name]) * 1.01);
    let risen: Vec<String> =
        risen.map(|(name, number)| format!("{name}: {} -> {number}", kept[name])).collect();
    assert!(risen.is_empty(), "{file}: rises of over 1 %: {risen:?}");
}

/// Gas of calls, by name; the program is cached.
struct Meter {
    market: Market,
    gas: Figures,
}

impl Meter {
    fn tell(&mut self, name: &str, gas: u64) {
        let before = self.gas.insert(name.into(), gas.into());
        assert!(before.is_none(), "{name} is measured twice");
    }

    /// A transaction.
    fn send<C: SolCall>(&mut self, name: &str, from: Address, call: C) -> C::Return {
        let (answer, receipt) = self.market.receipt(from, call);
        self.tell(name, receipt.execution_gas);
        answer
    }

    /// A view.
    fn view<C: SolCall>(&mut self, name: &str, call: C) {
        let vault = self.market.stage.vault;
        let gas = view(&mut self.market, vault, call);
        self.tell(name, gas);
    }

    /// A view of the lens.
    fn look<C: SolCall>(&mut self, name: &str, call: C) {
        let lens = self.market.stage.lens;
        let gas = view(&mut self.market, lens, call);
        self.tell(&format!("lens_{name}"), gas);
    }
}

pub(crate) fn view<C: SolCall>(market: &mut Market, contract: Address, call: C) -> u64 {
    let from = market.trader;
    market.stage.chain.world.view(from, contract, call.abi_encode()).expect(C::SIGNATURE).execution_gas
}

fn trades(meter: &mut Meter) {
    let (trader, lp, call) = (meter.market.trader, meter.market.lp, meter.market.call(2_800));
    let legs = |size| legs_of(&[(call, size)]);
    let trade = |size| IVault::tradeCall {
        legs: legs(size),
        maxPremium: I256::MAX,
        receiver: trader,
        deadline: U256::MAX,
    };
    meter.send("trade_buy", trader, trade(2.0));
    meter.send("trade_sell", trader, trade(-1.0));
    meter.view("quote", IVault::quoteCall { legs: legs(1.0) });
    meter.send(
        "position_transfer",
        trader,
        IERC6909::transferCall { receiver: lp, id: call, amount: wad(0.5) },
    );
    meter.send("position_approve", trader, IERC6909::approveCall { spender: lp, id: call, amount: wad(0.2) });
    let pull = IERC6909::transferFromCall { sender: trader, receiver: lp, id: call, amount: wad(0.1) };
    meter.send("position_transferFrom", lp, pull);
    meter.send("setOperator", trader, IERC6909::setOperatorCall { spender: lp, approved: true });
    meter.view("position_balanceOf", IERC6909::balanceOfCall { owner: trader, id: call });
    meter.view("position_allowance", IERC6909::allowanceCall { owner: trader, spender: lp, id: call });
    meter.view("isOperator", IERC6909::isOperatorCall { owner: trader, spender: lp });
    meter.view("position_totalSupply", IERC6909::totalSupplyCall { id: call });
    meter.view("supportsInterface", IERC165::supportsInterfaceCall { interfaceId: [1, 2, 3, 4].into() });
}

fn views(meter: &mut Meter) {
    let venue = meter.market.stage.venue;
    meter.view("nav", IVault::navCall {});
    meter.view("words", IVault::wordsCall {});
    meter.view("headers", IVault::headersCall {});
    meter.view("youngTrades", IVault::youngTradesCall {});
    meter.view("spot", IVault::spotCall {});
    meter.view("settlementPrice", IVault::settlementPriceCall { expiry: 1 });
    meter.view("profile", IVault::profileCall {});
    meter.view("feeds", IVault::feedsCall {});
    meter.view("underlying", IVault::underlyingCall {});
    meter.view("role", IVault::roleCall { which: IVault::Role::Owner });
    meter.view("paused", IVault::pausedCall {});
    meter.view("venueAllowedFrom", IVault::venueAllowedFromCall { venue });
    meter.view("satellite", IVault::satelliteCall { which: IVault::Satellite::Surface });
}

fn looks(meter: &mut Meter) {
    let (vault, series, expiry) = (meter.market.stage.vault, meter.market.call(2_800), expiry(30));
    let amount = wad(1.0);
    meter.look("seriesId", ILens::seriesIdCall { expiry, strike: wad(2_800.0), isPut: true });
    meter.look("book", ILens::bookCall { vault });
    meter.look("greeks", ILens::greeksCall { vault });
    meter.look("greeksByExpiry", ILens::greeksByExpiryCall { vault });
    meter.look("seriesGreeks", ILens::seriesGreeksCall { vault, series });
    meter.look("chain_21_strikes", ILens::chainCall { vault, expiry, size: amount });
    meter.look("stress", ILens::stressCall { vault, dSpot: signed(-0.1), dVol: signed(0.1) });
    meter.look("worstCase", ILens::worstCaseCall { vault });
    meter.look("navBreakdown", ILens::navBreakdownCall { vault });
    meter.look("nextHedge", ILens::nextHedgeCall { vault });
    meter.look("collateralValue", ILens::collateralValueCall { vault, series, amount });
}

fn shares(meter: &mut Meter) {
    let (lp, trader) = (meter.market.lp, meter.market.trader);
    let value = U256::from(1_000_000_000_000_u64);
    meter.send("deposit", lp, IERC4626::depositCall { assets: usdc(1_000.0), receiver: lp });
    meter.send("mint", lp, IERC4626::mintCall { shares: value, receiver: lp });
    meter.send("transfer", lp, IERC20::transferCall { to: trader, value });
    meter.send("approve", lp, IERC20::approveCall { spender: trader, value });
    meter.send("transferFrom", trader, IERC20::transferFromCall { from: lp, to: trader, value });
    meter.view("name", IERC20::nameCall {});
    meter.view("symbol", IERC20::symbolCall {});
    meter.view("decimals", IERC20::decimalsCall {});
    meter.view("totalSupply", IERC20::totalSupplyCall {});
    meter.view("balanceOf", IERC20::balanceOfCall { account: lp });
    meter.view("allowance", IERC20::allowanceCall { owner: lp, spender: trader });
    meter.view("nonces", IERC20::noncesCall { owner: lp });
    meter.view("DOMAIN_SEPARATOR", IERC20::DOMAIN_SEPARATORCall {});
    meter.view("asset", IERC4626::assetCall {});
    meter.view("share", IERC4626::shareCall {});
    meter.view("totalAssets", IERC4626::totalAssetsCall {});
    meter.view("convertToShares", IERC4626::convertToSharesCall { assets: usdc(1.0) });
    meter.view("convertToAssets", IERC4626::convertToAssetsCall { shares: value });
    meter.view("maxDeposit", IERC4626::maxDepositCall { receiver: lp });
    meter.view("maxMint", IERC4626::maxMintCall { receiver: lp });
    meter.view("previewDeposit", IERC4626::previewDepositCall { assets: usdc(1.0) });
    meter.view("previewMint", IERC4626::previewMintCall { shares: value });
    meter.view("redeemDelay", IERC4626::redeemDelayCall {});
    meter.send("requestRedeem", lp, IERC4626::requestRedeemCall { shares: value, controller: lp, owner: lp });
    meter.view(
        "pendingRedeemRequest",
        IERC4626::pendingRedeemRequestCall { requestId: U256::ONE, controller: lp },
    );
    meter.send(
        "cancelRedeemRequest",
        lp,
        IERC4626::cancelRedeemRequestCall { requestId: U256::ONE, controller: lp },
    );
    let again = IERC4626::requestRedeemCall { shares: value, controller: lp, owner: lp };
    meter.market.stage.vault(lp, again).expect("a request");
    meter.market.move_to(START + 2 * DAY, SPOT);
    meter.send("processEpoch", trader, IERC4626::processEpochCall {});
    meter.view(
        "claimableRedeemRequest",
        IERC4626::claimableRedeemRequestCall { requestId: U256::ONE, controller: lp },
    );
    meter.view("maxRedeem", IERC4626::maxRedeemCall { controller: lp });
    meter.view("maxWithdraw", IERC4626::maxWithdrawCall { controller: lp });
    meter.send("withdraw", lp, IERC4626::withdrawCall { assets: usdc(0.1), receiver: lp, controller: lp });
    let shares = meter.market.stage.ask(IERC4626::maxRedeemCall { controller: lp }).expect("shares");
    meter.send("redeem", lp, IERC4626::redeemCall { shares, receiver: lp, controller: lp });
}

fn governance(meter: &mut Meter) {
    let actors = meter.market.stage.actors;
    let (owner, trader, venue) = (actors.owner, meter.market.trader, meter.market.stage.venue);
    meter.send(
        "setRole",
        owner,
        IVault::setRoleCall { which: IVault::Role::Guardian, account: actors.guardian },
    );
    meter.send("pause", actors.guardian, IVault::pauseCall {});
    meter.send("unpause", owner, IVault::unpauseCall {});
    meter.send("removeVenue", actors.guardian, IVault::removeVenueCall { venue });
    meter.send("allowVenue", owner, IVault::allowVenueCall { venue });
    let list = IVault::listExpiryCall { expiry: expiry(14), base: wad(1_800.0), step: wad(25.0), count: 64 };
    meter.send("listExpiry", actors.curator, list);
    let feed = meter.market.stage.surface;
    meter.send("setSatellite", owner, name_satellite(IVault::Satellite::Surface, feed));
    let now = meter.market.now();
    meter.market.stage.chain.world.warp(now + 2 * DAY);
    let which = IVault::Satellite::Surface;
    meter.send("acceptSatellite", trader, IVault::acceptSatelliteCall { which });
    meter.market.move_to(now + 2 * DAY, SPOT);
    meter.send(
        "setRole_pending_owner",
        owner,
        IVault::setRoleCall { which: IVault::Role::PendingOwner, account: trader },
    );
    meter.send("acceptOwnership", trader, IVault::acceptOwnershipCall {});
}

fn settlement(meter: &mut Meter) {
    let (trader, expiry) = (meter.market.trader, meter.market.expiries[0]);
    let id = series(expiry, 2_500, false);
    meter.market.publish();
    meter.market.trade(&[(id, 1.0)]).expect("a trade");
    meter.market.move_to(expiry - HOUR, SPOT);
    let round = meter.market.stage.last_round().expect("a round");
    meter.market.move_to(expiry + HOUR, SPOT);
    meter.send("settle", trader, IVault::settleCall { expiry, roundId: round });
    meter.send("claim", trader, IVault::claimCall { series: vec![id], receiver: trader });
}

/// Idle cash in OpenZeppelin's ERC-4626, which lends: a trade and a deposit that count it.
fn pools(gas: &mut Figures) {
    let mut market = book_costs::book_of_64();
    let actors = market.stage.actors;
    let pool = crate::pool::lending(&mut market, 0);
    let mut send = |market: &mut Market, name: &str, from, data: Vec<u8>| {
        let vault = market.stage.vault;
        let receipt = market.stage.chain.world.call(from, vault, data).expect(name);
        gas.insert(name.into(), receipt.execution_gas.into());
    };
    send(&mut market, "setPool", actors.owner, IVault::setPoolCall { pool }.abi_encode());
    market.move_to(START + 2 * DAY, SPOT);
    send(&mut market, "invest", actors.curator, IVault::investCall { assets: usdc(900_000.0) }.abi_encode());
    let (trader, id) = (market.trader, series(expiry(14), 2_000, false));
    let trade = |size| IVault::tradeCall {
        legs: legs_of(&[(id, size)]),
        maxPremium: I256::MAX,
        receiver: trader,
        deadline: U256::MAX,
    };
    send(&mut market, "trade_one_leg_64_pool", trader, trade(1.0).abi_encode());
    let deposit = IERC4626::depositCall { assets: usdc(1_000.0), receiver: trader };
    send(&mut market, "deposit_pool", trader, deposit.abi_encode());
    send(&mut market, "divest", actors.curator, IVault::divestCall { assets: usdc(1_000.0) }.abi_encode());
    send(&mut market, "removePool", actors.guardian, IVault::removePoolCall {}.abi_encode());
    let vault = market.stage.vault;
    gas.insert("pool".into(), view(&mut market, vault, IVault::poolCall {}).into());
}

/// The profile is set before there are shares.
fn profile(gas: &mut Figures) {
    let profile = default_profile();
    let config =
        demo::stage::Config { start: START, price: SPOT, profile: profile.clone(), limits: default_limits() };
    let mut stage = demo::stage::Stage::deploy(&config).expect("the stage is set");
    let (owner, vault) = (stage.actors.owner, stage.vault);
    let call = IVault::setProfileCall { profile_: profile, limits_: default_limits() };
    let (_, receipt) = stage.chain.send_for_receipt(owner, vault, call).expect("a profile");
    gas.insert("setProfile".into(), receipt.execution_gas.into());
}

#[test]
fn gas_of_every_entry_point() {
    let mut meter = Meter { market: Market::open(), gas: Figures::new() };
    trades(&mut meter);
    views(&mut meter);
    looks(&mut meter);
    shares(&mut meter);
    governance(&mut meter);
    settlement(&mut meter);
    let mut gas = meter.gas;
    desk_costs::figures(&mut gas);
    broker_costs::figures(&mut gas);
    depth::figures(&mut gas);
    profile(&mut gas);
    pools(&mut gas);
    book_costs::figures(&mut gas);
    margin_costs::figures(&mut gas);
    venue_costs::figures(&mut gas);
    kernel::figures(&mut gas);
    hold("gas.json", &gas);
}

/// Size of a contract.
pub(crate) fn size(sizes: &mut Figures, market: &mut Market, name: &str, contract: Address) {
    let info = market.stage.chain.world.program(contract).expect("an active program");
    for (figure, value) in [
        ("raw_bytes", info.wasm_bytes as u64),
        ("compressed_bytes", info.compressed_bytes as u64),
        ("data_bytes", info.activation.data_bytes),
        ("pages", u64::from(info.activation.footprint_pages)),
    ] {
        sizes.insert(format!("{name}_{figure}"), value.into());
    }
}

#[test]
fn size_of_every_contract() {
    let mut market = Market::open();
    let mut sizes = Figures::new();
    let stage = &market.stage;
    let contracts = [
        ("vault", stage.vault),
        ("surface_feed", stage.surface),
        ("margin", stage.margin),
        ("hedge_desk", stage.desk),
        ("broker", stage.broker),
        ("uniswap_v3_venue", stage.venue),
        ("lens", stage.lens),
        ("risk_engine", stage.engine),
    ];
    for (name, contract) in contracts {
        size(&mut sizes, &mut market, name, contract);
    }
    venue_costs::sizes(&mut sizes);
    let compressed = sizes["vault_compressed_bytes"].as_u64();
    assert!(compressed.is_some_and(|bytes| bytes <= 48 * 1024), "the vault's budget is 48 KiB: {sizes:?}");
    hold("size.json", &sizes);
}
