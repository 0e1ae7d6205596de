//! What all slots share: calls that run alone, and calls that change it while others run.

use std::thread;

use runspaced::{Engine, Invocation};

use crate::fixture::{Fixture, PATIENCE, quoted, settled, tell, until};
use crate::row::Nature;
use crate::rows;
use crate::support::Context;

/// Waits inside a script until a file is there; the deadline is for a test that fails.
fn wait_for(file: &str) -> String {
    format!(
        "$end = [datetime]::Now.AddSeconds({}); while (-not [IO.File]::Exists((Join-Path $Scratch '{file}')) -and [datetime]::Now -lt $end) {{ [Threading.Thread]::Sleep(2) }}\n",
        PATIENCE.as_secs()
    )
}

/// A call that notes itself in a folder while it runs and gives how many others were there.
const OVERLAP: &str = r#"
param($Name, $Folder)
$me = Join-Path $Folder $Name
[IO.File]::WriteAllText($me, '')
$most = 0
for ($i = 0; $i -lt 10; $i++) {
    $most = [Math]::Max($most, [IO.Directory]::GetFiles($Folder).Length - 1)
    [Threading.Thread]::Sleep(2)
}
[IO.File]::Delete($me)
$most
"#;

pub fn exclusive_calls_run_alone(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(4)).build().expect("the settings are valid");
    let folder = fixture.scratch().join("overlap");
    std::fs::create_dir(&folder).expect("the scratch folder is ours");

    // The detector works: two calls that wait for each other do overlap.
    let meet = |mine: &str, other: &str| {
        let text = format!(
            "param($Scratch)\n[IO.File]::WriteAllText((Join-Path $Scratch '{mine}'), '')\n{}[IO.File]::Exists((Join-Path $Scratch '{other}'))",
            wait_for(other)
        );
        Invocation::script(text).arg("Scratch", fixture.scratch().display().to_string())
    };
    let (first, second) = both(&engine, meet("one", "two"), meet("two", "one"));
    assert_eq!((first.as_str(), second.as_str()), ("true", "true"), "no two calls ran at the same time");

    let most = thread::scope(|scope| {
        let calls: Vec<_> = (0..32)
            .map(|index| {
                let exclusive = index % 4 == 0;
                let (engine, folder) = (&engine, folder.display().to_string());
                scope.spawn(move || {
                    let call =
                        Invocation::script(OVERLAP).arg("Name", format!("{index}")).arg("Folder", folder);
                    (exclusive, tell(engine, if exclusive { call.exclusive() } else { call }))
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("it answers")).collect::<Vec<_>>()
    });
    assert_eq!(most.len(), 32);
    for (exclusive, most) in most {
        assert!(!exclusive || most == "0", "an exclusive call ran beside {most} others");
    }
}

/// A change of the environment while another call runs is reported, and gone when the next call starts.
pub fn an_overlapping_change_is_reported(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(2)).build().expect("the settings are valid");
    let scratch = fixture.scratch().display().to_string();
    let file = |name: &str| fixture.scratch().join(name);
    let see = "[string]$env:LEAK_OVERLAP";
    assert_eq!(tell(&engine, Invocation::script(see)), r#""""#);

    thread::scope(|scope| {
        let text = format!(
            "param($Scratch)\n[IO.File]::WriteAllText((Join-Path $Scratch 'runs'), '')\n{}'ended'",
            wait_for("go")
        );
        let other = Invocation::script(text).arg("Scratch", &scratch);
        let engine = &engine;
        let other = scope.spawn(move || tell(engine, other));
        until("the other call runs", || file("runs").exists());

        tell(engine, Invocation::script("$env:LEAK_OVERLAP = 'overlap'"));
        until("the change is settled", || engine.stats().settling == 0);
        assert_eq!(engine.stats().environment_overlaps, 1, "{:?}", engine.stats());

        // The next call waits, if it must, until nobody can see the change any more.
        let next = scope.spawn(move || tell(engine, Invocation::script(see)));
        std::fs::write(file("go"), "").expect("the scratch folder is ours");
        assert_eq!(other.join().expect("it answers"), r#""ended""#);
        assert_eq!(next.join().expect("it answers"), r#""""#, "the next call sees the change");
    });
    let stats = settled(&engine);
    assert_eq!(stats.environment_overlaps, 1, "{stats:?}");
    assert_eq!(tell(&engine, Invocation::script(see)), r#""""#);
}

/// Whatever is known about a script from its last run, a change of the process is found again.
pub fn a_script_seen_before_is_watched_as_well(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.builder().pool(Fixture::pool(1)).build().expect("the settings are valid");
    let rows: Vec<_> = rows::process::ROWS.iter().filter(|row| row.nature == Nature::Process).collect();
    let mut failures = Vec::new();
    for row in &rows {
        let look = || tell(&engine, fixture.script(row.look, "often"));
        let before = look();
        for run in 1..=4 {
            tell(&engine, fixture.script(row.leave, "often"));
            let after = look();
            if after != before {
                failures.push(format!("{}: {before} became {after} after run {run}", row.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rows.len() * 4, failures.join("\n"));

    // The same by commands and by ways that do not name the environment.
    let command = || Invocation::command("Set-Item").arg("Path", "env:LEAK_OFTEN").arg("Value", "leak");
    let scripts = [
        "Set-Content -Path env:LEAK_OFTEN -Value leak",
        "$name = 'env:LEAK_OFTEN'; Set-Item $name leak",
        "& 'Set-Item' env:LEAK_OFTEN leak",
        "Get-Variable PID | ForEach-Object { Set-Item env:LEAK_OFTEN leak }",
        "Invoke-Expression '$env:LEAK_OFTEN = 1'",
        "Get-Leaky",
        "[pscustomobject]@{ PSTypeName = 'Runspaced.Leaky' } | ForEach-Object Leak",
        "[pscustomobject]@{ PSTypeName = 'Runspaced.Leaky' } | ForEach-Object Run",
        "([pscustomobject]@{ PSTypeName = 'Runspaced.Leaky' }).Leak",
        "[pscustomobject]@{ PSTypeName = 'Runspaced.Leaky' } | Select-Object Leak",
        "[pscustomobject]@{ PSTypeName = 'Runspaced.Leaky' }",
        "$PSDefaultParameterValues = @{ 'Get-Date:Format' = { Set-Item env:LEAK_OFTEN leak; 'yyyy' } }; Get-Date",
        "Get-Date -OutVariable env:LEAK_OFTEN",
    ];
    // Reading a property, or calling a method by its name, can run a script of the baseline.
    let leaky = r"
        function global:Get-Leaky { Set-Item env:LEAK_OFTEN leak }
        Update-TypeData -TypeName Runspaced.Leaky -MemberName Leak -MemberType ScriptProperty -Value { Set-Item env:LEAK_OFTEN leak; 1 }
        Update-TypeData -TypeName Runspaced.Leaky -MemberName Run -MemberType ScriptMethod -Value { Set-Item env:LEAK_OFTEN leak; 1 }
    ";
    let engine =
        fixture.plain().startup_script(leaky).pool(Fixture::pool(1)).build().expect("the settings are valid");
    let value = || tell(&engine, Invocation::script("[string]$env:LEAK_OFTEN"));
    for run in 1..=3 {
        tell(&engine, command());
        assert_eq!(value(), r#""""#, "Set-Item, run {run}");
        for script in scripts {
            let _ = engine.blocking().invoke(Invocation::script(script));
            assert_eq!(value(), r#""""#, "{script}, run {run}");
        }
    }
}

/// The same change by a call that runs alone is put back without a report.
pub fn an_exclusive_change_is_not(context: &Context) {
    let fixture = Fixture::new(context);
    let engine = fixture.plain().pool(Fixture::pool(2)).build().expect("the settings are valid");
    let change = "$env:LEAK_ALONE = 'alone'; $env:LEAK_ALONE";
    assert_eq!(tell(&engine, Invocation::script(change).exclusive()), r#""alone""#);
    let stats = settled(&engine);
    assert_eq!((stats.environment_overlaps, stats.restored), (0, 1), "{stats:?}");
    assert_eq!(tell(&engine, Invocation::script("[string]$env:LEAK_ALONE")), r#""""#);
}

/// Two engines of one process share what is process-wide, and only that.
pub fn engines_share_nothing_else(context: &Context) {
    let fixture = Fixture::new(context);
    let first = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    let second = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    first.open_session("work", None, None).expect("the name is free");
    let folder = quoted(fixture.scratch());
    tell(
        &first,
        Invocation::script(format!("$mine = 1; Set-Location {folder}; $env:LEAK_ENGINE = '1'"))
            .session("work"),
    );
    settled(&first);
    assert_eq!(tell(&second, Invocation::script("[string]$mine; [string]$env:LEAK_ENGINE")), r#""","""#);
    assert!(
        second.blocking().invoke(Invocation::script("1").session("work")).is_err(),
        "a session of another engine"
    );
}

fn both(engine: &Engine, first: Invocation, second: Invocation) -> (String, String) {
    thread::scope(|scope| {
        let second = scope.spawn(|| tell(engine, second));
        (tell(engine, first), second.join().expect("it answers"))
    })
}
