//! Starting the program in a world of its own: its folders, its environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::Context;

/// How the program ended.
pub struct Finished {
    /// Exit code; 128 and the number for a signal.
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program without PowerShell's whereabouts. What the tests' own environment says about it does not count.
pub fn program(context: &Context, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runspaced"));
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("RUNSPACED_") || name == "NO_COLOR" || name == "COLUMNS")
        {
            command.env_remove(name);
        }
    }
    let home = context.scratch().join("home");
    std::fs::create_dir_all(&home).expect("a home folder");
    command
        .args(arguments)
        .current_dir(context.scratch())
        .env("HOME", &home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The program with the PowerShell of the test.
pub fn hosting(context: &Context, arguments: &[&str]) -> Command {
    let mut command = program(context, arguments);
    let home = context.home();
    command.env("RUNSPACED_POWERSHELL_HOME", &home.path).env("DOTNET_ROOT", &home.dotnet.root);
    command
}

/// `runspaced run` with the PowerShell of the test.
pub fn run(context: &Context, arguments: &[&str]) -> Finished {
    let arguments: Vec<&str> = std::iter::once("run").chain(arguments.iter().copied()).collect();
    finish(hosting(context, &arguments))
}

/// The same, with bytes on the standard input.
pub fn run_with_input(context: &Context, arguments: &[&str], input: &[u8]) -> Finished {
    let arguments: Vec<&str> = std::iter::once("run").chain(arguments.iter().copied()).collect();
    let mut command = hosting(context, &arguments);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("is a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may end without reading it.
        let _ = stdin.write_all(&input);
    });
    let finished = wait(child);
    writer.join().expect("the writer ends");
    finished
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Finished {
    wait(command.spawn().expect("the program starts"))
}

/// Waits for a program.
pub fn wait(child: Child) -> Finished {
    let output = child.wait_with_output().expect("the program ends");
    Finished {
        code: code_of(output.status),
        out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn code_of(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().expect("ended with a code")
}

/// Starts a program and waits until it has said `ready` on its error stream. The rest of that stream is thrown away.
pub fn start_until_ready(mut command: Command) -> Child {
    let mut child = command.spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("is a pipe"));
    let mut seen = String::new();
    while !seen.contains("ready\n") {
        let read = lines.read_line(&mut seen).expect("is readable");
        assert_ne!(read, 0, "it ended before it was ready: {seen}");
    }
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = lines.read_to_end(&mut rest);
    });
    child
}

impl Finished {
    /// The output, if all went well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    /// The output as JSON, if all went well.
    #[track_caller]
    pub fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// It ended with that code, wrote nothing, and said all of that.
    #[track_caller]
    pub fn failed(self, code: i32, said: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        for text in said {
            assert!(self.err.contains(text), "{:?} should contain {text:?}", self.err);
        }
    }
}
