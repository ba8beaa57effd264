//! What a price file may be refused for, each once, then what is accepted.

use super::*;

fn parse(text: &str) -> Result<Prices, String> {
    Prices::parse(Path::new("prices.csv"), text.as_bytes()).map_err(|error| error.to_string())
}

fn fault(text: &str) -> String {
    parse(text).expect_err("refused")
}

#[test]
fn a_missing_file_is_named() {
    let error = Prices::read(Path::new("/nowhere/prices.csv")).expect_err("refused");
    assert_eq!(error.to_string(), "/nowhere/prices.csv: cannot be read: there is no such file");
}

#[test]
fn an_empty_file_is_refused() {
    assert_eq!(fault(""), "prices.csv, line 1: no column named timestamp, time, date or datetime");
}

#[test]
fn a_file_without_a_close_column_is_refused() {
    assert_eq!(fault("timestamp,open\n1,2\n"), "prices.csv, line 1: no column named close");
}

#[test]
fn a_file_of_one_row_is_refused() {
    assert_eq!(
        fault("timestamp,close\n3600,2\n"),
        "prices.csv, line 1: 1 rows of prices: at least two are needed"
    );
}

#[test]
fn a_row_with_a_field_missing_is_refused() {
    let text = "timestamp,close\n3600,1\n7200\n";
    assert_eq!(fault(text), "prices.csv, line 3: 1 fields where the header has 2");
}

#[test]
fn a_time_that_is_none_is_refused() {
    let text = "timestamp,close\nyesterday,1\n";
    assert_eq!(fault(text), "prices.csv, line 2: \"yesterday\" is no unix or ISO timestamp");
}

#[test]
fn a_close_that_is_no_number_is_refused() {
    assert_eq!(fault("timestamp,close\n3600,n/a\n"), "prices.csv, line 2: close \"n/a\" is no number");
    assert_eq!(fault("timestamp,close\n3600,NaN\n"), "prices.csv, line 2: close NaN is no number");
}

#[test]
fn unsorted_times_are_refused() {
    let text = "timestamp,close\n7200,1\n3600,1\n";
    let reason = "unsorted: 1970-01-01 01:00 UTC after 1970-01-01 02:00 UTC on line 2; times must ascend";
    assert_eq!(fault(text), format!("prices.csv, line 3: {reason}"));
}

#[test]
fn duplicate_times_are_refused() {
    let text = "timestamp,close\n3600,1\n3600,1\n";
    assert_eq!(fault(text), "prices.csv, line 3: duplicate timestamp 1970-01-01 01:00 UTC, as on line 2");
}

#[test]
fn a_price_of_zero_is_refused() {
    assert_eq!(fault("timestamp,close\n3600,0\n"), "prices.csv, line 2: a price of zero");
}

#[test]
fn a_negative_price_is_refused() {
    assert_eq!(fault("timestamp,close\n3600,-5\n"), "prices.csv, line 2: a negative price, -5");
}

#[test]
fn a_price_beyond_the_market_is_refused() {
    let reason = "price 20000000 outside 0.01 to 10000000 USD";
    assert_eq!(fault("timestamp,close\n3600,2e7\n"), format!("prices.csv, line 2: {reason}"));
}

#[test]
fn a_gap_over_six_hours_is_refused() {
    let text = "timestamp,close\n3600,1\n25201,1\n";
    let reason = "a gap of 6.0 hours since 1970-01-01 01:00 UTC: over 6 hours";
    assert_eq!(fault(text), format!("prices.csv, line 3: {reason}"));
}

#[test]
fn a_file_that_is_not_text_is_refused() {
    let bytes = b"timestamp,close\n3600,\xff\xfe\n";
    let error = Prices::parse(Path::new("prices.csv"), bytes).expect_err("refused");
    assert_eq!(error.to_string(), "prices.csv, line 2: not UTF-8 text");
}

#[test]
fn a_gap_of_six_hours_is_an_outage_and_nothing_fills_it() {
    let prices = parse("timestamp,close\n0,1\n3600,2\n25200,3\n28800,4\n").expect("accepted");
    assert_eq!(prices.outages, [Outage { from: 3_600, to: 25_200, line: 4 }]);
    let closes: Vec<_> = prices.hours(28_800).iter().map(|hour| hour.price).collect();
    assert_eq!(closes, [Some(1.0), Some(2.0), None, None, None, None, None, Some(3.0), Some(4.0)]);
}

#[test]
fn headers_are_found_by_alias_and_case_among_other_columns() {
    let text = "\u{feff}Symbol, Date ,Open,CLOSE\nX,2022-01-01 00:00,1,2\nX,2022-01-01T01:00:00Z,1,3\n";
    let prices = parse(text).expect("accepted");
    let rows: Vec<_> = prices.points.iter().map(|point| (point.time, point.close)).collect();
    assert_eq!(rows, [(1_640_995_200, 2.0), (1_640_998_800, 3.0)]);
}

#[test]
fn times_are_read_in_every_common_form() {
    for text in [
        "1640995200",
        "1640995200.0",
        "1640995200000",
        "2022-01-01",
        "2022-01-01 00:00:00",
        "2022-01-01 00:00:00 UTC",
        "2022-01-01T00:00:00Z",
        "2022-01-01T01:00:00+01:00",
        "2022-01-01 00:00:00+00:00",
    ] {
        assert_eq!(parse_time(text), Some(1_640_995_200), "{text}");
    }
    assert_eq!(parse_time("-1"), None);
    assert_eq!(parse_time("soon"), None);
}

#[test]
fn a_window_past_the_end_or_without_history_is_refused() {
    let rows: String = (0..100).map(|hour| format!("{},1\n", hour * HOUR)).collect();
    let prices = parse(&format!("timestamp,close\n{rows}")).expect("accepted");
    let late = prices.window(Some(96 * HOUR), 1, 24).expect_err("refused").to_string();
    assert!(late.starts_with("prices.csv, line 101: prices end at 1970-01-05 03:00 UTC"), "{late}");
    let early = prices.window(Some(HOUR), 1, 24).expect_err("refused").to_string();
    assert!(early.starts_with("prices.csv, line 2: prices start at 1970-01-01 00:00 UTC"), "{early}");

    let window = prices.window(None, 2, 24).expect("accepted");
    assert_eq!((window.past.len(), window.hours.len()), (51, 49));
    assert_eq!(window.hours[0].time, 51 * HOUR);
}
