// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title Margin accounts of one vault: who writes options sells them to the vault and stands behind them with USDC
/// @notice Units: USDC amounts have 6 decimals; option sizes have 18; times are unix seconds; parts are in millionths. A refusal of the vault
/// or of its risk engine comes through as it is.
interface IMargin {
    /// @param series id of the series, as the vault has it
    /// @param size options: positive to write, negative to buy back; in a book, what is written
    struct Written {
        uint256 series;
        int256 size;
    }

    /// @param cash USDC of the account
    /// @param uncovered the most that it could fail to pay, when it was last marked [USDC]
    /// @param auctionSince when its auction began; 0 while there is none; one that is over stays until somebody marks the account
    /// @param series how many series it has written
    struct Account {
        uint256 cash;
        uint256 uncovered;
        uint256 auctionSince;
        uint256 series;
    }

    /// @param equity cash and model value of the book [USDC]
    /// @param initial equity that it needs to write or to take out [USDC]
    /// @param maintenance equity that it needs not to be liquidated [USDC]
    /// @param uncovered the most that its equity would not cover, in any scenario and at settlement [USDC]
    struct Health {
        int256 equity;
        uint256 initial;
        uint256 maintenance;
        uint256 uncovered;
    }

    event Deposited(address indexed caller, address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address indexed receiver, uint256 amount);
    /// @notice One series of an account changed: `written` is what it has written now.
    event WrittenSet(address indexed account, uint256 indexed series, uint256 written);
    /// @param premium what the account paid; negative: received [USDC]
    event PremiumSettled(address indexed account, int256 premium);
    event UncoveredSet(address indexed account, uint256 uncovered, uint256 total);
    event AuctionStarted(address indexed account, int256 equity, uint256 maintenance);
    event AuctionEnded(address indexed account);
    /// @notice `bidder` took a part of an account, cash and book, for `price`; negative: was paid by the vault [USDC].
    event Taken(address indexed account, address indexed bidder, uint256 part, int256 price);
    /// @notice An account paid `paid` of the `due` that its options in an expiry cost [USDC].
    event AccountSettled(address indexed account, uint64 indexed expiry, uint256 due, uint256 paid);
    event OperatorSet(address indexed owner, address indexed operator, bool approved);

    error ReentrantCall();
    error ArithmeticOverflow();
    error ZeroAddress();
    error TokenFailed(address token);
    error TokenShort(address token, uint256 expected, uint256 received);
    /// @notice The vault, or its risk engine, did not answer, or not in the form of its ABI.
    error VaultFailed(address vault);
    /// @notice A slice that the account's options are marked with is missing (updatedAt 0) or too old.
    error SurfaceStale(uint64 expiry, uint256 updatedAt, uint256 maxAge);
    error NotOperator(address account, address caller);
    error InsufficientCash(uint256 needed, uint256 cash);
    /// @notice More is bought back than was written [18 decimals].
    error NotWritten(uint256 series, uint256 size, uint256 written);
    error TooManySeries(uint256 limit);
    /// @notice The account has options in an expiry that has passed: the vault's `settle` and `settleAccount` come first.
    error SettlementDue(address account, uint64 expiry);
    error NothingToSettle(address account, uint64 expiry);
    error MarginTooLow(address account, int256 equity, uint256 initial);
    /// @notice What could be lost beyond equity by an account, or by all with account 0, and the most that may be [USDC].
    error UncoveredAboveLimit(address account, uint256 uncovered, uint256 limit);
    error NotLiquidatable(address account, int256 equity, uint256 maintenance);
    error AuctionRunning(address account, uint256 since);
    /// @notice None began, or it is over: the account has its maintenance margin, or an hour has gone by; four where it has no equity.
    error NoAuction(address account);
    /// @notice The account meets its initial margin again: its auction is over, which `refresh` and `deposit` record.
    error AuctionLapsed(address account, int256 equity, uint256 initial);
    /// @notice A part of nothing, or above what brings the account back to its initial margin.
    error PartOutOfRange(uint256 part, uint256 limit);
    error PriceAboveLimit(int256 price, int256 limit);
    error OwnAccount(address account);

    // Accounts

    /// @notice Puts the caller's USDC into an account. One in auction is marked if it can be, which ends the auction if the account has its initial
    /// margin again.
    function deposit(uint256 amount, address account) external;
    /// @notice Takes USDC out of an account that has its initial margin after it. Its holder or an operator.
    function withdraw(uint256 amount, address account, address receiver) external;
    /// @notice Writes options: sells them to the vault at its quote; negative sizes buy back what was written. The account must have its initial
    /// margin after it, unless it only buys back. Its holder or an operator.
    /// @param minPremium least that the account receives; negative: most it pays
    /// @return premium what it received; negative: paid
    function write(address account, Written[] calldata legs, int256 minPremium, uint256 deadline)
        external
        returns (int256 premium);
    function setOperator(address operator, bool approved) external;
    function isOperator(address owner, address operator) external view returns (bool);

    // Upkeep, by anyone

    /// @notice Marks an account: what it leaves uncovered is counted anew, and its auction ends if it has its initial margin again or has gone on
    /// for its time.
    function refresh(address account) external;
    /// @notice Pays the vault for an account's options in a settled expiry, as far as its cash goes. The vault hears of it only where something is due.
    function settleAccount(address account, uint64 expiry) external returns (uint256 due, uint256 paid);
    /// @notice Starts the auction of an account whose equity is below its maintenance margin: the first, or another once the last one is over. Its
    /// price falls to nothing in an hour, and where the account has no equity to the most that the vault pays in another.
    function liquidate(address account) external;
    /// @notice Takes a part of an account in auction, cash and book alike, into the caller's own account, which must have its initial margin after it.
    /// Lots are rounded up, cash down. While the account is below its maintenance margin, for an hour from when the auction began; for four where it has no
    /// equity.
    /// @param part of the account, at most what brings it back to its initial margin
    /// @param maxPrice most that the caller's account pays for it
    /// @return price what it paid for it; negative: was paid, by the vault
    function bid(address account, uint256 part, int256 maxPrice) external returns (int256 price);

    // Views

    function accountOf(address account) external view returns (Account memory);
    function bookOf(address account) external view returns (Written[] memory);
    function health(address account) external view returns (Health memory);
    /// @notice Price of the whole account in its auction now, and the largest part that may be taken at it.
    function auctionOf(address account) external view returns (int256 price, uint256 part);
    /// @notice What all accounts leave uncovered, and the most that one and that all may [USDC].
    function limits() external view returns (uint256 uncovered, uint256 accountLimit, uint256 totalLimit);
    function vault() external view returns (address);
}
