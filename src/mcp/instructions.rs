//! What models read of the server before its tools.

const COMMANDS: &str = "Tools made of PowerShell commands run them in a runspace of their own: nothing is kept from one call \
to the next. Errors of a command are in structuredContent.errors, beside the values that came in spite of them.";

const SENTINEL: &str = "Tools for Microsoft Sentinel read one workspace, several, a pattern or all (workspace_name \"*\"; \
list_workspaces has the names); each row says which it is of, and workspaces that fail are in structuredContent.errors. Tools \
that change something answer with a plan: show it to the person, then call again with the same arguments and plan_digest. \
list_journal has what was changed, undo_change takes it back. Never repeat a change whose outcome is unknown.";

const RESULTS: &str = "Rows come as text and, the same rows, as structuredContent.values. A long result is shown in part and \
kept: get_result pages, filters, sorts and groups it. Reading tools take _fields and _first for less output; all take \
_timeout_seconds.";

/// The instructions of a server with commands, with tools for Sentinel, or both.
pub(super) fn instructions(commands: bool, sentinel: bool) -> String {
    let parts = [(sentinel, SENTINEL), (commands, COMMANDS), (true, RESULTS)];
    parts.into_iter().filter(|(said, _)| *said).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}
