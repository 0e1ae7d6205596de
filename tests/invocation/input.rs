//! Pipeline input.

use std::fs;

use crate::support::Context;
use crate::support::engine::{engine, values_of};
use runspaced::Invocation;
use serde_json::{Value, json};

pub fn pipeline_input_reaches_process_blocks_and_input(context: &Context) {
    let engine = engine(context);
    let script = "begin { $n = 0 } process { $n += $_ } end { $n }";
    assert_eq!(values_of(&engine, Invocation::script(script).input([1, 2, 3])), [6]);
    assert_eq!(values_of(&engine, Invocation::script("@($input).Count").input([1, 2, 3])), [3]);
    let call = Invocation::script("param($by) process { $_ * $by }").arg("by", 10).input([1, 2]);
    assert_eq!(values_of(&engine, call), [10, 20]);
    let call = Invocation::command("Sort-Object").switch("Descending").input([2, 3, 1]);
    assert_eq!(values_of(&engine, call), [3, 2, 1]);
    let call = Invocation::command("Where-Object")
        .arg("Property", "n")
        .arg("Value", 1)
        .switch("GT")
        .input([json!({ "n": 1 }), json!({ "n": 2 })]);
    assert_eq!(values_of(&engine, call), [json!({ "n": 2 })]);
    let call = Invocation::command("cat").input(["one", "zw\u{f6}lf"]);
    assert_eq!(values_of(&engine, call), ["one", "zw\u{f6}lf"], "a program reads it line by line");
    let many: Vec<u32> = (0..20_000).collect();
    let call = Invocation::command("Measure-Object").switch("Sum").input(&many);
    assert_eq!(values_of(&engine, call)[0]["Count"], 20_000);
    let call = Invocation::script("process { $_.a.b[1] }").input_json(r#"[{"a":{"b":[1,[2,3]]}}]"#);
    assert_eq!(values_of(&engine, call), [2, 3], "arrays inside an element stay together");
    let call = Invocation::script("process { if ($null -eq $_) { 'null' } else { $_ } }")
        .input([Value::Null, json!(1)]);
    assert_eq!(values_of(&engine, call), [json!("null"), json!(1)]);
}

pub fn pipeline_input_binds_by_property_name(context: &Context) {
    let engine = engine(context);
    let file = context.scratch().join("by-name.ps1");
    fs::write(
        &file,
        "param([Parameter(ValueFromPipelineByPropertyName)][string] $Name, [Parameter(ValueFromPipelineByPropertyName)][Alias('Age')][int] $Years)\n\
         process { \"$Name is $Years\" }",
    )
    .expect("is written");
    let input = json!([{ "Name": "Ada", "Age": 36 }, { "name": "Grace", "Years": "85", "other": true }]);
    assert_eq!(values_of(&engine, Invocation::file(&file).input(&input)), ["Ada is 36", "Grace is 85"]);
    let call = Invocation::command("Join-Path")
        .arg("ChildPath", "x")
        .input(json!([{ "Path": "/a" }, { "Path": "/b" }]));
    assert_eq!(values_of(&engine, call), ["/a/x", "/b/x"]);
}

pub fn empty_input_is_not_no_input(context: &Context) {
    let engine = engine(context);
    let script = "begin { 'begin' } process { \"<$_>\" } end { 'end' }";
    assert_eq!(values_of(&engine, Invocation::script(script)), ["begin", "<>", "end"]);
    let none: [i32; 0] = [];
    assert_eq!(values_of(&engine, Invocation::script(script).input(none)), ["begin", "end"]);
    assert_eq!(values_of(&engine, Invocation::command("cat").input(none)), [] as [Value; 0]);
}
