// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title Who holds a vault's positions at venues where hedging is by position: their margin, caps, quarantine, and what they count for
/// @notice One broker serves one vault. It trades for the vault's desk, at the vault's price, within its own cap on slippage; it gives a venue the
/// margin that its settings ask for and no other, and it brings back what lies over. Sizes and prices have 18 decimals, a size positive when long;
/// USDC amounts 6; rates are millionths; times unix seconds.
interface IBroker {
    /// @param venue an adapter (IPositionVenue) that serves this broker and pays it
    /// @param allowedFrom when it may be used; 0 when it may not: it is quarantined, counts for nothing, and can only be made smaller
    /// @param cap most that its position may be worth either way [whole USD]
    /// @param margin margin that a position takes [1e-6]
    /// @param countsFrom when what it holds begins to count: as `allowedFrom` when it was named or let in again, not moved by other settings since
    /// @param bound the largest cap since then whose notice is over [whole USD]: a venue keeps no more than twice that of what
    /// it was sent, and says that it holds no more than four times
    /// @param kept what it was sent less what came back [USDC]
    struct Venue {
        address venue;
        uint64 allowedFrom;
        uint32 cap;
        uint32 margin;
        uint64 countsFrom;
        uint32 bound;
        uint64 kept;
    }

    /// @notice What the positions count for, and what is under way.
    /// @param size all positions
    /// @param equity what closing them would bring, with the margin [USDC]: as the venues say, but growing from the last checkpoint by no more than
    /// the price moved the positions and 20 % of them a year for a day at most
    /// @param pending what orders in flight would still add; pendingSince, when the oldest was placed (0: none)
    struct Held {
        int256 size;
        int256 equity;
        int256 pending;
        uint256 pendingSince;
    }

    event VenueSet(address indexed venue, uint64 allowedFrom, uint32 cap, uint32 margin);
    event VenueQuarantined(address indexed venue);
    /// @notice A venue traded, or took the order `key`. `margin` went to it with it (positive) or was freed [USDC].
    event Traded(address indexed venue, bytes32 key, int256 size, uint256 limitPrice, int256 margin);
    event Collected(address indexed venue, uint256 amount);

    error ReentrantCall();
    error ArithmeticOverflow();
    error TokenFailed(address token);
    error OnlyDesk(address caller, address desk);
    error PriceOutOfRange(uint256 price);
    error OnlyOwner(address caller, address owner);
    error OnlyGuardian(address caller);
    error UnknownVenue(address venue);
    error TooManyVenues(uint256 limit);
    error VenueInUse(address venue);
    error VenueNotAllowed(address venue, uint256 allowedFrom);
    /// @notice The adapter serves another broker, or pays somebody else.
    error VenueWrong(address venue);
    error SettingOutOfRange(uint256 value, uint256 least, uint256 most);
    /// @notice A venue or the vault refused `method`: the text it gave, or its error's selector.
    error CallFailed(address callee, bytes4 method, bytes32 reason);
    error BadAnswer(address callee, bytes4 method);
    /// @notice The position would be worth more than the cap, or the venue would keep more than twice it of what it was sent. [USDC]
    error VenueCapExceeded(uint256 value, uint256 cap);
    error LimitBeyondCap(uint256 limitPrice, uint256 worst);
    /// @notice The position has the margin that it should, within a tenth. [USDC]
    error NothingToTend(int256 equity, uint256 margin);
    error NothingToCollect();

    /// @notice The positions at `price`. Fails while a venue that counts does not answer, or says that it holds, or has on order, more than four
    /// times its bound.
    function held(uint256 price) external view returns (Held memory);
    /// @notice Trades `size` at a venue, or places the order, with the margin that the position then takes. The vault's desk; at a
    /// venue that does not count, where a position can only be made smaller, the vault's guardian or owner.
    /// @param limitPrice the most to pay, the least to take: within the cap of the vault's price
    /// @return key of the order, 0 when all is done
    /// @return filled by how much more is held that counts
    function adjust(address venue, int256 size, uint256 limitPrice) external payable returns (bytes32 key, int256 filled);
    /// @notice Brings a position's margin to what it should be, when it is off by more than a tenth. Anyone.
    function tend(address venue) external payable returns (bytes32 key);
    /// @notice Brings what lies over at a venue back to the vault: all but the margin that its position takes. Anyone.
    function collect(address venue) external returns (uint256 amount);
    /// @notice Makes a checkpoint of what the positions count for, and tells the vault whether anything is held and what may be short: once a
    /// venue's notice is over, that puts it to use. Anyone; keepers every day, because a checkpoint grows for a day only.
    function checkpoint() external;

    /// @notice Names a venue, or changes its cap and margin: at once while the vault has no shares, after two days otherwise. The vault's owner.
    function setVenue(address venue, uint32 cap, uint32 margin) external;
    /// @notice Takes a venue out at once: from now on it counts for nothing and takes no new position. The vault's guardian or owner.
    function quarantine(address venue) external;
    /// @notice Forgets a quarantined venue: what is there is given up. The vault's owner.
    function dropVenue(address venue) external;

    /// @notice Has a venue follow its exchange to another router (IPerpVenue.setRouter). The vault's guardian or owner.
    function setRouter(address venue, address router) external;

    function venues() external view returns (Venue[] memory);
    function vault() external view returns (address);
}
