//! State that a call leaves.

use std::env;

use crate::support::Context;
use crate::support::engine::{builder, engine, eventually, run, values, warm};

pub fn poisoned_state_does_not_reach_the_next_call(context: &Context) {
    let engine = warm(builder(context).max_slots(1));
    let probe = "\"$global:poison|$ErrorActionPreference|$(Get-Alias Get-Item -ErrorAction Ignore)|$((Get-Command Get-Date).CommandType)|\
                 $($PSDefaultParameterValues.Count)|$(try { $undefined.x; 'lax' } catch { 'strict' })|$(('x' | Get-Member Poison).Name)\"";
    let clean = values(&engine, probe);
    for poison in [
        "$global:poison = 'x'",
        "$global:ErrorActionPreference = 'Stop'",
        "Set-Alias -Scope Global Get-Item Get-ChildItem",
        "function global:Get-Date { 'never' }",
        "$global:PSDefaultParameterValues['*:Verbose'] = $true",
        "Set-StrictMode -Version Latest",
        "Update-TypeData -TypeName System.String -MemberType NoteProperty -MemberName Poison -Value 1",
    ] {
        run(&engine, poison);
        assert_eq!(values(&engine, probe), clean, "after {poison}");
    }
}

pub fn process_wide_state_is_put_back(context: &Context) {
    let engine = engine(context);
    let directory = env::current_dir().expect("has one");
    let probe = "\"$($PWD.Path)|$([Environment]::CurrentDirectory)|$env:RUNSPACED_POISON|$([Console]::OutputEncoding.WebName)\"";
    let clean = values(&engine, probe);
    for poison in [
        "Set-Location /",
        "[Environment]::CurrentDirectory = '/'",
        "$env:RUNSPACED_POISON = 'x'",
        "[Console]::OutputEncoding = [Text.Encoding]::Unicode",
    ] {
        run(&engine, poison);
        eventually("the call has settled", || engine.stats().settling == 0);
        assert_eq!(values(&engine, probe), clean, "after {poison}");
        assert_eq!(env::current_dir().expect("has one"), directory, "after {poison}");
    }
}

pub fn what_runs_in_the_background_is_ended(context: &Context) {
    let engine = warm(builder(context).max_slots(1));
    let probe = "\"$(@(Get-EventSubscriber).Count)|$(@(Get-Job).Count)\"";
    for background in [
        "$t = [Timers.Timer]::new(50); Register-ObjectEvent $t Elapsed -Action { $global:tick++ } | Out-Null; $t.Start()",
        "Start-Job { Start-Sleep 600 } | Out-Null",
        "$w = [IO.FileSystemWatcher]::new('/tmp'); Register-ObjectEvent $w Changed -SourceIdentifier watch | Out-Null; $w.EnableRaisingEvents = $true",
    ] {
        run(&engine, background);
        assert_eq!(values(&engine, probe), ["0|0"], "after {background}");
    }
}
