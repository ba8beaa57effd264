//! Try.
use stateful::fuzz::Fuzz;
use stateful::opening::openings;

#[test]
fn try_it() {
    let n: u64 = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let mut tally = stateful::tally::Tally::default();
    for terms in openings() {
        let start = std::time::Instant::now();
        let mut fuzz = Fuzz::open(&terms).expect("a market");
        println!("{} opened in {:?}", terms.name, start.elapsed());
        let start = std::time::Instant::now();
        let mut broken = 0;
        for seed in 0..n {
            if let Err(wrong) = fuzz.sequence(seed) {
                broken += 1;
                println!("{} {} {}: {}", wrong.opening, seed, wrong.invariant, wrong.wrong);
                for call in wrong.calls.iter().rev().take(2).rev() { println!("    {}", &call[..call.len().min(260)]); }
            }
        }
        println!("{}: {} transactions in {:?}, {broken} broken", terms.name, fuzz.tally.transactions, start.elapsed());
        tally.merge(fuzz.tally);
    }
    println!("{}", tally.table());
}
