// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title A contract that does what its calldata says, step by step
/// @notice `tests/system/differential/script.wat` is the same program for the Stylus VM. A step is a word, with the opcode in its first byte,
/// the payload's length in bytes 8 to 12 and an address in the last 20, and then the payload. Calls add a word for their success and what
/// they returned to the output, loads add a word, and the output is returned after the last step.
contract Script {
    fallback(bytes calldata script) external payable returns (bytes memory output) {
        uint256 at = 0;
        while (at + 32 <= script.length) {
            uint256 header = uint256(bytes32(script[at:at + 32]));
            bytes calldata payload = script[at + 32:at + 32 + uint32(header >> 160)];
            at += 32 + payload.length;
            output = bytes.concat(output, step(header >> 248, address(uint160(header)), payload));
        }
    }

    function step(uint256 op, address to, bytes calldata payload) private returns (bytes memory) {
        if (op <= 2 || op == 8) return call(op, to, payload);
        bytes32 first = payload.length < 32 ? bytes32(0) : bytes32(payload[:32]);
        bytes32 second = payload.length < 64 ? bytes32(0) : bytes32(payload[32:64]);
        if (op == 4) {
            assembly { first := sload(first) }
            return bytes.concat(first);
        }
        if (op == 9) return abi.encode(msg.sender, msg.value, address(this));
        if (op == 11) {
            assembly { first := tload(first) }
            return bytes.concat(first);
        }
        if (op == 3) {
            assembly { sstore(first, second) }
        } else if (op == 5) {
            bytes memory data = payload[32:];
            assembly { log1(add(data, 32), mload(data), first) }
        } else if (op == 6) {
            bytes memory data = payload;
            assembly { revert(add(data, 32), mload(data)) }
        } else if (op == 7) {
            assembly { invalid() }
        } else if (op == 10) {
            assembly { tstore(first, second) }
        }
        return "";
    }

    function call(uint256 op, address to, bytes calldata payload) private returns (bytes memory) {
        bool success;
        bytes memory returned;
        // An eighth each, so that callees which burn all they have leave enough for the rest of the script.
        uint256 share = gasleft() / 8;
        if (op == 0) (success, returned) = to.call{gas: share}(payload);
        else if (op == 1) (success, returned) = to.delegatecall{gas: share}(payload);
        else if (op == 2) (success, returned) = to.staticcall{gas: share}(payload);
        else (success, returned) = to.call{gas: share, value: uint256(bytes32(payload[:32]))}(payload[32:]);
        return bytes.concat(abi.encode(success), returned);
    }
}
