//! What is woven, and what judges it.

/// Sources and their judges. A mutant is judged by every test of its group that reaches it.
pub struct Group {
    pub name: &'static str,
    /// The packages whose mutants are listed.
    pub listed: &'static [&'static str],
    /// The packages of the workspace that compile those sources natively.
    pub woven: &'static [&'static str],
    /// What builds the tests, as `cargo test --no-run` is told.
    pub judges: &'static [&'static str],
    /// The sources of those tests.
    pub sources: &'static [&'static str],
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
};

pub const GROUPS: &[Group] = &[PURE];

/// Sources whose results must be those of the source as it is.
pub const GUARDED: &[&str] = &[];
