//! Script files by path.

use std::fs;

use crate::record_of;
use crate::support::Context;
use crate::support::engine::{engine, fails, still_works, values_of};
use runspaced::{Invocation, Output};
use serde_json::{Value, json};

pub fn a_script_file_knows_where_it_is(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch().join("with space [and] 'quotes'");
    fs::create_dir(&folder).expect("is made");
    let file = folder.join("where am I.ps1");
    fs::write(
        &file,
        "param($x)\n$PSScriptRoot; $PSCommandPath; $MyInvocation.MyCommand.Name; $x\nthrow 'at the end'",
    )
    .expect("is written");
    let error = fails(&engine, Invocation::file(&file).arg("x", "\u{fc}"));
    assert_eq!(error.code(), "E401");
    let (folder, file) = (folder.display().to_string(), file.display().to_string());
    let values: Value = serde_json::from_str(error.output().expect("has some").json()).expect("JSON");
    assert_eq!(values, json!([folder, file, "where am I.ps1", "\u{fc}"]));
    let place = record_of(&error).position.clone().expect("has a place");
    assert_eq!((place.file.as_deref(), place.line), (Some(file.as_str()), 3));
    let error = fails(&engine, Invocation::file(context.scratch().join("missing.ps1")));
    assert_eq!(error.code(), "E302", "{error}");
    assert!(error.to_string().contains("missing.ps1"), "{error}");
    // Another text under the same name is another script.
    fs::write(&file, "'second text'").expect("is written");
    assert_eq!(values_of(&engine, Invocation::file(&file)), ["second text"]);
    // A file without the extension would be a program's; it is a script here or refused, never handed to the system.
    let plain = context.scratch().join("plain.txt");
    fs::write(&plain, "'x'").expect("is written");
    match engine.blocking().invoke(Invocation::file(&plain)) {
        Ok(output) => assert_eq!(output.json(), r#"["x"]"#),
        Err(error) => assert_eq!(error.code(), "E302", "{error}"),
    }
    still_works(&engine);
}

pub fn requirements_of_a_script_file_are_checked(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("needs.ps1");
    let cases = [
        ("#Requires -Version 99.0\n'ran'", "99.0"),
        ("#Requires -Modules NoSuchModule\n'ran'", "NoSuchModule"),
        ("#Requires -PSEdition Desktop\n'ran'", "Desktop"),
        ("using module ./nothing-here.psm1\n'ran'", "nothing-here"),
    ];
    for (text, named) in cases {
        fs::write(&file, text).expect("is written");
        let error = fails(&engine, Invocation::file(&file));
        assert!(["E302", "E401"].contains(&error.code()), "{text}: {} {error}", error.code());
        assert!(error.to_string().contains(named), "{text}: {error}");
        assert_eq!(error.output().map(Output::count), Some(0), "{text}");
        still_works(&engine);
    }
    fs::write(&file, "#Requires -Version 7.0\n#Requires -Modules Microsoft.PowerShell.Utility\n'ran'")
        .expect("is written");
    assert_eq!(values_of(&engine, Invocation::file(&file)), ["ran"]);
}

pub fn a_script_file_uses_modules_beside_it(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch();
    fs::write(folder.join("Shapes.psm1"), "class Square { [int] $Side; [int] Area() { return $this.Side * $this.Side } }\nfunction Get-Unit { 'cm' }")
        .expect("is written");
    fs::write(folder.join("helper.ps1"), "$helper = 'dot-sourced'").expect("is written");
    let file = folder.join("uses.ps1");
    fs::write(&file, "using module ./Shapes.psm1\n. $PSScriptRoot/helper.ps1\n$s = [Square]@{ Side = 3 }; $s.Area(); Get-Unit; $helper").expect("is written");
    for _ in 0..3 {
        assert_eq!(
            values_of(&engine, Invocation::file(&file)),
            [json!(9), json!("cm"), json!("dot-sourced")]
        );
    }
    still_works(&engine);
}

pub fn validation_of_a_script_file_names_the_parameter(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("validates.ps1");
    fs::write(
        &file,
        "[CmdletBinding()] param([ValidateSet('a', 'b')][string] $Letter = 'a', [ValidateRange(1, 3)][int] $Count = 1, \
         [ValidateScript({ $_ -gt 0 })][double] $Size = 1, [ValidatePattern('^x')][string] $Code = 'x', [switch] $Quiet)\n\
         \"$Letter $Count $Size $Code $Quiet\"",
    )
    .expect("is written");
    assert_eq!(values_of(&engine, Invocation::file(&file)), ["a 1 1 x False"]);
    let call = Invocation::file(&file).arg("Letter", "b").arg("Count", 3).arg("Size", 0.5).switch("Quiet");
    assert_eq!(values_of(&engine, call), ["b 3 0.5 x True"]);
    for (name, value) in [
        ("Letter", json!("c")),
        ("Count", json!(4)),
        ("Size", json!(-1)),
        ("Code", json!("y")),
        ("Nothing", json!(1)),
    ] {
        let error = fails(&engine, Invocation::file(&file).arg(name, value));
        assert_eq!(error.code(), "E302", "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    still_works(&engine);
}
