//! What PowerShell says about a command: the document of [`crate::Invocation::describe`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    #[serde(deserialize_with = "text")]
    pub(crate) module_version: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) supports_should_process: bool,
    /// `None`, `Low`, `Medium` or `High`.
    #[serde(deserialize_with = "text")]
    pub(crate) confirm_impact: String,
    /// A function that works on each object of its pipeline input.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) has_process_block: bool,
    /// Names of the types that it says it gives back.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) output_types: Vec<String>,
    pub(crate) parameters: Vec<CommandParameter>,
    pub(crate) parameter_sets: Vec<ParameterSet>,
    /// One line a parameter set.
    pub(crate) syntax: Vec<String>,
    /// Why the parameters could not be read.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) error: Option<String>,
}

/// One parameter, common ones left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CommandParameter {
    pub(crate) name: String,
    /// As PowerShell shows it: `string[]`.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) type_full_name: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) is_switch: bool,
    /// Type of the elements, if it is a collection; as PowerShell shows it.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) element_type: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) enum_values: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) aliases: Vec<String>,
    /// Names of the parameter sets in which it must be given.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) mandatory_in: Vec<String>,
    pub(crate) sets: Vec<Membership>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) validate_set: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) validate_range: Option<Range>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) validate_length: Option<Bounds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) validate_count: Option<Bounds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) validate_pattern: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) allow_null: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) allow_empty: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) not_null_or_empty: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) help_message: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) description: Option<String>,
    /// Source text of the default, or what the command wants to be shown.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) default_text: Option<String>,
    /// The default, if it is a constant.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) default_value: Option<Value>,
    /// The command asks whether it was given: `false` is not the same as nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) absence_matters: bool,
    pub(crate) bindable: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) unbindable_reason: Option<String>,
}

/// A parameter's place in a set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Membership {
    pub(crate) name: String,
    /// Takes whole objects from the pipeline.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) value_from_pipeline: bool,
    /// Takes the property of its name from objects of the pipeline.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) value_from_pipeline_by_property_name: bool,
}

/// A parameter set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ParameterSet {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) is_default: bool,
}

/// `ValidateRange`: bounds, or a kind such as `Positive`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Range {
    pub(crate) min: Value,
    pub(crate) max: Value,
    pub(crate) kind: Option<String>,
}

/// `ValidateLength` and `ValidateCount`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
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
        self.mandatory_in_set(ALL_SETS)
            || (!sets.is_empty() && sets.iter().all(|set| self.mandatory_in_set(&set.name)))
    }

    /// True if all sets that have it take whole objects for it from the pipeline.
    pub(crate) fn wants_pipeline_objects(&self) -> bool {
        !self.sets.is_empty() && self.sets.iter().all(|set| set.value_from_pipeline)
    }

    /// True if a set that has it takes whole objects for it from the pipeline.
    pub(crate) fn takes_pipeline_objects(&self) -> bool {
        self.sets.iter().any(|set| set.value_from_pipeline)
    }

    /// True if a set that has it takes it from a property of pipeline objects.
    pub(crate) fn takes_pipeline_property(&self) -> bool {
        self.sets.iter().any(|set| set.value_from_pipeline_by_property_name)
    }

    /// Names of the sets it belongs to; empty: all of them.
    pub(crate) fn set_names(&self) -> Vec<&str> {
        self.sets.iter().map(|set| set.name.as_str()).filter(|name| *name != ALL_SETS).collect()
    }

    /// True if it has to be given in this set.
    pub(crate) fn mandatory_in_set(&self, set: &str) -> bool {
        self.mandatory_in.iter().any(|name| name == ALL_SETS || name.eq_ignore_ascii_case(set))
    }
}

/// A string; null is the empty one.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
