//! ABIs of the Solidity contracts on the stage.
#![allow(missing_docs, reason = "other people's interfaces")]

alloy_sol_types::sol! {
    interface Usdc {
        function mint(address to, uint256 value) external;
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    }

    interface Weth {
        function deposit() external payable;
    }

    interface PriceFeed {
        function push(int256 answer) external;
        function pushAt(int256 answer, uint256 updatedAt) external;
        function nextPhase() external;
        function latestRoundData() external view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    }

    interface SequencerFeed {
        function set(int256 answer, uint256 startedAt) external;
    }

    interface PositionManager {
        struct MintParams {
            address token0;
            address token1;
            uint24 fee;
            int24 tickLower;
            int24 tickUpper;
            uint256 amount0Desired;
            uint256 amount1Desired;
            uint256 amount0Min;
            uint256 amount1Min;
            address recipient;
            uint256 deadline;
        }
        function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96) external payable returns (address pool);
        function mint(MintParams calldata params) external payable returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1);
    }

    interface Pool {
        function slot0() external view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked);
    }
}
