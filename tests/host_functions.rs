//! Functions of the embedding program, called from scripts on a real PowerShell.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runspaced::{
    Engine, EngineBuilder, Error, ErrorRecord, FunctionError, Invocation, Limits, PoolConfig, RecordData,
    Stream,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::Context;
use support::engine::{builder, eventually, fails, invoke, run, still_works, values, values_of, warm};

fn main() -> ExitCode {
    support::main(&[
        test!(arguments_and_values_keep_their_shapes).layouts(),
        test!(values_come_while_the_function_runs).powershell(),
        test!(every_stream_reaches_the_script).powershell(),
        test!(pipeline_input_reaches_the_function_with_back_pressure).powershell(),
        test!(functions_begin_on_the_scripts_thread_and_wait_elsewhere).powershell(),
        test!(a_failing_function_is_an_error_record).powershell(),
        test!(a_panicking_function_harms_nobody).powershell(),
        test!(what_cannot_be_passed_on_whole_is_refused).powershell(),
        test!(a_stopped_script_drops_the_future).powershell(),
        test!(a_pipeline_left_early_drops_the_future).powershell(),
        test!(slow_functions_do_not_starve_quick_calls).powershell(),
        test!(commands_have_the_parameters_of_their_type).powershell(),
        test!(functions_survive_every_isolation_level).powershell(),
        test!(jobs_and_other_runspaces_are_told_so).powershell(),
        test!(names_that_cannot_be_are_refused_when_the_engine_is_built),
    ])
}

#[derive(Deserialize)]
struct Anything(Value);

/// Counts up when it is made and down when it is dropped.
struct Presence(Arc<AtomicUsize>);

impl Presence {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `echo` gives its arguments back; `wait` waits for ever and counts who does.
fn with_functions(context: &Context) -> (EngineBuilder, Arc<AtomicUsize>) {
    let waiting = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&waiting);
    let builder = builder(context)
        .host_function("echo", |_context, arguments: Anything| async move { Ok(arguments.0) })
        .host_function("wait", move |context, _arguments: Anything| {
            let present = Presence::new(&count);
            async move {
                context.write("waiting").await?;
                std::future::pending::<()>().await;
                drop(present);
                Ok(())
            }
        });
    (builder, waiting)
}

fn engine_with_functions(context: &Context) -> (Engine, Arc<AtomicUsize>) {
    let (builder, waiting) = with_functions(context);
    (warm(builder), waiting)
}

/// The one error of a script. It ends its statement, as that of a cmdlet does, not the script.
fn error_of(engine: &Engine, script: &str) -> ErrorRecord {
    let output = run(engine, script);
    let [error] = output.errors().try_into().unwrap_or_else(|errors| panic!("{script}: {errors:?}"));
    error
}

fn arguments_and_values_keep_their_shapes(context: &Context) {
    let (engine, _) = engine_with_functions(context);
    let script = "Invoke-HostFunction echo @{ Text = 'ä\"'; Number = 5; Big = 12345678901; Real = 1.5; Yes = $true; None = $null
        List = 1, 'two', $null; Empty = @(); Deep = @{ a = @{ b = @{ c = @{ d = @{ e = @{ f = @{ g = 1 } } } } } } }
        Time = [datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc); Day = [DayOfWeek]::Monday; Switch = [switch]$true }";
    let mut deep = Limits::default();
    deep.depth = 20;
    let output = invoke(&engine, Invocation::script(script).limits(deep));
    assert_eq!(output.records_json(), "[]");
    let echoed = output.values().expect("values");
    assert_eq!(
        echoed,
        [json!({
            "Text": "ä\"", "Number": 5, "Big": 12_345_678_901_i64, "Real": 1.5, "Yes": true, "None": null,
            "List": [1, "two", null], "Empty": [], "Deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}},
            "Time": "2026-01-02T03:04:05Z", "Day": "Monday", "Switch": true,
        })]
    );
    // Objects are objects in the script, and times stay texts.
    let script = "$r = Invoke-HostFunction echo @{ a = @{ b = 1, 2 }; t = '2026-01-02T03:04:05Z' }
        $r.a.b[1]; $r.t.GetType().Name; $r.GetType().Name";
    assert_eq!(values(&engine, script), [json!(2), json!("String"), json!("PSCustomObject")]);
    // No arguments, and an object of properties.
    assert_eq!(values(&engine, "Invoke-HostFunction ECHO"), [json!({})]);
    assert_eq!(values(&engine, "Invoke-HostFunction echo ([pscustomobject]@{ x = 1 })"), [json!({ "x": 1 })]);
    still_works(&engine);
}

fn values_come_while_the_function_runs(context: &Context) {
    #[derive(Deserialize)]
    struct Count {
        to: u32,
    }
    let engine = warm(builder(context).host_function("count", |context, count: Count| async move {
        for n in 1..=count.to {
            context.write(&n).await?;
        }
        Ok(["done", "and done"])
    }));
    let script = "Invoke-HostFunction count @{ to = 3 } | ForEach-Object { \"got $_\" }";
    assert_eq!(values(&engine, script), ["got 1", "got 2", "got 3", "got done", "got and done"]);
    // Far more values than may wait for the script.
    let script = "(Invoke-HostFunction count @{ to = 20000 } | Measure-Object).Count";
    assert_eq!(values(&engine, script), [20_002]);
    // The arguments are read strictly, and the mistake is told.
    let error = error_of(&engine, "Invoke-HostFunction count @{ to = 'x' }");
    assert!(error.message.contains("The arguments do not fit"), "{}", error.message);
    still_works(&engine);
}

fn every_stream_reaches_the_script(context: &Context) {
    let engine = warm(builder(context).host_function("talk", |context, _: Anything| async move {
        context.warning("careful").await?;
        context.verbose("in short").await?;
        context.debug("inside").await?;
        context.information("by the way").await?;
        context.progress("Working", "half", Some(50)).await?;
        context
            .error(&FunctionError::new("not this one").id("Missing").category("ObjectNotFound").target(7))
            .await?;
        Ok("went on")
    }));
    let output = run(&engine, "$VerbosePreference = $DebugPreference = 'Continue'; Invoke-HostFunction talk");
    assert_eq!(output.json(), r#"["went on"]"#);
    let of =
        |stream| output.records().into_iter().find(|record| record.stream == stream).expect("a record").data;
    for (stream, text) in
        [(Stream::Warning, "careful"), (Stream::Verbose, "in short"), (Stream::Debug, "inside")]
    {
        let RecordData::Text(said) = of(stream) else { panic!("a text") };
        assert_eq!(said, text);
    }
    assert!(format!("{:?}", of(Stream::Information)).contains("by the way"));
    let progress = format!("{:?}", of(Stream::Progress));
    assert!(progress.contains("half") && progress.contains("50"), "{progress}");
    let error = output.errors().into_iter().next().expect("an error");
    assert_eq!(error.message, "not this one");
    assert_eq!(error.category, "ObjectNotFound");
    assert!(error.fully_qualified_error_id.starts_with("Missing,"), "{}", error.fully_qualified_error_id);
    still_works(&engine);
}

fn pipeline_input_reaches_the_function_with_back_pressure(context: &Context) {
    let engine = warm(
        builder(context)
            .host_function("sum", |mut context, _: Anything| async move {
                let mut sum = 0;
                while let Some(value) = context.next_input::<i64>().await {
                    sum += value?;
                    if sum % 1000 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                Ok(sum)
            })
            .host_function("first", |mut context, _: Anything| async move {
                context.next_input::<Value>().await.transpose()
            })
            .host_function("double", |mut context, _: Anything| async move {
                while let Some(value) = context.next_input::<i64>().await {
                    context.write(&(value? * 2)).await?;
                }
                Ok(())
            }),
    );
    assert_eq!(values(&engine, "1..5000 | Invoke-HostFunction sum"), [12_502_500]);
    assert_eq!(values(&engine, "@() | Invoke-HostFunction sum"), [0]);
    assert_eq!(values(&engine, "Invoke-HostFunction sum -InputObject 5"), [5]);
    assert_eq!(values(&engine, "@{ a = 1 }, 2, 3 | Invoke-HostFunction first"), [json!({ "a": 1 })]);
    // A function that ends before its input does not hold up the pipeline.
    assert_eq!(values(&engine, "1..5000 | Invoke-HostFunction first"), [1]);
    // Output while input still comes: neither waits for the other for ever.
    assert_eq!(
        values(&engine, "(1..5000 | Invoke-HostFunction double | Measure-Object -Sum).Sum"),
        [25_005_000.0]
    );
    let error = error_of(&engine, "1, 'x' | Invoke-HostFunction sum");
    assert!(error.message.contains("input does not fit"), "{}", error.message);
    still_works(&engine);
}

fn functions_begin_on_the_scripts_thread_and_wait_elsewhere(context: &Context) {
    let here = || std::thread::current().id();
    let mut pool = PoolConfig::default();
    pool.max = 1;
    let engine = warm(builder(context).pool(pool).host_function(
        "where",
        move |mut context, _arguments: Anything| async move {
            let begun = here();
            tokio::time::sleep(Duration::from_millis(20)).await;
            let waited = here();
            let input = context.next_input::<Value>().await;
            Ok(json!({"begun": format!("{begun:?}"), "waited": begun != waited,
                "input": input.is_some()}))
        },
    ));
    let places =
        values(&engine, "1..3 | ForEach-Object { Invoke-HostFunction where }; 5 | Invoke-HostFunction where");
    let [first, second, third, with_input] = &places[..] else { panic!("{places:?}") };
    for place in [first, second, third] {
        assert_eq!(place["waited"], true, "a sleep is not waited for on the script's thread: {places:?}");
        assert_eq!(place["begun"], first["begun"], "the script's thread is one");
    }
    assert_eq!(with_input["input"], true);
    assert_ne!(with_input["begun"], first["begun"], "input is read while the script goes on");
    // Deep in a script there is no room for it on the script's stack.
    let script = "function Get-Deep($depth) { if ($depth) { Get-Deep ($depth - 1) } else { (Invoke-HostFunction where).begun } }
        foreach ($depth in 0, 20, 1000, 1500, 2000) { try { Get-Deep $depth } catch { [string]$_ } }";
    let output = run(&engine, script);
    let begun = output.values().expect("values");
    assert_eq!(begun[0], begun[1], "{begun:?}");
    assert_ne!(begun[4], begun[0], "{begun:?}");
    still_works(&engine);
}

fn a_failing_function_is_an_error_record(context: &Context) {
    let engine = warm(builder(context).host_function("fail", |context, _: Anything| async move {
        context.write("before").await?;
        Err::<(), _>(
            FunctionError::new("no such workspace 'x'")
                .id("WorkspaceNotFound")
                .category("ObjectNotFound")
                .target("x")
                .recommended_action("Use one of: a, b")
                .details(json!({ "candidates": ["a", "b"] })),
        )
    }));
    let stop = "$ErrorActionPreference = 'Stop'; Invoke-HostFunction fail; 'not reached'";
    let error = fails(&engine, Invocation::script(stop));
    let record = error.record().expect("a record");
    assert_eq!(record.message, "no such workspace 'x'");
    assert!(record.fully_qualified_error_id.starts_with("WorkspaceNotFound,"));
    assert_eq!(record.category, "ObjectNotFound");
    assert_eq!(record.recommended_action.as_deref(), Some("Use one of: a, b"));
    assert_eq!(error.output().expect("output").json(), r#"["before"]"#);
    let script = "try { Invoke-HostFunction fail } catch { $_.Exception.Details.candidates[1]; $_.TargetObject; $_.CategoryInfo.Category }";
    assert_eq!(values(&engine, script), ["before", "b", "x", "ObjectNotFound"]);
    let error = error_of(&engine, "Invoke-HostFunction nothing");
    assert_eq!(error.message, "There is no host function named 'nothing'. There are: fail.");
    assert_eq!(values(&engine, "Invoke-HostFunction fail; 'reached'"), ["before", "reached"]);
    still_works(&engine);
}

fn a_panicking_function_harms_nobody(context: &Context) {
    let (builder, _) = with_functions(context);
    let engine = warm(builder.host_function("panic", |_context, _: Anything| async move {
        if std::env::args().count() > 0 {
            panic!("on purpose");
        }
        Ok(())
    }));
    let error = error_of(&engine, "Invoke-HostFunction panic");
    assert!(error.message.contains("'panic' failed inside"), "{}", error.message);
    assert_eq!(values(&engine, "Invoke-HostFunction echo @{ a = 1 }"), [json!({ "a": 1 })]);
    still_works(&engine);
}

fn what_cannot_be_passed_on_whole_is_refused(context: &Context) {
    let (engine, _) = engine_with_functions(context);
    for (script, why) in [
        ("$a = @{}; $a.self = $a; Invoke-HostFunction echo @{ a = $a }", "'a' cannot be passed on whole"),
        ("Invoke-HostFunction echo @{ s = ConvertTo-SecureString x -AsPlainText -Force }", "'s' is a secret"),
        ("Invoke-HostFunction echo 'text'", "must be a hashtable or an object"),
        (
            "$d = 1; 1..100 | % { $d = @{ d = $d } }; Invoke-HostFunction echo @{ d = $d }",
            "'d' cannot be passed on whole",
        ),
    ] {
        let error = error_of(&engine, script);
        assert!(error.message.contains(why), "{script}: {}", error.message);
    }
    still_works(&engine);
}

fn a_stopped_script_drops_the_future(context: &Context) {
    let (engine, waiting) = engine_with_functions(context);
    let call = Invocation::script("Invoke-HostFunction wait").timeout(Duration::from_millis(500));
    let error = fails(&engine, call);
    assert!(matches!(error, Error::Timeout { abandoned: false, .. }), "{error}");
    eventually("the future is dropped", || waiting.load(Ordering::SeqCst) == 0);
    assert_eq!(engine.stats().host_functions, 0);
    still_works(&engine);
}

fn a_pipeline_left_early_drops_the_future(context: &Context) {
    let (engine, waiting) = engine_with_functions(context);
    assert_eq!(values(&engine, "Invoke-HostFunction wait | Select-Object -First 1"), ["waiting"]);
    eventually("the future is dropped", || waiting.load(Ordering::SeqCst) == 0);
    let script = "try { Invoke-HostFunction wait | ForEach-Object { throw 'enough' } } catch { \"$_\" }";
    assert_eq!(values(&engine, script), ["enough"]);
    eventually("the future is dropped", || waiting.load(Ordering::SeqCst) == 0);
    still_works(&engine);
}

fn slow_functions_do_not_starve_quick_calls(context: &Context) {
    let (builder, waiting) = with_functions(context);
    let mut pool = PoolConfig::default();
    pool.max = 2;
    pool.max_waiting = 6;
    let engine = warm(builder.pool(pool));
    let calls: Vec<_> = (0..6)
        .map(|_| engine.start(Invocation::script("Invoke-HostFunction wait")).expect("starts"))
        .collect();
    eventually("all of them wait", || waiting.load(Ordering::SeqCst) == 6 && engine.stats().waiting == 6);
    // Three times as many calls wait as there may be slots, and quick ones still run.
    still_works(&engine);
    // Beyond the cap a waiting call takes a place like any other.
    let more: Vec<_> = (0..2)
        .map(|_| engine.start(Invocation::script("Invoke-HostFunction wait")).expect("starts"))
        .collect();
    eventually("they wait too", || waiting.load(Ordering::SeqCst) == 8);
    let error = fails(&engine, Invocation::script("1").timeout(Duration::from_millis(300)));
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    drop((calls, more));
    eventually("all have ended", || waiting.load(Ordering::SeqCst) == 0);
    eventually("the pool is back at its size", || {
        let stats = engine.stats();
        stats.idle <= 2 && stats.running + stats.settling + stats.opening == 0
    });
    still_works(&engine);
}

fn commands_have_the_parameters_of_their_type(context: &Context) {
    #[derive(Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Unit {
        Celsius,
        Kelvin,
    }
    /// Tells the weather of a place.
    #[derive(Deserialize, Serialize, JsonSchema)]
    struct Weather {
        /// Which city.
        city_name: String,
        #[schemars(range(min = 1, max = 14))]
        days: Option<u32>,
        unit: Option<Unit>,
        #[serde(default)]
        detailed: bool,
        #[serde(default)]
        tags: Vec<String>,
    }
    let engine = warm(
        builder(context).host_command("Get-Weather", |_context, weather: Weather| async move { Ok(weather) }),
    );
    let all =
        "Get-Weather -CityName Rome -Days 3 -Unit kelvin -Detailed -Tags a, b -Verbose -ErrorAction Stop";
    assert_eq!(
        values(&engine, all),
        [json!({"city_name": "Rome", "days": 3, "unit": "kelvin", "detailed": true, "tags": ["a", "b"]})]
    );
    let call = Invocation::command("Get-Weather").arg("CityName", "$(throw)");
    assert_eq!(values_of(&engine, call)[0]["city_name"], "$(throw)");
    let script = "[pscustomobject]@{ CityName = 'Oslo' }, [pscustomobject]@{ CityName = 'Riga'; Days = 2 } | Get-Weather | % city_name";
    assert_eq!(values(&engine, script), ["Oslo", "Riga"]);
    for (script, why) in
        [("Get-Weather -CityName x -Days 99", "Days"), ("Get-Weather -CityName x -Unit Rankine", "celsius")]
    {
        let error = error_of(&engine, script);
        assert!(error.message.contains(why), "{script}: {}", error.message);
    }
    let error = fails(&engine, Invocation::script("Get-Weather"));
    assert!(matches!(&error, Error::PromptBlocked { fields, .. } if fields == &["CityName"]), "{error}");
    let help =
        "(Get-Help Get-Weather).Synopsis.Trim(); (Get-Help Get-Weather -Parameter CityName).Description.Text";
    assert_eq!(values(&engine, help), ["Tells the weather of a place.", "Which city."]);
    still_works(&engine);
}

fn functions_survive_every_isolation_level(context: &Context) {
    use runspaced::Isolation;
    let (engine, _) = engine_with_functions(context);
    // A call that only calls functions leaves nothing behind.
    let before = engine.stats();
    run(&engine, "Invoke-HostFunction echo @{ a = 1 }");
    still_works(&engine);
    let after = engine.stats();
    assert_eq!((before.restored, before.retired), (after.restored, after.retired));
    for isolation in [Isolation::Shared, Isolation::Scoped, Isolation::Reset, Isolation::Fresh] {
        for _ in 0..2 {
            let call = Invocation::script("Invoke-HostFunction echo @{ a = 1 }").isolation(isolation);
            assert_eq!(values_of(&engine, call), [json!({ "a": 1 })], "{isolation:?}");
        }
    }
    // One that hides the command is noticed, and the next call has it again.
    run(&engine, "function Invoke-HostFunction { 'stolen' }; Invoke-HostFunction echo");
    assert_eq!(values(&engine, "Invoke-HostFunction echo @{ a = 2 }"), [json!({ "a": 2 })]);
}

fn jobs_and_other_runspaces_are_told_so(context: &Context) {
    let (engine, _) = engine_with_functions(context);
    let script = "$type = (Get-Command Invoke-HostFunction).ImplementingType
        1 | ForEach-Object -Parallel { try { & (New-Module { param($t) Import-Module $t.Assembly -DisableNameChecking } -ArgumentList $using:type) } catch {}
            try { Invoke-HostFunction echo } catch { $_.FullyQualifiedErrorId } }";
    let said = values(&engine, script);
    let said = said[0].as_str().expect("an error id");
    assert!(
        said.starts_with("HostFunctionOutsideOfCall") || said.starts_with("CommandNotFoundException"),
        "{said}"
    );
    still_works(&engine);
}

fn names_that_cannot_be_are_refused_when_the_engine_is_built(_: &Context) {
    let twice = Engine::builder()
        .host_function("A", |_, _: Anything| async { Ok(()) })
        .host_function("a", |_, _: Anything| async { Ok(()) });
    let nameless = Engine::builder().host_function("", |_, _: Anything| async { Ok(()) });
    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}
    let verbless = Engine::builder().host_command("weather", |_, _: Nothing| async { Ok(()) });
    for (builder, why) in
        [(twice, "two host functions"), (nameless, "no name"), (verbless, "like Get-Weather")]
    {
        let error = builder.build().expect_err("no engine");
        assert!(matches!(error, Error::InvalidInvocation(_)) && error.to_string().contains(why), "{error}");
    }
}
