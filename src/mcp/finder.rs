//! Calls of the tools that stand for all the others: searching and describing are answered here, invoking becomes a call of
//! the tool that is meant, with the same checks.

use serde_json::{Map, Value};

use super::reply::Reply;
use crate::catalog::{Catalog, Finder, Finding, Target, ToolSpec, bind};

/// What a call comes to.
pub(crate) enum Resolved<'a> {
    /// A call of this tool.
    Tool(&'a ToolSpec, Map<String, Value>),
    /// It is answered already.
    Reply(Reply),
    /// There is no such tool; what there is instead.
    Unknown(String),
}

/// Finds the tool that a call means.
pub(crate) fn resolve<'a>(catalog: &'a Catalog, name: &str, arguments: Map<String, Value>) -> Resolved<'a> {
    let Some(tool) = catalog.get(name) else { return Resolved::Unknown(catalog.unknown(name)) };
    let Target::Finder(finder) = tool.target else { return Resolved::Tool(tool, arguments) };
    let mut arguments = match bind(tool, arguments) {
        Ok(arguments) => arguments.parameters,
        Err(correction) => return Resolved::Reply(Reply::failure(correction.text())),
    };
    match finder {
        Finder::Search => Resolved::Reply(reply(catalog.find(&arguments))),
        Finder::Describe => Resolved::Reply(reply(catalog.describe(&arguments))),
        Finder::Invoke => {
            let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
            match catalog.get(name).filter(|tool| !matches!(tool.target, Target::Finder(_))) {
                Some(tool) => match arguments.remove("arguments") {
                    Some(Value::Object(arguments)) => Resolved::Tool(tool, arguments),
                    _ => Resolved::Tool(tool, Map::new()),
                },
                // Its name is an argument here, which a model can put right.
                None => Resolved::Reply(Reply::failure(catalog.unknown(name))),
            }
        }
    }
}

fn reply(found: Result<Finding, String>) -> Reply {
    match found {
        Ok(found) => Reply::of_value(found.text, found.value),
        Err(text) => Reply::failure(text),
    }
}
