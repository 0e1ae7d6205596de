//! Which commands become tools.

use std::path::PathBuf;

use crate::engine::EngineBuilder;

/// Which commands become tools: by name or wildcard, whole modules, and the functions of script files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposure {
    /// Names or wildcard patterns of commands.
    pub commands: Vec<String>,
    /// Modules, by name or path. Where no command is named, all their functions and cmdlets are exposed; else they are
    /// only loaded, and the patterns choose.
    pub modules: Vec<String>,
    /// Script files. Each is run once in every runspace when it opens; the functions it defines are exposed.
    pub scripts: Vec<PathBuf>,
}

impl Exposure {
    /// Lets every runspace of the engine know the modules and scripts.
    pub fn configure(&self, builder: EngineBuilder) -> EngineBuilder {
        let builder = self.modules.iter().fold(builder, EngineBuilder::module);
        if self.scripts.is_empty() {
            return builder;
        }
        let lines: Vec<String> =
            self.scripts.iter().map(|path| format!(". {}", quoted(&path.to_string_lossy()))).collect();
        builder.startup_script(lines.join("\n"))
    }

    /// True if nothing is exposed.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.modules.is_empty() && self.scripts.is_empty()
    }
}

/// A PowerShell string that stands for exactly this text. PowerShell takes typographic single quotes for plain ones.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for char in text.chars() {
        if matches!(char, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            quoted.push(char);
        }
        quoted.push(char);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_path_cannot_end_its_string() {
        assert_eq!(quoted("/a b/$x.ps1"), "'/a b/$x.ps1'");
        assert_eq!(quoted("/it's/\u{2019};exit"), "'/it''s/\u{2019}\u{2019};exit'");
    }
}
