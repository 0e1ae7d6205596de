//! Exit codes, compared with those of `pwsh -Command` where it has one for the case.

use std::process::{Command, Stdio};

use crate::program::run;
use crate::support::Context;

pub fn they_are_those_of_pwsh_where_pwsh_has_one(context: &Context) {
    // Script, our code, whether pwsh has the same.
    let mut cases = vec![
        ("1", 0, true),
        ("exit 7", 7, true),
        ("exit", 0, true),
        ("throw 'boom'", 1, true),
        ("Write-Error boom", 1, true),
        ("Write-Error boom; 2", 0, true),
        ("Get-Item ./nothing-there", 1, true),
        ("Get-Item ./nothing-there -ErrorAction SilentlyContinue", 1, true),
        ("nothing-of-that-name", 1, true),
        ("if (1) {", 1, true),
        ("[Environment]::Exit(9)", 9, true),
    ];
    if cfg!(unix) {
        cases.extend([
            ("sh -c 'exit 3'; 1", 0, true),
            ("sh -c 'exit 3'; exit $LASTEXITCODE", 3, true),
            ("sh -c 'exit 3'; Get-Item ./nothing-there", 1, true),
            // The command's own code says more than pwsh's 1.
            ("sh -c 'exit 3'", 3, false),
            ("1; sh -c 'echo to-stderr >&2; exit 4'", 4, false),
        ]);
    }
    let pwsh = context.home().path.join(if cfg!(windows) { "pwsh.exe" } else { "pwsh" });
    for (script, code, same) in cases {
        let ours = run(context, &[script]);
        assert_eq!(ours.code, code, "{script}: {}", ours.err);
        if !pwsh.is_file() {
            continue;
        }
        let status = Command::new(&pwsh)
            .args(["-NoProfile", "-NonInteractive", "-Command", script])
            .current_dir(context.scratch())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("pwsh starts");
        let theirs = status.code().expect("ended with a code");
        assert_eq!(theirs == code, same, "{script}: pwsh ends with {theirs}");
        assert_eq!(theirs == 0, code == 0, "{script}: pwsh ends with {theirs}");
    }
}

pub fn deadline_ends_with_124(context: &Context) {
    run(context, &["Start-Sleep 100", "--timeout", "300ms"]).failed(124, &["deadline of 300 ms", "[E501]"]);
}
