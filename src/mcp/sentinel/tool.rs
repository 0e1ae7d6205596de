//! The tools: one for each operation, and those for the journal and the cache.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    change::{CONFIRM, DIGEST},
    example, journal,
};
use crate::{
    catalog::{Annotations, NativeTool, arguments_schema},
    sentinel::{Kind, Operation, Undo, operations},
};

/// The source of all these tools, and a toolset of them all.
pub(crate) const SOURCE: &str = "sentinel";
/// The PowerShell module with the same functions.
const MODULE: &str = "SentinelManager";

pub(super) const JOURNAL: &str = "list_journal";
pub(super) const UNDO: &str = "undo_change";
const CACHE_STATUS: &str = "cache_status";
const CACHE_CLEAR: &str = "cache_clear";

/// The argument that names an entry of the journal.
pub(super) const ENTRY: &str = "entry";

/// What a tool does.
pub(super) enum Tool {
    Operation(&'static Operation),
    Journal,
    Undo,
    CacheStatus,
    CacheClear,
}

impl Tool {
    /// By the name that its catalogue entry has.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            JOURNAL => Some(Self::Journal),
            UNDO => Some(Self::Undo),
            CACHE_STATUS => Some(Self::CacheStatus),
            CACHE_CLEAR => Some(Self::CacheClear),
            _ => operations().iter().find(|operation| operation.name == name).map(Self::Operation),
        }
    }
}

/// All of them.
pub(crate) fn tools() -> Vec<NativeTool> {
    let own = operations().iter().map(of_operation);
    own.chain([journal_tool(), undo_tool(), status_tool(), clear_tool()]).collect()
}

fn of_operation(operation: &'static Operation) -> NativeTool {
    let mut description = operation.summary.to_owned();
    if !operation.details.is_empty() {
        description = format!("{description} {}", operation.details);
    }
    if operation.kind.writes() {
        let undo = match operation.undo {
            Undo::Exact => "can be undone exactly",
            Undo::Compensating => "can be undone, with traces",
            Undo::None => "CANNOT be undone",
        };
        description.push_str(&format!(
            "\nAnswers with a plan ({undo}); nothing changes until it is called again with {DIGEST}."
        ));
    }
    if let Some(arguments) = example::arguments(operation) {
        description.push_str(&format!("\nExample: {}", Value::Object(arguments)));
    }
    let mut schema = object(operation.schema());
    if operation.kind.writes() {
        let more = consent(operation.undo == Undo::None);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.extend(more);
        }
    }
    let aliases = |parameter: &crate::sentinel::Parameter| {
        let mut names = vec![parameter.power_shell.clone()];
        names.extend(parameter.aliases.iter().cloned());
        (parameter.name.clone(), names)
    };
    NativeTool {
        name: operation.tool.to_owned(),
        title: operation.name.to_owned(),
        description,
        schema,
        output_schema: (!operation.kind.writes()).then(|| rows_schema(operation)),
        annotations: hints(operation),
        group: operation.family.to_owned(),
        source: SOURCE.into(),
        operation: operation.name.into(),
        aliases: [operation.name].iter().chain(operation.aliases).map(|name| (*name).to_owned()).collect(),
        parameter_aliases: operation.parameters().iter().map(aliases).collect(),
        module: Some(MODULE.into()),
    }
}

/// Hints by what an operation does to Azure. What a call without a digest does, which is nothing, does not count.
fn hints(operation: &Operation) -> Annotations {
    Annotations {
        read_only: !operation.kind.writes(),
        destructive: operation.kind == Kind::Destructive || (operation.kind.writes() && operation.costly),
        idempotent: matches!(operation.kind, Kind::Read | Kind::Idempotent),
        open_world: true,
    }
}

/// Arguments by which a write is agreed to.
fn consent(unrecoverable: bool) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert(
        DIGEST.to_owned(),
        json!({"type": "string", "description": "Digest of the plan that is to be applied, with the arguments that it was made of"}),
    );
    if unrecoverable {
        let text = "Where the plan cannot be undone: the name that it asks for";
        properties.insert(CONFIRM.to_owned(), json!({"type": "string", "description": text}));
    }
    properties
}

/// What a read answers. Fields may be chosen, and long values shortened, so that only their names are promised.
fn rows_schema(operation: &Operation) -> Map<String, Value> {
    let columns = operation.columns().into_iter();
    let properties: Map<String, Value> =
        columns.map(|column| (column.name, json!({ "description": column.help }))).collect();
    object(json!({
        "type": "object",
        "properties": {
            "values": {"type": "array", "items": {"properties": properties}},
            "errors": {"type": "array", "description": "Workspaces that could not be read, beside the rows of the others"},
            "result": {"type": "object", "description": "The rest of a long result: get_result takes its id"},
        },
        "required": ["values"],
    }))
}

fn journal_tool() -> NativeTool {
    own(
        JOURNAL,
        "List the journal",
        "Lists what was changed through this server's journal, the latest first, each with its outcome: applied, not_applied or \
         unknown. With an entry: its changes. undo_change takes an entry back.\nExample: {\"first\":10}",
        json!({
            "first": {"type": "integer", "minimum": 1, "maximum": journal::MOST, "default": journal::USUAL, "description": "How many entries"},
            ENTRY: {"type": "string", "minLength": 1, "description": "Id of an entry, or its beginning: shows its changes"},
        }),
        &[],
        Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
        "journal",
    )
}

fn undo_tool() -> NativeTool {
    let mut properties = Map::new();
    properties.insert(
        ENTRY.to_owned(),
        json!({"type": "string", "minLength": 1, "description": "Id of an entry of the journal, or its beginning"}),
    );
    properties.extend(consent(false));
    own(
        UNDO,
        "Undo a change",
        "Takes an entry of the journal back, as far as its operation says that this is possible.\nAnswers with a plan; nothing \
         changes until it is called again with plan_digest.\nExample: {\"entry\":\"0199\"}",
        Value::Object(properties),
        &[ENTRY],
        Annotations { read_only: false, destructive: true, idempotent: false, open_world: true },
        "journal",
    )
}

fn status_tool() -> NativeTool {
    own(
        CACHE_STATUS,
        "Status of the cache",
        "Shows what was read a moment ago and is held, by kind: lifetime, entries, bytes, hit rate. Reads take no_cache to ask \
         Azure in any case.",
        json!({}),
        &[],
        Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
        "cache",
    )
}

fn clear_tool() -> NativeTool {
    own(
        CACHE_CLEAR,
        "Clear the cache",
        "Forgets everything that was read, so that the next reads ask Azure. Changes nothing in Azure.",
        json!({}),
        &[],
        Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
        "cache",
    )
}

fn own(
    name: &str,
    title: &str,
    description: &str,
    properties: Value,
    required: &[&str],
    annotations: Annotations,
    group: &str,
) -> NativeTool {
    NativeTool {
        name: name.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        schema: arguments_schema(properties, required),
        output_schema: None,
        annotations,
        group: group.to_owned(),
        source: SOURCE.into(),
        operation: name.into(),
        aliases: Vec::new(),
        parameter_aliases: BTreeMap::new(),
        module: None,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
