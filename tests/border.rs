//! The border between Rust and .NET on a real PowerShell: start, function table, callbacks, exceptions.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use runspaced::border::{Border, Happening};
use runspaced::locate::{LocateOptions, PowerShellHome};
use runspaced::{Error, RuntimeSettings};
use serde_json::{Value, json};
use support::Context;

fn main() -> ExitCode {
    support::main(&[
        test!(without_powershell_the_error_says_what_to_do),
        test!(a_setting_out_of_range_is_refused_before_anything_starts),
        test!(the_runtime_starts_and_answers).layouts(),
        test!(a_second_start_attaches_to_the_first).powershell(),
        test!(a_second_start_with_another_powershell_or_settings_is_refused).layouts(),
        test!(a_runtime_of_somebody_else_is_left_alone).powershell(),
        test!(a_start_that_failed_can_be_tried_again_with_a_better_powershell).self_contained(),
        test!(settings_reach_the_runtime).powershell(),
        test!(the_host_comes_from_its_image_where_there_is_one).layouts(),
        test!(one_plus_one_is_two).layouts(),
        test!(an_answer_larger_than_any_first_buffer_arrives_whole).powershell(),
        test!(each_call_is_done_once_and_then_settled).powershell(),
        test!(a_null_reference_caught_in_a_script_harms_nobody).powershell(),
        test!(a_null_reference_on_a_calling_thread_harms_nobody).powershell(),
        test!(what_is_not_understood_is_refused_with_a_reason).powershell(),
        test!(a_running_call_is_cancelled).powershell(),
        test!(processes_of_a_cancelled_call_are_ended).powershell(),
        test!(an_abandoned_slot_tells_its_end_only_and_others_go_on).powershell(),
        test!(slots_run_side_by_side_on_threads_of_their_own).powershell(),
        test!(two_engines_hear_only_of_their_own_slots).powershell(),
        test!(a_closed_slot_takes_no_calls).powershell(),
    ])
}

/// A started border and its events.
struct Wire {
    border: Border,
    events: Receiver<Happening>,
}

/// What a call gave back.
struct Answer {
    output: Value,
    meta: Value,
}

impl Answer {
    fn status(&self) -> &str {
        self.meta["status"].as_str().unwrap_or_default()
    }
}

fn at(home: &PowerShellHome) -> LocateOptions {
    let mut options = LocateOptions::from_environment().explicit(&home.path);
    options.dotnet_roots.insert(0, home.dotnet.root.clone());
    options
}

impl Wire {
    fn start(context: &Context) -> Self {
        Self::with(context, &RuntimeSettings::default())
    }

    fn with(context: &Context, settings: &RuntimeSettings) -> Self {
        let (border, events) = Border::start(&at(context.home()), settings).unwrap();
        Self { border, events }
    }

    /// The next event that is not a log line.
    fn next(&self) -> Happening {
        loop {
            match self.events.recv_timeout(Duration::from_secs(50)) {
                Ok(Happening::Log { .. }) => {}
                Ok(happening) => return happening,
                Err(error) => panic!("no event came: {error}"),
            }
        }
    }

    /// Nothing but log lines comes any more.
    fn silent(&self, time: Duration) {
        let deadline = std::time::Instant::now() + time;
        loop {
            match self.events.recv_timeout(deadline.saturating_duration_since(std::time::Instant::now())) {
                Ok(Happening::Log { .. }) => {}
                Ok(happening) => panic!("unexpected: {happening:?}"),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("the wire is gone"),
            }
        }
    }

    /// Opens a slot and answers what it says about itself.
    fn open(&self, slot: u64) -> Value {
        self.border.open(slot, &config()).unwrap();
        match self.next() {
            Happening::Opened { slot: opened, info } if opened == slot => {
                serde_json::from_str(&info).unwrap()
            }
            other => panic!("slot {slot} did not open: {other:?}"),
        }
    }

    fn post(&self, slot: u64, call: u64, script: &str) {
        self.border.invoke(slot, call, &request(script)).unwrap();
    }

    fn done(&self, slot: u64, call: u64) -> Answer {
        match self.next() {
            Happening::Done { slot: of, call: done, output, meta, .. } if (of, done) == (slot, call) => {
                Answer {
                    output: serde_json::from_str(&output).unwrap(),
                    meta: serde_json::from_str(&meta).unwrap(),
                }
            }
            other => panic!("expected the answer of call {call}: {other:?}"),
        }
    }

    fn settled(&self, slot: u64, call: u64) {
        match self.next() {
            Happening::Settled { slot: of, call: settled, .. } => assert_eq!((of, settled), (slot, call)),
            other => panic!("expected the settlement of call {call}: {other:?}"),
        }
    }

    fn run(&self, slot: u64, call: u64, script: &str) -> Answer {
        self.post(slot, call, script);
        let answer = self.done(slot, call);
        self.settled(slot, call);
        answer
    }
}

fn config() -> String {
    json!({
        "stack_bytes": 2 << 20,
        "culture": "en-US",
        "language_mode": "full",
        "initial_state": "default",
        "modules": [],
        "load_profile": false,
        "native_encoding": "utf-8",
    })
    .to_string()
}

fn request(script: &str) -> String {
    let mut limits = runspaced::Limits::default();
    limits.output_bytes = 32 << 20;
    limits.string_chars = 16 << 20;
    json!({
        "kind": "script",
        "text": script,
        "isolation": "shared",
        "format": "json",
        "limits": limits,
        "live": false,
        "stream": false,
        "interactive": false,
        "width": 120,
    })
    .to_string()
}

fn without_powershell_the_error_says_what_to_do(context: &Context) {
    let options = LocateOptions::default().explicit(context.scratch().join("nowhere"));
    match Border::start(&options, &RuntimeSettings::default()).err().unwrap() {
        Error::PowerShellNotFound { reason, remedy } => {
            assert!(reason.contains("nowhere"), "{reason}");
            assert!(remedy.contains("7.6"), "{remedy}");
        }
        other => panic!("{other:?}"),
    }
}

fn a_setting_out_of_range_is_refused_before_anything_starts(_: &Context) {
    let mut settings = RuntimeSettings::default();
    settings.heap_limit_bytes = Some(1 << 20);
    let error = Border::start(&LocateOptions::default(), &settings).err().unwrap().to_string();
    assert!(error.contains("heap_limit_bytes") && error.contains("67108864"), "{error}");
}

fn the_runtime_starts_and_answers(context: &Context) {
    let wire = Wire::start(context);
    assert_eq!(wire.border.home().path, context.home().path);
    let phases = wire.border.phases();
    assert!(phases.start_runtime_us > 0 && phases.total().as_micros() > u128::from(phases.start_runtime_us));
    assert!(wire.border.ping());
    let stats: Value = serde_json::from_str(&wire.border.stats()).unwrap();
    assert!(stats.is_object(), "{stats}");

    let info = wire.open(1);
    assert_eq!(info["ps_version"].as_str().unwrap(), context.home().version.to_string());
    assert_eq!(Path::new(info["ps_home"].as_str().unwrap()), context.home().path);
    assert_eq!(info["culture"], "en-US");
}

fn a_second_start_attaches_to_the_first(context: &Context) {
    let first = Wire::start(context);
    let second = Wire::start(context);
    assert_eq!(first.border.phases(), second.border.phases(), "it is the same runtime");
    first.open(1);
    second.open(2);
    assert_eq!(second.run(2, 1, "1 + 1").output, json!([2]));

    // One that does not name a PowerShell takes the one that runs.
    let (third, _events) = Border::start(&unnamed(), &RuntimeSettings::default()).unwrap();
    assert_eq!(third.home().path, context.home().path);
}

/// Options that name no PowerShell, whatever the environment says.
fn unnamed() -> LocateOptions {
    let mut options = LocateOptions::from_environment();
    options.environment_home = None;
    options
}

fn a_second_start_with_another_powershell_or_settings_is_refused(context: &Context) {
    let wire = Wire::start(context);
    let mut settings = RuntimeSettings::default();
    settings.server_gc = true;
    let error = Border::start(&at(context.home()), &settings).err().unwrap();
    assert!(matches!(error, Error::RuntimeConflict { .. }), "{error:?}");
    assert!(error.to_string().contains("settings"), "{error}");

    let installed = runspaced::locate::find(&unnamed()).home().cloned().unwrap();
    if installed.path != context.home().path {
        let error = Border::start(&at(&installed), &RuntimeSettings::default()).err().unwrap();
        assert!(error.to_string().contains(&installed.path.display().to_string()), "{error}");
    }
    wire.open(1);
    assert_eq!(wire.run(1, 1, "1 + 1").output, json!([2]), "the first goes on");
}

fn a_runtime_of_somebody_else_is_left_alone(context: &Context) {
    use netcorehost::hostfxr::Hostfxr;
    use netcorehost::pdcstring::PdCString;

    let home = context.home();
    let text = |path: &Path| PdCString::from_os_str(path).unwrap();
    let hostfxr = Hostfxr::load_from_path(&home.dotnet.hostfxr).unwrap();
    let other = hostfxr
        .initialize_for_dotnet_command_line_with_dotnet_root(
            text(&home.path.join("pwsh.dll")),
            text(&home.dotnet.root),
        )
        .unwrap();
    let _loader = other.get_delegate_loader().unwrap();
    let error = Border::start(&at(home), &RuntimeSettings::default()).err().unwrap();
    assert!(
        matches!(&error, Error::RuntimeConflict { running, .. } if running.contains("did not start")),
        "{error:?}"
    );
}

fn a_start_that_failed_can_be_tried_again_with_a_better_powershell(context: &Context) {
    // Whole to the eye, but a library that .NET loads while it starts is none.
    let broken = context.scratch().join("broken");
    let library = hostpolicy();
    link_but(&context.home().path, &broken, library);
    std::fs::write(broken.join(library), "not a library").unwrap();
    let error = Border::start(&at_folder(&broken), &RuntimeSettings::default()).err().unwrap();
    match &error {
        Error::StartFailed { home, reason, remedy } => {
            assert!(home.contains("broken"), "{home}");
            assert!(reason.contains(library), "what .NET printed belongs to the reason: {reason}");
            assert!(remedy.contains("pwsh"), "{remedy}");
        }
        other => panic!("{other:?}"),
    }
    let wire = Wire::start(context);
    wire.open(1);
    assert_eq!(wire.run(1, 1, "1 + 1").output, json!([2]));
}

fn at_folder(folder: &Path) -> LocateOptions {
    LocateOptions::from_environment().explicit(folder)
}

fn hostpolicy() -> &'static str {
    if cfg!(windows) {
        "hostpolicy.dll"
    } else if cfg!(target_os = "macos") {
        "libhostpolicy.dylib"
    } else {
        "libhostpolicy.so"
    }
}

/// The files of a folder (not of those below) but one.
fn link_but(from: &Path, to: &Path, without: &str) {
    use std::fs;

    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_file() && entry.file_name() != without {
            let copy = to.join(entry.file_name());
            fs::hard_link(entry.path(), &copy).or_else(|_| fs::copy(entry.path(), &copy).map(drop)).unwrap();
        }
    }
}

fn settings_reach_the_runtime(context: &Context) {
    let mut settings = RuntimeSettings::default();
    settings.heap_limit_bytes = Some(512 << 20);
    settings.tiered_pgo = Some(false);
    let wire = Wire::with(context, &settings);
    wire.open(1);
    let script = "[GC]::GetGCMemoryInfo().TotalAvailableMemoryBytes
        [Runtime.GCSettings]::IsServerGC
        [AppContext]::GetData('System.Runtime.TieredPGO')
        [AppContext]::GetData('System.GC.Concurrent')";
    assert_eq!(wire.run(1, 1, script).output, json!([512_u64 << 20, false, "false", "false"]));
}

fn the_host_comes_from_its_image_where_there_is_one(context: &Context) {
    let mut settings = RuntimeSettings::default();
    settings.code_cache = Some(context.scratch().join("cache"));
    let wire = Wire::with(context, &settings);
    wire.open(1);
    let script =
        "$own = [AppDomain]::CurrentDomain.GetAssemblies().Where{ $_.GetName().Name -eq 'Runspaced.Host' }
        $own.Count; $own[0].Location; [Runtime.Loader.AssemblyLoadContext]::GetLoadContext($own[0]).Name";
    let output = wire.run(1, 1, script).output;
    assert_eq!((&output[0], &output[2]), (&json!(1), &json!("Default")), "{output}");
    let place = output[1].as_str().unwrap();
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        assert!(Path::new(place).starts_with(context.scratch()), "{output}");
    } else {
        assert_eq!(place, "");
    }
}

fn one_plus_one_is_two(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    let answer = wire.run(1, 1, "1 + 1");
    assert_eq!(answer.output, json!([2]));
    assert_eq!(answer.status(), "completed");
    // $PSHOME and what comes with it are those of the installation, not of this program.
    let script = "$PSHOME; (Get-Module -ListAvailable Microsoft.PowerShell.Utility).ModuleBase
        [psobject].Assembly.Location; [Runtime.Loader.AssemblyLoadContext]::GetLoadContext([psobject].Assembly).Name";
    let answer = wire.run(1, 2, script);
    for place in 0..3 {
        let path = Path::new(answer.output[place].as_str().unwrap());
        assert!(path.starts_with(&context.home().path), "{}", answer.output);
    }
    assert_eq!(answer.output[3], "Default");
}

fn an_answer_larger_than_any_first_buffer_arrives_whole(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    for (call, length) in [(1, 10), (2, 5_000_000), (3, 10)] {
        let answer = wire.run(1, call, &format!("'x' * {length}; 'end'"));
        assert_eq!(answer.output[0].as_str().unwrap().len(), length);
        assert_eq!(answer.output[1], "end");
    }
}

fn each_call_is_done_once_and_then_settled(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    for call in 1..=200 {
        let script = match call % 4 {
            0 => "throw 'no'",
            1 => "Write-Error 'hm'; 7",
            2 => "exit 3",
            _ => "1..20",
        };
        // `run` panics at any other order of events.
        let answer = wire.run(1, call, script);
        assert_eq!(answer.status(), if call % 4 == 0 { "failed" } else { "completed" }, "{script}");
    }
    wire.silent(Duration::from_millis(300));
}

/// .NET's own check of address 0: a signal that becomes an exception.
const NULL_REFERENCE: &str = "try { [Runtime.InteropServices.Marshal]::ReadInt32([IntPtr]::Zero) } \
                              catch { $_.Exception.GetBaseException().GetType().Name }";

fn a_null_reference_caught_in_a_script_harms_nobody(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    for call in 1..=20 {
        let answer = wire.run(1, call, NULL_REFERENCE);
        let name = answer.output[0].as_str().unwrap().to_owned();
        assert!(["AccessViolationException", "NullReferenceException"].contains(&name.as_str()), "{name}");
    }
}

fn a_null_reference_on_a_calling_thread_harms_nobody(context: &Context) {
    let wire = Wire::start(context);
    let thrown = |slot| {
        assert_ne!(wire.border.open_nothing(slot, 64), 0);
    };
    // On the main thread, which Rust has given an alternate signal stack like any other.
    thrown(1);
    let said = wire.events.try_iter().find_map(|happening| match happening {
        Happening::Log { text, .. } => Some(text),
        _ => None,
    });
    assert!(said.as_ref().is_some_and(|text| text.contains("NullReferenceException")), "{said:?}");
    let thrown = &thrown;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                let before = alternate_stack();
                (0..10).for_each(|i| thrown(100 + thread * 10 + i));
                // Whether Rust's is too small for .NET's handler depends on the processor: it must not be there.
                let after = alternate_stack();
                assert!(after == 0 || after > before, "before {before} bytes, after {after}");
            });
        }
    });
    wire.open(200);
    assert_eq!(wire.run(200, 1, "1 + 1").output, json!([2]));
}

/// Bytes of this thread's alternate signal stack.
fn alternate_stack() -> usize {
    #[cfg(target_os = "linux")]
    if let netcorehost::utils::altstack::State::Enabled { size } =
        netcorehost::utils::altstack::get().unwrap()
    {
        return size;
    }
    0
}

fn what_is_not_understood_is_refused_with_a_reason(context: &Context) {
    let wire = Wire::start(context);
    let error = wire.border.open(1, "{").unwrap_err();
    assert!(error.len() > 20, "{error}");
    let error = wire.border.invoke(1, 1, &request("1")).unwrap_err();
    assert!(error.contains("SlotId(1)"), "{error}");
    wire.open(1);
    let error = wire.border.open(1, &config()).unwrap_err();
    assert!(error.contains("in use"), "{error}");
    // A request is read on the slot's thread: what it does not understand is an answer.
    for (call, request) in [(1, "{"), (2, r#"{"kind":"dance"}"#)] {
        wire.border.invoke(1, call, request).unwrap();
        let answer = wire.done(1, call);
        assert_eq!(answer.status(), "refused", "{}", answer.meta);
        wire.settled(1, call);
    }
    assert!(wire.border.invoke(1, 3, "").is_err(), "one of nothing is refused at once");
    assert_eq!(wire.run(1, 4, "1 + 1").output, json!([2]));
    // While one runs, another is refused.
    wire.post(1, 5, "Start-Sleep -Milliseconds 500; 'slept'");
    assert!(wire.border.invoke(1, 6, &request("1")).is_err());
    assert_eq!(wire.done(1, 5).output, json!(["slept"]));
}

/// A script writes it when it runs.
fn until_written(file: &Path) {
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn a_running_call_is_cancelled(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    for (call, waits) in [(1, "while ($true) { }"), (2, "Start-Sleep 100")] {
        let started = context.scratch().join(format!("started-{call}"));
        let script = format!("'before'; [IO.File]::WriteAllText('{}', ''); {waits}", started.display());
        wire.post(1, call, &script);
        until_written(&started);
        wire.border.cancel(1, call);
        let answer = wire.done(1, call);
        wire.settled(1, call);
        assert_eq!(answer.status(), "stopped", "{script}");
        assert_eq!(answer.output, json!(["before"]), "{script}");
        // Too late, and without effect.
        wire.border.cancel(1, call);
    }
    assert_eq!(wire.run(1, 3, "1 + 1").output, json!([2]));
}

#[cfg(unix)]
fn processes_of_a_cancelled_call_are_ended(context: &Context) {
    let wire = Wire::start(context);
    let thread = wire.open(1)["thread_id"].as_u64().unwrap();
    assert_ne!(thread, 0);
    wire.open(2);
    let mark = context.scratch().join("pid");
    // The sleep holds the pipe: PowerShell's own stop ends the shell only and would wait for it.
    let script = format!("sh -c 'sleep 300 & echo $! > {}; wait'", mark.display());
    wire.post(2, 1, "sh -c 'sleep 1; echo fine'");
    wire.post(1, 2, &script);
    let pid = loop {
        match std::fs::read_to_string(&mark).ok().and_then(|text| text.trim().parse::<i32>().ok()) {
            Some(pid) => break pid,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    wire.border.cancel(1, 2);
    // However long the stop has had to work: what was seen at the cancel is still held.
    std::thread::sleep(Duration::from_millis(300));
    assert!(wire.border.end_descendants(1) >= 1);
    let mut answers = Vec::new();
    while answers.len() < 2 {
        if let Happening::Done { call, output, meta, .. } = wire.next() {
            answers.push((call, output, meta));
        }
    }
    answers.sort();
    assert_eq!(answers[0].1, r#"["fine"]"#, "the other slot's processes are left alone");
    assert!(answers[1].2.contains("stopped"), "{}", answers[1].2);
    let gone = |pid: i32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        status.is_empty() || status.contains(") Z")
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !gone(pid) {
        assert!(std::time::Instant::now() < deadline, "the sleep goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(not(unix))]
fn processes_of_a_cancelled_call_are_ended(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    wire.post(1, 1, "cmd /c 'ping -n 300 127.0.0.1 > nul'");
    std::thread::sleep(Duration::from_secs(2));
    wire.border.cancel(1, 1);
    wire.border.end_descendants(1);
    assert_eq!(wire.done(1, 1).status(), "stopped");
}

fn an_abandoned_slot_tells_its_end_only_and_others_go_on(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    wire.open(2);
    let started = context.scratch().join("started");
    let script = format!(
        "[IO.File]::WriteAllText('{}', ''); [Threading.Thread]::Sleep(6000); 'late'",
        started.display()
    );
    wire.post(1, 1, &script);
    until_written(&started);
    wire.border.abandon(1);
    assert_eq!(wire.run(2, 2, "1 + 1").output, json!([2]));
    assert!(wire.border.invoke(1, 3, &request("1")).is_err(), "it takes no calls");
    // The stuck call returns: nothing of it is heard but that its thread has ended.
    let heard = wire.next();
    assert!(matches!(heard, Happening::Closed { slot: 1 }), "{heard:?}");
    wire.silent(Duration::from_millis(300));
    assert_eq!(wire.run(2, 4, "1 + 1").output, json!([2]));
}

fn slots_run_side_by_side_on_threads_of_their_own(context: &Context) {
    let wire = Wire::start(context);
    let threads: Vec<u64> = (1..=4).map(|slot| wire.open(slot)["thread_id"].as_u64().unwrap()).collect();
    let mut distinct = threads.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{threads:?}");
    // Each waits for all: in turn they would never finish.
    let script = "$all = [AppDomain]::CurrentDomain.GetData('meet'); \
                  if (-not $all.SignalAndWait(40000)) { throw 'alone' }; 'met'";
    let barrier = "[AppDomain]::CurrentDomain.SetData('meet', [Threading.Barrier]::new(4))";
    wire.run(1, 1, barrier);
    for slot in 1..=4 {
        wire.post(slot, 10 + slot, script);
    }
    let mut met = 0;
    while met < 4 {
        if let Happening::Done { output, .. } = wire.next() {
            assert_eq!(output, r#"["met"]"#);
            met += 1;
        }
    }
}

fn two_engines_hear_only_of_their_own_slots(context: &Context) {
    let (one, two) = (Wire::start(context), Wire::start(context));
    one.open(1);
    two.open(2);
    assert_eq!(one.run(1, 1, "'one'").output, json!(["one"]));
    assert_eq!(two.run(2, 2, "'two'").output, json!(["two"]));
    drop(one);
    assert_eq!(two.run(2, 3, "'still'").output, json!(["still"]));
    two.silent(Duration::from_millis(200));
}

fn a_closed_slot_takes_no_calls(context: &Context) {
    let wire = Wire::start(context);
    wire.open(1);
    wire.border.close(1);
    assert_eq!(wire.next(), Happening::Closed { slot: 1 });
    assert!(wire.border.invoke(1, 1, &request("1")).is_err());
    wire.open(2);
    wire.border.shutdown();
    assert!(wire.border.open(3, &config()).is_err(), "after the shutdown nothing is opened");
}
