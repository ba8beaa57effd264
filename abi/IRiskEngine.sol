// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The vault's risk engine: everything that is computed, and nothing that is stored
/// @notice A vault asks it in words that it packs itself (`crates/book/src/request.rs` has the layout); the lens is the place for people
/// and other contracts to ask. Its errors are those of `IVault`, and the vault passes them on. Amounts are USDC.
interface IRiskEngine {
    /// @notice The words are no request.
    error RequestInvalid(uint256 words);

    /// @param value model value of the book, negative when the vault is short
    /// @param delta cash delta of the book without hedges
    /// @param risk J of the state with hedges
    /// @param needed cash that hedging asks for at the worst reserve move
    /// @param inner half-width of the band that a hedge returns to
    /// @param outer half-width that calls for a hedge
    struct Marked {
        int256 value;
        int256 delta;
        uint256 risk;
        uint256 needed;
        uint256 inner;
        uint256 outer;
    }

    /// @param value model value of the account's book, negative when it is short
    /// @param initial equity, cash and value, that it needs to write or to take out
    /// @param maintenance equity that it needs not to be liquidated
    /// @param uncovered the most that its equity would not cover, in any scenario and at settlement
    struct Margined {
        int256 value;
        uint256 initial;
        uint256 maintenance;
        uint256 uncovered;
    }

    /// @notice Marks the book of a request.
    function mark(bytes32[] calldata request) external view returns (Marked memory);

    /// @notice The most that book and hedges of a request lose over the stress grid and at settlement. [USDC]
    function worstLoss(bytes32[] calldata request) external view returns (uint256);

    /// @notice Margins the book of a request as an account's: its short options as negative lots, its cash as free cash, no hedge.
    function margin(bytes32[] calldata request) external view returns (Margined memory);

    /// @notice Prices the request's orders as one trade and checks the book after it.
    /// @return numbers premium, model value, change of J, spread, change of the book's cash delta (the largest within the reserve
    /// move) and of its vega, change of the cash delta at spot, outer edge of the band before the trade, and swing and vega by each order alone
    function offer(bytes32[] calldata request) external view returns (int256[] memory numbers);
}
