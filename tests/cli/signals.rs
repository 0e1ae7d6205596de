//! Ctrl-C and SIGTERM against the handlers of the .NET runtime, on a real one.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::program::{hosting, start_until_ready};
use crate::support::Context;

/// Starts a script that says when it is ready, with signals that nobody ignores.
fn start(context: &Context, script: &str) -> Child {
    let script = format!("[Console]::Error.WriteLine('ready'); {script}");
    let inner = hosting(context, &["run", &script]);
    start_until_ready(if any_is_ignored() {
        through_env(&inner, "--default-signal=HUP,INT,TERM")
    } else {
        inner
    })
}

/// A shell's background job has SIGINT ignored, what `nohup` starts SIGHUP, and so do their children.
fn any_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    let sent = [Signal::HUP, Signal::INT, Signal::TERM].map(|signal| 1_u64 << (signal.as_raw() - 1));
    u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| sent.iter().any(|bit| mask & bit != 0))
}

/// The same command through `env`, which sets what happens at signals.
fn through_env(inner: &Command, option: &str) -> Command {
    let mut command = Command::new("env");
    command.arg(option).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(inner.get_current_dir().expect("is set"));
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("is a process id")).expect("is a process id");
    kill_process(pid, signal).expect("the signal is sent");
}

/// Exit code and what was written.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("ends");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

pub fn interrupt_cancels_a_sleep(context: &Context) {
    let child = start(context, "try { Start-Sleep 1000 } finally { Set-Content cleaned-up yes }");
    send(&child, Signal::INT);
    assert_eq!(end(child), (Some(130), String::new()));
    // The script was stopped, not killed.
    assert!(context.scratch().join("cleaned-up").exists());
}

pub fn interrupt_ends_native_children(context: &Context) {
    let child = start(context, "sh -c 'echo $$ > pid; sleep 1000 & wait'");
    let file = context.scratch().join("pid");
    let deadline = Instant::now() + Duration::from_secs(30);
    let pid = loop {
        if let Ok(pid) = std::fs::read_to_string(&file).unwrap_or_default().trim().parse::<i32>() {
            break Pid::from_raw(pid).expect("is a process id");
        }
        assert!(Instant::now() < deadline, "the child did not start");
        std::thread::sleep(Duration::from_millis(20));
    };
    send(&child, Signal::INT);
    assert_eq!(end(child), (Some(130), String::new()));
    assert!(test_kill_process(pid).is_err(), "the child outlived the program");
}

pub fn terminate_ends_in_order(context: &Context) {
    for script in ["Start-Sleep 1000", "sleep 1000"] {
        let child = start(context, script);
        send(&child, Signal::TERM);
        assert_eq!(end(child), (Some(143), String::new()), "{script}");
    }
    let child = start(context, "Start-Sleep 1000");
    send(&child, Signal::HUP);
    assert_eq!(end(child), (Some(129), String::new()));
}

pub fn second_interrupt_ends_at_once(context: &Context) {
    // Nothing can stop this one.
    let child = start(context, "[Threading.Thread]::Sleep(600000)");
    send(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    send(&child, Signal::INT);
    assert_eq!(end(child), (Some(130), String::new()));
}

pub fn ignored_interrupt_stays_ignored(context: &Context) {
    let script = "[Console]::Error.WriteLine('ready'); while (-not (Test-Path gate)) { Start-Sleep -Milliseconds 20 }; 'done'";
    let inner = hosting(context, &["run", script]);
    let child = start_until_ready(through_env(&inner, "--ignore-signal=INT"));
    send(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    std::fs::write(context.scratch().join("gate"), "").expect("is written");
    assert_eq!(end(child), (Some(0), "[\"done\"]\n".to_owned()));
}
