// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "abi/IERC20.sol";
import {IHedgeVenue} from "abi/IHedgeVenue.sol";

/// @title What a hostile callee does with its turn: calls a target once and remembers how that went
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

/// @title A token that anyone may mint, with decimals to choose
abstract contract FreeToken is ERC20 {
    uint8 private immutable DECIMALS;

    constructor(uint8 decimals_) {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }
}

/// @title Stands for an ERC-777-like token: calls out in the middle of every transfer
contract ReentrantToken is FreeToken, Intruder {
    constructor(uint8 decimals_) ERC20("Hostile", "BAD") FreeToken(decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        strike();
    }
}

/// @title Stands for a token that takes a fee of 1 % on each transfer, as USDT may
contract FeeToken is FreeToken {
    constructor(uint8 decimals_) ERC20("Fee", "FEE") FreeToken(decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(0xfee), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @title Stands for a token that reports failure by returning false, as ZRX does: while refusing, nothing moves and nothing reverts
contract FalseToken is FreeToken {
    bool public refusing;

    constructor(uint8 decimals_) ERC20("False", "NO") FreeToken(decimals_) {}

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return !refusing && super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return !refusing && super.transferFrom(from, to, value);
    }
}

/// @title Stands for a token that returns nothing when it moves, as USDT does
contract SilentToken is FreeToken {
    constructor(uint8 decimals_) ERC20("Silent", "MUTE") FreeToken(decimals_) {}

    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        assembly ("memory-safe") {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        super.transferFrom(from, to, value);
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}

/// @title Stands for a token whose balances change by themselves, as stETH's and AMPL's do
contract RebasingToken is FreeToken {
    constructor(uint8 decimals_) ERC20("Rebasing", "BASE") FreeToken(decimals_) {}

    function rebase(address account, uint256 balance) external {
        _burn(account, balanceOf(account));
        _mint(account, balance);
    }
}

/// @title Stands for an account that calls others while it is being made: it has no code yet
contract Newborn {
    constructor(address[] memory targets, bytes[] memory calls) {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done, bytes memory answer) = targets[i].call(calls[i]);
            if (!done) {
                assembly ("memory-safe") {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
    }
}

/// @title Stands for a hostile or broken venue: re-enters, keeps the money, fills half, fails, answers a megabyte, or burns all gas
/// @dev It fills a purchase from its own stock and at the worst price that the vault accepts. Every mode reports a full fill.
contract HostileVenue is IHedgeVenue, Intruder {
    enum Mode { Reenter, Steal, Underfill, Fail, Flood, Burn }

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
        if (mode == Mode.Burn) while (true) {}
        if (mode == Mode.Flood) {
            fill(size, cashLimit);
            assembly ("memory-safe") {
                return(0, 1048576)
            }
        }
        if (mode == Mode.Reenter) {
            strike();
            fill(size, cashLimit);
        }
        if (mode == Mode.Underfill) fill(size / 2, cashLimit / 2);
        return cashLimit;
    }

    function fill(int256 size, uint256 cash) private {
        if (size > 0) UNDERLYING.transfer(vault, uint256(size));
        else ASSET.transfer(vault, cash);
    }
}
