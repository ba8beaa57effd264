//! Every parameter, read back from the chain and held against the config and the code of this checkout.

use alloy_primitives::{Address, Bytes, U256};
use anyhow::Result;
use host::Packed;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::erc4626::IERC4626;
use interfaces::margin::IMargin;
use interfaces::surface::ISurface;
use interfaces::vault::IVault::{self, Role};
use interfaces::venue::IHedgeVenue;

use crate::config::Config;
use crate::contracts::{PROGRAMS, SATELLITES, VENUE, packed, venue_name};
use crate::positions::fields;
use crate::programs::programs;
use crate::record::Record;
use crate::rpc::Rpc;
use crate::settings::{of_limits, of_profile, of_rules};
use crate::table::table;

/// Storage slot of desk and broker that holds their vault (20 bytes) and a number of theirs that has no view (4 bytes): what the desk pays gas for
/// as if ether cost, and the broker's cap on slippage.
const FIRST_SLOT: u64 = 0;
/// What a root of fragments begins with, before the addresses: EF F0 02, the dictionary, the length.
const ROOT_HEAD: usize = 8;

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub parameter: String,
    /// What the config says.
    pub wanted: String,
    /// What the chain answers.
    pub found: String,
}

impl Row {
    /// Whether it is as wanted.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.wanted == self.found
    }
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, parameter: impl Into<String>, wanted: impl ToString, found: impl ToString) {
        let (wanted, found) = (wanted.to_string(), found.to_string());
        self.0.push(Row { parameter: parameter.into(), wanted, found });
    }

    fn numbers(&mut self, of: &str, wanted: &[(&'static str, u64)], found: &[(&'static str, u64)]) {
        for ((name, wanted), (_, found)) in wanted.iter().zip(found) {
            self.add(format!("{of}.{name}"), wanted, found);
        }
    }
}

/// Reads every parameter.
///
/// # Errors
/// What cannot be read at all, a program of the record that does not answer among it.
pub fn check(rpc: &Rpc, config: &Config, record: &Record) -> Result<Vec<Row>> {
    let mut rows = Rows::default();
    code(rpc, config, record, &mut rows)?;
    vault(rpc, config, record, &mut rows)?;
    let at = record.at("vault")?;
    desk(rpc, config, record, at, &mut rows)?;
    let surface = record.at("surface")?;
    rows.add("surface.vault", at, rpc.view(surface, ISurface::vaultCall {})?);
    let list = |all: &[Address]| all.iter().map(Address::to_string).collect::<Vec<_>>().join(" ");
    let publishers = rpc.view(surface, ISurface::publishersCall {})?;
    rows.add("surface.publishers", list(&config.surface.publishers), list(&publishers));
    let threshold = rpc.view(surface, ISurface::thresholdCall {})?;
    rows.add("surface.threshold", config.surface.threshold, threshold);
    let margin = record.at("margin")?;
    rows.add("margin.vault", at, rpc.view(margin, IMargin::vaultCall {})?);
    let limits = rpc.view(margin, IMargin::limitsCall {})?;
    rows.add("margin.accountLimit", config.margin.account_limit, limits.accountLimit);
    rows.add("margin.totalLimit", config.margin.total_limit, limits.totalLimit);
    let broker = record.at("broker")?;
    rows.add("broker.vault", at, rpc.view(broker, IBroker::vaultCall {})?);
    rows.add("broker.slip", config.broker.slip, beside_an_address(rpc.slot(broker, FIRST_SLOT)?));
    for venue in &config.venues {
        let (name, address) = (&venue.name, record.at(&venue_name(&venue.name))?);
        rows.add(format!("venue {name}.vault"), at, rpc.view(address, IHedgeVenue::vaultCall {})?);
        rows.add(
            format!("venue {name}.router"),
            venue.router,
            rpc.view(address, IHedgeVenue::routerCall {})?,
        );
        let fee = rpc.view(address, IHedgeVenue::poolFeeCall {})?;
        rows.add(format!("venue {name}.poolFee"), venue.pool_fee, fee);
    }
    positions(rpc, config, record, broker, &mut rows)?;
    Ok(rows.0)
}

/// Venues of the broker's: what they are fixed to, and what the broker says of them.
fn positions(rpc: &Rpc, config: &Config, record: &Record, broker: Address, rows: &mut Rows) -> Result<()> {
    let (named, now) = (rpc.view(broker, IBroker::venuesCall {})?, rpc.now()?);
    rows.add("broker.venues", config.positions.len(), named.len());
    for venue in &config.positions {
        let (name, address) = (&venue.name, record.at(&venue.recorded())?);
        for (place, word) in venue.words(broker, &config.tokens) {
            let found = fields(rpc.slot(address, place)?, &word);
            for ((field, bytes, wanted), found) in word.into_iter().zip(found) {
                let [wanted, found] = [wanted, found].map(|number| shown(number, bytes));
                rows.add(format!("position {name}.{field}"), wanted, found);
            }
        }
        let entry = named.iter().find(|one| one.venue == address).cloned().unwrap_or_default();
        rows.add(format!("broker.position {name}.cap"), venue.cap, entry.cap);
        rows.add(format!("broker.position {name}.margin"), venue.margin, entry.margin);
        let state = match entry.allowedFrom {
            0 => "not allowed".to_owned(),
            from if from > now => format!("allowed from {from}"),
            _ => "allowed".to_owned(),
        };
        rows.add(format!("broker.position {name}"), "allowed", state);
    }
    Ok(())
}

/// An address or a number.
fn shown(number: U256, bytes: usize) -> String {
    if bytes == 20 { Address::from_word(number.into()).to_string() } else { number.to_string() }
}

/// Code: what is there is what this checkout builds, and it is active.
fn code(rpc: &Rpc, config: &Config, record: &Record, rows: &mut Rows) -> Result<()> {
    let venues = config.venues.iter().map(|venue| (venue_name(&venue.name), VENUE));
    let own = PROGRAMS.iter().map(|(name, wasm)| ((*name).to_owned(), *wasm));
    let positions = config.positions.iter().map(|venue| (venue.recorded(), venue.wasm()));
    for (name, wasm) in own.chain(venues).chain(positions) {
        let same = built(rpc, record.at(&name)?, &packed(config, wasm)?)?;
        rows.add(format!("{name}.code"), "of this build", if same { "of this build" } else { "another" });
    }
    for program in programs(rpc, record)? {
        let active = if program.seconds_left.is_some() { "active" } else { program.state() };
        rows.add(format!("{}.program", program.name), "active", active);
    }
    Ok(())
}

/// Whether an account holds this program, in as many fragments as it takes.
fn built(rpc: &Rpc, account: Address, packed: &Packed) -> Result<bool> {
    let root = rpc.code(account)?;
    let (parts, head) = match packed {
        Packed::Whole(code) => return Ok(root == *code),
        Packed::Fragments(parts, head) => (parts, head),
    };
    let named = root.get(ROOT_HEAD..).unwrap_or_default().chunks_exact(20);
    let named: Vec<Address> = named.map(Address::from_slice).collect();
    let mut same = named.len() == parts.len() && root == head.naming(&named);
    for (address, part) in named.iter().zip(parts) {
        let placed: Bytes = rpc.code(*address)?;
        same &= placed == *part;
    }
    Ok(same)
}

fn vault(rpc: &Rpc, config: &Config, record: &Record, rows: &mut Rows) -> Result<()> {
    let vault = record.at("vault")?;
    rows.add("vault.asset", config.tokens.usdc, rpc.view(vault, IERC4626::assetCall {})?);
    rows.add("vault.underlying", config.tokens.underlying, rpc.view(vault, IVault::underlyingCall {})?);
    let feeds = rpc.view(vault, IVault::feedsCall {})?;
    rows.add("vault.feeds.price", config.feeds.price, feeds.price);
    rows.add("vault.feeds.sequencer", config.feeds.sequencer, feeds.sequencer);
    let engine = rpc.view(vault, IVault::riskEngineCall {})?;
    rows.add("vault.riskEngine", record.at("risk_engine")?, engine);
    let role = |which| rpc.view(vault, IVault::roleCall { which });
    let (owner, pending) = (role(Role::Owner)?, role(Role::PendingOwner)?);
    let wanted = config.roles.owner;
    // Offered is as far as a deployment goes: `report` says that it is still to be accepted.
    rows.add("vault.owner", wanted, if owner == wanted || pending == wanted { wanted } else { owner });
    rows.add("vault.curator", config.roles.curator, role(Role::Curator)?);
    rows.add("vault.guardian", config.roles.guardian, role(Role::Guardian)?);
    rows.add("vault.paused", false, rpc.view(vault, IVault::pausedCall {})?);
    let profile = rpc.view(vault, IVault::profileCall {})?;
    rows.numbers("profile", &of_profile(&config.profile()?), &of_profile(&profile));
    let limits = rpc.view(vault, IVault::limitsCall {})?;
    rows.numbers("limits", &of_limits(&config.limits()?), &of_limits(&limits));
    satellites(rpc, record, vault, rows)?;
    let now = U256::from(rpc.now()?);
    for venue in &config.venues {
        let address = record.at(&venue_name(&venue.name))?;
        let from = rpc.view(vault, IVault::venueAllowedFromCall { venue: address })?;
        let state = match from {
            from if from.is_zero() => "not allowed".to_owned(),
            from if from > now => format!("allowed from {from}"),
            _ => "allowed".to_owned(),
        };
        rows.add(format!("vault.venue {}", venue.name), "allowed", state);
    }
    let pool = rpc.view(vault, IVault::poolCall {})?.pool_;
    rows.add("vault.pool", config.pool.unwrap_or_default(), pool);
    Ok(())
}

/// Contracts that work for the vault. One that is proposed is not there yet, and says from when anybody may accept it.
fn satellites(rpc: &Rpc, record: &Record, vault: Address, rows: &mut Rows) -> Result<()> {
    for (which, name) in SATELLITES {
        let (wanted, named) = (record.at(name)?, rpc.view(vault, IVault::satelliteCall { which })?);
        let waits = named.contract_ != wanted && named.proposed == wanted;
        let from = if waits { format!(" (the wanted from {})", named.acceptFrom) } else { String::new() };
        rows.add(format!("vault.{name}"), wanted, format!("{}{from}", named.contract_));
    }
    Ok(())
}

fn desk(rpc: &Rpc, config: &Config, record: &Record, vault: Address, rows: &mut Rows) -> Result<()> {
    let desk = record.at("desk")?;
    rows.add("desk.vault", vault, rpc.view(desk, IHedgeDesk::vaultCall {})?);
    rows.add("desk.ether", config.desk.ether, beside_an_address(rpc.slot(desk, FIRST_SLOT)?));
    let rules = rpc.view(desk, IHedgeDesk::rulesCall {})?;
    rows.numbers("desk.rules", &of_rules(&config.rules()?), &of_rules(&rules));
    Ok(())
}

/// The number of four bytes above an address in a word.
fn beside_an_address(word: U256) -> U256 {
    (word >> 160_usize) & U256::from(u32::MAX)
}

/// The table of a check, and how many of its rows are wrong.
#[must_use]
pub fn report(rows: &[Row]) -> (String, usize) {
    let line = |row: &Row| {
        let ok = if row.ok() { "ok" } else { "WRONG" };
        vec![row.parameter.clone(), row.wanted.clone(), row.found.clone(), ok.to_owned()]
    };
    let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
    let wrong = rows.iter().filter(|row| !row.ok()).count();
    (table(&["parameter", "wanted", "found", "ok"], &lines), wrong)
}
