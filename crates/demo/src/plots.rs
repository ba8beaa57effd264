//! The report's pictures: lines over time, with a band, clouds with a line through them, and a frontier. SVG, drawn by plotters.

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::regression::Fit;

/// Size of every picture in pixels.
const SIZE: (u32, u32) = (920, 320);
/// Points of a line beyond which it is thinned.
const POINTS: usize = 1_080;

/// Colours that people with any colour vision tell apart (Okabe and Ito).
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// See [`BLUE`].
pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
/// See [`BLUE`].
pub const GREEN: RGBColor = RGBColor(0, 158, 115);
/// See [`BLUE`].
pub const RED: RGBColor = RGBColor(213, 94, 0);
/// See [`BLUE`].
pub const PINK: RGBColor = RGBColor(204, 121, 167);
/// See [`BLUE`].
pub const SKY: RGBColor = RGBColor(86, 180, 233);

/// A named line over unix seconds.
pub struct Line {
    /// In the legend.
    pub name: &'static str,
    /// Its colour.
    pub colour: RGBColor,
    /// (unix seconds, value)
    pub points: Vec<(f64, f64)>,
}

/// Lines over time; `band` is shaded between its two values.
///
/// # Errors
/// When plotters cannot draw.
pub fn lines(unit: &str, lines: &[Line], band: &[(f64, f64, f64)]) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw_lines(&root, unit, lines, band).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(svg)
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn draw_lines(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    unit: &str,
    lines: &[Line],
    band: &[(f64, f64, f64)],
) -> Drawn {
    let values = lines.iter().flat_map(|line| line.points.iter().copied());
    let edges = band.iter().flat_map(|(time, low, high)| [(*time, *low), (*time, *high)]);
    let (x, y) = ranges(values.chain(edges));
    let mut chart = ChartBuilder::on(root)
        .margin(8)
        .x_label_area_size(28)
        .y_label_area_size(74)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(228, 228, 228))
        .axis_style(RGBColor(120, 120, 120))
        .x_labels(9)
        .y_labels(7)
        .x_label_formatter(&|time| day(*time))
        .y_label_formatter(&|value| amount(*value))
        .y_desc(unit)
        .label_style(("sans-serif", 12))
        .draw()?;
    if !band.is_empty() {
        let band = thin(band);
        let there = band.iter().map(|(time, low, _)| (*time, *low));
        let back = band.iter().rev().map(|(time, _, high)| (*time, *high));
        let shape = Polygon::new(there.chain(back).collect::<Vec<_>>(), SKY.mix(0.25));
        chart.draw_series(std::iter::once(shape))?.label("band").legend(|(x, y)| swatch(x, y, SKY));
    }
    for line in lines {
        let colour = line.colour;
        chart
            .draw_series(LineSeries::new(thin(&line.points), colour.stroke_width(1)))?
            .label(line.name)
            .legend(move |(x, y)| swatch(x, y, colour));
    }
    if lines.len() > 1 || !band.is_empty() {
        legend(&mut chart, SeriesLabelPosition::UpperLeft)?;
    }
    root.present()?;
    Ok(())
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

fn legend<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>, position: SeriesLabelPosition) -> Drawn {
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}

fn swatch(x: i32, y: i32, colour: RGBColor) -> Rectangle<(i32, i32)> {
    Rectangle::new([(x, y - 4), (x + 14, y + 4)], colour.filled())
}

/// A cloud of points for each of two series, with its regression line.
///
/// # Errors
/// When plotters cannot draw.
pub fn clouds(x: &[f64], series: &[(&'static str, RGBColor, Vec<f64>)]) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw_clouds(&root, x, series).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(svg)
}

fn draw_clouds(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    x: &[f64],
    series: &[(&'static str, RGBColor, Vec<f64>)],
) -> Drawn {
    let all = series.iter().flat_map(|(_, _, y)| x.iter().copied().zip(y.iter().copied()));
    let (across, up) = ranges(all);
    let (left, right) = (across.start, across.end);
    let mut chart = ChartBuilder::on(root)
        .margin(8)
        .x_label_area_size(42)
        .y_label_area_size(74)
        .build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(228, 228, 228))
        .axis_style(RGBColor(120, 120, 120))
        .x_labels(9)
        .y_labels(7)
        .x_label_formatter(&|share| format!("{:.1} %", share * 100.0))
        .y_label_formatter(&|value| amount(*value))
        .x_desc("return of spot in the hour")
        .y_desc("LP P&L of the hour, USD")
        .label_style(("sans-serif", 12))
        .draw()?;
    for (name, colour, y) in series {
        let (fit, colour) = (Fit::new(x, y), *colour);
        let points = x.iter().zip(y).map(|(x, y)| Circle::new((*x, *y), 2, colour.mix(0.35).filled()));
        chart.draw_series(points)?;
        let ends = [left, right].map(|x| (x, fit.intercept + fit.slope * x));
        chart
            .draw_series(LineSeries::new(ends, colour.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| swatch(x, y, colour));
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)?;
    root.present()?;
    Ok(())
}

/// A named line through points that have names of their own.
pub struct Trace {
    /// In the legend.
    pub name: &'static str,
    /// Its colour.
    pub colour: RGBColor,
    /// (variance over that of full hedging less one, cost over that of full hedging, name), in order.
    pub points: Vec<(f64, f64, String)>,
    /// Where names stand from their points, in pixels.
    pub names: (i32, i32),
}

/// Variance that a frontier's picture shows: beyond it is no frontier.
const WIDEST: f64 = 1.5;

/// Cost against variance, both beside full hedging; up to `aim` (variance, cost) is shaded.
///
/// # Errors
/// When plotters cannot draw.
pub fn frontier(traces: &[Trace], aim: (f64, f64)) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw_frontier(&root, traces, aim).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(svg)
}

fn draw_frontier(root: &DrawingArea<SVGBackend<'_>, Shift>, traces: &[Trace], aim: (f64, f64)) -> Drawn {
    let shown = |trace: &Trace| -> Vec<(f64, f64, String)> {
        trace.points.iter().filter(|(variance, ..)| *variance <= WIDEST).cloned().collect()
    };
    let ends = (0.0_f64, 2.0 * aim.0);
    let (least, most) = traces
        .iter()
        .flat_map(shown)
        .fold(ends, |ends, (variance, ..)| (ends.0.min(variance), ends.1.max(variance)));
    let left = least - 0.05;
    let mut chart = ChartBuilder::on(root)
        .margin(8)
        .x_label_area_size(42)
        .y_label_area_size(74)
        .build_cartesian_2d(left..most + 0.15, 0.0..1.1)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(228, 228, 228))
        .axis_style(RGBColor(120, 120, 120))
        .x_labels(12)
        .y_labels(7)
        .x_label_formatter(&|share| format!("{:+.0} %", share * 100.0))
        .y_label_formatter(&|share| format!("{:.0} %", share * 100.0))
        .x_desc("variance of daily P&L, over that of hedging everything every hour")
        .y_desc("cost, of that of hedging everything")
        .label_style(("sans-serif", 12))
        .draw()?;
    let reached = Rectangle::new([(left, 0.0), aim], GREEN.mix(0.12).filled());
    chart.draw_series(std::iter::once(reached))?.label("aim").legend(|(x, y)| swatch(x, y, GREEN));
    for trace in traces {
        let (points, colour) = (shown(trace), trace.colour);
        let line = LineSeries::new(points.iter().map(|(x, y, _)| (*x, *y)), colour.mix(0.6).stroke_width(1));
        chart.draw_series(line)?.label(trace.name).legend(move |(x, y)| swatch(x, y, colour));
        chart.draw_series(points.iter().map(|(x, y, _)| Circle::new((*x, *y), 3, colour.filled())))?;
        let names = points.into_iter().map(|(x, y, name)| {
            EmptyElement::at((x, y))
                + Text::new(name, trace.names, ("sans-serif", 10).into_font().color(&colour))
        });
        chart.draw_series(names)?;
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)?;
    root.present()?;
    Ok(())
}

type Span = std::ops::Range<f64>;

/// Ranges of both axes, a little wider than the points.
fn ranges(points: impl Iterator<Item = (f64, f64)>) -> (Span, Span) {
    let (mut x, mut y) = ((f64::MAX, f64::MIN), (f64::MAX, f64::MIN));
    for (across, up) in points {
        x = (x.0.min(across), x.1.max(across));
        y = (y.0.min(up), y.1.max(up));
    }
    if x.0 > x.1 {
        return (0.0..1.0, 0.0..1.0);
    }
    let margin = ((y.1 - y.0) * 0.05).max(1e-9 * y.1.abs()).max(1e-9);
    (x.0..x.1.max(x.0 + 1e-9), y.0 - margin..y.1 + margin)
}

/// Every n-th point, and the last.
fn thin<T: Copy>(points: &[T]) -> Vec<T> {
    let step = points.len().div_ceil(POINTS).max(1);
    let mut thin: Vec<T> = points.iter().step_by(step).copied().collect();
    thin.extend(points.last().copied());
    thin
}

fn day(time: f64) -> String {
    Timestamp::from_second(time as i64)
        .map_or_else(|_| String::new(), |time| time.strftime("%d %b %Y").to_string())
}

/// A number in few characters.
fn amount(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{:.2} m", value / 1e6),
        size if size >= 1e4 => format!("{:.0} k", value / 1e3),
        size if size >= 1e2 => format!("{value:.0}"),
        size if size >= 1e-9 => format!("{value:.3}"),
        _ => "0".into(),
    }
}
