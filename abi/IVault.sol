// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The options side of the vault: market, quotes, trades, risk, hedges and settlement
/// @notice Units: USDC amounts have 6 decimals; option sizes, prices, vols, rates and greeks have 18; times are unix seconds.
/// A series id is `expiry << 56 | strike << 8 | kind`, the strike in millionths of a dollar, kind 0 for a call and 1 for a put.
interface IVault {
    /// @param series id of the series
    /// @param size options: positive to buy, negative to sell back
    struct Leg {
        uint256 series;
        int256 size;
    }

    /// @param premium what the trader pays (negative: receives): value + riskCharge + spread, rounded against the trader [USDC]
    /// @param value model value of the legs at mid [USDC]
    /// @param riskCharge J(after) - J(before); negative when the trade lowers the vault's risk [USDC]
    /// @param spread floor against stale prices and the fee, and what the static bounds add [USDC]
    struct Quote {
        int256 premium;
        int256 value;
        int256 riskCharge;
        uint256 spread;
    }

    /// @param cash ledger of USDC in the vault, all purposes [USDC]
    /// @param owed settled claims and processed redemptions, segregated [USDC]
    /// @param hedge value of the hedges at the feed's price [USDC]
    /// @param book model value of the options book, negative when the vault is short [USDC]
    /// @param riskReserve J of the state [USDC]
    /// @param unvested spread income of trades that vests until their expiry [USDC]
    /// @param pool what the money in the pool counts for: what its shares convert to, no more than the last checkpoint grown at 20 % a year
    /// [USDC]; while the pool fails the checkpoint, and nothing once it is removed
    /// @param poolLiquid what of it can be withdrawn now, nothing while the pool fails [USDC]
    /// @param receivable what margin accounts owe for settled series [USDC]
    /// @param broker what closing the positions at the broker would bring, with their margin [USDC]
    /// @param mid cash + pool - owed + hedge + broker + book + receivable [USDC]; deposits pay this mark
    /// @param low mid - riskReserve - unvested - (pool - poolLiquid), less what of the receivable accounts may fail to pay [USDC]; redemptions
    /// are paid at most this mark. While the pool is short of money they are priced without its term, and the shares that are not paid for wait
    struct Nav {
        uint256 cash;
        uint256 owed;
        uint256 hedge;
        int256 book;
        uint256 riskReserve;
        uint256 unvested;
        uint256 pool;
        uint256 poolLiquid;
        uint256 receivable;
        int256 broker;
        int256 mid;
        int256 low;
    }

    /// @notice The market's profile: what prices risk. Fractions and vols are in millionths; sizes have 18 decimals; times are in seconds;
    /// bands are whole USD of cash delta. Fixed once shares exist.
    /// @param carryHorizon time for which J charges the keeping of the book's gamma in its band
    struct Profile {
        uint64 lot;
        uint64 maxSize;
        uint64 riskAversion;
        uint32 vol;
        uint32 deltaHorizon;
        uint32 gammaHorizon;
        uint32 vegaHorizon;
        uint32 volOfVol;
        uint32 hedgeCost;
        uint32 deviation;
        uint32 volStep;
        uint32 fee;
        uint32 maxPriceAge;
        uint32 sequencerGrace;
        uint32 surfaceHeartbeat;
        uint32 maxSurfaceAge;
        uint32 hedgeReserve;
        uint32 maxSlippage;
        uint32 hedgeFixedCost;
        uint32 minBand;
        uint32 maxBand;
        uint32 redeemDelay;
        uint32 carryHorizon;
    }

    /// @notice The market's limits. Fractions are in millionths, times in seconds, caps whole USD of cash greeks. Fixed once shares exist.
    /// @param surfaceInterval the step of a surface counts against the last one at least this old
    /// @param solvencyBuffer part of NAV that the worst loss must leave after a trade that raises it
    /// @param maxDelta most |cash delta| of book and hedges; maxGamma, of cash gamma; maxVega, of vega in each expiry
    /// @param roundDelta most |net cash delta|, the largest within the reserve move, traded in one round of the feed; roundVega, of vega; seriesDelta and seriesVega, in one series
    /// @param spotJump move of the feed from round to round that stops deposits and redemptions; surfaceJump, of a vol from surface to surface
    /// @param minLiquidity part of NAV that redemptions leave as free cash
    /// @param blackout time before an expiry and until its settlement in which deposits and redemptions stop, at most six hours
    /// @param performanceFee part of the gain above the high-water mark that the owner is paid in shares; 0 is off
    struct Limits {
        uint32 surfaceInterval;
        uint32 solvencyBuffer;
        uint32 maxDelta;
        uint32 maxGamma;
        uint32 maxVega;
        uint32 roundDelta;
        uint32 roundVega;
        uint32 seriesDelta;
        uint32 seriesVega;
        uint32 spotJump;
        uint32 surfaceJump;
        uint32 minLiquidity;
        uint32 blackout;
        uint32 performanceFee;
    }

    event ExpiryListed(uint64 indexed expiry, uint256 base, uint256 step, uint8 count);
    /// @notice Weights of depth by strike, as `setDepth` takes them: they come into force in a straight line from `since` to `until`.
    event DepthSet(uint64 indexed expiry, bytes8 weights, uint256 since, uint256 until);
    /// @notice One leg of a trade: `size` as the trader sees it.
    event Traded(address indexed account, uint256 indexed series, int256 size);
    /// @notice A whole trade: what was paid for all its legs and the feed's price it was made at.
    event PremiumPaid(address indexed account, int256 premium, int256 value, int256 riskCharge, uint256 spread, uint256 spot);
    event Hedged(address indexed caller, address indexed venue, int256 size, uint256 price, int256 position);
    event Settled(uint64 indexed expiry, uint256 price, uint80 roundId, uint256 owed);
    event Claimed(address indexed account, address indexed receiver, uint256 indexed series, uint256 size, uint256 payoff);
    /// @notice Liabilities exceeded assets: the live series share `cash` and `hedge` in proportion to their value at `spot`, `claims` in all.
    event ShortfallRecorded(uint256 claims, uint256 cash, uint256 hedge, uint256 spot);
    event VenueAllowed(address indexed venue, uint256 allowedFrom);
    event VenueRemoved(address indexed venue);
    event SatelliteProposed(Satellite indexed which, address contract_, uint256 acceptFrom);
    event SatelliteSet(Satellite indexed which, address contract_);
    /// @notice What somebody was paid for a hedge [USDC].
    event RewardPaid(address indexed payee, uint256 amount);
    /// @notice A pool was named, or removed: `allowedFrom` is 0.
    event PoolSet(address indexed pool, uint256 allowedFrom);
    /// @notice USDC went to the pool for shares of it (`bought`), or came back, as the vault's balances say.
    event Invested(address indexed pool, bool bought, uint256 assets, uint256 shares);
    /// @notice What margin accounts could fail to pay at most, in all [USDC].
    event UncoveredSet(uint256 uncovered);
    /// @notice The margin contract paid `paid` of `due` for settled series; what it could not pay is the vault's loss [USDC].
    event PayoffReceived(uint256 due, uint256 paid);
    /// @notice The vault paid for somebody to take an account without equity [USDC].
    event UncoveredPaid(uint256 amount);
    /// @notice `amount` went to the broker as margin, or came back from it (negative) [USDC]; `open` while it holds
    /// anything; what it may be short [whole USD], and the margin that a position takes [1e-4].
    event MarginMoved(int256 amount, bool open, uint32 short_, uint16 margin);
    event ProfileSet(Profile profile);
    event LimitsSet(Limits limits);
    event Paused(address account);
    event Unpaused(address account);
    event OwnershipTransferStarted(address indexed owner, address indexed pendingOwner);
    event OwnershipTransferred(address indexed owner, address indexed newOwner);
    event RoleSet(Role indexed role, address account);

    enum Role { Owner, Curator, Guardian, PendingOwner }
    /// @notice Contracts that work for the vault: vol surface, accounts that write options, hedging desk, positions at venues.
    enum Satellite { Surface, Margin, Desk, Broker }

    error NotAuthorised(address caller, Role role);
    error EnforcedPause();
    error ReentrantCall();
    error ZeroAddress();
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    error ArithmeticOverflow();
    error UnknownSeries(uint256 series);
    error SeriesExpired(uint256 series, uint256 timestamp);
    error NoLegs();
    error TooManyLegs(uint256 legs, uint256 limit);
    error DuplicateLeg(uint256 series);
    error ZeroSize(uint256 series);
    error SizeNotWholeLots(int256 size, uint256 lot);
    error SizeAboveLimit(uint256 size, uint256 limit);
    /// @notice Lots of the whole book, long and short together, and the number that is too many.
    error BookTooLarge(uint64 lots, uint64 limit);
    error PremiumAboveLimit(int256 premium, int256 limit);
    /// @notice Cash that is asked for, by a redemption or by the hedge that the book would need at the worst reserve move, and what is free [USDC].
    error InsufficientLiquidity(uint256 needed, uint256 available);
    /// @notice Cash delta of the hedge that the book would need and the least that a spot venue can hold [USDC].
    error HedgeCapacityExceeded(int256 needed, int256 available);
    /// @notice What is missing of NAV for the worst loss after the trade and the buffer above it [USDC].
    error SolvencyTooLow(int256 nav, uint256 worstLoss, uint256 missing);
    /// @notice A cap on the book's cash greeks that the trade would exceed [USDC].
    error DeltaCapExceeded(int256 delta, uint256 cap);
    error GammaCapExceeded(int256 gamma, uint256 cap);
    error VegaCapExceeded(uint64 expiry, int256 vega, uint256 cap);
    /// @notice The feed is in another round than the caller expects.
    error RoundMoved(uint256 roundId, uint256 expected);
    /// @notice A cap on the net cash delta or vega traded in one round of the feed, in a series or, with series 0, in all [USDC].
    error RoundDeltaExceeded(uint256 series, int256 delta, uint256 cap);
    error RoundVegaExceeded(uint256 series, int256 vega, uint256 cap);

    error PriceStale(uint256 updatedAt, uint256 timestamp, uint256 maxAge);
    error PriceNotPositive(int256 answer);
    error PriceAboveRange(int256 answer, uint256 limit);
    error PriceFromFuture(uint256 updatedAt, uint256 timestamp);
    error SequencerDown(uint256 since);
    error SequencerGracePeriod(uint256 upSince, uint256 openFrom);
    error FeedFailed(address feed);

    error ExpiryNotOnGrid(uint64 expiry);
    error ExpiryOutOfRange(uint64 expiry, uint256 earliest, uint256 latest);
    error ExpiryAlreadyListed(uint64 expiry);
    error ExpiryNotListed(uint64 expiry);
    error TooManyExpiries(uint256 limit);
    error GridInvalid(uint256 base, uint256 step, uint8 count);
    /// @notice Weights that sum to more than one [half percents].
    error WeightsOverBudget(uint256 sum, uint256 budget);
    /// @notice Eight strikes, counted from the lowest, that are listed and have no weight.
    error WeightMissing(uint8 strip);
    /// @notice Weights are on their way: they change again from `until` on.
    error DepthRamping(uint256 until);
    /// @notice A change that would take `span` seconds, for which `most` are left: half of the time to the expiry.
    error DepthRampTooLong(uint256 span, uint256 most);
    /// @notice The surface feed has not published a slice of an expiry that is traded, or in which something is open: nothing is marked without it.
    error SurfaceMissing(uint64 expiry);
    error SurfaceStale(uint64 expiry, uint256 updatedAt, uint256 maxAge);
    /// @notice The surface feed did not answer, or not with slices that can be marked.
    error SurfaceFailed(address feed);

    /// @param acceptFrom when the proposed contract may be accepted; 0 when none is proposed
    error SatelliteNotDue(uint256 acceptFrom, uint256 timestamp);

    error OnlyMargin(address caller, address margin);
    /// @notice Accounts of the margin contract in force have written in live expiries, owe for settled series [USDC], or leave something uncovered.
    error MarginInUse(uint256 expiries, uint256 receivable);
    /// @notice More than accounts leave uncovered [USDC].
    error PaidAboveUncovered(uint256 amount, uint256 uncovered);

    error OnlyBroker(address caller, address broker);
    /// @notice The broker in force holds positions: another must wait, as must a shortfall.
    error BrokerInUse(address broker);
    error BrokerFailed(address broker);

    error VenueNotAllowed(address venue, uint256 allowedFrom);
    error VenueFailed(address venue, bytes4 reason);
    error OnlyDesk(address caller, address desk);
    /// @notice More than free cash, or than the slippage cap leaves of what was hedged in this transaction. [USDC]
    error RewardAboveCap(uint256 reward, uint256 most);
    error SlippageAboveCap(uint256 price, uint256 worst);
    error VenueUnderfilled(int256 size, int256 filled);

    /// @notice The pool does not answer, or does not take what it is given.
    error PoolFailed(address pool);
    error PoolNotAllowed(address pool, uint256 allowedFrom);
    /// @notice Another pool cannot be named while the vault has shares of this one.
    error PoolInUse(address pool, uint256 shares);
    /// @notice A call to the pool failed that had less than its gas, so nobody knows whether the pool fails.
    error PoolGasTooLow(uint256 gas, uint256 needed);

    error Solvent(int256 nav);
    error InShortfall(uint256 since);
    error NotExpired(uint64 expiry, uint256 timestamp);
    error AlreadySettled(uint64 expiry);
    error NotSettled(uint256 series);
    error SettlementPending(uint64 expiry);
    /// @notice Too near an expiry, `from` on, for deposits and the processing of redemptions.
    error ExpiryBlackout(uint64 expiry, uint256 from);
    /// @notice The feed's last round moved by more than `limit` millionths: deposits and redemptions wait for the next.
    error SpotJumped(uint256 from, uint256 to, uint256 limit);
    /// @notice A vol of the last surface moved by more than `limit` millionths: deposits and redemptions wait for the next.
    error SurfaceJumped(uint256 moved, uint256 limit);
    error RoundNotStraddling(uint80 roundId, uint256 updatedAt, uint256 nextUpdatedAt, uint64 expiry);
    error InsufficientCash(uint256 needed, uint256 available);

    error ProfileLocked(uint256 shares);
    /// @notice The field that is out of its bounds, counted through the profile and on through the limits.
    error ProfileInvalid(uint8 field);
    error EngineFailed(address engine);
    error TokenFailed(address token);
    /// @notice Fewer tokens moved than were due; of the pool, less USDC than was asked of it, or shares that are worth less than was paid [USDC].
    error TokenShort(address token, uint256 expected, uint256 received);

    // Market

    /// @notice Lists an expiry (08:00 UTC) with strikes base, base + step, ... (count of them, at most 64). Curator.
    function listExpiry(uint64 expiry, uint256 base, uint256 step, uint8 count) external;
    /// @notice Gives an expiry's depth to its strikes: J charges their vega by their weight, so quotes are deep where it is high and shallow
    /// where it is low. One byte for each eight strikes, from the lowest; a unit is half a percent, and they sum to 200 at most. All zero
    /// takes the weights away. A change comes into force in a straight line over six hours, or longer: so slowly that a trade before it and
    /// its reverse within six hours pay more in spread than it gives. It needs a cap on vega for that, waits for the change before it, and is
    /// done by half of the time to the expiry. Curator.
    function setDepth(uint64 expiry, bytes8 weights) external;
    function settlementPrice(uint64 expiry) external view returns (uint256);

    // Trades

    /// @notice The premium of a trade of these legs as one, on their net risk. The same code as `trade`.
    function quote(Leg[] calldata legs) external view returns (Quote memory);
    /// @notice Trades at the vault's quote. Bought options go to `receiver`; sold options and USDC come from the caller, who also receives the USDC of a sale.
    /// @param maxPremium most the caller pays; negative: least it must receive
    function trade(Leg[] calldata legs, int256 maxPremium, address receiver, uint256 deadline)
        external
        returns (int256 premium);

    /// @notice As `trade`, and only while the feed's last round is `roundId`.
    function tradeInRound(uint80 roundId, Leg[] calldata legs, int256 maxPremium, address receiver, uint256 deadline)
        external
        returns (int256 premium);

    // Risk

    function nav() external view returns (Nav memory);
    /// @notice What the vault tells its risk engine of itself, for whoever computes with it as the lens does: settings, price (0 while none
    /// passes every check), time, hedge, free cash and the book, packed (`crates/book/src/request.rs` has the layout).
    function words() external view returns (bytes32[] memory);
    /// @notice The stored word of each live expiry. From the top: expiry (32 bits), strikes (8), base (48, micro-dollars), step (40,
    /// micro-dollars), net put lots (40), net put lots times grid index (48), 40 unused.
    function headers() external view returns (bytes32[] memory);
    /// @notice The feed's price after all checks. [USD, 18 decimals]
    function spot() external view returns (uint256 price, uint256 updatedAt);

    // Hedging

    /// @notice Delta of the trades of the last ten minutes, a word for each span of time (`inventory::hedge::Span`); none when there was no trade.
    function youngTrades() external view returns (bytes32[] memory);
    /// @notice Hedges `size`, positive to buy, inside the slippage cap, and books what changed hands. The desk.
    /// @param venue an allow-listed venue, or 0 for the default one; with a `payer`, who receives the vault's side
    /// @param cashLimit most USDC to pay, least to receive; with a `payer`, what is paid or received
    /// @param payer 0 for a venue. Otherwise whose allowance, one to the desk as well, the other side comes from once the vault's went to `venue`, called
    /// (IHedgeFiller) if there is `data` for it
    /// @return cash USDC paid or received
    function hedge(address venue, int256 size, uint256 cashLimit, address payer, bytes32 data) external returns (uint256 cash);
    /// @notice Pays for hedges of this transaction: at most the slippage cap of what was hedged. The desk.
    function payReward(address payee, uint256 amount) external;

    /// @notice Sends `amount` of free cash to the broker as margin, or takes it back (negative), and counts a hedge of `value` at the feed's price
    /// towards what rewards of this transaction may be. The broker. [USDC]
    /// @param open whether the broker holds anything from now on: then it is asked in every mark
    /// @param short_ most that it may be short [whole USD]; margin, what a position takes [1e-4]
    function moveMargin(int256 amount, uint256 value, bool open, uint32 short_, uint16 margin) external;

    // Settlement

    /// @notice Fixes the settlement price of an expiry: the answer of round `roundId`, the last one at or before the expiry. Anyone.
    function settle(uint64 expiry, uint80 roundId) external returns (uint256 price);
    /// @notice Records that liabilities exceed assets at mid, at a price that has held for a round. Anyone, once, for good: live series stop
    /// trading and share cash, hedges and what accounts pay in, in proportion to their model value now. Settled claims and processed redemptions are
    /// paid in full, shares nothing.
    function recordShortfall() external;
    /// @notice Burns the caller's positions in settled series and pays what they are worth. After `recordShortfall` also those in series that
    /// were live, once no account owes anything or a week later: their part of the cash, which is returned, and of the underlying.
    function claim(uint256[] calldata series, address receiver) external returns (uint256 payoff);

    // Governance

    function profile() external view returns (Profile memory);
    function limits() external view returns (Limits memory);
    function feeds() external view returns (address price, address sequencer);
    function underlying() external view returns (address);
    function riskEngine() external view returns (address);
    /// @notice Sets profile and limits, before there are shares. Owner.
    function setProfile(Profile calldata profile_, Limits calldata limits_) external;
    function role(Role which) external view returns (address);
    function setRole(Role which, address account) external;
    function acceptOwnership() external;
    function pause() external;
    function unpause() external;
    function paused() external view returns (bool);
    /// @notice Allows a venue: at once while no shares exist, after two days otherwise. One that may be used becomes the default venue, so name
    /// a new one again after its two days; until then the default stays, unless it was removed. Owner.
    function allowVenue(address venue) external;
    /// @notice Takes a venue off the list at once. Owner or guardian.
    function removeVenue(address venue) external;
    function venueAllowedFrom(address venue) external view returns (uint256);
    /// @notice The contract in force, what is proposed in its place, and from when that may be accepted.
    function satellite(Satellite which) external view returns (address contract_, address proposed, uint256 acceptFrom);
    /// @notice Names a contract: at once while no shares exist; otherwise it may be accepted after two days. Margin accounts not while those of
    /// the contract in force have anything open. Owner.
    function setSatellite(Satellite which, address contract_) external;
    /// @notice Puts the proposed contract in force. Anyone.
    function acceptSatellite(Satellite which) external;

    // Idle cash

    /// @notice The ERC-4626 pool of idle USDC, from when it may be used (0: not), and the shares of it that the vault bought.
    function pool() external view returns (address pool_, uint256 allowedFrom, uint256 shares);
    /// @notice Names the pool: to be used at once while no shares exist, after two days otherwise. Owner.
    function setPool(address pool) external;
    /// @notice Stops its use at once; from then on anyone may bring back what is in it. Owner or guardian.
    function removePool() external;
    /// @notice Puts `assets` of free cash into the pool. A tenth of free cash and pool together stays, and everything that is owed. Curator.
    function invest(uint256 assets) external;
    /// @notice Brings `assets` back, or all that can be withdrawn. Curator, owner or guardian; anyone once the pool is removed. What the vault
    /// must pay it brings back by itself.
    function divest(uint256 assets) external returns (uint256 received);

    // Accounts that write options (IMargin)

    /// @notice What accounts owe for settled series, and the most that they could fail to pay [USDC].
    function accounts() external view returns (uint256 receivable, uint256 uncovered);
    /// @notice What options of settled series pay, and of series that were live when a shortfall was recorded at their value then. Rounded up. [USDC]
    function payoff(Leg[] calldata legs) external view returns (uint256);
    /// @notice Trades at the vault's quote for a margin account: sizes sold are written, sizes bought close what was written, and no token is
    /// made or burned. USDC comes from, and goes to, the margin contract, which alone may call.
    function writeFor(address account, Leg[] calldata legs, int256 maxPremium, uint256 deadline)
        external
        returns (int256 premium);
    /// @notice Says what accounts could fail to pay at most, in all. NAV must bear it beside the worst loss, unless the market alone
    /// brought it about. The margin contract.
    /// @param borne whether NAV must bear it
    function coverAccounts(uint256 uncovered, bool borne) external;
    /// @notice Takes `paid` from the margin contract for `due` of settled series; the rest of `due` is the vault's loss. The margin contract.
    function receivePayoff(uint256 due, uint256 paid) external;
    /// @notice Pays the margin contract for somebody who takes an account without equity: at most what is uncovered. The margin contract.
    function payUncovered(uint256 amount) external;
}
