//! Profiles, location, correlation id, culture, encoding.

use std::{env, fs};

use crate::support::Context;
use crate::support::engine::{builder, engine, fails, run, values, values_of, warm};
use crate::{again_with, block_on};
use runspaced::{Invocation, Isolation};
use serde_json::json;

pub fn profiles_are_loaded_on_demand_only(context: &Context) {
    let configuration = context.scratch().join("config");
    let folder = configuration.join("powershell");
    fs::create_dir_all(&folder).expect("is made");
    fs::write(
        folder.join("profile.ps1"),
        "$global:FromProfile = 'loaded'; function Get-FromProfile { 'function' }",
    )
    .expect("is written");
    if !again_with(&[("XDG_CONFIG_HOME", &configuration.display().to_string())]) {
        return;
    }
    assert_eq!(values(&engine(context), "\"<$FromProfile>\""), ["<>"]);
    let asked = warm(builder(context).load_profile(true));
    for isolation in [Isolation::Scoped, Isolation::Fresh] {
        let call = Invocation::script("\"<$FromProfile>\"; Get-FromProfile").isolation(isolation);
        assert_eq!(values_of(&asked, call), ["<loaded>", "function"], "{isolation:?}");
    }
}

pub fn the_working_directory_is_that_of_the_call(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch().join("a [b] 'c'");
    fs::create_dir(&folder).expect("is made");
    fs::write(folder.join("here.txt"), "found").expect("is written");
    let before = env::current_dir().expect("has one");
    let call = Invocation::script("$PWD.Path; Get-Content ./here.txt; cat here.txt; sh -c pwd")
        .working_directory(&folder);
    let path = folder.display().to_string();
    assert_eq!(values_of(&engine, call), [path.as_str(), "found", "found", path.as_str()]);
    assert_eq!(values(&engine, "$PWD.Path"), [before.display().to_string()], "only that call's");
    assert_eq!(env::current_dir().expect("has one"), before, "the process stays where it is");
    let error = fails(&engine, Invocation::script("1").working_directory("/no/such/folder"));
    assert_eq!(error.code(), "E302", "{error}");
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
    // Two at once, each its own.
    let script = "Start-Sleep -Milliseconds 300; $PWD.Path";
    let calls: Vec<_> = ["/", "/tmp"]
        .map(|folder| {
            (folder, engine.start(Invocation::script(script).working_directory(folder)).expect("starts"))
        })
        .into();
    for (folder, call) in calls {
        assert_eq!(block_on(call).expect("ends").values().expect("JSON"), [folder]);
    }
    let own = warm(builder(context).working_directory(&folder));
    assert_eq!(values(&own, "$PWD.Path"), [path]);
}

pub fn the_correlation_id_is_visible_to_the_script(context: &Context) {
    let engine = engine(context);
    let call = Invocation::script("$RunspacedCallId").correlation_id("request-'17'");
    assert_eq!(values_of(&engine, call), ["request-'17'"]);
    assert_eq!(values(&engine, "\"<$RunspacedCallId>\""), ["<>"], "not the one before");
}

pub fn the_culture_is_a_setting_not_the_machines(context: &Context) {
    if !again_with(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.UTF-8")]) {
        return;
    }
    let engine = engine(context);
    let script = "(Get-Culture).Name; (Get-UICulture).Name; '{0:N2}' -f 1234.5; [string]::Format('{0:d}', [datetime]::new(2024, 2, 29)); (1.5).ToString(); \
                  [double]'1.5'; [Threading.Tasks.Task]::Run([Func[string]]{ 'x' }).GetType().Name";
    let rows = values(&engine, script);
    assert_eq!(
        rows[..6],
        [json!("en-US"), json!("en-US"), json!("1,234.50"), json!("2/29/2024"), json!("1.5"), json!(1.5)]
    );
    let call = Invocation::script("1 | ForEach-Object -Parallel { '{0:N2}' -f 1234.5 }");
    assert_eq!(values_of(&engine, call), ["1,234.50"], "in threads of the script too");
    let own = warm(builder(context).culture("de-DE"));
    let rows = values(&own, "(Get-Culture).Name; '{0:N2}' -f 1234.5; 1.5");
    assert_eq!(rows[0], "de-DE");
    assert_eq!(rows[2], 1.5, "JSON numbers know no culture");
    if own.powershell().is_some_and(|powershell| !powershell.invariant_globalization) {
        assert_eq!(rows[1], "1.234,50");
    }
}

pub fn native_output_is_utf8_by_setting(context: &Context) {
    if !again_with(&[("LANG", "C"), ("LC_ALL", "C")]) {
        return;
    }
    let engine = engine(context);
    assert_eq!(values(&engine, "printf 'gr\u{fc}\u{df}e \u{1F600}\\n'"), ["gr\u{fc}\u{df}e \u{1F600}"]);
    assert_eq!(
        values(&engine, "printf 'a\\377b\\303\\n'"),
        ["a\u{FFFD}b\u{FFFD}"],
        "what is not UTF-8 is marked"
    );
    assert_eq!(values(&engine, "'\u{fc}' | od -An -tx1 | % Trim"), ["c3 bc 0a"], "and what goes in is UTF-8");
    let call = Invocation::command("printf").positional("%s").positional("\u{fc}");
    assert_eq!(values_of(&engine, call), ["\u{fc}"]);
    let output = run(&engine, "sh -c 'printf \"\u{fc}\\n\" >&2'");
    assert_eq!(output.errors()[0].message, "\u{fc}");
}
