//! The publisher against the feed: what it fits is taken, and what it explains is what the feed refuses.

use std::collections::BTreeMap;

use alloy_signer_local::PrivateKeySigner;
use anyhow::Result;
use host::alloy_primitives::{Address, Bytes, I256, U256};
use interfaces::surface::ISurface;
use publisher::quotes::Quote;
use publisher::{explain, fit, submission, table, Curve, Reader, Signed, Source, State, Update};

use crate::market::{signed as signed_wad, Market, HOUR, SPOT, START};
use crate::surface::bare;

/// What spoils an update.
type Edit = Box<dyn Fn(&mut Update)>;

struct Views<'m>(&'m mut Market);

impl Reader for Views<'_> {
    fn read(&mut self, to: Address, data: Bytes) -> Result<Bytes> {
        Ok(self.0.stage.chain.world.view(Address::ZERO, to, data.to_vec())?.output)
    }
}

fn state(market: &mut Market) -> State {
    let (feed, now) = (market.stage.surface, market.now());
    State::read(&mut Views(market), feed, now).expect("the feed's state")
}

/// Quotes of a smile at `vol` for every live expiry.
fn quoted(market: &mut Market, vol: f64) -> Source {
    let now = market.now();
    let mut quotes: BTreeMap<u64, Vec<Quote>> = BTreeMap::new();
    for expiry in market.expiries {
        let theta = vol * vol * (expiry - now) as f64 / 31_536_000.0;
        let curve = Curve::essvi(theta, -0.2, 0.5 / theta.sqrt(), SPOT);
        let quote = |index: u32| {
            let strike = 2_000.0 + 100.0 * f64::from(index);
            let vol = (curve.variance(strike) * 31_536_000.0 / (expiry - now) as f64).sqrt();
            Quote { time: now, expiry, strike, vol, forward: SPOT }
        };
        quotes.insert(expiry, (0..16).map(quote).collect());
    }
    Source::Quotes(quotes)
}

fn signed(market: &Market, update: &Update) -> Vec<Signed> {
    let sign = |key: &PrivateKeySigner| update.sign(key).expect("a local key signs");
    // In no order, and one of them twice.
    let mut signatures: Vec<_> = market.stage.publishers.iter().rev().map(sign).collect();
    signatures.push(signatures[0].clone());
    signatures
}

fn submit(market: &mut Market, update: &Update, signatures: &[Signed]) -> Result<(), demo::stage::Failure> {
    let (from, data) = (market.trader, submission(update, signatures));
    Ok(market.stage.chain.world.call(from, update.feed, data.to_vec()).map(|_| ())?)
}

#[test]
fn what_it_fits_signs_and_combines_is_taken_until_the_surface_is_at_the_quotes() {
    let mut market = Market::open();
    let chain = market.stage.chain.world.chain_id();
    for hour in 1..=100 {
        let now = START + hour * HOUR;
        market.stage.chain.world.warp(now);
        let (source, state) = (quoted(&mut market, 0.9), state(&mut market));
        let update = fit(&state, &source, chain, now).expect("a surface");
        let signatures = update.combine(&signed(&market, &update)).expect("good signatures");
        assert_eq!(signatures.len(), 3);
        assert_eq!(explain(&state, &update, Some(&signatures), now), []);
        submit(&mut market, &update, &signatures).expect("what was explained as good");
    }
    // At the money the vol has gone from 0.8 to 0.9, half a point an hour at most.
    for expiry in market.expiries {
        let word = market.surface(ISurface::slicesCall { expiries: vec![expiry] })[0];
        let slice = options::Slice::unpack(&word.0);
        let vol = slice.vol(2_800_000_000, expiry as u32 - slice.updated_at) as f64 / 2_f64.powi(47);
        assert!((vol - 0.9).abs() < 0.005, "{vol}");
    }
}

#[test]
fn a_rate_that_others_published_goes_to_none_a_step_at_a_time() {
    let mut market = bare();
    let mut slices = market.slices(0.8);
    slices[1].rate = signed_wad(-0.4);
    market.stage.publish(slices).expect("a first surface");
    let chain = market.stage.chain.world.chain_id();
    let mut rates = Vec::new();
    for hour in 1..=8 {
        let now = START + hour * HOUR;
        market.stage.chain.world.warp(now);
        let (source, state) = (quoted(&mut market, 0.8), state(&mut market));
        let update = fit(&state, &source, chain, now).expect("a surface");
        let signatures = update.combine(&signed(&market, &update)).expect("good signatures");
        let rate = update.slices[1].rate;
        if rate != I256::ZERO {
            let mut further = update.clone();
            further.slices[1].rate = rate + signed_wad(1e-8);
            let faults = explain(&state, &further, None, now);
            assert_eq!(faults.len(), 1, "{}", table(&faults));
            assert_eq!(faults[0].detail, "rate: ln of the forward moves by 0.005000, at most 0.005");
        }
        submit(&mut market, &update, &signatures).expect("what the step leaves room for");
        rates.push(rate);
    }
    // 0.4 for 30 days is 0.033, seven steps of 0.005.
    assert!(rates.is_sorted(), "{rates:?}");
    assert_eq!(rates.iter().filter(|rate| rate.is_zero()).count(), 2, "{rates:?}");
}

#[test]
fn what_it_explains_is_what_the_feed_refuses() {
    let mut market = Market::open();
    let now = START + HOUR;
    market.stage.chain.world.warp(now);
    let chain = market.stage.chain.world.chain_id();
    let (source, state) = (quoted(&mut market, 0.8), state(&mut market));
    let good = fit(&state, &source, chain, now).expect("a surface");
    let edits: Vec<(&str, Edit)> = vec![
        ("NonceNotAbove", Box::new(|update| update.nonce = 1)),
        ("UpdateFromFuture", Box::new(move |update| update.timestamp = now + 1)),
        ("UpdateBeforeLast", Box::new(|update| update.timestamp = START - 1)),
        ("SliceMissing", Box::new(|update| update.slices.truncate(1))),
        ("SlicesNotAscending", Box::new(|update| update.slices.swap(0, 1))),
        ("ExpiryNotLive", Box::new(|update| update.slices[1].expiry += 1)),
        ("SliceInvalid", Box::new(|update| update.slices[1].s = Default::default())),
        ("SliceInvalid", Box::new(|update| update.slices[1].forward = U256::MAX)),
        ("StepAboveLimit", Box::new(|update| update.slices[1].a = update.slices[1].a + update.slices[1].a)),
        ("StepAboveLimit", Box::new(|update| update.slices[1].rate = signed_wad(0.07))),
        ("CalendarArbitrage", Box::new(|update| update.slices[1].a = Default::default())),
    ];
    for (error, edit) in edits {
        let mut update = good.clone();
        edit(&mut update);
        let signatures = update.combine(&signed(&market, &update)).expect("good signatures");
        let faults = explain(&state, &update, Some(&signatures), now);
        assert!(faults.iter().any(|fault| fault.error == error), "{error}: {}", table(&faults));
        let refusal = submit(&mut market, &update, &signatures).expect_err("refused").to_string();
        let told = faults.iter().any(|fault| refusal.starts_with(fault.error));
        assert!(told, "{refusal} is not told: {}", table(&faults));
    }
    let few = [good.sign(&market.stage.publishers[0]).expect("signed")];
    let faults = explain(&state, &good, Some(&few), now);
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].error, faults[0].detail.as_str()), ("TooFewSignatures", "1 of 2"));
    assert_eq!(
        table(&faults),
        "where       error             numbers\nsignatures  TooFewSignatures  1 of 2\n"
    );
    let mut lying = few[0].clone();
    lying.signer = market.trader;
    assert!(good.combine(&[lying]).is_err());
    let mut other = good.clone();
    other.nonce += 1;
    assert!(other.combine(&few).is_err());
}
