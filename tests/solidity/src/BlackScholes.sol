// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {FixedPointMathLib as Solady} from "solady/src/utils/FixedPointMathLib.sol";

/// @title What a call of `SoladyBlackScholes` costs without the mathematics
contract IdentityBlackScholes {
    function at(int256 spot, int256 strike, int256 time, int256 vol, int256 rate)
        external
        pure
        returns (int256, int256, int256, int256, int256)
    {
        return (spot, strike, time, vol, rate);
    }
}

/// @title Black-Scholes on Solady's primitives: a call and its greeks in one pass
/// @dev No Solidity library answers price and greeks in one call, so this is merged by hand and shares what can be shared: one ln, one sqrt
/// and, as K e^-rT phi(d2) = S phi(d1), two exp. Nothing is checked. Numbers have 18 decimals; figures are good to 1e-15 of spot.
contract SoladyBlackScholes {
    using Solady for int256;
    using Solady for uint256;

    int256 private constant WAD = 1e18;
    int256 private constant ONE_BY_ROOT_TWO_PI = 0.398942280401432678e18;

    /// @notice Time is in years, theta for a year, vega for 1.00 of vol.
    function at(int256 spot, int256 strike, int256 time, int256 vol, int256 rate)
        external
        pure
        returns (int256 call, int256 delta, int256 gamma, int256 vega, int256 theta)
    {
        unchecked {
            int256 root = int256(uint256(time).sqrtWad());
            int256 deviation = vol.rawSMulWad(root);
            int256 present = strike.rawSMulWad((-rate).rawSMulWad(time).expWad());
            int256 d1 = spot.rawSDivWad(present).lnWad().rawSDivWad(deviation) + deviation / 2;
            int256 bell = (-d1).rawSMulWad(d1 / 2).expWad();
            delta = normal(d1, bell);
            int256 exercised = present.rawSMulWad(normal(d1 - deviation, (bell * spot).rawSDiv(present)));
            call = spot.rawSMulWad(delta) - exercised;
            int256 density = bell.rawSMulWad(ONE_BY_ROOT_TWO_PI);
            gamma = density.rawSDivWad(spot.rawSMulWad(deviation));
            vega = spot.rawSMulWad(density).rawSMulWad(root);
            theta = (-vega * vol).rawSDiv(2 * time) - rate.rawSMulWad(exercised);
        }
    }

    /// @dev The normal distribution function, given exp(-x^2 / 2): the rational function 5666 of Hart, Computer Approximations (1968), which
    /// West, Better Approximations to Cumulative Normal Functions (2005), takes for |x| below 7.07. It is good to 5e-17 there; beyond, where
    /// all of the tail is under 1e-12, to 3e-21.
    function normal(int256 x, int256 bell) private pure returns (int256) {
        unchecked {
            // In 2^-64, so that each step of Horner's rule ends in a shift.
            uint256 z = (uint256(x < 0 ? -x : x) << 64) / uint256(WAD);
            uint256 p = 0.03526249659989109e18;
            p = (p * z >> 64) + 0.7003830644436881e18;
            p = (p * z >> 64) + 6.373962203531650e18;
            p = (p * z >> 64) + 33.91286607838300e18;
            p = (p * z >> 64) + 112.0792914978709e18;
            p = (p * z >> 64) + 221.2135961699311e18;
            p = (p * z >> 64) + 220.2068679123761e18;
            uint256 q = 0.08838834764831844e18;
            q = (q * z >> 64) + 1.755667163182642e18;
            q = (q * z >> 64) + 16.06417757920695e18;
            q = (q * z >> 64) + 86.78073220294608e18;
            q = (q * z >> 64) + 296.5642487796737e18;
            q = (q * z >> 64) + 637.3336333788311e18;
            q = (q * z >> 64) + 793.8265125199484e18;
            q = (q * z >> 64) + 440.4137358247522e18;
            int256 tail = int256((uint256(bell) * p).rawDiv(q));
            return x < 0 ? tail : WAD - tail;
        }
    }
}
