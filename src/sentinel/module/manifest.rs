//! The module's manifest.

use super::{NAME, function};
use crate::engine::quoted;
use crate::sentinel::operations;

/// The file.
pub(super) fn text() -> String {
    let functions: Vec<String> =
        operations().iter().map(|operation| function::name(operation).to_owned()).collect();
    let aliases: Vec<String> = operations().iter().flat_map(function::aliases).collect();
    format!(
        "# This file is made from the definitions of the operations; changes to it are lost.\n\
         @{{\n    \
             RootModule = '{NAME}.psm1'\n    \
             ModuleVersion = '{}'\n    \
             GUID = '6d0c1e52-7c1f-4e0e-9d0b-5a4f3f0e9b71'\n    \
             Author = 'The runspaced authors'\n    \
             Description = 'Microsoft Sentinel administration over many workspaces and tenants. The work is done by runspaced.'\n    \
             PowerShellVersion = '7.6'\n    \
             CompatiblePSEditions = @('Core')\n    \
             FormatsToProcess = @('{NAME}.format.ps1xml')\n    \
             FunctionsToExport = @(\n{}\n    )\n    \
             AliasesToExport = @(\n{}\n    )\n    \
             CmdletsToExport = @()\n    \
             VariablesToExport = @()\n    \
             PrivateData = @{{ PSData = @{{ Tags = @('Sentinel', 'Azure', 'Security', 'SIEM') }} }}\n\
         }}\n",
        env!("CARGO_PKG_VERSION"),
        lines(&functions),
        lines(&aliases),
    )
}

fn lines(names: &[String]) -> String {
    names.iter().map(|name| format!("        {}", quoted(name))).collect::<Vec<_>>().join("\n")
}
