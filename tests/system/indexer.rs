//! What an indexer knows: the state of the vault and of margin accounts, rebuilt from their logs alone and compared with what they answer.

use std::collections::{BTreeMap, BTreeSet};

use alloy_sol_types::SolEvent;
use demo::stage::Stage;
use host::alloy_primitives::{Address, I256, U256};
use host::Log;
use interfaces::broker::IBroker;
use interfaces::erc20::IERC20;
use interfaces::erc4626::IERC4626;
use interfaces::erc6909::IERC6909;
use interfaces::lens::ILens;
use interfaces::margin::IMargin;
use interfaces::vault::IVault;

type Amounts<K> = BTreeMap<K, I256>;

/// The state that logs tell.
#[derive(Default)]
pub(crate) struct Index {
    shares: Amounts<Address>,
    positions: Amounts<(Address, U256)>,
    /// What the vault has sold of a series, net of what it bought.
    sold: Amounts<U256>,
    epochs: BTreeMap<U256, [U256; 3]>,
    /// A controller's request: its epoch and its shares.
    requests: BTreeMap<Address, (U256, U256)>,
    prices: BTreeMap<u64, U256>,
    /// [token units of 18 decimals]
    hedge: I256,
    /// [micro-USD]
    cash: I256,
    claims: I256,
    redemptions: I256,
    pool_shares: I256,
    uncovered: U256,
    venues: BTreeMap<Address, U256>,
    paused: bool,
    accounts: Amounts<Address>,
    account_uncovered: BTreeMap<Address, U256>,
    written: BTreeMap<(Address, U256), U256>,
    auctions: BTreeSet<Address>,
    /// Logs that were understood, by the event's name.
    pub(crate) seen: BTreeMap<&'static str, usize>,
}

fn add<K: Ord>(amounts: &mut Amounts<K>, key: K, amount: I256) {
    *amounts.entry(key).or_default() += amount;
}

fn plus(amount: U256) -> I256 {
    I256::try_from(amount).expect("an amount")
}

/// The micro-USD of a fill: what a price with 18 decimals was made of.
fn cash_of(size: I256, price: U256) -> I256 {
    let unit = U256::from(10).pow(U256::from(30));
    let cash = (size.unsigned_abs() * price + unit / U256::from(2)) / unit;
    if size.is_negative() {
        plus(cash)
    } else {
        -plus(cash)
    }
}

macro_rules! understand {
    ($index:ident, $log:ident; $($event:path => |$one:ident| $act:block)*) => {
        $(if $log.topics.first() == Some(&<$event>::SIGNATURE_HASH) {
            let $one = <$event>::decode_raw_log($log.topics.iter().copied(), &$log.data).expect("the event");
            *$index.seen.entry(<$event>::SIGNATURE).or_default() += 1;
            $act
            return;
        })*
    };
}

impl Index {
    /// Follows logs, in order.
    pub(crate) fn follow(&mut self, stage: &Stage, logs: &[Log]) {
        for log in logs {
            if log.address == stage.vault {
                self.tokens(log);
                self.redemptions(log);
                self.trades(log);
                self.payments(log);
            } else if log.address == stage.margin {
                self.accounts(log);
            }
        }
    }

    fn tokens(&mut self, log: &Log) {
        let this = self;
        understand! { this, log;
            IERC20::Transfer => |one| {
                add(&mut this.shares, one.from, -plus(one.value));
                add(&mut this.shares, one.to, plus(one.value));
            }
            IERC6909::Transfer => |one| {
                add(&mut this.positions, (one.sender, one.id), -plus(one.amount));
                add(&mut this.positions, (one.receiver, one.id), plus(one.amount));
            }
            IERC4626::Deposit => |one| { this.cash += plus(one.assets); }
        }
    }

    fn redemptions(&mut self, log: &Log) {
        let this = self;
        understand! { this, log;
            IERC4626::Withdraw => |one| {
                this.cash -= plus(one.assets);
                this.redemptions -= plus(one.assets);
                if let Some((_, shares)) = this.requests.get_mut(&one.owner) {
                    *shares = shares.saturating_sub(one.shares);
                }
            }
            IERC4626::RedeemRequest => |one| {
                this.epochs.entry(one.requestId).or_default()[0] += one.shares;
                let request = this.requests.entry(one.controller).or_default();
                let before = if request.0 == one.requestId { request.1 } else { U256::ZERO };
                *request = (one.requestId, before + one.shares);
            }
            IERC4626::CancelRedeemRequest => |one| {
                let (_, shares) = this.requests.remove(&one.controller).expect("a request");
                this.epochs.entry(one.requestId).or_default()[0] -= shares;
            }
            IERC4626::EpochProcessed => |one| {
                let epoch = this.epochs.entry(one.requestId).or_default();
                epoch[1] += one.shares;
                epoch[2] += one.assets;
                this.redemptions += plus(one.assets);
            }
        }
    }

    fn trades(&mut self, log: &Log) {
        let this = self;
        understand! { this, log;
            IVault::Traded => |one| { add(&mut this.sold, one.series, one.size); }
            IVault::PremiumPaid => |one| { this.cash += one.premium; }
            IVault::Hedged => |one| {
                this.cash += cash_of(one.size, one.price);
                this.hedge += one.size;
                assert_eq!(one.position, this.hedge, "the position that the event tells");
            }
            IVault::Settled => |one| {
                this.prices.insert(one.expiry, one.price);
                this.claims += plus(one.owed);
                this.sold.retain(|series, _| expiry_of(*series) != one.expiry);
            }
            IVault::Claimed => |one| {
                this.cash -= plus(one.payoff);
                this.claims -= plus(one.payoff);
            }
        }
    }

    fn payments(&mut self, log: &Log) {
        let this = self;
        understand! { this, log;
            IVault::MarginMoved => |one| { this.cash -= one.amount; }
            IVault::RewardPaid => |one| { this.cash -= plus(one.amount); }
            IVault::Invested => |one| {
                let [assets, shares] = [plus(one.assets), plus(one.shares)];
                let sign = if one.bought { I256::ONE } else { I256::MINUS_ONE };
                this.cash -= sign * assets;
                this.pool_shares += sign * shares;
            }
            IVault::UncoveredSet => |one| { this.uncovered = one.uncovered; }
            IVault::PayoffReceived => |one| { this.cash += plus(one.paid); }
            IVault::UncoveredPaid => |one| { this.cash -= plus(one.amount); }
            IVault::VenueAllowed => |one| { this.venues.insert(one.venue, one.allowedFrom); }
            IVault::VenueRemoved => |one| { this.venues.insert(one.venue, U256::ZERO); }
            IVault::Paused => |_one| { this.paused = true; }
            IVault::Unpaused => |_one| { this.paused = false; }
        }
    }

    fn accounts(&mut self, log: &Log) {
        let this = self;
        understand! { this, log;
            IMargin::Deposited => |one| { add(&mut this.accounts, one.account, plus(one.amount)); }
            IMargin::Withdrawn => |one| { add(&mut this.accounts, one.account, -plus(one.amount)); }
            IMargin::PremiumSettled => |one| { add(&mut this.accounts, one.account, -one.premium); }
            IMargin::WrittenSet => |one| { this.written.insert((one.account, one.series), one.written); }
            IMargin::UncoveredSet => |one| { this.account_uncovered.insert(one.account, one.uncovered); }
            IMargin::AuctionStarted => |one| { this.auctions.insert(one.account); }
            IMargin::AuctionEnded => |one| { this.auctions.remove(&one.account); }
            IMargin::Taken => |one| {
                // A part of the account's cash, rounded down, goes with the book.
                let cash = this.accounts.get(&one.account).copied().unwrap_or_default();
                let moved = cash * plus(one.part) / plus(U256::from(1_000_000));
                add(&mut this.accounts, one.account, -moved);
                add(&mut this.accounts, one.bidder, moved);
                add(&mut this.accounts, one.bidder, -one.price);
                if one.price > I256::ZERO {
                    add(&mut this.accounts, one.account, one.price);
                }
            }
            IMargin::AccountSettled => |one| {
                add(&mut this.accounts, one.account, -plus(one.paid));
                this.written.retain(|(account, series), _| {
                    *account != one.account || expiry_of(*series) != one.expiry
                });
            }
        }
    }
}

fn expiry_of(series: U256) -> u64 {
    (series >> 56_usize).to()
}

/// Strike [USD] and whether it is a put.
fn terms_of(series: U256) -> (u64, bool) {
    let strike: u64 = ((series >> 8_usize) & U256::from(u64::MAX >> 16)).to();
    (strike / 1_000_000, !(series & U256::ONE).is_zero())
}

impl Index {
    /// Asserts that contracts answer what the logs told.
    #[track_caller]
    pub(crate) fn agrees(&self, stage: &mut Stage) {
        self.holders_agree(stage);
        self.book_agrees(stage);
        self.ledger_agrees(stage);
        self.queue_agrees(stage);
        self.accounts_agree(stage);
    }

    fn holders_agree(&self, stage: &mut Stage) {
        for (account, shares) in self.shares.iter().filter(|(account, _)| !account.is_zero()) {
            let told = stage.ask(IERC20::balanceOfCall { account: *account }).expect("shares");
            assert_eq!(plus(told), *shares, "shares of {account}");
        }
        let supply = stage.ask(IERC20::totalSupplyCall {}).expect("a supply");
        assert_eq!(-plus(supply), self.shares.get(&Address::ZERO).copied().unwrap_or_default());
        for ((owner, id), amount) in &self.positions {
            let told = if owner.is_zero() {
                -plus(stage.ask(IERC6909::totalSupplyCall { id: *id }).expect("a supply"))
            } else {
                plus(stage.ask(IERC6909::balanceOfCall { owner: *owner, id: *id }).expect("a position"))
            };
            assert_eq!(told, *amount, "{id} of {owner}");
        }
    }

    /// Net sizes by strike, puts and calls together, and the puts' part.
    fn book_agrees(&self, stage: &mut Stage) {
        let book = stage.look(ILens::bookCall { vault: stage.vault }).expect("a book");
        let mut left = self.sold.clone();
        for expiry in book {
            let (base, step) = (expiry.base, expiry.step);
            let mut puts = I256::ZERO;
            let mut net = vec![I256::ZERO; expiry.netSizes.len()];
            left.retain(|series, size| {
                if expiry_of(*series) != expiry.expiry {
                    return true;
                }
                let (strike, put) = terms_of(*series);
                let strike = U256::from(strike) * U256::from(1_000_000_000_000_000_000_u64);
                let index: usize = ((strike - base) / step).to();
                net[index] -= *size;
                if put {
                    puts -= *size;
                }
                false
            });
            assert_eq!(expiry.netSizes, net, "the book of {}", expiry.expiry);
            assert_eq!(expiry.putSize, puts, "the puts of {}", expiry.expiry);
        }
        left.retain(|_, size| !size.is_zero());
        assert!(left.is_empty(), "series that no live expiry has: {left:?}");
    }

    fn ledger_agrees(&self, stage: &mut Stage) {
        let nav = stage.ask(IVault::navCall {}).expect("a NAV");
        assert_eq!(plus(nav.cash), self.cash, "cash");
        assert_eq!(plus(nav.owed), self.claims + self.redemptions, "what is owed");
        self.hedge_agrees(stage);
        let IVault::accountsReturn { uncovered, .. } = stage.ask(IVault::accountsCall {}).expect("numbers");
        assert_eq!(uncovered, self.uncovered);
        let pool = stage.ask(IVault::poolCall {}).expect("a pool");
        assert_eq!(plus(pool.shares), self.pool_shares);
        assert_eq!(stage.ask(IVault::pausedCall {}).expect("a flag"), self.paused);
        for (venue, from) in &self.venues {
            let told = stage.ask(IVault::venueAllowedFromCall { venue: *venue }).expect("a time");
            assert_eq!(told, *from);
        }
        for (expiry, price) in &self.prices {
            let told = stage.ask(IVault::settlementPriceCall { expiry: *expiry }).expect("a price");
            assert_eq!(told, *price);
        }
    }

    /// What the desk counts as the position is what is held and what the broker says.
    fn hedge_agrees(&self, stage: &mut Stage) {
        let Ok(need) = stage.need() else { return };
        let price = stage.ask(IVault::spotCall {}).expect("a price").price;
        let brokered = stage.broker_view(IBroker::heldCall { price }).expect("what is held");
        let held = need.position - brokered.size - brokered.pending;
        let off = (held - self.hedge).abs();
        assert!(
            off < I256::try_from(2_000_000_000_000_i64).expect("small"),
            "{held} held, {} told",
            self.hedge
        );
    }

    fn queue_agrees(&self, stage: &mut Stage) {
        for (id, [requested, processed, assets]) in &self.epochs {
            let epoch = stage.ask(IERC4626::epochCall { requestId: *id }).expect("an epoch");
            assert_eq!(
                [epoch.requested, epoch.processed, epoch.assets],
                [*requested, *processed, *assets],
                "{id}"
            );
        }
        for (controller, (id, shares)) in &self.requests {
            let (request_id, controller) = (*id, *controller);
            let pending = IERC4626::pendingRedeemRequestCall { requestId: request_id, controller };
            let claimable = IERC4626::claimableRedeemRequestCall { requestId: request_id, controller };
            let [pending, claimable] =
                [stage.ask(pending).expect("shares"), stage.ask(claimable).expect("shares")];
            assert_eq!(pending + claimable, *shares, "the request of {controller}");
        }
    }

    fn accounts_agree(&self, stage: &mut Stage) {
        for (account, cash) in &self.accounts {
            let account = *account;
            let told = stage.margin_view(IMargin::accountOfCall { account }).expect("an account");
            assert_eq!(plus(told.cash), *cash, "cash of {account}");
            assert_eq!(told.auctionSince > U256::ZERO, self.auctions.contains(&account));
            let uncovered = self.account_uncovered.get(&account).copied().unwrap_or_default();
            assert_eq!(told.uncovered, uncovered, "what {account} leaves uncovered");
            let book = stage.margin_view(IMargin::bookOfCall { account }).expect("a book");
            let book: BTreeMap<U256, U256> =
                book.iter().map(|one| (one.series, one.size.into_raw())).collect();
            let of = self.written.iter().filter(|((who, _), size)| *who == account && !size.is_zero());
            let of: BTreeMap<U256, U256> = of.map(|((_, series), size)| (*series, *size)).collect();
            assert_eq!(book, of, "what {account} has written");
        }
    }
}
