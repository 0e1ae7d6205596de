//! Ordinary scripts leave nothing that is worth a reset: a detector that fires for them costs every call.

use runspaced::Invocation;

use crate::fixture::{Fixture, settled, tell};
use crate::reports::Reports;
use crate::support::Context;

/// What people write. `$Scratch` is a folder.
const SCRIPTS: &[&str] = &[
    "1 + 1",
    "Get-Date",
    "Get-Process -Id $PID | Select-Object Id, ProcessName",
    "Get-ChildItem / | Sort-Object Name | Select-Object -First 3 -ExpandProperty Name",
    "1..100 | Where-Object { $_ % 2 } | ForEach-Object { $_ * 2 } | Measure-Object -Sum | ForEach-Object Sum",
    "$total = 0; foreach ($i in 1..10) { $total += $i }; $total",
    "for ($i = 0; $i -lt 5; $i++) { $i }",
    "$i = 0; while ($true) { if (++$i -gt 3) { break } }; $i",
    "do { $n++ } until ($n -ge 3); $n",
    "switch -Regex ('alpha', 'beta') { '^a' { \"a: $_\" } default { \"other: $_\" } }",
    "if ('abc' -match '(?<x>b)') { $Matches.x }",
    "function Get-Square($n) { $n * $n }; Get-Square 7",
    "function Get-Pipe { param([Parameter(ValueFromPipeline)]$x) begin { $s = 0 } process { $s += $x } end { $s } }; 1..4 | Get-Pipe",
    "filter Twice { $_ * 2 }; 1..3 | Twice",
    "class Point { [int]$X; [int]$Y; Point([int]$x, [int]$y) { $this.X = $x; $this.Y = $y }; [int] Sum() { return $this.X + $this.Y } }; [Point]::new(2, 3).Sum()",
    "enum Colour { Red; Green }; [Colour]::Green",
    "class Animal { [string] Speak() { return '...' } }; class Dog : Animal { [string] Speak() { return 'Woof' } }; [Dog]::new().Speak()",
    "$text = @'\nline one\nline two\n'@\n$text.Split(\"`n\").Count",
    "$name = 'world'; @\"\nHello $name, $(1 + 1)\n\"@",
    "$table = @{ a = 1; b = 2 }; $table.Keys | Sort-Object",
    "[ordered]@{ one = 1; two = 2 }",
    "[pscustomobject]@{ Name = 'x'; Size = 3 }",
    "$list = [Collections.Generic.List[int]]::new(); $list.Add(1); $list.Add(2); $list.Count",
    "$splat = @{ Path = '/'; Directory = $true }; (Get-ChildItem @splat).Count -gt 0",
    "try { throw 'oops' } catch { \"caught: $_\" } finally { $done = 1 }",
    "try { Get-Item /not/there -ErrorAction Stop } catch [System.Management.Automation.ItemNotFoundException] { 'missing' }",
    "Get-Item /not/there -ErrorAction SilentlyContinue; $?",
    "Write-Error 'an error' -ErrorAction SilentlyContinue; $Error.Count",
    "Write-Output 1; Write-Warning 'careful'; Write-Verbose 'details' -Verbose; Write-Debug 'bug' -Debug",
    "Write-Host 'hello' -ForegroundColor Green; Write-Information 'info' -InformationAction Continue",
    "1..3 | ForEach-Object { Write-Progress -Activity Counting -PercentComplete ($_ * 33) }; Write-Progress -Activity Counting -Completed",
    "$ErrorActionPreference = 'Stop'; $VerbosePreference = 'Continue'; Set-StrictMode -Version Latest; $x = 1; $x",
    "$PSDefaultParameterValues = @{ 'Get-Date:Format' = 'yyyy' }; (Get-Date).Length",
    "/bin/echo hello",
    "/bin/sh -c 'echo out; echo err >&2; exit 3' 2>$null; $LASTEXITCODE",
    "'c', 'a', 'b' | /usr/bin/sort",
    "$lines = /bin/ls /; $lines.Count -gt 0",
    "'{\"a\": [1, 2, 3]}' | ConvertFrom-Json | ForEach-Object { $_.a.Count }",
    "@{ a = 1 } | ConvertTo-Json -Compress",
    "\"a,b`n1,2\" | ConvertFrom-Csv | ConvertTo-Csv -NoTypeInformation",
    "[xml]$xml = '<a><b>1</b></a>'; $xml.a.b",
    "Select-Xml -Content '<a><b>1</b></a>' -XPath '//b' | ForEach-Object { $_.Node.InnerText }",
    "'one two', 'three' | Select-String 'two' | ForEach-Object Line",
    "Set-Content (Join-Path $Scratch f.txt) 'text'; Get-Content (Join-Path $Scratch f.txt); Remove-Item (Join-Path $Scratch f.txt)",
    "Push-Location $Scratch; Get-ChildItem | Out-Null; Pop-Location; (Get-Location).Path",
    "Set-Location $Scratch; (Get-Location).Path",
    "New-TemporaryFile | ForEach-Object { Remove-Item $_; 'removed' }",
    "Get-Command Get-* -Module Microsoft.PowerShell.Utility | Measure-Object | ForEach-Object { $_.Count -gt 5 }",
    "(Get-Help Get-Date).Name",
    "Get-Date | Format-List | Out-String | ForEach-Object Length | ForEach-Object { $_ -gt 0 }",
    "Get-Process -Id $PID | Format-Table Id, ProcessName | Out-String -Width 80 | ForEach-Object { $_.Length -gt 0 }",
    "1, 2, 2, 3 | Group-Object | Sort-Object Count -Descending | Select-Object -First 1 -ExpandProperty Name",
    "Compare-Object (1, 2) (2, 3) | Measure-Object | ForEach-Object Count",
    "$env:PATH.Length -gt 0; $env:HOME",
    "[Environment]::GetEnvironmentVariable('PATH').Length -gt 0",
    "[math]::Sqrt(16); [datetime]'2024-02-29' | ForEach-Object DayOfYear",
    "Get-Variable PSVersionTable -ValueOnly | ForEach-Object { $_.PSVersion.Major }",
    "Get-ChildItem env: | Measure-Object | ForEach-Object { $_.Count -gt 0 }",
    "& { param($a, $b) $a + $b } 1 2",
    "$block = { param($x) $x * 2 }; . $block 4; $block.InvokeReturnAsIs(5)",
    "'a'..'e' -join ''; 'abc' -replace 'b', 'x'; 'a-b' -split '-'; '{0:N2}' -f 3.14159",
    "$a, $b = 1, 2; $a, $b = $b, $a; $a; $null -eq $c; $a ?? 5; $true ? 'yes' : 'no'",
    "using namespace System.Text\n[StringBuilder]::new('abc').Append('d').ToString()",
    "Invoke-Expression '1 + 2'; [scriptblock]::Create('3').Invoke()",
    "1..4 | ForEach-Object -Parallel { $_ * 2 } -ThrottleLimit 2 | Sort-Object",
    "$job = Start-Job { 5 }; $job | Wait-Job | Receive-Job; $job | Remove-Job",
    "Start-Sleep -Milliseconds 1; [Threading.Thread]::CurrentThread.ManagedThreadId -gt 0",
    "Get-Random -Minimum 1 -Maximum 2; New-Guid | ForEach-Object { $_.Guid.Length }",
    "Measure-Command { 1..10 } | ForEach-Object { $_.TotalSeconds -ge 0 }",
    "Add-Type -AssemblyName System.Xml.Linq; [Xml.Linq.XElement]::Parse('<a/>').Name.LocalName",
    "Get-Found",
    "Import-Module Imported; Get-Imported",
    "New-Object System.Collections.ArrayList | ForEach-Object { $_.Count }",
    "$o = 1 | Select-Object @{ n = 'Twice'; e = { $_ * 2 } }; $o | Add-Member -NotePropertyName More -NotePropertyValue 3; $o.More",
    "trap { 'trapped'; continue } throw 'x'; 'after'",
    "return 5",
    "exit 4",
    "throw 'the script fails'",
    "Get-NoSuchCommandAnywhere",
    "Get-CanaryState; Get-Base -Name x; canary",
];

/// Commands, not scripts, with what they take.
const COMMANDS: &[(&str, &[(&str, &str)])] = &[
    ("Get-Date", &[]),
    ("Get-ChildItem", &[("Path", "/")]),
    ("Get-Command", &[("Name", "Get-Date")]),
    ("Write-Output", &[("InputObject", "x")]),
    ("Get-Base", &[("Name", "x")]),
    ("Set-Location", &[("Path", "/")]),
    ("Write-Error", &[("Message", "x")]),
];

pub fn ordinary_scripts_cost_no_reset(context: &Context) {
    let fixture = Fixture::new(context);
    let reports = Reports::listen();
    let engine = fixture.builder().pool(Fixture::pool(1)).build().expect("the settings are valid");
    let scripts = SCRIPTS.iter().map(|text| {
        (
            *text,
            Invocation::script(with_parameter(text)).arg("Scratch", fixture.scratch().display().to_string()),
        )
    });
    let commands = COMMANDS.iter().map(|(name, arguments)| {
        (
            *name,
            arguments.iter().fold(Invocation::command(*name), |call, (name, value)| call.arg(*name, value)),
        )
    });
    let calls: Vec<_> = scripts.chain(commands).collect();
    assert!(calls.len() >= 60, "the corpus has only {} scripts", calls.len());

    let mut failures = Vec::new();
    let mut answered = 0;
    // Twice: what is loaded on first use is there the second time.
    for round in ["first", "second"] {
        for (text, call) in &calls {
            let before = settled(&engine);
            reports.take();
            answered += usize::from(engine.blocking().invoke(call.clone()).is_ok());
            let after = settled(&engine);
            let reported = reports.take();
            if (after.restored, after.retired) != (before.restored, before.retired) {
                failures.push(format!("{round} time: {text}\n    {reported:?}"));
            }
        }
    }
    eprintln!("{} calls, {answered} without an error, {} cost a reset", calls.len() * 2, failures.len());
    // `throw`, the unknown command: all others work, or the corpus proves nothing.
    assert_eq!(answered, 2 * (calls.len() - 2), "scripts of the corpus failed");
    assert!(failures.is_empty(), "{}:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(settled(&engine).opened, 1);
}

/// Settling skips what a built-in command that only reads cannot have done. A common parameter sets a variable, though, and
/// a property that a module or script adds to a type runs a script while the output is written.
pub fn a_command_that_only_reads_is_looked_at_if_it_can_leave_something(context: &Context) {
    let fixture = Fixture::new(context);
    let own = "Update-TypeData -TypeName System.Diagnostics.Process -MemberName Told -MemberType ScriptProperty -Value { $global:Leak = 1; 2 }";
    let call = || Invocation::command("Get-Date");
    let ways = [
        ("a variable", fixture.plain(), call().arg("OutVariable", "global:Leak")),
        (
            "an alias of the parameter",
            fixture.plain(),
            Invocation::command("Get-Random").arg("ov", "global:Leak"),
        ),
        (
            "a property",
            fixture.plain().startup_script(own),
            Invocation::command("Get-Process").arg("Id", std::process::id()),
        ),
        (
            "an object of the session",
            fixture.plain().startup_script(
                "$global:Told = [pscustomobject]@{} | Add-Member -PassThru ScriptProperty Told { $global:Leak = 1; 2 }",
            ),
            Invocation::command("Get-Variable").arg("Name", "Told").switch("ValueOnly"),
        ),
    ];
    for (way, builder, call) in ways {
        let engine = builder.pool(Fixture::pool(1)).build().expect("the settings are valid");
        for _ in 0..2 {
            tell(&engine, call.clone());
            assert_eq!(tell(&engine, Invocation::script("Test-Path variable:global:Leak")), "false", "{way}");
        }
    }
}

/// `using` comes before `param`.
fn with_parameter(text: &str) -> String {
    match text.strip_prefix("using namespace System.Text\n") {
        Some(rest) => format!("using namespace System.Text\nparam($Scratch)\n{rest}"),
        None => format!("param($Scratch)\n{text}"),
    }
}
