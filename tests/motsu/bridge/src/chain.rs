//! The face that tests use: a chain of bridged contracts, called by calldata.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, LogData, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use motsu::prelude::{Contract as Deployed, Funding, ResultExt};
use stylus_sdk::ArbResult;
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

use crate::program::{Bridge, Contract};
use crate::{host, world};

/// A chain of contracts that live as long as it does. One at a time in a thread: motsu keeps one VM for each.
///
/// ```
/// use alloy_primitives::{U256, aliases::U80};
/// use alloy_sol_types::SolCall;
/// use bridge::mocks::{IMockFeed, MockFeed};
/// use bridge::{Chain, account};
/// use interfaces::external::IAggregator::latestRoundDataCall;
///
/// let mut chain = Chain::new();
/// let feed = chain.deploy::<MockFeed>(account("owner"), &[]).unwrap();
/// let answer = "250000000000".parse().unwrap();
/// let now = U256::from(chain.now());
/// chain.send(account("owner"), feed, IMockFeed::pushCall { answer, startedAt: now, updatedAt: now }).unwrap();
///
/// let round = chain.view(feed, latestRoundDataCall {}).unwrap();
/// assert_eq!((round.roundId, round.answer), (U80::ONE, answer));
/// ```
#[derive(Default)]
pub struct Chain {
    contracts: BTreeMap<Address, Box<dyn Program>>,
    deployed: u64,
}

/// A contract of any type.
trait Program {
    /// A transaction: rolled back when it fails or is not to be kept.
    fn call(&self, sender: Address, value: U256, input: Vec<u8>, keep: bool) -> ArbResult;
    fn events(&self) -> Vec<LogData>;
    fn storage(&self) -> Vec<(U256, B256)>;
}

impl<C: Contract> Program for Deployed<Bridge<C>> {
    fn call(&self, sender: Address, value: U256, input: Vec<u8>, keep: bool) -> ArbResult {
        let value = alloy_primitives_08::U256::from_limbs(*value.as_limbs());
        let mut call = self.sender_and_value(old(sender), value);
        // motsu takes its backup, moves the value and sets the message when the contract is borrowed.
        let _bridge: &mut Bridge<C> = &mut call;
        let result = Bridge::<C>::enter(input);
        world::with(world::World::begin);
        let outcome = if keep { result.as_ref().map(|_| ()).map_err(|_| ()) } else { Err(()) };
        let _ = outcome.motsu_res();
        result
    }

    fn events(&self) -> Vec<LogData> {
        let new = |log: alloy_primitives_08::LogData| {
            let topics = log.topics().iter().map(|topic| topic.0.into()).collect();
            LogData::new_unchecked(topics, log.data.0.into())
        };
        self.all_events().into_iter().map(new).collect()
    }

    fn storage(&self) -> Vec<(U256, B256)> {
        let mut call = self.sender(old(Address::ZERO));
        // Borrowed only to make it the running contract.
        let _bridge: &mut Bridge<C> = &mut call;
        let storage = host::storage();
        let _ = Err::<(), ()>(()).motsu_res();
        storage
    }
}

/// All that a transaction can change: of each contract the slots that hold something, and the logs. Tokens keep balances in their slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(BTreeMap<Address, (Vec<(U256, B256)>, Vec<LogData>)>);

fn old(address: Address) -> alloy_primitives_08::Address {
    alloy_primitives_08::Address::from(address.0.0)
}

/// The account of this name: the same address in every run.
#[must_use]
pub fn account(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

/// The error of type `E` that revert data encodes.
///
/// # Panics
/// When it encodes something else.
#[track_caller]
#[must_use]
pub fn revert<E: SolError>(data: &[u8]) -> E {
    match E::abi_decode(data) {
        Ok(error) => error,
        Err(_) => {
            panic!("expected {}, got revert data 0x{}", E::SIGNATURE, alloy_primitives::hex::encode(data))
        }
    }
}

impl Chain {
    /// An empty chain on 1 January 2025.
    #[must_use]
    pub fn new() -> Self {
        world::with(|world| *world = world::World::default());
        Self::default()
    }

    /// Deploys `C` and calls its constructor with ABI-encoded `arguments`. A contract without constructor is given none.
    ///
    /// # Errors
    /// The constructor's revert data; nothing is deployed.
    pub fn deploy<C: Contract>(&mut self, deployer: Address, arguments: &[u8]) -> Result<Address, Vec<u8>> {
        self.deployed += 1;
        let address = account(&format!("contract {}", self.deployed));
        self.contracts.insert(address, Box::new(Deployed::<Bridge<C>>::new_at(old(address))));
        let input = [&CONSTRUCTOR_SELECTOR.to_be_bytes(), arguments].concat();
        match self.call(deployer, address, &input) {
            Err(data) if !(data.is_empty() && arguments.is_empty()) => {
                self.contracts.remove(&address);
                Err(data)
            }
            _ => Ok(address),
        }
    }

    /// A transaction from `sender`: return data, or revert data and nothing changed. An address without code answers nothing.
    ///
    /// # Errors
    /// Revert data; empty when the contract panicked or wrote in a static call.
    pub fn call(&mut self, sender: Address, to: Address, input: &[u8]) -> ArbResult {
        self.transact(sender, to, U256::ZERO, input)
    }

    /// [`Chain::call`] with `value` wei. The sender must have them: see [`Chain::fund`].
    ///
    /// # Errors
    /// As for [`Chain::call`].
    pub fn transact(&mut self, sender: Address, to: Address, value: U256, input: &[u8]) -> ArbResult {
        self.run(sender, to, value, input, true)
    }

    /// What a transaction would answer now. Nothing is kept of it.
    ///
    /// # Errors
    /// As for [`Chain::call`].
    pub fn simulate(&self, sender: Address, to: Address, input: &[u8]) -> ArbResult {
        self.run(sender, to, U256::ZERO, input, false)
    }

    fn run(&self, sender: Address, to: Address, value: U256, input: &[u8], keep: bool) -> ArbResult {
        let program = self.contracts.get(&to);
        program.map_or(Ok(Vec::new()), |program| program.call(sender, value, input.to_vec(), keep))
    }

    /// [`Chain::call`] with a typed call and a typed answer.
    ///
    /// # Errors
    /// As for [`Chain::call`].
    ///
    /// # Panics
    /// When the answer is not what the interface says.
    #[track_caller]
    pub fn send<T: SolCall>(&mut self, sender: Address, to: Address, call: T) -> Result<T::Return, Vec<u8>> {
        self.call(sender, to, &call.abi_encode()).map(|data| decode::<T>(&data))
    }

    /// [`Chain::simulate`] with a typed call and a typed answer, from nobody in particular.
    ///
    /// # Errors
    /// As for [`Chain::call`].
    ///
    /// # Panics
    /// When the answer is not what the interface says.
    #[track_caller]
    pub fn view<T: SolCall>(&self, to: Address, call: T) -> Result<T::Return, Vec<u8>> {
        self.simulate(account("viewer"), to, &call.abi_encode()).map(|data| decode::<T>(&data))
    }

    /// All logs of a contract, oldest first. motsu keeps them by contract: their order between contracts is not known.
    #[must_use]
    pub fn events(&self, contract: Address) -> Vec<LogData> {
        self.contracts.get(&contract).map_or_else(Vec::new, |program| program.events())
    }

    /// The events of type `E` among a contract's logs.
    #[must_use]
    pub fn events_of<E: SolEvent>(&self, contract: Address) -> Vec<E> {
        let decode = |log: LogData| E::decode_log_data_validate(&log).ok();
        self.events(contract).into_iter().filter_map(decode).collect()
    }

    /// Storage and logs of every contract, to be compared with later ones.
    #[must_use]
    pub fn state(&self) -> State {
        let all = self.contracts.iter();
        State(all.map(|(address, program)| (*address, (program.storage(), program.events()))).collect())
    }

    /// Block time [s].
    #[must_use]
    pub fn now(&self) -> u64 {
        world::with(|world| world.timestamp)
    }

    /// Sets the block time and starts a new block.
    pub fn warp(&mut self, timestamp: u64) {
        world::with(|world| {
            world.timestamp = timestamp;
            world.block += 1;
        });
    }

    /// Whether a contract that is open on the call stack is refused before its router runs, with empty data, as the SDK's entrypoint does.
    /// On at first; off lets a test see the contract's own lock.
    pub fn set_sdk_guard(&mut self, on: bool) {
        world::with(|world| world.sdk_guard = on);
    }

    /// Gives an account `value` wei. At least one contract must have been deployed.
    pub fn fund(&mut self, account: Address, value: U256) {
        old(account).fund(alloy_primitives_08::U256::from_limbs(*value.as_limbs()));
    }
}

#[track_caller]
fn decode<T: SolCall>(data: &[u8]) -> T::Return {
    match T::abi_decode_returns_validate(data) {
        Ok(answer) => answer,
        Err(error) => panic!("{} answered 0x{}: {error}", T::SIGNATURE, alloy_primitives::hex::encode(data)),
    }
}
