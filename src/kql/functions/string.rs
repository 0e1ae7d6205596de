//! Text.

use std::sync::Arc;

use super::{Function, MANY, Result, argument, checked_length, long, of_type, text};
use crate::kql::evaluate::Engine;
use crate::kql::value::{Type, Value, count};

pub fn functions() -> Vec<Function> {
    let string = Type::String;
    vec![
        of_type("strcat", (1, MANY), string, |a, _| {
            let parts: Vec<_> = a.iter().map(Value::to_text).collect();
            checked_length(parts.iter().map(|part| part.len()).sum())?;
            Ok(parts.concat().into())
        }),
        of_type("strcat_delim", (2, MANY), string, |a, _| {
            let parts: Vec<_> = a[1..].iter().map(Value::to_text).collect();
            Ok(parts.join(&*text(a, 0)).into())
        }),
        of_type("strcat_array", (2, 2), string, strcat_array),
        of_type("array_strcat", (2, 2), string, strcat_array),
        of_type("strlen", (1, 1), Type::Long, |a, _| Ok(count(text(a, 0).encode_utf16().count()))),
        of_type("string_size", (1, 1), Type::Long, |a, _| Ok(count(text(a, 0).len()))),
        of_type("strrep", (2, 3), string, |a, _| {
            let times = long(a, 1).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            let (part, delimiter) = (text(a, 0), text(a, 2));
            checked_length((part.len() + delimiter.len()).saturating_mul(times))?;
            Ok(vec![&*part; times].join(&*delimiter).into())
        }),
        of_type("strcmp", (2, 2), Type::Int, |a, _| Ok(Value::Int(text(a, 0).cmp(&text(a, 1)) as i32))),
        of_type("tolower", (1, 1), string, |a, _| Ok(text(a, 0).to_lowercase().into())),
        of_type("toupper", (1, 1), string, |a, _| Ok(text(a, 0).to_uppercase().into())),
        of_type("reverse", (1, 1), string, |a, _| Ok(text(a, 0).chars().rev().collect::<String>().into())),
        of_type("substring", (2, 3), string, substring),
        of_type("indexof", (2, 5), Type::Long, indexof),
        of_type("split", (2, 3), Type::Dynamic, split),
        of_type("replace_string", (3, 3), string, |a, _| {
            Ok(replace(&text(a, 0), &text(a, 1), &text(a, 2)).into())
        }),
        of_type("replace_strings", (3, 3), string, |a, _| {
            let (Some(from), Some(to)) = (argument(a, 1).as_array(), argument(a, 2).as_array()) else {
                return Ok(Value::String(text(a, 0)));
            };
            let pairs = from.iter().zip(to);
            let replaced = pairs
                .fold(text(a, 0).to_string(), |t, (from, to)| replace(&t, &from.to_text(), &to.to_text()));
            Ok(replaced.into())
        }),
        of_type("translate", (3, 3), string, translate),
        of_type("has_any_index", (2, 2), Type::Long, |a, _| {
            let lower = text(a, 0).to_lowercase();
            let items = argument(a, 1).as_array().unwrap_or_default();
            let found = items
                .iter()
                .position(|item| super::operator::has_term(&lower, &item.to_text().to_lowercase()));
            Ok(found.map_or(Value::Long(-1), count))
        }),
        of_type("isascii", (1, 1), Type::Bool, |a, _| Ok(text(a, 0).is_ascii().into())),
        of_type("isutf8", (1, 1), Type::Bool, |_, _| Ok(true.into())),
        of_type("make_string", (1, MANY), string, |a, _| Ok(from_code_points(a).into())),
        of_type("unicode_codepoints_to_string", (1, MANY), string, |a, _| Ok(from_code_points(a).into())),
        of_type("to_utf8", (1, 1), Type::Dynamic, |a, _| Ok(code_points(&text(a, 0)))),
        of_type("unicode_codepoints_from_string", (1, 1), Type::Dynamic, |a, _| Ok(code_points(&text(a, 0)))),
        of_type("parse_csv", (1, 1), Type::Dynamic, parse_csv),
        of_type("parse_version", (1, 1), Type::Decimal, parse_version),
        of_type("parse_path", (1, 1), Type::Dynamic, parse_path),
        of_type("parse_command_line", (2, 2), Type::Dynamic, |a, _| Ok(parse_command_line(&text(a, 0)))),
    ]
}

fn strcat_array(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let items = argument(a, 0).as_array().unwrap_or_default();
    let parts: Vec<Arc<str>> = items.iter().map(Value::to_text).collect();
    Ok(parts.join(&*text(a, 1)).into())
}

fn replace(text: &str, from: &str, to: &str) -> String {
    if from.is_empty() { text.to_owned() } else { text.replace(from, to) }
}

/// A negative start counts from the end.
fn substring(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let characters: Vec<char> = text(a, 0).chars().collect();
    let start = long(a, 1).unwrap_or(0);
    let length = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let start = if start < 0 { (length + start).max(0) } else { start };
    let rest = characters.iter().skip(usize::try_from(start).unwrap_or(usize::MAX));
    let wanted = match a.get(2) {
        Some(_) => usize::try_from(long(a, 2).unwrap_or(0).max(0)).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    Ok(rest.take(wanted).collect::<String>().into())
}

/// Arguments: text, what to find, from where, within how many characters, which occurrence.
fn indexof(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let characters: Vec<char> = text(a, 0).chars().collect();
    let wanted: Vec<char> = text(a, 1).chars().collect();
    let length = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let start = long(a, 2).unwrap_or(0);
    let start = if start < 0 { (length + start).max(0) } else { start.min(length) };
    let end = match long(a, 3) {
        Some(within) if within >= 0 => start.saturating_add(within).min(length),
        _ => length,
    };
    let mut left = long(a, 4).unwrap_or(1);
    let bounds = |n: i64| usize::try_from(n).unwrap_or(0);
    let part = &characters[bounds(start)..bounds(end).max(bounds(start))];
    for at in 0..=part.len() {
        if part[at..].starts_with(&wanted) {
            left -= 1;
            if left <= 0 {
                return Ok(count(at + bounds(start)));
            }
        }
    }
    Ok(Value::Long(-1))
}

fn split(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let (source, delimiter) = (text(a, 0), text(a, 1));
    let parts: Vec<&str> =
        if delimiter.is_empty() { vec![&source] } else { source.split(&*delimiter).collect() };
    let wanted = a.get(2).and_then(Value::as_long);
    let items = match wanted {
        Some(at) => usize::try_from(at)
            .ok()
            .and_then(|at| parts.get(at))
            .map(|part| Value::from(*part))
            .into_iter()
            .collect(),
        None => parts.into_iter().map(Value::from).collect(),
    };
    Ok(Value::array(items))
}

/// Characters of the first list become those of the second; the last one of that goes on.
fn translate(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let from: Vec<char> = text(a, 0).chars().collect();
    let to: Vec<char> = text(a, 1).chars().collect();
    let map = |c: char| match from.iter().position(|f| *f == c) {
        Some(at) => to.get(at).or(to.last()).copied(),
        None => Some(c),
    };
    Ok(text(a, 2).chars().filter_map(map).collect::<String>().into())
}

fn from_code_points(a: &[Value]) -> String {
    let flat = a.iter().flat_map(|value| value.as_array().map_or_else(|| vec![value.clone()], <[_]>::to_vec));
    flat.filter_map(|value| char::from_u32(u32::try_from(value.as_long()?).ok()?)).collect()
}

fn code_points(text: &str) -> Value {
    Value::array(text.chars().map(|c| Value::Long(i64::from(u32::from(c)))).collect())
}

fn parse_csv(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let source = text(a, 0);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source.as_bytes());
    let record = reader.records().next().and_then(std::result::Result::ok);
    Ok(record.map_or(Value::Null, |record| Value::array(record.iter().map(Value::from).collect())))
}

/// Up to four parts of up to eight digits, as one number that orders like the version.
fn parse_version(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let source = text(a, 0);
    let mut digits = String::new();
    let mut parts = source.trim().split('.');
    for _ in 0..4 {
        let part = parts.next().unwrap_or("0");
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Value::Null);
        }
        digits.push_str(&format!("{part:0>8}"));
    }
    // The first part loses its leading zeros, so that ordinary versions fit into a decimal.
    let trimmed = digits.trim_start_matches('0');
    let number: Option<rust_decimal::Decimal> = if trimmed.is_empty() { "0" } else { trimmed }.parse().ok();
    Ok(number.map_or(Value::Null, Value::Decimal))
}

fn parse_path(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let source = text(a, 0);
    let (scheme, rest) = match source.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", &*source),
    };
    let root =
        if rest.get(1..3).is_some_and(|start| start == ":\\" || start == ":/") { &rest[..2] } else { "" };
    let (directory, file) = rest.rsplit_once(['/', '\\']).unwrap_or(("", rest));
    let (file, stream) = file.split_once(':').unwrap_or((file, ""));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let directory_name = directory.rsplit(['/', '\\']).next().unwrap_or("");
    let pairs = [
        ("Scheme", scheme),
        ("RootPath", root),
        ("DirectoryPath", directory),
        ("DirectoryName", directory_name),
        ("Filename", file),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ];
    Ok(Value::bag(pairs.into_iter().map(|(name, value)| (Arc::from(name), Value::from(value))).collect()))
}

/// The Windows way: blanks part, quotes keep together, a backslash before a quote makes it a character.
fn parse_command_line(line: &str) -> Value {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quoted, mut started) = (String::new(), false, false);
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if characters.peek() == Some(&'"') => word.extend(characters.next()),
            '"' => (quoted, started) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if started || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                started = false;
            }
            c => word.push(c),
        }
    }
    if started || !word.is_empty() {
        words.push(word);
    }
    if words.is_empty() { Value::Null } else { Value::array(words.into_iter().map(Value::from).collect()) }
}
