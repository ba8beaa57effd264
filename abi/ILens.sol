// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The lens: what a vault's book is worth, what it risks and what it would trade at, each in one call
/// @notice One lens serves all vaults and keeps no state: it reads the vault that it is given, which should be one that the caller trusts, and
/// computes with the code that the vault runs. Every view works on a price that passed the vault's checks, and is refused while there is none
/// or while a call that changes the vault is under way.
/// Units: USDC amounts have 6 decimals; option sizes, strikes, prices, vols, rates, fractions and greeks have 18; times are unix seconds.
/// A series id is `expiry << 56 | strike << 8 | kind`, the strike in millionths of a dollar, kind 0 for a call and 1 for a put.
interface ILens {
    /// @notice Of one option, or of what the vault holds: rounded down, gamma towards zero.
    /// @param value model value [USD]
    /// @param delta change of value for a change of spot [units of the underlying]
    /// @param gamma change of delta for a change of spot, as of an hour to expiry at least
    /// @param vega change of value for a change of vol by 1.00 [USD]
    /// @param theta change of value in a year, as of an hour to expiry at least [USD]
    /// @param vanna change of delta for a change of vol by 1.00 [units of the underlying]
    /// @param volga change of vega for a change of vol by 1.00 [USD]
    struct Greeks {
        int256 value;
        int256 delta;
        int256 gamma;
        int256 vega;
        int256 theta;
        int256 vanna;
        int256 volga;
    }

    struct ExpiryGreeks {
        uint64 expiry;
        Greeks greeks;
    }

    /// @notice One slice of the surface as stored, raw SVI: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)), w total variance from
    /// `updatedAt` to expiry, k = ln(strike / forward). Zeros before the first publication.
    struct Slice {
        uint64 updatedAt;
        int256 rate;
        int256 a;
        int256 b;
        int256 rho;
        int256 m;
        int256 s;
        uint256 forward;
    }

    /// @notice A live expiry as stored. `netSizes[i]` is the vault's signed quantity, calls and puts together, at strike base + i step.
    /// @param putSize sum of the puts
    /// @param putIndexSum sum of the puts, each times its i
    struct ExpiryBook {
        uint64 expiry;
        uint256 base;
        uint256 step;
        Slice slice;
        int256[] netSizes;
        int256 putSize;
        int256 putIndexSum;
    }

    /// @notice What one size of a series would trade at. Figures of a side that cannot be priced at all are zero.
    /// @param value model value at mid, rounded up [USDC]
    /// @param bid what the vault pays; negative when it asks to be paid [USDC]
    /// @param ask what the vault takes [USDC]
    /// @param bidRefusal selector of the vault's error if it refuses to buy now, zero if it would buy
    /// @param askRefusal the same for its sale
    struct OptionQuote {
        int256 value;
        int256 bid;
        int256 ask;
        bytes4 bidRefusal;
        bytes4 askRefusal;
    }

    struct StrikeQuotes {
        uint256 strike;
        OptionQuote call;
        OptionQuote put;
    }

    /// @notice What the book with its hedges can lose.
    /// @param loss the greater of the worst in the grid and `settlement` [USDC]
    /// @param grid P&L by move of vol (down, none, up, by tenor) and of spot (-80, -40, -20, -10, 0, 10, 20, 40, 200 %) [USDC]
    /// @param settlement what all expiries lose at settlement, each at its own worst spot from 0 to three times spot, strikes included [USDC]
    /// @param slope change of the value at settlement with spot beyond the last strikes [units of the underlying]; where it is negative, a
    /// loss beyond has no bound
    struct WorstCase {
        uint256 loss;
        int256[9][3] grid;
        uint256 settlement;
        int256 slope;
    }

    /// @param cash ledger of USDC in the vault, all purposes [USDC]
    /// @param owed settled claims and processed redemptions, segregated [USDC]
    /// @param free cash + poolLiquid - owed, negative while claims wait for hedges to be sold [USDC]
    /// @param hedge value of the hedges at the feed's price [USDC]
    /// @param book model value of the options book, negative when the vault is short [USDC]
    /// @param riskReserve J of the state [USDC]
    /// @param riskDelta what J charges for net delta and for hedging it; riskGamma, for gamma and for keeping it in its band; riskVega, for
    /// vega. They sum to `riskReserve` but for two millionths [USDC]
    /// @param unvested spread income of trades that vests until their expiry [USDC]
    /// @param pool what the money in the pool counts for [USDC]
    /// @param poolLiquid what of it can be withdrawn now [USDC]
    /// @param receivable what margin accounts owe for settled series [USDC]
    /// @param broker what closing the positions at the broker would bring, with their margin [USDC]
    /// @param mid cash + pool - owed + hedge + broker + book + receivable [USDC]
    /// @param low mid - riskReserve - unvested - (pool - poolLiquid), less what of the receivable accounts may fail to pay [USDC]
    struct NavBreakdown {
        uint256 cash;
        uint256 owed;
        int256 free;
        uint256 hedge;
        int256 book;
        uint256 riskReserve;
        uint256 riskDelta;
        uint256 riskGamma;
        uint256 riskVega;
        uint256 unvested;
        uint256 pool;
        uint256 poolLiquid;
        uint256 receivable;
        int256 broker;
        int256 mid;
        int256 low;
    }

    /// @notice An epoch of redemptions that is not filled.
    /// @param waiting shares that were requested and not processed; processed, those that were, and `assets` what they were paid [USDC]
    /// @param closesAt when it takes no more requests; locksAt, when they can no longer be cancelled; readyAt, when it may be processed
    struct WaitingEpoch {
        uint256 requestId;
        uint256 waiting;
        uint256 processed;
        uint256 assets;
        uint256 closesAt;
        uint256 locksAt;
        uint256 readyAt;
    }

    /// @notice The hedge, in units of the underlying, and the prices at which the next one is due if nothing but spot moves.
    /// @param needed whether |reachable - position| is outside the outer band now
    /// @param position hedge held
    /// @param target hedge that makes the vault neutral, -(book delta)
    /// @param reachable target clamped to what the venues and free cash allow
    /// @param inner half-width that a hedge returns to
    /// @param outer half-width that calls for a hedge
    /// @param size hedge to trade now (0 when none is needed)
    /// @param below highest spot below now's at which a hedge is due, to a 4,096th of now's and on the side where none is due yet: now's when
    /// `needed`, 0 if none is due at half of it [USD]
    /// @param above lowest spot above now's, in the same way: 0 if none is due at one and a half times it [USD]
    struct NextHedge {
        bool needed;
        int256 position;
        int256 target;
        int256 reachable;
        uint256 inner;
        uint256 outer;
        int256 size;
        uint256 below;
        uint256 above;
    }

    /// @notice The vault did not answer, or not in the form of its ABI, or not with a book that can be marked.
    error VaultFailed(address vault);
    /// @notice The vault refused to answer: the selector of its error.
    error VaultRefused(address vault, bytes4 reason);
    error UnknownSeries(uint256 series);
    error ExpiryNotListed(uint64 expiry);
    error SurfaceMissing(uint64 expiry);
    /// @notice A spot below a twentieth of now's or above four times it, or a vol below a quarter or above four times.
    error StressOutOfRange(int256 dSpot, int256 dVol);
    /// @notice Lots of the whole book, long and short together, and the number that is too many.
    error BookTooLarge(uint64 lots, uint64 limit);
    error ArithmeticOverflow();

    function seriesId(uint64 expiry, uint256 strike, bool isPut) external pure returns (uint256);
    /// @notice The book as stored, expiries in the order of storage.
    function book(address vault) external view returns (ExpiryBook[] memory);

    /// @notice Greeks of the options book as the vault holds it, marked now. Hedges are not in it.
    function greeks(address vault) external view returns (Greeks memory);
    /// @notice The same by expiry, in the order of storage.
    function greeksByExpiry(address vault) external view returns (ExpiryGreeks[] memory);
    /// @notice Of one option that a holder has.
    function seriesGreeks(address vault, uint256 series) external view returns (Greeks memory);

    /// @notice For each listed strike, what `size` of its call and of its put would trade at, each alone: `bid` and `ask` are the premiums of
    /// the vault's `quote` to the unit. It asks the vault about each of them, so it is meant for reading from outside.
    function chain(address vault, uint64 expiry, uint256 size) external view returns (StrikeQuotes[] memory);

    /// @notice P&L of book and hedges if spot moves by `dSpot` at once and every vol by `dVol`, both relative to now's, in whole millionths,
    /// rounded down [USDC]
    function stress(address vault, int256 dSpot, int256 dVol) external view returns (int256 pnl);
    function worstCase(address vault) external view returns (WorstCase memory);

    function navBreakdown(address vault) external view returns (NavBreakdown memory);
    /// @notice The epochs that wait, in the order in which they are filled, the first 32 of them.
    function queue(address vault) external view returns (WaitingEpoch[] memory);
    /// @notice The hedge by the band alone, and how far spot may move before one is due, the surface unchanged by strike.
    function nextHedge(address vault) external view returns (NextHedge memory);

    /// @notice What the vault would pay now for `amount` of a series, no more: the executable bid, at the worse end of the deviation band,
    /// for the whole lots in `amount`; 0 where it would refuse or ask to be paid. [USDC]
    /// @dev It is refused, not 0, while a call that changes the vault is under way: nobody can force a liquidation from a callback.
    function collateralValue(address vault, uint256 series, uint256 amount) external view returns (uint256);
}
