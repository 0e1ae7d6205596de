//! Functions and aliases.

use crate::row::{Nature::*, Row};

pub const ROWS: &[Row] = &[
    Row::new(Call, "function of the script", "function Leak { $Canary }", "Test-Path function:Leak"),
    Row::new(Restored, "function, new", "function global:Leak { 'leak' }", "Test-Path function:Leak"),
    Row::new(Restored, "function, redefined", "function global:Get-Base { 'leak' }", "Get-Base"),
    Row::new(
        Restored,
        "function, redefined in place",
        "${function:global:Get-Base} = { 'leak' }",
        "Get-Base",
    ),
    Row::new(Restored, "function, removed", "Remove-Item function:Get-Base", "Test-Path function:Get-Base"),
    Row::new(
        Restored,
        "function, renamed",
        "Rename-Item function:Get-Base Get-Leak",
        "Test-Path function:Get-Leak",
    ),
    Row::new(
        Restored,
        "function of a module, overwritten",
        "function global:Get-Canary { 'leak' }",
        "Get-Canary",
    ),
    Row::new(
        Restored,
        "function of a module, removed",
        "Remove-Item function:Get-Canary",
        "Test-Path function:Get-Canary",
    ),
    Row::new(
        Restored,
        "function that hides a cmdlet",
        "function global:Get-Date { 'leak' }",
        "[string](Get-Command Get-Date).CommandType",
    ),
    Row::new(Restored, "function of PowerShell, redefined", "function global:prompt { 'leak' }", "prompt"),
    Row::new(
        Restored,
        "private function",
        "function global:Leak { 'leak' }; (Get-Item function:Leak).Options = 'Private'",
        "(Get-ChildItem function:).Name -contains 'Leak'",
    ),
    Row::new(
        Restored,
        "constant function",
        "Set-Item function:global:Leak { 'leak' } -Options Constant",
        "Test-Path function:Leak",
    ),
    Row::new(
        Call,
        "class of the script",
        "class Leak { static [string]$Value = 'leak' }; $null = [Leak]::Value",
        "[string]('Leak' -as [type])",
    ),
    Row::new(Call, "alias of the script", "Set-Alias leak Get-Date", "Test-Path alias:leak"),
    Row::new(Restored, "alias, new", "Set-Alias -Scope Global leak Get-Date", "Test-Path alias:leak"),
    Row::new(Restored, "alias, changed", "Set-Alias -Scope Global base Get-Canary", "base"),
    Row::new(Restored, "alias, removed", "Remove-Item alias:base", "Test-Path alias:base"),
    Row::new(
        Restored,
        "alias that hides a cmdlet",
        "Set-Alias -Scope Global Get-Item Get-Date",
        "[string](Get-Command Get-Item).CommandType",
    ),
    Row::new(
        Restored,
        "alias of all scopes, changed",
        "Set-Alias -Scope Global -Name '%' -Value Get-Canary -Option AllScope -Force",
        "(Get-Alias '%').Definition",
    ),
    Row::new(Restored, "alias of a module, changed", "Set-Alias -Scope Global canary Get-Base", "canary"),
    Row::new(
        Restored,
        "constant alias",
        "Set-Alias -Scope Global leak Get-Date -Option Constant",
        "Test-Path alias:leak",
    ),
];
