//! `format_datetime` and `format_timespan`: `yyyy-MM-dd HH:mm:ss.fff`.

use crate::kql::value::datetime::civil;
use crate::kql::value::timespan::{DAY, HOUR, MINUTE, SECOND};

/// A datetime in the given format.
pub fn moment(ticks: i64, format: &str) -> String {
    let (date, time) = civil(ticks);
    let hour = time / HOUR;
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    runs(format, |letter, count| {
        Some(match letter {
            'y' => match count {
                1 => (date.year() % 100).to_string(),
                2 => format!("{:02}", date.year() % 100),
                _ => format!("{:0count$}", date.year()),
            },
            'M' => padded(i64::from(date.month()), count),
            'd' => padded(i64::from(date.day()), count),
            'H' => padded(hour, count),
            'h' => padded(twelve, count),
            'm' => padded(time / MINUTE % 60, count),
            's' => padded(time / SECOND % 60, count),
            'f' => fraction(time, count),
            'F' => fraction(time, count).trim_end_matches('0').to_owned(),
            't' => if hour < 12 { "AM" } else { "PM" }.chars().take(count).collect(),
            _ => return None,
        })
    })
}

/// A timespan in the given format; `d` are whole days.
pub fn span(ticks: i64, format: &str) -> String {
    let rest = ticks.abs();
    let text = runs(format, |letter, count| {
        Some(match letter {
            'd' => format!("{:0count$}", rest / DAY),
            'H' | 'h' => padded(rest / HOUR % 24, count),
            'm' => padded(rest / MINUTE % 60, count),
            's' => padded(rest / SECOND % 60, count),
            'f' => fraction(rest, count),
            'F' => fraction(rest, count).trim_end_matches('0').to_owned(),
            _ => return None,
        })
    });
    if ticks < 0 { format!("-{text}") } else { text }
}

fn padded(number: i64, count: usize) -> String {
    if count == 1 { number.to_string() } else { format!("{number:02}") }
}

fn fraction(ticks: i64, count: usize) -> String {
    let digits = format!("{:07}", ticks % SECOND);
    digits.chars().take(count).collect()
}

/// Replaces each run of a letter that has a meaning; everything else stays.
fn runs(format: &str, shown: impl Fn(char, usize) -> Option<String>) -> String {
    let characters: Vec<char> = format.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while at < characters.len() {
        let letter = characters[at];
        let count = characters[at..].iter().take_while(|c| **c == letter).count();
        match shown(letter, count) {
            Some(part) => text.push_str(&part),
            None => text.extend(&characters[at..at + count]),
        }
        at += count;
    }
    text
}
