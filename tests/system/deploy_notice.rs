//! Runs of `equipoise-deploy` on a market that is in use: what waits two days for its place is proposed once.

use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;
use deploy::{check, contracts, Config, Rpc};
use interfaces::erc4626::IERC4626;
use interfaces::surface::ISurface;
use interfaces::vault::IVault::{self, Satellite};

use crate::deploy::{tell, Site};

sol! {
    function mint(address to, uint256 amount) external;
    function approve(address spender, uint256 amount) external returns (bool);
}

/// A market with a first deposit, by whoever deployed it and still owns it.
fn in_use(name: &str) -> (Site, Rpc) {
    let site = Site::new(name);
    let mut rpc = site.rpc();
    site.run(&mut rpc);
    let (vault, usdc) = (site.record().at("vault").expect("a vault"), site.config().tokens.usdc);
    let (from, amount) = (site.node.accounts()[0].0, U256::from(1_000_000_000));
    tell(&site.node, from, usdc, mintCall { to: from, amount });
    tell(&site.node, from, usdc, approveCall { spender: vault, amount });
    tell(&site.node, from, vault, IERC4626::depositCall { assets: amount, receiver: from });
    (site, rpc)
}

#[test]
fn a_satellite_that_is_proposed_is_not_proposed_again() {
    let (site, mut rpc) = in_use("satellite");
    let vault = site.record().at("vault").expect("a vault");
    let asked =
        |rpc: &Rpc| rpc.view(vault, IVault::satelliteCall { which: Satellite::Margin }).expect("a satellite");
    let before = asked(&rpc);
    // Another margin contract: the record loses the one that is in force.
    let mut other = site.record();
    other.programs.remove("margin");
    std::fs::write(&site.record, serde_json::to_string(&other).expect("JSON")).expect("written");
    assert!(site.run(&mut rpc) > 1);
    let (wanted, proposed) = (site.record().at("margin").expect("a margin contract"), asked(&rpc));
    assert_eq!((proposed.contract_, proposed.proposed), (before.contract_, wanted));
    assert!(!proposed.acceptFrom.is_zero());

    site.pass(1);
    assert_eq!(site.run(&mut rpc), 0, "it waits");
    assert_eq!(asked(&rpc).acceptFrom, proposed.acceptFrom);
    let rows = check(&rpc, &site.config(), &site.record()).expect("read");
    let row = rows.iter().find(|row| row.parameter == "vault.margin").expect("a row");
    assert!(!row.ok());
    assert_eq!(row.found, format!("{} (the wanted from {})", before.contract_, proposed.acceptFrom));

    site.pass(2);
    tell(&site.node, site.owner, vault, IVault::acceptSatelliteCall { which: Satellite::Margin });
    assert_eq!((asked(&rpc).contract_, site.run(&mut rpc)), (wanted, 0));
}

#[test]
fn publishers_that_are_proposed_are_not_proposed_again() {
    let (mut site, mut rpc) = in_use("named");
    let surface = site.record().at("surface").expect("a surface");
    let (old, new) = (site.node.accounts()[4].0, site.node.accounts()[5].0);
    site.text = site.text.replacen(&old.to_string(), &new.to_string(), 1);
    assert_eq!(site.run(&mut rpc), 1);
    let asked = |rpc: &Rpc| rpc.view(surface, ISurface::proposalCall {}).expect("a proposal").acceptFrom;
    let due = asked(&rpc);
    assert!(due > 0);
    site.pass(1);
    assert_eq!((site.run(&mut rpc), asked(&rpc)), (0, due), "they wait");
    // Others than those are proposed.
    let third = Address::repeat_byte(0x77);
    let text = site.text.replacen(&new.to_string(), &third.to_string(), 1);
    let config = Config::parse(&text).expect("a config");
    contracts(&mut rpc, &config, &mut site.record(), &mut |_| ()).expect("proposed");
    assert!(asked(&rpc) > due);
}
