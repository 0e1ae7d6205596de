//! The clients: where their files are, and what they call things.

use std::fmt;
use std::path::{Path, PathBuf};

use directories::BaseDirs;

/// A client of the Model Context Protocol that starts servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    ClaudeDesktop,
    ClaudeCode,
    VsCode,
    Cursor,
}

/// Whose file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The user's, for every folder.
    User,
    /// Of the current folder.
    Project,
}

/// Folders of the user, as the system says they are.
#[derive(Debug, Clone)]
pub struct Folders {
    home: PathBuf,
    /// `~/.config`, `~/Library/Application Support` or `%APPDATA%`.
    config: PathBuf,
    /// `CLAUDE_CONFIG_DIR`.
    claude_code: Option<PathBuf>,
    current: PathBuf,
}

impl Folders {
    /// Those of this process.
    ///
    /// # Errors
    /// What is missing.
    pub fn of_process() -> Result<Self, String> {
        let base =
            BaseDirs::new().ok_or("there is no home folder (HOME is not set); name the file with --file")?;
        let current =
            std::env::current_dir().map_err(|error| format!("the current folder is not known: {error}"))?;
        let claude_code =
            std::env::var_os("CLAUDE_CONFIG_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        Ok(Self {
            home: base.home_dir().to_owned(),
            // On macOS the configuration folder of `directories` is this one too.
            config: base.config_dir().to_owned(),
            claude_code,
            current,
        })
    }
}

impl Client {
    /// Its configuration file.
    ///
    /// # Errors
    /// If it has none of that scope.
    pub fn file(self, scope: Scope, folders: &Folders) -> Result<PathBuf, String> {
        let project = |path: &str| Ok(folders.current.join(path));
        match (self, scope) {
            (Self::ClaudeDesktop, Scope::User) => {
                Ok(folders.config.join("Claude/claude_desktop_config.json"))
            }
            (Self::ClaudeDesktop, Scope::Project) => {
                Err("Claude Desktop has one file for the user and none for a project; leave --project away"
                    .to_owned())
            }
            (Self::ClaudeCode, Scope::User) => {
                Ok(folders.claude_code.as_ref().unwrap_or(&folders.home).join(".claude.json"))
            }
            (Self::ClaudeCode, Scope::Project) => project(".mcp.json"),
            (Self::VsCode, Scope::User) => Ok(folders.config.join("Code/User/mcp.json")),
            (Self::VsCode, Scope::Project) => project(".vscode/mcp.json"),
            (Self::Cursor, Scope::User) => Ok(folders.home.join(".cursor/mcp.json")),
            (Self::Cursor, Scope::Project) => project(".cursor/mcp.json"),
        }
    }

    /// The member of the file that holds the servers.
    pub fn servers(self) -> &'static str {
        if self == Self::VsCode { "servers" } else { "mcpServers" }
    }

    /// Whether an entry says how the server is reached.
    pub fn has_type(self) -> bool {
        self != Self::ClaudeDesktop
    }

    /// How a variable of the user's environment is named in an entry, so that its value is not written down.
    ///
    /// # Errors
    /// What to do where the client cannot.
    pub fn variable(self, name: &str) -> Result<String, String> {
        match self {
            Self::ClaudeCode => Ok(format!("${{{name}}}")),
            Self::VsCode | Self::Cursor => Ok(format!("${{env:{name}}}")),
            Self::ClaudeDesktop => Err(format!(
                "Claude Desktop cannot hand on a variable without its value being written into its file, which is not done. \
                 Put {name} into a .env beside the configuration file that is named with `-- --config FILE`"
            )),
        }
    }

    /// What to do so that it sees a change.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::ClaudeDesktop => "Quit Claude Desktop (not only its window) and start it again",
            Self::ClaudeCode => "Start a new session of Claude Code; /mcp shows the server",
            Self::VsCode => "Run `MCP: List Servers` in VS Code and start the server",
            Self::Cursor => "Open Cursor's settings, Tools & MCP, and switch the server on",
        }
    }

    /// A folder that is there if the client is.
    pub fn own_folder(self, file: &Path) -> Option<&Path> {
        match self {
            Self::ClaudeDesktop | Self::Cursor => file.parent(),
            Self::VsCode => file.parent().and_then(Path::parent),
            Self::ClaudeCode => None,
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClaudeDesktop => "Claude Desktop",
            Self::ClaudeCode => "Claude Code",
            Self::VsCode => "VS Code",
            Self::Cursor => "Cursor",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_file() {
        let folders = Folders {
            home: "/home/u".into(),
            config: "/home/u/.config".into(),
            claude_code: None,
            current: "/project".into(),
        };
        let file = |client: Client, scope| {
            client.file(scope, &folders).map(|file| file.to_string_lossy().into_owned())
        };
        let user = |client| file(client, Scope::User).expect("a file");
        assert_eq!(user(Client::ClaudeDesktop), "/home/u/.config/Claude/claude_desktop_config.json");
        assert_eq!(user(Client::ClaudeCode), "/home/u/.claude.json");
        assert_eq!(user(Client::VsCode), "/home/u/.config/Code/User/mcp.json");
        assert_eq!(user(Client::Cursor), "/home/u/.cursor/mcp.json");
        assert!(file(Client::ClaudeDesktop, Scope::Project).is_err());
        assert_eq!(file(Client::ClaudeCode, Scope::Project).as_deref(), Ok("/project/.mcp.json"));
        assert_eq!(file(Client::VsCode, Scope::Project).as_deref(), Ok("/project/.vscode/mcp.json"));
        let moved = Folders { claude_code: Some("/x".into()), ..folders };
        assert_eq!(Client::ClaudeCode.file(Scope::User, &moved), Ok("/x/.claude.json".into()));
    }
}
