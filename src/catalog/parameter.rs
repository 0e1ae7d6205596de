//! Parameters of tools: what a client may send, from what PowerShell takes.

use serde_json::Number;

use super::command::{Bounds, CommandParameter, ParameterSet, Range};

/// One parameter of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// PowerShell's name, and the name of the property in the schema.
    pub(crate) name: String,
    /// Other names it is accepted under.
    pub(crate) aliases: Vec<String>,
    pub(crate) kind: Kind,
    /// Takes a list of `kind`.
    pub(crate) list: bool,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    pub(crate) description: String,
    pub(crate) rules: Rules,
}

/// What kind of value it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Text from which PowerShell makes a value of a type of its own.
    Converted,
    /// Text of a form that JSON Schema names: `date-time`, `uuid`, `uri`.
    Formatted(&'static str),
    /// Text in a form of its own, said in words.
    Described(&'static str),
    Integer,
    Number,
    Boolean,
    Switch,
    Object,
    Any,
}

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

/// Why a parameter is not offered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LeftOut {
    pub(crate) name: String,
    pub(crate) reason: String,
    /// No parameter set does without it: neither can the command be offered.
    pub(crate) required: bool,
}

impl Parameter {
    /// From a command's parameter.
    ///
    /// # Errors
    /// Why it cannot be offered to a client.
    pub(crate) fn of(parameter: &CommandParameter, sets: &[ParameterSet]) -> Result<Self, LeftOut> {
        let required = parameter.required(sets);
        let left_out =
            |reason: &str| LeftOut { name: parameter.name.clone(), reason: reason.to_owned(), required };
        if !parameter.bindable {
            return Err(left_out("no JSON value stands for its type"));
        }
        let element = parameter.element_type.as_deref().unwrap_or(&parameter.type_name);
        let kind = if parameter.is_switch { Kind::Switch } else { kind(element).map_err(left_out)? };
        if kind == Kind::Converted && parameter.enum_values.is_empty() && parameter.wants_pipeline_objects() {
            return Err(left_out("it takes live objects of the pipeline"));
        }
        let list = parameter.element_type.is_some() && !parameter.type_full_name.starts_with("System.Byte[]");
        let rules = Rules::of(parameter, kind, list);
        Ok(Self {
            name: parameter.name.clone(),
            aliases: parameter.aliases.clone(),
            kind: if rules.choices.is_empty() { kind } else { Kind::Text },
            list,
            required,
            nullable: parameter.allow_null || element.starts_with("System.Nullable"),
            description: description(parameter, sets, kind),
            rules,
        })
    }

    /// What it takes, in words.
    pub(crate) fn takes(&self) -> String {
        let one = match self.kind {
            _ if !self.rules.choices.is_empty() => format!("one of {}", self.rules.choices.join(", ")),
            Kind::Text | Kind::Converted => "a string".to_owned(),
            Kind::Formatted("date-time") => "a date and time such as 2026-01-31T12:00:00Z".to_owned(),
            Kind::Formatted("uuid") => "a GUID such as 0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
            Kind::Formatted(_) => "a URI such as https://example.com/".to_owned(),
            Kind::Described(form) => form.to_owned(),
            Kind::Integer => "an integer".to_owned(),
            Kind::Number => "a number".to_owned(),
            Kind::Boolean | Kind::Switch => "true or false".to_owned(),
            Kind::Object => "an object".to_owned(),
            Kind::Any => "any value".to_owned(),
        };
        if self.list { format!("a list, each element {one}") } else { one }
    }
}

/// By the name of the type as PowerShell shows it.
fn kind(type_name: &str) -> Result<Kind, &'static str> {
    let name = type_name.to_ascii_lowercase();
    let name = name.strip_prefix("system.nullable[").and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    let name = name.strip_prefix("system.").unwrap_or(name);
    Ok(match name {
        "string" | "char" => Kind::Text,
        "byte"
        | "sbyte"
        | "int16"
        | "short"
        | "uint16"
        | "ushort"
        | "int"
        | "int32"
        | "uint"
        | "uint32"
        | "long"
        | "int64"
        | "ulong"
        | "uint64"
        | "bigint"
        | "numerics.biginteger" => Kind::Integer,
        "double" | "single" | "float" | "decimal" => Kind::Number,
        "bool" | "boolean" => Kind::Boolean,
        "switch" | "management.automation.switchparameter" => Kind::Switch,
        "datetime" | "datetimeoffset" => Kind::Formatted("date-time"),
        "guid" => Kind::Formatted("uuid"),
        "uri" => Kind::Formatted("uri"),
        "timespan" => Kind::Described("a time span such as 1.02:03:04 (days.hours:minutes:seconds)"),
        "byte[]" => Kind::Described("bytes as base64"),
        "securestring" | "security.securestring" | "pscredential" | "management.automation.pscredential" => {
            return Err("secrets are not taken as arguments");
        }
        "hashtable"
        | "collections.hashtable"
        | "collections.idictionary"
        | "ordered"
        | "collections.specialized.ordereddictionary" => Kind::Object,
        "object" | "psobject" | "pscustomobject" | "management.automation.psobject" => Kind::Any,
        _ if name.starts_with("collections.generic.dictionary") || name.contains("idictionary[") => {
            Kind::Object
        }
        _ => Kind::Converted,
    })
}

fn description(parameter: &CommandParameter, sets: &[ParameterSet], kind: Kind) -> String {
    let mut parts: Vec<String> = Vec::new();
    let own = parameter.help_message.as_deref().or(parameter.description.as_deref()).map(str::trim);
    match own.filter(|text| !text.is_empty()) {
        Some(text) => parts.push(sentence(text)),
        // Without words of its own, the type says the most where the schema does not say it.
        None if kind == Kind::Converted && parameter.enum_values.is_empty() => {
            parts.push(format!("PowerShell type {}.", parameter.type_name));
        }
        None => {}
    }
    if let Kind::Described(form) = kind {
        parts.push(format!("Takes {form}."));
    }
    if let Some(default) =
        parameter.default_text.as_deref().filter(|text| !text.is_empty() && text.len() <= 80)
    {
        parts.push(format!("Default: {default}."));
    }
    if let Some(pattern) = &parameter.validate_pattern {
        parts.push(format!("Must match the regular expression {pattern}."));
    }
    let names = parameter.set_names();
    if sets.len() > 1 && !names.is_empty() && names.len() < sets.len() {
        parts.push(format!("Parameter set: {}.", names.join(", ")));
    }
    parts.join(" ")
}

fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.ends_with(['.', '!', '?', ':']) { text } else { format!("{text}.") }
}

impl Rules {
    fn of(parameter: &CommandParameter, kind: Kind, list: bool) -> Self {
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
