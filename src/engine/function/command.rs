//! A PowerShell function that stands for a host function: parameters from the JSON Schema of the arguments.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde_json::{Map, Value, value::RawValue};

use super::error::FunctionError;
use crate::engine::quoted;

/// How deep references of a schema are followed.
const MAX_REFERENCES: usize = 8;

/// A command and its parameters.
#[derive(Debug, Clone)]
pub(super) struct Command {
    name: String,
    synopsis: String,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Clone)]
struct Parameter {
    /// As the script writes it.
    name: String,
    /// As the arguments have it.
    property: String,
    /// PowerShell's name of the type, in brackets.
    kind: String,
    mandatory: bool,
    /// Validating attributes.
    rules: Vec<String>,
    help: String,
}

impl Command {
    /// The command of that name for arguments of type `A`.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub(super) fn of<A: JsonSchema>(name: &str) -> Result<Self, String> {
        if !is_command_name(name) {
            return Err(format!(
                "'{name}' is no name of a command; it must be like Get-Weather: two words of letters and digits"
            ));
        }
        let schema =
            schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<A>();
        let schema = Value::from(schema);
        let no_properties = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&no_properties);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut parameters = Vec::with_capacity(properties.len());
        for (property, of) in properties {
            let parameter = Parameter::of(property, of, &schema, required.contains(&property.as_str()))
                .ok_or_else(|| format!("{name}: '{property}' cannot be the name of a parameter"))?;
            if parameters.iter().any(|other: &Parameter| other.name.eq_ignore_ascii_case(&parameter.name)) {
                return Err(format!("{name}: two arguments would be the parameter {}", parameter.name));
            }
            parameters.push(parameter);
        }
        let synopsis = schema["description"].as_str().unwrap_or_default().to_owned();
        Ok(Self { name: name.to_owned(), synopsis, parameters })
    }

    /// What stands between the braces of the function.
    pub(super) fn definition(&self) -> String {
        let mut text = String::from("<#\n.SYNOPSIS\n");
        let synopsis = if self.synopsis.is_empty() { &self.name } else { &self.synopsis };
        let _ = writeln!(text, "{}", comment(synopsis));
        for parameter in &self.parameters {
            let _ = writeln!(text, ".PARAMETER {}\n{}", parameter.name, comment(&parameter.help));
        }
        text.push_str("#>\n[CmdletBinding()]\nparam(\n");
        for (index, parameter) in self.parameters.iter().enumerate() {
            let mandatory = if parameter.mandatory { "Mandatory, " } else { "" };
            let _ = writeln!(text, "    [Parameter({mandatory}ValueFromPipelineByPropertyName)]");
            for rule in &parameter.rules {
                let _ = writeln!(text, "    {rule}");
            }
            let comma = if index + 1 < self.parameters.len() { "," } else { "" };
            let _ = writeln!(text, "    {} ${}{comma}", parameter.kind, parameter.name);
        }
        let _ = write!(
            text,
            ")\nprocess {{ Invoke-HostFunction -Name {} -Parameters $PSBoundParameters }}",
            quoted(&self.name)
        );
        text
    }
}

/// Gives arguments their names back: PowerShell's are those of the parameters.
pub(super) fn rename(command: &Command, arguments: &RawValue) -> Result<String, FunctionError> {
    let given: Map<String, Value> = serde_json::from_str(arguments.get())?;
    let renamed: Map<String, Value> = given
        .into_iter()
        .map(|(name, value)| {
            let parameter = command.parameters.iter().find(|p| p.name.eq_ignore_ascii_case(&name));
            (parameter.map_or(name, |parameter| parameter.property.clone()), value)
        })
        .collect();
    Ok(serde_json::to_string(&renamed)?)
}

impl Parameter {
    fn of(property: &str, schema: &Value, root: &Value, mandatory: bool) -> Option<Self> {
        let name = parameter_name(property)?;
        let help = schema["description"].as_str().unwrap_or_default().to_owned();
        let bare = resolve(schema, root);
        let mut rules = Vec::new();
        let kind = kind_of(bare, root, mandatory, &mut rules);
        Some(Self { name, property: property.to_owned(), kind, mandatory, rules, help })
    }
}

/// The schema behind references, and behind "this or null".
fn resolve<'a>(mut schema: &'a Value, root: &'a Value) -> &'a Value {
    for _ in 0..MAX_REFERENCES {
        if let Some(pointer) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            let Some(found) = root.pointer(pointer) else { break };
            schema = found;
        } else if let Some(one) = schema["anyOf"].as_array().and_then(|any| only_not_null(any)) {
            schema = one;
        } else {
            break;
        }
    }
    schema
}

fn only_not_null(any: &[Value]) -> Option<&Value> {
    let mut rest = any.iter().filter(|one| one["type"] != "null");
    let one = rest.next()?;
    rest.next().is_none().then_some(one)
}

fn kind_of(schema: &Value, root: &Value, mandatory: bool, rules: &mut Vec<String>) -> String {
    let type_name = match &schema["type"] {
        Value::String(name) => Some(name.as_str()),
        // `["string", "null"]`
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    };
    if let Some(values) = schema["enum"].as_array() {
        let texts: Vec<String> = values.iter().filter_map(Value::as_str).map(quoted).collect();
        if !texts.is_empty() {
            rules.push(format!("[ValidateSet({})]", texts.join(", ")));
            return "[string]".to_owned();
        }
    }
    match type_name {
        Some("string") => "[string]".to_owned(),
        Some(number @ ("integer" | "number")) => {
            let kind = if number == "integer" { "long" } else { "double" };
            if let (Some(low), Some(high)) = (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
                rules.push(format!("[ValidateRange([{kind}]{low}, [{kind}]{high})]"));
            }
            // One that is not given must stay so: PowerShell's numbers are 0 otherwise.
            if mandatory { format!("[{kind}]") } else { format!("[Nullable[{kind}]]") }
        }
        Some("boolean") if mandatory => "[bool]".to_owned(),
        Some("boolean") => "[switch]".to_owned(),
        Some("array") => {
            let element = kind_of(resolve(&schema["items"], root), root, true, rules);
            format!("[{}[]]", element.trim_start_matches('[').trim_end_matches(']'))
        }
        Some("object") => "[hashtable]".to_owned(),
        _ => "[object]".to_owned(),
    }
}

fn is_command_name(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.chars().all(|next| next.is_ascii_alphanumeric())
    };
    name.split_once('-').is_some_and(|(verb, noun)| word(verb) && word(noun))
}

/// `user_name` and `userName` are `UserName`. `None`: PowerShell would not take it as the name of a parameter.
fn parameter_name(property: &str) -> Option<String> {
    let plain = property.chars().all(|next| next.is_ascii_alphanumeric() || next == '_');
    let words = property.split('_').filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| {
            let (first, rest) = word.split_at(1.min(word.len()));
            first.to_ascii_uppercase() + rest
        })
        .collect();
    (plain && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(name)
}

/// A text inside a comment: it can neither end it nor begin another section of the help.
pub(crate) fn comment(text: &str) -> String {
    let text = text.replace("#>", "# >");
    text.lines().map(|line| format!("    {}", line.trim_start_matches('.'))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its schema is of interest")]
    enum Unit {
        Celsius,
        Kelvin,
    }

    /// Weather of a place. #> 'quoted'
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is of interest")]
    struct Weather {
        /// Which city.
        city_name: String,
        #[schemars(range(min = 1, max = 14))]
        days: Option<u32>,
        unit: Option<Unit>,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default)]
        detailed: bool,
    }

    #[test]
    fn command_has_parameters_of_the_schema() {
        let command = Command::of::<Weather>("Get-Weather").expect("a command");
        insta::assert_snapshot!(command.definition(), @r"
        <#
        .SYNOPSIS
            Weather of a place. # > 'quoted'
        .PARAMETER CityName
            Which city.
        .PARAMETER Days

        .PARAMETER Unit

        .PARAMETER Tags

        .PARAMETER Detailed

        #>
        [CmdletBinding()]
        param(
            [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
            [string] $CityName,
            [Parameter(ValueFromPipelineByPropertyName)]
            [ValidateRange([long]1, [long]14)]
            [Nullable[long]] $Days,
            [Parameter(ValueFromPipelineByPropertyName)]
            [ValidateSet('celsius', 'kelvin')]
            [string] $Unit,
            [Parameter(ValueFromPipelineByPropertyName)]
            [string[]] $Tags,
            [Parameter(ValueFromPipelineByPropertyName)]
            [switch] $Detailed
        )
        process { Invoke-HostFunction -Name 'Get-Weather' -Parameters $PSBoundParameters }
        ");
    }

    #[test]
    fn arguments_get_their_names_back() {
        let command = Command::of::<Weather>("Get-Weather").expect("a command");
        let given = RawValue::from_string(r#"{"CITYNAME":"Rome","Days":2}"#.to_owned()).expect("JSON");
        assert_eq!(rename(&command, &given).expect("JSON"), r#"{"city_name":"Rome","days":2}"#);
    }

    #[test]
    fn names_that_powershell_would_not_take_are_refused() {
        for name in ["weather", "Get-", "-Weather", "Get-Wea ther", "Get-Weather;rm", "1-2", ""] {
            assert!(Command::of::<Weather>(name).is_err(), "{name}");
        }
        assert_eq!(parameter_name("user_name").as_deref(), Some("UserName"));
        assert_eq!(parameter_name("userName").as_deref(), Some("UserName"));
        assert_eq!(parameter_name("a-b"), None);
        assert_eq!(parameter_name("__"), None);
    }
}
