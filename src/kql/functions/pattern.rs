//! Regular expressions, and trimming by them.

use super::{Function, MANY, Result, Returns, argument, function, long, of_type, text};
use crate::kql::evaluate::Engine;
use crate::kql::value::{Type, Value, convert, count};

pub fn functions() -> Vec<Function> {
    let string = Type::String;
    vec![
        function("extract", (3, 4), Returns::Named(3), extract),
        of_type("extract_all", (2, 3), Type::Dynamic, extract_all),
        of_type("extractall", (2, 3), Type::Dynamic, extract_all),
        of_type("replace_regex", (3, 3), string, |a, engine| {
            replace(&text(a, 0), &text(a, 1), &text(a, 2), engine)
        }),
        of_type("replace", (3, 3), string, |a, engine| {
            replace(&text(a, 2), &text(a, 0), &text(a, 1), engine)
        }),
        of_type("regex_quote", (1, 1), string, |a, _| Ok(regex::escape(&text(a, 0)).into())),
        of_type("countof", (2, 3), Type::Long, countof),
        of_type("trim", (2, 2), string, |a, engine| trim(a, true, true, engine)),
        of_type("trim_start", (2, 2), string, |a, engine| trim(a, true, false, engine)),
        of_type("trim_end", (2, 2), string, |a, engine| trim(a, false, true, engine)),
        of_type("indexof_regex", (2, 5), Type::Long, |a, engine| {
            let source = text(a, 0);
            let found =
                engine.regex(&text(a, 1))?.find(&source).map(|found| source[..found.start()].chars().count());
            Ok(found.map_or(Value::Long(-1), count))
        }),
        of_type("extract_json", (2, MANY), Type::String, |a, _| {
            let json = crate::kql::value::json::parse(&text(a, 1));
            Ok(at_path(&json, &text(a, 0)).map_or(Value::string(""), |value| Value::String(value.to_text())))
        }),
    ]
}

fn extract(a: &[Value], engine: &Engine<'_>) -> Result<Value> {
    let source = text(a, 2);
    let group = long(a, 1).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let regex = engine.regex(&text(a, 0))?;
    let found = regex.captures(&source).and_then(|captures| Some(captures.get(group)?.as_str().to_owned()));
    let ty = Type::from_word(&text(a, 3)).unwrap_or(Type::String);
    Ok(found.map_or_else(|| ty.nothing(), |found| convert::cast(&Value::from(found), ty)))
}

/// Each match as an array of its groups, or as text when there is one group. `(regex, [groups,] text)`
fn extract_all(a: &[Value], engine: &Engine<'_>) -> Result<Value> {
    let source = text(a, a.len() - 1);
    let regex = engine.regex(&text(a, 0))?;
    let all: Vec<usize> = (1..regex.captures_len()).collect();
    let wanted: Vec<usize> = match a.len() {
        3 => {
            let groups = argument(a, 1).as_array().unwrap_or_default().iter();
            groups.filter_map(|group| usize::try_from(group.as_long()?).ok()).collect()
        }
        _ if all.is_empty() => vec![0],
        _ => all,
    };
    let mut matches = Vec::new();
    for captures in regex.captures_iter(&source) {
        let group = |at: &usize| Value::from(captures.get(*at).map_or("", |found| found.as_str()));
        matches.push(match wanted.as_slice() {
            [one] => group(one),
            many => Value::array(many.iter().map(group).collect()),
        });
    }
    Ok(if matches.is_empty() { Value::Null } else { Value::array(matches) })
}

/// Groups are `\1` in the replacement.
fn replace(source: &str, pattern: &str, replacement: &str, engine: &Engine<'_>) -> Result<Value> {
    let regex = engine.regex(pattern)?;
    let mut template = String::with_capacity(replacement.len());
    let mut characters = replacement.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('$', _) => template.push_str("$$"),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                template.push_str(&format!("${{{digit}}}"));
                characters.next();
            }
            ('\\', Some('\\')) => template.extend(characters.next()),
            _ => template.push(c),
        }
    }
    let replaced = regex.replace_all(source, template.as_str()).into_owned();
    super::checked_length(replaced.len())?;
    Ok(replaced.into())
}

/// Plain text is counted with overlaps, matches of a pattern without.
fn countof(a: &[Value], engine: &Engine<'_>) -> Result<Value> {
    let (source, part) = (text(a, 0), text(a, 1));
    if &*text(a, 2) == "regex" {
        return Ok(count(engine.regex(&part)?.find_iter(&source).count()));
    }
    let starts = source.char_indices().filter(|(at, _)| source[*at..].starts_with(&*part)).count();
    Ok(count(if part.is_empty() { 0 } else { starts }))
}

fn trim(a: &[Value], start: bool, end: bool, engine: &Engine<'_>) -> Result<Value> {
    let source = text(a, 1);
    let pattern = text(a, 0);
    let mut rest: &str = &source;
    if start {
        let regex = engine.regex(&format!("^(?:{pattern})"))?;
        rest = regex.find(rest).map_or(rest, |found| &rest[found.end()..]);
    }
    if end {
        let regex = engine.regex(&format!("(?:{pattern})$"))?;
        rest = regex.find(rest).map_or(rest, |found| &rest[..found.start()]);
    }
    Ok(rest.into())
}

/// The value at `$.a.b[0]`.
fn at_path(value: &Value, path: &str) -> Option<Value> {
    let mut value = value.clone();
    let steps = path.trim_start_matches('$').replace(['[', ']'], ".").replace(['\'', '"'], "");
    for step in steps.split('.').filter(|step| !step.is_empty()) {
        value = match (&value, step.parse::<usize>()) {
            (Value::Array(items), Ok(at)) => items.get(at)?.clone(),
            (Value::Bag(bag), _) => bag.get(step)?.clone(),
            _ => return None,
        };
    }
    Some(value)
}
