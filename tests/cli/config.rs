//! The layers of configuration.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{Finished, finish, program};
use crate::support::Context;

/// Runs `config` in a folder below a project with files in every layer.
fn layered(context: &Context, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let below = context.scratch().join("project/below");
    fs::create_dir_all(&below).expect("a folder");
    let mut command = program(context, arguments);
    command.current_dir(below).envs(variables.iter().copied());
    finish(command)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("has a folder")).expect("a folder");
    fs::write(path, text).expect("is written");
}

pub fn later_layers_win_and_say_so(context: &Context) {
    let user = context.scratch().join("home/config/runspaced/runspaced.toml");
    let project = context.scratch().join("project/runspaced.toml");
    let named = context.scratch().join("named.toml");
    write(&user, "[pool]\nmax = 3\nmin = 2\nqueue = 4\nspares = 1\n[call]\nculture = \"fr-FR\"\n");
    write(
        &project,
        "\n[pool]\nmax = 5\nqueue = 6\nspares = 2\n[call]\nculture = \"it-IT\"\n[powershell]\nworking_directory = \"w\"\n",
    );
    write(&named, "[pool]\nqueue = 7\nspares = 3\n[call]\nculture = \"de-DE\"\n");
    write(
        &project.with_file_name(".env"),
        "RUNSPACED_POOL__SPARES=4\nRUNSPACED_CALL__CULTURE=nl-NL\nRUNSPACED_LOG=info\n",
    );
    let shown = layered(
        context,
        &["config", "show", "--json", "--config", &named.to_string_lossy(), "--log-format", "json"],
        &[
            ("RUNSPACED_CALL__CULTURE", "sv-SE"),
            ("RUNSPACED_POOL__MAX_SESSIONS", ""),
            ("RUNSPACED_POWERSHELL_HOME", "/p"),
        ],
    )
    .json();
    let at = |key: &str| {
        let entry = &shown["settings"][key];
        (entry["value"].clone(), entry["origin"].as_str().expect("has an origin").to_owned())
    };
    let file = |path: &Path, line: u32| format!("{}:{line}", path.display());
    assert_eq!(at("pool.min"), (2.into(), file(&user, 3)));
    assert_eq!(at("pool.max"), (5.into(), file(&project, 3)));
    assert_eq!(at("pool.queue"), (7.into(), file(&named, 2)));
    assert_eq!(at("pool.spares"), (4.into(), project.with_file_name(".env").display().to_string()));
    assert_eq!(at("log.filter").0, "info");
    assert_eq!(
        at("call.culture"),
        ("sv-SE".into(), "environment variable RUNSPACED_CALL__CULTURE".to_owned())
    );
    assert_eq!(
        at("powershell.home"),
        ("/p".into(), "environment variable RUNSPACED_POWERSHELL_HOME".to_owned())
    );
    assert_eq!(at("powershell.working_directory").0, project.with_file_name("w").display().to_string());
    assert_eq!(at("log.format"), ("json".into(), "--log-format".to_owned()));
    // An empty variable is none.
    assert_eq!(at("pool.max_sessions"), (16.into(), "default".to_owned()));
    let outcomes: Vec<&Value> =
        shown["files"].as_array().expect("a list").iter().map(|file| &file["outcome"]).collect();
    assert_eq!(outcomes, ["read", "read", "read", "read"]);

    let text = layered(context, &["config", "show", "--origin"], &[]).ok();
    let line = text.lines().find(|line| line.starts_with("max = 5")).expect("is shown");
    assert!(line.contains(&file(&project, 3)), "{line}");
}

pub fn defaults_are_as_they_were(context: &Context) {
    let text = finish(program(context, &["config", "show"])).ok();
    insta::with_settings!({filters => vec![(r"(?m)^max = \d+$", "max = [of the machine]")]}, {
        insta::assert_snapshot!("config_show", text);
    });
}

pub fn mistakes_are_named_with_file_line_and_nearest_name(context: &Context) {
    let file = context.scratch().join("project/runspaced.toml");
    write(&file, "[pool]\nmaximum = 3\n\n[cal]\ntimeout = \"1s\"\n\n[limits]\ndepth = 0\n");
    let finished = layered(
        context,
        &["config", "show"],
        &[("RUNSPACED_POOL__MXA", "3"), ("RUNSPACED_CALL__TIMEOUT", "soon")],
    );
    let file = file.display();
    finished.failed(
        2,
        &[
            &format!("{file}:2: unknown setting 'pool.maximum'"),
            &format!("{file}:4: unknown section 'cal': did you mean call?"),
            &format!("{file}:8: limits.depth is 0, it must be a whole number from 1 to 100"),
            "environment variable RUNSPACED_POOL__MXA: unknown setting 'RUNSPACED_POOL__MXA': did you mean RUNSPACED_POOL__MAX?",
            "environment variable RUNSPACED_CALL__TIMEOUT: call.timeout is \"soon\", it must be a duration",
        ],
    );
    // Every verb that uses the configuration says the same.
    layered(context, &["run", "1"], &[]).failed(2, &["pool.maximum"]);
    layered(context, &["config", "check"], &[]).failed(2, &["pool.maximum"]);
}

pub fn one_file_can_be_checked_by_itself(context: &Context) {
    let (good, bad) = (context.scratch().join("good.toml"), context.scratch().join("bad.toml"));
    write(&good, "[pool]\nmin = 2\nmax = 3\n");
    write(&bad, "[pool]\nmin = 4\nmax = 3\n");
    let check = |path: &Path| finish(program(context, &["config", "check", &path.to_string_lossy()]));
    check(&good).ok();
    check(&bad).failed(2, &["bad.toml:2", "pool.min is 4, more than pool.max (3)"]);
    check(&context.scratch().join("absent.toml")).failed(2, &["there is no file", "absent.toml"]);
    check(context.scratch()).failed(2, &["is a folder, not a file"]);
    assert!(check(&good).err.contains("is fine"));
}

pub fn no_secret_is_shown(context: &Context) {
    let dotenv = context.scratch().join("project/below/.env");
    write(&dotenv, "AZURE_CLIENT_SECRET=hunter2\nARM_ACCESS_KEY='hunter3'\nOTHER=x\n");
    for arguments in
        [&["config", "show", "--origin"][..], &["config", "show", "--json"], &["config", "check"]]
    {
        let finished = layered(context, arguments, &[("AZURE_PASSWORD", "hunter4")]);
        assert!(
            !finished.err.contains("hunter") && !finished.out.contains("hunter"),
            "{}{}",
            finished.out,
            finished.err
        );
        if arguments.contains(&"show") {
            let out = finished.ok();
            for name in ["AZURE_CLIENT_SECRET", "ARM_ACCESS_KEY", "AZURE_PASSWORD"] {
                assert!(out.contains(name), "{out}");
            }
        }
    }
}

#[cfg(unix)]
pub fn file_that_anybody_may_write_is_not_read(context: &Context) {
    use std::os::unix::fs::PermissionsExt;

    let file = context.scratch().join("project/runspaced.toml");
    write(&file, "[pool]\nmax = 5\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("the mode is changed");
    let shown = layered(context, &["config", "show", "--json"], &[]).json();
    assert_eq!(shown["settings"]["pool.max"]["origin"], "default");
    let project = shown["files"].as_array().expect("a list").iter().find(|file| file["role"] == "project");
    assert!(
        project.is_some_and(|file| file["outcome"].as_str().is_some_and(|why| why.contains("anybody"))),
        "{shown}"
    );
    // Named, it is believed.
    let named =
        layered(context, &["config", "show", "--json", "--config", &file.to_string_lossy()], &[]).json();
    assert_eq!(named["settings"]["pool.max"]["value"], 5);
}

pub fn documentation_is_what_the_table_says(context: &Context) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (flag, file) in [("--markdown", "docs/configuration.md"), ("--dotenv", ".env.example")] {
        let text = finish(program(context, &["config", "reference", flag])).ok();
        let kept = fs::read_to_string(root.join(file)).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(kept, text, "{file} is old: `runspaced config reference {flag} > {file}`");
    }
}
