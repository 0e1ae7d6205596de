//! Calls of the tools that stand for all the others: searching and describing are answered here, invoking becomes a call of
//! the tool that is meant, with the same checks.

use serde_json::{Map, Value};

use super::{client::Grants, reply::Reply};
use crate::{
    catalog::{Finder, Finding, INVOKE, INVOKED_ARGUMENTS, Target, ToolSpec, bind},
    policy::Offer,
};

/// What a call comes to.
pub(crate) enum Resolved<'a> {
    /// A call of this tool.
    Tool(&'a ToolSpec, Map<String, Value>),
    /// It is answered already.
    Reply(Reply),
    /// There is no such tool; what there is instead.
    Unknown(String),
}

/// Finds the tool that a call means. One that is not offered is found too, so that its call can be refused with the reason;
/// it is never searched or described, and neither is one that the caller's grants do not show.
pub(crate) fn resolve<'a>(
    offer: &'a Offer,
    grants: &Grants,
    name: &str,
    arguments: Map<String, Value>,
) -> Resolved<'a> {
    let Offer { all, listed, .. } = offer;
    let visible = |name: &str| grants.shows(name);
    let Some(tool) = all.get(name).filter(|_| visible(name)) else {
        return Resolved::Unknown(listed.unknown(name, visible));
    };
    let Target::Finder(finder) = tool.target else { return Resolved::Tool(tool, arguments) };
    let mut arguments = match bind(tool, arguments) {
        Ok(arguments) => arguments.parameters,
        Err(correction) => return Resolved::Reply(Reply::failure(correction.text())),
    };
    match finder {
        Finder::Search => Resolved::Reply(reply(listed.find(&arguments, visible))),
        Finder::Describe => Resolved::Reply(reply(listed.describe(&arguments, visible))),
        Finder::Invoke => {
            let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
            match all.get(name).filter(|tool| !matches!(tool.target, Target::Finder(_))) {
                Some(tool) => match arguments.remove(INVOKED_ARGUMENTS) {
                    Some(Value::Object(arguments)) => Resolved::Tool(tool, arguments),
                    _ => Resolved::Tool(tool, Map::new()),
                },
                // Its name is an argument here, which a model can put right.
                None => Resolved::Reply(Reply::failure(listed.unknown(name, visible))),
            }
        }
    }
}

/// The arguments of the command that a call means: those within, if it is a call of [`INVOKE`].
pub(crate) fn meant<'a>(tool: &str, arguments: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
    match tool {
        INVOKE => arguments.get(INVOKED_ARGUMENTS)?.as_object(),
        _ => Some(arguments),
    }
}

fn reply(found: Result<Finding, String>) -> Reply {
    match found {
        Ok(found) => Reply::of_value(found.text, found.value),
        Err(text) => Reply::failure(text),
    }
}
