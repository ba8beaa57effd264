//! What is woven, and what judges it.

/// Sources and their judges. A mutant is judged by the tests of its group that reach it, and by those of later groups if it survives them.
pub struct Group {
    pub name: &'static str,
    /// The packages whose mutants are listed.
    pub listed: &'static [&'static str],
    /// Those of which it judges what survived an earlier group.
    pub second: &'static [&'static str],
    /// The packages of the workspace that compile those sources natively.
    pub woven: &'static [&'static str],
    /// The other packages of the workspace whose tests count their cases by the switch.
    pub tested: &'static [&'static str],
    /// What builds the tests, as `cargo test --no-run` is told.
    pub judges: &'static [&'static str],
    /// The sources of those tests.
    pub sources: &'static [&'static str],
    /// How the names begin of tests that do not judge.
    pub without: &'static [&'static str],
    /// Of tests that judge only with all cases: they take seconds, ten to a thousand times as long as others.
    pub slow: &'static [&'static str],
    /// Whether its packages are programs that the tests run natively: their modules are deployed and never run.
    pub natively: bool,
}

impl Group {
    /// The programs whose modules the tests deploy and never run, by the names of their modules.
    pub fn programs(&self) -> impl Iterator<Item = String> {
        let native = self.listed.iter().filter(|_| self.natively);
        native.map(|package| package.replace('-', "_"))
    }

    /// Whether a file is a source of one of the group's tests.
    #[must_use]
    pub fn is_test(&self, file: &str) -> bool {
        self.sources.iter().any(|folder| file.starts_with(folder))
    }
}

/// The pure crates, by their own tests and each other's.
const PURE: Group = Group {
    name: "pure",
    listed: &["maths", "options", "inventory", "book"],
    second: &[],
    woven: &["maths", "options", "inventory", "book"],
    tested: &[],
    judges: &[
        "--package=maths",
        "--package=options",
        "--package=inventory",
        "--package=book",
        "--lib",
        "--tests",
    ],
    sources: &[
        "crates/maths/tests/",
        "crates/options/tests/",
        "crates/inventory/tests/",
        "crates/book/tests/",
    ],
    without: &[],
    slow: &[
        "avellaneda_stoikov::the_tables_follow",
        "depth::nobody_gains_by_a_change_of_weights",
        "hedge::farming::",
        "hidden_loss::",
    ],
    natively: false,
};

/// The contracts, by the system tests, which then run their sources natively: what is deployed only names them.
const CONTRACTS: Group = Group {
    name: "contracts",
    listed: &[
        "equipoise-vault",
        "aave-short",
        "broker",
        "hedge-desk",
        "lens",
        "margin",
        "perp-venue",
        "risk-engine",
        "surface-feed",
        "uniswap-v3-venue",
    ],
    second: &["maths", "options", "inventory", "book"],
    woven: &[
        "maths",
        "options",
        "inventory",
        "book",
        "native-vault",
        "native-short",
        "native-broker",
        "native-desk",
        "native-lens",
        "native-margin",
        "native-perp",
        "native-engine",
        "native-surface",
        "native-venue",
    ],
    tested: &["equipoise-vault"],
    judges: &["--workspace", "--test=system", "--features=equipoise-vault/natively"],
    sources: &["tests/system/"],
    // They measure WASM, or compare a page with results that a run before this one has changed.
    without: &[
        "calldata::a_tail_that_many_share",
        "drills_programs::c10_out_of_the_cache",
        "every::bounds",
        "figures::the_scores_of_mutants",
        "surroundings::no_program_asks",
    ],
    slow: &[
        "abi::the_programs_answer",
        "broker_drills::no_course",
        "costs::gas_of_every",
        "deploy::",
        "desk_states::",
        "drills_exits::c16_ten_thousand",
        "drills_feeds::c15_hostile_publishers",
        "event_replay::",
        "every::atomic::",
        "every::encodings::what_names_no_method",
        "every::layout::",
        "every::reentry::",
        "publisher::what_it_fits",
        "redeem::ten_thousand",
        "replay::",
        "surface::a_burst",
    ],
    natively: true,
};

pub const GROUPS: &[Group] = &[PURE, CONTRACTS];

/// Sources whose results must be those of the source as it is.
pub const GUARDED: &[&str] = &[
    "src/book.rs",
    "src/breakers.rs",
    "src/broker.rs",
    "src/deposits.rs",
    "src/depth.rs",
    "src/desk.rs",
    "src/epochs.rs",
    "src/fee.rs",
    "src/governance.rs",
    "src/hedging.rs",
    "src/liquidity.rs",
    "src/margin.rs",
    "src/market.rs",
    "src/nav.rs",
    "src/oracle.rs",
    "src/permit.rs",
    "src/pool.rs",
    "src/positions.rs",
    "src/profile.rs",
    "src/redemptions.rs",
    "src/risk.rs",
    "src/satellite.rs",
    "src/settlement.rs",
    "src/shares.rs",
    "src/shortfall.rs",
    "src/state.rs",
    "src/surface.rs",
    "src/throttle.rs",
    "src/trading.rs",
    "src/vesting.rs",
    "contracts/surface/src/lib.rs",
    "contracts/surface/src/publishers.rs",
    "contracts/surface/src/signatures.rs",
    "contracts/surface/src/slices.rs",
    "contracts/surface/src/update.rs",
    "contracts/surface/src/vault.rs",
    "contracts/margin/src/account.rs",
    "contracts/margin/src/auction.rs",
    "contracts/margin/src/cover.rs",
    "contracts/margin/src/health.rs",
    "contracts/margin/src/lib.rs",
    "contracts/margin/src/upkeep.rs",
    "contracts/margin/src/vault.rs",
    "contracts/margin/src/writing.rs",
];
