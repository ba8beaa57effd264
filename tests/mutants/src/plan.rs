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
    /// What builds the tests, as `cargo test --no-run` is told.
    pub judges: &'static [&'static str],
    /// The sources of those tests.
    pub sources: &'static [&'static str],
    /// How the names begin of tests that do not judge.
    pub without: &'static [&'static str],
    /// Of tests that judge only with all cases: they take more than ten seconds, a hundred times as long as others.
    pub slow: &'static [&'static str],
    /// Programs whose modules the tests deploy and never run.
    pub programs: &'static [&'static str],
}

impl Group {
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
    programs: &[],
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
    judges: &["--workspace", "--test=system", "--features=equipoise-vault/natively"],
    sources: &["tests/system/"],
    // They measure WASM.
    without: &["every::bounds", "drills_programs::c10_out_of_the_cache"],
    slow: &[],
    programs: &[
        "equipoise_vault",
        "aave_short",
        "broker",
        "hedge_desk",
        "lens",
        "margin",
        "perp_venue",
        "risk_engine",
        "surface_feed",
        "uniswap_v3_venue",
    ],
};

pub const GROUPS: &[Group] = &[PURE, CONTRACTS];

/// Sources whose results must be those of the source as it is.
pub const GUARDED: &[&str] = &[];
