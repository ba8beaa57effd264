// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title ERC-4626 deposits and ERC-7540 redemptions
/// @notice Deposits are immediate and pay the dearer mark of the book. A redemption is requested, waits `redeemDelay`, is processed at
/// the cheaper mark by anyone, and is then claimed with `redeem` or `withdraw`.
interface IERC4626 {
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );
    /// @notice A request, or the part of it that cash allowed, was burned and its assets set aside.
    event RedemptionProcessed(address indexed controller, uint256 shares, uint256 assets);

    error ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max);
    error ERC4626ExceededMaxMint(address receiver, uint256 shares, uint256 max);
    error ERC4626ExceededMaxWithdraw(address controller, uint256 assets, uint256 max);
    error ERC4626ExceededMaxRedeem(address controller, uint256 shares, uint256 max);
    /// @notice The deposit is too small to be worth one share.
    error DepositTooSmall(uint256 assets);
    /// @notice Redemptions are asynchronous: there is no price to preview before a request is processed.
    error AsynchronousRedemption();
    error RedemptionNotReady(address controller, uint256 readyAt, uint256 timestamp);
    error NoPendingRedemption(address controller);

    function asset() external view returns (address);
    function totalAssets() external view returns (uint256);
    function convertToShares(uint256 assets) external view returns (uint256);
    function convertToAssets(uint256 shares) external view returns (uint256);
    function maxDeposit(address receiver) external view returns (uint256);
    function previewDeposit(uint256 assets) external view returns (uint256);
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    function maxMint(address receiver) external view returns (uint256);
    function previewMint(uint256 shares) external view returns (uint256);
    function mint(uint256 shares, address receiver) external returns (uint256 assets);

    /// @notice Assets that `controller` can take now: processed redemptions only.
    function maxWithdraw(address controller) external view returns (uint256);
    function maxRedeem(address controller) external view returns (uint256);
    /// @dev Always reverts with `AsynchronousRedemption`, as ERC-7540 asks.
    function previewWithdraw(uint256 assets) external view returns (uint256);
    /// @dev Always reverts with `AsynchronousRedemption`, as ERC-7540 asks.
    function previewRedeem(uint256 shares) external view returns (uint256);
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);

    /// @notice Takes `shares` of `owner` into escrow. Requests of one controller are merged: `requestId` is 0.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
    /// @notice Processes what is pending for `controller`, as far as free cash allows. Anyone may call.
    function processRedemption(address controller) external returns (uint256 shares, uint256 assets);
    function redeemDelay() external view returns (uint256);
}
