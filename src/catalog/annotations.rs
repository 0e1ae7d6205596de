//! What a command's verb says about it. Hints for clients; nothing is permitted or refused by them.

use serde_json::{Value, json};

use super::exposure::ToolOverride;

/// MCP's four hints. All are always set: a client takes a missing one for the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Annotations {
    /// Changes nothing.
    pub(crate) read_only: bool,
    /// May change or remove what is there, instead of only adding to it.
    pub(crate) destructive: bool,
    /// A second call with the same arguments changes nothing more.
    pub(crate) idempotent: bool,
    /// Deals with things outside of this machine.
    pub(crate) open_world: bool,
}

/// Verbs whose commands look at things or make new values of them.
const READING: &[&str] = &[
    "compare",
    "convert",
    "convertfrom",
    "convertto",
    "find",
    "format",
    "get",
    "group",
    "join",
    "measure",
    "ping",
    "read",
    "resolve",
    "search",
    "select",
    "show",
    "sort",
    "split",
    "test",
    "trace",
    "wait",
    "watch",
    "where",
];
/// Verbs whose commands add something and leave the rest alone.
const ADDING: &[&str] = &[
    "add", "connect", "enter", "export", "import", "mount", "new", "open", "out", "register", "send",
    "start", "write",
];
/// Verbs whose commands may be repeated without further effect.
const REPEATABLE: &[&str] = &[
    "block",
    "clear",
    "disable",
    "dismount",
    "enable",
    "hide",
    "lock",
    "mount",
    "protect",
    "publish",
    "remove",
    "reset",
    "resume",
    "revoke",
    "set",
    "stop",
    "suspend",
    "unblock",
    "uninstall",
    "unlock",
    "unregister",
];
/// Built-in commands that reach beyond this machine.
const REACHING_OUT: &[&str] =
    &["invoke-restmethod", "invoke-webrequest", "send-mailmessage", "test-connection", "new-pssession"];

/// What a command declares about asking before it acts (`SupportsShouldProcess`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Asks {
    /// It does not declare that it changes anything.
    #[default]
    Never,
    /// It can be asked what it would do.
    OnRequest,
    /// It asks by itself (`ConfirmImpact = High`).
    ByItself,
}

impl Annotations {
    /// From the name of a command and of its module (empty: none), and what it declares.
    pub(crate) fn of(command: &str, module: &str, asks: Asks) -> Self {
        let command = command.to_ascii_lowercase();
        let verb = command.split_once('-').map_or("", |(verb, _)| verb);
        // What asks before it acts does not only read, whatever it is called.
        let read_only = READING.contains(&verb) && asks == Asks::Never;
        let built_in = module.is_empty() || module.to_ascii_lowercase().starts_with("microsoft.powershell.");
        Self {
            read_only,
            destructive: asks == Asks::ByItself || (!read_only && !ADDING.contains(&verb)),
            idempotent: read_only || REPEATABLE.contains(&verb),
            open_world: !built_in || REACHING_OUT.contains(&command.as_str()),
        }
    }

    /// As MCP writes them.
    pub(crate) fn json(&self) -> Value {
        json!({
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        })
    }

    /// With what the configuration says otherwise.
    pub(crate) fn overridden(self, by: &ToolOverride) -> Self {
        let read_only = by.read_only.unwrap_or(self.read_only);
        Self {
            read_only,
            // What only reads destroys nothing and may be repeated, unless that is said as well.
            destructive: by.destructive.unwrap_or(self.destructive && !read_only),
            idempotent: by.idempotent.unwrap_or(self.idempotent || by.read_only == Some(true)),
            open_world: by.open_world.unwrap_or(self.open_world),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_follow_the_verb() {
        let get = Annotations::of("Get-Process", "Microsoft.PowerShell.Management", Asks::Never);
        assert_eq!(
            get,
            Annotations { read_only: true, destructive: false, idempotent: true, open_world: false }
        );
        let remove = Annotations::of("Remove-Item", "Microsoft.PowerShell.Management", Asks::Never);
        assert!(!remove.read_only && remove.destructive && remove.idempotent && !remove.open_world);
        let new = Annotations::of("New-Thing", "Vendor.Cloud", Asks::OnRequest);
        assert!(!new.read_only && !new.destructive && !new.idempotent && new.open_world);
    }

    #[test]
    fn annotations_of_unknown_verbs_are_the_worst() {
        for command in ["Frobnicate-Item", "deploy", "Invoke-Expression"] {
            let hints = Annotations::of(command, "Vendor", Asks::Never);
            assert!(
                !hints.read_only && hints.destructive && !hints.idempotent && hints.open_world,
                "{command}"
            );
        }
    }

    #[test]
    fn annotations_follow_what_the_command_declares() {
        let asking = Annotations::of("Get-Thing", "Vendor", Asks::OnRequest);
        assert!(!asking.read_only && asking.destructive);
        assert!(Annotations::of("New-Thing", "Vendor", Asks::ByItself).destructive);
    }

    #[test]
    fn annotations_follow_the_configuration_last() {
        let worst = Annotations::of("Invoke-Query", "Vendor", Asks::Never);
        let reading = worst.overridden(&ToolOverride { read_only: Some(true), ..ToolOverride::default() });
        assert_eq!(
            reading,
            Annotations { read_only: true, destructive: false, idempotent: true, open_world: true }
        );
        let local = worst.overridden(&ToolOverride { open_world: Some(false), ..ToolOverride::default() });
        assert!(!local.open_world && local.destructive);
    }
}
