//! What scripts can do to the process that hosts them, on a real PowerShell: each fault gives one typed answer within
//! bounds, and the next call works. (That isolation holds is another suite's matter.)

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use runspaced::{
    Engine, Error, Invocation, Limits, PoolConfig, RuntimeSettings, Stream, TruncationReason, locate,
};
use serde_json::{Value, json};
use support::Context;
use support::engine::{
    builder, builder_at, clipped, engine, eventually, fails, invoke, run, still_works, values, values_of,
    warm,
};

fn main() -> ExitCode {
    if let Ok(script) = env::var(VICTIM) {
        return victim(&script);
    }
    support::main(&[
        // 1 to 4
        test!(an_endless_loop_ends_at_its_deadline).powershell(),
        test!(a_sleep_ends_when_cancelled).powershell(),
        test!(a_thread_that_cannot_be_stopped_is_given_up_and_replaced).powershell().limit_s(90),
        test!(too_many_given_up_slots_degrade_the_engine).powershell(),
        test!(finally_blocks_run_when_a_call_is_cancelled).powershell(),
        test!(cancels_that_meet_the_end_of_their_call_harm_nobody).powershell().limit_s(180),
        test!(what_a_thread_of_a_script_throws_ends_that_thread_only).powershell(),
        // 5 to 10
        test!(a_native_crash_ends_the_process_by_a_signal).powershell(),
        test!(fail_fast_ends_the_process_with_its_last_words).powershell(),
        test!(environment_exit_is_an_error_and_the_process_lives).powershell(),
        test!(environment_exit_is_told_from_calls_that_only_wait).powershell(),
        test!(exit_ends_the_script_with_its_code).powershell(),
        test!(endless_recursion_is_an_error_of_the_script).powershell().limit_s(600),
        test!(endless_recursion_of_script_blocks_never_outlives_its_answer).powershell().limit_s(300),
        test!(a_stack_overflow_in_compiled_code_ends_the_process_by_a_signal).powershell(),
        // 11
        test!(a_greedy_script_hits_the_heap_limit).powershell().limit_s(120),
        // 13, 14
        test!(endless_output_is_cut_and_its_pipeline_stopped).powershell().limit_s(120),
        test!(a_huge_string_is_cut).powershell().limit_s(120),
        test!(strings_are_cut_between_characters).powershell(),
        // 15, 16
        test!(deep_and_cyclic_objects_are_cut_with_marks).powershell(),
        test!(getters_that_throw_are_values).powershell(),
        test!(getters_that_block_end_with_the_call).powershell(),
        test!(difficult_characters_give_valid_json).powershell(),
        // 17
        test!(a_flood_on_every_stream_is_capped_and_counted).powershell().limit_s(300),
        // 18, 19, 20
        test!(questions_nobody_can_answer_end_the_call).powershell(),
        test!(reading_the_console_does_not_hang).powershell(),
        test!(reading_an_open_pipe_at_stdin_ends_at_the_deadline).powershell().limit_s(120),
        test!(text_on_the_console_is_not_in_the_output).powershell(),
        // 21
        test!(a_module_that_does_not_load_is_named).powershell(),
        test!(a_module_that_loads_for_ever_is_bounded).powershell(),
        test!(a_binary_module_that_throws_while_it_loads_is_named).powershell(),
        // 22 to 24
        test!(poisoned_state_does_not_reach_the_next_call).powershell(),
        test!(process_wide_state_is_put_back).powershell(),
        test!(what_runs_in_the_background_is_ended).powershell(),
        // 25
        test!(a_storm_of_threads_passes).powershell().limit_s(120),
        test!(a_storm_of_threads_is_stopped).powershell().limit_s(120),
        // native children
        test!(a_native_child_ends_with_its_call).powershell(),
        test!(grandchildren_end_with_their_call).powershell(),
        test!(children_of_other_calls_are_left_alone).powershell(),
        // both layouts
        test!(the_common_faults_on_this_layout).layouts().limit_s(120),
    ])
}

const SECOND: Duration = Duration::from_secs(1);

fn impatient(context: &Context, abandon_budget: usize) -> Engine {
    let mut pool = PoolConfig::default();
    pool.max = 4;
    pool.stop_grace = Duration::from_millis(500);
    pool.abandon_budget = abandon_budget;
    warm(builder(context).pool(pool))
}

fn assert_timeout(error: &Error, abandoned: bool) {
    assert!(
        matches!(error, Error::Timeout { abandoned: given_up, .. } if *given_up == abandoned),
        "{} {error}",
        error.code()
    );
}

// Loops, sleeps, threads that cannot be stopped

fn an_endless_loop_ends_at_its_deadline(context: &Context) {
    let engine = engine(context);
    let spinning = engine.start(Invocation::script("while ($true) {}").timeout(SECOND)).expect("starts");
    still_works(&engine);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_timeout(&runtime.block_on(spinning).expect_err("is stopped"), false);
    still_works(&engine);
    eventually("the slot serves again", || engine.stats().idle >= 1 && engine.stats().running == 0);
    assert_eq!(engine.stats().abandoned, 0);
}

fn a_sleep_ends_when_cancelled(context: &Context) {
    let engine = engine(context);
    let call = engine.start(Invocation::script("1; Start-Sleep 3600")).expect("starts");
    let handle = call.cancel_handle();
    eventually("it runs", || engine.stats().running == 1);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        handle.cancel();
        handle.cancel();
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(call).expect_err("is cancelled");
    assert!(matches!(error, Error::Cancelled { abandoned: false, .. }), "{error}");
    assert_eq!(error.output().map(runspaced::Output::json), Some("[1]"), "what came before is there");
    still_works(&engine);
}

fn a_thread_that_cannot_be_stopped_is_given_up_and_replaced(context: &Context) {
    let engine = impatient(context, 4);
    let before = Instant::now();
    let error = fails(&engine, Invocation::script("[Threading.Thread]::Sleep(-1)").timeout(2 * SECOND));
    assert_timeout(&error, true);
    assert!(before.elapsed() >= 2 * SECOND, "not before its deadline");
    assert!(before.elapsed() < 20 * SECOND, "deadline and grace are 2.5 s together");
    let stats = engine.stats();
    assert_eq!((stats.abandoned, stats.abandoned_total), (1, 1));
    assert!(!stats.degraded);
    still_works(&engine);

    // One that returns after all is no longer counted.
    let error = fails(
        &engine,
        Invocation::script("[Threading.Thread]::Sleep(6000); 'x' | Set-Content $args[0]")
            .positional(context.scratch().join("late"))
            .timeout(2 * SECOND),
    );
    assert_timeout(&error, true);
    assert_eq!(engine.stats().abandoned_total, 2);
    eventually("the second one has come back", || engine.stats().abandoned == 1);
    assert!(!context.scratch().join("late").exists(), "a stopped pipeline does not go on");
    still_works(&engine);
}

fn too_many_given_up_slots_degrade_the_engine(context: &Context) {
    let engine = impatient(context, 2);
    for round in 1..=2 {
        let call = Invocation::script("[Threading.Thread]::Sleep(-1)").timeout(2 * SECOND);
        assert_timeout(&fails(&engine, call), true);
        assert_eq!(engine.stats().abandoned, round);
    }
    let error = fails(&engine, Invocation::script("1"));
    assert_eq!(error.code(), "E203", "{error}");
    assert!(matches!(error, Error::Degraded { abandoned: 2, budget: 2 }), "{error:?}");
    assert!(engine.stats().degraded);
    // It says so from now on, and its end does not hang on the stuck threads.
    assert_eq!(fails(&engine, Invocation::script("1")).code(), "E203");
    engine.shut_down(Duration::ZERO);
}

/// PowerShell's own stop throws where the pipeline ends at that moment; on a thread of PowerShell's that would end the process.
fn cancels_that_meet_the_end_of_their_call_harm_nobody(context: &Context) {
    let engine = engine(context);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let script = "foreach ($n in 1..300) { $null = $n | Write-Output }; 'end'";
    (0..50).for_each(|_| assert_eq!(values(&engine, script), ["end"]));
    let start = Instant::now();
    values(&engine, script);
    let usual = start.elapsed();
    let (mut cancelled, mut ended) = (0, 0);
    for round in 0..1_500_u32 {
        let running = engine.start(Invocation::script(script)).expect("starts");
        let handle = running.cancel_handle();
        let canceller = std::thread::spawn(move || {
            // From the first half of a call to a little after its end.
            std::thread::sleep(usual / 2 + usual * (round % 100) / 120);
            handle.cancel();
        });
        match runtime.block_on(running) {
            Ok(_) => ended += 1,
            Err(Error::Cancelled { abandoned: false, .. }) => cancelled += 1,
            Err(error) => panic!("{} {error}", error.code()),
        }
        canceller.join().expect("a cancel never fails");
    }
    println!("{cancelled} of {} were cancelled", cancelled + ended);
    assert!(cancelled > 0, "no cancel came before the end of its call");
    still_works(&engine);
}

fn what_a_thread_of_a_script_throws_ends_that_thread_only(context: &Context) {
    let engine = engine(context);
    // A script block on a thread without a runspace throws at once.
    let thread =
        "$t = [Threading.Thread]::new([Threading.ThreadStart] { 1 }); $t.Start(); $t.Join(); 'after'";
    assert_eq!(values(&engine, thread), ["after"]);
    let timer = "$t = [Threading.Timer]::new([Threading.TimerCallback] { 1 }, $null, 1, -1); Start-Sleep -Milliseconds 300; 'after'";
    assert_eq!(values(&engine, timer), ["after"]);
    still_works(&engine);
}

fn finally_blocks_run_when_a_call_is_cancelled(context: &Context) {
    let engine = engine(context);
    let script = "param($file) try { Start-Sleep 3600 } finally { Start-Sleep 1; [IO.File]::WriteAllText($file, 'done') }";
    let file = context.scratch().join("finally");
    let error = fails(&engine, Invocation::script(script).arg("file", &file).timeout(SECOND));
    assert_timeout(&error, false);
    eventually("the finally block ran to its end", || file.exists());
    still_works(&engine);
}

// The end of the process

const VICTIM: &str = "RUNSPACED_VICTIM";
const VICTIM_HOME: &str = "RUNSPACED_VICTIM_HOME";
const VICTIM_STDIN: &str = "RUNSPACED_VICTIM_STDIN";

/// The process of a script that may end it.
fn victim(script: &str) -> ExitCode {
    let home = env::var_os(VICTIM_HOME).expect("was set");
    let home =
        locate::inspect(Path::new(&home), &locate::LocateOptions::from_environment()).expect("suitable");
    let engine = warm(builder_at(&home));
    println!("ready");
    match engine.blocking().invoke(Invocation::script(script).timeout(10 * SECOND)) {
        Ok(output) => println!("answer: ok {} errors {}", clipped(output.json()), output.errors().len()),
        Err(error) => println!("answer: {} {}", error.code(), clipped(&error.to_string())),
    }
    still_works(&engine);
    println!("next");
    ExitCode::SUCCESS
}

struct Death {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Death {
    fn of(context: &Context, script: &str) -> Self {
        Self::with_stdin(context, script, false)
    }

    fn with_stdin(context: &Context, script: &str, open_pipe: bool) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command
            .env(VICTIM, script)
            .env(VICTIM_HOME, &context.home().path)
            .env(VICTIM_STDIN, if open_pipe { "pipe" } else { "null" })
            .stdin(if open_pipe { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let held = child.stdin.take().map(|mut pipe| {
            pipe.write_all(b"one\n").expect("is read");
            pipe
        });
        let output = child.wait_with_output().expect("ends");
        drop(held);
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The signal that ended it, after it had been well.
    fn signal(&self) -> i32 {
        assert!(self.stdout.contains("ready"), "it died before: {}{}", self.stdout, self.stderr);
        assert!(!self.stdout.contains("answer:"), "it did not die: {}", self.stdout);
        #[cfg(unix)]
        return std::os::unix::process::ExitStatusExt::signal(&self.status).expect("a signal ended it");
        #[cfg(not(unix))]
        return self.status.code().expect("it has a code");
    }
}

fn a_native_crash_ends_the_process_by_a_signal(context: &Context) {
    let script = "$library = [Runtime.InteropServices.NativeLibrary]::GetExport(\
                  [Runtime.InteropServices.NativeLibrary]::GetMainProgramHandle(), 'abort'); \
                  [Runtime.InteropServices.Marshal]::GetDelegateForFunctionPointer($library, [Action]).Invoke()";
    let death = Death::of(context, script);
    assert_eq!(death.signal(), 6, "SIGABRT: {}", death.stderr);
    // A write to an address that is not mapped, from managed code.
    let death =
        Death::of(context, "[Runtime.InteropServices.Marshal]::WriteInt64([IntPtr]0x7ffffffff000, 1)");
    assert!([6, 11].contains(&death.signal()), "SIGABRT or SIGSEGV: {}", death.stderr);
}

fn fail_fast_ends_the_process_with_its_last_words(context: &Context) {
    let death = Death::of(context, "[Environment]::FailFast('the reactor is hot')");
    assert_eq!(death.signal(), 6, "SIGABRT: {}", death.stderr);
    assert!(death.stderr.contains("the reactor is hot"), "{}", death.stderr);
}

fn a_stack_overflow_in_compiled_code_ends_the_process_by_a_signal(context: &Context) {
    let script = "Add-Type 'public static class Deep { public static int Down(int n) { return Down(n + 1) + n; } }'; \
                  [Deep]::Down(0)";
    let death = Death::of(context, script);
    assert_eq!(death.signal(), 6, "SIGABRT: {}", death.stderr);
    assert!(death.stderr.contains("Stack overflow"), "{}", clipped(&death.stderr));
}

fn environment_exit_is_an_error_and_the_process_lives(context: &Context) {
    let engine = engine(context);
    let error = fails(&engine, Invocation::script("1; [Environment]::Exit(3); 2"));
    assert!(matches!(error, Error::ExitCalled { code: 3 }), "{} {error}", error.code());
    assert_eq!(error.code(), "E403");
    assert!(engine.stats().restart_wanted, "the process should be replaced");
    assert_eq!(engine.stats().abandoned, 1, "its thread is parked");
    still_works(&engine);
    // Once more, out of a function.
    let error = fails(&engine, Invocation::script("function f { if ($true) { [Environment]::Exit(4) } }; f"));
    assert!(matches!(error, Error::ExitCalled { code: 4 }), "{} {error}", error.code());
    still_works(&engine);
}

fn environment_exit_is_told_from_calls_that_only_wait(context: &Context) {
    let engine = engine(context);
    let sleepers: Vec<_> =
        (0..2).map(|_| engine.start(Invocation::script("Start-Sleep 3; 'slept'")).expect("starts")).collect();
    eventually("they run", || engine.stats().running == 2);
    let error = fails(&engine, Invocation::script("[System.Environment]::Exit(7)"));
    assert!(matches!(error, Error::ExitCalled { code: 7 }), "{} {error}", error.code());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for sleeper in sleepers {
        let output = runtime.block_on(sleeper).expect("it was not the one");
        assert_eq!(output.json(), r#"["slept"]"#);
    }
    still_works(&engine);
}

fn exit_ends_the_script_with_its_code(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch();
    let file = folder.join("exits.ps1");
    fs::write(&file, "param($code) 'in file'; exit $code; 'never'").expect("is written");
    let module = folder.join("Exits.psm1");
    fs::write(&module, "function Stop-Everything { 'in module'; exit 8 }").expect("is written");

    let cases = [
        (Invocation::script("'a'; exit 5; 'never'"), json!(["a"]), 5),
        (Invocation::script("exit"), json!([]), 0),
        (Invocation::script("function f { 'in f'; exit 6 }; f; 'never'"), json!(["in f"]), 6),
        (Invocation::script("& { exit 7 }; 'never'"), json!([]), 7),
        (Invocation::file(&file).arg("code", 9), json!(["in file"]), 9),
        (
            Invocation::script("param($m) Import-Module $m; Stop-Everything; 'never'").arg("m", &module),
            json!(["in module"]),
            8,
        ),
        (Invocation::script("try { exit 4 } finally { 'finally' }"), json!(["finally"]), 4),
    ];
    for (invocation, expected, code) in cases {
        let text = format!("{invocation:?}");
        let output = invoke(&engine, invocation);
        assert_eq!(output.exit_code(), Some(code), "{text}");
        assert_eq!(Value::from(output.values().expect("JSON")), expected, "{text}");
        assert!(!output.had_errors(), "{text}");
        still_works(&engine);
    }

    // As in pwsh, the exit of a script file that is called or dot-sourced ends that file only.
    let script = "param($f) $a = & $f 3; \"$a $LASTEXITCODE\"; $b = . $f 2; \"$b $LASTEXITCODE\"";
    let output = invoke(&engine, Invocation::script(script).arg("f", &file));
    assert_eq!(output.json(), r#"["in file 3","in file 2"]"#);
    assert_eq!(output.exit_code(), None);
}

fn endless_recursion_is_an_error_of_the_script(context: &Context) {
    let engine = engine(context);
    for script in ["function f { f }; f", "function f($n) { f ($n + 1) }; f 0"] {
        // Unwinding takes seconds, on a busy machine many.
        let error = fails(&engine, Invocation::script(script).timeout(Duration::from_secs(240)));
        assert_eq!(error.code(), "E401", "{error}");
        assert_eq!(record_of(&error), "CallDepthOverflow", "{error}");
        still_works(&engine);
    }
    // A deadline that comes first is kept all the same.
    for script in ["function f { f }; f", "function f { & { f } }; f"] {
        let began = Instant::now();
        let error = fails(&engine, Invocation::script(script).timeout(SECOND));
        assert!(["E401", "E501"].contains(&error.code()), "{} {error}", error.code());
        assert!(began.elapsed() < 20 * SECOND, "deadline and grace are 3 s together");
        still_works(&engine);
    }
}

fn record_of(error: &Error) -> &str {
    error.record().map_or("no record", |record| &record.fully_qualified_error_id)
}

fn endless_recursion_of_script_blocks_never_outlives_its_answer(context: &Context) {
    // What PowerShell's own depth check sees or does not see differs between versions. Either there is an answer and the
    // next call works, or the process ends by the runtime's stack overflow: never a hang, never a wrong answer.
    for script in [
        "class C { [string] ToString() { return \"$this\" } }; \"$([C]::new())\"",
        "$f = { try { & $f } catch { & $f } }; & $f",
        "$o = [pscustomobject]@{}; Add-Member -InputObject $o ScriptProperty x { $this.x }; $o",
        "function f { Invoke-Expression f }; f",
        "filter f { $_ | f }; 1 | f",
    ] {
        let death = Death::of(context, script);
        assert!(death.stdout.contains("ready"), "{script}: {}{}", death.stdout, death.stderr);
        if death.status.success() {
            let answer = death.stdout.lines().find(|line| line.starts_with("answer:")).expect("an answer");
            let typed =
                ["E401", "E501", "ok"].iter().any(|kind| answer.starts_with(&format!("answer: {kind}")));
            assert!(typed, "{script}: {answer}");
            assert!(death.stdout.ends_with("next\n"), "{script}: the next call works");
        } else {
            assert_eq!(death.signal(), 6, "{script}: SIGABRT: {}", clipped(&death.stderr));
            assert!(death.stderr.contains("Stack overflow"), "{script}: {}", clipped(&death.stderr));
        }
    }
}

// Memory and output

fn resident_bytes() -> u64 {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux says it");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kib << 10
}

/// What the marks of a cut may add to a document that has used up its budget.
const MARKS: usize = 800;

fn a_greedy_script_hits_the_heap_limit(context: &Context) {
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

fn endless_output_is_cut_and_its_pipeline_stopped(context: &Context) {
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

fn a_huge_string_is_cut(context: &Context) {
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

fn strings_are_cut_between_characters(context: &Context) {
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

// Objects

fn deep_and_cyclic_objects_are_cut_with_marks(context: &Context) {
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

fn getters_that_throw_are_values(context: &Context) {
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

fn getters_that_block_end_with_the_call(context: &Context) {
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

fn difficult_characters_give_valid_json(context: &Context) {
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

// Streams

fn a_flood_on_every_stream_is_capped_and_counted(context: &Context) {
    let engine = engine(context);
    let limits = Limits::default();
    let floods = [
        ("Write-Host \"line $i\"", Stream::Information),
        ("Write-Information \"line $i\"", Stream::Information),
        ("Write-Warning \"line $i\"", Stream::Warning),
        ("Write-Verbose \"line $i\" -Verbose", Stream::Verbose),
        ("Write-Debug \"line $i\" -Debug", Stream::Debug),
        ("Write-Error \"line $i\"", Stream::Error),
    ];
    let before = resident_bytes();
    for (command, stream) in floods {
        let count: u64 = if stream == Stream::Error { 20_000 } else { 100_000 };
        let script = format!("for ($i = 0; $i -lt {count}; $i++) {{ {command} }}; 'end'");
        let output = invoke(&engine, Invocation::script(&script));
        assert_eq!(output.json(), r#"["end"]"#, "{command}");
        let kept = output.records().iter().filter(|record| record.stream == stream).count() as u64;
        let dropped = output.dropped().total();
        assert!(kept <= u64::from(limits.records) && kept > 100, "{command}: {kept} kept");
        assert_eq!(kept + dropped, count, "{command}: every record is kept or counted");
        assert!(output.messages(stream)[0].ends_with("line 0"), "{command}: the first ones are kept");
        still_works(&engine);
    }
    let script = "for ($i = 0; $i -lt 100000; $i++) { Write-Progress -Activity work -Status \"step $i\" -PercentComplete ($i / 1000) }; 'end'";
    let output = run(&engine, script);
    assert_eq!(output.json(), r#"["end"]"#);
    let progress: Vec<_> = output.records().into_iter().filter(|r| r.stream == Stream::Progress).collect();
    assert!(!progress.is_empty() && progress.len() <= limits.records as usize, "{}", progress.len());
    still_works(&engine);

    // All at once, with long texts.
    let script = "for ($i = 0; $i -lt 5000; $i++) { Write-Host ('h' * 1000); Write-Warning ('w' * 1000); $i; Write-Progress p }";
    let output = run(&engine, script);
    assert_eq!(output.count(), 5000);
    assert!(output.records_json().len() < 2 << 20, "{} bytes", output.records_json().len());
    assert!(output.dropped().warning > 4000 && output.dropped().information > 4000, "{:?}", output.dropped());
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 200 << 20, "{} MiB more than before", grown >> 20);
    still_works(&engine);
}

// Questions and the console

fn questions_nobody_can_answer_end_the_call(context: &Context) {
    let engine = engine(context);
    let cases = [
        ("'before'; Read-Host 'Your name'; 'after'", "Your name"),
        ("'before'; Read-Host; 'after'", ""),
        ("'before'; Read-Host -AsSecureString 'Your PIN'", "PIN"),
        ("'before'; Get-Credential", "credential"),
        ("'before'; Get-Credential -UserName me -Message 'Sign in'", "Sign in"),
        (
            "'before'; $Host.UI.PromptForChoice('Delete', 'Really?', [Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No'), 1)",
            "Really?",
        ),
        ("'before'; New-Item -Path Temp: -Name x -WhatIf:$false -Confirm", "sure"),
        ("'before'; function f { param([Parameter(Mandatory)] $Target) $Target }; f", "Target"),
        ("'before'; Remove-Item", "Path"),
        ("'before'; $Host.UI.ReadLine()", ""),
        ("'before'; Write-Error x -ErrorAction Inquire", "x"),
    ];
    for (script, named) in cases {
        let error = fails(&engine, Invocation::script(script).timeout(20 * SECOND));
        let Error::PromptBlocked { kind, caption, message, fields, output } = &error else {
            panic!("{script}: {} {error}", error.code());
        };
        assert_eq!(error.code(), "E402");
        let all = format!("{kind} {caption} {message} {fields:?}");
        assert!(all.contains(named), "{script}: the question is named: {all}");
        assert_eq!(output.json(), r#"["before"]"#, "{script}");
        still_works(&engine);
    }
}

fn reading_the_console_does_not_hang(context: &Context) {
    let engine = engine(context);
    assert_eq!(values(&engine, "[Console]::ReadLine()"), [Value::Null]);
    assert_eq!(values(&engine, "[Console]::In.ReadToEnd()"), [""]);
    assert_eq!(values(&engine, "cat; 'after'"), ["after"]);
    assert_eq!(values(&engine, "sh -c 'read line; echo got:$line'"), ["got:"]);
    let rows = values(&engine, "try { [Console]::ReadKey() } catch { 'no key' }");
    assert_eq!(rows, ["no key"]);
    still_works(&engine);
}

/// The library leaves the descriptors of its process alone. A script that reads from an input that never ends waits, but not
/// longer than its deadline.
fn reading_an_open_pipe_at_stdin_ends_at_the_deadline(context: &Context) {
    for script in ["cat", "sh -c 'cat; cat'", "[Console]::In.ReadToEnd()"] {
        let death = Death::with_stdin(context, script, true);
        assert!(death.status.success(), "{script}: {}{}", death.stdout, death.stderr);
        assert!(death.stdout.contains("answer: "), "{script}: {}", death.stdout);
        assert!(death.stdout.ends_with("next\n"), "{script}: {}", death.stdout);
    }
}

fn text_on_the_console_is_not_in_the_output(context: &Context) {
    let engine = engine(context);
    let script =
        "[Console]::WriteLine('loose'); [Console]::Error.WriteLine('loose'); [Console]::Out.Flush(); 'value'";
    let output = run(&engine, script);
    assert_eq!(output.json(), r#"["value"]"#);
    assert_eq!(output.records_json(), "[]");
    // What a native command prints is its output, and its errors are records.
    let output = run(&engine, "sh -c 'echo out; echo err >&2; exit 3'");
    assert_eq!(output.json(), r#"["out"]"#);
    assert_eq!(output.native_exit_code(), Some(3));
    assert!(output.errors().iter().any(|error| error.message.contains("err")), "{}", output.records_json());
}

// Modules

fn a_module_that_does_not_load_is_named(context: &Context) {
    let engine = engine(context);
    let folder = context.scratch();
    let cases = [
        ("Throws", "throw 'the module is out of order'", "out of order"),
        ("Typo", "function f {", "Typo.psm1"),
        ("Needs", "#Requires -Modules NoSuchModule\n'x'", "NoSuchModule"),
    ];
    for (name, text, reason) in cases {
        let path = folder.join(format!("{name}.psm1"));
        fs::write(&path, text).expect("is written");
        let error = fails(&engine, Invocation::script("1").module(path.display().to_string()));
        assert!(["E302", "E104"].contains(&error.code()), "{name}: {} {error}", error.code());
        let message = error.to_string();
        assert!(message.contains(name) && message.contains(reason), "{name}: {message}");
        still_works(&engine);

        let broken = builder(context).module(path.display().to_string()).build().expect("settings are fine");
        let error = fails(&broken, Invocation::script("1"));
        assert_eq!(error.code(), "E104", "{error}");
        let message = error.to_string();
        assert!(message.contains(name) && message.contains(reason), "{name}: {message}");
    }
    let error = fails(&engine, Invocation::script("1").module("NoSuchModule"));
    assert!(error.to_string().contains("NoSuchModule"), "{error}");
    still_works(&engine);
}

fn a_module_that_loads_for_ever_is_bounded(context: &Context) {
    let path = context.scratch().join("Slow.psm1");
    fs::write(&path, "Start-Sleep 600").expect("is written");
    let engine = engine(context);
    let call = Invocation::script("1").module(path.display().to_string()).timeout(2 * SECOND);
    assert_timeout(&fails(&engine, call), false);
    still_works(&engine);

    let mut pool = PoolConfig::default();
    pool.create_timeout = 2 * SECOND;
    let slow =
        builder(context).pool(pool).module(path.display().to_string()).build().expect("settings are fine");
    let error = fails(&slow, Invocation::script("1"));
    assert!(["E104", "E202"].contains(&error.code()), "{} {error}", error.code());
    still_works(&engine);
}

fn a_binary_module_that_throws_while_it_loads_is_named(context: &Context) {
    let engine = engine(context);
    let path = context.scratch().join("Thrower.dll");
    let source = "using System; using System.Management.Automation; \
                  public class Init : IModuleAssemblyInitializer { public void OnImport() { throw new InvalidOperationException(\"cannot initialise today\"); } } \
                  [Cmdlet(VerbsCommon.Get, \"Nothing\")] public class C : PSCmdlet { }";
    let compile = Invocation::script(
        "param($source, $path) Add-Type -TypeDefinition $source -OutputAssembly $path -OutputType Library",
    )
    .arg("source", source)
    .arg("path", &path);
    invoke(&engine, compile);
    let error = fails(&engine, Invocation::script("1").module(path.display().to_string()));
    assert!(error.to_string().contains("cannot initialise today"), "{error}");
    still_works(&engine);
}

// State

fn poisoned_state_does_not_reach_the_next_call(context: &Context) {
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

fn process_wide_state_is_put_back(context: &Context) {
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

fn what_runs_in_the_background_is_ended(context: &Context) {
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

// Threads

fn a_storm_of_threads_passes(context: &Context) {
    let engine = engine(context);
    let script = "1..200 | ForEach-Object -Parallel { Start-Sleep -Milliseconds 20; $_ } -ThrottleLimit 100 | Measure-Object -Sum | % Sum";
    assert_eq!(values(&engine, script), [json!(20100)]);
    let script = "1..30 | ForEach-Object -Parallel { if ($_ -eq 7) { throw 'seven' }; $_ } -ThrottleLimit 30 | Measure-Object | % Count";
    let output = run(&engine, script);
    assert_eq!(output.values().expect("JSON"), [29]);
    assert!(output.errors().iter().any(|error| error.message.contains("seven")), "{}", output.records_json());
    still_works(&engine);
}

fn a_storm_of_threads_is_stopped(context: &Context) {
    let engine = engine(context);
    let script = "1..1000 | ForEach-Object -Parallel { while ($true) { Start-Sleep -Milliseconds 100 } } -ThrottleLimit 50";
    let error = fails(&engine, Invocation::script(script).timeout(3 * SECOND));
    assert!(matches!(error, Error::Timeout { .. }), "{} {error}", error.code());
    still_works(&engine);
}

// Children

/// Processes whose command line contains a text.
fn processes_with(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux").flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if id != std::process::id() && line.windows(text.len()).any(|part| part == text.as_bytes()) {
            found.push(id);
        }
    }
    found
}

/// A number of seconds that no other process of this machine sleeps.
fn own_number(offset: u32) -> String {
    (std::process::id() * 10 + 10_000_000 + offset).to_string()
}

fn stops_with_its_children(engine: &Engine, script: &str, number: &str) {
    let call = engine.start(Invocation::script(script)).expect("starts");
    eventually("the child runs", || !processes_with(number).is_empty());
    call.cancel_handle().cancel();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(call).expect_err("is cancelled");
    assert!(matches!(error, Error::Cancelled { abandoned: false, .. }), "{script}: {} {error}", error.code());
    eventually("nothing of it is left", || processes_with(number).is_empty());
    still_works(engine);
}

fn a_native_child_ends_with_its_call(context: &Context) {
    let engine = engine(context);
    let number = own_number(1);
    for script in [
        format!("sleep {number}"),
        format!("$x = sleep {number}"),
        format!("sleep {number} | cat"),
        format!("Start-Process sleep {number} -Wait"),
    ] {
        stops_with_its_children(&engine, &script, &number);
    }
}

fn grandchildren_end_with_their_call(context: &Context) {
    let engine = engine(context);
    let number = own_number(2);
    for script in [
        format!("sh -c 'sleep {number} & wait'"),
        format!("sh -c 'sh -c \"sleep {number}; true\" & sleep {number}; true'"),
        format!("sh -c 'sleep {number} & wait' | cat"),
    ] {
        stops_with_its_children(&engine, &script, &number);
    }
}

fn children_of_other_calls_are_left_alone(context: &Context) {
    let engine = engine(context);
    let number = own_number(3);
    let other = engine.start(Invocation::script("sleep 5; 'whole'")).expect("starts");
    eventually("it runs", || engine.stats().running == 1);
    stops_with_its_children(&engine, &format!("sh -c 'sleep {number} & wait'"), &number);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(other).expect("was left alone").json(), r#"["whole"]"#);
}

// Both layouts

fn the_common_faults_on_this_layout(context: &Context) {
    let engine = impatient(context, 4);
    assert_timeout(&fails(&engine, Invocation::script("while ($true) {}").timeout(SECOND)), false);
    assert_timeout(
        &fails(&engine, Invocation::script("[Threading.Thread]::Sleep(-1)").timeout(2 * SECOND)),
        true,
    );
    assert_eq!(fails(&engine, Invocation::script("throw 'x'")).code(), "E401");
    assert_eq!(fails(&engine, Invocation::script("Read-Host")).code(), "E402");
    assert_eq!(run(&engine, "exit 5").exit_code(), Some(5));
    assert!(!run(&engine, "while ($true) { 'x' * 1000 }").truncation().is_empty());
    let number = own_number(4);
    stops_with_its_children(&self::engine(context), &format!("sh -c 'sleep {number} & wait'"), &number);
    assert_eq!(fails(&engine, Invocation::script("[Environment]::Exit(3)")).code(), "E403");
    still_works(&engine);
}
