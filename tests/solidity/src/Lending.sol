// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IEquipoise} from "abi/IEquipoise.sol";
import {IERC20} from "abi/IERC20.sol";
import {ILens} from "abi/ILens.sol";
import {IVault} from "abi/IVault.sol";

/// @title A mock of a lending market: USDC lent against options as collateral
/// @notice A mock, to show what an integrator does with `collateralValue`: one lender, no interest, one loan for each borrower, bad debt
/// stays with the lender. It lends no more than `LOAN_TO_VALUE` of what the vault would pay for the collateral now, and past `LIQUIDATION`
/// anyone may have the vault buy all of it.
contract Lending {
    IEquipoise public immutable VAULT;
    ILens public immutable LENS;
    IERC20 public immutable USDC;

    /// @notice Parts of the collateral's value, in percent.
    uint256 public constant LOAN_TO_VALUE = 60;
    uint256 public constant LIQUIDATION = 80;

    struct Loan {
        uint256 series;
        uint256 amount;
        uint256 debt;
    }

    mapping(address => Loan) public loans;

    event Liquidated(address indexed borrower, uint256 received, uint256 repaid);

    error OtherSeries(uint256 series);
    error AboveLimit(uint256 debt, uint256 limit);
    error Healthy(uint256 debt, uint256 limit);

    constructor(IEquipoise vault, ILens lens) {
        VAULT = vault;
        LENS = lens;
        USDC = IERC20(vault.asset());
    }

    /// @notice What the vault would pay for a borrower's collateral now. [USDC]
    function value(address borrower) public view returns (uint256) {
        Loan storage loan = loans[borrower];
        return LENS.collateralValue(address(VAULT), loan.series, loan.amount);
    }

    /// @notice Takes options of one series as collateral.
    function pledge(uint256 series, uint256 amount) external {
        Loan storage loan = loans[msg.sender];
        if (loan.amount > 0 && loan.series != series) revert OtherSeries(loan.series);
        loan.series = series;
        loan.amount += amount;
        VAULT.transferFrom(msg.sender, address(this), series, amount);
    }

    /// @notice Lends `assets` to the caller, inside the haircut.
    function borrow(uint256 assets) external {
        Loan storage loan = loans[msg.sender];
        loan.debt += assets;
        uint256 limit = value(msg.sender) * LOAN_TO_VALUE / 100;
        if (loan.debt > limit) revert AboveLimit(loan.debt, limit);
        USDC.transfer(msg.sender, assets);
    }

    /// @notice Repays all of a loan and gives the collateral back.
    function repay() external {
        Loan memory loan = loans[msg.sender];
        delete loans[msg.sender];
        USDC.transferFrom(msg.sender, address(this), loan.debt);
        VAULT.transfer(msg.sender, loan.series, loan.amount);
    }

    /// @notice Sells the collateral of an unhealthy loan to the vault, for no less than its value now, and gives the borrower what is left.
    function liquidate(address borrower) external returns (uint256 received) {
        Loan memory loan = loans[borrower];
        uint256 worth = value(borrower);
        uint256 limit = worth * LIQUIDATION / 100;
        if (loan.debt <= limit) revert Healthy(loan.debt, limit);
        delete loans[borrower];

        IVault.Leg[] memory legs = new IVault.Leg[](1);
        legs[0] = IVault.Leg(loan.series, -int256(loan.amount));
        received = uint256(-VAULT.trade(legs, -int256(worth), address(this), block.timestamp));
        uint256 repaid = received < loan.debt ? received : loan.debt;
        emit Liquidated(borrower, received, repaid);
        USDC.transfer(borrower, received - repaid);
    }
}

/// @title The README's example: what a protocol reads before it takes a vault's options, in one call
contract Reader {
    ILens public immutable LENS;

    constructor(ILens lens) {
        LENS = lens;
    }

    /// @notice What the vault can lose at worst, and what it would pay now for `amount` of a series. [USDC]
    function look(address vault, uint256 series, uint256 amount) external view returns (uint256 loss, uint256 value) {
        loss = LENS.worstCase(vault).loss;
        value = LENS.collateralValue(vault, series, amount);
    }
}
