//! What belongs to the process, whichever runspace changes it.

use crate::row::{Nature::*, Row};

pub const ROWS: &[Row] = &[
    Row::new(Process, "environment variable, new", "$env:LEAK_NEW = $Canary", "[string]$env:LEAK_NEW"),
    Row::new(
        Process,
        "environment variable, changed",
        "$env:POWERSHELL_UPDATECHECK = $Canary",
        "[string]$env:POWERSHELL_UPDATECHECK",
    ),
    Row::new(
        Process,
        "environment variable, removed",
        "Remove-Item env:POWERSHELL_UPDATECHECK",
        "[string](Test-Path env:POWERSHELL_UPDATECHECK)",
    ),
    Row::new(
        Process,
        "environment variable, set through .NET",
        "[Environment]::SetEnvironmentVariable('LEAK_DOTNET', $Canary)",
        "[string]$env:LEAK_DOTNET",
    ),
    Row::new(Process, "$env:PATH", "$env:PATH += ':/' + $Canary", "$env:PATH"),
    Row::new(Process, "$env:PSModulePath", "$env:PSModulePath += ':/' + $Canary", "$env:PSModulePath"),
    Row::new(
        Process,
        "folder of the process",
        "[Environment]::CurrentDirectory = '/'",
        "[Environment]::CurrentDirectory",
    ),
    Row::new(
        Process,
        "culture of new threads",
        "[cultureinfo]::DefaultThreadCurrentCulture = 'fr-FR'",
        "[string][cultureinfo]::DefaultThreadCurrentCulture",
    ),
    Row::new(
        Process,
        "language of new threads",
        "[cultureinfo]::DefaultThreadCurrentUICulture = 'fr-FR'",
        "[string][cultureinfo]::DefaultThreadCurrentUICulture",
    ),
    Row::new(
        Process,
        "[Console]::OutputEncoding",
        "[Console]::OutputEncoding = [Text.Encoding]::Latin1",
        "[Console]::OutputEncoding.WebName",
    ),
    Row::new(
        Process,
        "[Console]::InputEncoding",
        "[Console]::InputEncoding = [Text.Encoding]::Latin1",
        "[Console]::InputEncoding.WebName",
    ),
    Row::new(
        Process,
        "[Console]::SetOut",
        "[Console]::SetOut([IO.StringWriter]::new())",
        "[Console]::Out.Encoding.WebName",
    ),
    Row::new(
        Process,
        "[Console]::SetError",
        "[Console]::SetError([IO.StringWriter]::new())",
        "[Console]::Error.Encoding.WebName",
    ),
    Row::new(
        Process,
        "[Console]::SetIn",
        "[Console]::SetIn([IO.StringReader]::new($Canary))",
        "[Console]::In.Peek()",
    ),
    Row::new(
        Process,
        "$PSStyle.OutputRendering",
        "$PSStyle.OutputRendering = 'Ansi'",
        "[string]$PSStyle.OutputRendering",
    ),
    Row::new(
        Process,
        "colours of $PSStyle",
        "$PSStyle.Formatting.TableHeader = \"`e[7m\"",
        "$PSStyle.Formatting.TableHeader",
    ),
    Row::new(
        Process,
        "type accelerator",
        "[psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Add('leakaccelerator', [int])",
        "[string]('leakaccelerator' -as [type])",
    ),
    Row::new(
        Process,
        "source of traces",
        "Set-TraceSource -Name ParameterBinding -Option Errors",
        "[string](Get-TraceSource ParameterBinding).Options",
    ),
    Row::new(
        Reported,
        "type of Add-Type, and its static fields",
        "Add-Type \"public static class Box_$Canary { public static string Value; }\"; (\"Box_$Canary\" -as [type])::Value = $Canary",
        "$box = \"Box_$Canary\" -as [type]; if ($box) { $box::Value } else { 'none' }",
    ),
    Row::new(
        Reported,
        "static fields of a binary module",
        r#"
        $folder = New-Item -ItemType Directory (Join-Path $Scratch modules "Binary_$Canary")
        Add-Type -OutputAssembly (Join-Path $folder "Binary_$Canary.dll") "public static class Binary_$Canary { public static string Value; }"
        Import-Module "Binary_$Canary"
        ("Binary_$Canary" -as [type])::Value = $Canary
        "#,
        "$box = \"Binary_$Canary\" -as [type]; if ($box) { $box::Value } else { 'none' }",
    ),
    Row::new(
        Invisible,
        "static fields of .NET",
        "[AppContext]::SetData(\"Runspaced.$Canary\", $Canary)",
        "[string][AppContext]::GetData(\"Runspaced.$Canary\")",
    ),
];
