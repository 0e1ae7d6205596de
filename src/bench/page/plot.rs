//! Rounds of a figure as a strip of dots with their floor and target; readings as a curve.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::{
    figure::{Figure, Target, Unit},
    samples::quantile,
    table,
};
use crate::html::escaped;

const WIDTH: f64 = 520.0;
/// Where the names of the lanes end.
const LEFT: f64 = 4.0;
const RIGHT: f64 = 8.0;
const LANE: f64 = 30.0;
const TOP: f64 = 24.0;
/// Values further apart than this are drawn on a logarithmic axis.
const FAR_APART: f64 = 20.0;
const CURVE: f64 = 90.0;

/// The plot of a figure; empty where there is nothing to see.
pub(super) fn of(figure: &Figure) -> String {
    match figure.details.get("resident_mb") {
        Some(Value::Array(readings)) => curve(&readings.iter().filter_map(Value::as_f64).collect::<Vec<_>>()),
        _ if figure.rounds.len() > 1 => strip(figure),
        _ => String::new(),
    }
}

/// From values to places.
struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let logarithmic = low > 0.0 && high / low > FAR_APART;
        let margin = if high > low { (high - low) * 0.05 } else { high.abs().max(1.0) * 0.1 };
        match logarithmic {
            true => Self { low: low / 1.5, high: high * 1.5, logarithmic },
            false => Self {
                low: (low - margin).max(if low >= 0.0 { 0.0 } else { f64::MIN }),
                high: high + margin,
                logarithmic,
            },
        }
    }

    /// From 0 to 1.
    fn part(&self, value: f64) -> f64 {
        match self.logarithmic {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.part(value) * (WIDTH - LEFT - RIGHT)
    }

    /// Round numbers along it.
    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
            return (first..=last).map(|power| 10_f64.powi(power)).collect();
        }
        let raw = (self.high - self.low) / 4.0;
        let size = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .map(|factor| factor * size)
            .into_iter()
            .find(|step| *step >= raw)
            .unwrap_or(raw);
        let first = (self.low / step).ceil() as i64;
        (first..).map(|n| n as f64 * step).take_while(|tick| *tick <= self.high).take(8).collect()
    }
}

fn strip(figure: &Figure) -> String {
    let values: Vec<f64> = figure.rounds.iter().map(|round| round.value).collect();
    let floors: Vec<f64> = figure.rounds.iter().filter_map(|round| round.floor).collect();
    let target = aim(figure, &floors);
    let axis = Axis::over(
        values
            .iter()
            .chain(&floors)
            .copied()
            .chain(target)
            .filter(|value| value.is_finite())
            .collect::<Vec<_>>()
            .into_iter(),
    );
    let lanes = if floors.is_empty() { 1.0 } else { 2.0 };
    let bottom = TOP + lanes * LANE;
    let mut svg = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">",
        bottom + 18.0,
        escaped(&format!("{} rounds of {}", values.len(), figure.title.trim()))
    );
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{bottom}\" x2=\"{}\" y2=\"{bottom}\"/>",
        WIDTH - RIGHT
    );
    for tick in axis.ticks() {
        let x = axis.x(tick);
        let _ = write!(
            svg,
            "<line class=\"axis\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>",
            bottom + 4.0
        );
        let anchor = match x {
            x if x < 30.0 => "start",
            x if x > WIDTH - 40.0 => "end",
            _ => "middle",
        };
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            bottom + 16.0,
            table::amount(tick, figure.unit)
        );
    }
    dots(&mut svg, &axis, &values, TOP, "value", "middle", figure.unit, "measured");
    if !floors.is_empty() {
        let what = figure.floor.as_ref().map_or("floor", |floor| floor.what);
        dots(&mut svg, &axis, &floors, TOP + LANE, "floor", "middle of-floor", figure.unit, what);
    }
    if let Some(target) = target {
        let x = axis.x(target);
        let anchor = if x > WIDTH / 2.0 { "end" } else { "start" };
        let _ = write!(
            svg,
            "<line class=\"target\" x1=\"{x:.1}\" y1=\"14\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\
             <text class=\"target\" x=\"{x:.1}\" y=\"10\" text-anchor=\"{anchor}\">target {}</text>",
            table::amount(target, figure.unit)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[allow(clippy::too_many_arguments, reason = "one lane of a plot, in one place")]
fn dots(
    svg: &mut String,
    axis: &Axis,
    values: &[f64],
    top: f64,
    class: &str,
    middle: &str,
    unit: Unit,
    what: &str,
) {
    let y = top + LANE / 2.0;
    for (round, value) in values.iter().enumerate() {
        // One above the other, so that equal ones are seen.
        let shift = (round % 3) as f64 * 5.0 - 5.0;
        let _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{}, round {}: {}</title></circle>",
            axis.x(*value),
            y + shift,
            escaped(what),
            round + 1,
            table::amount(*value, unit)
        );
    }
    let x = axis.x(quantile(values, 0.5));
    let _ = write!(
        svg,
        "<line class=\"{middle}\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>",
        y - 12.0,
        y + 12.0
    );
}

/// Where the target lies on the axis of the values.
fn aim(figure: &Figure, floors: &[f64]) -> Option<f64> {
    let floor = quantile(floors, 0.5);
    let at = match figure.target? {
        Target::AtMost { limit } => limit,
        Target::RatioAtMost { limit, allowance } => limit * floor + allowance,
        Target::RatioAtLeast { limit } => limit * floor,
        Target::FasterAtLeast { limit } => floor / limit,
    };
    (at.is_finite() && at > 0.0).then_some(at)
}

/// Resident memory over the readings.
fn curve(readings: &[f64]) -> String {
    if readings.len() < 2 {
        return String::new();
    }
    let axis = Axis::over(readings.iter().copied());
    let y = |value: f64| TOP + (1.0 - axis.part(value)) * CURVE;
    let step = (WIDTH - LEFT - RIGHT - 50.0) / (readings.len() - 1) as f64;
    let points: Vec<String> = readings
        .iter()
        .enumerate()
        .map(|(index, value)| format!("{:.1},{:.1}", LEFT + 50.0 + index as f64 * step, y(*value)))
        .collect();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"resident memory\">",
        TOP + CURVE + 10.0
    );
    for tick in axis.ticks() {
        let y = y(tick);
        let _ = write!(
            svg,
            "<line class=\"axis\" x1=\"{}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\"/><text x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
            LEFT + 50.0,
            WIDTH - RIGHT,
            y + 4.0,
            table::amount(tick, Unit::Megabytes)
        );
    }
    let _ = writeln!(svg, "<polyline class=\"curve\" points=\"{}\"/></svg>", points.join(" "));
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_on_the_axis() {
        let axis = Axis::over([3.0, 9.7].into_iter());
        let ticks = axis.ticks();
        assert_eq!(ticks, [4.0, 6.0, 8.0, 10.0]);
        assert!(ticks.iter().all(|tick| (0.0..=1.0).contains(&axis.part(*tick))));
        let wide = Axis::over([0.05, 150.0].into_iter());
        assert!(wide.logarithmic);
        assert_eq!(wide.ticks(), [0.1, 1.0, 10.0, 100.0]);
    }

    #[test]
    fn equal_values_have_an_axis_too() {
        let axis = Axis::over([5.0, 5.0].into_iter());
        assert!((axis.part(5.0) - 0.5).abs() < 1e-9, "{}", axis.part(5.0));
        assert!(!axis.ticks().is_empty());
    }

    #[test]
    fn targets_lie_where_values_would_meet_them() {
        let figure = |target| {
            Figure::new("x", "x", Unit::Microseconds, Figure::pairs([(60.0, 40.0)]))
                .against("floor", None)
                .target(target)
        };
        let aim = |target| aim(&figure(target), &[40.0]);
        assert_eq!(aim(Target::AtMost { limit: 10.0 }), Some(10.0));
        assert_eq!(aim(Target::RatioAtMost { limit: 1.0, allowance: 25.0 }), Some(65.0));
        assert_eq!(aim(Target::FasterAtLeast { limit: 20.0 }), Some(2.0));
    }
}
