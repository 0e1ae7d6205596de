//! The documentation of all settings, made from the table.

use std::fmt::Write;

use super::settings::Settings;
use super::table::{SECTIONS, SETTINGS, Setting};
use super::value::Kind;

fn default_of(setting: &Setting, defaults: &Settings) -> String {
    match (setting.default_text, setting.get(defaults).toml()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(value)) => format!("`{value}`"),
        (None, None) => "not set".to_owned(),
    }
}

/// `docs/configuration.md`.
pub fn markdown() -> String {
    let defaults = Settings::default();
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Made by `runspaced config reference --markdown`; a test compares it. -->\n\n\
         Later ones win:\n\n\
         1. built-in defaults\n\
         2. the user's `runspaced.toml` (Linux `~/.config/runspaced/`, macOS `~/Library/Application Support/runspaced/`, Windows \
         `%APPDATA%\\runspaced\\config\\`)\n\
         3. the project's `runspaced.toml`: in the current folder, or the nearest folder above that has one\n\
         4. the file named with `--config`\n\
         5. `.env` beside the file named with `--config` if there is one, else beside the project's file, or in the current folder\n\
         6. environment variables `RUNSPACED_SECTION__NAME`; an empty one counts as not set\n\
         7. flags\n\n\
         `runspaced config show --origin` says where each value comes from, `runspaced config check` reports everything that is \
         wrong, with file, line and the nearest name. An unknown name is an error. Paths in a file are relative to that file, `~` is \
         the home folder. A file that belongs to another user, or that anybody may write, is not read (on Windows this is not \
         checked). No setting holds a secret.\n\n\
         Durations are written `500ms`, `5s`, `2m`, `1h` or `1m30s`, sizes `65536`, `64KiB` or `8MiB`; lists in variables are separated by commas.\n",
    );
    for (section, about) in SECTIONS {
        let _ = write!(
            text,
            "\n## {section}\n\n{about}\n\n| setting | takes | default | does |\n| --- | --- | --- | --- |\n"
        );
        for setting in SETTINGS.iter().filter(|setting| setting.section() == *section) {
            let mut does = setting.help.replace('|', "\\|");
            if let Some(flag) = setting.flag {
                let _ = write!(does, " Flag: `{flag}`.");
            }
            if let Some(alias) = setting.alias
                && alias != setting.variable()
            {
                let _ = write!(does, " Also `{alias}`.");
            }
            if let Kind::Tables(columns) = setting.kind {
                for column in columns {
                    let _ = write!(does, " `{}`: {}.", column.name, column.help);
                }
            }
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {does} |",
                setting.key,
                setting.kind.wanted(),
                default_of(setting, &defaults)
            );
        }
    }
    text.push_str("\n## An example\n\n```toml\n");
    text.push_str(EXAMPLE);
    text.push_str("```\n");
    text
}

/// A file that works; a test reads it.
pub(super) const EXAMPLE: &str = "[powershell]\nmodules = [\"Microsoft.PowerShell.Utility\"]\n\n\
    [call]\ntimeout = \"1m\"\nculture = \"de-DE\"\n\n[limits]\noutput_bytes = \"8MiB\"\n\n[log]\nfilter = \"info\"\n\n\
    [mcp]\nmodules = [\"./Inventory\"]\n\n[mcp.toolsets]\nreading = [\"Get-*\", \"module:Inventory\"]\n\n\
    [mcp.tools.Invoke-StockQuery]\nname = \"query_stock\"\nread_only = true\n";

/// `.env.example`.
pub fn dotenv_example() -> String {
    let defaults = Settings::default();
    let mut text = String::from(
        "# Settings of runspaced as environment variables; copy to .env and take away the # of what you change.\n\
         # Made by `runspaced config reference --dotenv`; docs/configuration.md explains each.\n",
    );
    for (section, about) in SECTIONS {
        let _ = write!(text, "\n# {about}\n");
        for setting in SETTINGS.iter().filter(|setting| setting.section() == *section) {
            let name = setting.alias.map_or_else(|| setting.variable(), str::to_owned);
            let value = match setting.default_text {
                Some(_) => String::new(),
                None => setting.get(&defaults).variable().unwrap_or_default(),
            };
            let _ = writeln!(text, "#{name}={value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file;

    #[test]
    fn example_is_a_valid_file() {
        let entries = file::read(std::path::Path::new("example.toml"), EXAMPLE);
        assert!(entries.is_ok_and(|entries| entries.len() == 8));
    }

    #[test]
    fn example_of_variables_names_every_setting_once() {
        let text = dotenv_example();
        for setting in SETTINGS.iter() {
            let name = setting.alias.map_or_else(|| setting.variable(), str::to_owned);
            assert_eq!(text.matches(&format!("#{name}=")).count(), 1, "{name}");
        }
    }
}
