// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

interface IProbedToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
}

interface IProbedVenue {
    function hedge(int256 size, uint256 cashLimit) external returns (uint256 cash);
}

/// @title Stands in for a vault in an `eth_call`: hedges each size through a venue as the vault would, and undoes it
/// @dev For the keeper, `crates/keeper/src/probe.rs`. It has no state and is deployed nowhere.
contract Probe {
    struct Fill {
        uint256 units;
        uint256 cash;
        bytes refusal;
    }

    error Filled(uint256 units, uint256 cash);

    function probe(address venue, address asset, address underlying, int256[] calldata sizes, uint256[] calldata limits)
        external
        returns (Fill[] memory fills)
    {
        fills = new Fill[](sizes.length);
        for (uint256 i = 0; i < sizes.length; ++i) {
            try this.trade(venue, asset, underlying, sizes[i], limits[i]) {}
            catch (bytes memory data) {
                if (data.length == 68 && bytes4(data) == Filled.selector) {
                    (fills[i].units, fills[i].cash) = numbers(data);
                } else {
                    fills[i].refusal = data.length == 0 ? bytes(hex"00000000") : data;
                }
            }
        }
    }

    /// @notice Always reverts: with `Filled`, or with what the venue reverts with.
    function trade(address venue, address asset, address underlying, int256 size, uint256 limit) external {
        bool buying = size > 0;
        uint256 assets = IProbedToken(asset).balanceOf(address(this));
        uint256 units = IProbedToken(underlying).balanceOf(address(this));
        IProbedToken(buying ? asset : underlying).transfer(venue, buying ? limit : uint256(-size));
        IProbedVenue(venue).hedge(size, limit);
        uint256 assetsAfter = IProbedToken(asset).balanceOf(address(this));
        uint256 unitsAfter = IProbedToken(underlying).balanceOf(address(this));
        if (buying) revert Filled(unitsAfter - units, assets - assetsAfter);
        revert Filled(units - unitsAfter, assetsAfter - assets);
    }

    function numbers(bytes memory data) private pure returns (uint256 units, uint256 cash) {
        assembly {
            units := mload(add(data, 36))
            cash := mload(add(data, 68))
        }
    }
}
