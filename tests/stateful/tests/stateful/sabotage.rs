//! What breaks an invariant: storage written by hand, programs replaced, money from nowhere. The look at it stays as it is.

use host::alloy_primitives::{Address, Bytes, U256};
use interfaces::erc20::IERC20;
use interfaces::lens::ILens;
use interfaces::vault::IVault;
use options::Slice;
use stateful::fuzz::Fuzz;
use stateful::ghost::Ghost;
use stateful::numbers::{signed, small};
use stateful::slots::Half;
use stateful::step::Told;

/// Writes one of the vault's numbers.
fn alter(fuzz: &mut Fuzz, half: Half, to: impl FnOnce(u128) -> u128) {
    let vault = fuzz.stage.vault;
    let world = &mut fuzz.stage.chain.world;
    let number = half.read(world, vault);
    half.write(world, vault, to(number));
}

/// Changes somebody's USDC.
fn money(fuzz: &mut Fuzz, who: Address, to: impl FnOnce(u128) -> u128) {
    let (usdc, slot) = (fuzz.stage.usdc, fuzz.purses.slot(fuzz.stage.usdc, who));
    let world = &mut fuzz.stage.chain.world;
    let held = small(world.storage(usdc, slot));
    world.set_storage(usdc, slot, U256::from(to(held)));
}

/// Slots of an account that something changes, with what they were.
fn changed_by<T>(fuzz: &mut Fuzz, account: Address, act: impl FnOnce(&mut Fuzz) -> T) -> Vec<(U256, U256)> {
    let before = fuzz.stage.chain.world.dump_account(account).storage;
    let _ = act(fuzz);
    let after = fuzz.stage.chain.world.dump_account(account).storage;
    let keys = before.keys().chain(after.keys()).copied().collect::<std::collections::BTreeSet<U256>>();
    let each = keys.into_iter().map(|slot| (slot, before.get(&slot).copied(), after.get(&slot).copied()));
    each.filter(|(_, before, after)| before != after)
        .map(|(slot, before, _)| (slot, before.unwrap_or_default()))
        .collect()
}

/// The slots of an account that hold a word.
fn holding(fuzz: &mut Fuzz, account: Address, word: U256) -> Vec<U256> {
    let all = fuzz.stage.chain.world.dump_account(account).storage;
    all.into_iter().filter(|(_, value)| *value == word).map(|(slot, _)| slot).collect()
}

pub(crate) fn cash_down(fuzz: &mut Fuzz) {
    let cash = fuzz.slots.cash;
    alter(fuzz, cash, |cash| cash - 5_000_000_000);
}

pub(crate) fn cash_up(fuzz: &mut Fuzz) {
    let cash = fuzz.slots.cash;
    alter(fuzz, cash, |cash| cash + 5);
}

/// NAV that is half the worst loss.
pub(crate) fn nav_below_loss(fuzz: &mut Fuzz) {
    let (nav, vault) = (fuzz.nav().expect("a NAV"), fuzz.stage.vault);
    let loss = fuzz.stage.look(ILens::worstCaseCall { vault }).expect("a loss").loss;
    let surplus = (signed(nav.mid) - small(loss) as i128 / 2) as u128;
    let claims = fuzz.slots.claims;
    alter(fuzz, claims, |claims| claims + surplus);
}

pub(crate) fn vault_robbed(fuzz: &mut Fuzz) {
    money(fuzz, fuzz.stage.vault, |held| held - 1);
}

pub(crate) fn trader_enriched(fuzz: &mut Fuzz) {
    money(fuzz, fuzz.stage.actors.arbitrageur, |held| held + 1_000_000_000);
}

pub(crate) fn keeper_enriched(fuzz: &mut Fuzz) {
    money(fuzz, fuzz.stage.actors.keeper, |held| held + 900_000_000);
}

pub(crate) fn broker_paid(fuzz: &mut Fuzz) {
    money(fuzz, fuzz.stage.broker, |held| held + 1);
}

pub(crate) fn receiver_robbed(fuzz: &mut Fuzz) {
    let told = fuzz.step.as_ref().map(|step| step.told);
    if let Some(Told::Claim { receiver, .. }) = told {
        money(fuzz, receiver, |held| held.saturating_sub(1));
    }
}

pub(crate) fn more_shares(fuzz: &mut Fuzz) {
    let supply = fuzz.slots.supply;
    alter(fuzz, supply, |supply| supply + supply / 2 + 1);
}

pub(crate) fn one_share_more(fuzz: &mut Fuzz) {
    let supply = fuzz.slots.supply;
    alter(fuzz, supply, |supply| supply + 1);
}

/// Somebody has shares, and there are none.
pub(crate) fn shares_of_nothing(fuzz: &mut Fuzz) {
    let (vault, who) = (fuzz.stage.vault, fuzz.cast.people[0]);
    let call = interfaces::erc4626::IERC4626::depositCall { assets: U256::from(1_000_000), receiver: who };
    fuzz.aside(who, vault, &call).expect("a deposit");
    let supply = fuzz.slots.supply;
    alter(fuzz, supply, |_| 0);
}

pub(crate) fn nothing_set_aside(fuzz: &mut Fuzz) {
    let redemptions = fuzz.slots.redemptions;
    alter(fuzz, redemptions, |_| 0);
}

pub(crate) fn hedge_up(fuzz: &mut Fuzz) {
    let hedge = fuzz.slots.hedge;
    alter(fuzz, hedge, |hedge| hedge + 500_000_000_000_000_000_000);
}

pub(crate) fn allowance_left(fuzz: &mut Fuzz) {
    let (token, slot) = fuzz.purses.allowance_slot(3);
    fuzz.stage.chain.world.set_storage(token, slot, U256::ONE);
}

/// Signed lots of a word, eight to it.
fn lanes(word: U256) -> [i32; 8] {
    let bytes = word.to_be_bytes::<32>();
    std::array::from_fn(|at| i32::from_be_bytes(bytes[4 * at..4 * at + 4].try_into().expect("four bytes")))
}

/// Adds lots to the vault's book, at a strike round the money.
fn add_lots(fuzz: &mut Fuzz, more: i32) {
    let vault = fuzz.stage.vault;
    let id = fuzz.live_series().expect("a series") & !U256::ONE;
    let legs = vec![stateful::handlers::leg(id, 7)];
    let who = fuzz.cast.people[2];
    let call = IVault::tradeCall {
        legs,
        maxPremium: host::alloy_primitives::I256::MAX,
        receiver: who,
        deadline: U256::MAX,
    };
    let mut found = None;
    let slots = changed_by_trial(fuzz, vault, |fuzz| fuzz.aside(who, vault, &call).is_ok());
    for (slot, before, after) in slots {
        let (before, after) = (lanes(before), lanes(after));
        if let Some(lane) = (0..8).find(|lane| after[*lane] == before[*lane].wrapping_sub(7)) {
            found = Some((slot, lane));
        }
    }
    let (slot, lane) = found.expect("the word of a strike");
    let word = fuzz.stage.chain.world.storage(vault, slot);
    let mut bytes = word.to_be_bytes::<32>();
    let lots = lanes(word)[lane] + more;
    bytes[4 * lane..4 * lane + 4].copy_from_slice(&lots.to_be_bytes());
    fuzz.stage.chain.world.set_storage(vault, slot, U256::from_be_bytes(bytes));
}

/// Slots that a trial changes, before and after.
fn changed_by_trial(
    fuzz: &mut Fuzz,
    account: Address,
    act: impl FnOnce(&mut Fuzz) -> bool,
) -> Vec<(U256, U256, U256)> {
    fuzz.try_out(|fuzz| {
        if !fuzz.is_fresh() {
            fuzz.refresh(fuzz.ghost.price);
        }
        let slots = changed_by(fuzz, account, act);
        slots
            .into_iter()
            .map(|(slot, before)| (slot, before, fuzz.stage.chain.world.storage(account, slot)))
            .collect()
    })
}

pub(crate) fn lots_added(fuzz: &mut Fuzz) {
    add_lots(fuzz, 40_000);
}

pub(crate) fn some_lots_added(fuzz: &mut Fuzz) {
    add_lots(fuzz, 600);
}

pub(crate) fn one_lot_added(fuzz: &mut Fuzz) {
    add_lots(fuzz, 1);
}

/// The vault's word of its first expiry is one that expires later, and so is the feed's.
pub(crate) fn expiry_moved(fuzz: &mut Fuzz) {
    let (vault, now) = (fuzz.stage.vault, fuzz.now());
    let headers = fuzz.ask(IVault::headersCall {}).expect("headers");
    for word in headers {
        let mut header = book::Header::unpack(&word.0);
        if u64::from(header.expiry) <= now {
            let before = header.expiry.to_be_bytes();
            header.expiry += 20 * 86_400;
            slices_moved(fuzz, before, header.expiry.to_be_bytes());
            for slot in holding(fuzz, vault, word.into()) {
                fuzz.stage.chain.world.set_storage(vault, slot, U256::from_be_bytes(header.pack()));
            }
        }
    }
}

/// Where the feed keeps the slices of one expiry it has another's.
fn slices_moved(fuzz: &mut Fuzz, before: [u8; 4], after: [u8; 4]) {
    let surface = fuzz.stage.surface;
    for (slot, word) in fuzz.stage.chain.world.dump_account(surface).storage {
        let mut places = word.to_be_bytes::<32>();
        for place in places.as_chunks_mut::<8>().0 {
            if place[..4] == before {
                place[..4].copy_from_slice(&after);
            }
        }
        fuzz.stage.chain.world.set_storage(surface, slot, U256::from_be_bytes(places));
    }
}

/// Every slice of the feed has another level and tilt.
pub(crate) fn surface_bent(fuzz: &mut Fuzz) {
    let surface = fuzz.stage.surface;
    let made = fuzz.ghost.surfaces.iter().map(|(time, _)| *time as u32).collect::<Vec<u32>>();
    for (slot, word) in fuzz.stage.chain.world.dump_account(surface).storage {
        let mut slice = Slice::unpack(&word.to_be_bytes::<32>());
        if made.contains(&slice.updated_at) && slice.b > 0 {
            slice.b *= 9;
            slice.rho = 4_100_000;
            slice.s = 20_000_000;
            fuzz.stage.chain.world.set_storage(surface, slot, U256::from_be_bytes(slice.pack()));
        }
    }
}

/// The true price leaves the deviation.
pub(crate) fn price_leaps(fuzz: &mut Fuzz) {
    fuzz.ghost.price *= 1.1;
}

/// The settlement price is another one.
pub(crate) fn settlement_rewritten(fuzz: &mut Fuzz) {
    settlement(fuzz, |price| price + 1);
}

/// The settlement price is forgotten.
pub(crate) fn settlement_forgotten(fuzz: &mut Fuzz) {
    settlement(fuzz, |_| 0);
}

fn settlement(fuzz: &mut Fuzz, to: impl Fn(u64) -> u64) {
    let vault = fuzz.stage.vault;
    let prices: Vec<U256> = fuzz.ghost.settled.values().copied().collect();
    for price in prices {
        let price = (small(price) / 10_000_000_000) as u64;
        for slot in holding(fuzz, vault, U256::from(price)) {
            fuzz.stage.chain.world.set_storage(vault, slot, U256::from(to(price)));
        }
    }
}

/// Every round of the feed has another answer.
pub(crate) fn rounds_rewritten(fuzz: &mut Fuzz) {
    let feed = fuzz.stage.feed;
    for (slot, word) in fuzz.stage.chain.world.dump_account(feed).storage {
        // Prices of 900 to 7,000 USD with 8 decimals; times are smaller.
        if word > U256::from(50_000_000_000_u64) && word < U256::from(2_000_000_000_000_u64) {
            fuzz.stage.chain.world.set_storage(feed, slot, word + word / U256::from(3));
        }
    }
}

/// Roles of the vault, the stranger's.
pub(crate) fn roles_stolen(fuzz: &mut Fuzz) {
    let (vault, actors) = (fuzz.stage.vault, fuzz.stage.actors);
    let stranger: U256 = fuzz.cast.stranger.into_word().into();
    for role in [actors.owner, actors.curator, actors.guardian] {
        for slot in holding(fuzz, vault, role.into_word().into()) {
            fuzz.stage.chain.world.set_storage(vault, slot, stranger);
        }
    }
}

/// The surface feed's storage is that of the beginning.
pub(crate) fn surface_turned_back(fuzz: &mut Fuzz) {
    let surface = fuzz.stage.surface;
    let (mark, _) = fuzz.beginning();
    let then = fuzz.stage.chain.world.at(mark, |world| world.dump_account(surface).storage);
    let words = then.into_iter().map(|(slot, word)| (slot.into(), word.into())).collect();
    fuzz.stage.chain.world.replace_storage(surface, &words);
}

/// The contract that called back says that it was let in.
pub(crate) fn let_in(fuzz: &mut Fuzz) {
    for contract in [fuzz.cast.hostile_venue, fuzz.cast.hostile_filler] {
        fuzz.stage.chain.world.set_storage(contract, U256::from(2), U256::from(0x0101));
    }
}

/// The venue that was called is gone.
pub(crate) fn venue_gone(fuzz: &mut Fuzz) {
    let venue = fuzz.stage.venue;
    fuzz.stage.chain.world.set_code(venue, Bytes::new());
}

/// A slot that no call wrote.
pub(crate) fn slot_written(fuzz: &mut Fuzz) {
    let vault = fuzz.stage.vault;
    fuzz.stage.chain.world.set_storage(vault, U256::from(0xdead), U256::ONE);
}

/// An option more than events tell of.
pub(crate) fn option_conjured(fuzz: &mut Fuzz) {
    let vault = fuzz.stage.vault;
    let Ghost { held, .. } = &fuzz.ghost;
    let sizes: Vec<u128> = held.values().copied().collect();
    for size in sizes {
        for slot in holding(fuzz, vault, U256::from(size)) {
            fuzz.stage.chain.world.set_storage(vault, slot, U256::from(size + 1));
        }
    }
}

/// An allowance that comes back.
pub(crate) fn allowance_restored(fuzz: &mut Fuzz) {
    let told = fuzz.step.as_ref().map(|step| step.told);
    if let Some(Told::Allowance { owner, spender, left, .. }) = told {
        let (vault, value) = (fuzz.stage.vault, left + U256::from(5));
        fuzz.aside(owner, vault, &IERC20::approveCall { spender, value }).expect("an allowance");
    }
}

/// The pause that everybody was told of is none.
pub(crate) fn pause_undone(fuzz: &mut Fuzz) {
    let (vault, guardian) = (fuzz.stage.vault, fuzz.stage.actors.guardian);
    let slots = changed_by(fuzz, vault, |fuzz| fuzz.aside(guardian, vault, &IVault::pauseCall {}).is_ok());
    for (slot, before) in slots {
        fuzz.stage.chain.world.set_storage(vault, slot, before);
    }
    fuzz.ghost.paused = true;
}

/// The vault asks a feed of its own that goes on answering.
pub(crate) fn feed_of_its_own(fuzz: &mut Fuzz) {
    let (vault, feed, owner) = (fuzz.stage.vault, fuzz.stage.feed, fuzz.stage.actors.owner);
    let copy = fuzz.stage.chain.create(owner, "PriceFeed", &[]).expect("a feed");
    let storage = fuzz.stage.chain.world.dump_account(feed).storage;
    for (slot, word) in storage {
        fuzz.stage.chain.world.set_storage(copy, slot, word);
    }
    let low = |word: U256| Address::from_word(word.into());
    let mask: U256 = (U256::ONE << 160) - U256::ONE;
    let all = fuzz.stage.chain.world.dump_account(vault).storage;
    for (slot, word) in all {
        if low(word & mask) == feed {
            let replaced = (word & !mask) | U256::from_be_bytes(copy.into_word().0);
            fuzz.stage.chain.world.set_storage(vault, slot, replaced);
        }
    }
}
