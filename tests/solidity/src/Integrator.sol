// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IEquipoise} from "abi/IEquipoise.sol";
import {IERC20} from "abi/IERC20.sol";
import {IVault} from "abi/IVault.sol";

/// @title A protocol that buys protection for its users and sells it back
/// @notice It knows the vault by `abi/` alone: quotes, trades within a limit, reads the vault's errors, holds ERC-6909 positions and
/// claims them after settlement.
contract Integrator {
    IEquipoise public immutable VAULT;
    IERC20 public immutable USDC;

    /// @notice The last refusal of the vault: the error's selector and, for a premium above the limit, its numbers.
    bytes4 public refusal;
    int256 public refusedPremium;

    constructor(IEquipoise vault) {
        VAULT = vault;
        USDC = IERC20(vault.asset());
        USDC.approve(address(vault), type(uint256).max);
    }

    function legs(uint256 series, int256 size) private pure returns (IVault.Leg[] memory list) {
        list = new IVault.Leg[](1);
        list[0] = IVault.Leg(series, size);
    }

    /// @notice Buys `size` of a series at no more than `slippage` (millionths) above the quote of the same call.
    function buy(uint256 series, int256 size, int256 slippage) external returns (int256 premium) {
        int256 quoted = VAULT.quote(legs(series, size)).premium;
        premium = VAULT.trade(legs(series, size), quoted + quoted * slippage / 1e6, address(this), block.timestamp);
    }

    /// @notice Sells everything held of a series for at least `least`.
    function sell(uint256 series, int256 least) external returns (int256 received) {
        int256 held = int256(VAULT.balanceOf(address(this), series));
        received = -VAULT.trade(legs(series, -held), -least, address(this), block.timestamp);
    }

    /// @notice Tries to buy below the market and keeps the vault's reason for refusing.
    function tryBuy(uint256 series, int256 size, int256 limit) external {
        try VAULT.trade(legs(series, size), limit, address(this), block.timestamp) {
            refusal = 0;
        } catch (bytes memory reason) {
            refusal = bytes4(reason);
            if (refusal == IVault.PremiumAboveLimit.selector) {
                assembly {
                    sstore(refusedPremium.slot, mload(add(reason, 36)))
                }
            }
        }
    }

    /// @notice Claims a settled series.
    function claim(uint256 series) external returns (uint256) {
        uint256[] memory list = new uint256[](1);
        list[0] = series;
        return VAULT.claim(list, address(this));
    }
}
