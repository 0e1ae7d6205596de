//! Every setting there is: its name, what it takes, what it does. Files, variables, flags, `config show` and the
//! documentation all come from this table.

use std::sync::LazyLock;
use std::time::Duration;

use super::field::{Field, TOOL_COLUMNS, from_word, word};
use super::settings::Settings;
use super::value::{Kind, Value};

/// One setting.
pub struct Setting {
    /// `section.name`.
    pub key: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it does, one or two sentences.
    pub help: &'static str,
    /// The flag of the same meaning, if a verb has one.
    pub flag: Option<&'static str>,
    /// A variable that means the same beside `RUNSPACED_SECTION__NAME`.
    pub alias: Option<&'static str>,
    /// What it is when nobody sets it, where that depends on the machine.
    pub default_text: Option<&'static str>,
    get: fn(&Settings) -> Value,
    set: fn(&mut Settings, Value),
}

impl Setting {
    /// The current value.
    pub fn get(&self, settings: &Settings) -> Value {
        (self.get)(settings)
    }

    /// Sets the value, which is of the setting's kind.
    pub fn set(&self, settings: &mut Settings, value: Value) {
        (self.set)(settings, value);
    }

    /// `RUNSPACED_SECTION__NAME`.
    pub fn variable(&self) -> String {
        format!("RUNSPACED_{}", self.key.to_ascii_uppercase().replace('.', "__"))
    }

    /// The section's name.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(section, _)| section)
    }

    const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = Some(flag);
        self
    }

    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    const fn default_text(mut self, text: &'static str) -> Self {
        self.default_text = Some(text);
        self
    }
}

macro_rules! setting {
    ($section:ident.$name:ident, $kind:expr, $help:expr) => {
        setting!(@row $section.$name, $kind, $help, |s| s.$section.$name.read(), |s, v| s.$section.$name.write(v))
    };
    (size $section:ident.$name:ident, $kind:expr, $help:expr) => {
        setting!(@row $section.$name, $kind, $help,
            |s| match s.$section.$name.read() { Value::Whole(n) => Value::Size(n), other => other },
            |s, v| s.$section.$name.write(v))
    };
    (word $section:ident.$name:ident, $words:expr, $help:expr) => {
        setting!(@row $section.$name, Kind::Choice($words), $help,
            |s| word(&s.$section.$name), |s, v| from_word(&mut s.$section.$name, v))
    };
    (@row $section:ident.$name:ident, $kind:expr, $help:expr, $get:expr, $set:expr) => {
        Setting {
            key: concat!(stringify!($section), ".", stringify!($name)),
            kind: $kind,
            help: $help,
            flag: None,
            alias: None,
            default_text: None,
            get: $get,
            set: $set,
        }
    };
}

const ANY: u64 = u64::MAX;
const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
const LEAST: Duration = ms(1);
const NEVER: Duration = Duration::ZERO;
const LONG: Duration = Duration::MAX;

/// All settings, by section.
pub static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    vec![
        setting!(powershell.home, Kind::Path,
            "The PowerShell to host: the folder that holds pwsh.dll, or a pwsh in it.")
            .flag("--powershell").alias("RUNSPACED_POWERSHELL_HOME").default_text("searched for"),
        setting!(powershell.modules, Kind::List, "Modules, by name or path, that every runspace imports when it opens; `run --module` adds to them."),
        setting!(powershell.load_profile, Kind::Flag, "Runs the user's PowerShell profiles in every runspace.")
            .flag("--load-profile"),
        setting!(powershell.working_directory, Kind::Path, "Location at the start of a call.")
            .flag("--working-directory").default_text("the folder the program was started in"),
        setting!(powershell.execution_policy, Kind::Choice(
            &["allsigned", "bypass", "remotesigned", "restricted", "undefined", "unrestricted"]),
            "Execution policy of every runspace. Windows only; it has no effect elsewhere.")
            .default_text("the machine's"),
        setting!(word powershell.language_mode, &["full", "constrained", "none"],
            "Language mode of every runspace. A guard rail, not a sandbox."),
        setting!(word powershell.initial_state, &["default", "default2"],
            "What a runspace knows when it opens: all built-in commands, or the core only."),
        setting!(word powershell.native_encoding, &["utf-8", "system"],
            "How the output of native commands is decoded."),
        setting!(size powershell.stack_bytes, Kind::Size(512 << 10, 64 << 20),
            "Stack of a runspace's thread. A deeper one lets scripts recurse deeper, and endless recursion end much later."),
        setting!(powershell.visible_commands, Kind::List,
            "Commands that callers see, by name or wildcard; none: all. Modules go on seeing each other. A guard rail, not a sandbox."),

        setting!(call.timeout, Kind::Duration(LEAST, LONG), "Time after which a call is stopped.").flag("--timeout"),
        setting!(word call.isolation, &["shared", "scoped", "reset", "fresh"],
            "How much of one call the next one on the same runspace may see.").flag("--isolation"),
        setting!(call.culture, Kind::Text, "Culture of every runspace, the same on every machine.").flag("--culture"),

        setting!(limits.depth, Kind::Whole(1, 100), "Levels of nesting written of an output value."),
        setting!(limits.items, Kind::Whole(1, u32::MAX as u64), "Entries written of one collection inside an output value."),
        setting!(limits.string_chars, Kind::Whole(1, u32::MAX as u64), "UTF-16 units written of one string."),
        setting!(size limits.output_bytes, Kind::Size(1 << 10, 64 << 20),
            "Bytes of a call's output, after which it is stopped. `run` raises it to 64MiB unless it is set."),
        setting!(limits.records, Kind::Whole(0, u32::MAX as u64),
            "Records kept of each stream other than output; the rest is counted."),
        setting!(size limits.record_bytes, Kind::Size(0, u32::MAX as u64), "Bytes kept of each stream other than output."),
        setting!(limits.getter_ms, Kind::Whole(1, u32::MAX as u64),
            "Milliseconds that all property getters of one output value may take together."),

        setting!(pool.min, Kind::Whole(0, 1024), "Runspaces kept open."),
        setting!(pool.max, Kind::Whole(1, 1024), "Most runspaces, sessions not counted.")
            .default_text("4 for each core, at least 16"),
        setting!(pool.queue, Kind::Whole(0, ANY), "Calls that may wait for a runspace; one more is refused at once."),
        setting!(pool.max_waiting, Kind::Whole(0, 1024), "Runspaces that wait for a function of the program and do not count against `pool.max`."),
        setting!(pool.acquire_timeout, Kind::Duration(NEVER, LONG), "How long a call may wait for a runspace."),
        setting!(pool.create_timeout, Kind::Duration(LEAST, LONG),
            "How long a runspace may take to open, its modules included."),
        setting!(pool.stop_grace, Kind::Duration(LEAST, LONG),
            "How long a stopped call may take to end before its runspace is given up."),
        setting!(pool.settle_timeout, Kind::Duration(LEAST, LONG), "How long cleaning up after a call may take."),
        setting!(pool.abandon_budget, Kind::Whole(1, ANY),
            "How many runspaces may be given up before new calls are refused."),
        setting!(pool.max_uses, Kind::Whole(0, ANY), "Calls after which a runspace is replaced; 0: never."),
        setting!(pool.max_age, Kind::Duration(NEVER, LONG), "Age at which an idle runspace is replaced; 0s: never."),
        setting!(pool.idle_timeout, Kind::Duration(NEVER, LONG),
            "Time after which an idle runspace beyond pool.min is closed."),
        setting!(pool.spares, Kind::Whole(0, 1024), "Unused runspaces kept ready for calls with fresh isolation."),
        setting!(pool.max_sessions, Kind::Whole(0, 1024), "Most named sessions open at once."),
        setting!(pool.session_ttl, Kind::Duration(LEAST, LONG), "Time after which an unused session ends."),

        setting!(runtime.concurrent_gc, Kind::Flag, "Collects garbage on a thread of its own beside the running code."),
        setting!(runtime.server_gc, Kind::Flag, "One heap a core: more throughput for much more memory."),
        setting!(size runtime.heap_limit_bytes, Kind::Size(64 << 20, ANY),
            "Most bytes the managed heap may take; a script that wants more fails, not the process.")
            .default_text("no limit"),
        setting!(runtime.conserve_memory, Kind::Whole(0, 9), "How hard the garbage collector works to keep the heap small.")
            .default_text(".NET's"),
        setting!(runtime.tiered_compilation, Kind::Flag, "Starts with quickly made code and improves it later.")
            .default_text("PowerShell's"),
        setting!(runtime.tiered_pgo, Kind::Flag, "Watches running code to improve it better: pays after some ten thousand calls, costs before."),
        setting!(runtime.jit_profile, Kind::Path,
            "Folder in which the runtime remembers what a start needed, so that the next start compiles it on another core.")
            .default_text("`profile` in the user's cache folder"),
        setting!(runtime.code_cache, Kind::Path,
            "Folder in which machine code of the host assembly is kept, so that it is not compiled at every start. Nobody else may write there.")
            .default_text("`host` in the user's cache folder"),

        setting!(log.filter, Kind::Text,
            "What is logged to the error stream: error, warn, info, debug or trace, also by part (runspaced=debug).")
            .flag("--log").alias("RUNSPACED_LOG"),
        setting!(word log.format, &["text", "json"], "How a log line looks.").flag("--log-format"),

        setting!(environment.remove, Kind::List,
            "Environment variables taken away from scripts beside the built-in identity variables; PREFIX_* takes all that begin so."),
        setting!(environment.keep, Kind::List, "Identity variables that scripts may see after all."),

        setting!(mcp.commands, Kind::List, "Commands the MCP server offers, by name or wildcard; `mcp --command` adds to them."),
        setting!(mcp.modules, Kind::List, "Modules whose commands the MCP server offers; `mcp --module` adds to them."),
        setting!(mcp.scripts, Kind::Paths, "Script files whose functions the MCP server offers; `mcp --script` adds to them."),
        setting!(mcp.toolsets, Kind::Lists,
            "Named groups of tools: names of commands or tools with wildcards; `module:Name` is all of a module. Each module and script is a toolset by itself."),
        setting!(mcp.only_toolsets, Kind::List, "The toolsets that are offered; none: all tools. `mcp --toolset` adds to them."),
        setting!(word mcp.tool_search, &["auto", "always", "never"],
            "When clients get three tools to search, describe and invoke in place of those made of commands; auto: beyond 80 tools.")
            .flag("--tool-search"),
        setting!(mcp.tools, Kind::Tables(TOOL_COLUMNS),
            "What is to be otherwise with single tools, by the name of the command (`Get-Thing`, `Module\\Get-Thing`) or tool."),
        setting!(mcp.sentinel, Kind::Flag, "Offers the operations on Microsoft Sentinel as tools.").flag("--no-sentinel"),
        setting!(word mcp.through, &["native", "powershell"],
            "What carries those operations out: this program, or the functions of the module SentinelManager in PowerShell, so that functions that replace them take part.")
            .flag("--through"),
        setting!(mcp.cache, Kind::Flag, "Remembers the tools, so that they are listed before PowerShell is up the next time."),
        setting!(mcp.cache_folder, Kind::Path, "Where they are remembered.").default_text("the user's cache folder"),
        setting!(mcp.prompts, Kind::List, "Folders whose .md files the MCP server offers as prompts; `mcp --prompts` adds to them."),
        setting!(mcp.resources, Kind::List, "Folders whose files the MCP server offers as resources; `mcp --resources` adds to them."),
        setting!(mcp.audit, Kind::Path, "File in which every call of the MCP server is recorded: who, what, how it ended.")
            .flag("--audit").default_text("none"),
        setting!(word mcp.audit_sync, &["each", "second", "never"],
            "When records are made to survive a loss of power: each before its call is answered, once a second, or when the system likes."),
        setting!(word mcp.audit_failure, &["refuse", "warn"],
            "What happens to calls while the audit file cannot be written: they are refused, or run unrecorded and the log says so."),

        setting!(http.address, Kind::Text,
            "Serves MCP over HTTP here: ADDRESS:PORT (port 0: a free one) or unix:/path. Without it over standard input and output.")
            .flag("--http").default_text("not served"),
        setting!(http.token_file, Kind::Path,
            "File of the token that clients sign in with; made if it is not there. RUNSPACED_MCP_TOKEN goes before it.")
            .flag("--http-token-file").default_text("a random token, said at the start"),
        setting!(http.socket_mode, Kind::Text, "Mode of a Unix socket, three octal digits."),
        setting!(http.hosts, Kind::List, "Names beside this machine's by which clients may reach the server (header Host)."),
        setting!(http.origins, Kind::List,
            "Web origins beside this machine's that may call, such as https://app.example.com:443 (header Origin)."),
        setting!(http.public_url, Kind::Text, "The server's URL as clients know it, where that is another than the address.")
            .default_text("made of the address"),
        setting!(http.certificate, Kind::Path, "Certificate chain for TLS, PEM. It is read again when it changes.")
            .default_text("without TLS"),
        setting!(http.key, Kind::Path, "Private key of the certificate, PEM.").default_text("without TLS"),
        setting!(http.connections, Kind::Whole(1, 65_536), "Connections at once; further ones wait."),
        setting!(size http.body_bytes, Kind::Size(1 << 10, 64 << 20), "Largest message of a client."),
        setting!(http.head_time, Kind::Duration(LEAST, LONG),
            "How long a client may take for the head of a request, and between two requests."),
        setting!(http.body_time, Kind::Duration(LEAST, LONG), "How long a client may take for the body of a request."),
        setting!(http.sessions, Kind::Whole(0, 65_536), "Sessions at once, of clients of the revisions up to 2025-11-25."),
        setting!(http.session_idle, Kind::Duration(LEAST, LONG), "Time after which an unused session ends."),
        setting!(http.rate, Kind::Whole(0, u32::MAX as u64), "Requests a second of one principal; 0: any number."),
        setting!(http.burst, Kind::Whole(1, u32::MAX as u64), "How many of them may come at once."),

        setting!(oauth.issuer, Kind::Text,
            "The authority whose tokens HTTP clients sign in with, as tokens name it in iss. Takes the place of the server's own token.")
            .default_text("none"),
        setting!(oauth.audience, Kind::Text, "What tokens must name in aud.").default_text("the server's URL"),
        setting!(oauth.keys_url, Kind::Text, "Where the authority's keys are (JWKS).")
            .default_text("the authority's metadata says it"),
        setting!(oauth.rules, Kind::List,
            "What scopes allow, each `SCOPE: TOOL... [in WORKSPACE...]`, such as `Tools.Read: get_* list_* in dev-*`. Without rules a valid token allows everything."),

        setting!(word azure.cloud, &["public", "us_government", "china", "custom"],
            "The cloud; custom takes the addresses of the four settings below."),
        setting!(azure.authority, Kind::Text, "Where tokens come from, in a custom cloud; https only.").default_text("the cloud's"),
        setting!(azure.resource_manager, Kind::Text, "Azure Resource Manager, in a custom cloud; http only on this machine.")
            .default_text("the cloud's"),
        setting!(azure.logs, Kind::Text, "Log Analytics queries, in a custom cloud, without /v1.").default_text("the cloud's"),
        setting!(azure.ingestion, Kind::Text, "Logs ingestion, in a custom cloud.").default_text("the cloud's"),
        setting!(azure.ca_file, Kind::Path, "PEM file of certificates that are trusted beside the system's: those of a proxy, or of a custom cloud.")
            .default_text("none"),
        setting!(word azure.identity, &["auto", "workload", "managed", "secret", "certificate", "developer"],
            "How to sign in. auto takes what the AZURE_ variables allow; developer is the login of az or azd."),
        setting!(azure.customers, Kind::List,
            "Customers outside of Azure Lighthouse, by names that stand in their variables: AZURE_NAME_TENANT_ID, AZURE_NAME_CLIENT_ID, AZURE_NAME_CLIENT_SECRET."),
        setting!(azure.api_versions, Kind::List, "Versions of interfaces in place of the built-in ones, as alert_rules=2025-09-01."),

        setting!(sentinel.workspace, Kind::Text, "The workspace that is meant where none is named: name, id or customer id.").default_text("none"),
        setting!(sentinel.tenant_names, Kind::List, "Names of tenants, as ID=NAME. Azure shows the names of the own tenants only."),
        setting!(sentinel.journal, Kind::Path, "Folder in which writes are recorded before and after they are sent.")
            .default_text("`journal` in the user's data folder"),
        setting!(sentinel.journal_age, Kind::Duration(NEVER, LONG), "Entries of the journal that are older are removed when the program starts; 0s keeps them. What is in progress stays."),
        setting!(size sentinel.journal_bytes, Kind::Size(0, ANY), "The oldest entries of the journal are removed while it is larger; 0 keeps them. What is in progress stays."),
        setting!(sentinel.backups, Kind::Path, "Folder below which exports and backups are written, and nowhere else.")
            .default_text("`backups` in the user's data folder"),
        setting!(sentinel.timeout, Kind::Duration(ms(1_000), LONG), "Time that an operation may take, all of its requests and pauses."),

        setting!(word policy.mode, &["plan", "read-only", "write"],
            "What MCP clients may have done: plan runs what reads and answers writes with their plan, read-only does not even list them, write runs everything.")
            .flag("--read-only, --allow-writes"),
        setting!(policy.allow, Kind::List,
            "Offers only what a pattern names: a tool, a command, a module or Module\\Command; none: everything."),
        setting!(policy.deny, Kind::List, "Does not offer what a pattern names, whatever is allowed."),
        setting!(policy.reading, Kind::List,
            "Commands, as Get-Thing or Module\\Get-*, that only read, beside those of PowerShell itself that were reviewed."),
        setting!(policy.run_script, Kind::Flag,
            "Offers the tool run_script, which runs any script. It runs in write mode only.").flag("--run-script"),
        setting!(policy.trust_what_if, Kind::Flag,
            "In plan mode, runs commands of other modules as -WhatIf where they have it; false: refuses them."),

        setting!(setup.proxy, Kind::Text, "Address of the proxy through which `setup` fetches PowerShell.")
            .flag("--proxy").default_text("that of the environment"),
    ]
});

/// What the sections are about.
pub const SECTIONS: &[(&str, &str)] = &[
    ("powershell", "Which PowerShell is hosted, and what every runspace knows when it opens."),
    ("call", "What calls get that say nothing else."),
    ("limits", "Budgets of one call. Each cut leaves a visible mark in the output."),
    ("pool", "Size and patience of the pool of runspaces."),
    ("runtime", "The .NET runtime. Read once, when it starts."),
    ("log", "What is logged, always to the error stream."),
    ("environment", "Which environment variables scripts and their children do not see."),
    ("mcp", "The MCP server."),
    ("http", "The MCP server over HTTP."),
    ("oauth", "Tokens of an authority (OAuth 2.1) for the MCP server over HTTP."),
    ("azure", "How Azure is reached. No secret is a setting; `docs/azure.md` names the variables."),
    ("sentinel", "Operations on Microsoft Sentinel."),
    (
        "policy",
        "What clients of the MCP server may have done: docs/policy.md. From a project's file or .env only mode = \"read-only\" is believed.",
    ),
    ("setup", "How `runspaced setup` fetches PowerShell."),
];

/// The setting of that name.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_default_is_of_its_kind_and_reads_back() {
        let defaults = Settings::default();
        for setting in SETTINGS.iter() {
            let default = setting.get(&defaults);
            let Some(text) = default.variable() else {
                assert!(
                    setting.default_text.is_some(),
                    "{} is not set and says nothing about it",
                    setting.key
                );
                continue;
            };
            assert_eq!(setting.kind.parse(&text).as_ref(), Ok(&default), "{}", setting.key);
            let mut copy = Settings::default();
            setting.set(&mut copy, default.clone());
            assert_eq!(setting.get(&copy), default, "{}", setting.key);
        }
    }

    #[test]
    fn every_setting_is_written_where_it_is_read() {
        for setting in SETTINGS.iter() {
            let other = match setting.kind {
                Kind::Flag => Value::Flag(setting.get(&Settings::default()) != Value::Flag(true)),
                Kind::Whole(least, most) => Value::Whole(if most == ANY { 7 } else { least.midpoint(most) }),
                Kind::Size(least, _) => Value::Size(least + 1),
                Kind::Duration(..) => Value::Duration(ms(1_234)),
                Kind::Text => Value::Text("x".to_owned()),
                Kind::Choice(words) => Value::Text(words[words.len() - 1].to_owned()),
                Kind::Path => Value::Path("/x".into()),
                Kind::List => Value::List(vec!["x".to_owned()]),
                Kind::Paths => Value::Paths(vec!["/x".into()]),
                Kind::Lists => Value::Lists(BTreeMap::from([("x".to_owned(), vec!["y".to_owned()])])),
                Kind::Tables(columns) => {
                    let value = |kind| {
                        if kind == Kind::Flag { Value::Flag(true) } else { Value::Text("y".to_owned()) }
                    };
                    let row = columns.iter().map(|column| (column.name, value(column.kind))).collect();
                    Value::Tables(BTreeMap::from([("x".to_owned(), row)]))
                }
            };
            let mut settings = Settings::default();
            setting.set(&mut settings, other.clone());
            assert_eq!(setting.get(&settings), other, "{}", setting.key);
        }
    }

    #[test]
    fn every_section_is_described_and_every_word_of_a_choice_is_known() {
        for setting in SETTINGS.iter() {
            assert!(SECTIONS.iter().any(|(name, _)| *name == setting.section()), "{}", setting.key);
            if let Kind::Choice(words) = setting.kind {
                for word in words {
                    let mut settings = Settings::default();
                    setting.set(&mut settings, Value::Text((*word).to_owned()));
                    assert_eq!(setting.get(&settings), Value::Text((*word).to_owned()), "{}", setting.key);
                }
            }
        }
    }
}
