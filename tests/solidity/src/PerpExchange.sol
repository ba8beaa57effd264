// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPerpRouter, PerpOrder} from "abi/external/IExternal.sol";
import {IPerpVenue} from "abi/IPerpVenue.sol";
import {PerpRoles, PerpSpender, PerpStore, PerpVault} from "src/PerpStore.sol";

interface IWnt is IERC20 {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}

/// @title Router and order handler of a perpetuals exchange in the form of GMX V2: a test double, not GMX
/// @notice Orders are placed, and executed, cancelled or frozen later by whoever calls the keeper's functions, honestly or not. What it does
/// not model: markets' open interest, price impact, oracles, swaps, liquidation rules. All state is in the store, so that several routers
/// may work at once and one may replace another.
contract PerpExchange is IPerpRouter {
    /// What becomes of the callback of an order.
    enum Callback { Call, Lose, Starve }

    uint256 public constant EXPIRATION = 300;
    /// Fee of a position's change, in 1e-5 of its size.
    uint256 public constant FEE = 50;
    uint8 private constant INCREASE = 2;
    uint8 private constant DECREASE = 4;

    PerpRoles public immutable ROLES;
    PerpStore public immutable STORE;
    PerpVault public immutable VAULT;
    PerpSpender public immutable SPENDER;
    IWnt public immutable WNT;
    uint256 public minFee = 0.001 ether;
    Callback public callback;

    error InsufficientExecutionFee(uint256 minExecutionFee, uint256 executionFee);
    error RequestNotYetCancellable(uint256 requestAge, uint256 requestExpirationAge, string requestType);
    error Unauthorized(address account, string role);
    error EmptyOrder();
    error CallbackFailed(bytes reason);

    struct Position {
        bytes32 key;
        uint256 usd;
        uint256 tokens;
        uint256 collateral;
    }

    struct Order {
        bytes32 key;
        address account;
        address market;
        IERC20 token;
        uint256 usd;
        uint256 collateral;
        uint256 acceptable;
        uint256 fee;
        bool increase;
        bool isLong;
    }

    constructor(PerpRoles roles, PerpStore store, PerpVault vault, PerpSpender spender, IWnt wnt) {
        (ROLES, STORE, VAULT, SPENDER, WNT) = (roles, store, vault, spender, wnt);
    }

    receive() external payable {}

    function setMinFee(uint256 minFee_) external {
        minFee = minFee_;
    }

    function setCallback(Callback callback_) external {
        callback = callback_;
    }

    // What users call.

    function sendWnt(address receiver, uint256 amount) external payable {
        WNT.deposit{value: amount}();
        WNT.transfer(receiver, amount);
    }

    function sendTokens(address token, address receiver, uint256 amount) external payable {
        SPENDER.pluginTransfer(IERC20(token), msg.sender, receiver, amount);
    }

    function createOrder(PerpOrder calldata params) external payable returns (bytes32 key) {
        bool increase = params.orderType == INCREASE;
        require(increase || params.orderType == DECREASE, "order type");
        uint256 brought = increase ? VAULT.recordTransferIn(IERC20(params.addresses.initialCollateralToken)) : 0;
        uint256 fee = VAULT.recordTransferIn(WNT);
        if (fee < minFee) revert InsufficientExecutionFee(minFee, fee);
        require(fee >= params.numbers.executionFee, "fee");
        uint256 nonce = STORE.getUint(name("NONCE")) + 1;
        STORE.setUint(name("NONCE"), nonce);
        key = keccak256(abi.encode(address(STORE), nonce));
        STORE.put(name("ORDER_LIST"), key, true);
        STORE.setAddress(field(key, "ACCOUNT"), msg.sender);
        STORE.setAddress(field(key, "MARKET"), params.addresses.market);
        STORE.setAddress(field(key, "INITIAL_COLLATERAL_TOKEN"), params.addresses.initialCollateralToken);
        STORE.setAddress(field(key, "RECEIVER"), params.addresses.receiver);
        STORE.setAddress(field(key, "CALLBACK_CONTRACT"), params.addresses.callbackContract);
        STORE.setUint(field(key, "CALLBACK_GAS_LIMIT"), params.numbers.callbackGasLimit);
        STORE.setUint(field(key, "ORDER_TYPE"), params.orderType);
        STORE.setUint(field(key, "SIZE_DELTA_USD"), params.numbers.sizeDeltaUsd);
        uint256 collateral = increase ? brought : params.numbers.initialCollateralDeltaAmount;
        STORE.setUint(field(key, "INITIAL_COLLATERAL_DELTA_AMOUNT"), collateral);
        STORE.setUint(field(key, "ACCEPTABLE_PRICE"), params.numbers.acceptablePrice);
        STORE.setUint(field(key, "EXECUTION_FEE"), fee);
        STORE.setUint(field(key, "UPDATED_AT_TIME"), block.timestamp);
        STORE.setBool(field(key, "IS_LONG"), params.isLong);
    }

    function cancelOrder(bytes32 key) external payable {
        Order memory order = load(key);
        if (order.account != msg.sender) revert Unauthorized(msg.sender, "account for cancelOrder");
        uint256 age = block.timestamp - STORE.getUint(field(key, "UPDATED_AT_TIME"));
        if (age < EXPIRATION) revert RequestNotYetCancellable(age, EXPIRATION, "Order");
        cancel(order);
    }

    function claimFundingFees(address[] calldata markets, address[] calldata tokens, address receiver)
        external
        payable
        returns (uint256[] memory amounts)
    {
        amounts = new uint256[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            amounts[i] = claim(keccak256(abi.encode(name("CLAIMABLE_FUNDING_AMOUNT"), markets[i], tokens[i], msg.sender)), tokens[i], receiver);
        }
    }

    function claimCollateral(
        address[] calldata markets,
        address[] calldata tokens,
        uint256[] calldata timeKeys,
        address receiver
    ) external payable returns (uint256[] memory amounts) {
        amounts = new uint256[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            bytes32 kind = name("CLAIMABLE_COLLATERAL_AMOUNT");
            amounts[i] = claim(keccak256(abi.encode(kind, markets[i], tokens[i], timeKeys[i], msg.sender)), tokens[i], receiver);
        }
    }

    // What the exchange's keepers do. Prices have GMX's decimals: 30 less the token's.

    /// @notice Executes at `price`, or cancels where the order does not accept it.
    function execute(bytes32 key, uint256 price) external {
        Order memory order = load(key);
        bool buys = order.increase == order.isLong;
        if (buys ? price > order.acceptable : price < order.acceptable) return cancel(order);
        fill(order, price, order.usd, true);
    }

    /// @notice Executes at a price that the order does not accept.
    function executeBadly(bytes32 key, uint256 price) external {
        Order memory order = load(key);
        fill(order, price, order.usd, true);
    }

    /// @notice Executes a part in percent. The order is done with, or stays for the rest.
    function executePart(bytes32 key, uint256 price, uint256 percent, bool done) external {
        Order memory order = load(key);
        uint256 usd = order.usd * percent / 100;
        if (!done) STORE.setUint(field(key, "SIZE_DELTA_USD"), order.usd - usd);
        fill(order, price, usd, done);
        if (!done) STORE.setUint(field(key, "INITIAL_COLLATERAL_DELTA_AMOUNT"), 0);
    }

    function cancelAsKeeper(bytes32 key) external {
        cancel(load(key));
    }

    function freeze(bytes32 key) external {
        Order memory order = load(key);
        STORE.setBool(field(key, "IS_FROZEN"), true);
        hint(order, IPerpVenue.afterOrderFrozen.selector);
    }

    /// @notice Reduces a position by `usd` with no order of its account's and no callback.
    function deleverage(address account, address market, IERC20 token, bool isLong, uint256 usd, uint256 price) external {
        Order memory order = Order(0, account, market, token, usd, 0, 0, 0, false, isLong);
        decrease(order, price, usd);
    }

    /// @notice Sends a callback that is not due, or again, or under another key: `claims` is what it says of the order's size.
    function lie(address venue, bytes4 method, bytes32 key, uint256 claims) external {
        (bool done, bytes memory reason) = venue.call(callbackData(method, key, claims));
        if (!done) revert CallbackFailed(reason);
    }

    /// @notice Fees that positions of a side owe since: per dollar of size, in GMX's decimals.
    function accrue(address market, IERC20 token, bool isLong, uint256 borrowing, uint256 funding) external {
        bytes32 factor = keccak256(abi.encode(name("CUMULATIVE_BORROWING_FACTOR"), market, isLong));
        STORE.setUint(factor, STORE.getUint(factor) + borrowing);
        bytes32 perSize = keccak256(abi.encode(name("FUNDING_FEE_AMOUNT_PER_SIZE"), market, token, isLong));
        STORE.setUint(perSize, STORE.getUint(perSize) + funding);
    }

    function owe(address market, address token, address account, uint256 amount) external {
        STORE.setUint(keccak256(abi.encode(name("CLAIMABLE_FUNDING_AMOUNT"), market, token, account)), amount);
    }

    function oweRebate(address market, address token, uint256 timeKey, address account, uint256 amount) external {
        bytes32 kind = name("CLAIMABLE_COLLATERAL_AMOUNT");
        STORE.setUint(keccak256(abi.encode(kind, market, token, timeKey, account)), amount);
    }

    function setImpact(address account, address market, address token, bool isLong, int256 amount) external {
        STORE.setInt(field(keccak256(abi.encode(account, market, token, isLong)), "PENDING_IMPACT_AMOUNT"), amount);
    }

    // Inside.

    function name(string memory text) private pure returns (bytes32) {
        return keccak256(abi.encode(text));
    }

    function field(bytes32 key, string memory text) private pure returns (bytes32) {
        return keccak256(abi.encode(key, name(text)));
    }

    function claim(bytes32 key, address token, address receiver) private returns (uint256 amount) {
        amount = STORE.getUint(key);
        STORE.setUint(key, 0);
        if (amount > 0) VAULT.transferOut(IERC20(token), receiver, amount);
    }

    function load(bytes32 key) private view returns (Order memory order) {
        if (!STORE.containsBytes32(name("ORDER_LIST"), key)) revert EmptyOrder();
        order.key = key;
        order.account = STORE.getAddress(field(key, "ACCOUNT"));
        order.market = STORE.getAddress(field(key, "MARKET"));
        order.token = IERC20(STORE.getAddress(field(key, "INITIAL_COLLATERAL_TOKEN")));
        order.usd = STORE.getUint(field(key, "SIZE_DELTA_USD"));
        order.collateral = STORE.getUint(field(key, "INITIAL_COLLATERAL_DELTA_AMOUNT"));
        order.acceptable = STORE.getUint(field(key, "ACCEPTABLE_PRICE"));
        order.fee = STORE.getUint(field(key, "EXECUTION_FEE"));
        order.increase = STORE.getUint(field(key, "ORDER_TYPE")) == INCREASE;
        order.isLong = STORE.getBool(field(key, "IS_LONG"));
    }

    function cancel(Order memory order) private {
        STORE.put(name("ORDER_LIST"), order.key, false);
        if (order.increase && order.collateral > 0) VAULT.transferOut(order.token, order.account, order.collateral);
        hint(order, IPerpVenue.afterOrderCancellation.selector);
        pay(order);
    }

    function fill(Order memory order, uint256 price, uint256 usd, bool done) private {
        if (done) STORE.put(name("ORDER_LIST"), order.key, false);
        if (order.increase) increase(order, price, usd);
        else decrease(order, price, usd);
        if (!done) return;
        hint(order, IPerpVenue.afterOrderExecution.selector);
        pay(order);
    }

    function increase(Order memory order, uint256 price, uint256 usd) private {
        Position memory position = read(order);
        position.collateral += order.collateral;
        position.collateral -= fees(order, position, usd);
        position.usd += usd;
        position.tokens += usd / price;
        write(order, position);
    }

    function decrease(Order memory order, uint256 price, uint256 usd) private {
        Position memory position = read(order);
        if (usd > position.usd) usd = position.usd;
        uint256 tokens = usd == position.usd ? position.tokens : position.tokens * usd / position.usd;
        int256 gain = int256(tokens * price) - int256(usd);
        if (!order.isLong) gain = -gain;
        // Dollars of 30 decimals to USDC, in the exchange's favour.
        gain = gain >= 0 ? gain / 1e24 : -((-gain + 1e24 - 1) / 1e24);
        int256 left = int256(position.collateral) + gain - int256(fees(order, position, usd));
        require(left >= 0, "insolvent");
        position.collateral = uint256(left);
        (position.usd, position.tokens) = (position.usd - usd, position.tokens - tokens);
        uint256 paid = position.usd == 0 ? position.collateral : order.collateral + (gain > 0 ? uint256(gain) : 0);
        position.collateral -= paid;
        write(order, position);
        if (paid > 0) VAULT.transferOut(order.token, order.account, paid);
    }

    /// @dev Borrowing and funding on the whole position, and the fee of the change.
    function fees(Order memory order, Position memory position, uint256 usd) private view returns (uint256) {
        uint256 factor = STORE.getUint(keccak256(abi.encode(name("CUMULATIVE_BORROWING_FACTOR"), order.market, order.isLong)));
        uint256 since = STORE.getUint(field(position.key, "BORROWING_FACTOR"));
        uint256 borrowing = position.usd / 1e15 * (factor - since) / 1e15;
        bytes32 perSize = keccak256(abi.encode(name("FUNDING_FEE_AMOUNT_PER_SIZE"), order.market, order.token, order.isLong));
        uint256 funding = position.usd / 1e15 * (STORE.getUint(perSize) - STORE.getUint(field(position.key, "FUNDING_FEE_AMOUNT_PER_SIZE"))) / 1e30;
        return (borrowing + usd * FEE / 1e5 + 1e24 - 1) / 1e24 + funding;
    }

    function read(Order memory order) private view returns (Position memory position) {
        position.key = keccak256(abi.encode(order.account, order.market, order.token, order.isLong));
        position.usd = STORE.getUint(field(position.key, "SIZE_IN_USD"));
        position.tokens = STORE.getUint(field(position.key, "SIZE_IN_TOKENS"));
        position.collateral = STORE.getUint(field(position.key, "COLLATERAL_AMOUNT"));
    }

    function write(Order memory order, Position memory position) private {
        STORE.setUint(field(position.key, "SIZE_IN_USD"), position.usd);
        STORE.setUint(field(position.key, "SIZE_IN_TOKENS"), position.tokens);
        STORE.setUint(field(position.key, "COLLATERAL_AMOUNT"), position.collateral);
        bytes32 factor = keccak256(abi.encode(name("CUMULATIVE_BORROWING_FACTOR"), order.market, order.isLong));
        STORE.setUint(field(position.key, "BORROWING_FACTOR"), STORE.getUint(factor));
        bytes32 perSize = keccak256(abi.encode(name("FUNDING_FEE_AMOUNT_PER_SIZE"), order.market, order.token, order.isLong));
        STORE.setUint(field(position.key, "FUNDING_FEE_AMOUNT_PER_SIZE"), STORE.getUint(perSize));
    }

    /// @dev The keeper keeps what it says it spent, here the least fee; the rest goes back in ether, or wrapped if that is refused.
    function pay(Order memory order) private {
        VAULT.transferOut(WNT, address(this), order.fee);
        uint256 refund = order.fee - minFee;
        WNT.withdraw(refund);
        (bool taken,) = order.account.call{value: refund, gas: 200_000}("");
        if (taken) return;
        WNT.deposit{value: refund}();
        WNT.transfer(order.account, refund);
    }

    function hint(Order memory order, bytes4 method) private {
        address to = STORE.getAddress(field(order.key, "CALLBACK_CONTRACT"));
        if (callback == Callback.Lose || to == address(0)) return;
        uint256 gasLimit = callback == Callback.Starve ? 2_000 : STORE.getUint(field(order.key, "CALLBACK_GAS_LIMIT"));
        // As GMX does: what becomes of it changes nothing.
        to.call{gas: gasLimit}(callbackData(method, order.key, order.usd));
    }

    function callbackData(bytes4 method, bytes32 key, uint256 claims) private pure returns (bytes memory) {
        IPerpVenue.EventLogData memory order;
        IPerpVenue.EventLogData memory eventData;
        order.uintItems.items = new IPerpVenue.UintKeyValue[](1);
        order.uintItems.items[0] = IPerpVenue.UintKeyValue("sizeDeltaUsd", claims);
        return abi.encodeWithSelector(method, key, order, eventData);
    }
}
