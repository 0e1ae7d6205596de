//! The tool that runs any script. It exists where whoever runs the server says so.

use serde_json::json;

use crate::catalog::{Annotations, Command, CommandParameter, Target, ToolSpec};

/// Parameter with the script.
pub(crate) const TEXT: &str = "Script";
/// Parameter with the values of the script's own parameters.
pub(crate) const ARGUMENTS: &str = "Arguments";

/// The tool.
///
/// # Errors
/// Why there can be none.
pub(super) fn tool() -> Result<ToolSpec, String> {
    let parameters: Vec<CommandParameter> = serde_json::from_value(json!([
        {"name": TEXT, "type": "string", "type_full_name": "System.String", "bindable": true,
         "mandatory_in": ["__AllParameterSets"], "sets": [{"name": "__AllParameterSets"}], "not_null_or_empty": true,
         "description": "PowerShell source text. Values belong into Arguments, not into the text"},
        {"name": ARGUMENTS, "type": "hashtable", "type_full_name": "System.Collections.Hashtable", "bindable": true,
         "sets": [{"name": "__AllParameterSets"}],
         "description": "Values of the parameters that the script declares with param(...)"},
    ]))
    .map_err(|error| error.to_string())?;
    let command = Command {
        name: "Run-Script".to_owned(),
        synopsis: "Runs a PowerShell script, with all rights of the server. It can read, change and delete whatever \
                   the server's user can, and reach the network"
            .to_owned(),
        parameters,
        ..Command::default()
    };
    let mut tool = ToolSpec::of(&command)?;
    tool.title = "Run a PowerShell script".to_owned();
    tool.origin = "the tool of policy.run_script".to_owned();
    tool.target = Target::Script;
    tool.annotations =
        Annotations { read_only: false, destructive: true, idempotent: false, open_world: true };
    Ok(tool)
}
