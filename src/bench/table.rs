//! Figures as a table.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::figure::{Figure, Target, Unit, Verdict};

/// The table of all figures.
pub(super) fn of(figures: &[Figure]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "figure", "value", "p95", "p99", "floor", "ratio", "target", "verdict", "spread", "load",
    ]);
    for figure in figures {
        table.add_row(row(figure));
    }
    for column in 1..=5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

fn row(figure: &Figure) -> Vec<Cell> {
    let title = match figure.isolation {
        "scoped" | "-" => figure.title.clone(),
        other => format!("{} [{other}]", figure.title),
    };
    let unit = figure.unit;
    let percentile = |of: fn(&super::samples::Percentiles) -> f64| {
        figure.percentiles.as_ref().map(|percentiles| amount(of(percentiles), unit)).unwrap_or_default()
    };
    let floor = figure.floor.as_ref().map(|floor| format!("{} {}", amount(floor.value, unit), floor.what));
    let load = [figure.load.average, figure.load.other_cores].map(number).join(", others ");
    [
        title,
        amount(figure.value, unit),
        percentile(|p| p.p95),
        percentile(|p| p.p99),
        floor.unwrap_or_default(),
        figure.ratio.map(ratio).unwrap_or_default(),
        figure.target.map(|target| wanted(target, unit)).unwrap_or_default(),
        verdict(figure.verdict).to_owned(),
        spread(figure),
        load,
    ]
    .into_iter()
    .map(Cell::new)
    .collect()
}

/// How far the rounds are apart.
pub(super) fn spread(figure: &Figure) -> String {
    if figure.rounds.len() > 1 { format!("{:.0} %", figure.spread * 100.0) } else { String::new() }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Miss => "MISS",
        Verdict::Noisy => "noisy",
        Verdict::Info => "",
    }
}

/// A target as it is said.
pub(super) fn wanted(target: Target, unit: Unit) -> String {
    match target {
        Target::AtMost { limit } => format!("<= {}", amount(limit, unit)),
        Target::RatioAtMost { limit, allowance } if allowance > 0.0 => {
            format!("<= {limit} x + {}", amount(allowance, unit))
        }
        Target::RatioAtMost { limit, .. } => format!("<= {limit} x"),
        Target::RatioAtLeast { limit } => format!(">= {limit} x"),
        Target::FasterAtLeast { limit } => format!(">= {limit} x faster"),
    }
}

/// A value with its unit.
pub(super) fn amount(value: f64, unit: Unit) -> String {
    format!("{} {}", digits(value), unit.name())
}

/// How often one is in the other.
pub(super) fn ratio(ratio: f64) -> String {
    if ratio >= 100.0 { format!("{ratio:.0} x") } else { format!("{ratio:.2} x") }
}

/// A number of which there may be none.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| format!("{value:.1}"))
}

/// Three significant digits, as far as people read them.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_value_floor_ratio_target_and_verdict() {
        let figure =
            Figure::new("warm.x", "warm x", Unit::Microseconds, Figure::pairs([(44.0, 40.0), (44.0, 40.0)]))
                .against("C# loop", None)
                .target(Target::RatioAtMost { limit: 1.15, allowance: 10.0 });
        let text = of(&[figure]);
        for part in ["warm x", "44.0 us", "40.0 us C# loop", "1.10 x", "<= 1.15 x + 10.0 us", "pass", "0 %"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn digits_are_three_where_it_matters() {
        assert_eq!([digits(0.123), digits(12.34), digits(1234.5)], ["0.12", "12.3", "1234"]);
    }
}
