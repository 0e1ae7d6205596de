//! The report: one page that needs nothing but itself.

use std::fmt::Write as _;

use serde_json::Value;

use super::record::{CallRecord, Record, StepRecord, cell, moment};
use crate::html::escaped;

/// Rows of a table that the page has.
const ROWS: usize = 100;
const STYLE: &str = include_str!("page.css");

/// The page as HTML.
pub fn of(record: &Record) -> String {
    let mut page = String::new();
    let longest = record.steps.iter().map(|step| step.took_ms).fold(1.0, f64::max);
    let state = if record.failed == 0 { "All of it worked" } else { "Not all of it worked" };
    // Nothing may be loaded, whatever an answer contains.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>runspaced demo</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <p class=\"brand\">runspaced {version}</p>\n<h1>A morning with Microsoft Sentinel</h1>\n\
         <p class=\"lead\">{state}. Every answer below came from a call of a tool over the Model Context Protocol, against a \
         simulated Azure in the same process. {began} UTC.</p>\n",
        version = escaped(record.version),
        began = escaped(&record.began),
    );
    tiles(&mut page, record);
    page.push_str("</header>\n<nav aria-label=\"Steps\">\n<ol>\n");
    for (index, step) in record.steps.iter().enumerate() {
        let width = (step.took_ms / longest * 100.0).clamp(1.0, 100.0);
        let _ = writeln!(
            page,
            "<li class=\"{}\"><a href=\"#step-{number}\">{}</a><span class=\"time\">{}</span><span class=\"bar\" style=\"width:{width:.1}%\"></span></li>",
            state_of(step),
            escaped(step.question),
            time(step.took_ms),
            number = index + 1,
        );
    }
    page.push_str("</ol>\n</nav>\n<main>\n");
    for (index, step) in record.steps.iter().enumerate() {
        section(&mut page, index + 1, step);
    }
    page.push_str("</main>\n<footer><p>Made by <code>runspaced demo</code>. Nothing on this page is loaded from anywhere.</p></footer>\n</body>\n</html>\n");
    page
}

fn tiles(page: &mut String, record: &Record) {
    let tile = |number: String, what: &str| format!("<div><dt>{what}</dt><dd>{number}</dd></div>\n");
    page.push_str("<dl class=\"tiles\">\n");
    page.push_str(&tile(format!("{:.1} s", record.total_ms / 1_000.0), "from start to end"));
    page.push_str(&tile(record.calls().to_string(), "calls of tools"));
    page.push_str(&tile(record.azure_requests.to_string(), "requests to Azure"));
    page.push_str(&tile(record.server.tools.to_string(), "tools offered"));
    page.push_str("</dl>\n");
}

fn section(page: &mut String, number: usize, step: &StepRecord) {
    let _ = write!(
        page,
        "<section id=\"step-{number}\" class=\"{}\">\n<h2><span class=\"number\">{number}</span>{}</h2>\n<p class=\"said\">{}</p>\n",
        state_of(step),
        escaped(step.question),
        escaped(&step.said),
    );
    if !step.rows.is_empty() {
        table(page, step);
    }
    let _ = writeln!(
        page,
        "<details>\n<summary>{} in {}</summary>",
        if step.calls.len() == 1 { "1 call".to_owned() } else { format!("{} calls", step.calls.len()) },
        time(step.took_ms)
    );
    for call in &step.calls {
        call_of(page, call);
    }
    page.push_str("</details>\n</section>\n");
}

fn table(page: &mut String, step: &StepRecord) {
    page.push_str("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    let first = step.rows.first().unwrap_or(&Value::Null);
    for column in &step.columns {
        let _ =
            write!(page, "<th scope=\"col\"{}>{}</th>", class_of(&first[*column]), escaped(&spaced(column)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in step.rows.iter().take(ROWS) {
        page.push_str("<tr>");
        for column in &step.columns {
            let value = &row[*column];
            let class = class_of(value);
            let shown = escaped(&cell(value));
            // States have a colour beside their word.
            let shown = match (*column, value.as_str()) {
                ("State", Some(state)) => format!("<span class=\"state {}\">{shown}</span>", word(state)),
                _ => shown,
            };
            let _ = write!(page, "<td{class}>{shown}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
    let more = step.rows.len().saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(page, "<p class=\"more\">and {more} more</p>");
    }
}

/// Figures stand below each other, times on one line.
fn class_of(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => " class=\"figure\"",
        Value::String(text) if moment(text).is_some() => " class=\"moment\"",
        _ => "",
    }
}

fn call_of(page: &mut String, call: &CallRecord) {
    let arguments = format!("{:#}", call.arguments);
    let _ = write!(
        page,
        "<article>\n<h3><code>{}</code> <span class=\"time\">{}{}</span></h3>\n<pre class=\"arguments\">{}</pre>\n<pre>{}</pre>\n</article>\n",
        escaped(&call.tool),
        time(call.took_ms),
        if call.failed { ", refused" } else { "" },
        escaped(&arguments),
        escaped(&call.text),
    );
}

fn state_of(step: &StepRecord) -> &'static str {
    if step.ok { "good" } else { "bad" }
}

fn time(milliseconds: f64) -> String {
    match milliseconds {
        long if long >= 1_000.0 => format!("{:.1} s", long / 1_000.0),
        short if short >= 10.0 => format!("{short:.0} ms"),
        least => format!("{least:.1} ms"),
    }
}

/// `WorkspaceName` as words.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
            words.push(letter.to_ascii_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

/// A word that may be the name of a class.
fn word(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_an_answer_stays_text() {
        assert_eq!(
            escaped("<img src=\"x\" onerror='y'> & z"),
            "&lt;img src=&quot;x&quot; onerror=&#39;y&#39;&gt; &amp; z"
        );
        assert_eq!(spaced("CreatedTimeUtc"), "Created time utc");
        assert_eq!(word("no t\" onclick"), "notonclick");
    }
}
