//! The report as one HTML page that needs nothing else.

mod plot;

use std::fmt::Write as _;

use super::{
    figure::{Figure, Verdict},
    report::Report,
    table,
};
use crate::html::escaped;

const STYLE: &str = include_str!("style.css");

/// The page.
pub(super) fn of(report: &Report) -> String {
    let mut page = String::with_capacity(64 << 10);
    let title = format!("runspaced bench {}", report.suite.name());
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    for line in report.heading().lines() {
        let _ = writeln!(page, "<p>{}</p>", escaped(line));
    }
    page.push_str("<div class=\"counts\">");
    for verdict in [Verdict::Pass, Verdict::Miss, Verdict::Noisy, Verdict::Info] {
        let count = report.count(verdict);
        if count > 0 {
            let _ = write!(page, "<span class=\"badge {}\">{count} {}</span>", class(verdict), word(verdict));
        }
    }
    page.push_str("</div>\n");
    summary(&mut page, &report.figures);
    let mut group = "";
    for figure in &report.figures {
        let of = figure.id.split('.').next().unwrap_or_default();
        if of != group {
            if !group.is_empty() {
                page.push_str("</div>\n");
            }
            let _ = write!(page, "<h2>{}</h2>\n<div class=\"cards\">\n", escaped(&of.replace('_', " ")));
            group = of;
        }
        card(&mut page, figure);
    }
    if !group.is_empty() {
        page.push_str("</div>\n");
    }
    if !report.failures.is_empty() {
        page.push_str("<h2>not measured</h2>\n");
        for failure in &report.failures {
            let _ = writeln!(page, "<p>{}: {}</p>", escaped(failure.scenario), escaped(&failure.reason));
        }
    }
    let _ = write!(page, "<p>{}</p>\n</main>\n</body>\n</html>\n", escaped(report.closing().trim_end()));
    page
}

fn summary(page: &mut String, figures: &[Figure]) {
    page.push_str(
        "<div class=\"scroll\"><table><tr><th>figure</th><th class=\"right\">value</th><th class=\"right\">floor</th>\
         <th class=\"right\">ratio</th><th>target</th><th class=\"right\">spread</th><th>verdict</th></tr>\n",
    );
    for figure in figures.iter().filter(|figure| figure.target.is_some()) {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td><td>{}</td>\
             <td class=\"right\">{}</td><td><span class=\"badge {}\">{}</span></td></tr>",
            escaped(figure.title.trim_start()),
            table::amount(figure.value, figure.unit),
            figure.floor.as_ref().map(|floor| table::amount(floor.value, figure.unit)).unwrap_or_default(),
            figure.ratio.map(table::ratio).unwrap_or_default(),
            figure.target.map(|target| escaped(&table::wanted(target, figure.unit))).unwrap_or_default(),
            table::spread(figure),
            class(figure.verdict),
            word(figure.verdict),
        );
    }
    page.push_str("</table></div>\n");
}

fn card(page: &mut String, figure: &Figure) {
    let _ = write!(
        page,
        "<section class=\"card\"><div class=\"head\"><h3>{}</h3><span class=\"badge {}\">{}</span></div>\n\
         <div class=\"number\">{}",
        escaped(figure.title.trim_start()),
        class(figure.verdict),
        word(figure.verdict),
        table::amount(figure.value, figure.unit)
    );
    if let Some(ratio) = figure.ratio {
        let _ = write!(page, "<small>{}</small>", table::ratio(ratio));
    }
    page.push_str("</div>\n<div class=\"facts\">");
    if let Some(floor) = &figure.floor {
        let _ = write!(
            page,
            "<span class=\"key\">measured</span><span class=\"key of-floor\">{}: {}</span>",
            escaped(floor.what),
            table::amount(floor.value, figure.unit)
        );
    }
    let mut facts = Vec::new();
    if let Some(target) = figure.target {
        facts.push(format!("target {}", table::wanted(target, figure.unit)));
    }
    if let Some(percentiles) = &figure.percentiles {
        facts.push(format!("p95 {}", table::amount(percentiles.p95, figure.unit)));
        facts.push(format!("p99 {}", table::amount(percentiles.p99, figure.unit)));
    }
    if figure.rounds.len() > 1 {
        facts.push(format!("spread {} of {} rounds", table::spread(figure), figure.rounds.len()));
    }
    for fact in facts {
        let _ = write!(page, "<span>{}</span>", escaped(&fact));
    }
    page.push_str("</div>\n");
    page.push_str(&plot::of(figure));
    page.push_str("</section>\n");
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Miss => "miss",
        Verdict::Noisy => "noisy",
        Verdict::Info => "no target",
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Miss => "miss",
        Verdict::Noisy => "noisy",
        Verdict::Info => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figure::{Target, Unit};

    fn figure() -> Figure {
        let pairs = (0..11).map(|n| (100.0 + f64::from(n), 50.0));
        Figure::new("round_trip", "a <round> trip", Unit::Microseconds, Figure::pairs(pairs))
            .against("echo", None)
            .target(Target::RatioAtMost { limit: 1.0, allowance: 25.0 })
    }

    #[test]
    fn a_card_has_its_figure_and_its_text_is_no_markup() {
        let mut page = String::new();
        card(&mut page, &figure());
        for part in ["a &lt;round&gt; trip", "105 us", "2.10 x", "badge miss", "<svg", "echo: 50.0 us"] {
            assert!(page.contains(part), "{part} is missing in\n{page}");
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        let mut page = STYLE.to_owned();
        card(&mut page, &figure());
        assert!(!page.contains("http") && !page.contains("url(") && !page.contains("@import"), "{page}");
    }
}
