//! Scripts that end the process, or try to.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use crate::SECOND;
use crate::support::Context;
use crate::support::engine::{builder_at, clipped, engine, eventually, fails, invoke, still_works, warm};
use runspaced::{Error, Invocation, locate};
use serde_json::{Value, json};

pub const VICTIM: &str = "RUNSPACED_VICTIM";
const VICTIM_HOME: &str = "RUNSPACED_VICTIM_HOME";
const VICTIM_STDIN: &str = "RUNSPACED_VICTIM_STDIN";

/// The process of a script that may end it.
pub fn victim(script: &str) -> ExitCode {
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

pub struct Death {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Death {
    fn of(context: &Context, script: &str) -> Self {
        Self::with_stdin(context, script, false)
    }

    pub fn with_stdin(context: &Context, script: &str, open_pipe: bool) -> Self {
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

pub fn a_native_crash_ends_the_process_by_a_signal(context: &Context) {
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

pub fn fail_fast_ends_the_process_with_its_last_words(context: &Context) {
    let death = Death::of(context, "[Environment]::FailFast('the reactor is hot')");
    assert_eq!(death.signal(), 6, "SIGABRT: {}", death.stderr);
    assert!(death.stderr.contains("the reactor is hot"), "{}", death.stderr);
}

pub fn a_stack_overflow_in_compiled_code_ends_the_process_by_a_signal(context: &Context) {
    let script = "Add-Type 'public static class Deep { public static int Down(int n) { return Down(n + 1) + n; } }'; \
                  [Deep]::Down(0)";
    let death = Death::of(context, script);
    assert_eq!(death.signal(), 6, "SIGABRT: {}", death.stderr);
    assert!(death.stderr.contains("Stack overflow"), "{}", clipped(&death.stderr));
}

pub fn environment_exit_is_an_error_and_the_process_lives(context: &Context) {
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

pub fn environment_exit_is_told_from_calls_that_only_wait(context: &Context) {
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

pub fn exit_ends_the_script_with_its_code(context: &Context) {
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

pub fn endless_recursion_is_an_error_of_the_script(context: &Context) {
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

pub fn endless_recursion_of_script_blocks_never_outlives_its_answer(context: &Context) {
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
