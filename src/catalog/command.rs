//! What PowerShell says about a command: the document of [`crate::Invocation::describe`].

use serde::Deserialize;
use serde_json::Value;

/// One command.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Command {
    pub(crate) name: String,
    #[serde(deserialize_with = "text")]
    pub(crate) module: String,
    #[serde(deserialize_with = "text")]
    pub(crate) module_path: String,
    /// File of the script or function, or assembly of the cmdlet.
    #[serde(deserialize_with = "text")]
    pub(crate) path: String,
    #[serde(deserialize_with = "text")]
    pub(crate) synopsis: String,
    #[serde(deserialize_with = "text")]
    pub(crate) description: String,
    pub(crate) supports_should_process: bool,
    pub(crate) parameters: Vec<CommandParameter>,
    pub(crate) parameter_sets: Vec<ParameterSet>,
    /// One line a parameter set.
    pub(crate) syntax: Vec<String>,
    /// Why the parameters could not be read.
    pub(crate) error: Option<String>,
}

/// One parameter, common ones left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CommandParameter {
    pub(crate) name: String,
    /// As PowerShell shows it: `string[]`.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) type_full_name: String,
    pub(crate) is_switch: bool,
    /// Type of the elements, if it is a collection; as PowerShell shows it.
    pub(crate) element_type: Option<String>,
    pub(crate) enum_values: Vec<String>,
    pub(crate) aliases: Vec<String>,
    /// Names of the parameter sets in which it must be given.
    pub(crate) mandatory_in: Vec<String>,
    pub(crate) sets: Vec<Membership>,
    pub(crate) validate_set: Vec<String>,
    pub(crate) validate_range: Option<Range>,
    pub(crate) validate_length: Option<Bounds>,
    pub(crate) validate_count: Option<Bounds>,
    pub(crate) validate_pattern: Option<String>,
    pub(crate) allow_null: bool,
    pub(crate) allow_empty: bool,
    pub(crate) not_null_or_empty: bool,
    pub(crate) help_message: Option<String>,
    pub(crate) description: Option<String>,
    /// Source text of the default.
    pub(crate) default_text: Option<String>,
    pub(crate) bindable: bool,
}

/// A parameter's place in a set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Membership {
    pub(crate) name: String,
    /// Takes whole objects from the pipeline.
    pub(crate) value_from_pipeline: bool,
}

/// A parameter set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ParameterSet {
    pub(crate) name: String,
}

/// `ValidateRange`: bounds, or a kind such as `Positive`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Range {
    pub(crate) min: Value,
    pub(crate) max: Value,
    pub(crate) kind: Option<String>,
}

/// `ValidateLength` and `ValidateCount`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Bounds {
    pub(crate) min: i64,
    pub(crate) max: i64,
}

/// Name of the set that stands for all sets.
pub(crate) const ALL_SETS: &str = "__AllParameterSets";

impl Command {
    /// Where it comes from, for messages.
    pub(crate) fn origin(&self) -> String {
        if !self.module.is_empty() {
            format!("{} of module {}", self.name, self.module)
        } else if self.path.is_empty() {
            self.name.clone()
        } else {
            format!("{} of {}", self.name, self.path)
        }
    }
}

impl CommandParameter {
    /// True if no parameter set does without it.
    pub(crate) fn required(&self, sets: &[ParameterSet]) -> bool {
        let mandatory = |set: &str| self.mandatory_in.iter().any(|name| name.eq_ignore_ascii_case(set));
        mandatory(ALL_SETS) || (!sets.is_empty() && sets.iter().all(|set| mandatory(&set.name)))
    }

    /// True if all sets that have it take whole objects for it from the pipeline.
    pub(crate) fn wants_pipeline_objects(&self) -> bool {
        !self.sets.is_empty() && self.sets.iter().all(|set| set.value_from_pipeline)
    }

    /// Names of the sets it belongs to; empty: all of them.
    pub(crate) fn set_names(&self) -> Vec<&str> {
        self.sets.iter().map(|set| set.name.as_str()).filter(|name| *name != ALL_SETS).collect()
    }
}

/// A string; null is the empty one.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}
