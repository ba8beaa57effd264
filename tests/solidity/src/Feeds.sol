// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title A Chainlink-shaped aggregator with 8 decimals, fed by its owner
/// @dev Round ids carry the phase in their upper 16 bits, as a Chainlink proxy's do; a round that does not exist reads as zeros, as in
/// the OCR2 aggregators that Arbitrum uses.
contract PriceFeed {
    struct Round {
        int256 answer;
        uint256 updatedAt;
    }

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    uint8 public constant decimals = 8;
    uint256 public constant version = 4;
    string public constant description = "Underlying / USD";
    address private immutable OWNER = msg.sender;
    mapping(uint80 => Round) private rounds;
    uint80 private last = 1 << 64;

    modifier onlyOwner() {
        require(msg.sender == OWNER, "only the owner");
        _;
    }

    /// @notice Opens a round now.
    function push(int256 answer) external {
        pushAt(answer, block.timestamp);
    }

    /// @notice Opens a round of another time: for tests of stale and future prices.
    function pushAt(int256 answer, uint256 updatedAt) public onlyOwner {
        rounds[++last] = Round(answer, updatedAt);
        emit AnswerUpdated(answer, last, updatedAt);
    }

    /// @notice Moves to the next phase, as when the aggregator behind a proxy is replaced: round ids jump.
    function nextPhase() external onlyOwner {
        last = ((last >> 64) + 1) << 64;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(last);
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = rounds[id];
        return (id, round.answer, round.updatedAt, round.updatedAt, id);
    }
}

/// @title A sequencer-uptime feed: answer 0 is up and 1 is down, startedAt is when that began
contract SequencerFeed {
    address private immutable OWNER = msg.sender;
    uint80 private last;
    int256 private answer;
    uint256 private startedAt;

    /// @notice The sequencer goes down (1) or comes up (0) now.
    function setStatus(int256 answer_) external {
        set(answer_, block.timestamp);
    }

    /// @notice The same at another time.
    function set(int256 answer_, uint256 startedAt_) public {
        require(msg.sender == OWNER, "only the owner");
        answer = answer_;
        startedAt = startedAt_;
        ++last;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (last, answer, startedAt, startedAt, last);
    }
}

/// @title Stands for a broken or captured feed: answers whatever it is told to, reverts, or returns bytes that are no round
contract BadFeed {
    enum Mode { Answer, Revert, Short, Empty, Burn }

    uint8 public constant decimals = 8;
    Mode public mode;
    int256 private answer;
    uint256 private startedAt;
    uint256 private updatedAt;

    /// @notice Answers these numbers in every round: zero, negative, stale or future ones too.
    function setAnswer(int256 answer_, uint256 startedAt_, uint256 updatedAt_) external {
        mode = Mode.Answer;
        (answer, startedAt, updatedAt) = (answer_, startedAt_, updatedAt_);
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(1);
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        if (mode == Mode.Revert) revert("feed broken");
        if (mode == Mode.Short) assembly { return(0, 64) }
        if (mode == Mode.Empty) assembly { return(0, 0) }
        if (mode == Mode.Burn) assembly { invalid() }
        return (id, answer, startedAt, updatedAt, id);
    }
}
