//! Every setting there is: its name, what it takes, what it does. Files, variables, flags, `config show` and the
//! documentation all come from this table.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// How a field of [`Settings`] is stored.
trait Field {
    fn read(&self) -> Value;
    fn write(&mut self, value: Value);
}

macro_rules! whole_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn read(&self) -> Value {
                Value::Whole(u64::try_from(*self).unwrap_or(u64::MAX))
            }
            fn write(&mut self, value: Value) {
                if let Value::Whole(number) | Value::Size(number) = value {
                    *self = Self::try_from(number).unwrap_or(Self::MAX);
                }
            }
        }
    )*};
}
whole_fields!(u8, u32, u64, usize);

impl Field for bool {
    fn read(&self) -> Value {
        Value::Flag(*self)
    }
    fn write(&mut self, value: Value) {
        if let Value::Flag(on) = value {
            *self = on;
        }
    }
}

impl Field for Duration {
    fn read(&self) -> Value {
        Value::Duration(*self)
    }
    fn write(&mut self, value: Value) {
        if let Value::Duration(duration) = value {
            *self = duration;
        }
    }
}

impl Field for String {
    fn read(&self) -> Value {
        Value::Text(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::Text(text) = value {
            *self = text;
        }
    }
}

impl Field for PathBuf {
    fn read(&self) -> Value {
        Value::Path(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::Path(path) = value {
            *self = path;
        }
    }
}

impl Field for Vec<String> {
    fn read(&self) -> Value {
        Value::List(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::List(items) = value {
            *self = items;
        }
    }
}

impl<T: Field + Default> Field for Option<T> {
    fn read(&self) -> Value {
        self.as_ref().map_or(Value::Unset, Field::read)
    }
    fn write(&mut self, value: Value) {
        if value == Value::Unset {
            *self = None;
        } else {
            self.get_or_insert_default().write(value);
        }
    }
}

/// A word of an enumeration, by its name in files.
fn word<T: Serialize>(value: &T) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Value::Text(text),
        _ => Value::Unset,
    }
}

fn from_word<T: DeserializeOwned>(field: &mut T, value: Value) {
    if let Value::Text(text) = value
        && let Ok(parsed) = serde_json::from_value(serde_json::Value::String(text))
    {
        *field = parsed;
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
            .default_text("none"),

        setting!(log.filter, Kind::Text,
            "What is logged to the error stream: error, warn, info, debug or trace, also by part (runspaced=debug).")
            .flag("--log").alias("RUNSPACED_LOG"),
        setting!(word log.format, &["text", "json"], "How a log line looks.").flag("--log-format"),

        setting!(environment.remove, Kind::List,
            "Environment variables taken away from scripts beside the built-in identity variables; PREFIX_* takes all that begin so."),
        setting!(environment.keep, Kind::List, "Identity variables that scripts may see after all."),

        setting!(mcp.commands, Kind::List, "Commands the MCP server offers, by name or wildcard; `mcp --command` adds to them."),
        setting!(mcp.modules, Kind::List, "Modules whose commands the MCP server offers; `mcp --module` adds to them."),

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
