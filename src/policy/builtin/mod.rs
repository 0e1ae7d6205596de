//! What the commands of PowerShell 7.6 do, reviewed one by one. `docs/policy.md` has the criteria.
//!
//! A command that is not in these tables is not known. A parameter of a reading command that is not in its row may do
//! more than read, or was not reviewed: it is refused where only reading is allowed.

mod core;
mod management;
mod other;
mod utility;

use super::rule::Rule;

/// A command of PowerShell itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
}

/// What a command of PowerShell itself does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It only reads, or makes new values of what it is given, as long as no other parameters than these are given.
    Reads(Parameters),
    /// Reads with these parameters, but what it reads has to be allowed by name.
    Sensitive(Parameters, Danger),
    /// Changes something; `-WhatIf` was seen to say what, and to change nothing.
    Plans,
    /// Does more than read, and says nothing about it beforehand.
    Acts(Danger),
}

/// Names of parameters, separated by spaces; `Name:rule` where values matter ([`Rule`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters(pub(super) &'static str);

/// Why a command is not run where only reading is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Danger {
    /// Changes files, settings, processes.
    Writes,
    /// Runs code that it is given or finds.
    Executes,
    /// Talks to other machines.
    Network,
    /// Gives away what is kept from clients: variables, keys, the clipboard.
    Secrets,
    /// Changes the session it runs in, or other runspaces of the process.
    Session,
    /// Wants a person at a terminal.
    Interactive,
    /// `-WhatIf` is accepted and not respected.
    DeafToWhatIf,
}

impl Danger {
    /// Ends the sentence "the command ...".
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Writes => "writes, and cannot say beforehand what",
            Self::Executes => "runs code that it is given or finds",
            Self::Network => "reaches out to other machines",
            Self::Secrets => "shows what is kept from clients: variables, keys or the clipboard",
            Self::Session => "changes the session, or reaches other runspaces of this process",
            Self::Interactive => "wants a person at a terminal",
            Self::DeafToWhatIf => "accepts -WhatIf and acts all the same",
        }
    }
}

impl Parameters {
    /// The rule of a parameter; `None` if it is not one of these.
    pub(super) fn rule(self, parameter: &str) -> Option<Rule> {
        self.iter().find(|(name, _)| name.eq_ignore_ascii_case(parameter)).map(|(_, rule)| rule)
    }

    /// All of them.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'static str, Rule)> {
        self.0.split_ascii_whitespace().map(|entry| match entry.split_once(':') {
            // A rule with an unknown name is as strict as there is one; a test finds it.
            Some((name, rule)) => (name, Rule::named(rule).unwrap_or(Rule::Nothing)),
            None => (entry, Rule::Any),
        })
    }
}

/// Modules of PowerShell itself, and what their commands do.
const MODULES: &[(&str, &[BuiltIn])] = &[
    ("Microsoft.PowerShell.Core", core::COMMANDS),
    ("Microsoft.PowerShell.Management", management::COMMANDS),
    ("Microsoft.PowerShell.Utility", utility::COMMANDS),
    ("Microsoft.PowerShell.Security", other::SECURITY),
    ("Microsoft.PowerShell.Host", other::HOST),
    ("Microsoft.PowerShell.Archive", other::ARCHIVE),
    ("Microsoft.PowerShell.ThreadJob", other::THREAD_JOB),
    ("ThreadJob", other::THREAD_JOB),
    ("PSReadLine", other::READ_LINE),
    ("Microsoft.PowerShell.Diagnostics", other::DIAGNOSTICS),
    ("CimCmdlets", other::CIM),
];

/// What is known of a command: by module and name, letter case does not matter.
pub(super) fn find(module: &str, command: &str) -> Option<&'static BuiltIn> {
    let (_, commands) = MODULES.iter().find(|(name, _)| name.eq_ignore_ascii_case(module))?;
    commands.iter().find(|known| known.name.eq_ignore_ascii_case(command))
}

/// Every command there is a row of, with its module.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static BuiltIn)> {
    MODULES.iter().flat_map(|(module, commands)| commands.iter().map(move |command| (*module, command)))
}

/// Commands of PowerShell itself of this name, whatever the module: for patterns that name no module.
pub(super) fn named(command: &str) -> impl Iterator<Item = &'static BuiltIn> {
    MODULES
        .iter()
        .flat_map(|(_, commands)| *commands)
        .filter(move |known| known.name.eq_ignore_ascii_case(command))
}

const fn reads(name: &'static str, parameters: &'static str) -> BuiltIn {
    BuiltIn { name, effect: Effect::Reads(Parameters(parameters)) }
}

const fn sensitive(name: &'static str, danger: Danger, parameters: &'static str) -> BuiltIn {
    BuiltIn { name, effect: Effect::Sensitive(Parameters(parameters), danger) }
}

const fn plans(name: &'static str) -> BuiltIn {
    BuiltIn { name, effect: Effect::Plans }
}

const fn acts(name: &'static str, danger: Danger) -> BuiltIn {
    BuiltIn { name, effect: Effect::Acts(danger) }
}
