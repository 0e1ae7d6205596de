//! The parts of the engine that need no PowerShell: writing requests, reading answers, the pool's way from a submission to an
//! answer. `runspaced bench engine` measures the whole.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to say so")]

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use runspaced::{Invocation, Output, parts};
use serde_json::{Value, json};

const META: &str =
    r#"{"status":"completed","had_errors":false,"count":1,"timings":{"bind_us":9,"run_us":40,"write_us":2}}"#;

fn requests(criterion: &mut Criterion) {
    let engine = parts::echo_engine(1).expect("an echo engine needs nothing");
    let mut group = criterion.benchmark_group("request");
    let small = Invocation::command("Get-Date");
    group.bench_function("command", |bencher| {
        bencher.iter(|| parts::write_request(&engine, black_box(&small)).expect("it is valid"));
    });
    let rows: Vec<Value> =
        (0..100).map(|n| json!({ "Id": n, "Name": format!("item {n}"), "Tags": ["a", "b"] })).collect();
    let large =
        Invocation::script("param($Rows, $Name) $Rows.Count").arg("Rows", rows).arg("Name", "Zoë \u{1F600}");
    let bytes = parts::write_request(&engine, &large).expect("it is valid");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("script_with_100_rows", |bencher| {
        bencher.iter(|| parts::write_request(&engine, black_box(&large)).expect("it is valid"));
    });
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("answer");
    let one = parts::Answer::new(r#"["2026-01-01T00:00:00+00:00"]"#, "[]", META);
    group
        .bench_function("one_value", |bencher| bencher.iter(|| black_box(&one).read().expect("it is whole")));
    let rows: Vec<Value> = (0..1_000)
        .map(|n| json!({ "Id": n, "Name": format!("item {n}"), "Value": 1.5, "Even": n % 2 == 0 }))
        .collect();
    let document = Value::from(rows).to_string();
    group.throughput(Throughput::Bytes(document.len() as u64));
    let thousand = parts::Answer::new(&document, "[]", META);
    let output: Output = thousand.read().expect("it is whole");
    group.bench_function("1000_rows_as_values", |bencher| {
        bencher.iter_batched(
            || output.clone(),
            |output| output.values().expect("rows"),
            BatchSize::SmallInput,
        );
    });
    let records: Vec<Value> = (0..100)
        .map(|n| json!({ "stream": "warning", "at": n, "data": "something is not as it should be" }))
        .collect();
    let noisy =
        parts::Answer::new("[]", &Value::from(records).to_string(), META).read().expect("it is whole");
    group.throughput(Throughput::Elements(100));
    group.bench_function("100_records", |bencher| bencher.iter(|| black_box(&noisy).records()));
    group.finish();
}

fn pool(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pool");
    for slots in [1, 16] {
        let engine = parts::echo_engine(slots).expect("an echo engine needs nothing");
        let call = Invocation::command("Get-Date");
        group.bench_function(format!("call_with_{slots}_slots"), |bencher| {
            bencher.iter_batched(
                || call.clone(),
                |call| engine.blocking().invoke(call).expect("an echo"),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// The 1,500 functions of a large module.
fn tools(criterion: &mut Criterion) {
    let verbs = ["Get", "Set", "New", "Remove", "Test", "Invoke"];
    let nouns =
        ["Incident", "Workbook", "Watchlist", "Policy", "Connector", "AnalyticsRule", "DataCollectionRule"];
    let parameters: Vec<Value> = ["Workspace", "ResourceGroup", "Name", "Filter", "First", "Force"]
        .iter()
        .map(|name| json!({ "name": name, "type": "string", "bindable": true, "description": "What it is about" }))
        .collect();
    let functions: Vec<Value> = (0..1_500)
        .map(|n| {
            let name = format!("{}-Store{}{n}", verbs[n % verbs.len()], nouns[n / 6 % nouns.len()]);
            json!({ "name": name, "module": "Store", "parameters": &parameters,
                "synopsis": format!("Works on {} number {n} of a workspace and its resource group", nouns[n / 6 % nouns.len()]) })
        })
        .collect();
    let mut group = criterion.benchmark_group("tools");
    group.sample_size(20);
    group.bench_function("made_of_1500_functions", |bencher| {
        bencher.iter(|| parts::Tools::new(black_box(&functions)).expect("names are unique"));
    });
    let tools = parts::Tools::new(&functions).expect("names are unique");
    for (name, query) in [
        ("one_word", "incident"),
        ("a_sentence", "delete the workbooks of a workspace by name and resource group"),
    ] {
        group.bench_function(format!("search_1500_for_{name}"), |bencher| {
            bencher.iter(|| assert!(tools.search(black_box(query)) > 0));
        });
    }
    group.finish();
}

criterion_group! {
    name = parts;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = requests, answers, pool, tools
}
criterion_main!(parts);
