//! Memory and output without end.

use std::fs;

use crate::support::Context;
use crate::support::engine::{builder, engine, eventually, fails, invoke, run, still_works, warm};
use runspaced::{Invocation, Limits, RuntimeSettings, TruncationReason};
use serde_json::Value;

pub fn resident_bytes() -> u64 {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux says it");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kib << 10
}

/// What the marks of a cut may add to a document that has used up its budget.
const MARKS: usize = 800;

pub fn a_greedy_script_hits_the_heap_limit(context: &Context) {
    let mut settings = RuntimeSettings::default();
    settings.heap_limit_bytes = Some(256 << 20);
    let engine = warm(builder(context).runtime(settings));
    for script in [
        "$all = [Collections.Generic.List[object]]::new(); while ($true) { $all.Add([byte[]]::new(1MB)) }",
        "$all = [Collections.Generic.List[object]]::new(); while ($true) { $all.Add('x' * 20000) }",
        "[byte[]]::new(1GB)",
        // PowerShell makes an array of this before the first value goes out.
        "1..1000000000",
    ] {
        let retired = engine.stats().retired;
        let error = fails(&engine, Invocation::script(script));
        assert_eq!(error.code(), "E503", "{script}: {error}");
        eventually("the slot is replaced", || engine.stats().retired == retired + 1);
        still_works(&engine);
    }
}

pub fn endless_output_is_cut_and_its_pipeline_stopped(context: &Context) {
    let engine = engine(context);
    let before = resident_bytes();
    for script in [
        "foreach ($i in 1..1000000000) { $i }",
        "1..1000000000 | % { $_ }",
        "while ($true) { 'x' * 1000 }",
        "while ($true) { [pscustomobject]@{ a = 1; b = 'text' } }",
    ] {
        let output = run(&engine, script);
        let cuts: Vec<_> = output.truncation().iter().map(|cut| cut.reason).collect();
        assert!(cuts.contains(&TruncationReason::Bytes), "{script}: {cuts:?}");
        assert!(output.json().len() <= (1 << 20) + MARKS, "{script}: {} bytes", output.json().len());
        let rows = output.values().expect("valid JSON");
        assert!(rows.len() > 100, "{script}: {} values", rows.len());
        let mark = rows.last().expect("a last one");
        assert_eq!(mark["$truncated"]["reason"], "bytes", "{script}: {mark}");
        still_works(&engine);
    }
    // A budget of one's own.
    let mut limits = Limits::default();
    limits.output_bytes = 4096;
    let output = invoke(&engine, Invocation::script("1..1000000").limits(limits));
    assert!(output.json().len() <= 4096 + MARKS);
    let rows = output.values().expect("valid JSON");
    let whole = rows.len() - 1;
    assert_eq!(
        rows[..whole],
        (1..=whole).map(Value::from).collect::<Vec<_>>()[..],
        "a prefix, nothing lost in it"
    );
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 200 << 20, "{} MiB more than before", grown >> 20);
}

pub fn a_huge_string_is_cut(context: &Context) {
    let engine = engine(context);
    let output = run(&engine, "'x' * 250MB; 'after'");
    let rows = output.values().expect("valid JSON");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1], "after");
    let kept = rows[0].as_str().expect("a string");
    assert_eq!(kept.len(), 65_536);
    let cut = &output.truncation()[0];
    assert_eq!((cut.reason, cut.pointer.as_str()), (TruncationReason::String, "/0"));
    assert_eq!(cut.omitted, Some((250 << 20) - 65_536));
    still_works(&engine);

    // The byte budget holds, whatever the string budget says.
    let mut limits = Limits::default();
    limits.string_chars = u32::MAX;
    let output = invoke(&engine, Invocation::script("'x' * 250MB").limits(limits));
    assert!(output.json().len() <= (1 << 20) + MARKS, "{} bytes", output.json().len());
    output.values().expect("valid JSON");
    assert!(output.truncation().iter().any(|cut| cut.reason == TruncationReason::Bytes));
    still_works(&engine);
}

pub fn strings_are_cut_between_characters(context: &Context) {
    let engine = engine(context);
    for length in [7, 8, 9] {
        let mut limits = Limits::default();
        limits.string_chars = length;
        let script = "'\u{1F600}' * 100; \"a\" + '\u{1F600}' * 100";
        let output = invoke(&engine, Invocation::script(script).limits(limits));
        for value in output.values().expect("valid JSON") {
            let text = value.as_str().expect("a string");
            assert!(!text.contains('\u{FFFD}'), "{length}: {text}");
            assert!(
                text.encode_utf16().count() <= length as usize && text.ends_with('\u{1F600}'),
                "{length}: {text}"
            );
        }
        assert_eq!(output.truncation().len(), 2);
    }
}
