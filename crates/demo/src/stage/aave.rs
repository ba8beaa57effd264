//! Aave V3 on the stage: its real contracts from its package, with a market of USDC and the underlying.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolValue, sol};
use anyhow::Result;
use interfaces::external::{IAavePool, IToken};

use super::{Chain, artifacts};

sol! {
    interface Addresses {
        function setACLAdmin(address admin) external;
        function setACLManager(address manager) external;
        function setPriceOracle(address oracle) external;
        function setPoolImpl(address implementation) external;
        function setPoolConfiguratorImpl(address implementation) external;
        function getPool() external view returns (address);
        function getPoolConfigurator() external view returns (address);
    }

    interface Acl {
        function addPoolAdmin(address admin) external;
    }

    interface Configurator {
        struct Reserve {
            address aTokenImpl;
            address stableDebtTokenImpl;
            address variableDebtTokenImpl;
            uint8 underlyingAssetDecimals;
            address interestRateStrategyAddress;
            address underlyingAsset;
            address treasury;
            address incentivesController;
            string aTokenName;
            string aTokenSymbol;
            string variableDebtTokenName;
            string variableDebtTokenSymbol;
            string stableDebtTokenName;
            string stableDebtTokenSymbol;
            bytes params;
        }
        function initReserves(Reserve[] calldata input) external;
        function setReserveBorrowing(address asset, bool enabled) external;
        function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external;
        #[allow(missing_docs)]
        function setReservePause(address asset, bool paused) external;
        #[allow(missing_docs)]
        function setReserveFreeze(address asset, bool freeze) external;
    }

    interface Fallback {
        #[allow(missing_docs)]
        function fix(uint256 price) external;
    }

    interface Reserves {
        function getReserveData(address asset) external view returns (bytes32[15] memory words);
    }
}

pub use Configurator::{setReserveFreezeCall, setReservePauseCall};
pub use Fallback::fixCall;

/// Libraries that the pool calls, in an order in which each finds those that it calls itself.
const LIBRARIES: [&str; 7] = [
    "AaveBorrowLogic",
    "AaveBridgeLogic",
    "AaveEModeLogic",
    "AaveFlashLoanLogic",
    "AaveLiquidationLogic",
    "AavePoolLogic",
    "AaveSupplyLogic",
];
/// Part of the collateral that may be borrowed, at which it is liquidated, and what a liquidator gets [1e-4].
const TERMS: [u64; 3] = [7_500, 7_800, 10_500];
/// Optimal usage, base rate and slopes [1e-2].
const RATES: [u64; 4] = [80, 0, 4, 75];
/// Which word of a reserve names the token of what is lent.
const LENT: usize = 8;
/// What others lend of each [USD].
const DEPTH: f64 = 50_000_000.0;

/// The deployed protocol.
#[derive(Clone, Copy, Debug)]
pub struct Aave {
    /// The pool's proxy.
    pub pool: Address,
    /// Its configurator, whose admin is the deployer.
    pub configurator: Address,
    /// What its oracle asks for prices.
    pub fallback: Address,
    /// The token of what is lent in USDC, which holds it.
    pub lent: Address,
}

impl Aave {
    /// Deploys the protocol and lends to it from `owner`, who has both tokens.
    ///
    /// # Errors
    /// Whatever a call on the way fails with.
    pub fn deploy(
        chain: &mut Chain,
        owner: Address,
        [usdc, underlying, feed]: [Address; 3],
        price: f64,
    ) -> Result<Self> {
        let registry = ("stage", owner).abi_encode_params();
        let registry = chain.create(owner, "AavePoolAddressesProvider", &registry)?;
        chain.send(owner, registry, Addresses::setACLAdminCall { admin: owner })?;
        let manager = chain.create(owner, "AaveACLManager", &registry.abi_encode())?;
        chain.send(owner, registry, Addresses::setACLManagerCall { manager })?;
        chain.send(owner, manager, Acl::addPoolAdminCall { admin: owner })?;
        let fallback = chain.create(owner, "FallbackOracle", &(underlying, feed).abi_encode_params())?;
        let none: Vec<Address> = Vec::new();
        let oracle = (registry, none.clone(), none, fallback, Address::ZERO, U256::from(100_000_000));
        let oracle = chain.create(owner, "AaveOracle", &oracle.abi_encode_params())?;
        chain.send(owner, registry, Addresses::setPriceOracleCall { oracle })?;
        let (pool, configurator) = core(chain, owner, registry)?;
        let mut this = Self { pool, configurator, fallback, lent: Address::ZERO };
        this.list(chain, owner, registry, [(usdc, 6), (underlying, 18)])?;
        let reserve = chain.view(pool, Reserves::getReserveDataCall { asset: usdc })?;
        this.lent = Address::from_word(reserve[LENT]);
        for (asset, amount) in [(usdc, DEPTH * 1e6), (underlying, DEPTH / price * 1e18)] {
            let amount = U256::from(amount as u128);
            chain.send(owner, asset, IToken::approveCall { spender: pool, value: amount })?;
            chain.send(
                owner,
                pool,
                IAavePool::supplyCall { asset, amount, onBehalfOf: owner, referralCode: 0 },
            )?;
        }
        Ok(this)
    }

    fn list(
        &self,
        chain: &mut Chain,
        owner: Address,
        registry: Address,
        assets: [(Address, u8); 2],
    ) -> Result<()> {
        let pool = self.pool.abi_encode();
        let mut token = |name| chain.create(owner, name, &pool);
        let [lent, stable, variable] =
            [token("AaveAToken")?, token("AaveStableDebtToken")?, token("AaveVariableDebtToken")?];
        let percent = |number: u64| U256::from(number) * U256::from(10).pow(U256::from(25));
        let [optimal, base, slope, steep] = RATES.map(percent);
        let strategy = (registry, optimal, base, slope, steep, slope, steep, base, base, base);
        let strategy =
            chain.create(owner, "AaveDefaultReserveInterestRateStrategy", &strategy.abi_encode_params())?;
        let input = assets.map(|(asset, decimals)| Configurator::Reserve {
            aTokenImpl: lent,
            stableDebtTokenImpl: stable,
            variableDebtTokenImpl: variable,
            underlyingAssetDecimals: decimals,
            interestRateStrategyAddress: strategy,
            underlyingAsset: asset,
            treasury: owner,
            incentivesController: Address::ZERO,
            aTokenName: "Lent".into(),
            aTokenSymbol: "a".into(),
            variableDebtTokenName: "Owed".into(),
            variableDebtTokenSymbol: "v".into(),
            stableDebtTokenName: "Owed at a stable rate".into(),
            stableDebtTokenSymbol: "s".into(),
            params: Bytes::new(),
        });
        chain.send(owner, self.configurator, Configurator::initReservesCall { input: input.into() })?;
        let [ltv, threshold, bonus] = TERMS.map(U256::from);
        for (asset, _) in assets {
            chain.send(
                owner,
                self.configurator,
                Configurator::setReserveBorrowingCall { asset, enabled: true },
            )?;
            let terms = Configurator::configureReserveAsCollateralCall { asset, ltv, threshold, bonus };
            chain.send(owner, self.configurator, terms)?;
        }
        Ok(())
    }
}

/// The pool and its configurator, as proxies of the registry.
fn core(chain: &mut Chain, owner: Address, registry: Address) -> Result<(Address, Address)> {
    let mut libraries = Vec::new();
    for name in LIBRARIES {
        libraries.push((name, create(chain, owner, name, &libraries, &[])?));
    }
    let implementation = create(chain, owner, "AavePool", &libraries, &registry.abi_encode())?;
    chain.send(owner, registry, Addresses::setPoolImplCall { implementation })?;
    let logic = [("AaveConfiguratorLogic", chain.create(owner, "AaveConfiguratorLogic", &[])?)];
    let implementation = create(chain, owner, "AavePoolConfigurator", &logic, &[])?;
    chain.send(owner, registry, Addresses::setPoolConfiguratorImplCall { implementation })?;
    let pool = chain.view(registry, Addresses::getPoolCall {})?;
    let configurator = chain.view(registry, Addresses::getPoolConfiguratorCall {})?;
    Ok((pool, configurator))
}

fn create(
    chain: &mut Chain,
    owner: Address,
    name: &str,
    libraries: &[(&str, Address)],
    arguments: &[u8],
) -> Result<Address> {
    let code: Bytes = artifacts::linked(name, libraries)?.iter().chain(arguments).copied().collect();
    Ok(chain.world.deploy_evm(owner, &code)?)
}
