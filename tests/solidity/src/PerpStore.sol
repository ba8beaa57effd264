// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What outlives the routers and handlers of the perpetuals exchange on the stage: roles, store, vault and spender
/// @dev A test double in the form of GMX V2, not GMX: interfaces and storage keys are GMX's (commit a5c0c883), the rest is as small as the
/// tests allow.
contract PerpRoles {
    bytes32 public constant CONTROLLER = keccak256(abi.encode("CONTROLLER"));
    address private immutable OWNER = msg.sender;
    mapping(address => mapping(bytes32 => bool)) public hasRole;

    function set(address account, bool held) external {
        require(msg.sender == OWNER, "only the owner");
        hasRole[account][CONTROLLER] = held;
    }
}

abstract contract Controlled {
    PerpRoles public immutable ROLES;

    constructor(PerpRoles roles) {
        ROLES = roles;
    }

    modifier onlyController() {
        require(ROLES.hasRole(msg.sender, ROLES.CONTROLLER()), "only a controller");
        _;
    }
}

/// @title The store of numbers, by GMX's keys
contract PerpStore is Controlled {
    enum Mode { Answer, Revert, Short, Burn }

    Mode public mode;
    mapping(bytes32 => uint256) private uints;
    mapping(bytes32 => int256) private ints;
    mapping(bytes32 => bool) private bools;
    mapping(bytes32 => address) private addresses;
    mapping(bytes32 => mapping(bytes32 => bool)) private sets;

    constructor(PerpRoles roles) Controlled(roles) {}

    modifier answering() {
        if (mode == Mode.Revert) revert("store broken");
        if (mode == Mode.Short) assembly { return(0, 31) }
        if (mode == Mode.Burn) while (true) {}
        _;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function getUint(bytes32 key) external view answering returns (uint256) {
        return uints[key];
    }

    function getInt(bytes32 key) external view answering returns (int256) {
        return ints[key];
    }

    function getBool(bytes32 key) external view answering returns (bool) {
        return bools[key];
    }

    function getAddress(bytes32 key) external view answering returns (address) {
        return addresses[key];
    }

    function containsBytes32(bytes32 setKey, bytes32 value) external view answering returns (bool) {
        return sets[setKey][value];
    }

    function setUint(bytes32 key, uint256 value) external onlyController {
        uints[key] = value;
    }

    function setInt(bytes32 key, int256 value) external onlyController {
        ints[key] = value;
    }

    function setBool(bytes32 key, bool value) external onlyController {
        bools[key] = value;
    }

    function setAddress(bytes32 key, address value) external onlyController {
        addresses[key] = value;
    }

    function put(bytes32 setKey, bytes32 value, bool contained) external onlyController {
        sets[setKey][value] = contained;
    }
}

/// @title Holds what orders bring and what positions are paid from
contract PerpVault is Controlled {
    mapping(IERC20 => uint256) private recorded;

    constructor(PerpRoles roles) Controlled(roles) {}

    /// @notice What has come in since the last look.
    function recordTransferIn(IERC20 token) external onlyController returns (uint256 amount) {
        uint256 held = token.balanceOf(address(this));
        amount = held - recorded[token];
        recorded[token] = held;
    }

    function transferOut(IERC20 token, address to, uint256 amount) external onlyController {
        token.transfer(to, amount);
        recorded[token] = token.balanceOf(address(this));
    }
}

/// @title The contract that users approve
contract PerpSpender is Controlled {
    constructor(PerpRoles roles) Controlled(roles) {}

    function pluginTransfer(IERC20 token, address from, address to, uint256 amount) external onlyController {
        token.transferFrom(from, to, amount);
    }
}
