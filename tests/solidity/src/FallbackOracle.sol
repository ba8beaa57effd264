// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

interface IFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// @title The fallback of Aave's oracle on the stage: the underlying at the vault's feed, everything else at a dollar
/// @dev Aave asks its sources for `latestAnswer`, which the feed does not have, and this contract where it has no source. Prices are in
/// Aave's base currency, dollars of 8 decimals. For tests of an oracle that lags, a price may be fixed.
contract FallbackOracle {
    address public immutable UNDERLYING;
    IFeed public immutable FEED;
    uint256 public fixedPrice;

    constructor(address underlying, IFeed feed) {
        UNDERLYING = underlying;
        FEED = feed;
    }

    function fix(uint256 price) external {
        fixedPrice = price;
    }

    function getAssetPrice(address asset) external view returns (uint256) {
        if (asset != UNDERLYING) return 1e8;
        if (fixedPrice > 0) return fixedPrice;
        (, int256 answer,,,) = FEED.latestRoundData();
        return uint256(answer);
    }
}
