// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

interface IArbWasm {
    function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
    function codehashVersion(bytes32 codehash) external view returns (uint16 version);
}

/// @title Deploys a Stylus program, activates it if need be and runs its constructor, in one transaction
/// @notice Speaks the interface that cargo-stylus expects at a fixed address of every chain; `equipoise-node` puts it there.
contract StylusDeployer {
    IArbWasm private constant ARB_WASM = IArbWasm(address(0x71));

    event ContractDeployed(address deployedContract);

    error ContractDeploymentError(bytes bytecode);
    error ContractInitializationError(address newContract, bytes data);
    error RefundFailed(uint256 value);

    /// @param bytecode init code
    /// @param initData calldata of the constructor; none if empty
    /// @param initValue wei that the constructor gets
    /// @param salt of CREATE2, mixed with constructor and value; zero for CREATE
    /// @return deployed the program's address; what is left of the value goes back to the caller
    function deploy(bytes calldata bytecode, bytes calldata initData, uint256 initValue, bytes32 salt)
        external
        payable
        returns (address deployed)
    {
        deployed = create(bytecode, initData, initValue, salt);
        if (!isActive(deployed.codehash)) ARB_WASM.activateProgram{value: address(this).balance - initValue}(deployed);
        if (initData.length > 0) {
            (bool done, bytes memory answer) = deployed.call{value: initValue}(initData);
            if (!done) revert ContractInitializationError(deployed, answer);
        }
        uint256 rest = address(this).balance;
        if (rest > 0) {
            (bool refunded,) = msg.sender.call{value: rest}("");
            if (!refunded) revert RefundFailed(rest);
        }
        emit ContractDeployed(deployed);
    }

    function create(bytes memory bytecode, bytes calldata initData, uint256 initValue, bytes32 salt)
        private
        returns (address deployed)
    {
        if (salt == 0) {
            assembly ("memory-safe") {
                deployed := create(0, add(bytecode, 32), mload(bytecode))
            }
        } else {
            bytes32 mixed = keccak256(abi.encode(salt, initData, initValue));
            assembly ("memory-safe") {
                deployed := create2(0, add(bytecode, 32), mload(bytecode), mixed)
            }
        }
        if (deployed == address(0)) revert ContractDeploymentError(bytecode);
    }

    function isActive(bytes32 codehash) private view returns (bool) {
        try ARB_WASM.codehashVersion(codehash) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The data fee's surplus comes back here.
    receive() external payable {}
}
