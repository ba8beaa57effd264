// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {SD59x18} from "@prb/math/src/SD59x18.sol";
import {ABDKMath64x64} from "abdk-libraries-solidity/ABDKMath64x64.sol";
import {FixedPointMathLib as Solady} from "solady/src/utils/FixedPointMathLib.sol";
import {FixedPointMathLib as Solmate} from "solmate/src/utils/FixedPointMathLib.sol";
import {wadExp, wadLn} from "solmate/src/utils/SignedWadMath.sol";

// What the libraries of Solidity take for exp, ln and sqrt. Each is a contract of one function, and all have one signature: a call less the
// same call of `Identity` is the primitive alone, for dispatch and ABI are equal, and as the answer is returned the optimizer can leave
// nothing out. Numbers have 18 decimals, ABDK's 64 binary places. Each library is called as it documents, with the checks that it makes.

contract Identity {
    function at(int256 x) external pure returns (int256) {
        return x;
    }
}

contract SoladyExp {
    function at(int256 x) external pure returns (int256) {
        return Solady.expWad(x);
    }
}

contract SoladyLn {
    function at(int256 x) external pure returns (int256) {
        return Solady.lnWad(x);
    }
}

contract SoladySqrt {
    function at(int256 x) external pure returns (int256) {
        return int256(Solady.sqrtWad(uint256(x)));
    }
}

contract SolmateExp {
    function at(int256 x) external pure returns (int256) {
        return wadExp(x);
    }
}

contract SolmateLn {
    function at(int256 x) external pure returns (int256) {
        return wadLn(x);
    }
}

/// @dev The library's root is of integers: the argument is first multiplied by 10^18, without a check.
contract SolmateSqrt {
    function at(int256 x) external pure returns (int256) {
        unchecked {
            return int256(Solmate.sqrt(uint256(x) * 1e18));
        }
    }
}

contract PrbExp {
    function at(int256 x) external pure returns (int256) {
        return SD59x18.wrap(x).exp().unwrap();
    }
}

contract PrbLn {
    function at(int256 x) external pure returns (int256) {
        return SD59x18.wrap(x).ln().unwrap();
    }
}

contract PrbSqrt {
    function at(int256 x) external pure returns (int256) {
        return SD59x18.wrap(x).sqrt().unwrap();
    }
}

contract AbdkExp {
    function at(int256 x) external pure returns (int256) {
        return ABDKMath64x64.exp(int128(x));
    }
}

contract AbdkLn {
    function at(int256 x) external pure returns (int256) {
        return ABDKMath64x64.ln(int128(x));
    }
}

contract AbdkSqrt {
    function at(int256 x) external pure returns (int256) {
        return ABDKMath64x64.sqrt(int128(x));
    }
}
