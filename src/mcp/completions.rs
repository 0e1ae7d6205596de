//! Proposals for arguments of prompts and for the variables of resource templates.

use std::collections::HashMap;

use super::{
    call::Caller,
    dispatch::Dispatcher,
    prompts::Prompts,
    resources::{COMMAND, RESULT, Roots},
};
use crate::catalog::{Target, ToolSpec};

/// Most proposals of one answer.
pub(crate) const MOST: usize = 100;

/// What a client wants to complete.
pub(crate) struct Completion<'a> {
    pub(crate) of: Subject<'a>,
    /// Name of the argument or variable.
    pub(crate) argument: &'a str,
    /// What is there of its value.
    pub(crate) begun: &'a str,
    /// Values of the other arguments, as far as they are known.
    pub(crate) others: HashMap<String, String>,
}

/// Of which prompt or template.
pub(crate) enum Subject<'a> {
    Prompt(&'a str),
    Template(&'a str),
}

/// Asked PowerShell's own completion: the values of a command's parameter that begin like this.
pub(crate) struct Guess {
    /// The command by the name under which exactly it is found.
    pub(crate) command: String,
    pub(crate) parameter: String,
    pub(crate) begun: String,
}

/// Proposals, the best first.
///
/// # Errors
/// If there is no such prompt, template or argument.
pub(crate) async fn complete(
    dispatcher: &Dispatcher,
    prompts: &Prompts,
    roots: &Roots,
    caller: &Caller,
    completion: Completion<'_>,
) -> Result<Vec<String>, String> {
    match completion.of {
        Subject::Prompt(name) => {
            let prompt = prompts.get(name).ok_or_else(|| format!("there is no prompt '{name}'"))?;
            let argument = prompt
                .arguments
                .iter()
                .find(|argument| argument.name == completion.argument)
                .ok_or_else(|| format!("the prompt {name} has no argument '{}'", completion.argument))?;
            if !argument.values.is_empty() {
                return Ok(beginning_with(completion.begun, argument.values.iter().cloned()));
            }
            match argument.values_of.as_deref().and_then(|source| source.rsplit_once('.')) {
                Some((command, parameter)) => {
                    of_parameter(dispatcher, command, parameter, completion.begun).await
                }
                None => Ok(Vec::new()),
            }
        }
        Subject::Template(uri) if uri.starts_with(COMMAND) => {
            if completion.argument == "tool" {
                let catalog = dispatcher.catalog().await?;
                let names =
                    catalog.iter().filter(|tool| tool.annotations.read_only).map(|tool| tool.name.clone());
                return Ok(beginning_with(completion.begun, names));
            }
            let tool = completion
                .others
                .get("tool")
                .ok_or("the tool must be known first: context.arguments.tool")?;
            of_parameter(dispatcher, tool, completion.argument, completion.begun).await
        }
        Subject::Template(uri) if uri.starts_with(RESULT) => {
            let ids = dispatcher.results.list(caller).into_iter().map(|kept| kept.id.clone());
            Ok(beginning_with(completion.begun, ids))
        }
        Subject::Template(uri) if uri.starts_with("file://") && !roots.is_empty() => {
            let paths =
                roots.list().into_iter().map(|file| file.uri.trim_start_matches("file:///").to_owned());
            Ok(beginning_with(completion.begun, paths))
        }
        Subject::Template(uri) => Err(format!("there is no resource template '{uri}'")),
    }
}

/// Values of a parameter: those it is limited to, or what its completer says.
async fn of_parameter(
    dispatcher: &Dispatcher,
    command: &str,
    parameter: &str,
    begun: &str,
) -> Result<Vec<String>, String> {
    let catalog = dispatcher.catalog().await?;
    let named = |tool: &&ToolSpec| {
        tool.name.eq_ignore_ascii_case(command) || tool.title.eq_ignore_ascii_case(command)
    };
    let tool = catalog.iter().find(named).ok_or_else(|| format!("there is no tool '{command}'"))?;
    let parameter = tool
        .parameters
        .iter()
        .find(|own| own.name.eq_ignore_ascii_case(parameter))
        .ok_or_else(|| format!("{} has no parameter '{parameter}'", tool.name))?;
    if !parameter.rules.choices.is_empty() {
        return Ok(beginning_with(begun, parameter.rules.choices.iter().cloned()));
    }
    let Target::Command(command) = &tool.target else { return Ok(Vec::new()) };
    let guess =
        Guess { command: command.clone(), parameter: parameter.name.clone(), begun: begun.to_owned() };
    let mut values = dispatcher.guess(guess).await;
    values.truncate(MOST);
    Ok(values)
}

/// Those that begin like this, in any letter case.
fn beginning_with(begun: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    let begun = begun.to_lowercase();
    values.filter(|value| value.to_lowercase().starts_with(&begun)).take(MOST).collect()
}
