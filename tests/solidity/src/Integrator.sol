// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IEquipoise} from "abi/IEquipoise.sol";
import {IERC20} from "abi/IERC20.sol";
import {IVault} from "abi/IVault.sol";

/// @title A protocol that buys protection for its users, sells it back, claims it, and lends its idle cash to the vault
/// @notice It knows the vault by `abi/` alone. Options that it buys stay here as ERC-6909 positions, counted for each user; USDC comes
/// from the user and goes back to the user.
contract Integrator {
    IEquipoise public immutable VAULT;
    IERC20 public immutable USDC;

    /// @notice Options held for a user in a series.
    mapping(address => mapping(uint256 => uint256)) public held;
    /// @notice All options held in a series.
    mapping(uint256 => uint256) public heldOf;
    /// @notice What a settled series paid and for how many options, until all users have taken it.
    mapping(uint256 => uint256) public payoffOf;

    /// @notice The last refusal of the vault: the error's selector and, for a premium above the limit, its number.
    bytes4 public refusal;
    int256 public refusedPremium;

    event Protected(address indexed user, uint256 indexed series, uint256 size, int256 premium);
    event Processed(uint256 indexed request, uint256 shares, uint256 assets);
    event Refused(address indexed user, uint256 indexed series, bytes4 reason);

    error NothingHeld(address user, uint256 series);

    constructor(IEquipoise vault) {
        VAULT = vault;
        USDC = IERC20(vault.asset());
        require(USDC.approve(address(vault), type(uint256).max));
    }

    /// @notice Buys `size` of a series for the caller at no more than `slippage` (millionths) above the quote of the same call.
    function buy(uint256 series, uint256 size, uint256 slippage) external returns (int256 premium) {
        int256 quoted = VAULT.quote(legs(series, int256(size))).premium;
        int256 limit = quoted + quoted * int256(slippage) / 1e6;
        pull(uint256(limit));
        premium = VAULT.trade(legs(series, int256(size)), limit, address(this), block.timestamp);
        push(uint256(limit - premium));
        record(series, size, premium);
    }

    /// @notice Tries to buy at a limit of the caller's and keeps the vault's reason when it refuses; the caller's USDC comes back.
    function tryBuy(uint256 series, uint256 size, uint256 limit) external returns (bool bought) {
        pull(limit);
        try VAULT.trade(legs(series, int256(size)), int256(limit), address(this), block.timestamp) returns (int256 premium) {
            push(limit - uint256(premium));
            record(series, size, premium);
            return true;
        } catch (bytes memory reason) {
            push(limit);
            refusal = bytes4(reason);
            refusedPremium = refusal == IVault.PremiumAboveLimit.selector ? firstNumber(reason) : int256(0);
            emit Refused(msg.sender, series, refusal);
        }
    }

    /// @notice Sells all that the caller has in a series for at least `least`.
    function sell(uint256 series, uint256 least) external returns (uint256 received) {
        uint256 size = take(series);
        heldOf[series] -= size;
        int256 premium = VAULT.trade(legs(series, -int256(size)), -int256(least), address(this), block.timestamp);
        received = uint256(-premium);
        push(received);
    }

    /// @notice Pays the caller its part of a settled series, which is claimed from the vault the first time.
    function claim(uint256 series) external returns (uint256 payoff) {
        if (VAULT.balanceOf(address(this), series) > 0) {
            uint256[] memory list = new uint256[](1);
            list[0] = series;
            payoffOf[series] = VAULT.claim(list, address(this));
        }
        uint256 size = take(series);
        payoff = payoffOf[series] * size / heldOf[series];
        payoffOf[series] -= payoff;
        heldOf[series] -= size;
        push(payoff);
    }

    /// @notice Deposits the caller's USDC into the vault; the shares stay here.
    function lend(uint256 assets) external returns (uint256 shares) {
        pull(assets);
        shares = VAULT.deposit(assets, address(this));
    }

    /// @notice Asks the vault to redeem `shares` of those that are here.
    function requestRedeem(uint256 shares) external returns (uint256 request) {
        request = VAULT.requestRedeem(shares, address(this), address(this));
    }

    /// @notice Processes the oldest epoch and sends all that the request here brought to `receiver`.
    function redeem(address receiver) external returns (uint256 assets) {
        (uint256 request, uint256 shares, uint256 paid) = VAULT.processEpoch();
        emit Processed(request, shares, paid);
        assets = VAULT.redeem(VAULT.maxRedeem(address(this)), receiver, address(this));
    }

    function pull(uint256 amount) private {
        require(USDC.transferFrom(msg.sender, address(this), amount));
    }

    function push(uint256 amount) private {
        require(USDC.transfer(msg.sender, amount));
    }

    function record(uint256 series, uint256 size, int256 premium) private {
        held[msg.sender][series] += size;
        heldOf[series] += size;
        emit Protected(msg.sender, series, size, premium);
    }

    function take(uint256 series) private returns (uint256 size) {
        size = held[msg.sender][series];
        if (size == 0) revert NothingHeld(msg.sender, series);
        held[msg.sender][series] = 0;
    }

    function legs(uint256 series, int256 size) private pure returns (IVault.Leg[] memory list) {
        list = new IVault.Leg[](1);
        list[0] = IVault.Leg(series, size);
    }

    /// @dev The first argument of an error: it follows the length and the selector.
    function firstNumber(bytes memory reason) private pure returns (int256 first) {
        assembly {
            first := mload(add(reason, 36))
        }
    }
}
