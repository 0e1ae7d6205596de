//! Parameters of operations, read from the schema of their Rust types.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::definition::schema_of;

/// A parameter.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Parameter {
    /// Its name in tools: `table_name`.
    pub name: String,
    /// Its name in PowerShell: `TableName`.
    pub power_shell: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// What it means.
    pub help: String,
    /// True if it must be given.
    pub required: bool,
    /// `string`, `integer`, `number`, `boolean`, `object` or `any`: of each element, if it takes several.
    pub kind: String,
    /// True if it takes several.
    pub many: bool,
    /// True if naming it is enough.
    pub switch: bool,
    /// The values it takes, if they are fixed.
    pub allowed: Vec<String>,
    /// Words that mean one of those.
    pub words: Vec<(String, String)>,
    /// The least number.
    pub minimum: Option<i64>,
    /// The greatest.
    pub maximum: Option<i64>,
    /// The shortest text, characters.
    pub min_length: Option<u64>,
    /// The longest.
    pub max_length: Option<u64>,
    /// What the text must look like.
    pub pattern: Option<Pattern>,
    /// What it is if it is not given.
    pub default: Option<Value>,
    /// True if every operation has it.
    pub common: bool,
}

/// A regular expression that a text must fit.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// The pattern, if it is a regular expression.
    fn new(text: &str) -> Option<Self> {
        Regex::new(text).ok().map(Self)
    }

    /// True if a text fits.
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Parameter {
    /// Its type in PowerShell.
    pub fn power_shell_type(&self) -> String {
        let one = match self.kind.as_str() {
            _ if self.switch => return "switch".to_owned(),
            "string" => "string",
            "integer" => "int",
            "number" => "double",
            "boolean" => "bool",
            _ => "object",
        };
        if self.many { format!("{one}[]") } else { one.to_owned() }
    }

    /// What it takes, as the end of "it takes".
    pub(crate) fn takes(&self) -> String {
        let one = match self.kind.as_str() {
            _ if !self.allowed.is_empty() => {
                return format!("{}{}", if self.many { "some of " } else { "" }, self.allowed.join(", "));
            }
            "integer" => match (self.minimum, self.maximum) {
                (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
                (Some(least), None) => format!("a whole number of at least {least}"),
                _ => "a whole number".to_owned(),
            },
            "number" => "a number".to_owned(),
            "boolean" => "true or false".to_owned(),
            "object" => "an object".to_owned(),
            "string" => match (&self.pattern, self.max_length) {
                (Some(pattern), _) => format!("a text like {pattern}"),
                (None, Some(most)) => {
                    format!("a text of {} to {most} characters", self.min_length.unwrap_or(0))
                }
                _ => "a text".to_owned(),
            },
            _ => "any value".to_owned(),
        };
        if self.many { format!("a list: each {one}") } else { one }
    }

    /// True if it makes sense for reads only.
    pub(crate) fn only_reads(&self) -> bool {
        self.common && matches!(self.name.as_str(), "tenant_filter" | "raw")
    }
}

/// Parameters that every operation has.
#[derive(Debug, Clone, Default, serde::Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Common {
    /// Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *
    #[schemars(extend("x-aliases" = ["Workspace"]))]
    pub(crate) workspace_name: Vec<String>,
    /// Resource group of the workspace, where its name alone is ambiguous
    pub(crate) resource_group_name: Option<String>,
    /// Subscription of the workspace, where its name alone is ambiguous
    pub(crate) subscription_id: Option<String>,
    /// Tenant of the workspace: id or name
    pub(crate) tenant_id: Option<String>,
    /// Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant
    pub(crate) tenant_filter: Option<String>,
    /// Answers the objects as Azure has them
    pub(crate) raw: bool,
    /// Asks Azure, whatever is in the cache
    pub(crate) no_cache: bool,
    /// Accepted and without effect, for scripts of the predecessor
    pub(crate) show_header: Option<bool>,
}

/// The common parameters.
pub(crate) fn common() -> &'static [Parameter] {
    static COMMON: LazyLock<Vec<Parameter>> = LazyLock::new(|| of_schema(&schema_of::<Common>(), true));
    &COMMON
}

/// The parameters that a schema of an object has.
pub(crate) fn of_schema(schema: &Value, common: bool) -> Vec<Parameter> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| of_property(name, property, required.contains(&name.as_str()), common))
        .collect()
}

fn of_property(name: &str, property: &Value, required: bool, common: bool) -> Parameter {
    let kind = json_type(property);
    let many = kind == "array";
    let outer = unwrapped(property);
    let inner = if many { unwrapped(&outer["items"]) } else { outer };
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let number = |key: &str| inner[key].as_i64();
    let default = property.get("default").filter(|value| !value.is_null() && **value != json!([])).cloned();
    Parameter {
        name: name.to_owned(),
        power_shell: pascal(name),
        aliases: texts(&property["x-aliases"]),
        help: property["description"]
            .as_str()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        required,
        kind: if many { json_type(inner) } else { kind.clone() },
        many,
        // A flag that may be left out and is then false; one that may also be unset is a value.
        switch: kind == "boolean" && default == Some(Value::Bool(false)),
        allowed: texts(&inner["enum"]),
        words: property["x-words"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(word, meaning)| Some((word.clone(), meaning.as_str()?.to_owned())))
            .collect(),
        minimum: number("minimum"),
        maximum: number("maximum"),
        min_length: inner["minLength"].as_u64(),
        max_length: inner["maxLength"].as_u64(),
        pattern: inner["pattern"].as_str().and_then(Pattern::new),
        default: default.filter(|value| *value != Value::Bool(false)),
        common,
    }
}

/// The schema behind `anyOf [X, null]`.
fn unwrapped(schema: &Value) -> &Value {
    schema["anyOf"]
        .as_array()
        .and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"))
        .unwrap_or(schema)
}

/// The type that a schema names beside `null`.
pub(crate) fn json_type(schema: &Value) -> String {
    let schema = unwrapped(schema);
    match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("any").to_owned()
        }
        _ => "any".to_owned(),
    }
}

/// A word of a fixed set, as Azure writes it.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// `table_name` as `TableName`.
fn pascal(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect()
}

/// JSON Schema of an object with these parameters.
pub(crate) fn schema(parameters: &[Parameter]) -> Value {
    let mut properties = Map::new();
    for parameter in parameters.iter().filter(|parameter| parameter.name != "show_header") {
        let mut one = Map::new();
        if parameter.kind != "any" {
            one.insert("type".to_owned(), parameter.kind.as_str().into());
        }
        if !parameter.allowed.is_empty() {
            one.insert("enum".to_owned(), parameter.allowed.clone().into());
        }
        for (key, value) in [
            ("minimum", parameter.minimum.map(Value::from)),
            ("maximum", parameter.maximum.map(Value::from)),
            ("minLength", parameter.min_length.map(Value::from)),
            ("maxLength", parameter.max_length.map(Value::from)),
            ("pattern", parameter.pattern.as_ref().map(|pattern| pattern.as_str().into())),
        ] {
            if let Some(value) = value {
                one.insert(key.to_owned(), value);
            }
        }
        let mut property = if parameter.many {
            Map::from_iter([("type".to_owned(), "array".into()), ("items".to_owned(), Value::Object(one))])
        } else {
            one
        };
        property.insert("description".to_owned(), parameter.help.as_str().into());
        if let Some(default) = &parameter.default {
            property.insert("default".to_owned(), default.clone());
        }
        properties.insert(parameter.name.clone(), Value::Object(property));
    }
    let required: Vec<&str> = parameters
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| parameter.name.as_str())
        .collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_parameters_have_the_types_of_powershell() {
        let kinds: Vec<(&str, String)> = common()
            .iter()
            .map(|parameter| (parameter.power_shell.as_str(), parameter.power_shell_type()))
            .collect();
        assert_eq!(kinds[0], ("WorkspaceName", "string[]".to_owned()));
        assert!(kinds.contains(&("Raw", "switch".to_owned())), "{kinds:?}");
        assert!(kinds.contains(&("ShowHeader", "bool".to_owned())), "{kinds:?}");
        assert!(kinds.contains(&("TenantFilter", "string".to_owned())), "{kinds:?}");
        assert_eq!(common()[0].aliases, ["Workspace"]);
    }
}
