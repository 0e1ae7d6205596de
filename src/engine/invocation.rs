//! What to run, and how.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    secret::{SecretKind, SecretProvider, SecretRef},
    settings::{Format, Isolation, Limits},
};
use crate::host::message::DEFAULT_WIDTH;

/// One thing to run: a command, a script text or a script file, with its arguments and limits.
///
/// Arguments are bound as values. No argument can become script text, whatever it contains.
///
/// ```
/// use runspaced::Invocation;
/// use std::time::Duration;
///
/// let call = Invocation::command("Get-Process").arg("Name", "pwsh*").timeout(Duration::from_secs(5));
/// # let _ = call;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Invocation {
    pub(crate) target: Target,
    pub(crate) parameters: Parameters,
    pub(crate) arguments: Vec<Value>,
    pub(crate) input: Option<Box<RawValue>>,
    pub(crate) secrets: Vec<SecretRef>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) isolation: Option<Isolation>,
    pub(crate) affinity: Option<Arc<str>>,
    pub(crate) session: Option<Arc<str>>,
    pub(crate) exclusive: bool,
    pub(crate) judge: bool,
    pub(crate) interactive: bool,
    pub(crate) live: bool,
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) limits: Option<Limits>,
    pub(crate) modules: Vec<String>,
    pub(crate) working_directory: Option<PathBuf>,
    pub(crate) correlation_id: Option<String>,
    /// The first mistake made while building; reported by `invoke`.
    pub(crate) mistake: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Command(String),
    Script(String),
    File(PathBuf),
    Describe(String),
    Measure { text: String, count: u64 },
}

/// Named parameters: built one by one, or JSON bytes taken as they are.
#[derive(Clone)]
pub(crate) enum Parameters {
    Map(Map<String, Value>),
    Raw(Box<RawValue>),
}

impl Invocation {
    fn new(target: Target) -> Self {
        Self {
            target,
            parameters: Parameters::Map(Map::new()),
            arguments: Vec::new(),
            input: None,
            secrets: Vec::new(),
            timeout: None,
            isolation: None,
            affinity: None,
            session: None,
            exclusive: false,
            judge: false,
            interactive: false,
            live: false,
            format: Format::Json,
            width: DEFAULT_WIDTH,
            limits: None,
            modules: Vec::new(),
            working_directory: None,
            correlation_id: None,
            mistake: None,
        }
    }

    /// A command (cmdlet, function, alias or application) by name.
    pub fn command(name: impl Into<String>) -> Self {
        Self::new(Target::Command(name.into()))
    }

    /// Script text. Keep it constant and pass what varies with [`arg`](Self::arg): each new text is compiled anew.
    pub fn script(text: impl Into<String>) -> Self {
        Self::new(Target::Script(text.into()))
    }

    /// A script file. `$PSScriptRoot`, `#Requires`, `using module` and the validation of its `param` block work.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Target::File(path.into()))
    }

    /// Metadata of commands: names or wildcard patterns, separated by commas, or `Module\*` for all of an imported module.
    /// The output is one object a command.
    pub fn describe(pattern: impl Into<String>) -> Self {
        Self::new(Target::Describe(pattern.into()))
    }

    /// One of several parts of [`describe`](Self::describe): the parts of one pattern, asked for at once, share the work among as many runspaces.
    pub(crate) fn describe_part(pattern: impl Into<String>, part: usize, parts: usize) -> Self {
        Self::describe(pattern).arg("part", part).arg("parts", parts)
    }

    /// The floor of the benchmark: `text` run `count` times in a plain C# loop inside the slot. The `mode` argument is
    /// `command` or `script`.
    #[doc(hidden)]
    pub fn measure(text: impl Into<String>, count: u64) -> Self {
        Self::new(Target::Measure { text: text.into(), count })
    }

    /// A named parameter. A switch takes `true`.
    pub fn arg(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match (serde_json::to_value(value), &mut self.parameters) {
            (Ok(value), Parameters::Map(map)) => {
                map.insert(name, value);
            }
            (Ok(_), Parameters::Raw(_)) => self.mistaken(format!("parameter '{name}' after args_json")),
            (Err(error), _) => self.mistaken(format!("parameter '{name}' is not JSON: {error}")),
        }
        self
    }

    /// A switch parameter.
    pub fn switch(self, name: impl Into<String>) -> Self {
        self.arg(name, true)
    }

    /// A positional argument.
    pub fn positional(mut self, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.arguments.push(value),
            Err(error) => self.mistaken(format!("positional argument is not JSON: {error}")),
        }
        self
    }

    /// All named parameters at once, as JSON text of one object. Replaces those set before.
    pub fn args_json(mut self, json: impl Into<String>) -> Self {
        match RawValue::from_string(json.into()) {
            Ok(raw) if raw.get().starts_with('{') => self.parameters = Parameters::Raw(raw),
            Ok(raw) => {
                let given = raw.get().chars().take(40).collect::<String>();
                self.mistaken(format!("parameters must be a JSON object, not {given}"));
            }
            Err(error) => self.mistaken(format!("parameters are not JSON: {error}")),
        }
        self
    }

    /// Pipeline input: each element of the sequence is one object.
    pub fn input(mut self, values: impl Serialize) -> Self {
        match serde_json::to_string(&values) {
            Ok(json) => self.input_json(json),
            Err(error) => {
                self.mistaken(format!("pipeline input is not JSON: {error}"));
                self
            }
        }
    }

    /// Pipeline input as the JSON text of one array.
    pub fn input_json(mut self, json: impl Into<String>) -> Self {
        match RawValue::from_string(json.into()) {
            Ok(raw) if raw.get().starts_with('[') => self.input = Some(raw),
            Ok(_) => self.mistaken("pipeline input must be a JSON array".to_owned()),
            Err(error) => self.mistaken(format!("pipeline input is not JSON: {error}")),
        }
        self
    }

    /// Binds a secret to a `SecureString` parameter. The provider is asked when the call starts; the value never appears
    /// in logs, records or `$Error`.
    pub fn secret(mut self, parameter: impl Into<String>, provider: impl SecretProvider + 'static) -> Self {
        self.push_secret(parameter.into(), SecretKind::SecureString, Arc::new(provider));
        self
    }

    /// Binds a user name and a secret to a `PSCredential` parameter.
    pub fn credential(
        mut self,
        parameter: impl Into<String>,
        user: impl Into<String>,
        provider: impl SecretProvider + 'static,
    ) -> Self {
        self.push_secret(parameter.into(), SecretKind::Credential { user: user.into() }, Arc::new(provider));
        self
    }

    /// Makes a secret available to `{"$secret": name}` values in parameters, without binding it to one.
    pub fn named_secret(mut self, name: impl Into<String>, provider: impl SecretProvider + 'static) -> Self {
        let name = name.into();
        self.secrets.push(SecretRef { name, kind: SecretKind::SecureString, provider: Arc::new(provider) });
        self
    }

    fn push_secret(&mut self, parameter: String, kind: SecretKind, provider: Arc<dyn SecretProvider>) {
        match &mut self.parameters {
            Parameters::Map(map) => {
                map.insert(parameter.clone(), serde_json::json!({ "$secret": parameter }));
                self.secrets.push(SecretRef { name: parameter, kind, provider });
            }
            Parameters::Raw(_) => {
                self.mistaken(format!("secret '{parameter}' after args_json; use named_secret"))
            }
        }
    }

    /// Deadline, from the moment `invoke` is called. Default: the engine's (300 s).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Isolation level. Default: the engine's ([`Isolation::Scoped`]).
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        if isolation == Isolation::Session {
            self.mistaken("Isolation::Session is chosen with session(name)".to_owned());
        }
        self.isolation = Some(isolation);
        self
    }

    /// Whose call this is (tenant, principal, profile). A slot that has served one key never serves another.
    pub fn affinity(mut self, key: impl Into<Arc<str>>) -> Self {
        self.affinity = Some(key.into());
        self
    }

    /// Runs in the named session, which keeps its state between calls. Open it with [`crate::Engine::open_session`].
    pub fn session(mut self, name: impl Into<Arc<str>>) -> Self {
        self.session = Some(name.into());
        self
    }

    /// Runs alone: waits until no other call runs, and none starts before it ends. For calls that change
    /// process-wide state, such as environment variables.
    pub fn exclusive(mut self) -> Self {
        self.exclusive = true;
        self
    }

    /// Lets the script ask questions; they arrive at the [`crate::Call`]. Without this a question ends the call with
    /// [`crate::Error::PromptBlocked`].
    pub fn interactive(mut self) -> Self {
        self.interactive = true;
        self
    }

    /// Finds out whether the last statement succeeded (`$?`), for [`crate::Output::succeeded`]. The call then goes into
    /// the session's history, as at a prompt.
    pub fn judge(mut self) -> Self {
        self.judge = true;
        self
    }

    /// Sends records other than output as they come, for [`crate::Call::next_live`].
    pub fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// JSON values (default) or text.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Width of text output in columns (20 to 4,096, default 120).
    pub fn width(mut self, columns: u32) -> Self {
        self.width = columns;
        self
    }

    /// Budgets. Default: the engine's.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// A module the call needs: imported first where the slot does not have it, and kept there. The pool prefers a
    /// slot that has it.
    pub fn module(mut self, name_or_path: impl Into<String>) -> Self {
        self.modules.push(name_or_path.into());
        self
    }

    /// Location (`$PWD`) for this call. Default: the engine's.
    pub fn working_directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(path.into());
        self
    }

    /// Id that ties logs together; readable in the script as `$RunspacedCallId`.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    fn mistaken(&mut self, mistake: String) {
        self.mistake.get_or_insert(mistake);
    }
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Arguments may be confidential: only their names are shown.
        let names: Vec<&str> = match &self.parameters {
            Parameters::Map(map) => map.keys().map(String::as_str).collect(),
            Parameters::Raw(_) => vec!["(json)"],
        };
        f.debug_struct("Invocation")
            .field("target", &self.target)
            .field("parameters", &names)
            .field("timeout", &self.timeout)
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
}
