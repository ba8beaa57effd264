//! The contracts of a market and the people of it, each with tokens, shares, positions and a margin account, so that whoever is refused is
//! refused for what they are.

use std::collections::BTreeMap;

use alloy_sol_types::SolCall;
use demo::stage::{default_profile, Usdc};
use host::alloy_primitives::{Address, U256};
use host::{CallError, Receipt, Snapshot, Tx, TX_GAS};
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::external::IToken;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

use super::abi::{methods, Defaults, Method};
use crate::margin::write;
use crate::market::{series, usdc, wad, wide_limits, Market, HOUR, SPOT};

/// Where a call of a method is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A vault without shares.
    Founded,
    /// A book that needs a hedge, and everybody with a bit of everything.
    Open,
    /// A vault whose liabilities are above its assets.
    Strained,
    /// A book that needs a short hedge, which a broker may give it.
    Brokered,
    Short,
    Perp,
}

/// A contract with its callers.
pub(crate) struct Scene {
    pub(crate) market: Market,
    /// Contracts by the names of their interfaces' tables.
    pub(crate) contracts: BTreeMap<&'static str, Address>,
    pub(crate) roles: Vec<(&'static str, Address)>,
    /// Parts of the venue's scene.
    pub(crate) perp: Option<super::venue_calls::PerpParts>,
    base: Option<Snapshot>,
}

impl Scene {
    pub(crate) fn new(market: Market) -> Self {
        let stage = &market.stage;
        let contracts = [
            ("vault", stage.vault),
            ("margin", stage.margin),
            ("hedge-desk", stage.desk),
            ("surface", stage.surface),
            ("broker", stage.broker),
            ("uniswap-v3-venue", stage.venue),
            ("lens", stage.lens),
            ("risk-engine", stage.engine),
        ];
        let roles = vec![
            ("owner", stage.actors.owner),
            ("curator", stage.actors.curator),
            ("guardian", stage.actors.guardian),
            ("publisher", stage.publishers[0].address()),
            ("vault", stage.vault),
            ("desk", stage.desk),
            ("margin", stage.margin),
            ("broker", stage.broker),
            ("venue", stage.venue),
        ];
        let contracts = contracts.into_iter().collect();
        Self { market, contracts, roles, perp: None, base: None }
    }

    pub(crate) fn role(&self, name: &str) -> Address {
        self.roles.iter().find(|(role, _)| *role == name).expect("a role").1
    }

    pub(crate) fn holder(&self) -> Address {
        self.role("account owner")
    }

    /// Saves what [`Scene::again`] goes back to.
    pub(crate) fn saved(mut self) -> Self {
        self.base = Some(self.market.stage.chain.world.snapshot());
        self
    }

    pub(crate) fn again(&mut self) {
        self.market.stage.chain.world.restore(self.base.as_ref().expect("a saved scene"));
    }

    /// Calls with raw calldata.
    pub(crate) fn raw(
        &mut self,
        from: Address,
        to: Address,
        value: u64,
        data: &[u8],
    ) -> Result<Receipt, CallError> {
        let data = data.to_vec().into();
        let tx = Tx { from, to: Some(to), value: U256::from(value), data, gas_limit: TX_GAS };
        self.market.stage.chain.world.call_with(tx)
    }

    pub(crate) fn send<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> C::Return {
        let done = self.market.stage.chain.send(from, to, call);
        done.unwrap_or_else(|failure| panic!("{}: {failure}", C::SIGNATURE))
    }

    pub(crate) fn tell<C: SolCall>(&mut self, role: &str, contract: &str, call: C) -> C::Return {
        let (from, to) = (self.role(role), self.contracts[contract]);
        self.send(from, to, call)
    }

    /// What stands in calls of views.
    pub(crate) fn defaults(&mut self) -> Defaults {
        let words =
            self.market.stage.ask(IVault::wordsCall {}).map(|words| words.iter().map(|one| one.0).collect());
        let account =
            self.roles.iter().find(|(role, _)| *role == "account owner").map_or(self.market.lp, |one| one.1);
        Defaults {
            account,
            vault: self.market.stage.vault,
            series: self.market.call(2_800),
            expiry: self.market.expiries[1],
            words: words.unwrap_or_default(),
        }
    }
}

/// A call that succeeds for whoever may make it.
pub(crate) struct Case {
    pub(crate) signature: &'static str,
    pub(crate) place: Place,
    /// Wei that it carries.
    pub(crate) value: u64,
    /// Makes it ready: its calldata.
    pub(crate) ready: Ready,
}

/// What makes a call ready.
type Ready = Box<dyn Fn(&mut Scene) -> Vec<u8>>;

/// A case in the open market.
pub(crate) fn open<C: SolCall>(ready: impl Fn(&mut Scene) -> C + 'static) -> Case {
    at(Place::Open, ready)
}

pub(crate) fn at<C: SolCall>(place: Place, ready: impl Fn(&mut Scene) -> C + 'static) -> Case {
    let ready = move |scene: &mut Scene| ready(scene).abi_encode();
    Case { signature: C::SIGNATURE, place, value: 0, ready: Box::new(ready) }
}

/// A contract, its interfaces and a call of each of its methods that may change state.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) files: &'static [&'static str],
    /// Where its views are asked.
    pub(crate) place: Place,
    pub(crate) cases: Vec<Case>,
}

impl Subject {
    pub(crate) fn methods(&self) -> Vec<Method> {
        methods(self.files)
    }

    /// The case of each method that may change state; panics when a method has none or a case no method.
    pub(crate) fn covered(&self) -> Vec<(Method, &Case)> {
        let changing: Vec<Method> = self.methods().into_iter().filter(|method| method.changes).collect();
        for case in &self.cases {
            let known = changing.iter().any(|method| method.signature == case.signature);
            assert!(known, "{}: {} is no method that changes state", self.name, case.signature);
        }
        let with = |method: Method| {
            let mut of = self.cases.iter().filter(|case| case.signature == method.signature);
            let case = of.next().unwrap_or_else(|| panic!("{}: no call of {}", self.name, method.signature));
            assert!(of.next().is_none(), "{}: {} twice", self.name, method.signature);
            (method, case)
        };
        changing.into_iter().map(with).collect()
    }
}

/// Every contract that is deployed.
pub(crate) fn subjects() -> Vec<Subject> {
    let of = |name, files, place, cases| Subject { name, files, place, cases };
    vec![
        of("vault", &["IEquipoise"], Place::Open, super::calls::vault()),
        of("surface", &["ISurface"], Place::Open, super::calls::surface()),
        of("margin", &["IMargin"], Place::Open, super::holder_calls::margin()),
        of("hedge-desk", &["IHedgeDesk"], Place::Open, super::calls::desk()),
        of("broker", &["IBroker"], Place::Brokered, super::broker_calls::broker()),
        of("uniswap-v3-venue", &["IHedgeVenue"], Place::Open, super::calls::uniswap()),
        of("aave-short", &["IPositionVenue"], Place::Short, super::venue_calls::short()),
        of("perp-venue", &["IPositionVenue", "IPerpVenue"], Place::Perp, super::venue_calls::perp()),
        of("lens", &["ILens"], Place::Open, Vec::new()),
        of("risk-engine", &["IRiskEngine"], Place::Open, Vec::new()),
    ]
}

/// Scenes, each set once.
#[derive(Default)]
pub(crate) struct Scenes(BTreeMap<Place, Scene>);

impl Scenes {
    /// Takes a scene for the one of a place.
    pub(crate) fn put(&mut self, place: Place, scene: Scene) {
        self.0.insert(place, scene.saved());
    }

    /// The scene of a place, as it was at first.
    pub(crate) fn at(&mut self, place: Place) -> &mut Scene {
        let scene = self.0.entry(place).or_insert_with(|| set(place).saved());
        scene.again();
        scene
    }
}

pub(crate) fn set(place: Place) -> Scene {
    match place {
        Place::Founded => peopled(Scene::new(Market::bare(default_profile(), wide_limits()))),
        Place::Open => open_market(),
        Place::Strained => peopled(Scene::new(crate::insolvency::gapped())),
        Place::Brokered => peopled(super::broker_calls::scene()),
        Place::Short => peopled(super::venue_calls::short_scene()),
        Place::Perp => peopled(super::venue_calls::perp_scene()),
    }
}

/// Adds those whom no contract names, and gives everybody ether, tokens and allowances of them.
fn peopled(mut scene: Scene) -> Scene {
    let stage = &mut scene.market.stage;
    let named = [
        ("pending owner", "pending"),
        ("account owner", "holder"),
        ("operator", "operator"),
        ("anyone", "stranger"),
    ];
    scene.roles.extend(named.map(|(role, name)| (role, stage.chain.world.account(name))));
    for (_, account) in scene.roles.clone() {
        let stage = &mut scene.market.stage;
        let (owner, token, underlying) = (stage.actors.owner, stage.usdc, stage.underlying);
        let balance = stage.chain.world.balance(account);
        stage.chain.world.set_balance(account, balance + wad(100.0));
        let spenders = [stage.vault, stage.margin, stage.desk];
        scene.send(owner, token, Usdc::mintCall { to: account, value: usdc(1e6) });
        scene.send(owner, underlying, IToken::transferCall { to: account, value: wad(200.0) });
        for spender in spenders {
            for token in [token, underlying] {
                scene.send(account, token, IToken::approveCall { spender, value: U256::MAX });
            }
        }
    }
    let pending = scene.role("pending owner");
    scene.tell("owner", "vault", IVault::setRoleCall { which: IVault::Role::PendingOwner, account: pending });
    scene
}

/// A series of the first expiry that everybody has of.
pub(crate) fn held(market: &Market) -> U256 {
    series(market.expiries[0], 2_500, false)
}

fn open_market() -> Scene {
    let limits = IVault::Limits { maxVega: 60_000, ..wide_limits() };
    furnished(Market::limited(default_profile(), limits))
}

/// A listed market in which a hedge is due, with everybody in it.
pub(crate) fn furnished(mut market: Market) -> Scene {
    for strike in [2_500, 2_600, 2_700, 2_800] {
        market.trade(&[(market.call(strike), 18.0)]).expect("a trade");
    }
    let ours = held(&market);
    market.trade(&[(ours, 5.0)]).expect("a trade");
    let mut scene = peopled(Scene::new(market));
    let (vault, margin, trader) = (scene.market.stage.vault, scene.market.stage.margin, scene.market.trader);
    let owner = scene.role("owner");
    for (_, account) in scene.roles.clone() {
        scene.send(owner, vault, IERC4626::depositCall { assets: usdc(10_000.0), receiver: account });
        scene.send(trader, vault, IERC6909::transferCall { receiver: account, id: ours, amount: wad(0.1) });
        scene.send(owner, margin, IMargin::depositCall { amount: usdc(100_000.0), account });
    }
    let (holder, operator) = (scene.holder(), scene.role("operator"));
    scene.send(holder, vault, IERC20::approveCall { spender: operator, value: U256::MAX });
    scene.send(holder, vault, IERC6909::setOperatorCall { spender: operator, approved: true });
    scene.send(holder, margin, IMargin::setOperatorCall { operator, approved: true });
    let written = scene.market.call(2_800);
    write(&mut scene.market, holder, &[(written, 4.0)]).expect("written");
    scene.tell("anyone", "hedge-desk", IHedgeDesk::pokeCall {});
    let later = scene.market.now() + HOUR;
    scene.market.move_to(later, SPOT);
    scene
}
