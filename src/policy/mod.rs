//! What clients may have done: modes, lists, and what reads.
//!
//! A verb is not a policy. Where only reading is allowed, a command runs if the shipped tables ([`builtin`]) or the
//! configuration names it as reading, and then only with arguments that read ([`arguments`], [`rule`], [`path`]). The dispatcher asks
//! [`Policy::review`] about every call, with the arguments as they would be bound; PowerShell has seen nothing of it then.
//! `docs/policy.md` says what that guarantees, and what not.

mod arguments;
mod builtin;
mod explanation;
mod offer;
mod path;
mod pattern;
mod rule;
mod script;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    catalog::{Target, ToolSpec},
    parts::ReviewedCommand,
};
use builtin::{Danger, Effect};
pub(crate) use explanation::{Explanation, Outcome};
pub(crate) use offer::Offer;
use pattern::{Names, Pattern};
pub(crate) use script::{ARGUMENTS as SCRIPT_ARGUMENTS, TEXT as SCRIPT_TEXT};

/// How much clients may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every tool is listed. Those that read run; a write answers with its plan and how to allow it.
    #[default]
    Plan,
    /// Only tools that read are listed and run.
    ReadOnly,
    /// Everything that is listed runs.
    Write,
}

impl Mode {
    /// As the configuration and the audit record write it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::ReadOnly => "read-only",
            Self::Write => "write",
        }
    }
}

/// What clients may have done. The default is [`Mode::Plan`] with no lists.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    mode: Mode,
    allow: Vec<Pattern>,
    deny: Vec<Pattern>,
    reading: Vec<Pattern>,
    script: bool,
    doubt_what_if: bool,
}

/// What becomes of a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It runs, with these arguments.
    Run(Map<String, Value>),
    /// It runs as `-WhatIf`, with these arguments: nothing is changed.
    Plan(Map<String, Value>),
    /// It does not run; why, and what would help.
    Refused(String),
}

/// What a tool does, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Reads; of PowerShell itself, and reviewed.
    Reads(builtin::Parameters),
    /// Reads; the configuration says so.
    SaidToRead,
    /// Reads; it is this program's own.
    OwnReads,
    /// Changes something, and says what before it does; it is this program's own.
    OwnPlans,
    /// Changes something, and can say what.
    Plans,
    /// Changes something, or may; why it cannot be planned.
    Acts(Unplanned),
}

/// Why a call has no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unplanned {
    /// It is a command of PowerShell itself that does this.
    BuiltIn(Danger),
    /// It is not known and has no `-WhatIf`.
    Unknown,
    /// It has a `-WhatIf` that is not to be trusted.
    Doubted,
    /// It is the tool that runs scripts.
    Script,
}

impl Policy {
    /// A policy of this mode.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Offers only what one of these patterns names: a tool, a command, a module, or `Module\Command`; `*` and `?` as
    /// usual. None: everything.
    ///
    /// # Errors
    /// If one of them is empty.
    pub fn allow(mut self, patterns: &[impl AsRef<str>]) -> Result<Self, String> {
        self.allow = parsed("allow", patterns)?;
        Ok(self)
    }

    /// Does not offer what one of these patterns names, whatever is allowed.
    ///
    /// # Errors
    /// If one of them is empty.
    pub fn deny(mut self, patterns: &[impl AsRef<str>]) -> Result<Self, String> {
        self.deny = parsed("deny", patterns)?;
        Ok(self)
    }

    /// Takes commands that one of these patterns names for reading: `Get-Shelf`, `Inventory\Get-*`. For commands of
    /// PowerShell itself the shipped tables count, whatever a pattern with wildcards says; those that only fetch from the
    /// network or show what is otherwise kept back can be named exactly.
    ///
    /// # Errors
    /// If one is empty, or names exactly a command of PowerShell itself that writes or runs code.
    pub fn reading(mut self, patterns: &[impl AsRef<str>]) -> Result<Self, String> {
        self.reading = parsed("reading", patterns)?;
        for pattern in &self.reading {
            let known = pattern.exact_command().into_iter().flat_map(builtin::named);
            for command in known {
                let danger = match command.effect {
                    Effect::Plans => "writes",
                    Effect::Acts(danger) => danger.says(),
                    Effect::Reads(_) | Effect::Sensitive(..) => continue,
                };
                // A module of the user's own may have a command of that name.
                if !pattern.text().contains('\\')
                    || builtin::find(module_of(pattern.text()), command.name).is_some()
                {
                    return Err(format!(
                        "policy.reading names {}, which {danger}; for a command of your own of that name write Module\\{}",
                        command.name, command.name
                    ));
                }
            }
        }
        Ok(self)
    }

    /// Offers the tool `run_script`, which runs any script (default: no). It runs in [`Mode::Write`] only.
    #[must_use]
    pub fn run_script(mut self, offered: bool) -> Self {
        self.script = offered;
        self
    }

    /// Whether, in [`Mode::Plan`], commands beside those of PowerShell itself run as `-WhatIf` where they have it (default),
    /// or are refused. `-WhatIf` is a promise of the command, not of PowerShell.
    #[must_use]
    pub fn trust_what_if(mut self, trust: bool) -> Self {
        self.doubt_what_if = !trust;
        self
    }

    /// Why no call of this tool runs, whatever its arguments; `None` if that depends on them.
    pub(crate) fn bars(&self, tool: &ToolSpec) -> Option<String> {
        if let Some(reason) = self.not_offered(tool) {
            return Some(format!("{} is not offered: {reason}.", tool.name));
        }
        match self.nature(tool) {
            nature @ Nature::Acts(why) if self.mode != Mode::Write => {
                Some(self.refusal(tool, nature, &[why.says(command_of(tool).1)]))
            }
            _ => None,
        }
    }

    /// What becomes of a call of this tool with these arguments and this pipeline input, which are those that PowerShell would
    /// get: names as declared, nothing else.
    pub(crate) fn review(
        &self,
        tool: &ToolSpec,
        mut arguments: Map<String, Value>,
        input: &[Value],
    ) -> Verdict {
        if let Some(reason) = self.bars(tool) {
            return Verdict::Refused(reason);
        }
        if self.mode == Mode::Write {
            return Verdict::Run(arguments);
        }
        let nature = self.nature(tool);
        let mut reasons = match nature {
            Nature::Reads(parameters) => arguments::reviewed(parameters, &arguments),
            Nature::OwnReads | Nature::OwnPlans => Vec::new(),
            Nature::SaidToRead | Nature::Plans | Nature::Acts(_) => arguments::files_only(tool, &arguments),
        };
        reasons.extend(match nature {
            Nature::Reads(parameters) => arguments::reviewed_input(tool, parameters, input),
            Nature::OwnReads | Nature::OwnPlans => Vec::new(),
            Nature::SaidToRead | Nature::Plans | Nature::Acts(_) => arguments::files_only_input(tool, input),
        });
        if !reasons.is_empty() {
            return Verdict::Refused(self.refusal(tool, nature, &reasons));
        }
        if nature == Nature::Plans {
            arguments.insert(WHAT_IF.to_owned(), Value::Bool(true));
            return Verdict::Plan(arguments);
        }
        Verdict::Run(arguments)
    }

    /// What the tool does.
    fn nature(&self, tool: &ToolSpec) -> Nature {
        match &tool.target {
            Target::Command(_) => {}
            Target::Script => return Nature::Acts(Unplanned::Script),
            Target::Native { .. } if tool.annotations.read_only => return Nature::OwnReads,
            Target::Native { .. } => return Nature::OwnPlans,
            // What it invokes is judged by itself.
            Target::Finder(_) => return Nature::OwnReads,
        }
        let names = names(tool);
        match builtin::find(names.module, names.command).map(|known| known.effect) {
            Some(Effect::Reads(parameters)) => Nature::Reads(parameters),
            Some(Effect::Sensitive(parameters, danger)) => {
                let named =
                    |pattern: &&Pattern| pattern.exact_command().is_some() && pattern.names_command(names);
                match self.reading.iter().find(named) {
                    Some(_) => Nature::Reads(parameters),
                    None => Nature::Acts(Unplanned::BuiltIn(danger)),
                }
            }
            Some(Effect::Plans) => Nature::Plans,
            Some(Effect::Acts(danger)) => Nature::Acts(Unplanned::BuiltIn(danger)),
            None if self.reading.iter().any(|pattern| pattern.names_command(names)) => Nature::SaidToRead,
            None if !tool.should_process => Nature::Acts(Unplanned::Unknown),
            None if self.doubt_what_if => Nature::Acts(Unplanned::Doubted),
            None => Nature::Plans,
        }
    }

    /// Why the tool is neither listed nor run; `None` if it is listed.
    fn not_offered(&self, tool: &ToolSpec) -> Option<String> {
        if let Target::Finder(_) = &tool.target {
            return None;
        }
        let names = names(tool);
        if let Some(pattern) = self.deny.iter().find(|pattern| pattern.names(names)) {
            return Some(format!("policy.deny names it ({})", pattern.text()));
        }
        if !self.allow.is_empty() && !self.allow.iter().any(|pattern| pattern.names(names)) {
            return Some("policy.allow does not name it".to_owned());
        }
        match self.nature(tool) {
            Nature::Plans | Nature::OwnPlans if self.mode == Mode::ReadOnly => {
                Some("it writes, and the server is read-only".to_owned())
            }
            Nature::Acts(why) if self.mode == Mode::ReadOnly => {
                Some(format!("it {}, and the server is read-only", why.says(names.command)))
            }
            _ => None,
        }
    }

    /// A refusal with what would help.
    fn refusal(&self, tool: &ToolSpec, nature: Nature, reasons: &[String]) -> String {
        let (_, command) = command_of(tool);
        let mut text = match self.mode {
            Mode::ReadOnly => format!("Refused: the server is read-only, and {command}"),
            _ => format!("Refused: the server is in plan mode, and {command}"),
        };
        match reasons {
            [reason] => text.push_str(&format!(" {reason}.")),
            reasons => {
                text.push(':');
                for reason in reasons {
                    text.push_str("\n- ");
                    text.push_str(reason);
                }
            }
        }
        text.push_str("\nNothing was run. ");
        text.push_str(match nature {
            Nature::Reads(_) | Nature::OwnReads | Nature::OwnPlans => "Call it without that.",
            Nature::SaidToRead => "Give a path of the file system.",
            Nature::Acts(Unplanned::Unknown | Unplanned::Doubted) => {
                "Whoever runs the server can name it in policy.reading if it only reads, or allow writes (--allow-writes)."
            }
            Nature::Plans => {
                "Give a path of the file system; or whoever runs the server can allow writes (--allow-writes)."
            }
            Nature::Acts(_) => "Whoever runs the server can allow writes (--allow-writes).",
        });
        text
    }
}

/// What the tables have, for tests that hold them against a PowerShell.
pub(crate) fn reviewed_commands() -> Vec<ReviewedCommand> {
    let rows = builtin::all().map(|(module, command)| ReviewedCommand {
        module,
        name: command.name,
        parameters: match command.effect {
            Effect::Reads(parameters) | Effect::Sensitive(parameters, _) => {
                parameters.iter().map(|(name, _)| name).collect()
            }
            Effect::Plans | Effect::Acts(_) => Vec::new(),
        },
        plans: command.effect == Effect::Plans,
    });
    rows.collect()
}

/// The switch that makes a command say what it would do.
const WHAT_IF: &str = "WhatIf";

impl Unplanned {
    /// Ends the sentence "the command ...".
    fn says(self, command: &str) -> String {
        match self {
            Self::BuiltIn(danger) => danger.says().to_owned(),
            Self::Unknown => format!(
                "is not known to only read{}, and has no -WhatIf to say what it would do",
                if command.contains('-') { ", whatever its name says" } else { "" }
            ),
            Self::Doubted => "is not known to only read, and its -WhatIf is not trusted here".to_owned(),
            Self::Script => "runs any script, of which nobody can say beforehand what it does".to_owned(),
        }
    }
}

/// Module (empty: none) and name of the command that a tool runs.
fn command_of(tool: &ToolSpec) -> (&str, &str) {
    match &tool.target {
        Target::Command(command) => match command.rsplit_once('\\') {
            Some((module, name)) => (module, name),
            None => ("", command),
        },
        Target::Script | Target::Native { .. } | Target::Finder(_) => ("", &tool.name),
    }
}

fn names(tool: &ToolSpec) -> Names<'_> {
    let (module, command) = command_of(tool);
    Names { tool: &tool.name, command, module }
}

fn module_of(pattern: &str) -> &str {
    pattern.split_once('\\').map_or("", |(module, _)| module)
}

fn parsed(list: &str, patterns: &[impl AsRef<str>]) -> Result<Vec<Pattern>, String> {
    patterns
        .iter()
        .map(|pattern| Pattern::new(pattern.as_ref()).map_err(|error| format!("policy.{list}: {error}")))
        .collect()
}

#[cfg(test)]
mod tests;
