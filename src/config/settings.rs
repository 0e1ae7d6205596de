//! The settings as the program uses them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::azure::{CloudName, IdentityKind};
use crate::mcp::Mode;
use crate::mcp::http::HttpLimits;
use crate::mcp::{ToolOverride, ToolSearch};
use crate::observe::{AuditFailure, AuditSync};
use crate::{Encoding, InitialState, Isolation, LanguageMode, Limits, PoolConfig, RuntimeSettings};

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
    /// Section `azure`.
    pub azure: Azure,
    /// Section `sentinel`.
    pub sentinel: Sentinel,
    /// Section `http`.
    pub http: Http,
    /// Section `oauth`.
    pub oauth: OAuth,
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

/// What carries out a tool for Microsoft Sentinel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Through {
    /// This program.
    #[default]
    Native,
    /// The function of the module `SentinelManager`, or what replaced it.
    PowerShell,
}

/// The MCP server.
#[derive(Debug, Clone)]
pub struct Mcp {
    /// Patterns of the commands it offers.
    pub commands: Vec<String>,
    /// Modules whose commands it offers.
    pub modules: Vec<String>,
    /// Script files whose functions it offers.
    pub scripts: Vec<PathBuf>,
    /// Toolsets by name.
    pub toolsets: BTreeMap<String, Vec<String>>,
    /// The toolsets that it offers; none: all tools.
    pub only_toolsets: Vec<String>,
    /// Offers the operations on Microsoft Sentinel.
    pub sentinel: bool,
    /// What carries those operations out.
    pub through: Through,
    /// When clients get tools to search for tools.
    pub tool_search: ToolSearch,
    /// What is to be otherwise with single tools.
    pub tools: BTreeMap<String, ToolOverride>,
    /// Remembers the tools from one start to the next.
    pub cache: bool,
    /// Where.
    pub cache_folder: Option<PathBuf>,
    /// Folders of prompt files.
    pub prompts: Vec<String>,
    /// Folders whose files are resources.
    pub resources: Vec<String>,
    /// The audit file.
    pub audit: Option<PathBuf>,
    /// When audit records are made to last.
    pub audit_sync: AuditSync,
    /// What happens to calls that cannot be recorded.
    pub audit_failure: AuditFailure,
}

impl Default for Mcp {
    fn default() -> Self {
        Self {
            commands: Vec::new(),
            modules: Vec::new(),
            scripts: Vec::new(),
            toolsets: BTreeMap::new(),
            only_toolsets: Vec::new(),
            sentinel: true,
            through: Through::default(),
            tool_search: ToolSearch::default(),
            tools: BTreeMap::new(),
            cache: true,
            cache_folder: None,
            prompts: Vec::new(),
            resources: Vec::new(),
            audit: None,
            audit_sync: AuditSync::default(),
            audit_failure: AuditFailure::default(),
        }
    }
}

/// The MCP server over HTTP.
#[derive(Debug, Clone)]
pub struct Http {
    /// Where clients connect.
    pub address: Option<String>,
    /// File of the token.
    pub token_file: Option<PathBuf>,
    /// Mode of a Unix socket, octal.
    pub socket_mode: String,
    /// Names beside this machine's that `Host` may have.
    pub hosts: Vec<String>,
    /// Origins beside this machine's that `Origin` may have.
    pub origins: Vec<String>,
    /// The server's URL as clients know it.
    pub public_url: Option<String>,
    /// Certificate chain, PEM.
    pub certificate: Option<PathBuf>,
    /// Private key, PEM.
    pub key: Option<PathBuf>,
    /// Connections at once.
    pub connections: usize,
    /// Largest message, bytes.
    pub body_bytes: usize,
    /// Time for the head of a request.
    pub head_time: Duration,
    /// Time for its body.
    pub body_time: Duration,
    /// Sessions at once.
    pub sessions: usize,
    /// Life of an unused session.
    pub session_idle: Duration,
    /// Requests a second of one principal.
    pub rate: u32,
    /// How many of them at once.
    pub burst: u32,
}

/// Tokens of an authority.
#[derive(Debug, Clone, Default)]
pub struct OAuth {
    /// The authority.
    pub issuer: Option<String>,
    /// What tokens must be for.
    pub audience: Option<String>,
    /// Where its keys are.
    pub keys_url: Option<String>,
    /// What scopes allow.
    pub rules: Vec<String>,
}

impl Default for Http {
    fn default() -> Self {
        let limits = HttpLimits::default();
        Self {
            address: None,
            token_file: None,
            socket_mode: "600".to_owned(),
            hosts: Vec::new(),
            origins: Vec::new(),
            public_url: None,
            certificate: None,
            key: None,
            connections: limits.connections,
            body_bytes: limits.body_bytes,
            head_time: limits.head_time,
            body_time: limits.body_time,
            sessions: limits.sessions,
            session_idle: limits.session_idle,
            rate: limits.rate,
            burst: limits.burst,
        }
    }
}

/// The Azure client. No secret is a setting: those are variables.
#[derive(Debug, Clone, Default)]
pub struct Azure {
    /// The cloud.
    pub cloud: CloudName,
    /// Where tokens come from, in a custom cloud.
    pub authority: Option<String>,
    /// Azure Resource Manager, in a custom cloud.
    pub resource_manager: Option<String>,
    /// Log Analytics, in a custom cloud.
    pub logs: Option<String>,
    /// Logs ingestion, in a custom cloud.
    pub ingestion: Option<String>,
    /// Certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How to sign in.
    pub identity: IdentityKind,
    /// Customers outside of Lighthouse.
    pub customers: Vec<String>,
    /// Versions of interfaces in place of the pinned ones.
    pub api_versions: Vec<String>,
}

/// Operations on Microsoft Sentinel.
#[derive(Debug, Clone)]
pub struct Sentinel {
    /// The workspace that is meant where none is named.
    pub workspace: Option<String>,
    /// Names of tenants.
    pub tenant_names: Vec<String>,
    /// Where writes are recorded.
    pub journal: Option<PathBuf>,
    /// Entries of the journal that are older are removed; zero keeps them.
    pub journal_age: Duration,
    /// The oldest entries are removed while it is larger, bytes; zero keeps them.
    pub journal_bytes: u64,
    /// Where exports and backups go.
    pub backups: Option<PathBuf>,
    /// Time that an operation may take.
    pub timeout: Duration,
}

impl Default for Sentinel {
    fn default() -> Self {
        Self {
            workspace: None,
            tenant_names: Vec::new(),
            journal: None,
            journal_age: Duration::ZERO,
            journal_bytes: 0,
            backups: None,
            timeout: Duration::from_secs(300),
        }
    }
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
