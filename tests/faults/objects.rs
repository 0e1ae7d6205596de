//! Objects that are deep, cyclic, or that throw.

use crate::support::Context;
use crate::support::engine::{engine, fails, invoke, run, still_works, values, values_of};
use crate::{SECOND, assert_timeout, impatient};
use runspaced::{Invocation, Limits, TruncationReason};
use serde_json::{Value, json};

pub fn deep_and_cyclic_objects_are_cut_with_marks(context: &Context) {
    let engine = engine(context);
    let output = run(&engine, "$x = 1; 1..50 | % { $x = @{ in = $x } }; $x");
    let mut value = &output.values().expect("valid JSON")[0];
    let mut depth = 0;
    while let Some(inner) = value.get("in") {
        value = inner;
        depth += 1;
    }
    assert_eq!(value["$truncated"]["reason"], "depth", "{}", output.json());
    assert!((5..=6).contains(&depth), "{depth}");
    assert!(output.truncation().iter().any(|cut| cut.reason == TruncationReason::Depth));

    let cycles = [
        ("$x = @{}; $x.self = $x; $x", "/self"),
        ("$x = [Collections.ArrayList]::new(); [void]$x.Add($x); , $x", "/0"),
        ("$x = [pscustomobject]@{ me = $null }; $x.me = $x; $x", "/me"),
        ("$a = @{}; $b = @{ a = $a }; $a.b = $b; $a", "/b/a"),
    ];
    for (script, place) in cycles {
        let output = run(&engine, script);
        let document: Value = serde_json::from_str(output.json()).expect("valid JSON");
        let pointer = format!("/0{place}");
        let mark = document.pointer(&pointer).unwrap_or_else(|| panic!("{script}: {document}"));
        assert_eq!(mark["$truncated"]["reason"], "cycle", "{script}: {document}");
        assert_eq!(output.truncation()[0].pointer, pointer, "{script}");
        still_works(&engine);
    }
    // The same object twice is no cycle.
    let output = run(&engine, "$x = @{ n = 1 }; @{ a = $x; b = $x }");
    assert!(output.truncation().is_empty(), "{}", output.json());

    let output = run(&engine, "@{ list = 1..5000 }");
    let value = &output.values().expect("valid JSON")[0];
    assert_eq!(value["list"].as_array().map(Vec::len), Some(1001), "a thousand and the mark");
    assert_eq!(value["list"][1000]["$truncated"], json!({ "reason": "items", "omitted": 4000 }));

    // Objects of the runtime that lead everywhere.
    for script in
        ["[AppDomain]::CurrentDomain", "Get-Process -Id $PID", "$ExecutionContext", "$Host", "[int].Assembly"]
    {
        let output = run(&engine, script);
        output.values().expect("valid JSON");
        still_works(&engine);
    }
}

pub fn getters_that_throw_are_values(context: &Context) {
    let engine = engine(context);
    let script = "$o = [pscustomobject]@{ good = 1 }; Add-Member -InputObject $o ScriptProperty bad { throw 'no such luck' }; \
                  Add-Member -InputObject $o ScriptProperty fine { 'two' }; $o; \
                  class Thrower { [int] $a = 1; [string] ToString() { throw 'no text' } }; [Thrower]::new()";
    let output = run(&engine, script);
    let rows = output.values().expect("valid JSON");
    assert_eq!(rows[0]["good"], 1);
    assert!(
        rows[0]["bad"]["$error"].as_str().is_some_and(|text| text.contains("no such luck")),
        "{}",
        rows[0]
    );
    assert_eq!(rows[0]["fine"], "two");
    assert_eq!(rows[1]["a"], 1);
    assert!(!output.had_errors(), "it is no error of the script");
    still_works(&engine);
}

pub fn getters_that_block_end_with_the_call(context: &Context) {
    let engine = impatient(context, 4);
    let blocks = |how: &str| {
        format!(
            "$o = [pscustomobject]@{{ good = 1 }}; Add-Member -InputObject $o ScriptProperty bad {{ {how} }}; $o"
        )
    };
    let error = fails(&engine, Invocation::script(blocks("Start-Sleep 3600")).timeout(SECOND));
    assert_timeout(&error, false);
    still_works(&engine);
    let error =
        fails(&engine, Invocation::script(blocks("[Threading.Thread]::Sleep(-1)")).timeout(2 * SECOND));
    assert_timeout(&error, true);
    still_works(&engine);

    // Slow ones use up their budget; the object is given without the rest.
    let mut limits = Limits::default();
    limits.getter_ms = 300;
    let script = "$o = [pscustomobject]@{ first = 1 }; 1..50 | % { Add-Member -InputObject $o ScriptProperty \"p$_\" { Start-Sleep -Milliseconds 200; 'slow' } }; $o";
    let output = invoke(&engine, Invocation::script(script).limits(limits));
    let rows = output.values().expect("valid JSON");
    assert_eq!(rows[0]["first"], 1);
    assert!(rows[0].as_object().is_some_and(|object| object.len() < 50), "{}", rows[0]);
    assert!(
        output.truncation().iter().any(|cut| cut.reason == TruncationReason::Getter),
        "{:?}",
        output.truncation()
    );
    still_works(&engine);
}

pub fn difficult_characters_give_valid_json(context: &Context) {
    let engine = engine(context);
    let rows = values(
        &engine,
        "\"a`0b\"; [string][char]0xD800; \"x$([char]0xDC00)y\"; \"$([char]0x2028)$([char]0x2029)\"; \"$([char]0xFEFF)\"; \
         -join [char[]](0..31); '\u{1F600}'; @{ \"k`0$([char]0xD800)\" = 1 }",
    );
    assert_eq!(rows[0], "a\0b");
    assert_eq!(rows[1], "\u{FFFD}");
    assert_eq!(rows[2], "x\u{FFFD}y");
    assert_eq!(rows[3], "\u{2028}\u{2029}");
    assert_eq!(rows[4], "\u{FEFF}");
    assert_eq!(rows[5], (0..32u8).map(char::from).collect::<String>());
    assert_eq!(rows[6], "\u{1F600}");
    assert_eq!(rows[7], json!({ "k\0\u{FFFD}": 1 }));

    // In: whatever a Rust string can hold arrives as it is.
    for text in ["a\0b", "\u{2028}", "\u{FEFF}x", "\u{1F600}", "\u{FFFF}", "\r\n\t"] {
        let echoed = values_of(&engine, Invocation::script("param($t) $t; $t.Length").arg("t", text));
        assert_eq!(echoed[0], text);
        assert_eq!(echoed[1], text.encode_utf16().count());
    }
    // A lone surrogate is no text: refused, or marked; nothing else runs.
    let call = Invocation::script("param($t) $t").args_json(r#"{"t":"a\ud800b"}"#);
    match engine.blocking().invoke(call) {
        Ok(output) => assert_eq!(output.values().expect("valid JSON")[0], "a\u{FFFD}b"),
        Err(error) => assert_eq!(error.code(), "E302", "{error}"),
    }
    still_works(&engine);
}
