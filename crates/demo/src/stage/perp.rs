//! A perpetuals exchange of GMX V2's form on the stage: a test double, with what it pays profits from.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolValue, sol};
use anyhow::Result;
use interfaces::external::IToken;

use super::{Chain, Usdc};

sol! {
    /// What its keepers do, and what it is told to be.
    #[allow(missing_docs)]
    interface Exchange {
        function setMinFee(uint256 minFee) external;
        function setCallback(uint8 callback) external;
        function execute(bytes32 key, uint256 price) external;
        function executeBadly(bytes32 key, uint256 price) external;
        function executePart(bytes32 key, uint256 price, uint256 percent, bool done) external;
        function cancelAsKeeper(bytes32 key) external;
        function freeze(bytes32 key) external;
        function deleverage(address account, address market, address token, bool isLong, uint256 usd, uint256 price) external;
        function lie(address venue, bytes4 method, bytes32 key, uint256 claims) external;
        function accrue(address market, address token, bool isLong, uint256 borrowing, uint256 funding) external;
        function owe(address market, address token, address account, uint256 amount) external;
        function oweRebate(address market, address token, uint256 timeKey, address account, uint256 amount) external;
        function setImpact(address account, address market, address token, bool isLong, int256 amount) external;
    }

    interface Roles {
        #[allow(missing_docs)]
        function set(address account, bool held) external;
    }

    interface Custody {
        function recordTransferIn(address token) external returns (uint256);
    }
}

pub use Roles::setCall as setPerpRoleCall;

/// What profits are paid from: ten million USDC [1e-6] and a hundred of the underlying [1e-18].
const DEPTH: [u128; 2] = [10_000_000_000_000, 100_000_000_000_000_000_000];

/// The exchange.
#[derive(Clone, Copy, Debug)]
pub struct PerpExchange {
    /// Router and handler in one, with the role that it needs.
    pub exchange: Address,
    /// Roles, store, vault, spender and the wrapped token, as an exchange is made of them.
    pub parts: [Address; 5],
    /// Name of the perpetual's market.
    pub perpetual: Address,
}

impl PerpExchange {
    /// Deploys it, and gives it what it pays profits from by `owner`, who has both tokens.
    ///
    /// # Errors
    /// Whatever a call on the way fails with.
    pub fn deploy(chain: &mut Chain, owner: Address, [usdc, underlying]: [Address; 2]) -> Result<Self> {
        let perpetual = chain.world.account("perpetual");
        let roles = chain.create(owner, "PerpRoles", &[])?;
        let mut part = |name| chain.create(owner, name, &roles.abi_encode());
        let [store, vault, spender] = [part("PerpStore")?, part("PerpVault")?, part("PerpSpender")?];
        let parts = [roles, store, vault, spender, underlying];
        let exchange = Self::another(chain, owner, parts)?;
        let [cash, lent] = DEPTH.map(U256::from);
        chain.send(owner, usdc, Usdc::mintCall { to: vault, value: cash })?;
        chain.send(owner, underlying, IToken::transferCall { to: vault, value: lent })?;
        chain.send(owner, roles, setPerpRoleCall { account: owner, held: true })?;
        for token in [usdc, underlying] {
            chain.send(owner, vault, Custody::recordTransferInCall { token })?;
        }
        Ok(Self { exchange, parts, perpetual })
    }

    /// One more router and handler of the same parts.
    ///
    /// # Errors
    /// As [`PerpExchange::deploy`].
    pub fn another(chain: &mut Chain, owner: Address, parts: [Address; 5]) -> Result<Address> {
        let exchange = chain.create(owner, "PerpExchange", &parts.abi_encode())?;
        chain.send(owner, parts[0], setPerpRoleCall { account: exchange, held: true })?;
        Ok(exchange)
    }
}
