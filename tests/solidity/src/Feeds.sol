// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title A Chainlink-shaped aggregator with 8 decimals, fed by its owner
/// @dev Round ids carry the phase in their upper bits, as a Chainlink proxy's do.
contract PriceFeed {
    struct Round {
        int256 answer;
        uint256 updatedAt;
    }

    uint8 public constant decimals = 8;
    uint80 private constant PHASE = 1 << 64;
    address private immutable OWNER = msg.sender;
    mapping(uint80 => Round) private rounds;
    uint80 private last = PHASE;

    error NoDataPresent();

    function push(int256 answer) external {
        pushAt(answer, block.timestamp);
    }

    function pushAt(int256 answer, uint256 updatedAt) public {
        require(msg.sender == OWNER, "only the owner");
        rounds[++last] = Round(answer, updatedAt);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(last);
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = rounds[id];
        if (round.updatedAt == 0) revert NoDataPresent();
        return (id, round.answer, round.updatedAt, round.updatedAt, id);
    }
}

/// @title A sequencer-uptime feed: answer 0 is up, startedAt is when that began
contract SequencerFeed {
    address private immutable OWNER = msg.sender;
    int256 private answer;
    uint256 private startedAt;

    function set(int256 answer_, uint256 startedAt_) external {
        require(msg.sender == OWNER, "only the owner");
        answer = answer_;
        startedAt = startedAt_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, answer, startedAt, startedAt, 1);
    }
}
