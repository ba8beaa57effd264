//! What people read: the state of a vault, and what the keeper would do and why.

mod decided;
mod plan;
mod positions;
mod status;
mod table;

pub use plan::plan;
pub use status::status;
pub use table::{Paint, Table};

use jiff::Timestamp;

/// A time as people write it, UTC.
pub(crate) fn time(seconds: u64) -> String {
    let stamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.map_or_else(|| seconds.to_string(), |stamp| stamp.strftime("%Y-%m-%d %H:%M").to_string())
}

/// A stretch of time in its two largest units.
pub(crate) fn span(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// An address short enough to read.
pub(crate) fn short(address: alloy_primitives::Address) -> String {
    let text = address.to_string();
    match (text.get(..6), text.get(38..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_read_well() {
        assert_eq!(time(1_790_000_000), "2026-09-21 14:13");
        assert_eq!([59, 61, 7_260, 180_000].map(span), ["59 s", "1 min 1 s", "2 h 1 min", "2 d 2 h"]);
        let address = alloy_primitives::Address::repeat_byte(0x11);
        assert_eq!(short(address), "0x1111…1111");
    }
}
