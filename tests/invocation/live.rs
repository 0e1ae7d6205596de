//! What a call says while it runs.

use std::fs;

use crate::support::Context;
use crate::support::engine::{engine, eventually, still_works};
use crate::{SECOND, block_on};
use runspaced::{Format, Invocation, Live, Record, RecordData, Stream};
use serde_json::{Value, json};

pub fn live_records_come_while_the_call_runs(context: &Context) {
    let engine = engine(context);
    let go = context.scratch().join("go");
    // It comes before the end, or the end does not come.
    let script = "param($go) Write-Warning 'first'; while (-not (Test-Path $go)) { Start-Sleep -Milliseconds 10 }; Write-Host 'second'; 'value'";
    block_on(async {
        let call = Invocation::script(script).arg("go", &go).timeout(60 * SECOND).live();
        let mut call = engine.start(call).expect("starts");
        let first = call.next_live().await.expect("comes");
        fs::write(&go, "").expect("is written");
        assert!(matches!(&first, Live::Record(Record { stream: Stream::Warning, .. })), "{first:?}");
        let second = call.next_live().await.expect("comes");
        assert!(matches!(&second, Live::Record(Record { stream: Stream::Information, .. })), "{second:?}");
        assert!(call.next_live().await.is_none(), "values are not among them");
        let output = call.await.expect("ends well");
        assert_eq!(output.json(), r#"["value"]"#);
        assert_eq!(output.records().len(), 2, "they are in the answer too");
    });
}

pub fn progress_is_throttled_and_ends(context: &Context) {
    let engine = engine(context);
    let script = "1..300 | % { Write-Progress -Id 1 -Activity work -Status \"step $_\" -PercentComplete ($_ / 3); Start-Sleep -Milliseconds 2 }; \
                  Write-Progress -Id 1 -Activity work -Completed; 'done'";
    block_on(async {
        let mut call = engine.start(Invocation::script(script).live()).expect("starts");
        let mut seen: Vec<Value> = Vec::new();
        while let Some(live) = call.next_live().await {
            if let Live::Record(Record { stream: Stream::Progress, data: RecordData::Value(value), .. }) =
                live
            {
                seen.push(value);
            }
        }
        let output = call.await.expect("ends well");
        assert_eq!(output.json(), r#"["done"]"#);
        assert!(seen.len() >= 3 && seen.len() < 150, "{} of 300", seen.len());
        assert_eq!(seen[0]["status"], "step 1", "the first one always");
        assert_eq!(seen.last().expect("some")["completed"], true, "and the last one");
        let percents: Vec<i64> =
            seen.iter().filter_map(|value| value["percent"].as_i64()).filter(|p| *p >= 0).collect();
        assert!(percents.is_sorted(), "{percents:?}");
    });
}

pub fn a_stream_gives_values_as_they_come(context: &Context) {
    let engine = engine(context);
    let go = context.scratch().join("go");
    let script = "param($go) 1; Write-Warning w; @{ a = 2 }; while (-not (Test-Path $go)) { Start-Sleep -Milliseconds 10 }; 'last'; sh -c 'exit 4'";
    block_on(async {
        let call = Invocation::script(script).arg("go", &go).timeout(60 * SECOND);
        let mut stream = engine.stream(call).expect("starts");
        let mut seen = Vec::new();
        while let Some(record) = stream.next().await {
            let record = record.expect("goes well");
            if seen.len() == 2 {
                fs::write(&go, "").expect("is written");
            }
            seen.push((record.stream, record.at, serde_json::to_value(record.data).expect("JSON")));
        }
        assert_eq!(
            seen,
            [
                (Stream::Output, 0, json!(1)),
                (Stream::Warning, 1, json!("w")),
                (Stream::Output, 1, json!({ "a": 2 })),
                (Stream::Output, 2, json!("last")),
            ]
        );
        let summary = stream.summary().expect("ended well");
        assert_eq!((summary.json(), summary.count(), summary.native_exit_code()), ("[]", 3, Some(4)));
    });
    // Nothing is lost or doubled on the way, whatever the pace.
    let numbers: Vec<i64> = engine
        .blocking()
        .stream(Invocation::script("1..20000"))
        .expect("starts")
        .map(|record| match record.expect("goes well").data {
            RecordData::Value(value) => value.as_i64().expect("a number"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, (1..=20_000).collect::<Vec<_>>());
}

pub fn a_slow_reader_slows_the_script(context: &Context) {
    let engine = engine(context);
    let counter = context.scratch().join("counter");
    let script = "param($counter) for ($i = 1; $i -le 100000; $i++) { if ($i % 50 -eq 0) { [IO.File]::WriteAllText($counter, \"$i\") }; 'x' * 10000 }";
    let written = || fs::read_to_string(&counter).ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    block_on(async {
        let mut stream = engine.stream(Invocation::script(script).arg("counter", &counter)).expect("starts");
        for _ in 0..10 {
            stream.next().await.expect("more").expect("goes well");
        }
        tokio::time::sleep(2 * SECOND).await;
        let produced = written();
        assert!(produced < 500, "the script waits for its reader, but made {produced} values");
        for _ in 0..500 {
            stream.next().await.expect("more").expect("goes well");
        }
        eventually("it goes on when there is room", || written() >= 500);
        stream.cancel_handle().cancel();
        let mut end = None;
        while let Some(record) = stream.next().await {
            end = record.err();
        }
        assert_eq!(end.expect("the last item is the error").code(), "E502");
    });
    still_works(&engine);
}

pub fn a_stream_that_is_dropped_stops_its_script(context: &Context) {
    let engine = engine(context);
    let mark = context.scratch().join("mark");
    let script = "param($mark) try { while ($true) { 'x' * 1000 } } finally { [IO.File]::WriteAllText($mark, 'stopped') }";
    block_on(async {
        let mut stream = engine.stream(Invocation::script(script).arg("mark", &mark)).expect("starts");
        for _ in 0..100 {
            stream.next().await.expect("more").expect("goes well");
        }
    });
    eventually("its finally block ran", || mark.exists());
    eventually("the slot is free", || engine.stats().running == 0);
    // A deadline ends a stream that nobody reads.
    block_on(async {
        let mut stream =
            engine.stream(Invocation::script("while ($true) { 1 }").timeout(SECOND)).expect("starts");
        tokio::time::sleep(2 * SECOND).await;
        let mut last = None;
        while let Some(record) = stream.next().await {
            last = Some(record);
        }
        assert_eq!(last.expect("some").expect_err("the deadline").code(), "E501");
    });
    still_works(&engine);
}

pub fn a_failing_stream_ends_with_the_error(context: &Context) {
    let engine = engine(context);
    block_on(async {
        let mut stream =
            engine.stream(Invocation::script("1; Write-Error soft; 2; throw 'hard'; 3")).expect("starts");
        let mut seen = Vec::new();
        while let Some(record) = stream.next().await {
            seen.push(record);
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        let last = seen.pop().expect("some").expect_err("the error is the last item");
        assert_eq!((last.code(), last.to_string().as_str()), ("E401", "hard"));
        assert!(stream.summary().is_none());
        let streams: Vec<_> = seen.into_iter().map(|record| record.expect("goes well").stream).collect();
        assert_eq!(streams, [Stream::Output, Stream::Error, Stream::Output]);
    });
    assert_eq!(
        engine.stream(Invocation::script("1").format(Format::Text)).err().map(|error| error.code()),
        Some("E301")
    );
    still_works(&engine);
}
