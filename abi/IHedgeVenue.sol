// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title A place where the vault hedges: the adapter interface, synchronous form
/// @notice The vault sends the input token with the call's transfer before it calls `hedge`, and measures what came back by its own
/// balances: nothing the adapter says is believed.
interface IHedgeVenue {
    error OnlyVault(address caller);
    error ZeroHedge();
    error SwapFailed(bytes4 reason);
    error TransferFailed(address token);
    error InputMissing(uint256 expected, uint256 held);

    /// @notice Trades exactly `size` units of the underlying for the vault against USDC, then returns everything it holds to the vault.
    /// @param size token units of the underlying: positive buys with at most `cashLimit` USDC, negative sells for at least `cashLimit` USDC
    /// @param cashLimit worst acceptable amount of USDC, paid or received
    /// @return cash USDC paid or received
    function hedge(int256 size, uint256 cashLimit) external returns (uint256 cash);
    function vault() external view returns (address);
    function router() external view returns (address);
    function poolFee() external view returns (uint24);
}
