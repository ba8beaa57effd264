// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The hedging desk of one vault: hedges that no one has to be trusted for
/// @notice While the vault's net delta is outside its band anyone may hedge it: take the other side in a standing auction (`fillHedge`), or bring
/// a route over the vault's venues (`rebalance`) and be paid a part of the risk that was removed. The desk marks the book with the vault's own
/// code, measures what a hedge did by what the vault measured, and undoes a hedge that breaks one of its post-conditions. It holds no money.
/// Sizes, prices and deltas have 18 decimals, USDC amounts 6, rates are millionths, times unix seconds.
interface IHedgeDesk {
    /// @notice Parameters of hedging: rates in millionths, durations in seconds. Fixed once the vault has shares.
    /// @param seasoning age from which a trade's delta counts for a discount or a reward: the vault's own
    /// @param maxWait time away from rest after which a hedge is due inside the band as well
    /// @param orderPatience age from which a pending order no longer counts as done
    /// @param minHedge least hedge that is not all of what is due [whole USD]
    /// @param slipBase price cap at once; slipMax, after slipSpan
    /// @param auctionPremium what the auction asks over the oracle's price at its start; auctionSpan, time to its end; auctionScale, the excess
    /// that doubles its speed [whole USD]
    /// @param rewardShare part of what a hedge saves that is paid for it; rewardSpan, time in which that ramps up; rewardCap, most of the notional
    /// @param gasCap most that is paid for gas [USDC]
    /// @param budget most that is paid from a full budget [whole USD]; budgetSpan, time in which an empty one refills
    struct Rules {
        uint32 seasoning;
        uint32 maxWait;
        uint32 orderPatience;
        uint32 minHedge;
        uint32 slipBase;
        uint32 slipMax;
        uint32 slipSpan;
        uint32 auctionPremium;
        uint32 auctionSpan;
        uint32 auctionScale;
        uint32 rewardShare;
        uint32 rewardSpan;
        uint32 rewardCap;
        uint32 gasCap;
        uint32 budget;
        uint32 budgetSpan;
    }

    /// @notice The state of the hedge.
    /// @param position hedge held; target, the one that leaves no delta; deviation, what of target - position venues and free cash can close
    /// @param inner |deviation| that a hedge returns to; outer, that calls for one
    /// @param due hedge to trade now, to the inner edge (0 when none is)
    /// @param seasoned what of it counts for a discount or a reward: it was there before the trades of the last minutes
    /// @param since when a hedge was first seen to be due (0 when none is)
    /// @param slip price cap now [1e-6]
    /// @param cash what a fill of all that is due pays or is paid in the auction now [USDC]
    /// @param budget what rewards may still be paid [USDC]
    struct Need {
        int256 position;
        int256 target;
        int256 deviation;
        uint256 inner;
        uint256 outer;
        int256 due;
        uint256 seasoned;
        uint256 since;
        uint256 slip;
        uint256 cash;
        uint256 budget;
    }

    /// @param venue an allow-listed hedge venue of the vault
    /// @param size units of the underlying, positive buys
    /// @param limitPrice worst acceptable price, inside the price cap; 0 for none but the cap
    struct Leg {
        address venue;
        int256 size;
        uint256 limitPrice;
    }

    /// @param spot the price that the plan was made at: it is refused, cheaply, at any other
    /// @param payee who is paid the reward
    struct Plan {
        Leg[] legs;
        uint256 spot;
        uint256 deadline;
        address payee;
    }

    /// @param size what was hedged; cost, what it paid beyond the oracle's price; benefit, what J fell by on account of seasoned excess
    event Rebalanced(address indexed caller, address indexed payee, int256 size, int256 cost, uint256 benefit, uint256 reward);
    /// @notice A hedge of `size` was ordered at a venue that executes later: it counts as done until it is overdue.
    event HedgeOrdered(address indexed caller, address indexed venue, bytes32 key, int256 size);
    event HedgeFilled(address indexed filler, address indexed receiver, int256 size, uint256 cash);
    /// @notice A hedge is due, first seen now.
    event HedgeDue(int256 deviation, uint256 outer);
    event RulesSet(Rules rules);

    error VaultFailed(address vault);
    error OnlyOwner(address caller, address owner);
    error RulesLocked(uint256 shares);
    /// @param index of the field in `Rules`
    error RuleOutOfRange(uint256 index, uint256 value, uint256 least, uint256 most);
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice The feed has moved on since the plan was made.
    error PlanStale(uint256 spot, uint256 planned);
    /// @notice A better price than the widest that slip(t) allows: an order at it might never be filled, and would count as done.
    error OrderLimitTooTight(uint256 limitPrice, uint256 widest);
    error NoPrice();
    error NoLegs();
    error TooManyLegs(uint256 legs, uint256 limit);
    /// @notice The auction's terms are worse than the filler's limit. [USDC]
    error CashBeyondLimit(uint256 cash, uint256 limit);
    /// @notice Nothing is due. Cash deltas here and below are [USDC].
    error HedgeNotDue(int256 deviation, uint256 edge);
    error HedgeWrongWay(int256 size, int256 due);
    error HedgeTooSmall(uint256 size, uint256 least);
    error HedgeNotReduced(int256 before, int256 after_);
    error FarEdgeCrossed(int256 after_, uint256 edge);
    error SlipAboveCap(int256 cost, uint256 most);
    error RewardAboveCap(uint256 reward, uint256 most);
    error RiskRose(uint256 before, uint256 after_);
    error ValueLost(int256 lost, uint256 most);
    error ArithmeticOverflow();
    error MalformedPlan();

    /// @notice What is due now, and on which terms.
    function hedgeNeeded() external view returns (Need memory);
    /// @notice Looks, and does nothing else: the clock of a hedge that is due starts when it is first seen. Anyone.
    function poke() external;

    /// @notice Takes the other side of `size` of the hedge that is due, at the auction's price: `size` > 0 sells the underlying to the vault,
    /// `size` < 0 buys it. The vault's side goes to `receiver`; with `data`, `onHedgeFill` is then called on it; then the vault takes the caller's
    /// side, by the caller's allowance to the vault. The caller must allow the desk as much, which takes nothing: that is how the vault knows that it asked.
    /// @param limit least USDC to receive, or most to pay
    /// @return cash USDC received or paid
    function fillHedge(int256 size, uint256 limit, address receiver, bytes32 data) external returns (uint256 cash);
    /// @notice Hedges along a plan and pays its payee. Anyone.
    function rebalance(Plan calldata plan) external returns (int256 size, uint256 reward);
    /// @notice Hedges with a position at one of the broker's venues: a plan of one leg. What is done at once is paid as any hedge, at the cost
    /// that its limit allows; an order that is executed later has the widest limit (0) and is paid nothing, its venue's keepers by the call's ether.
    /// Anyone.
    /// @return key of the order, 0 when all is done
    function rebalancePosition(Plan calldata plan) external payable returns (bytes32 key, int256 size, uint256 reward);

    /// @notice Chainlink Automation, CRE and resolver networks, all into `rebalance`: the data is an ABI-encoded plan, or empty for all that is due
    /// through the vault's default venue, with the caller as payee.
    function checkUpkeep(bytes calldata) external view returns (bool upkeepNeeded, bytes memory performData);
    function performUpkeep(bytes calldata performData) external;
    function onReport(bytes calldata metadata, bytes calldata report) external;
    function checker() external view returns (bool canExec, bytes memory execPayload);
    function supportsInterface(bytes4 interfaceId) external view returns (bool);

    function vault() external view returns (address);
    function rules() external view returns (Rules memory);
    /// @notice Sets the rules while the vault has no shares. The vault's owner.
    function setRules(Rules calldata rules_) external;
}

/// @title Who takes the vault's asset before paying for it
interface IHedgeFiller {
    /// @notice The vault's side has arrived; `cash` USDC, or `size` token units of the underlying, leave the filler's allowance to the vault
    /// after this call; one to the desk must be as large.
    /// @param size token units of the underlying; positive when the vault buys
    /// @param data as the filler gave it
    function onHedgeFill(int256 size, uint256 cash, bytes32 data) external;
}
