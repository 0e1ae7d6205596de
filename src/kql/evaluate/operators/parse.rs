//! `parse`, `parse-where`, `parse-kv`.

use std::rc::Rc;

use regex::Regex;

use super::super::sources;
use super::Context;
use crate::kql::ast::{Expr, ExprKind, NamedType, Parameter, ParsePart};
use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Table};
use crate::kql::value::{Type, Value, convert};

/// The pattern as a regular expression, one group for each column.
fn pattern_regex(cx: &Context<'_>, pattern: &[ParsePart], as_regex: bool, flags: &str) -> Result<Rc<Regex>> {
    let mut text = String::from("(?s)");
    if flags.contains('i') {
        text.push_str("(?i)");
    }
    text.push('^');
    for (at, part) in pattern.iter().enumerate() {
        let last = at + 1 == pattern.len();
        match part {
            ParsePart::Skip => text.push_str(if last { ".*" } else { ".*?" }),
            ParsePart::Text(literal) if as_regex => text.push_str(&format!("(?:{literal})")),
            ParsePart::Text(literal) => text.push_str(&regex::escape(literal)),
            ParsePart::Column(_, ty) => text.push_str(match ty {
                Some(Type::Long | Type::Int) => r"([-+]?\d+)",
                Some(Type::Real | Type::Decimal) => r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)",
                Some(Type::Bool) => "([Tt]rue|[Ff]alse|0|1)",
                _ if last => "(.*)",
                _ => "(.*?)",
            }),
        }
    }
    // A pattern that ends with text need not reach the end.
    if !matches!(pattern.last(), Some(ParsePart::Text(_))) {
        text.push('$');
    }
    cx.engine.regex(&text)
}

pub fn parse(
    cx: &Context<'_>,
    table: Table,
    source: &Expr,
    pattern: &[ParsePart],
    only_matches: bool,
) -> Result<Table> {
    let kind = cx.word("kind").unwrap_or_else(|| "simple".to_owned());
    let flags = cx.word("flags").unwrap_or_default();
    let relaxed = kind == "relaxed";
    let mut targets: Vec<(usize, Type)> = Vec::new();
    let mut names = table.columns.clone();
    for part in pattern {
        if let ParsePart::Column(name, ty) = part {
            let ty = ty.unwrap_or(Type::String);
            let at = names.iter().position(|column| column.name == name.text).unwrap_or(names.len());
            let column = Column::new(&name.text, ty);
            if at == names.len() {
                names.push(column)
            } else {
                names[at] = column
            }
            targets.push((at, ty));
        }
    }
    let loose: Vec<ParsePart> = pattern
        .iter()
        .map(|part| match part {
            ParsePart::Column(name, _) if relaxed => ParsePart::Column(name.clone(), None),
            other => other.clone(),
        })
        .collect();
    let regex = pattern_regex(cx, &loose, kind == "regex", &flags)?;
    let cell = cx.over(&table).bind(source)?;
    let rows = cx.map(&table, |row| {
        let text = cell.value(row)?.to_text();
        let found = regex.captures(&text);
        if found.is_none() && only_matches {
            return Ok(None);
        }
        let mut parsed = row.row.to_vec();
        parsed.resize(names.len(), Value::Null);
        for (group, (at, ty)) in targets.iter().enumerate() {
            let part = found.as_ref().and_then(|found| found.get(group + 1));
            parsed[*at] = part.map_or_else(|| ty.nothing(), |part| convert::cast(&part.as_str().into(), *ty));
        }
        Ok(Some(parsed))
    })?;
    Ok(Table { open: table.open, ordered: table.ordered, ..Table::new(names, rows) })
}

pub fn parse_kv(
    cx: &Context<'_>,
    table: Table,
    source: &Expr,
    keys: &[NamedType],
    properties: &[Parameter],
) -> Result<Table> {
    let property = |name: &str, default: &str| -> Result<String> {
        let found =
            properties.iter().find(|property| property.name.text == name).and_then(|p| p.value.as_ref());
        match found {
            Some(Expr { kind: ExprKind::Name(word), .. }) => Ok(word.clone()),
            Some(value) => Ok(cx.constant(value)?.to_text().to_string()),
            None => Ok(default.to_owned()),
        }
    };
    let pattern = property("regex", "")?;
    let (between, within) = (property("pair_delimiter", " ")?, property("kv_delimiter", "=")?);
    let quotes: Vec<char> = property("quote", "")?.chars().collect();
    if pattern.is_empty() && (between.is_empty() || within.is_empty()) {
        return Err(Problem::semantic("SEM0020", "parse-kv needs delimiters that are not empty"));
    }
    let regex = if pattern.is_empty() { None } else { Some(cx.engine.regex(&pattern)?) };
    let wanted = sources::columns_of(keys)?;
    let mut names = table.columns.clone();
    let places: Vec<usize> = wanted
        .iter()
        .map(|column| {
            let at = names.iter().position(|known| known.name == column.name).unwrap_or(names.len());
            if at == names.len() {
                names.push(column.clone())
            } else {
                names[at] = column.clone()
            }
            at
        })
        .collect();
    let cell = cx.over(&table).bind(source)?;
    let rows = cx.map(&table, |row| {
        let text = cell.value(row)?.to_text();
        let pairs = match &regex {
            Some(regex) => regex
                .captures_iter(&text)
                .filter_map(|found| {
                    Some((found.get(1)?.as_str().to_owned(), found.get(2)?.as_str().to_owned()))
                })
                .collect(),
            None => pairs(&text, &between, &within, &quotes),
        };
        let mut parsed = row.row.to_vec();
        parsed.resize(names.len(), Value::Null);
        for (at, column) in places.iter().zip(&wanted) {
            let found = pairs.iter().find(|(key, _)| *key == column.name);
            parsed[*at] = found.map_or_else(
                || column.ty.nothing(),
                |(_, value)| convert::cast(&value.as_str().into(), column.ty),
            );
        }
        Ok(Some(parsed))
    })?;
    Ok(Table { open: table.open, ordered: table.ordered, ..Table::new(names, rows) })
}

/// Keys and values; quoted values keep their delimiters.
fn pairs(text: &str, between: &str, within: &str, quotes: &[char]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(within) {
        let key = rest[..at].rsplit(between).next().unwrap_or_default().trim();
        rest = &rest[at + within.len()..];
        let quote = rest.chars().next().filter(|first| quotes.contains(first));
        let value = match quote {
            Some(quote) => {
                let inner = &rest[quote.len_utf8()..];
                let end = inner.find(quote).unwrap_or(inner.len());
                rest = inner.get(end + quote.len_utf8()..).unwrap_or_default();
                &inner[..end]
            }
            None => {
                let end = rest.find(between).unwrap_or(rest.len());
                let value = &rest[..end];
                rest = &rest[end..];
                value
            }
        };
        found.push((key.trim_matches(|c| quotes.contains(&c)).to_owned(), value.to_owned()));
    }
    found
}
