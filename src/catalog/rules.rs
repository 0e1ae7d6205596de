//! What values must be like.

use serde_json::Number;

use super::{
    command::{Bounds, CommandParameter, Range},
    kind::Kind,
};

/// What the value must be like.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rules {
    /// Permitted texts (letter case does not matter); empty: any.
    pub(crate) choices: Vec<String>,
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) min_chars: Option<u64>,
    pub(crate) max_chars: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    /// A .NET regular expression. PowerShell checks it; the schema has it where JavaScript reads it the same way.
    pub(crate) pattern: Option<String>,
}

/// A bound of a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Number,
    /// The bound itself is not permitted.
    pub(crate) exclusive: bool,
}

impl Rules {
    pub(crate) fn of(parameter: &CommandParameter, kind: Kind, list: bool) -> Self {
        let choices =
            if parameter.validate_set.is_empty() { &parameter.enum_values } else { &parameter.validate_set };
        let (minimum, maximum) = match (&parameter.validate_range, kind) {
            (Some(range), Kind::Integer | Kind::Number) => range.bounds(),
            _ => (None, None),
        };
        let size = |value: i64| u64::try_from(value).ok();
        let length = parameter.validate_length.unwrap_or(Bounds { min: 0, max: -1 });
        let count = parameter.validate_count.unwrap_or(Bounds { min: 0, max: -1 });
        let text = matches!(kind, Kind::Text | Kind::Converted);
        let some = |value: u64| (value > 0).then_some(value);
        let mut rules = Self {
            choices: choices.clone(),
            minimum,
            maximum,
            min_chars: size(length.min).and_then(some),
            max_chars: size(length.max),
            min_items: size(count.min).and_then(some),
            max_items: size(count.max),
            pattern: parameter.validate_pattern.clone(),
        };
        let wants_content = parameter.not_null_or_empty
            || (!parameter.mandatory_in.is_empty() && !parameter.allow_empty && !parameter.allow_null);
        if wants_content {
            if text && rules.choices.is_empty() {
                rules.min_chars = rules.min_chars.or(Some(1));
            }
            if list {
                rules.min_items = rules.min_items.or(Some(1));
            }
        }
        rules
    }

    /// True if PowerShell would refuse the text for its pattern, as far as that can be told here: its patterns ignore the
    /// case of letters, and what the two engines may see differently is left to it.
    pub(crate) fn certainly_mismatches(&self, text: &str) -> bool {
        if !text.is_ascii() || text.contains('\n') {
            return false;
        }
        let Some(pattern) = self.portable_pattern() else { return false };
        let regex = regex::RegexBuilder::new(pattern).case_insensitive(true).build();
        regex.is_ok_and(|regex| !regex.is_match(text))
    }

    /// The pattern, if JavaScript's regular expressions read it the same way as .NET's, as far as that can be told.
    pub(crate) fn portable_pattern(&self) -> Option<&str> {
        const DOTNET_ONLY: &[&str] = &[
            "(?i", "(?s", "(?m", "(?x", "(?n", "(?-", "(?>", "(?#", "(?'", "(?(", "\\A", "\\Z", "\\z", "\\G",
            "\\p", "\\P", "-[",
        ];
        self.pattern.as_deref().filter(|pattern| !DOTNET_ONLY.iter().any(|part| pattern.contains(part)))
    }
}

impl Range {
    fn bounds(&self) -> (Option<Bound>, Option<Bound>) {
        let zero = |exclusive| Some(Bound { value: Number::from(0), exclusive });
        match self.kind.as_deref() {
            Some("Positive") => (zero(true), None),
            Some("NonNegative") => (zero(false), None),
            Some("Negative") => (None, zero(true)),
            Some("NonPositive") => (None, zero(false)),
            _ => {
                let bound = |value: &serde_json::Value| {
                    value.as_number().map(|number| Bound { value: number.clone(), exclusive: false })
                };
                (bound(&self.min), bound(&self.max))
            }
        }
    }
}
