//! The process of one test.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed};
use runspaced::locate::{self, LocateOptions, PowerShellHome};

use super::{Context, Test};

const NAME: &str = "RUNSPACED_TEST_NAME";
const SCRATCH: &str = "RUNSPACED_TEST_SCRATCH";
const HOME: &str = "RUNSPACED_TEST_HOME";
const DOTNET: &str = "RUNSPACED_TEST_DOTNET";

/// With this code a child says that it could not test what it should; the reason is in the file of that name.
pub const SKIPPED: i32 = 77;
pub const REASON: &str = "skipped";

/// What a child was started for.
pub struct Order {
    name: String,
    scratch: PathBuf,
    home: Option<PathBuf>,
    dotnet: Option<PathBuf>,
}

/// The order of this process, if it is such a child.
pub fn order() -> Option<Order> {
    Some(Order {
        name: env::var(NAME).ok()?,
        scratch: env::var_os(SCRATCH)?.into(),
        home: env::var_os(HOME).map(PathBuf::from),
        dotnet: env::var_os(DOTNET).map(PathBuf::from),
    })
}

/// In the child: runs the test. A panic ends the process with another code than 0.
pub fn run(tests: &[Test], order: Order) -> ExitCode {
    let Some(test) = tests.iter().find(|test| test.name == order.name) else {
        eprintln!("there is no test {}", order.name);
        return ExitCode::FAILURE;
    };
    let home = order.home.map(|home| {
        let mut options = LocateOptions::from_environment();
        options.dotnet_roots.splice(0..0, order.dotnet);
        locate::inspect(&home, &options).expect("the parent found it suitable")
    });
    (test.body)(&Context { home, scratch: order.scratch });
    ExitCode::SUCCESS
}

/// In the parent: runs the test in a child and waits for it.
pub fn spawn(test: &Test, home: Option<&PowerShellHome>) -> Result<Completion, Failed> {
    let folder = tempfile::Builder::new().prefix("runspaced-test-").tempdir().map_err(failed)?;
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).map_err(failed)?;
    // Files, not pipes: a process that the test leaves behind may hold them as long as it likes.
    let (out, err) = (folder.path().join("stdout"), folder.path().join("stderr"));
    let mut command = Command::new(env::current_exe().map_err(failed)?);
    command
        .env(NAME, test.name)
        .env(SCRATCH, &scratch)
        .env("RUST_BACKTRACE", "1")
        .env("POWERSHELL_TELEMETRY_OPTOUT", "1")
        .env("POWERSHELL_UPDATECHECK", "Off")
        .stdin(Stdio::null())
        .stdout(File::create(&out).map_err(failed)?)
        .stderr(File::create(&err).map_err(failed)?);
    // PowerShell's caches outlive a test, but not in the user's folders.
    let caches = Path::new(env!("CARGO_TARGET_TMPDIR")).join("powershell");
    for (variable, folder) in
        [("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")]
    {
        let folder = caches.join(folder);
        fs::create_dir_all(&folder).map_err(failed)?;
        command.env(variable, folder);
    }
    if let Some(home) = home {
        command.env(HOME, &home.path).env(DOTNET, &home.dotnet.root);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);

    let mut child = command.spawn().map_err(failed)?;
    let outcome = wait(&mut child, test.limit);
    end_group(&child);
    let verdict = match outcome.map_err(failed)? {
        Some(status) if status.success() => return Ok(Completion::Completed),
        Some(status) if status.code() == Some(SKIPPED) => {
            return Ok(Completion::ignored_with(fs::read_to_string(scratch.join(REASON)).map_err(failed)?));
        }
        Some(status) => describe(status),
        None => format!("took longer than its limit of {} s", test.limit.as_secs()),
    };
    Err(format!("{verdict}\n{}{}", tail("stdout", &out), tail("stderr", &err)).into())
}

/// Waits up to `limit`; `None` means that it was ended for taking longer.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Ends what the test has left behind.
fn end_group(child: &Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // An error means that nothing is left.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = child;
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("ended by signal {signal}");
    }
    match status.code() {
        Some(101) => "panicked".to_owned(),
        Some(code) => format!("ended with code {code}"),
        None => "ended without a code".to_owned(),
    }
}

/// The last part of what the child wrote.
fn tail(title: &str, file: &Path) -> String {
    const KEPT: usize = 8 << 10;
    let bytes = fs::read(file).unwrap_or_default();
    if bytes.is_empty() {
        return String::new();
    }
    let start = bytes.len().saturating_sub(KEPT);
    format!(
        "--- {title}{}\n{}\n",
        if start > 0 { " (end)" } else { "" },
        String::from_utf8_lossy(&bytes[start..])
    )
}

fn failed(error: impl std::fmt::Display) -> Failed {
    Failed::from(error.to_string())
}
