//! Flags that say what clients of the MCP server may have done, and the policy that comes of them and the configuration.

use runspaced::mcp::{Mode, Policy};

use crate::config::{Config, FlagValue, SETTINGS};

/// What clients may have done.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Policy")]
pub struct PolicyFlags {
    /// List and run only what reads
    #[arg(long, conflicts_with_all = ["allow_writes", "run_script"])]
    read_only: bool,
    /// Run what writes too; without this, a write answers with its plan
    #[arg(long)]
    allow_writes: bool,
    /// Offer a tool that runs any script; it runs with --allow-writes only
    #[arg(long)]
    run_script: bool,
}

impl PolicyFlags {
    /// Those that are settings.
    pub fn settings(&self) -> impl Iterator<Item = FlagValue> {
        let flags = [
            FlagValue::of("policy.mode", "--read-only", self.read_only.then_some("read-only")),
            FlagValue::of("policy.mode", "--allow-writes", self.allow_writes.then_some("write")),
            FlagValue::of("policy.run_script", "--run-script", self.run_script.then_some("true")),
        ];
        flags.into_iter().flatten()
    }
}

/// The policy of the configuration.
///
/// # Errors
/// If a pattern is none, or a project's file would widen it.
pub fn policy(config: &Config) -> Result<Policy, String> {
    let wanted = &config.settings.policy;
    for setting in SETTINGS.iter().filter(|setting| setting.section() == "policy") {
        // A folder that somebody else filled must not decide what this user's clients may do. Lists take the place of the
        // user's own, so that a shorter one could allow more.
        let narrows = setting.key == "policy.mode" && wanted.mode == Mode::ReadOnly;
        if let Some(file) = config.project_file_of(setting.key).filter(|_| !narrows) {
            return Err(format!(
                "{}: {} is not believed from a project's file or .env, where only policy.mode = \"read-only\" is. Put it \
                 into your own runspaced.toml, a file named with --config, a variable or a flag",
                file.display(),
                setting.key
            ));
        }
    }
    Policy::new(wanted.mode)
        .run_script(wanted.run_script)
        .trust_what_if(wanted.trust_what_if)
        .allow(&wanted.allow)?
        .deny(&wanted.deny)?
        .reading(&wanted.reading)
}
