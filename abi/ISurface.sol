// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The vol surface of one vault, signed by N of M publishers
/// @notice Units: vols, rates, variances and prices have 18 decimals; times are unix seconds. The vault marks its book with `slices`.
interface ISurface {
    /// @notice One slice of the surface, raw SVI: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)), w total variance from the update's
    /// timestamp to expiry, k = ln(strike / forward). Parameters are rounded to the stored grid (a, b, s: 2^-36; rho: 2^-22; m: 2^-28;
    /// rate: 2^-30; forward: a micro-dollar, down). The rate, of forward and discount, is at most 0.5 either way.
    struct SurfaceSlice {
        uint64 expiry;
        int256 rate;
        int256 a;
        int256 b;
        int256 rho;
        int256 m;
        int256 s;
        uint256 forward;
    }

    /// @notice A surface as its publishers sign it by EIP-712, in the domain (share name, "1", chain id, this feed).
    /// @param timestamp when it was made [s]: not in the future, not before the last one's, not older than the vault's maxSurfaceAge
    /// @param nonce above the last one's
    /// @param slices one for each live expiry that has not passed, by expiry
    struct SurfaceUpdate {
        uint64 timestamp;
        uint64 nonce;
        SurfaceSlice[] slices;
    }

    event SurfacePublished(uint64 indexed nonce, uint64 timestamp, address indexed submitter);
    event SliceSet(
        uint64 indexed expiry, int256 rate, int256 a, int256 b, int256 rho, int256 m, int256 s, uint256 forward
    );
    event PublishersProposed(address[] publishers, uint8 threshold, uint64 acceptFrom);
    event PublishersSet(address[] publishers, uint8 threshold);

    /// @notice The vault did not answer, or not in the form of its ABI.
    error VaultFailed(address vault);
    error OnlyOwner(address caller, address owner);
    error TooManyPublishers(uint256 publishers, uint256 limit);
    /// @notice Publishers are given in ascending order, each once, the zero address never.
    error PublishersNotAscending(address previous, address publisher);
    /// @notice A threshold of none, or above the number of publishers.
    error ThresholdInvalid(uint8 threshold, uint256 publishers);
    /// @param acceptFrom when the proposal may be accepted; 0 when there is none
    error PublishersNotDue(uint256 acceptFrom, uint256 timestamp);

    error NoPublishers();
    error TooFewSignatures(uint256 signatures, uint256 threshold);
    /// @param index of the signature
    error SignatureInvalid(uint256 index, SignatureFault fault);
    /// @notice Signatures stand in the ascending order of their signers, each once.
    error SignersNotAscending(uint256 index, address previous, address signer);
    error NotPublisher(uint256 index, address signer);

    error NonceNotAbove(uint64 nonce, uint64 last);
    error UpdateFromFuture(uint64 timestamp, uint256 now_);
    error UpdateBeforeLast(uint64 timestamp, uint64 last);
    error UpdateTooOld(uint64 timestamp, uint256 now_, uint256 maxAge);
    /// @notice Slices stand in the ascending order of their expiries, each once.
    error SlicesNotAscending(uint64 previous, uint64 expiry);
    /// @notice The vault has no such expiry, or it has passed.
    error ExpiryNotLive(uint64 expiry);
    error SliceMissing(uint64 expiry);
    error SliceInvalid(uint64 expiry, SliceFault fault);
    /// @param density g at the strike, negative: the price of a butterfly round it
    error ButterflyArbitrage(uint64 expiry, uint256 strike, int256 density);
    /// @param shortfall total variance that the later slice lacks above a line that bounds the earlier
    error CalendarArbitrage(uint64 earlier, uint64 later, uint256 shortfall);
    /// @param shortfall slope that a wing of the later slice lacks
    error WingArbitrage(uint64 earlier, uint64 later, uint256 shortfall);
    /// @param strike 0 where the rate moves too far
    /// @param from vol at the strike by the surface that the step counts against; 0 for the rate
    /// @param to vol at the strike by the update; for the rate, its change times the time to expiry
    /// @param limit the vault's volStep
    error StepAboveLimit(uint64 expiry, uint256 strike, uint256 from, uint256 to, uint256 limit);

    /// @notice What is wrong with a slice: a field out of its range, rho not inside (-1, 1), s not positive, a negative variance, or a wing
    /// steeper than Lee's bound b (1 + |rho|) <= 2.
    enum SliceFault { Range, Rho, Sigma, NegativeVariance, Wing }

    /// @notice What is wrong with a signature: not 65 bytes, v not 27 or 28, s in the upper half of the order, or no key made it.
    enum SignatureFault { Length, V, HighS, Recovery }

    /// @notice Replaces the surface. Anyone may submit; the publishers' signatures count: at least `threshold`, by ascending signer.
    /// No vol at a listed strike may be more than the vault's volStep from the one by the surface that the step counts against (`baselines`), and
    /// no rate further from that surface's than what moves the forward by as much: change times time to expiry.
    function publish(SurfaceUpdate calldata update, bytes[] calldata signatures) external;

    /// @notice For each expiry two words: the slice as packed, and the rate in units of 2^-30; zeros where there is none. Then one word: the
    /// largest move of a listed vol, or of a forward by its rate, by the last update, in millionths, from the surface that its steps counted
    /// against. For the vault.
    /// A packed slice has, from the top, a (40 bits, 2^-36), b (40, 2^-36), rho (24, 2^-22), m (32, 2^-28), s (40, 2^-36), the forward
    /// (48, micro-dollars) and the timestamp (32).
    function slices(uint64[] calldata expiries) external view returns (bytes32[] memory);
    /// @notice The slice of an expiry, rounded down, and the timestamp of its update; zeros when there is none.
    function slice(uint64 expiry) external view returns (SurfaceSlice memory slice_, uint64 updatedAt);
    /// @notice For each expiry two words, as in `slices`, that the step of an update of `timestamp_` counts against: of a surface at least the
    /// vault's surfaceInterval older, or the expiry's first; zeros where there is none.
    function baselines(uint64 timestamp_, uint64[] calldata expiries) external view returns (bytes32[] memory);
    function vault() external view returns (address);
    /// @notice Nonce of the last update.
    function nonce() external view returns (uint64);
    /// @notice Timestamp of the last update.
    function timestamp() external view returns (uint64);

    function publishers() external view returns (address[] memory);
    function threshold() external view returns (uint8);
    /// @notice Publishers that wait to be accepted; none when nothing is proposed.
    function proposedPublishers() external view returns (address[] memory);
    function proposal() external view returns (uint8 threshold_, uint64 acceptFrom);
    /// @notice Names the publishers, ascending, and how many of them must sign. In force at once while the vault has no shares or when it
    /// only tightens: none is new and the threshold is not lower. Otherwise after two days, by `acceptPublishers`. The vault's owner. It
    /// replaces what was proposed before.
    function setPublishers(address[] calldata publishers_, uint8 threshold_) external;
    /// @notice Puts the proposed publishers in force. Anyone.
    function acceptPublishers() external;
}
