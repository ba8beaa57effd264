//! ArbSys, ArbOwnerPublic and ArbGasInfo: facts of the chain. There is no L1: its prices are 0 and nothing can be sent there.

use alloy_primitives::{Address, I256, U256, address};
use alloy_sol_types::sol;
use revm::context_interface::{Cfg, ContextTr};

use super::{Answer, Call, decode, encode};
use crate::code::FRAGMENT_LIMIT;
use crate::world::{BASE_FEE, TX_GAS};

/// The rules that the host follows, and what ArbSys adds to their number.
const ARBOS: u64 = 60;
const ARBOS_OFFSET: u64 = 55;
/// Added to an L1 contract's address when it acts here.
const ALIAS: Address = address!("1111000000000000000000000000000000001111");
/// Owner of the chain and taker of its fees, an account that nobody has.
pub(super) const NETWORK_FEE_ACCOUNT: Address = address!("a4b0500000000000000000000000000000000001");
/// Gas that ArbGasInfo names for a new slot.
const STORAGE_GAS: u64 = 20_000;
const SPEED_LIMIT: u64 = 7_000_000;

sol! {
    interface ArbSys {
        function arbBlockNumber() external view returns (uint256);
        function arbBlockHash(uint256 arbBlockNum) external view returns (bytes32);
        function arbChainID() external view returns (uint256);
        function arbOSVersion() external view returns (uint256);
        function getStorageGasAvailable() external view returns (uint256);
        function mapL1SenderContractAddressToL2Alias(address sender, address unused) external pure returns (address);
        function wasMyCallersAddressAliased() external view returns (bool);
        error InvalidBlockNumber(uint256 requested, uint256 current);
    }

    interface ArbOwnerPublic {
        function isChainOwner(address addr) external view returns (bool);
        function getAllChainOwners() external view returns (address[]);
        function getNetworkFeeAccount() external view returns (address);
        function getInfraFeeAccount() external view returns (address);
        function getBrotliCompressionLevel() external view returns (uint64);
        function isCalldataPriceIncreaseEnabled() external view returns (bool);
        function getMaxStylusContractFragments() external view returns (uint8);
        function getScheduledUpgrade() external view returns (uint64 arbosVersion, uint64 scheduledForTimestamp);
    }

    interface ArbGasInfo {
        function getPricesInWeiWithAggregator(address aggregator) external view returns (uint256, uint256, uint256, uint256, uint256, uint256);
        function getPricesInWei() external view returns (uint256, uint256, uint256, uint256, uint256, uint256);
        function getPricesInArbGasWithAggregator(address aggregator) external view returns (uint256, uint256, uint256);
        function getPricesInArbGas() external view returns (uint256, uint256, uint256);
        function getGasAccountingParams() external view returns (uint256, uint256, uint256);
        function getMinimumGasPrice() external view returns (uint256);
        function getL1BaseFeeEstimate() external view returns (uint256);
        function getL1GasPriceEstimate() external view returns (uint256);
        function getCurrentTxL1GasFees() external view returns (uint256);
        function getGasBacklog() external view returns (uint64);
        function getPricingInertia() external view returns (uint64);
        function getGasBacklogTolerance() external view returns (uint64);
        function getL1PricingSurplus() external view returns (int256);
    }
}

use ArbGasInfo::ArbGasInfoCalls;
use ArbOwnerPublic::ArbOwnerPublicCalls;
use ArbSys::ArbSysCalls;

pub(super) fn sys(call: &mut Call<'_>, input: &[u8]) -> Answer {
    call.not_payable()?;
    match decode::<ArbSysCalls>(input)? {
        ArbSysCalls::arbBlockNumber(_) => encode(U256::from(call.stylus.chain.block)),
        ArbSysCalls::arbBlockHash(asked) => {
            let current = U256::from(call.stylus.chain.block);
            let back = current.checked_sub(asked.arbBlockNum).and_then(|back| usize::try_from(back).ok());
            let parents = &call.stylus.chain.parents;
            match back.and_then(|back| back.checked_sub(1)).and_then(|index| parents.get(index)) {
                Some(hash) => encode(*hash),
                None => Err(ArbSys::InvalidBlockNumber { requested: asked.arbBlockNum, current }.into()),
            }
        }
        ArbSysCalls::arbChainID(_) => encode(U256::from(call.context.cfg().chain_id())),
        ArbSysCalls::arbOSVersion(_) => encode(U256::from(ARBOS_OFFSET + ARBOS)),
        ArbSysCalls::getStorageGasAvailable(_) => encode(U256::ZERO),
        ArbSysCalls::mapL1SenderContractAddressToL2Alias(asked) => encode(alias(asked.sender)),
        ArbSysCalls::wasMyCallersAddressAliased(_) => encode(false),
    }
}

fn alias(sender: Address) -> Address {
    let number = |address: Address| U256::from_be_slice(address.as_slice());
    Address::from_word((number(sender).wrapping_add(number(ALIAS))).into())
}

pub(super) fn owner_public(call: &mut Call<'_>, input: &[u8]) -> Answer {
    call.not_payable()?;
    match decode::<ArbOwnerPublicCalls>(input)? {
        ArbOwnerPublicCalls::isChainOwner(asked) => encode(asked.addr == NETWORK_FEE_ACCOUNT),
        ArbOwnerPublicCalls::getAllChainOwners(_) => encode(vec![NETWORK_FEE_ACCOUNT]),
        ArbOwnerPublicCalls::getNetworkFeeAccount(_) => encode(NETWORK_FEE_ACCOUNT),
        ArbOwnerPublicCalls::getInfraFeeAccount(_) => encode(NETWORK_FEE_ACCOUNT),
        ArbOwnerPublicCalls::getBrotliCompressionLevel(_) => encode(1_u64),
        // As the host's EVM charges it.
        ArbOwnerPublicCalls::isCalldataPriceIncreaseEnabled(_) => encode(true),
        ArbOwnerPublicCalls::getMaxStylusContractFragments(_) => encode(U256::from(FRAGMENT_LIMIT)),
        ArbOwnerPublicCalls::getScheduledUpgrade(_) => encode((0_u64, 0_u64)),
    }
}

pub(super) fn gas_info(call: &mut Call<'_>, input: &[u8]) -> Answer {
    call.not_payable()?;
    let minimum = U256::from(BASE_FEE);
    match decode::<ArbGasInfoCalls>(input)? {
        ArbGasInfoCalls::getPricesInWei(_) | ArbGasInfoCalls::getPricesInWeiWithAggregator(_) => {
            let total = call.base_fee();
            let storage = total * U256::from(STORAGE_GAS);
            encode((U256::ZERO, U256::ZERO, storage, minimum, total.saturating_sub(minimum), total))
        }
        ArbGasInfoCalls::getPricesInArbGas(_) | ArbGasInfoCalls::getPricesInArbGasWithAggregator(_) => {
            encode((U256::ZERO, U256::ZERO, U256::from(STORAGE_GAS)))
        }
        ArbGasInfoCalls::getGasAccountingParams(_) => {
            encode((U256::from(SPEED_LIMIT), U256::ZERO, U256::from(TX_GAS)))
        }
        ArbGasInfoCalls::getMinimumGasPrice(_) => encode(minimum),
        ArbGasInfoCalls::getL1BaseFeeEstimate(_)
        | ArbGasInfoCalls::getL1GasPriceEstimate(_)
        | ArbGasInfoCalls::getCurrentTxL1GasFees(_) => encode(U256::ZERO),
        ArbGasInfoCalls::getGasBacklog(_) => encode(0_u64),
        ArbGasInfoCalls::getPricingInertia(_) => encode(102_u64),
        ArbGasInfoCalls::getGasBacklogTolerance(_) => encode(10_u64),
        ArbGasInfoCalls::getL1PricingSurplus(_) => encode(I256::ZERO),
    }
}
