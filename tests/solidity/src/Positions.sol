// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPositionVenue} from "abi/IPositionVenue.sol";

/// @title Stands for an adapter over a protocol in any state: it says what it was told, and does what it is asked at once, or as an order
contract ToldVenue is IPositionVenue {
    address public immutable desk;
    address public immutable receiver;
    IERC20 private immutable ASSET;
    State private told;
    bytes32 private key;

    constructor(address desk_, address receiver_, IERC20 asset) {
        (desk, receiver, ASSET) = (desk_, receiver_, asset);
    }

    function tell(State calldata told_) external {
        told = told_;
    }

    /// @param key_ of the order that a trade is from now on; 0 where it is done at once
    function order(bytes32 key_) external {
        key = key_;
    }

    function state(uint256) external view returns (State memory) {
        return told;
    }

    function worth(uint256) external view returns (State memory said) {
        said = told;
        said.withdrawable = 0;
    }

    function adjust(int256 size, uint256, uint256, int256 margin) external payable returns (bytes32) {
        if (key == 0) told.size += size;
        if (margin > 0) told.equity += margin;
        else told.withdrawable += uint256(-margin);
        return key;
    }

    function withdraw(uint256 amount) external returns (uint256) {
        told.equity -= int256(amount);
        told.withdrawable -= amount;
        require(ASSET.transfer(receiver, amount));
        return amount;
    }

    function cancel(bytes32 key_) external pure {
        revert UnknownOrder(key_, 0);
    }

    function clear(bytes32 key_) external pure {
        revert UnknownOrder(key_, 0);
    }

    function timeout() external pure returns (uint256) {
        return 0;
    }
}
