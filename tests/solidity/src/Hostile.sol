// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "abi/IERC20.sol";
import {IHedgeVenue} from "abi/IHedgeVenue.sol";

/// @title What a hostile callee does with its turn: calls a target and remembers how that went
abstract contract Intruder {
    address public target;
    bytes public attack;
    bool public tried;
    bool public succeeded;
    bytes public answer;

    function arm(address target_, bytes calldata attack_) external {
        target = target_;
        attack = attack_;
    }

    function strike() internal {
        if (target == address(0)) return;
        address victim = target;
        target = address(0);
        tried = true;
        (succeeded, answer) = victim.call(attack);
    }
}

/// @title Stands for an ERC-777-like token: calls out in the middle of every transfer
contract ReentrantToken is ERC20, Intruder {
    uint8 private immutable DECIMALS;

    constructor(uint8 decimals_) ERC20("Hostile", "BAD") {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        strike();
    }
}

/// @title Stands for a token that takes a fee of 1 % on each transfer
contract FeeToken is ERC20 {
    constructor() ERC20("Fee", "FEE") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(0xfee), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @title Stands for a hostile or broken venue: re-enters, keeps the money, fills less, or fails
contract HostileVenue is IHedgeVenue, Intruder {
    enum Mode { Reenter, Steal, Underfill, Fail }

    Mode public mode;
    IERC20 public immutable ASSET;
    IERC20 public immutable UNDERLYING;
    address public immutable vault;
    address public constant router = address(0);
    uint24 public constant poolFee = 0;

    constructor(address vault_, IERC20 asset, IERC20 underlying) {
        vault = vault_;
        ASSET = asset;
        UNDERLYING = underlying;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function hedge(int256 size, uint256 cashLimit) external returns (uint256) {
        if (mode == Mode.Fail) revert SwapFailed(0xdeadbeef);
        if (mode == Mode.Reenter) strike();
        if (mode == Mode.Underfill && size > 0) UNDERLYING.transfer(vault, uint256(size) / 2);
        return cashLimit;
    }
}
