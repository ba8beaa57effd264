//! The cheapest split of a hedge over venues.
//!
//! The contract does not need it: it judges a plan by what it did. The keeper makes plans with it. It stands here because it
//! needs no allocation, speaks of the same costs as [`Hedge`](super::Hedge), and a view may offer it to those who have no
//! keeper; a contract that does not call it does not carry it.
//!
//! Fixed costs make the problem a choice of venues, the rest of it is convex. Every choice of up to [`MAX_VENUES`] venues is
//! tried. Within one the hedge is handed out in equal steps, each to the venue where it costs least, which is the best that
//! whole steps can do; then each venue gives its last step back and the rest is handed out in steps of half the size. What is
//! given back is all that could be wrong (the best split has at least what each venue keeps), so the last steps, a millionth
//! of the hedge, decide the error.

use super::Venue;

/// Most venues of a split.
pub const MAX_VENUES: usize = 6;

/// The last steps are this many halvings of the hedge.
const FINEST: u32 = 20;

/// A split [micro-USD].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// What goes to each venue, in their order.
    pub sizes: [u128; MAX_VENUES],
    /// Their sum: the hedge, or what the venues have room for.
    pub size: u128,
    /// What it costs beyond the oracle's price, fixed costs included.
    pub cost: i128,
}

/// The cheapest split of `size` over `venues` on one side.
///
/// `None` for more than [`MAX_VENUES`] venues, a venue that [`Venue::check`] refuses, a pool without the reserves for its cap,
/// or numbers beyond 126 bits.
#[must_use]
pub fn split(size: u128, venues: &[Venue<'_>], buying: bool) -> Option<Split> {
    let count = u32::try_from(venues.len()).ok()?;
    if venues.len() > MAX_VENUES || !venues.iter().all(Venue::check) {
        return None;
    }
    let room = venues.iter().try_fold(0_u128, |sum, venue| sum.checked_add(venue.room()))?;
    let size = size.min(room);
    if size == 0 {
        return Some(Split::default());
    }
    let mut best: Option<Split> = None;
    for choice in 1..1_u32.wrapping_shl(count) {
        let choice = Choice { venues, choice, buying };
        if choice.room() < size {
            continue;
        }
        let split = choice.fill(size)?;
        if best.is_none_or(|best| split.cost < best.cost) {
            best = Some(split);
        }
    }
    best
}

/// Some of the venues, by the bits of `choice`.
struct Choice<'a> {
    venues: &'a [Venue<'a>],
    choice: u32,
    buying: bool,
}

impl Choice<'_> {
    fn chosen(&self) -> impl Iterator<Item = (usize, &Venue<'_>)> {
        self.venues.iter().enumerate().filter(|(place, _)| {
            u32::try_from(*place).is_ok_and(|place| self.choice.unbounded_shr(place) & 1 != 0)
        })
    }

    fn room(&self) -> u128 {
        self.chosen().fold(0, |sum, (_, venue)| sum.saturating_add(venue.room()))
    }

    fn fill(&self, size: u128) -> Option<Split> {
        let mut sizes = [0_u128; MAX_VENUES];
        let mut left = size;
        let finest = size.wrapping_shr(FINEST).max(1);
        let mut step = size.wrapping_shr(3).max(1);
        loop {
            self.hand_out(&mut sizes, &mut left, step)?;
            if step <= finest {
                break;
            }
            for given in &mut sizes {
                let back = step.min(*given);
                *given = given.checked_sub(back)?;
                left = left.checked_add(back)?;
            }
            step = step.div_ceil(2);
        }
        self.hand_out_rest(&mut sizes, left)?;
        let mut cost = 0_i128;
        for (place, venue) in self.chosen() {
            let given = *sizes.get(place)?;
            if given != 0 {
                cost =
                    cost.checked_add(venue.cost(given, self.buying)?)?.checked_add_unsigned(venue.fixed)?;
            }
        }
        Some(Split { sizes, size, cost })
    }

    /// Hands out whole steps, each where it costs least, while some venue has room for one.
    fn hand_out(&self, sizes: &mut [u128; MAX_VENUES], left: &mut u128, step: u128) -> Option<()> {
        while *left >= step {
            let mut cheapest: Option<(usize, i128)> = None;
            for (place, venue) in self.chosen() {
                let given = *sizes.get(place)?;
                if venue.room().saturating_sub(given) < step {
                    continue;
                }
                let next = venue.cost(given.checked_add(step)?, self.buying)?;
                let more = next.checked_sub(venue.cost(given, self.buying)?)?;
                if cheapest.is_none_or(|(_, least)| more < least) {
                    cheapest = Some((place, more));
                }
            }
            let Some((place, _)) = cheapest else { return Some(()) };
            let given = sizes.get_mut(place)?;
            *given = given.checked_add(step)?;
            *left = left.checked_sub(step)?;
        }
        Some(())
    }

    /// Less than a step is left for each venue, or less room than that: to the first that has any.
    fn hand_out_rest(&self, sizes: &mut [u128; MAX_VENUES], mut left: u128) -> Option<()> {
        for (place, venue) in self.chosen() {
            let given = sizes.get_mut(place)?;
            let more = left.min(venue.room().saturating_sub(*given));
            *given = given.checked_add(more)?;
            left = left.checked_sub(more)?;
        }
        (left == 0).then_some(())
    }
}
