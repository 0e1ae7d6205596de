//! An error as PowerShell's concise view has it.

use std::fmt::Write;

use runspaced::ErrorRecord;

use crate::cli::screen::{Palette, Tone};

/// True if it is a line that a native command wrote to its error stream, which need not mean that anything is wrong.
pub fn is_native(error: &ErrorRecord) -> bool {
    matches!(error.fully_qualified_error_id.as_str(), "NativeCommandError" | "NativeCommandErrorMessage")
}

/// Name and message; with the place, where the script is a file, has several lines, or cannot be parsed.
pub fn error_text(error: &ErrorRecord, palette: Palette) -> String {
    let name = name(error);
    let message = error.message.trim_end();
    if is_native(error) {
        return message.to_owned();
    }
    let position = error
        .position
        .as_ref()
        .filter(|position| position.file.is_some() || position.line > 1 || error.category == "ParserError");
    if error.category == "ParserError" && message.starts_with("At ") {
        // It has the places of all mistakes in it.
        return palette.paint(Tone::Bad, format!("{name}:\n{message}")).to_string();
    }
    let Some(position) = position else {
        return palette.paint(Tone::Bad, format!("{name}: {message}")).to_string();
    };
    let mut text = palette.paint(Tone::Bad, format!("{name}:")).to_string();
    if let Some(file) = &position.file {
        let _ = write!(text, " {file}:{}", position.line);
    }
    let line = position.text.trim_end();
    let code = line.trim_start();
    let indent = line.len() - code.len();
    // A tab counts as the one column it is.
    let column = (position.column as usize).saturating_sub(1 + indent).min(code.chars().count());
    let _ = write!(text, "\nLine |\n{:4} |  {code}", position.line);
    if !code.is_empty() {
        let _ = write!(text, "\n     |  {}{}", " ".repeat(column), palette.paint(Tone::Bad, "^"));
    }
    for line in message.lines() {
        let _ = write!(text, "\n     | {}", palette.paint(Tone::Bad, line));
    }
    text
}

/// The command that wrote it, else the kind of exception without its namespace.
fn name(error: &ErrorRecord) -> &str {
    if let Some(command) = error.command_name.as_deref().filter(|name| !name.is_empty()) {
        return command;
    }
    match error.exception_type.as_str() {
        _ if error.category == "ParserError" => "ParserError",
        "Microsoft.PowerShell.Commands.WriteErrorException" => "Write-Error",
        "" | "System.Management.Automation.RuntimeException" => "Exception",
        other => other.rsplit('.').next().unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: serde_json::Value) -> String {
        error_text(&serde_json::from_value(json).expect("is a record"), Palette { colours: false })
    }

    #[test]
    fn one_line_of_script_needs_no_place() {
        let text = error(serde_json::json!({
            "message": "Cannot find path '/nope' because it does not exist.",
            "commandName": "Get-Item",
            "position": { "file": null, "line": 1, "column": 1, "text": "Get-Item /nope" },
        }));
        assert_eq!(text, "Get-Item: Cannot find path '/nope' because it does not exist.");
    }

    #[test]
    fn script_file_is_shown_with_its_line() {
        let text = error(serde_json::json!({
            "message": "boom\nagain",
            "exceptionType": "System.Management.Automation.RuntimeException",
            "position": { "file": "/x/a.ps1", "line": 12, "column": 9, "text": "    if (1) { throw 'boom' }" },
        }));
        assert_eq!(
            text,
            "Exception: /x/a.ps1:12\nLine |\n  12 |  if (1) { throw 'boom' }\n     |      ^\n     | boom\n     | again"
        );
    }
}
