// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title What a venue on a perpetuals exchange of GMX V2's form answers besides `IPositionVenue`
/// @notice The exchange is two-step: an order is placed with an execution fee in ether, and a keeper of the exchange's executes, cancels or
/// freezes it later, or never. The adapter takes plain ether: it is the purse that fees are paid from, and refunds come back to it.
interface IPerpVenue {
    /// @dev The exchange's container for the fields of an event. Nothing in it is read.
    struct AddressKeyValue {
        string key;
        address value;
    }

    struct AddressArrayKeyValue {
        string key;
        address[] value;
    }

    struct AddressItems {
        AddressKeyValue[] items;
        AddressArrayKeyValue[] arrayItems;
    }

    struct UintKeyValue {
        string key;
        uint256 value;
    }

    struct UintArrayKeyValue {
        string key;
        uint256[] value;
    }

    struct UintItems {
        UintKeyValue[] items;
        UintArrayKeyValue[] arrayItems;
    }

    struct IntKeyValue {
        string key;
        int256 value;
    }

    struct IntArrayKeyValue {
        string key;
        int256[] value;
    }

    struct IntItems {
        IntKeyValue[] items;
        IntArrayKeyValue[] arrayItems;
    }

    struct BoolKeyValue {
        string key;
        bool value;
    }

    struct BoolArrayKeyValue {
        string key;
        bool[] value;
    }

    struct BoolItems {
        BoolKeyValue[] items;
        BoolArrayKeyValue[] arrayItems;
    }

    struct Bytes32KeyValue {
        string key;
        bytes32 value;
    }

    struct Bytes32ArrayKeyValue {
        string key;
        bytes32[] value;
    }

    struct Bytes32Items {
        Bytes32KeyValue[] items;
        Bytes32ArrayKeyValue[] arrayItems;
    }

    struct BytesKeyValue {
        string key;
        bytes value;
    }

    struct BytesArrayKeyValue {
        string key;
        bytes[] value;
    }

    struct BytesItems {
        BytesKeyValue[] items;
        BytesArrayKeyValue[] arrayItems;
    }

    struct StringKeyValue {
        string key;
        string value;
    }

    struct StringArrayKeyValue {
        string key;
        string[] value;
    }

    struct StringItems {
        StringKeyValue[] items;
        StringArrayKeyValue[] arrayItems;
    }

    struct EventLogData {
        AddressItems addressItems;
        UintItems uintItems;
        IntItems intItems;
        BoolItems boolItems;
        Bytes32Items bytes32Items;
        BytesItems bytesItems;
        StringItems stringItems;
    }

    event RouterSet(address indexed router);

    /// @notice The exchange's role store does not name this address a controller.
    error OnlyController(address account);
    error ZeroFee();

    /// @notice Hints of the exchange that an order is done: they make the adapter forget the order if the exchange itself no longer knows
    /// it, and change nothing else. Only a controller of the exchange, of whom there may be several.
    function afterOrderExecution(bytes32 key, EventLogData calldata order, EventLogData calldata eventData) external;
    function afterOrderCancellation(bytes32 key, EventLogData calldata order, EventLogData calldata eventData) external;
    function afterOrderFrozen(bytes32 key, EventLogData calldata order, EventLogData calldata eventData) external;

    /// @notice Collects funding that the exchange owes the position, in both tokens of the market. Anyone.
    function claim() external;

    /// @notice Collects what the exchange kept of a trade for its price impact and owes back, by the exchange's `timeKey`. Anyone.
    function claimRebate(uint256 timeKey) external;

    /// @notice Sends what lies here of a token other than USDC to the receiver: funding and profits that the exchange pays in the
    /// underlying. Only the desk. Until then the underlying counts in size and equity.
    function sweep(address token) external returns (uint256 amount);

    /// @notice Follows the exchange to another of its routers. Only the desk, and only to a controller of the exchange.
    function setRouter(address router_) external;

    function router() external view returns (address);
    /// @notice The order in flight as far as the adapter knows; 0 when there is none.
    function orderKey() external view returns (bytes32);
    /// @notice The most ether that one order is given.
    function maxFee() external view returns (uint256);
}
