// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Intruder} from "src/Hostile.sol";

/// @title OpenZeppelin's ERC-4626 over a pool that lends: what is lent is owed to the shares, and cannot be withdrawn until it is repaid
contract LendingPool is ERC4626 {
    uint8 private immutable OFFSET;
    uint256 public lent;

    /// @param offset decimals of a share beyond those of the asset
    constructor(IERC20 asset_, uint8 offset) ERC20("Lending pool", "POOL") ERC4626(asset_) {
        OFFSET = offset;
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return OFFSET;
    }

    function idle() public view returns (uint256) {
        return IERC20(asset()).balanceOf(address(this));
    }

    function totalAssets() public view override returns (uint256) {
        return idle() + lent;
    }

    function maxWithdraw(address owner) public view override returns (uint256) {
        uint256 worth = super.maxWithdraw(owner);
        return worth < idle() ? worth : idle();
    }

    function borrow(uint256 amount) external {
        lent += amount;
        IERC20(asset()).transfer(msg.sender, amount);
    }

    function repay(uint256 amount) external {
        lent -= amount;
        IERC20(asset()).transferFrom(msg.sender, address(this), amount);
    }

    /// @notice What is lent is lost.
    function writeOff(uint256 amount) external {
        lent -= amount;
    }
}

/// @title Stands for a hostile or broken pool: each mode fails in a way of its own, from the call that sets it
/// @dev Views are part of the failure in the first four modes and honest in the others.
contract HostilePool is ERC4626, Intruder {
    enum Mode { Honest, Fail, Garbage, Megabyte, BurnGas, Reenter, GiveHalf, GiveNothing, Refuse, SellHalf, TakeHalf }

    Mode public mode;
    uint256 public boost;

    constructor(IERC20 asset_) ERC20("Hostile pool", "TRAP") ERC4626(asset_) {}

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// @notice Talks the value of a share up, for nothing.
    function pump(uint256 boost_) external {
        boost = boost_;
    }

    function totalAssets() public view override returns (uint256) {
        return super.totalAssets() + boost;
    }

    function break_() private view {
        if (mode == Mode.Fail) revert("out of order");
        if (mode == Mode.Garbage) assembly { mstore(0, not(0)) return(0, 31) }
        if (mode == Mode.Megabyte) assembly { return(0, 1048576) }
        if (mode == Mode.BurnGas) while (true) {}
    }

    function convertToAssets(uint256 shares) public view override returns (uint256) {
        break_();
        return super.convertToAssets(shares);
    }

    function maxWithdraw(address owner) public view override returns (uint256) {
        break_();
        return _convertToAssets(balanceOf(owner), Math.Rounding.Floor);
    }

    function deposit(uint256 assets, address receiver) public override returns (uint256) {
        break_();
        if (mode == Mode.Reenter) strike();
        if (mode == Mode.TakeHalf) return super.deposit(assets / 2, receiver);
        uint256 shares = super.deposit(assets, receiver);
        if (mode == Mode.SellHalf) _burn(receiver, shares / 2);
        return shares;
    }

    function withdraw(uint256 assets, address receiver, address owner) public override returns (uint256) {
        break_();
        if (mode == Mode.Refuse) revert("not now");
        if (mode == Mode.Reenter) strike();
        if (mode == Mode.GiveHalf || mode == Mode.GiveNothing) {
            uint256 shares = previewWithdraw(assets);
            _burn(owner, shares);
            if (mode == Mode.GiveHalf) IERC20(asset()).transfer(receiver, assets / 2);
            return shares;
        }
        return super.withdraw(assets, receiver, owner);
    }
}
