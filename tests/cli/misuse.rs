//! What mistakes on the command line get.

use crate::program::{finish, program};
use crate::support::Context;

pub fn each_mistake_ends_with_2_and_says_what_would_work(context: &Context) {
    std::fs::write(context.scratch().join("bad.json"), "[1,\n2,,]").expect("is written");
    std::fs::write(context.scratch().join("latin1.txt"), b"a\nb\xe9\n").expect("is written");
    let cases: &[(&[&str], &[&str])] = &[
        (&["run"], &["<SCRIPT"]),
        (&["run", "1", "--command", "Get-Date"], &["cannot be used with"]),
        (&["run", "1", "--jsn"], &["--json"]),
        (&["run", "1", "--json", "--text"], &["cannot be used with"]),
        (&["run", "1", "--arg", "n"], &["name=text", "name:=JSON"]),
        (&["run", "1", "--arg", "n:=x"], &["not JSON", "n=text"]),
        (&["run", "1", "--arg", "n=1", "--arg", "N=2"], &["parameter n is given twice", "n:=[1, 2]"]),
        (&["run", "1", "--input", "xml"], &["json, ndjson or lines"]),
        (&["run", "1", "--input", "json=absent.json"], &["absent.json cannot be read"]),
        (&["run", "1", "--input", "json=bad.json"], &["bad.json is not JSON", "line 2"]),
        (&["run", "1", "--input", "lines=latin1.txt"], &["latin1.txt is not UTF-8 (line 2"]),
        (
            &["run", "-", "--input", "json"],
            &["cannot both come from the standard input", "--input json=FILE"],
        ),
        (&["run", "-"], &["the script on the standard input is empty"]),
        (&["run", "./absent.ps1"], &["there is no file ./absent.ps1"]),
        (&["run", "1", "--timeout", "5"], &["--timeout: call.timeout is \"5\"", "such as 500ms, 5s"]),
        (&["run", "1", "--timeout", "0s"], &["at least 1ms"]),
        (&["run", "1", "--isolation", "none"], &["one of shared, scoped, reset, fresh"]),
        (&["run", "1", "--secret", "p=env:RUNSPACED_TEST_ABSENT"], &["RUNSPACED_TEST_ABSENT is not set"]),
        (&["run", "1", "--secret", "p=file:absent"], &["secret p: absent cannot be read"]),
        (
            &["run", "1", "--log", "runspaced=loud"],
            &["--log: log.filter is \"runspaced=loud\"", "try `info`"],
        ),
        (&["run", "1", "--config", "absent.toml"], &["--config: there is no file absent.toml"]),
        (&["completions", "tcsh"], &["bash"]),
        (&["config", "show", "--orign"], &["--origin"]),
    ];
    for (arguments, said) in cases {
        let finished = finish(program(context, arguments));
        assert_eq!(finished.code, 2, "{arguments:?}: {}", finished.err);
        finished.failed(2, said);
    }
}

pub fn secret_on_a_command_line_is_not_repeated(context: &Context) {
    let finished = finish(program(context, &["run", "1", "--secret", "Password=hunter2"]));
    assert_eq!(finished.code, 2);
    assert!(finished.err.contains("env:VARIABLE"), "{}", finished.err);
}
