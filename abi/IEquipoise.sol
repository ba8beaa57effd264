// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IERC20} from "./IERC20.sol";
import {IERC165} from "./IERC165.sol";
import {IERC4626} from "./IERC4626.sol";
import {IERC6909} from "./IERC6909.sol";
import {IVault} from "./IVault.sol";

/// @title Everything that a vault answers to
interface IEquipoise is IERC20, IERC165, IERC4626, IERC6909, IVault {}
