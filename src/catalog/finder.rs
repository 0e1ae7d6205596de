//! The three tools that stand for all the others: search, describe, invoke.

use serde_json::{Map, Value, json};

use super::{
    Catalog,
    annotations::Annotations,
    schema::arguments_schema,
    tool::{Finder, Target, ToolSpec},
};

/// Name of the tool that calls another.
pub(crate) const INVOKE: &str = "invoke_tool";
/// Name of the argument that has the other's arguments.
pub(crate) const INVOKED_ARGUMENTS: &str = "arguments";

/// Most tools that one search gives.
const MOST_HITS: u64 = 50;
const USUAL_HITS: u64 = 10;

/// What was found, as text for the model and as values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) text: String,
    pub(crate) value: Value,
}

/// The three tools.
pub(super) fn tools(catalog: &Catalog) -> [ToolSpec; 3] {
    let looks = Annotations { read_only: true, destructive: false, idempotent: true, open_world: false };
    // It may be any of the tools. Where all of them read, so does it.
    let acts = match catalog.iter().all(|tool| tool.annotations.read_only) {
        true => Annotations { open_world: catalog.iter().any(|tool| tool.annotations.open_world), ..looks },
        false => Annotations { read_only: false, destructive: true, idempotent: false, open_world: true },
    };
    let count = catalog.len();
    [
        tool(
            "search_tools",
            "Search tools",
            &format!(
                "Finds tools among {count} by words of their names and descriptions, best first. Then use describe_tool and invoke_tool."
            ),
            json!({
                "query": {"type": "string", "minLength": 1, "description": "Words, such as: list incidents"},
                "toolset": {"type": "string", "description": "Only tools of this toolset."},
                "first": {"type": "integer", "minimum": 1, "maximum": MOST_HITS, "default": USUAL_HITS,
                          "description": "How many."},
            }),
            &["query"],
            looks,
            Finder::Search,
        ),
        tool(
            "describe_tool",
            "Describe a tool",
            "Gives the description and the JSON Schema of the arguments of a tool that search_tools found.",
            json!({"name": {"type": "string", "minLength": 1, "description": "Name of the tool."}}),
            &["name"],
            looks,
            Finder::Describe,
        ),
        tool(
            INVOKE,
            "Invoke a tool",
            "Calls a tool that search_tools found. Its arguments are checked by its own schema: see describe_tool.",
            json!({
                "name": {"type": "string", "minLength": 1, "description": "Name of the tool."},
                INVOKED_ARGUMENTS: {"type": "object", "description": "Arguments by the schema of that tool."},
            }),
            &["name"],
            acts,
            Finder::Invoke,
        ),
    ]
}

fn tool(
    name: &str,
    title: &str,
    description: &str,
    properties: Value,
    required: &[&str],
    annotations: Annotations,
    finder: Finder,
) -> ToolSpec {
    let schema = arguments_schema(properties, required);
    ToolSpec::from_schema(name, title, description, schema, annotations, Target::Finder(finder))
}

impl Catalog {
    /// Answers `search_tools` to somebody who may see the tools of these names.
    ///
    /// # Errors
    /// If the toolset does not exist: those that do.
    pub(crate) fn find(
        &self,
        arguments: &Map<String, Value>,
        visible: impl Fn(&str) -> bool,
    ) -> Result<Finding, String> {
        let query = arguments.get("query").and_then(Value::as_str).unwrap_or_default();
        let first = arguments.get("first").and_then(Value::as_u64).unwrap_or(USUAL_HITS).clamp(1, MOST_HITS);
        let toolset = arguments.get("toolset").and_then(Value::as_str);
        if let Some(name) = toolset
            && !self.has_toolset(name)
        {
            let names: Vec<&str> = self.toolsets().into_iter().collect();
            return Err(format!("There is no toolset '{name}'. There are: {}", names.join(", ")));
        }
        let hits: Vec<&ToolSpec> = self
            .search(query)
            .filter(|tool| visible(&tool.name) && toolset.is_none_or(|name| self.is_in(tool, name)))
            .collect();
        let shown: Vec<&ToolSpec> =
            hits.iter().take(usize::try_from(first).unwrap_or(usize::MAX)).copied().collect();
        if shown.is_empty() {
            return Ok(Finding {
                text: format!(
                    "No tool has words like '{query}'. Try others: a noun, or a verb such as get, set, new, remove."
                ),
                value: json!({"values": [], "found": 0}),
            });
        }
        let mut text = String::new();
        for tool in &shown {
            text.push_str(&format!("{}: {}\n", tool.name, tool.synopsis));
        }
        if hits.len() > shown.len() {
            text.push_str(&format!(
                "… and {} more; say more words, or a larger first",
                hits.len() - shown.len()
            ));
        }
        let values: Vec<Value> = shown
            .iter()
            .map(|tool| json!({"name": tool.name, "synopsis": tool.synopsis, "toolset": tool.group, "readOnly": tool.annotations.read_only}))
            .collect();
        Ok(Finding {
            text: text.trim_end().to_owned(),
            value: json!({"values": values, "found": hits.len()}),
        })
    }

    /// Answers `describe_tool` to somebody who may see the tools of these names.
    ///
    /// # Errors
    /// If there is no such tool for them: those with names like it.
    pub(crate) fn describe(
        &self,
        arguments: &Map<String, Value>,
        visible: impl Fn(&str) -> bool,
    ) -> Result<Finding, String> {
        let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
        let tool = self.get(name).filter(|tool| !matches!(tool.target, Target::Finder(_)) && visible(name));
        let Some(tool) = tool else { return Err(self.unknown(name, visible)) };
        let schema = Value::Object(tool.schema().as_ref().clone());
        Ok(Finding {
            text: format!("{}\n{}\nArguments: {schema}", tool.name, tool.description),
            value: json!({"values": [{
                "name": tool.name,
                "title": tool.title,
                "description": tool.description,
                "inputSchema": schema,
                "annotations": tool.annotations.json(),
            }]}),
        })
    }

    /// That there is no such tool, and which there are for somebody who may see those of these names.
    pub(crate) fn unknown(&self, name: &str, visible: impl Fn(&str) -> bool) -> String {
        const NAMED: usize = 40;
        const SHOWN: usize = 80;
        let shown: String = name.chars().take(SHOWN).collect();
        if let Some(reason) = &self.no_commands {
            return format!(
                "Unknown tool '{shown}'. There are no tools made of PowerShell commands now: {reason}"
            );
        }
        let near: Vec<&str> = self
            .search(&name.replace('_', " "))
            .map(|tool| tool.name.as_str())
            .filter(|name| visible(name))
            .take(5)
            .collect();
        let listed: Vec<&str> =
            self.listed().map(|tool| tool.name.as_str()).filter(|name| visible(name)).collect();
        if self.len() > NAMED && !near.is_empty() {
            return format!("Unknown tool '{shown}'. The nearest are: {}", near.join(", "));
        }
        let more = if listed.len() > NAMED { ", …" } else { "" };
        let names = &listed[..listed.len().min(NAMED)];
        format!("Unknown tool '{shown}'. There are: {}{more}", names.join(", "))
    }
}
