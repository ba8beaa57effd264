//! The collector: all that decisions need, read from one block.

use alloy_primitives::{Address, U256};
use interfaces::broker::IBroker;
use interfaces::desk::IHedgeDesk;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::lens::ILens;
use interfaces::vault::IVault;
use interfaces::words::{to_u64, to_u128};
use inventory::hedge::{Order, Young, worst_price};

use crate::ask::ask;
use crate::brokerage::Brokerage;
use crate::chain::{Account, Chain, Fault, Head};
use crate::config::Config;
use crate::mark::{State, Worth};
use crate::numbers::WAD;
use crate::rounds::{Straddling, straddling};
use crate::seats::{Scene, Seats};
use crate::skip::Skip;
use crate::stance::{Stance, Told};
use crate::venue::{Ask, Quote, Venue};

/// What never changes of a vault.
#[derive(Clone, Copy, Debug, Default)]
pub struct Market {
    /// The vault.
    pub vault: Address,
    /// USDC.
    pub asset: Address,
    /// What hedges are.
    pub underlying: Address,
    /// 18-decimal units in a token unit of the underlying.
    pub grain: u128,
    /// The price feed.
    pub feed: Address,
}

/// A venue in one block.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What people call it.
    pub name: String,
    /// Its adapter.
    pub address: Address,
    /// From when the vault allows it, zero for never [unix seconds]
    pub allowed_from: u64,
    /// What the sizes asked for would trade at.
    pub quotes: Result<Vec<Quote>, Fault>,
}

/// An expired book that waits.
#[derive(Clone, Debug)]
pub struct Expired {
    /// [unix seconds]
    pub expiry: u64,
    /// The round that settles it.
    pub round: Result<Straddling, Fault>,
}

/// What an account has of a token, and what of it vault and desk may take [token units].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// Its balance
    pub have: u128,
    /// The smaller of its allowances to the vault and to the desk
    pub allowed: u128,
}

/// Redemptions that wait.
#[derive(Clone, Debug)]
pub struct Queue {
    /// All epochs up to this one are filled.
    pub filled: U256,
    /// All up to this one were opened.
    pub last: U256,
    /// Those that wait, as far as the lens was asked.
    pub waiting: Vec<ILens::WaitingEpoch>,
}

/// One block, as far as it concerns the keeper.
#[derive(Clone, Debug)]
pub struct View {
    /// The block.
    pub head: Head,
    /// Whose transactions are sent.
    pub account: Option<(Address, Account)>,
    /// What never changes.
    pub market: Market,
    /// The vault's words.
    pub state: State,
    /// The vault's price and its time, or why there is none.
    pub price: Result<(u128, u64), Fault>,
    /// The hedge as the desk says it.
    pub told: Result<Told, Fault>,
    /// The book's worth as it is marked here.
    pub worth: Option<Worth>,
    /// The hedge as it is computed here.
    pub stance: Option<Stance>,
    /// USDC and underlying of the account, if hedges may be filled from it.
    pub purses: Option<Result<[Purse; 2], Fault>>,
    /// Sizes that venues were asked for are parts of this, signed [1e-18].
    pub asked: i128,
    /// The venues.
    pub venues: Vec<Offer>,
    /// The broker, none without one that has a venue, or without a price.
    pub broker: Result<Option<Brokerage>, Fault>,
    /// Expired books, soonest first.
    pub expired: Vec<Expired>,
    /// What `processEpoch` would do: epoch, shares and assets.
    pub queue: Result<(U256, U256, U256), Fault>,
    /// Since when it could have been done [unix seconds]
    pub ready_at: Option<u64>,
    /// Redemptions that wait, for whoever looks.
    pub epochs: Option<Result<Queue, Fault>>,
    /// Shares there are, for whoever looks.
    pub supply: U256,
}

/// Reads views.
pub struct Collector {
    vault: Address,
    samples: u32,
    venues: Vec<Box<dyn Venue>>,
    seats: Seats,
    market: Option<Market>,
    fills: bool,
    lens: Option<Address>,
    /// Asks venues even when no hedge is due, and who waits for redemptions.
    pub curious: bool,
}

impl Collector {
    /// For the vault of a config, with these venues.
    #[must_use]
    pub fn new(config: &Config, venues: Vec<Box<dyn Venue>>) -> Self {
        let (vault, samples, fills, lens) = (config.vault, config.hedge.samples, config.fill.on, config.lens);
        let seats = Seats::new(config);
        Self { vault, samples, venues, seats, market: None, fills, lens, curious: false }
    }

    /// Reads everything in the block `head`.
    ///
    /// # Errors
    /// What keeps from any decision.
    pub async fn collect(
        &mut self,
        chain: &dyn Chain,
        head: Head,
        sender: Option<Address>,
    ) -> Result<View, Skip> {
        let market = self.market(chain, &head).await?;
        let vault = market.vault;
        let account = match sender {
            Some(sender) => Some((sender, chain.account(&head, sender).await?)),
            None => None,
        };
        let words = ask(chain, &head, vault, &IVault::wordsCall {}).await?;
        let state = State::read(&words).ok_or_else(|| Skip::Unreadable(format!("{} words", words.len())))?;
        let worth = if state.request.spot == 0 { None } else { state.worth() };
        let told = told(chain, &head, &state, vault).await;
        let stance =
            worth.zip(told.as_ref().ok()).and_then(|(worth, told)| Stance::new(&state, &worth, told));
        let price = ask(chain, &head, vault, &IVault::spotCall {}).await;
        let asked = self.sizes(&state, stance.as_ref());
        let venues = self.offers(chain, &head, &market, &state, stance.as_ref(), asked).await?;
        let broker =
            self.broker(chain, &head, &market, &state, stance.as_ref().zip(told.as_ref().ok())).await;
        let (queue, ready_at) = epoch(chain, &head, vault).await;
        let supply = ask(chain, &head, vault, &IERC20::totalSupplyCall {}).await?;
        let hedge = stance.as_ref().zip(told.as_ref().ok());
        let purses = self.purses(chain, &head, &market, sender, hedge).await;
        Ok(View {
            head,
            account,
            market,
            price: price.map(|price| (to_u128(price.price).unwrap_or_default(), seconds(price.updatedAt))),
            told,
            worth,
            stance,
            purses,
            asked,
            venues,
            broker,
            expired: expired(chain, &head, &market, &state).await,
            queue,
            ready_at,
            epochs: if self.curious { Some(self.epochs(chain, &head).await) } else { None },
            supply,
            state,
        })
    }

    async fn broker(
        &mut self,
        chain: &dyn Chain,
        head: &Head,
        market: &Market,
        state: &State,
        hedge: Option<(&Stance, &Told)>,
    ) -> Result<Option<Brokerage>, Fault> {
        if state.request.spot == 0 {
            return Ok(None);
        }
        let hedge = hedge.map(|(stance, told)| (stance, told.address));
        self.seats.read(&Scene { chain, head, market, state, hedge }).await
    }

    async fn market(&mut self, chain: &dyn Chain, head: &Head) -> Result<Market, Skip> {
        if let Some(market) = self.market {
            return Ok(market);
        }
        let vault = self.vault;
        let asset = ask(chain, head, vault, &IERC4626::assetCall {}).await?;
        let underlying = ask(chain, head, vault, &IVault::underlyingCall {}).await?;
        let feed = ask(chain, head, vault, &IVault::feedsCall {}).await?.price;
        let decimals = ask(chain, head, underlying, &IToken::decimalsCall {}).await?;
        let unit = 10_u128.checked_pow(decimals.into()).unwrap_or_default();
        let grain = WAD.checked_div(unit).filter(|grain| *grain > 0);
        let grain = grain.ok_or_else(|| Skip::Unreadable(format!("{decimals} decimals of {underlying}")))?;
        Ok(*self.market.insert(Market { vault, asset, underlying, grain, feed }))
    }

    /// What venues are asked for parts of: what is due, else nothing, or for the curious a band's width.
    fn sizes(&self, state: &State, stance: Option<&Stance>) -> i128 {
        match stance {
            Some(stance) if stance.due() != 0 => stance.due(),
            Some(stance) if self.curious && state.request.free > 0 => {
                i128::try_from(stance.widths().outer).unwrap_or(i128::MAX).max(1)
            }
            _ => 0,
        }
    }

    /// What the account could fill a hedge with, while one is due.
    async fn purses(
        &self,
        chain: &dyn Chain,
        head: &Head,
        market: &Market,
        sender: Option<Address>,
        hedge: Option<(&Stance, &Told)>,
    ) -> Option<Result<[Purse; 2], Fault>> {
        let (_, told) = hedge.filter(|(stance, _)| self.fills && stance.trigger.due != 0)?;
        let account = sender?;
        let purse = async |token| -> Result<Purse, Fault> {
            let have = ask(chain, head, token, &IToken::balanceOfCall { account }).await?;
            let mut allowed = U256::MAX;
            for spender in [market.vault, told.address] {
                let call = IERC20::allowanceCall { owner: account, spender };
                allowed = allowed.min(ask(chain, head, token, &call).await?);
            }
            let small = |number| to_u128(number).unwrap_or(u128::MAX);
            Ok(Purse { have: small(have), allowed: small(allowed) })
        };
        let asset = purse(market.asset).await;
        let underlying = purse(market.underlying).await;
        Some(asset.and_then(|asset| Ok([asset, underlying?])))
    }

    async fn epochs(&self, chain: &dyn Chain, head: &Head) -> Result<Queue, Fault> {
        let epochs = ask(chain, head, self.vault, &IERC4626::epochsCall {}).await?;
        let waiting = match self.lens {
            Some(lens) => ask(chain, head, lens, &ILens::queueCall { vault: self.vault }).await?,
            None => Vec::new(),
        };
        Ok(Queue { filled: epochs.filled, last: epochs.last, waiting })
    }

    async fn offers(
        &self,
        chain: &dyn Chain,
        head: &Head,
        market: &Market,
        state: &State,
        stance: Option<&Stance>,
        asked: i128,
    ) -> Result<Vec<Offer>, Skip> {
        let mut offers = Vec::new();
        for venue in &self.venues {
            let (name, address) = (venue.name().to_owned(), venue.address());
            let call = IVault::venueAllowedFromCall { venue: address };
            let allowed_from = seconds(ask(chain, head, market.vault, &call).await?);
            let open = allowed_from != 0 && allowed_from <= head.timestamp;
            let quotes = match stance.and_then(|stance| self.question(market, state, stance, asked)) {
                Some(ask) if open => venue.quotes(chain, head, &ask).await,
                _ => Ok(Vec::new()),
            };
            offers.push(Offer { name, address, allowed_from, quotes });
        }
        Ok(offers)
    }

    /// Equal parts of what is asked, whole token units each, at the widest that the price cap will ever be.
    fn question(&self, market: &Market, state: &State, stance: &Stance, asked: i128) -> Option<Ask> {
        let count = u128::from(self.samples);
        let whole = asked.unsigned_abs() / market.grain * market.grain;
        let part =
            |at: u128| maths::mul_div_down(whole, at, count).map(|size| size / market.grain * market.grain);
        let mut sizes: Vec<u128> = (1..=count).filter_map(part).filter(|size| *size > 0).collect();
        sizes.dedup();
        let ask = Ask {
            vault: market.vault,
            asset: market.asset,
            underlying: market.underlying,
            grain: market.grain,
            buying: asked > 0,
            worst: worst_price(state.spot(), asked > 0, stance.rules.slip_max.min(state.terms.max_slippage))?,
            sizes,
        };
        (!ask.sizes.is_empty()).then_some(ask)
    }
}

/// What the vault's desk says of the hedge.
async fn told(chain: &dyn Chain, head: &Head, state: &State, vault: Address) -> Result<Told, Fault> {
    let call = IVault::satelliteCall { which: IVault::Satellite::Desk };
    let address = ask(chain, head, vault, &call).await?.contract_;
    let need = ask(chain, head, address, &IHedgeDesk::hedgeNeededCall {}).await?;
    let rules = ask(chain, head, address, &IHedgeDesk::rulesCall {}).await?.rules();
    let young = ask(chain, head, vault, &IVault::youngTradesCall {}).await?;
    let young = Young::unpack(young.iter().map(|word| &word.0));
    let ordered = match state.request.brokered {
        Some(_) => ordered(chain, head, state, vault).await?,
        None => None,
    };
    Ok(Told { address, need, rules, young, ordered })
}

/// What the broker's venues have still to execute, as the desk counts it.
async fn ordered(
    chain: &dyn Chain,
    head: &Head,
    state: &State,
    vault: Address,
) -> Result<Option<Order>, Fault> {
    let call = IVault::satelliteCall { which: IVault::Satellite::Broker };
    let broker = ask(chain, head, vault, &call).await?.contract_;
    let held = ask(chain, head, broker, &IBroker::heldCall { price: U256::from(state.spot()) }).await?;
    let placed = u32::try_from(held.pendingSince).unwrap_or_default();
    let pending = i128::try_from(held.pending).unwrap_or_default();
    Ok(state.request.ordered(pending, placed).filter(|_| placed != 0))
}

/// What processing the next epoch would do: its id, shares and USDC, and when that may be.
async fn epoch(
    chain: &dyn Chain,
    head: &Head,
    vault: Address,
) -> (Result<(U256, U256, U256), Fault>, Option<u64>) {
    let done = match ask(chain, head, vault, &IERC4626::processEpochCall {}).await {
        Ok(done) => done,
        Err(fault) => return (Err(fault), None),
    };
    let call = IERC4626::epochCall { requestId: done.requestId };
    let ready_at = ask(chain, head, vault, &call).await.ok().map(|epoch| seconds(epoch.readyAt));
    (Ok((done.requestId, done.shares, done.assets)), ready_at)
}

async fn expired(chain: &dyn Chain, head: &Head, market: &Market, state: &State) -> Vec<Expired> {
    let mut expiries: Vec<u64> = state.expired().map(u64::from).collect();
    expiries.sort_unstable();
    let mut found = Vec::new();
    for expiry in expiries {
        let round = straddling(chain, head, market.feed, expiry).await;
        found.push(Expired { expiry, round });
    }
    found
}

fn seconds(number: U256) -> u64 {
    to_u64(number).unwrap_or(u64::MAX)
}
