//! What a tool says about itself, from what its command says.
//!
//! The configuration comes first ([`ToolSpec::overridden`](super::tool::ToolSpec::overridden)), then comment-based help, then
//! a help file of the module, then the name.

use super::command::Command;

/// Longest description. Clients cut at about 2 KiB.
const MAX_CHARS: usize = 1_200;
/// Longest text of all syntax lines.
const MAX_SYNTAX_CHARS: usize = 700;
/// Output types that are named.
const MAX_TYPES: usize = 3;

/// Synopsis, description, what it gives back and, where there are several, the syntax of its parameter sets.
pub(crate) fn of_command(command: &Command, sets: &[String]) -> String {
    let mut text = synopsis(command);
    let detail = squeezed(&command.description);
    if !detail.is_empty() && !text.starts_with(&detail) {
        text.push(' ');
        text.push_str(&detail);
    }
    let types: Vec<&str> =
        command.output_types.iter().map(String::as_str).filter(|name| says_something(name)).collect();
    if !types.is_empty() && types.len() <= MAX_TYPES {
        text.push_str(&format!(" Gives {}.", types.join(", ")));
    }
    let syntax = syntax(sets);
    let room = MAX_CHARS.saturating_sub(syntax.chars().count());
    if let Some((end, _)) = text.char_indices().nth(room) {
        text.truncate(end);
        text.push('…');
    }
    text.push_str(&syntax);
    text
}

/// One sentence: the synopsis, or what the name says.
pub(crate) fn synopsis(command: &Command) -> String {
    let synopsis = squeezed(&command.synopsis);
    let mut text = if synopsis.is_empty() { by_name(command) } else { synopsis };
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// Up to the first full stop that ends a word.
pub(crate) fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").map_or(text.len(), |dot| dot + 1);
    let line = text.find('\n').unwrap_or(text.len());
    text[..end.min(line)].trim_end()
}

/// Several sets exclude each other; the schema cannot say so in a way that all clients read.
fn syntax(sets: &[String]) -> String {
    if sets.len() < 2 {
        return String::new();
    }
    let mut text = String::from("\nUse one of:");
    for line in sets {
        let line = squeezed(line);
        let line = line.trim_end_matches(" [<CommonParameters>]");
        if text.len() + line.len() > MAX_SYNTAX_CHARS {
            text.push_str("\n  …");
            break;
        }
        text.push_str("\n  ");
        text.push_str(line);
    }
    text
}

/// For a command without help: its own name says the most.
fn by_name(command: &Command) -> String {
    let of = if command.module.is_empty() { String::new() } else { format!(" (module {})", command.module) };
    format!("Runs the PowerShell command {}{of}", command.name)
}

fn says_something(type_name: &str) -> bool {
    !matches!(type_name, "System.Object" | "System.Void" | "None" | "System.Management.Automation.PSObject")
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::command;

    #[test]
    fn description_has_help_output_and_sets() {
        let mut command = command("Get-Thing", json!([]));
        command.description = "From the\n  store. ".to_owned();
        command.output_types = vec!["System.String".to_owned(), "System.Object".to_owned()];
        assert_eq!(of_command(&command, &[]), "Gets things. From the store. Gives System.String.");
        let sets = ["Get-Thing [-A] [<CommonParameters>]".to_owned(), "Get-Thing [-B]".to_owned()];
        assert!(of_command(&command, &sets).ends_with("\nUse one of:\n  Get-Thing [-A]\n  Get-Thing [-B]"));
        command.description = "word ".repeat(1_000);
        let long = of_command(&command, &sets);
        assert!(long.chars().count() <= MAX_CHARS + 1 && long.ends_with("Get-Thing [-B]"), "{long}");
    }

    #[test]
    fn description_of_a_command_without_help_is_its_name() {
        let mut command = command("Get-Thing", json!([]));
        command.synopsis.clear();
        assert_eq!(of_command(&command, &[]), "Runs the PowerShell command Get-Thing (module Things).");
    }

    #[test]
    fn first_sentence_ends_at_a_full_stop_or_line() {
        assert_eq!(first_sentence("Gets 1.5 things. And more."), "Gets 1.5 things.");
        assert_eq!(first_sentence("Gets things\nUse one of"), "Gets things");
    }
}
