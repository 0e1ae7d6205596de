//! What a command's verb says about it. Hints for clients; nothing is permitted or refused by them.

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

impl Annotations {
    /// From the name of a command and of its module (empty: none).
    pub(crate) fn of(command: &str, module: &str) -> Self {
        let command = command.to_ascii_lowercase();
        let verb = command.split_once('-').map_or("", |(verb, _)| verb);
        let read_only = READING.contains(&verb);
        let built_in = module.is_empty() || module.to_ascii_lowercase().starts_with("microsoft.powershell.");
        Self {
            read_only,
            destructive: !read_only && !ADDING.contains(&verb),
            idempotent: read_only || REPEATABLE.contains(&verb),
            open_world: !built_in || REACHING_OUT.contains(&command.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_follow_the_verb() {
        let get = Annotations::of("Get-Process", "Microsoft.PowerShell.Management");
        assert_eq!(
            get,
            Annotations { read_only: true, destructive: false, idempotent: true, open_world: false }
        );
        let remove = Annotations::of("Remove-Item", "Microsoft.PowerShell.Management");
        assert!(!remove.read_only && remove.destructive && remove.idempotent && !remove.open_world);
        let new = Annotations::of("New-Thing", "Vendor.Cloud");
        assert!(!new.read_only && !new.destructive && !new.idempotent && new.open_world);
    }

    #[test]
    fn annotations_of_unknown_verbs_are_the_worst() {
        for command in ["Frobnicate-Item", "deploy", "Invoke-Expression"] {
            let hints = Annotations::of(command, "Vendor");
            assert!(
                !hints.read_only && hints.destructive && !hints.idempotent && hints.open_world,
                "{command}"
            );
        }
    }
}
