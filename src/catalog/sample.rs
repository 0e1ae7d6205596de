//! Values that a parameter takes, for the example in an error message.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Number, Value, json};

use super::{kind::Kind, parameter::Parameter, rules::Bound};

/// Longest text that a sample may have.
const MAX_CHARS: usize = 200;

/// A value that the parameter takes; `None` if none can be thought up.
pub(crate) fn of(parameter: &Parameter) -> Option<Value> {
    if let Some(default) =
        parameter.default.as_ref().filter(|default| **default != Value::String(String::new()))
    {
        return Some(default.clone());
    }
    let one = one(parameter)?;
    if !parameter.list {
        return Some(one);
    }
    let count = parameter.rules.min_items.unwrap_or(1).max(1);
    Some(Value::Array(vec![one; usize::try_from(count).ok()?]))
}

fn one(parameter: &Parameter) -> Option<Value> {
    if let Some(choice) = parameter.rules.choices.first() {
        return Some(json!(choice));
    }
    Some(match parameter.kind {
        Kind::Text | Kind::Converted => Value::String(text(parameter)?),
        Kind::Formatted("date-time") => json!("2026-01-31T12:00:00Z"),
        Kind::Formatted("uuid") => json!("0f8fad5b-d9cb-469f-a165-70867728950e"),
        Kind::Formatted(_) => json!("https://example.com/"),
        Kind::Described(form) if form.starts_with("bytes") => json!("AQID"),
        Kind::Described(_) => json!("00:05:00"),
        Kind::Integer => Value::Number(whole(parameter)?),
        Kind::Number => number(parameter)?,
        Kind::Boolean | Kind::Switch | Kind::Tristate => json!(true),
        Kind::Object => json!({}),
        Kind::Any => json!("text"),
    })
}

/// A text of the wanted length, or one that matches the pattern.
fn text(parameter: &Parameter) -> Option<String> {
    let rules = &parameter.rules;
    let least = usize::try_from(rules.min_chars.unwrap_or(0)).ok()?;
    let most = rules.max_chars.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_CHARS);
    let fits = |text: &String| (least..=most).contains(&text.chars().count());
    let Some(pattern) = &rules.pattern else {
        let mut text = "text".repeat(least.div_ceil(4).max(1));
        text.truncate(most.min(least.max(4)));
        return Some(text).filter(fits);
    };
    // Case does not matter to PowerShell's patterns, so that a match here is one there.
    let parsed = regex_syntax::Parser::new().parse(pattern).ok()?;
    let regex = regex::Regex::new(pattern).ok()?;
    let mut text = String::new();
    write(&parsed, &mut text)?;
    // A pattern without anchors may be met in the middle of more.
    while text.chars().count() < least && regex.is_match(&format!("{text}a")) {
        text.push('a');
    }
    Some(text).filter(|text| fits(text) && regex.is_match(text))
}

/// The shortest text of a pattern, with letters where it has a choice.
fn write(hir: &Hir, text: &mut String) -> Option<()> {
    if text.len() > MAX_CHARS {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let has = |wanted: char| {
                class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&wanted))
            };
            let usual = ['a', 'A', '1', '-', ' '].into_iter().find(|wanted| has(*wanted));
            text.push(usual.or_else(|| class.ranges().first().map(|range| range.start()))?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            // `.*` may be nothing, but `[a-z]*` reads better with something.
            let times = if repetition.max == Some(0) {
                0
            } else {
                repetition.min.max(u32::from(repetition.min == 0 && repetition.max.is_none()))
            };
            for _ in 0..times {
                write(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, text))?,
        HirKind::Alternation(parts) => write(parts.first()?, text)?,
    }
    Some(())
}

fn whole(parameter: &Parameter) -> Option<Number> {
    let bound = |bound: &Option<Bound>, step: i64| {
        let bound = bound.as_ref()?;
        let value = bound.value.as_i64().or_else(|| rounded(bound.value.as_f64()?, step))?;
        Some(if bound.exclusive { value.saturating_add(step) } else { value })
    };
    let least = bound(&parameter.rules.minimum, 1);
    let most = bound(&parameter.rules.maximum, -1);
    let value = 1.max(least.unwrap_or(1)).min(most.unwrap_or(i64::MAX));
    (least.is_none_or(|least| value >= least)).then(|| Number::from(value))
}

#[allow(clippy::cast_possible_truncation, reason = "bounds beyond i64 give no sample")]
fn rounded(value: f64, step: i64) -> Option<i64> {
    let whole = if step > 0 { value.ceil() } else { value.floor() };
    (whole.abs() < 9e15).then_some(whole as i64)
}

fn number(parameter: &Parameter) -> Option<Value> {
    let bound = |bound: &Option<Bound>| bound.as_ref().and_then(|bound| bound.value.as_f64());
    let value = match (bound(&parameter.rules.minimum), bound(&parameter.rules.maximum)) {
        (None, None) => 1.0,
        (Some(least), None) => least + 1.0,
        (None, Some(most)) => most - 1.0,
        (Some(least), Some(most)) => f64::midpoint(least, most),
    };
    Number::from_f64(value).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::spec;

    fn sample(rules: Value) -> Option<Value> {
        let mut parameter =
            json!({"name": "P", "type": "string", "type_full_name": "System.String", "bindable": true});
        if let (Value::Object(parameter), Value::Object(rules)) = (&mut parameter, rules) {
            parameter.extend(rules);
        }
        of(&spec(json!([parameter])).parameters[0])
    }

    #[test]
    fn sample_meets_the_rules() {
        assert_eq!(sample(json!({"validate_set": ["Low", "High"]})), Some(json!("Low")));
        assert_eq!(sample(json!({"validate_length": {"min": 6, "max": 9}})), Some(json!("textte")));
        assert_eq!(sample(json!({"validate_length": {"min": 0, "max": 2}})), Some(json!("te")));
        assert_eq!(sample(json!({"type": "int", "validate_range": {"min": 5, "max": 7}})), Some(json!(5)));
        assert_eq!(sample(json!({"type": "int", "validate_range": {"kind": "Negative"}})), Some(json!(-1)));
        assert_eq!(
            sample(json!({"type": "double", "validate_range": {"min": 0.5, "max": 0.6}})),
            Some(json!(0.55))
        );
        let pairs = json!({"type": "int[]", "element_type": "int", "validate_count": {"min": 2, "max": 3}});
        assert_eq!(sample(pairs), Some(json!([1, 1])));
    }

    #[test]
    fn sample_matches_the_pattern() {
        for pattern in [
            "^[a-z]{3}-\\d+$",
            "^(prod|test)_",
            "\\.ps1$",
            "^[^@]+@[^@]+\\.[a-z]{2,}$",
            "^\\w[\\w-]{2,61}\\w$",
        ] {
            let text = sample(json!({"validate_pattern": pattern})).unwrap_or_else(|| panic!("{pattern}"));
            let matches = regex::Regex::new(pattern)
                .is_ok_and(|regex| regex.is_match(text.as_str().unwrap_or_default()));
            assert!(matches, "{pattern}: {text}");
        }
        assert_eq!(sample(json!({"validate_pattern": "^(?!x)"})), None);
    }
}
