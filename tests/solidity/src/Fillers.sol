// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ISwapRouter} from "abi/external/IExternal.sol";
import {IERC20} from "abi/IERC20.sol";
import {IHedgeDesk, IHedgeFiller} from "abi/IHedgeDesk.sol";
import {IVault} from "abi/IVault.sol";
import {Intruder} from "src/Hostile.sol";

/// @title A solver without capital: takes the vault's cash, buys the hedge with it on Uniswap, and keeps what is left
contract FlashFiller is IHedgeFiller {
    IHedgeDesk public immutable DESK;
    address public immutable VAULT;
    IERC20 public immutable ASSET;
    IERC20 public immutable UNDERLYING;
    ISwapRouter public immutable ROUTER;
    uint24 public constant FEE = 500;

    constructor(IHedgeDesk desk, address vault, IERC20 asset, IERC20 underlying, ISwapRouter router) {
        (DESK, VAULT, ASSET, UNDERLYING, ROUTER) = (desk, vault, asset, underlying, router);
        asset.approve(address(router), type(uint256).max);
        underlying.approve(vault, type(uint256).max);
        underlying.approve(address(desk), type(uint256).max);
    }

    function run(int256 size, uint256 limit) external returns (uint256 profit) {
        DESK.fillHedge(size, limit, address(this), bytes32(uint256(size)));
        profit = ASSET.balanceOf(address(this));
        ASSET.transfer(msg.sender, profit);
    }

    function onHedgeFill(int256 size, uint256 cash, bytes32 data) external {
        require(msg.sender == VAULT && int256(uint256(data)) == size, "not this fill");
        ROUTER.exactOutputSingle(
            ISwapRouter.ExactOutputSingleParams({
                tokenIn: address(ASSET),
                tokenOut: address(UNDERLYING),
                fee: FEE,
                recipient: address(this),
                deadline: block.timestamp,
                amountOut: uint256(size),
                amountInMaximum: cash,
                sqrtPriceLimitX96: 0
            })
        );
    }
}

/// @title Stands for a hostile filler: calls where it is told to, fails, or keeps what it was given
contract HostileFiller is IHedgeFiller, Intruder {
    bool public failing;

    function setFailing(bool failing_) external {
        failing = failing_;
    }

    function run(IHedgeDesk desk, int256 size) external {
        desk.fillHedge(size, 0, address(this), "x");
    }

    function allow(IERC20 token, address spender) external {
        token.approve(spender, type(uint256).max);
    }

    function onHedgeFill(int256, uint256, bytes32) external {
        require(!failing, "no");
        strike();
    }
}
