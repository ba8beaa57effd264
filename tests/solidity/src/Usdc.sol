// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title USDC as the vault needs it: 6 decimals and permit, minted by its deployer
contract Usdc is ERC20, ERC20Permit {
    address private immutable MINTER = msg.sender;

    constructor() ERC20("USD Coin", "USDC") ERC20Permit("USD Coin") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 value) external {
        require(msg.sender == MINTER, "only the minter");
        _mint(to, value);
    }
}

/// @title The same under its issuer's powers: paused, or an account barred, nothing moves there, as in Circle's FiatToken
contract FrozenUsdc is Usdc {
    bool public paused;
    mapping(address => bool) public isBlacklisted;

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function setBlacklisted(address account, bool barred) external {
        isBlacklisted[account] = barred;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused, "Pausable: paused");
        require(!isBlacklisted[msg.sender], "Blacklistable: account is blacklisted");
        require(!isBlacklisted[from] && !isBlacklisted[to], "Blacklistable: account is blacklisted");
        super._update(from, to, value);
    }
}
