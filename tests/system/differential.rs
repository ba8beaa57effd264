//! One program in Solidity and in WASM, through levels of calls with reverts in the middle: whichever of the two runs at a level, state, logs
//! and return data are the same.

use host::alloy_primitives::{address, Address, Bytes, B256, U256};
use host::{Log, SessionCall, World};
use proptest::prelude::*;

/// Who plays a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Solidity,
    Wasm,
}
use Language::{Solidity, Wasm};

const CALLER: Address = address!("00000000000000000000000000000000000000ee");
const LEVELS: [Address; 3] = [
    address!("a000000000000000000000000000000000000001"),
    address!("a000000000000000000000000000000000000002"),
    address!("a000000000000000000000000000000000000003"),
];
/// Slots that scripts use.
const SLOTS: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    Call(usize, Vec<Step>),
    DelegateCall(usize, Vec<Step>),
    StaticCall(usize, Vec<Step>),
    Store(u8, u8),
    Load(u8),
    Log(u8, Vec<u8>),
    Revert(Vec<u8>),
    Fail,
    Pay(usize, u8, Vec<Step>),
    Who,
    TransientStore(u8, u8),
    TransientLoad(u8),
}

fn word(value: u8) -> Vec<u8> {
    B256::with_last_byte(value).to_vec()
}

fn script(steps: &[Step]) -> Vec<u8> {
    let mut script = Vec::new();
    for step in steps {
        let nobody = Address::ZERO;
        let (op, to, payload) = match step {
            Step::Call(to, steps) => (0, LEVELS[*to], self::script(steps)),
            Step::DelegateCall(to, steps) => (1, LEVELS[*to], self::script(steps)),
            Step::StaticCall(to, steps) => (2, LEVELS[*to], self::script(steps)),
            Step::Store(slot, value) => (3, nobody, [word(*slot), word(*value)].concat()),
            Step::Load(slot) => (4, nobody, word(*slot)),
            Step::Log(topic, data) => (5, nobody, [word(*topic), data.clone()].concat()),
            Step::Revert(data) => (6, nobody, data.clone()),
            Step::Fail => (7, nobody, Vec::new()),
            Step::Pay(to, value, steps) => (8, LEVELS[*to], [word(*value), self::script(steps)].concat()),
            Step::Who => (9, nobody, Vec::new()),
            Step::TransientStore(slot, value) => (10, nobody, [word(*slot), word(*value)].concat()),
            Step::TransientLoad(slot) => (11, nobody, word(*slot)),
        };
        script.push(op);
        script.extend([0; 7]);
        script.extend((payload.len() as u32).to_be_bytes());
        script.extend(to);
        script.extend(payload);
    }
    script
}

/// What a transaction leaves behind.
#[derive(Debug, PartialEq, Eq)]
struct Aftermath {
    success: bool,
    data: Bytes,
    logs: Vec<Log>,
    storage: Vec<U256>,
    balances: Vec<U256>,
}

/// Worlds with each combination of languages that is compared, the first all Solidity.
struct Worlds(Vec<([Language; 3], World)>);

impl Worlds {
    fn open() -> Self {
        let combinations = [
            [Solidity, Solidity, Solidity],
            [Solidity, Wasm, Solidity],
            [Wasm, Solidity, Wasm],
            [Wasm, Wasm, Wasm],
        ];
        let mut world = World::new();
        let deployer = world.account("deployer");
        let init_code = demo::stage::artifacts::bytecode("Script").expect("scripts/build has run");
        let solidity = world.deploy_evm(deployer, &init_code).expect("the contract");
        let module = wat::parse_str(include_str!("differential/script.wat")).expect("a module");
        let wasm = world.deploy_wasm(deployer, &module, None).expect("the program");
        world.set_balance(CALLER, U256::from(10).pow(U256::from(18)));
        let base = world.snapshot();
        Self(
            combinations.map(|languages| (languages, Self::world(&base, languages, [solidity, wasm]))).into(),
        )
    }

    fn world(base: &host::Snapshot, languages: [Language; 3], [solidity, wasm]: [Address; 2]) -> World {
        let mut world = World::new();
        world.restore(base);
        for (level, language) in LEVELS.into_iter().zip(languages) {
            let code = world.code(if language == Wasm { wasm } else { solidity });
            world.set_code(level, code);
            world.set_balance(level, U256::from(1_000));
        }
        world
    }

    /// Runs a script at the first level everywhere and holds what it leaves against Solidity alone.
    fn agree(&mut self, steps: &[Step]) -> Aftermath {
        let mut aftermaths = self.0.iter_mut().map(|(languages, world)| (languages, play(world, steps)));
        let (_, reference) = aftermaths.next().expect("a reference");
        for (languages, aftermath) in aftermaths {
            assert_eq!(aftermath, reference, "{languages:?}: {steps:#?}");
        }
        reference
    }
}

fn play(world: &mut World, steps: &[Step]) -> Aftermath {
    let before = world.snapshot();
    let mut session = world.session();
    session.next_transaction(&[CALLER, LEVELS[0]]);
    let result = session.call(SessionCall {
        from: CALLER,
        to: LEVELS[0],
        value: U256::from(7),
        data: script(steps).into(),
        gas_limit: 1 << 50,
        read_only: false,
    });
    session.commit();
    let slots = LEVELS.into_iter().flat_map(|level| (0..SLOTS).map(move |slot| (level, slot)));
    let storage = slots.map(|(level, slot)| world.storage(level, U256::from(slot))).collect();
    let balances = LEVELS.into_iter().map(|level| world.balance(level)).collect();
    world.restore(&before);
    let success = result.trace.error.is_none();
    Aftermath { success, data: result.trace.output, logs: result.logs, storage, balances }
}

/// Writes at every level; the third reverts, the second goes on, calls again and reverts, the first goes on.
#[test]
fn reverts_in_the_middle_undo_what_is_below_and_nothing_else() {
    let deepest = vec![
        Step::Store(0, 3),
        Step::Log(3, b"gone".to_vec()),
        Step::Call(0, vec![Step::Store(2, 33), Step::Load(0)]),
        Step::Revert(b"third".to_vec()),
    ];
    let second = vec![
        Step::Store(0, 2),
        Step::Call(2, deepest.clone()),
        Step::Load(0),
        Step::Call(2, vec![Step::Store(1, 4), Step::Log(4, b"kept".to_vec()), Step::Who]),
        Step::Log(2, b"also kept".to_vec()),
    ];
    let first = vec![
        Step::Store(0, 1),
        Step::Log(1, Vec::new()),
        Step::Call(1, second.clone()),
        Step::Call(1, [second, vec![Step::Revert(b"second".to_vec())]].concat()),
        Step::Pay(1, 9, vec![Step::Call(2, deepest), Step::Fail]),
        Step::Pay(2, 5, vec![Step::Who]),
        Step::DelegateCall(1, vec![Step::Store(3, 6), Step::Who, Step::Call(2, vec![Step::Who])]),
        Step::StaticCall(1, vec![Step::Load(0), Step::Call(2, vec![Step::Store(3, 9)])]),
        Step::Load(0),
    ];
    let left = Worlds::open().agree(&first);
    assert!(left.success);
    let words = |values: [u64; 12]| values.map(U256::from).to_vec();
    assert_eq!(left.storage, words([1, 0, 0, 6, 2, 0, 0, 0, 0, 4, 0, 0]));
    assert_eq!(left.balances, [1_002, 1_000, 1_005].map(U256::from));
    let topics: Vec<_> = left.logs.iter().map(|log| (log.address, log.topics[0][31])).collect();
    assert_eq!(topics, [(LEVELS[0], 1), (LEVELS[2], 4), (LEVELS[1], 2)]);
}

#[test]
fn revert_data_comes_up_through_every_level() {
    let steps = [Step::Store(0, 1), Step::Call(1, vec![Step::Call(2, vec![Step::Revert(b"why".to_vec())])])];
    let left = Worlds::open().agree(&[steps.as_slice(), &[Step::Revert(b"top".to_vec())]].concat());
    assert_eq!((left.success, left.data.as_ref()), (false, b"top".as_slice()));
    let left = Worlds::open().agree(&steps);
    assert!(left.data.windows(3).any(|part| part == b"why"));
}

/// The steps without value. A call with value in a static frame is the one thing that the two machines do differently: the EVM ends the
/// frame, the Stylus VM only fails the call (`call_value_read_only` in the golden vectors).
fn without_value(steps: Vec<Step>) -> Vec<Step> {
    let step = |step| match step {
        Step::Call(to, steps) | Step::Pay(to, _, steps) => Step::Call(to, without_value(steps)),
        Step::DelegateCall(to, steps) => Step::DelegateCall(to, without_value(steps)),
        other => other,
    };
    steps.into_iter().map(step).collect()
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..70)
}

fn leaf() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..SLOTS, 0..3_u8).prop_map(|(slot, value)| Step::Store(slot, value)),
        3 => (0..SLOTS).prop_map(Step::Load),
        2 => (any::<u8>(), bytes()).prop_map(|(topic, data)| Step::Log(topic, data)),
        1 => bytes().prop_map(Step::Revert),
        1 => Just(Step::Fail),
        2 => Just(Step::Who),
        1 => (0..SLOTS, any::<u8>()).prop_map(|(slot, value)| Step::TransientStore(slot, value)),
        1 => (0..SLOTS).prop_map(Step::TransientLoad),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    leaf().prop_recursive(3, 40, 5, |inner| {
        let steps = prop::collection::vec(inner, 0..5);
        prop_oneof![
            4 => (0..3_usize, steps.clone()).prop_map(|(to, steps)| Step::Call(to, steps)),
            1 => (0..3_usize, steps.clone()).prop_map(|(to, steps)| Step::DelegateCall(to, steps)),
            1 => (0..3_usize, steps.clone()).prop_map(|(to, steps)| Step::StaticCall(to, without_value(steps))),
            2 => (0..3_usize, any::<u8>(), steps).prop_map(|(to, value, steps)| Step::Pay(to, value, steps)),
        ]
    })
}

#[test]
fn any_script_leaves_the_same_behind() {
    let mut worlds = Worlds::open();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(1_000));
    let worlds = std::cell::RefCell::new(&mut worlds);
    runner
        .run(&prop::collection::vec(step(), 1..6), |steps| {
            worlds.borrow_mut().agree(&steps);
            Ok(())
        })
        .expect("the languages agree");
}
