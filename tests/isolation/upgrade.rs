//! PowerShell is upgraded under a running engine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use runspaced::{Engine, Error, Invocation};

use crate::fixture::{Fixture, PATIENCE, tell, until};
use crate::support::Context;

pub fn an_upgrade_stops_new_slots(context: &Context) {
    check(context, |home| {
        let time = fs::metadata(home)?.modified()? + Duration::from_secs(60);
        fs::File::options().write(true).open(home)?.set_modified(time)
    });
}

pub fn a_removal_stops_new_slots(context: &Context) {
    check(context, |home| fs::remove_file(home));
}

/// Touched without a change, it is the same PowerShell.
pub fn the_same_again_is_no_upgrade(context: &Context) {
    let fixture = Fixture::new(context);
    let home = copy_home(context);
    let engine = start(&fixture, &home);
    tell(&engine, Invocation::script("1").affinity("A"));
    let file = home.join("pwsh.dll");
    let time = modified(&file);
    fs::write(&file, fs::read(&file).expect("it is there")).expect("it is our copy");
    fs::File::options()
        .write(true)
        .open(&file)
        .and_then(|file| file.set_modified(time))
        .expect("it is our copy");
    assert_eq!(tell(&engine, Invocation::script("2").affinity("B")), "2");
    assert_eq!(engine.stats().opened, 2);
}

fn check(context: &Context, change: impl Fn(&Path) -> io::Result<()>) {
    let fixture = Fixture::new(context);
    let home = copy_home(context);
    let engine = start(&fixture, &home);
    let version = tell(&engine, Invocation::script("\"$PSHOME\""));
    assert_eq!(version, format!("{:?}", home.display().to_string()), "another PowerShell runs");

    // A call that runs ends as if nothing had happened.
    let (runs, go) = (fixture.scratch().join("runs"), fixture.scratch().join("go"));
    let text = format!(
        "param($Runs, $Go) [IO.File]::WriteAllText($Runs, ''); $end = [datetime]::Now.AddSeconds({}); \
         while (-not [IO.File]::Exists($Go) -and [datetime]::Now -lt $end) {{ [Threading.Thread]::Sleep(2) }}; 'ended'",
        PATIENCE.as_secs()
    );
    let long =
        Invocation::script(text).arg("Runs", runs.display().to_string()).arg("Go", go.display().to_string());
    thread::scope(|scope| {
        let long = scope.spawn(|| tell(&engine, long));
        until("the call runs", || runs.exists());

        change(&home.join("pwsh.dll")).expect("it is our copy");
        let error = engine.blocking().invoke(Invocation::script("1")).expect_err("it needs a new slot");
        let Error::PowerShellChanged { home: named, .. } = &error else {
            panic!("{}: {error}", error.code())
        };
        assert_eq!(Path::new(named), home, "the error names another home");
        assert_eq!(error.code(), "E105");

        fs::write(&go, "").expect("the scratch folder is ours");
        assert_eq!(long.join().expect("it answers"), r#""ended""#);
    });
    until("the slots are closed", || engine.stats().idle + engine.stats().settling == 0);
    for _ in 0..3 {
        let error = engine.blocking().invoke(Invocation::script("1")).expect_err("new work is refused");
        assert_eq!(error.code(), "E105");
    }
    assert_eq!(engine.stats().opened, 1, "a slot was opened from files that do not belong together");
}

fn start(fixture: &Fixture<'_>, home: &Path) -> Engine {
    fixture.plain().powershell(home).pool(Fixture::pool(2)).build().expect("the settings are valid")
}

/// The PowerShell of the test once more: links to its files, and a `pwsh.dll` of its own.
fn copy_home(context: &Context) -> PathBuf {
    let home = context.scratch().join("powershell");
    link_folder(&context.home().path, &home).expect("the scratch folder is ours");
    home.canonicalize().expect("it was just made")
}

fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let (source, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let target = to.join(&name);
        if source.is_dir() {
            link_folder(&source, &target)?;
        } else if name == "pwsh.dll" {
            fs::copy(&source, &target)?;
        } else {
            let real = source.canonicalize()?;
            fs::hard_link(&real, &target).or_else(|_| fs::copy(&real, &target).map(|_| ()))?;
        }
    }
    Ok(())
}

fn modified(file: &Path) -> SystemTime {
    fs::metadata(file).and_then(|data| data.modified()).expect("it is there")
}
