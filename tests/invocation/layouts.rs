//! The main verbs on both layouts of an installation.

use std::fs;

use crate::SECOND;
use crate::secrets::{SECRET, given};
use crate::support::Context;
use crate::support::engine::{engine, fails, still_works, values, values_of};
use runspaced::Invocation;
use serde_json::json;

pub fn the_main_verbs_on_this_layout(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("sum.ps1");
    fs::write(&file, "param([int[]] $Numbers) $sum = 0; $Numbers | % { $sum += $_ }; $sum; $PSScriptRoot")
        .expect("is written");
    let folder = context.scratch().display().to_string();
    assert_eq!(
        values_of(&engine, Invocation::file(&file).arg("Numbers", [1, 2, 3])),
        [json!(6), json!(folder)]
    );
    assert_eq!(values_of(&engine, Invocation::command("Sort-Object").input([3, 1, 2])), [1, 2, 3]);
    assert_eq!(values(&engine, "ConvertTo-Json @{ a = 1 } -Compress"), [r#"{"a":1}"#]);
    assert_eq!(
        values(&engine, "Add-Type 'public static class Two { public static int Value = 2; }'; [Two]::Value"),
        [2]
    );
    assert_eq!(values(&engine, "(Get-Command Get-Date).Source"), ["Microsoft.PowerShell.Utility"]);
    let home = context.home().path.canonicalize().expect("exists");
    let reported = values(&engine, "$PSHOME").remove(0);
    assert_eq!(std::path::Path::new(reported.as_str().expect("text")).canonicalize().expect("exists"), home);
    let secret = Invocation::script("param([securestring] $p) $p.Length").secret("p", given);
    assert_eq!(values_of(&engine, secret), [SECRET.len()]);
    let error = fails(&engine, Invocation::script("Start-Sleep 60").timeout(SECOND));
    assert_eq!(error.code(), "E501");
    still_works(&engine);
}
