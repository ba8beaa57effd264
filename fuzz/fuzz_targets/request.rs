//! What the risk engine is asked, of any words: what is read is written back, and every book has an answer or a typed error.
#![no_main]

use book::{Request, margin, mark, offer, worst_loss};
use interfaces::settings::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (words, _) = bytes.as_chunks::<32>();
    let Some(request) = Request::decode(words) else { return };
    let again = Request::decode(&request.encode()).expect("what was written");
    assert_eq!(again.encode(), request.encode());
    let rules = Settings::unpack(&request.settings).rules();
    let marked = mark(&rules, request.clone());
    if let Ok(marked) = marked {
        assert!(marked.band.inner <= marked.band.outer);
    }
    let _ = worst_loss(&rules, request.clone());
    let _ = margin(&rules, request.clone());
    let _ = offer(&rules, &request);
});
