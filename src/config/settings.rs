//! The settings as the program uses them.

use std::path::PathBuf;
use std::time::Duration;

use runspaced::mcp::Mode;
use runspaced::{Encoding, InitialState, Isolation, LanguageMode, Limits, PoolConfig, RuntimeSettings};

/// Everything that can be configured.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Section `powershell`.
    pub powershell: PowerShell,
    /// Section `call`.
    pub call: Call,
    /// Section `limits`.
    pub limits: Limits,
    /// Section `pool`.
    pub pool: PoolConfig,
    /// Section `runtime`.
    pub runtime: RuntimeSettings,
    /// Section `log`.
    pub log: Log,
    /// Section `environment`.
    pub environment: Environment,
    /// Section `mcp`.
    pub mcp: Mcp,
    /// Section `policy`.
    pub policy: Policy,
    /// Section `setup`.
    pub setup: Setup,
}

/// Which PowerShell, and what every runspace knows when it opens.
#[derive(Debug, Clone)]
pub struct PowerShell {
    /// The installation to host.
    pub home: Option<PathBuf>,
    /// Modules every runspace imports.
    pub modules: Vec<String>,
    /// Run the user's profiles.
    pub load_profile: bool,
    /// Location of calls that name none.
    pub working_directory: Option<PathBuf>,
    /// Execution policy (Windows).
    pub execution_policy: Option<String>,
    /// Language mode.
    pub language_mode: LanguageMode,
    /// Initial session state.
    pub initial_state: InitialState,
    /// Encoding of native commands.
    pub native_encoding: Encoding,
    /// Stack of a slot's thread, bytes.
    pub stack_bytes: u64,
    /// Commands that callers see; none: all.
    pub visible_commands: Vec<String>,
}

/// What calls get that say nothing else.
#[derive(Debug, Clone)]
pub struct Call {
    /// Deadline.
    pub timeout: Duration,
    /// Isolation.
    pub isolation: Isolation,
    /// Culture.
    pub culture: String,
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct Log {
    /// Filter in the syntax of `tracing`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which environment variables scripts do not see.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Names taken out beside the built-in ones.
    pub remove: Vec<String>,
    /// Names left in although they would be taken out.
    pub keep: Vec<String>,
}

/// The MCP server.
#[derive(Debug, Clone, Default)]
pub struct Mcp {
    /// Patterns of the commands it offers.
    pub commands: Vec<String>,
    /// Modules whose commands it offers.
    pub modules: Vec<String>,
}

/// How PowerShell is fetched.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Address of the proxy; none: that of the environment.
    pub proxy: Option<String>,
}

/// What clients may have done.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How much.
    pub mode: Mode,
    /// Patterns of what is offered; none: everything.
    pub allow: Vec<String>,
    /// Patterns of what is not offered.
    pub deny: Vec<String>,
    /// Patterns of commands that only read.
    pub reading: Vec<String>,
    /// Offers a tool that runs any script.
    pub run_script: bool,
    /// Runs other modules' commands as `-WhatIf` in plan mode.
    pub trust_what_if: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            allow: Vec::new(),
            deny: Vec::new(),
            reading: Vec::new(),
            run_script: false,
            trust_what_if: true,
        }
    }
}

impl Default for PowerShell {
    fn default() -> Self {
        Self {
            home: None,
            modules: Vec::new(),
            load_profile: false,
            working_directory: None,
            execution_policy: None,
            language_mode: LanguageMode::default(),
            initial_state: InitialState::default(),
            native_encoding: Encoding::default(),
            stack_bytes: 2 << 20,
            visible_commands: Vec::new(),
        }
    }
}

impl Default for Call {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(300),
            isolation: Isolation::default(),
            culture: "en-US".to_owned(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "warn".to_owned(), format: LogFormat::default() }
    }
}
