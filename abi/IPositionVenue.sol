// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title A place where the vault hedges with a position, long or short: the adapter interface, synchronous and asynchronous form in one
/// @notice An adapter serves one desk, fixed at construction, and pays one receiver. It remembers no size and no amount: everything it
/// says is read from the protocol when it is asked, so a liquidation, an auto-deleverage, a gift or a callback that lies is in the next
/// answer and nowhere else. Units: sizes and prices have 18 decimals, a size positive when long; USDC amounts have 6; times are unix seconds.
interface IPositionVenue {
    /// @param size the position
    /// @param equity what closing at the price asked for would bring, less the protocol's fees and the adapter's haircut, with all USDC of
    /// the adapter's, idle or sent with an order [USDC, rounded down]. Negative when the position owes more than it holds: a protocol does
    /// not collect that from the desk, but the hedge is gone
    /// @param withdrawable what `withdraw` would pay now [USDC]
    /// @param pending what the order in flight would still add to the position; 0 when there is none
    /// @param pendingSince when that order was placed; 0 when there is none
    struct State {
        int256 size;
        int256 equity;
        uint256 withdrawable;
        int256 pending;
        uint256 pendingSince;
    }

    /// @notice A trade was done at once: `size` for `cash` USDC.
    event Adjusted(int256 size, uint256 cash);
    event OrderPlaced(bytes32 indexed key, int256 size, uint256 limitPrice, int256 margin);
    /// @notice The protocol no longer knows an order: it was executed, in part or not at all. `state` tells which.
    event OrderCleared(bytes32 indexed key);
    event Withdrawn(uint256 amount);

    error ReentrantCall();
    error ArithmeticOverflow();
    error TokenFailed(address token);
    /// @notice A contract of the protocol's refused `method`: with the text it gave, or else its error's selector.
    error CallFailed(address callee, bytes4 method, bytes32 reason);
    /// @notice A contract of the protocol's answered less than its interface says, or nothing within the gas that a reading may take.
    error BadAnswer(address callee, bytes4 method);
    error OnlyDesk(address caller);
    error NothingToAdjust();
    /// @notice The trade would take the position where the venue cannot hold it, or through zero in one order: `least` and `most` bound
    /// what can be traded now.
    error SizeOutOfRange(int256 size, int256 least, int256 most);
    /// @notice The size is no whole number of the token's units.
    error SizeNotWhole(int256 size, uint256 unit);
    error PriceOutOfRange(uint256 price);
    error MarginMissing(uint256 expected, uint256 held);
    /// @notice More margin is to be freed than can be: `most` [USDC].
    error MarginOutOfRange(int256 margin, uint256 most);
    /// @notice The collateral carries no more than `done` of `size`.
    error MarginTooLow(int256 size, int256 done);
    /// @notice Health of the position after the call, and its floor [18 decimals].
    error HealthTooLow(uint256 health, uint256 floor);
    error OrderPending(bytes32 key, uint256 since);
    /// @notice `key` is not the order in flight, which is `pending`; 0 when there is none.
    error UnknownOrder(bytes32 key, bytes32 pending);
    /// @notice The protocol still knows the order.
    error OrderOpen(bytes32 key);
    /// @notice Until then only the desk may cancel the order.
    error NotYetCancellable(bytes32 key, uint256 from);
    error WithdrawTooLarge(uint256 amount, uint256 withdrawable);
    /// @notice The venue takes no ether, or the order was given none.
    error EtherWrong(uint256 value);

    /// @notice What the venue holds, valued at `price`.
    function state(uint256 price) external view returns (State memory);

    /// @notice The same without what could be withdrawn, which is 0 here: what a mark needs, for less gas.
    function worth(uint256 price) external view returns (State memory);

    /// @notice Trades `size` at a price no worse than `limitPrice`, or places the order to. Only the desk.
    /// @dev Payable because a protocol with keepers asks for ether with an order. A trade through zero takes two calls.
    /// @param size to add to the position
    /// @param price the desk's mark. Protocols that count positions in dollars turn the size into dollars with it: at `limitPrice` they
    /// would do less than was asked for when selling and more when buying
    /// @param limitPrice the most to pay, the least to take
    /// @param margin positive: USDC that the desk has transferred in for this trade, or that lies here; negative: USDC to free from the
    /// position with it, to be withdrawn once it is done. The freeing is part of the trade because an asynchronous venue frees nothing outside
    /// an order. An order that makes a position smaller carries no margin: what was sent for it stays idle
    /// @return key 0 when all is done; else the key of the order, the only one in flight until the protocol knows it no more
    function adjust(int256 size, uint256 price, uint256 limitPrice, int256 margin)
        external
        payable
        returns (bytes32 key);

    /// @notice Cancels the order in flight: the desk whenever the protocol allows it, anyone once the order is older than `timeout`.
    function cancel(bytes32 key) external;

    /// @notice Forgets an order that the protocol no longer knows. Anyone; nothing waits for it, because `state` and `adjust` ask the
    /// protocol themselves.
    function clear(bytes32 key) external;

    /// @notice Sends USDC to the receiver. Only the desk.
    /// @param amount no more than `withdrawable`
    /// @return paid `amount`
    function withdraw(uint256 amount) external returns (uint256 paid);

    function desk() external view returns (address);
    function receiver() external view returns (address);
    /// @notice Seconds after which anyone may cancel an order; 0 for a venue without orders.
    function timeout() external view returns (uint256);
}
