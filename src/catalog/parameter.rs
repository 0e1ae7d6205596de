//! Parameters of tools: what a client may send, from what PowerShell takes.

use serde_json::{Map, Value};

use super::{
    command::{ALL_SETS, Command, CommandParameter, ParameterSet},
    kind::{Kind, TRISTATE},
    rules::Rules,
};

/// Name of the property that is pipeline input.
const INPUT: &str = "input";
/// Name of the property that is `-WhatIf`.
const DRY_RUN: &str = "dry_run";
/// Longest source text of a default that a description repeats.
const MAX_DEFAULT_CHARS: usize = 80;

/// One parameter of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// Name of the property in the schema.
    pub(crate) name: String,
    /// Other names it is accepted under.
    pub(crate) aliases: Vec<String>,
    pub(crate) role: Role,
    pub(crate) kind: Kind,
    /// Takes a list of `kind`.
    pub(crate) list: bool,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) description: String,
    pub(crate) rules: Rules,
    pub(crate) membership: Membership,
    /// The schema it was given with, if it was not made here.
    pub(crate) given_schema: Option<Map<String, Value>>,
}

/// What becomes of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A parameter of the same name.
    Named,
    /// `-WhatIf`.
    DryRun,
    /// Objects of the pipeline.
    Input,
}

/// The parameter sets it belongs to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Membership {
    /// Empty: all of them.
    pub(crate) sets: Vec<String>,
    pub(crate) mandatory_in: Vec<String>,
    /// Pipeline input may bring it.
    pub(crate) from_input: bool,
}

/// Why a parameter is not offered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LeftOut {
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) membership: Membership,
    /// No parameter set does without it: neither can the command be offered.
    pub(crate) required: bool,
}

impl Membership {
    fn of(parameter: &CommandParameter) -> Self {
        Self {
            sets: parameter.set_names().into_iter().map(str::to_owned).collect(),
            mandatory_in: parameter.mandatory_in.clone(),
            from_input: false,
        }
    }

    pub(crate) fn is_in(&self, set: &str) -> bool {
        self.sets.is_empty() || self.sets.iter().any(|name| name.eq_ignore_ascii_case(set))
    }

    pub(crate) fn is_mandatory_in(&self, set: &str) -> bool {
        self.mandatory_in.iter().any(|name| name == ALL_SETS || name.eq_ignore_ascii_case(set))
    }
}

impl Parameter {
    /// All parameters of a command that a client can give, those that must be given first, and those it cannot.
    pub(crate) fn all_of(command: &Command) -> (Vec<Self>, Vec<LeftOut>) {
        let mut parameters = Vec::new();
        let mut left_out = Vec::new();
        for parameter in &command.parameters {
            match Self::of(parameter, &command.parameter_sets) {
                Ok(parameter) => parameters.push(parameter),
                Err(reason) => left_out.push(reason),
            }
        }
        take_properties_from_input(command, &mut parameters);
        if command.supports_should_process {
            parameters.push(what_if(command));
        }
        // What must be given comes first; the rest stays in the order of the command.
        parameters.sort_by_key(|parameter| !parameter.required);
        (parameters, left_out)
    }

    /// From a command's parameter.
    ///
    /// # Errors
    /// Why it cannot be offered to a client.
    pub(crate) fn of(parameter: &CommandParameter, sets: &[ParameterSet]) -> Result<Self, LeftOut> {
        let required = parameter.required(sets);
        let membership = Membership::of(parameter);
        let left_out = |reason: &str| LeftOut {
            name: parameter.name.clone(),
            reason: reason.to_owned(),
            membership: membership.clone(),
            required,
        };
        if !parameter.bindable {
            let reason = parameter.unbindable_reason.as_deref();
            return Err(left_out(&format!("it {}", reason.unwrap_or("takes what no JSON value stands for"))));
        }
        let element = parameter.element_type.as_deref().unwrap_or(&parameter.type_name);
        let mut kind =
            if parameter.is_switch { Kind::Switch } else { Kind::of(element).map_err(left_out)? };
        if kind == Kind::Converted && parameter.enum_values.is_empty() && parameter.wants_pipeline_objects() {
            return Err(left_out("it takes live objects of the pipeline"));
        }
        let list = parameter.element_type.is_some() && !parameter.type_full_name.starts_with("System.Byte[]");
        if kind == Kind::Any && !list && parameter.takes_pipeline_objects() {
            return Ok(input(parameter, sets, required));
        }
        let nullable = parameter.allow_null || element.starts_with("System.Nullable");
        if matches!(kind, Kind::Switch | Kind::Boolean)
            && !list
            && tells_off_from_nothing(parameter, nullable)
        {
            kind = Kind::Tristate;
        }
        let mut rules = Rules::of(parameter, kind, list);
        if kind == Kind::Tristate {
            rules.choices = TRISTATE.map(str::to_owned).to_vec();
        }
        let default = default_of(parameter, kind, list, &rules);
        Ok(Self {
            name: parameter.name.clone(),
            aliases: parameter.aliases.clone(),
            role: Role::Named,
            kind: if rules.choices.is_empty() || kind == Kind::Tristate { kind } else { Kind::Text },
            list,
            required,
            nullable: nullable && kind != Kind::Tristate,
            description: description(parameter, sets, kind, default.is_some()),
            default,
            rules,
            membership,
            given_schema: None,
        })
    }

    /// True if this is its name, or one of its other names.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
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
            Kind::Boolean | Kind::Switch | Kind::Tristate => "true or false".to_owned(),
            Kind::Object => "an object".to_owned(),
            Kind::Any => "any value".to_owned(),
        };
        if self.list { format!("a list, each element {one}") } else { one }
    }
}

/// Whether a command may do something else when it is told `false` than when it is told nothing.
fn tells_off_from_nothing(parameter: &CommandParameter, nullable: bool) -> bool {
    if parameter.absence_matters {
        return true;
    }
    if !parameter.is_switch {
        return nullable && parameter.mandatory_in.is_empty();
    }
    match (&parameter.default_value, &parameter.default_text) {
        (Some(value), _) => *value == Value::Bool(true),
        // Computed when it is called: it may be either.
        (None, Some(text)) => !text.eq_ignore_ascii_case("$null") && !text.eq_ignore_ascii_case("false"),
        (None, None) => false,
    }
}

/// The property for what a command takes from the pipeline as it is. As an argument a list would be one object there.
fn input(parameter: &CommandParameter, sets: &[ParameterSet], required: bool) -> Parameter {
    let mut description = description(parameter, sets, Kind::Any, false);
    if !description.is_empty() {
        description.push(' ');
    }
    description.push_str("Pipeline input: each element is one object.");
    Parameter {
        name: INPUT.to_owned(),
        aliases: std::iter::once(&parameter.name).chain(&parameter.aliases).cloned().collect(),
        role: Role::Input,
        kind: Kind::Any,
        list: true,
        required,
        nullable: false,
        default: None,
        description,
        rules: Rules::default(),
        membership: Membership { from_input: true, ..Membership::of(parameter) },
        given_schema: None,
    }
}

/// A function that works on each object of its input and takes parameters from their properties gets a property for these
/// objects too, unless it takes whole objects.
fn take_properties_from_input(command: &Command, parameters: &mut Vec<Parameter>) {
    let takes_objects = command.parameters.iter().any(CommandParameter::takes_pipeline_objects);
    let taken = parameters.iter().any(|parameter| parameter.is_called(INPUT));
    if !command.has_process_block || takes_objects || taken {
        return;
    }
    let by_name: Vec<&str> = command
        .parameters
        .iter()
        .filter(|parameter| parameter.takes_pipeline_property())
        .map(|parameter| parameter.name.as_str())
        .collect();
    let mut names = Vec::new();
    for parameter in parameters.iter_mut().filter(|parameter| by_name.contains(&parameter.name.as_str())) {
        names.push(parameter.name.clone());
        parameter.membership.from_input = true;
        if std::mem::take(&mut parameter.required) {
            parameter.description = format!("{} Needed unless {INPUT} brings it.", parameter.description);
        }
    }
    if names.is_empty() {
        return;
    }
    parameters.push(Parameter {
        name: INPUT.to_owned(),
        aliases: Vec::new(),
        role: Role::Input,
        kind: Kind::Object,
        list: true,
        required: false,
        nullable: false,
        default: None,
        description: format!(
            "Pipeline input: the command works on each of these objects, and takes {} from their properties.",
            names.join(", ")
        ),
        rules: Rules::default(),
        membership: Membership::default(),
        given_schema: None,
    });
}

/// A command may have a parameter of that name already; then the switch keeps its own.
fn what_if(command: &Command) -> Parameter {
    let taken = command.parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(DRY_RUN));
    Parameter {
        name: if taken { "WhatIf" } else { DRY_RUN }.to_owned(),
        aliases: ["WhatIf", "wi"].map(str::to_owned).to_vec(),
        role: Role::DryRun,
        kind: Kind::Switch,
        list: false,
        required: false,
        nullable: false,
        default: None,
        description: "Changes nothing and only says what would be done.".to_owned(),
        rules: Rules::default(),
        membership: Membership::default(),
        given_schema: None,
    }
}

/// The default as the schema may have it: only if it is of the kind that is taken.
fn default_of(parameter: &CommandParameter, kind: Kind, list: bool, rules: &Rules) -> Option<Value> {
    let value = parameter.default_value.clone().filter(|_| parameter.mandatory_in.is_empty())?;
    let fits = |value: &Value| match kind {
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Text | Kind::Converted => value
            .as_str()
            .is_some_and(|text| rules.choices.is_empty() || rules.choices.iter().any(|c| c == text)),
        Kind::Any => true,
        _ => false,
    };
    match value {
        Value::Array(elements) if list => elements.iter().all(fits).then_some(Value::Array(elements)),
        value if list => fits(&value).then(|| Value::Array(vec![value])),
        value => fits(&value).then_some(value),
    }
}

fn description(
    parameter: &CommandParameter,
    sets: &[ParameterSet],
    kind: Kind,
    default_shown: bool,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    let own = [&parameter.description, &parameter.help_message];
    let own = own.into_iter().flatten().map(|text| text.trim()).find(|text| !text.is_empty());
    match own {
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
    let short = |text: &&str| !text.is_empty() && text.len() <= MAX_DEFAULT_CHARS;
    let default = parameter.default_text.as_deref().filter(short);
    match (kind, default) {
        (Kind::Tristate, Some(text)) => parts.push(format!("Left out, it is {text}; off is not the same.")),
        (Kind::Tristate, None) => parts.push("Leaving it out is not the same as off.".to_owned()),
        (_, Some(text)) if !default_shown => parts.push(format!("Default: {text}.")),
        _ => {}
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
