//! What lies on the chain at its start.

use alloy_primitives::{Address, Bytes, U256, address, bytes, hex};
use host::World;

/// Where cargo-stylus expects the contract that deploys programs with constructors, and its init code:
/// `tests/solidity/src/StylusDeployer.sol`, compiled.
const STYLUS_DEPLOYER: Address = address!("cEcba2F1DC234f70Dd89F2041029807F8D03A990");
const STYLUS_DEPLOYER_INIT: &str = include_str!("stylus_deployer.hex");
/// The deployer by CREATE2 that is at this address of every chain.
const CREATE2_DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
const CREATE2_DEPLOYER_CODE: Bytes = bytes!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// A world with the usual contracts and money for these accounts.
///
/// # Errors
/// When the contracts' own code is broken.
pub(super) fn world(chain_id: u64, accounts: &[Address], balance: U256) -> anyhow::Result<World> {
    let mut world = World::new();
    world.set_chain_id(chain_id);
    world.set_code(CREATE2_DEPLOYER, CREATE2_DEPLOYER_CODE);
    let code = created(&mut world, &hex::decode(STYLUS_DEPLOYER_INIT.trim())?)?;
    world.set_code(STYLUS_DEPLOYER, code);
    for account in accounts {
        world.set_balance(*account, balance);
    }
    Ok(world)
}

/// The code that init code makes.
fn created(world: &mut World, init_code: &[u8]) -> anyhow::Result<Bytes> {
    let before = world.mark();
    let somebody = world.account("genesis");
    let contract = world.deploy_evm(somebody, init_code)?;
    let code = world.code(contract);
    world.rewind(before);
    Ok(code)
}
