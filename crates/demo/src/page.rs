//! The report: one HTML file with everything in it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::frontier::{Frontier, Policy, Row};
use crate::ledger::{HourRecord, Parts};
use crate::plots::{BLUE, GREEN, Line, ORANGE, PINK, RED, SKY, Trace, clouds, frontier, lines};
use crate::summary::Section;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:960px;margin:2em auto;padding:0 1em}\
h1{font-size:1.5em}h2{font-size:1.1em;margin:2em 0 .3em}p{margin:.2em 0 .6em;color:#555}\
svg{max-width:100%;height:auto}table{border-collapse:collapse;margin:.5em 0}\
td{padding:.15em 1.2em .15em 0;border-bottom:1px solid #eee;vertical-align:top}\
td:first-child{white-space:pre;color:#555}";

/// A picture with its heading and what to see in it.
struct Picture {
    title: &'static str,
    note: &'static str,
    svg: String,
}

/// Writes `report.html` into `dir`.
///
/// # Errors
/// When a picture cannot be drawn or the file cannot be written.
pub fn write(
    dir: &Path,
    title: &str,
    records: &[HourRecord],
    frontiers: &[Frontier],
    sections: &[Section],
) -> Result<PathBuf> {
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>",
        title = escape(title)
    );
    let mut pictures = pictures(records)?;
    for frontier in frontiers.iter().filter(|frontier| frontier.rows().next().is_some()) {
        pictures.push(costs(frontier)?);
    }
    for picture in pictures {
        html += &format!("<h2>{}</h2><p>{}</p>{}", escape(picture.title), picture.note, picture.svg);
    }
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        html += &format!("<h2>{}</h2><table>", escape(section.title));
        for (name, value) in &section.rows {
            html += &format!("<tr><td>{}<td>{}", escape(name), escape(value));
        }
        html += "</table>";
    }
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let path = dir.join("report.html");
    std::fs::write(&path, html).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn over_time(records: &[HourRecord], of: impl Fn(&HourRecord) -> f64) -> Vec<(f64, f64)> {
    records.iter().map(|record| (record.time as f64, of(record))).collect()
}

fn running(records: &[HourRecord], of: impl Fn(&HourRecord) -> f64) -> Vec<(f64, f64)> {
    let mut sum = 0.0;
    let points = over_time(records, of).into_iter();
    points
        .map(|(time, value)| {
            sum += value;
            (time, sum)
        })
        .collect()
}

fn pictures(records: &[HourRecord]) -> Result<Vec<Picture>> {
    let one =
        |name, colour, of: fn(&HourRecord) -> f64| Line { name, colour, points: over_time(records, of) };
    Ok(vec![
        Picture {
            title: "Price",
            note: "The underlying at the feed, hour by hour.",
            svg: lines("USD", &[one("spot", BLUE, |record| record.spot)], &[])?,
        },
        Picture {
            title: "Net delta",
            note: "Cash delta of options and hedges together, before and after the hour's hedge. The hedge brings it back into the band.",
            svg: delta(records)?,
        },
        Picture {
            title: "Gamma",
            note: "Change of the book's cash delta when spot moves by 1 %.",
            svg: lines("USD per 1 %", &[one("gamma", PINK, |record| record.gamma)], &[])?,
        },
        Picture {
            title: "Share price",
            note: "NAV at mid over shares.",
            svg: lines("USD", &[one("share price", GREEN, |record| record.share_price)], &[])?,
        },
        Picture {
            title: "Where the P&L comes from",
            note: "Running sums of the parts of the LPs' P&L.",
            svg: parts(records)?,
        },
        Picture {
            title: "Hedged and unhedged",
            note: "The LPs' running P&L, and that of the same trades and premiums without the hedges.",
            svg: lines(
                "USD",
                &[
                    Line {
                        name: "unhedged",
                        colour: RED,
                        points: running(records, |record| record.unhedged),
                    },
                    Line { name: "hedged", colour: BLUE, points: running(records, |record| record.pnl) },
                ],
                &[],
            )?,
        },
        Picture {
            title: "What spot explains",
            note: "The hour's P&L against the hour's return: hedging flattens the line.",
            svg: scatter(records)?,
        },
    ])
}

fn delta(records: &[HourRecord]) -> Result<String> {
    let band: Vec<_> =
        records.iter().map(|record| (record.time as f64, -record.outer, record.outer)).collect();
    let before = Line {
        name: "before hedges",
        colour: ORANGE,
        points: over_time(records, |record| record.delta_before),
    };
    let after =
        Line { name: "after hedges", colour: BLUE, points: over_time(records, |record| record.delta_after) };
    lines("USD", &[before, after], &band)
}

fn parts(records: &[HourRecord]) -> Result<String> {
    let colours = [GREEN, SKY, PINK, ORANGE, BLUE, RED];
    let named = Parts::NAMES.into_iter().zip(colours).enumerate();
    let all: Vec<Line> = named
        .map(|(index, (name, colour))| {
            let points = running(records, |record| record.parts.values()[index]);
            Line { name, colour, points }
        })
        .collect();
    lines("USD", &all, &[])
}

fn scatter(records: &[HourRecord]) -> Result<String> {
    let x: Vec<f64> = records.iter().map(|record| record.spot_return).collect();
    let of = |of: fn(&HourRecord) -> f64| records.iter().map(of).collect::<Vec<f64>>();
    clouds(&x, &[("unhedged", RED, of(|record| record.unhedged)), ("hedged", BLUE, of(|record| record.pnl))])
}

/// The frontier of a book, its bands named by their multiple.
fn costs(of: &Frontier) -> Result<Picture> {
    let trace = |name, colour, rows: &[Row], names| Trace {
        name,
        colour,
        names,
        points: rows.iter().map(|row| (row.excess, row.cost, label(row.policy))).collect(),
    };
    let traces = [
        trace("fixed interval", ORANGE, &of.intervals, (5, -12)),
        trace("fixed delta", PINK, &of.deltas, (-30, -5)),
        trace("band", BLUE, &of.bands, (6, -5)),
    ];
    let svg = frontier(&traces, (Row::MOST_EXCESS, Row::MOST_COST))?;
    let note = "Cost and variance of hedging this book by other policies, over those of hedging all of its delta every hour; the \
                band by parts of its width.";
    Ok(Picture { title: of.title, note, svg })
}

/// A policy in the picture, where its colour says of which kind it is.
fn label(policy: Policy) -> String {
    match policy {
        Policy::Band(part) => format!("1/{part}"),
        Policy::Delta(edge) => format!("{:.0} k", edge / 1e3),
        Policy::Interval(hours) => format!("{hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::Step;

    #[test]
    fn the_page_holds_every_picture_and_row_and_nothing_from_outside() {
        let records: Vec<HourRecord> = (0..200_u64)
            .map(|hour| HourRecord {
                time: 1_560_000_000 + hour * 3_600,
                spot: 8_000.0 + hour as f64,
                spot_return: (hour as f64).sin() / 100.0,
                pnl: (hour as f64).cos(),
                unhedged: (hour as f64).sin() * 50.0,
                outer: 500.0,
                ..HourRecord::default()
            })
            .collect();
        let book: Vec<Step> = (0..96)
            .map(|hour| Step {
                time: hour * 3_600,
                delta: (hour as f64).sin() * 9_000.0,
                gamma: 1e6,
                spot_return: (hour as f64).cos() / 100.0,
                ..Step::default()
            })
            .collect();
        let profile = crate::stage::default_profile().risk();
        let frontiers = [Frontier::new("c & d", &book, &profile), Frontier::new("none", &[], &profile)];
        let dir = std::env::temp_dir().join(format!("page-{}", std::process::id()));
        let sections = [Section { title: "a < b", rows: vec![("name".into(), "value & more".into())] }];
        let path = write(&dir, "title", &records, &frontiers, &sections).expect("a page");
        let html = std::fs::read_to_string(path).expect("the file");
        std::fs::remove_dir_all(dir).expect("the folder is removed");
        assert_eq!(html.matches("<svg").count(), 8);
        assert!(html.contains("<h2>c &amp; d</h2>") && html.contains("1/16"));
        assert!(html.contains("a &lt; b") && html.contains("value &amp; more"));
        assert!(!html.contains("src=") && !html.contains("href=\"http"));
    }
}
