//! The market, piece by piece: programs that are missing are created, activated and constructed in one transaction each, and parameters that
//! the chain answers otherwise are set.

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result, ensure};
use client::Outgoing;
use host::Packed;
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::external::IToken;
use interfaces::surface::ISurface;
use interfaces::vault::IVault::{self, Role, Satellite};

use crate::config::Config;
use crate::positions::Position;
use crate::record::Record;
use crate::rpc::Rpc;
use crate::settings::{of_limits, of_profile, of_rules};

sol! {
    function deploy(bytes calldata bytecode, bytes calldata initData, uint256 initValue, bytes32 salt) external payable returns (address deployed);
    function decimals() external view returns (uint8);
    event ContractDeployed(address deployedContract);
}

/// The vault's programs: the name of each in a record, and of its WASM.
pub(crate) const PROGRAMS: [(&str, &str); 7] = [
    ("risk_engine", "risk_engine"),
    ("vault", "equipoise_vault"),
    ("surface", "surface_feed"),
    ("desk", "hedge_desk"),
    ("margin", "margin"),
    ("broker", "broker"),
    ("lens", "lens"),
];
/// The programs that work for the vault.
pub(crate) const SATELLITES: [(Satellite, &str); 4] = [
    (Satellite::Surface, "surface"),
    (Satellite::Margin, "margin"),
    (Satellite::Desk, "desk"),
    (Satellite::Broker, "broker"),
];
/// The WASM of a spot venue.
pub(crate) const VENUE: &str = "uniswap_v3_venue";

/// The name of a venue in a record.
pub(crate) fn venue_name(name: &str) -> String {
    format!("venue {name}")
}

/// Deploys what is missing and sets what differs. `tell` is told each step.
///
/// # Errors
/// The first thing that does not go through; what was done before it stays, and the next run goes on from there.
pub fn contracts(
    rpc: &mut Rpc,
    config: &Config,
    record: &mut Record,
    tell: &mut dyn FnMut(&str),
) -> Result<()> {
    preflight(rpc, config)?;
    // A record that cannot be written would lose what is deployed.
    record.save()?;
    let mut work = Work { rpc, config, record, tell };
    work.deploy_all()?;
    work.set_all()
}

/// What must hold before anything is sent.
fn preflight(rpc: &Rpc, config: &Config) -> Result<()> {
    let sender = rpc.sender()?;
    ensure!(!rpc.balance(sender)?.is_zero(), "{sender} has no ether to pay with");
    let named = [
        ("[network] stylus_deployer", config.network.stylus_deployer),
        ("[tokens] usdc", config.tokens.usdc),
        ("[tokens] underlying", config.tokens.underlying),
        ("[feeds] price", config.feeds.price),
        ("[feeds] sequencer", config.feeds.sequencer),
    ];
    let routers = config.venues.iter().map(|venue| ("[[venues]] router", venue.router));
    let positions = config.positions.iter().flat_map(Position::addresses);
    for (name, account) in named.into_iter().chain(routers).chain(positions) {
        ensure!(!rpc.code(account)?.is_empty(), "{name}: {account} has no code");
    }
    let usdc = rpc.view(config.tokens.usdc, IToken::decimalsCall {})?;
    ensure!(usdc == 6, "[tokens] usdc has {usdc} decimals, 6 needed");
    let price = rpc.view(config.feeds.price, decimalsCall {})?;
    ensure!(price == 8, "[feeds] price has {price} decimals, 8 needed");
    Ok(())
}

/// A contract's WASM as a chain takes it.
pub(crate) fn packed(config: &Config, wasm: &str) -> Result<Packed> {
    let file = config.network.wasm.join(format!("{wasm}.wasm"));
    let bytes = std::fs::read(&file).with_context(|| format!("{}: run scripts/build", file.display()))?;
    Packed::new(&bytes).with_context(|| file.display().to_string())
}

/// Init code that returns `code`.
fn init_code(code: &[u8]) -> Result<Bytes> {
    let length = u16::try_from(code.len()).context("code of more than 64 KiB")?;
    let [high, low] = length.to_be_bytes();
    // PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN: ten bytes, then the code.
    let mut init = vec![0x61, high, low, 0x80, 0x60, 10, 0x3d, 0x39, 0x3d, 0xf3];
    init.extend_from_slice(code);
    Ok(init.into())
}

/// A run: what it works with.
pub(crate) struct Work<'a> {
    pub(crate) rpc: &'a mut Rpc,
    config: &'a Config,
    pub(crate) record: &'a mut Record,
    pub(crate) tell: &'a mut dyn FnMut(&str),
}

impl Work<'_> {
    fn deploy_all(&mut self) -> Result<()> {
        let (tokens, feeds, deployer) = (self.config.tokens, self.config.feeds, self.rpc.sender()?);
        let engine = self.program("risk_engine", "risk_engine", None)?;
        let arguments = (tokens.usdc, tokens.underlying, feeds.price, feeds.sequencer, engine, deployer);
        let vault = self.program("vault", "equipoise_vault", Some(arguments.abi_encode_params()))?;
        self.program("surface", "surface_feed", Some(vault.abi_encode()))?;
        let desk = (vault, self.config.desk.ether).abi_encode_params();
        self.program("desk", "hedge_desk", Some(desk))?;
        let limits = self.config.margin;
        let margin = (vault, limits.account_limit, limits.total_limit).abi_encode_params();
        self.program("margin", "margin", Some(margin))?;
        let broker = (vault, self.config.broker.slip).abi_encode_params();
        let broker = self.program("broker", "broker", Some(broker))?;
        self.program("lens", "lens", None)?;
        for venue in self.config.venues.clone() {
            let arguments = (vault, tokens.usdc, tokens.underlying, venue.router, venue.pool_fee);
            self.program(&venue_name(&venue.name), VENUE, Some(arguments.abi_encode_params()))?;
        }
        for venue in self.config.positions.clone() {
            self.program(&venue.recorded(), venue.wasm(), Some(venue.arguments(broker, &tokens)))?;
        }
        Ok(())
    }

    /// A program by its name in the record, or a new one: nobody sees it unconstructed.
    fn program(&mut self, name: &str, wasm: &str, arguments: Option<Vec<u8>>) -> Result<Address> {
        if let Some(address) = self.record.get(name) {
            ensure!(!self.rpc.code(address)?.is_empty(), "{name}: {address} of the record has no code");
            return Ok(address);
        }
        let code = match packed(self.config, wasm)? {
            Packed::Whole(code) => code,
            Packed::Fragments(fragments, root) => root.naming(&self.fragments(name, &fragments)?),
        };
        let selector = keccak256("stylus_constructor()");
        let construct = arguments.map(|data| selector.iter().take(4).copied().chain(data).collect::<Bytes>());
        let call = deployCall {
            bytecode: init_code(&code)?,
            initData: construct.unwrap_or_default(),
            initValue: U256::ZERO,
            salt: Default::default(),
        };
        let (deployer, fee) = (self.config.network.stylus_deployer, U256::from(self.config.network.data_fee));
        let tx = Outgoing { to: Some(deployer), value: fee, data: call.abi_encode().into() };
        let receipt = self.creation(name, tx)?;
        let told = receipt.logs().iter().filter(|log| log.address() == deployer);
        let told = told.filter_map(|log| log.log_decode::<ContractDeployed>().ok()).next_back();
        let address = told.context("the deployer told of no contract")?.inner.deployedContract;
        self.record.note(name, address)?;
        (self.tell)(&format!("{name}: {address}"));
        Ok(address)
    }

    /// Where the fragments of a program are.
    fn fragments(&mut self, name: &str, fragments: &[Bytes]) -> Result<Vec<Address>> {
        let mut placed = Vec::new();
        for (at, fragment) in (1..).zip(fragments) {
            let tx = Outgoing { to: None, value: U256::ZERO, data: init_code(fragment)? };
            let receipt = self.creation(&format!("{name}: fragment {at} of {}", fragments.len()), tx)?;
            placed.push(receipt.contract_address.context("no contract was created")?);
        }
        Ok(placed)
    }

    /// Sends `call` unless `holds`.
    fn set<C: SolCall>(&mut self, what: &str, holds: bool, to: Address, call: C) -> Result<()> {
        if holds {
            return Ok(());
        }
        self.rpc.tell(to, U256::ZERO, call).with_context(|| what.to_owned())?;
        (self.tell)(&format!("set {what}"));
        Ok(())
    }

    fn set_all(&mut self) -> Result<()> {
        let vault = self.record.at("vault")?;
        self.set_market(vault)?;
        self.set_satellites(vault)?;
        self.set_positions()?;
        for (which, name, account) in [
            (Role::Curator, "curator", self.config.roles.curator),
            (Role::Guardian, "guardian", self.config.roles.guardian),
        ] {
            let holds = self.rpc.view(vault, IVault::roleCall { which })? == account;
            self.set(name, holds, vault, IVault::setRoleCall { which, account })?;
        }
        let account = self.config.roles.owner;
        let owner = self.rpc.view(vault, IVault::roleCall { which: Role::Owner })?;
        let pending = self.rpc.view(vault, IVault::roleCall { which: Role::PendingOwner })?;
        let holds = owner == account || pending == account;
        self.set("owner (offered)", holds, vault, IVault::setRoleCall { which: Role::Owner, account })
    }

    /// Profile and limits, venues, the pool.
    fn set_market(&mut self, vault: Address) -> Result<()> {
        let (profile, limits) = (self.config.profile()?, self.config.limits()?);
        let found =
            (self.rpc.view(vault, IVault::profileCall {})?, self.rpc.view(vault, IVault::limitsCall {})?);
        let holds = of_profile(&found.0) == of_profile(&profile) && of_limits(&found.1) == of_limits(&limits);
        let call = IVault::setProfileCall { profile_: profile, limits_: limits };
        self.set("profile and limits", holds, vault, call)?;
        for venue in self.config.venues.clone() {
            let venue = self.record.at(&venue_name(&venue.name))?;
            let holds = !self.rpc.view(vault, IVault::venueAllowedFromCall { venue })?.is_zero();
            self.set("venue", holds, vault, IVault::allowVenueCall { venue })?;
        }
        if let Some(pool) = self.config.pool {
            let holds = self.rpc.view(vault, IVault::poolCall {})?.pool_ == pool;
            self.set("pool", holds, vault, IVault::setPoolCall { pool })?;
        }
        Ok(())
    }

    /// The broker's venues, with their caps and margins. It must be the vault's broker by then.
    fn set_positions(&mut self) -> Result<()> {
        let broker = self.record.at("broker")?;
        for position in self.config.positions.clone() {
            let (venue, Position { cap, margin, .. }) = (self.record.at(&position.recorded())?, position);
            let named = self.rpc.view(broker, IBroker::venuesCall {})?;
            let holds = named.iter().any(|one| {
                one.venue == venue && one.allowedFrom != 0 && (one.cap, one.margin) == (cap, margin)
            });
            self.set("position venue", holds, broker, IBroker::setVenueCall { venue, cap, margin })?;
        }
        Ok(())
    }

    /// Whether the wanted publishers are in force, or proposed: to propose them again would begin their notice again.
    fn are_named(&self, surface: Address) -> Result<bool> {
        let wanted = &self.config.surface;
        let now = self.rpc.view(surface, ISurface::publishersCall {})?;
        if now == wanted.publishers && self.rpc.view(surface, ISurface::thresholdCall {})? == wanted.threshold
        {
            return Ok(true);
        }
        let proposal = self.rpc.view(surface, ISurface::proposalCall {})?;
        let proposed = self.rpc.view(surface, ISurface::proposedPublishersCall {})?;
        Ok(proposal.acceptFrom != 0
            && proposal.threshold_ == wanted.threshold
            && proposed == wanted.publishers)
    }

    /// Publishers, the desk's rules, and the contracts that work for the vault.
    fn set_satellites(&mut self, vault: Address) -> Result<()> {
        let (surface, desk) = (self.record.at("surface")?, self.record.at("desk")?);
        let wanted = self.config.surface.clone();
        let holds = self.are_named(surface)?;
        let call =
            ISurface::setPublishersCall { publishers_: wanted.publishers, threshold_: wanted.threshold };
        self.set("publishers", holds, surface, call)?;
        let rules = self.config.rules()?;
        let holds = of_rules(&self.rpc.view(desk, IHedgeDesk::rulesCall {})?) == of_rules(&rules);
        self.set("the desk's rules", holds, desk, IHedgeDesk::setRulesCall { rules_: rules })?;
        for (which, name) in SATELLITES {
            let contract = self.record.at(name)?;
            let named = self.rpc.view(vault, IVault::satelliteCall { which })?;
            // To propose it again would begin its notice again.
            let holds = named.contract_ == contract || named.proposed == contract;
            self.set(name, holds, vault, IVault::setSatelliteCall { which, contract_: contract })?;
        }
        Ok(())
    }
}
