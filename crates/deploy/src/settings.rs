//! Structs of numbers as tables of a config: each field by its name in the ABI, all of them, each once.

use anyhow::{Context, Result, bail, ensure};
use interfaces::desk::IHedgeDesk::Rules;
use interfaces::vault::IVault::{Limits, Profile};

/// Fields of `IVault.Profile`, in order.
pub(crate) const PROFILE: [&str; 23] = [
    "lot",
    "maxSize",
    "riskAversion",
    "vol",
    "deltaHorizon",
    "gammaHorizon",
    "vegaHorizon",
    "volOfVol",
    "hedgeCost",
    "deviation",
    "volStep",
    "fee",
    "maxPriceAge",
    "sequencerGrace",
    "surfaceHeartbeat",
    "maxSurfaceAge",
    "hedgeReserve",
    "maxSlippage",
    "hedgeFixedCost",
    "minBand",
    "maxBand",
    "redeemDelay",
    "carryHorizon",
];
/// Fields of `IVault.Limits`, in order.
pub(crate) const LIMITS: [&str; 14] = [
    "surfaceInterval",
    "solvencyBuffer",
    "maxDelta",
    "maxGamma",
    "maxVega",
    "roundDelta",
    "roundVega",
    "seriesDelta",
    "seriesVega",
    "spotJump",
    "surfaceJump",
    "minLiquidity",
    "blackout",
    "performanceFee",
];
/// Fields of `IHedgeDesk.Rules`, in order.
pub(crate) const RULES: [&str; 16] = [
    "seasoning",
    "maxWait",
    "orderPatience",
    "minHedge",
    "slipBase",
    "slipMax",
    "slipSpan",
    "auctionPremium",
    "auctionSpan",
    "auctionScale",
    "rewardShare",
    "rewardSpan",
    "rewardCap",
    "gasCap",
    "budget",
    "budgetSpan",
];

/// A number of a config: digits, or text of them where TOML's integers end.
fn number(value: &toml::Value) -> Option<u64> {
    match value {
        toml::Value::Integer(number) => u64::try_from(*number).ok(),
        toml::Value::String(text) => text.replace('_', "").parse().ok(),
        _ => None,
    }
}

/// The numbers of a table in the order of `names`; one that is missing is refused, or taken from `default`.
fn numbers<const N: usize>(
    section: &str,
    table: &toml::Table,
    names: [&str; N],
    default: Option<[u64; N]>,
) -> Result<[u64; N]> {
    if let Some(unknown) = table.keys().find(|key| !names.contains(&key.as_str())) {
        bail!("[{section}] has no field {unknown}");
    }
    let mut found = default.unwrap_or([0; N]);
    for (name, slot) in names.into_iter().zip(&mut found) {
        match table.get(name) {
            Some(value) => {
                *slot =
                    number(value).with_context(|| format!("[{section}] {name} is no number from 0 on"))?;
            }
            None => ensure!(default.is_some(), "[{section}] {name} is missing"),
        }
    }
    Ok(found)
}

fn short(section: &str, name: &str, number: u64) -> Result<u32> {
    u32::try_from(number).ok().with_context(|| format!("[{section}] {name} = {number} is above {}", u32::MAX))
}

/// A profile.
pub(crate) fn profile(table: &toml::Table) -> Result<Profile> {
    let found = numbers("profile", table, PROFILE, None)?;
    let mut profile = Profile::default();
    let (longs, shorts) = profile.fields();
    let mut each = PROFILE.into_iter().zip(found);
    for (slot, (_, number)) in longs.into_iter().zip(each.by_ref()) {
        *slot = number;
    }
    for (slot, (name, number)) in shorts.into_iter().zip(each) {
        *slot = short("profile", name, number)?;
    }
    Ok(profile)
}

/// Limits.
pub(crate) fn limits(table: &toml::Table) -> Result<Limits> {
    let found = numbers("limits", table, LIMITS, None)?;
    let mut limits = Limits::default();
    let (_, fields) = limits.fields();
    for (slot, (name, number)) in fields.into_iter().zip(LIMITS.into_iter().zip(found)) {
        *slot = short("limits", name, number)?;
    }
    Ok(limits)
}

/// Rules of a desk; what is not named is as a desk begins.
pub(crate) fn rules(table: &toml::Table) -> Result<Rules> {
    let mut rules = Rules::from(inventory::hedge::Rules::default());
    let default = rules.fields().map(|field| u64::from(*field));
    let found = numbers("desk.rules", table, RULES, Some(default))?;
    for (slot, (name, number)) in rules.fields().into_iter().zip(RULES.into_iter().zip(found)) {
        *slot = short("desk.rules", name, number)?;
    }
    Ok(rules)
}

/// Names and numbers of a profile.
pub(crate) fn of_profile(profile: &Profile) -> Vec<(&'static str, u64)> {
    let mut profile = profile.clone();
    let (longs, shorts) = profile.fields();
    let longs = longs.map(|field| *field);
    let all = longs.into_iter().chain(shorts.into_iter().map(|field| u64::from(*field)));
    PROFILE.into_iter().zip(all).collect()
}

/// Names and numbers of limits.
pub(crate) fn of_limits(limits: &Limits) -> Vec<(&'static str, u64)> {
    let mut limits = limits.clone();
    let (_, fields) = limits.fields();
    LIMITS.into_iter().zip(fields.into_iter().map(|field| u64::from(*field))).collect()
}

/// Names and numbers of rules.
pub(crate) fn of_rules(rules: &Rules) -> Vec<(&'static str, u64)> {
    let mut rules = rules.clone();
    RULES.into_iter().zip(rules.fields().into_iter().map(|field| u64::from(*field))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of a struct's fields, from the interface that is the one source of them.
    fn fields_of(file: &str, name: &str) -> Vec<String> {
        let path = format!("{}/../../abi/{file}.sol", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the interface");
        let body = text.split_once(&format!("struct {name} {{")).expect("the struct").1;
        let body = body.split_once('}').expect("its end").0;
        let field = |line: &str| line.trim().strip_suffix(';')?.rsplit(' ').next().map(str::to_owned);
        body.lines().filter_map(field).collect()
    }

    #[test]
    fn names_are_the_abis_in_its_order() {
        assert_eq!(fields_of("IVault", "Profile"), PROFILE);
        assert_eq!(fields_of("IVault", "Limits"), LIMITS);
        assert_eq!(fields_of("IHedgeDesk", "Rules"), RULES);
    }

    #[test]
    fn a_table_gives_each_field_its_own_number() {
        let table: toml::Table = PROFILE
            .iter()
            .zip(1..)
            .map(|(name, at)| ((*name).to_owned(), toml::Value::Integer(at)))
            .collect();
        let profile = profile(&table).expect("a profile");
        assert_eq!(of_profile(&profile), PROFILE.into_iter().zip(1..).collect::<Vec<_>>());
        assert_eq!((profile.lot, profile.carryHorizon, profile.fee), (1, 23, 12));
    }

    #[test]
    fn what_is_missing_unknown_or_no_number_is_named() {
        let refused = |text: &str| {
            let table = toml::from_str(text).expect("TOML");
            format!("{:#}", limits(&table).expect_err("refused"))
        };
        assert_eq!(refused("surfaceInterval = 1"), "[limits] solvencyBuffer is missing");
        assert_eq!(refused("maxDleta = 1"), "[limits] has no field maxDleta");
        assert_eq!(refused("surfaceInterval = -1"), "[limits] surfaceInterval is no number from 0 on");
        let all: String = LIMITS.iter().map(|name| format!("{name} = 4_294_967_296\n")).collect();
        assert_eq!(refused(&all), "[limits] surfaceInterval = 4294967296 is above 4294967295");
        let big: toml::Table = toml::from_str("lot = \"18_000_000_000_000_000_000\"").expect("TOML");
        assert_eq!(number(&big["lot"]), Some(18_000_000_000_000_000_000));
    }
}
