//! Verbs that PowerShell approves of. A module whose functions have others warns when it is imported; aliases do not count.

const APPROVED: &str = "Add Approve Assert Backup Block Build Checkpoint Clear Close Compare Complete Compress Confirm Connect Convert \
    ConvertFrom ConvertTo Copy Debug Deny Deploy Disable Disconnect Dismount Edit Enable Enter Exit Expand Export Find Format Get \
    Grant Group Hide Import Initialize Install Invoke Join Limit Lock Measure Merge Mount Move New Open Optimize Out Ping Pop \
    Protect Publish Push Read Receive Redo Register Remove Rename Repair Request Reset Resize Resolve Restart Restore Resume \
    Revoke Save Search Select Send Set Show Skip Split Start Step Stop Submit Suspend Switch Sync Test Trace Unblock Undo \
    Uninstall Unlock Unprotect Unpublish Unregister Update Use Wait Watch Write";

/// True if PowerShell approves of the verb of a name such as `Get-Item`.
pub(super) fn is_approved(name: &str) -> bool {
    name.split_once('-').is_some_and(|(verb, _)| APPROVED.split_whitespace().any(|known| known == verb))
}
