// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title ERC-4626 deposits and ERC-7540 redemptions
/// @notice Deposits are immediate and pay the dearer mark of the book. Redemptions are requested in epochs: the requests of a quarter of
/// `redeemDelay`, from an epoch's first request on, share its id, its price and the part that is filled. `redeemDelay` after an epoch has
/// closed anyone has it processed at the cheaper mark, as far as free cash and the worst loss of the book let it; the rest waits in the same requests, before all later
/// epochs. What was processed is claimed with `redeem` or `withdraw`.
interface IERC4626 {
    /// @notice The requests of a while.
    /// @param requested shares requested in all; processed, of them; assets paid for those
    /// @param closesAt when it takes no more requests; locksAt, when they can no longer be cancelled; readyAt, when it may be processed.
    /// Zeros for an epoch that nobody opened
    struct Epoch {
        uint256 requested;
        uint256 processed;
        uint256 assets;
        uint256 closesAt;
        uint256 locksAt;
        uint256 readyAt;
    }

    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );
    /// @notice Shares of an epoch were burned and their assets set aside, for each of its requests in proportion.
    event EpochProcessed(uint256 indexed requestId, uint256 shares, uint256 assets);
    event CancelRedeemRequest(address indexed controller, uint256 indexed requestId, address sender);
    /// @notice The owner was paid in shares for a gain above the high-water mark. [micro-USD per unit of a share, 18 decimals]
    event PerformanceFeePaid(address indexed owner, uint256 shares, uint256 highWaterMark);

    error ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max);
    error ERC4626ExceededMaxMint(address receiver, uint256 shares, uint256 max);
    error ERC4626ExceededMaxWithdraw(address controller, uint256 assets, uint256 max);
    error ERC4626ExceededMaxRedeem(address controller, uint256 shares, uint256 max);
    /// @notice The deposit is too small to be worth one share.
    error DepositTooSmall(uint256 assets);
    /// @notice Redemptions are asynchronous: there is no price to preview before a request is processed.
    error AsynchronousRedemption();
    error RedemptionNotReady(uint256 requestId, uint256 readyAt, uint256 timestamp);
    error NoPendingRedemption();
    /// @notice Half the delay is over: the request can no longer be cancelled.
    error RedemptionLocked(uint256 requestId, uint256 lockedFrom, uint256 timestamp);
    /// @notice The controller's last request is still to be processed or claimed; it has one at a time.
    error RedemptionOpen(uint256 requestId, address controller);
    /// @notice NAV at the cheaper mark is not above zero: nobody's shares are burned for nothing.
    error SharesWorthless(int256 low);

    function asset() external view returns (address);
    /// @notice The share, as ERC-7575 asks: the vault itself.
    function share() external view returns (address);
    /// @notice NAV at mid less the spread income that has not vested, at the feed's last answer. Conversions are at this mark.
    function totalAssets() external view returns (uint256);
    function convertToShares(uint256 assets) external view returns (uint256);
    function convertToAssets(uint256 shares) external view returns (uint256);
    function maxDeposit(address receiver) external view returns (uint256);
    function previewDeposit(uint256 assets) external view returns (uint256);
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    function maxMint(address receiver) external view returns (uint256);
    function previewMint(uint256 shares) external view returns (uint256);
    function mint(uint256 shares, address receiver) external returns (uint256 assets);

    /// @notice Assets that `controller` can take now: processed redemptions, as far as cash is there without selling hedges.
    function maxWithdraw(address controller) external view returns (uint256);
    function maxRedeem(address controller) external view returns (uint256);
    /// @dev Always reverts with `AsynchronousRedemption`, as ERC-7540 asks.
    function previewWithdraw(uint256 assets) external view returns (uint256);
    /// @dev Always reverts with `AsynchronousRedemption`, as ERC-7540 asks.
    function previewRedeem(uint256 shares) external view returns (uint256);
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);

    /// @notice Takes `shares` of `owner` into escrow for the open epoch, whose id is the request's. The caller is the controller or its
    /// operator, so that nobody takes up another's one request.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);
    /// @notice Gives the shares of a request back to its controller, at once, until half the delay after its epoch closed. ERC-7887 by name;
    /// not its interface, which asks for a claim of the shares.
    function cancelRedeemRequest(uint256 requestId, address controller) external;
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
    /// @notice Processes the oldest epoch that waits, as far as free cash allows, and no further than leaves NAV
    /// above the worst loss and its buffer (`InsufficientLiquidity` where that buys no share). Anyone may call.
    function processEpoch() external returns (uint256 requestId, uint256 shares, uint256 assets);
    function redeemDelay() external view returns (uint256);
    function epoch(uint256 requestId) external view returns (Epoch memory);
    /// @notice All epochs up to `filled` are filled, those up to `last` were opened.
    function epochs() external view returns (uint256 filled, uint256 last);
}
