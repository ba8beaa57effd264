//! The collector: all that decisions need, read from one block.

use alloy_primitives::{Address, U256};
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::external::IToken;
use interfaces::vault::IVault;
use interfaces::words::{to_u64, to_u128};

use crate::ask::ask;
use crate::chain::{Account, Chain, Fault, Head};
use crate::config::Config;
use crate::mark::{Skew, State, Worth};
use crate::numbers::WAD;
use crate::rounds::{Straddling, straddling};
use crate::skip::Skip;
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
    /// The hedge as the vault says it.
    pub told: Result<IVault::Hedge, Fault>,
    /// The hedge and the book's worth as they are marked here.
    pub worth: Option<Worth>,
    /// Sizes that venues were asked for are parts of this, signed [1e-18].
    pub asked: i128,
    /// The venues.
    pub venues: Vec<Offer>,
    /// Expired books, soonest first.
    pub expired: Vec<Expired>,
    /// What `processEpoch` would do: epoch, shares and assets.
    pub queue: Result<(U256, U256, U256), Fault>,
    /// Shares there are, for whoever looks.
    pub supply: U256,
}

/// Reads views.
pub struct Collector {
    vault: Address,
    samples: u32,
    venues: Vec<Box<dyn Venue>>,
    market: Option<Market>,
    /// Asks venues even when no hedge is due.
    pub curious: bool,
}

impl Collector {
    /// For the vault of a config, with these venues.
    #[must_use]
    pub fn new(config: &Config, venues: Vec<Box<dyn Venue>>) -> Self {
        Self { vault: config.vault, samples: config.hedge.samples, venues, market: None, curious: false }
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
        let told = ask(chain, &head, vault, &IVault::hedgeNeededCall {}).await;
        let price = ask(chain, &head, vault, &IVault::spotCall {}).await;
        let asked = self.sizes(&state, worth.as_ref(), told.as_ref().ok());
        let venues = self.offers(chain, &head, &market, &state, asked).await?;
        let queue = ask(chain, &head, vault, &IERC4626::processEpochCall {}).await;
        let supply = ask(chain, &head, vault, &IERC20::totalSupplyCall {}).await?;
        Ok(View {
            head,
            account,
            market,
            price: price.map(|price| (to_u128(price.price).unwrap_or_default(), seconds(price.updatedAt))),
            told,
            worth,
            asked,
            venues,
            expired: expired(chain, &head, &market, &state).await,
            queue: queue.map(|done| (done.requestId, done.shares, done.assets)),
            supply,
            state,
        })
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
    fn sizes(&self, state: &State, worth: Option<&Worth>, told: Option<&IVault::Hedge>) -> i128 {
        let agreed = told.and_then(Skew::told).filter(|told| worth.is_some_and(|worth| worth.skew == *told));
        match agreed {
            Some(skew) if skew.size != 0 => skew.size,
            Some(skew) if self.curious && state.request.free > 0 => skew.outer.max(1),
            _ => 0,
        }
    }

    async fn offers(
        &self,
        chain: &dyn Chain,
        head: &Head,
        market: &Market,
        state: &State,
        asked: i128,
    ) -> Result<Vec<Offer>, Skip> {
        let mut offers = Vec::new();
        for venue in &self.venues {
            let (name, address) = (venue.name().to_owned(), venue.address());
            let call = IVault::venueAllowedFromCall { venue: address };
            let allowed_from = seconds(ask(chain, head, market.vault, &call).await?);
            let open = allowed_from != 0 && allowed_from <= head.timestamp;
            let quotes = match self.question(market, state, asked) {
                Some(ask) if open => venue.quotes(chain, head, &ask).await,
                _ => Ok(Vec::new()),
            };
            offers.push(Offer { name, address, allowed_from, quotes });
        }
        Ok(offers)
    }

    /// Equal parts of what is asked, whole token units each.
    fn question(&self, market: &Market, state: &State, asked: i128) -> Option<Ask> {
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
            worst: worst_price(state, asked > 0)?,
            sizes,
        };
        (!ask.sizes.is_empty()).then_some(ask)
    }
}

/// The worst price that the vault takes, as it rounds it [18 decimals].
pub(crate) fn worst_price(state: &State, buying: bool) -> Option<u128> {
    const MILLION: u128 = 1_000_000;
    let slip = u128::from(state.terms.max_slippage);
    let factor = if buying { MILLION.checked_add(slip) } else { MILLION.checked_sub(slip) };
    maths::mul_div_down(state.spot(), factor?, MILLION)
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
