//! A process that replaces itself: the client at the other end of the pipes notices nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, HANG, SCRIPT, arguments, modern};
use super::support::Context;
use super::values;

fn start(context: &Context, more: &[&str], environment: &[(&str, &str)]) -> Client {
    let mut all = vec!["--script", SCRIPT];
    all.extend(more);
    Client::start_in(&arguments(context.home(), &all), environment, context.scratch())
}

/// Waits for a runtime that knows nothing of the marker.
fn until_fresh(client: &mut Client, mut marker: impl FnMut(&mut Client) -> Value) {
    let end = Instant::now() + HANG;
    while marker(client) != json!([""]) {
        assert!(Instant::now() < end, "no fresh process");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn old_marker(client: &mut Client) -> Value {
    values(&client.call("get_marker", json!({}))).clone()
}

pub fn a_script_that_ends_the_process_does_not_end_the_conversation(context: &Context) {
    let mut client = start(context, &[], &[]);
    client.initialize("2025-06-18");
    client.call("set_marker", json!({"Value": "first"}));
    assert_eq!(old_marker(&mut client), json!(["first"]));
    let process = client.process_id();
    // Beside it a call that runs, and right behind it one that comes while the process makes ready.
    client.post("runs", "wait_long", json!({"Seconds": 4}));
    std::thread::sleep(Duration::from_millis(500));
    client.post("ends", "end_process", json!({}));
    let exit = client.receive();
    assert_eq!(
        (&exit["id"], &exit["result"]["structuredContent"]["error"]["code"]),
        (&json!("ends"), &json!("E403"))
    );
    std::thread::sleep(Duration::from_millis(200));
    client.post("late", "get_marker", json!({}));
    let runs = client.receive();
    assert_eq!((&runs["id"], values(&runs["result"])), (&json!("runs"), &json!(["waited"])), "{runs}");
    let late = client.receive();
    assert_eq!(
        (&late["id"], values(&late["result"])),
        (&json!("late"), &json!([""])),
        "the next process answers"
    );
    assert_eq!(client.process_id(), process);
    assert!(late["result"].get("resultType").is_none(), "the older era goes on");
    client.finish();
}

pub fn a_degraded_engine_is_replaced_in_both_eras(context: &Context) {
    let environment = [("RUNSPACED_POOL__ABANDON_BUDGET", "1"), ("RUNSPACED_POOL__STOP_GRACE", "200ms")];
    for era in ["older", "newer"] {
        // Long enough for a start, which counts.
        let mut client = start(context, &["--timeout", "8s"], &environment);
        let call = |client: &mut Client, tool: &str, arguments: Value| -> Value {
            if era == "older" {
                return client.call(tool, arguments);
            }
            client.send(modern(1, "tools/call", json!({"name": tool, "arguments": arguments})));
            client.receive()["result"].clone()
        };
        if era == "older" {
            client.initialize("2025-11-25");
        }
        let warm = Instant::now();
        while call(&mut client, "set_marker", json!({"Value": "first"}))["isError"] == true {
            assert!(warm.elapsed() < HANG, "a busy machine");
        }
        let stuck = call(&mut client, "wait_forever", json!({}));
        assert_eq!(stuck["structuredContent"]["error"]["code"], "E501", "{stuck}");
        let end = Instant::now() + HANG;
        loop {
            // None of these is refused: they wait for the next process.
            let marker = call(&mut client, "get_marker", json!({}));
            if values(&marker) == &json!([""]) {
                break;
            }
            let code = &marker["structuredContent"]["error"]["code"];
            assert!(values(&marker) == &json!(["first"]) || code == "E501" || code == "E202", "{marker}");
            assert!(Instant::now() < end, "no fresh process");
        }
        client.finish();
    }
}

pub fn an_upgrade_of_powershell_is_taken_up(context: &Context) {
    let home = copy_home(context);
    let all = [
        "mcp",
        "--powershell",
        &home.to_string_lossy(),
        "--allow-writes",
        "--no-sentinel",
        "--script",
        SCRIPT,
    ]
    .map(str::to_owned);
    let mut client = Client::start_in(&all, &[], context.scratch());
    client.initialize("2025-11-25");
    client.call("set_marker", json!({"Value": "first"}));
    // While the only runspace is taken, another call needs a new one: that is when files are looked at.
    client.post("runs", "wait_long", json!({"Seconds": 4}));
    std::thread::sleep(Duration::from_millis(500));
    let file = home.join("pwsh.dll");
    let time = fs::metadata(&file).and_then(|file| file.modified()).expect("there") + Duration::from_secs(60);
    fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(time)).expect("our copy");
    client.post("needs", "get_marker", json!({}));
    let runs = client.receive();
    assert_eq!((&runs["id"], values(&runs["result"])), (&json!("runs"), &json!(["waited"])), "{runs}");
    let needs = client.receive();
    assert_eq!((&needs["id"], values(&needs["result"])), (&json!("needs"), &json!([""])), "{needs}");
    client.finish();
}

pub fn a_process_is_not_replaced_without_end(context: &Context) {
    let mut client = start(context, &[], &[]);
    client.initialize("2025-11-25");
    for _ in 0..3 {
        client.call("set_marker", json!({"Value": "first"}));
        assert_eq!(client.call("end_process", json!({}))["isError"], true);
        until_fresh(&mut client, old_marker);
    }
    client.call("set_marker", json!({"Value": "last"}));
    assert_eq!(client.call("end_process", json!({}))["isError"], true);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        old_marker(&mut client),
        json!(["last"]),
        "the fourth time within ten minutes it goes on as it is"
    );
    client.finish();
}

/// Whoever shares the open files of the streams must not find them changed: with `2>&1` that is the error stream.
pub fn the_streams_stay_blocking_for_everybody_else(context: &Context) {
    use std::io::{BufRead, BufReader, Read as _, Write as _};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    use rustix::fs::{OFlags, fcntl_getfl};

    let all = arguments(context.home(), &["--command", "Get-Date"]);
    let initialize = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\
                      \"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}\n";
    for kind in ["pipes", "sockets"] {
        let (input, mut to_server, from_server, output): (
            OwnedFd,
            Box<dyn std::io::Write>,
            Box<dyn std::io::Read>,
            OwnedFd,
        ) = if kind == "pipes" {
            let (input, to_server) = std::io::pipe().expect("a pipe");
            let (from_server, output) = std::io::pipe().expect("a pipe");
            (input.into(), Box::new(to_server), Box::new(from_server), output.into())
        } else {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            let (from_server, output) = UnixStream::pair().expect("a pair");
            (theirs.into(), Box::new(ours), Box::new(from_server), output.into())
        };
        let kept = [input.try_clone().expect("a copy"), output.try_clone().expect("a copy")];
        let mut server = Command::new(super::client::PROGRAM)
            .args(&all)
            .current_dir(context.scratch())
            .stdin(Stdio::from(input))
            .stderr(Stdio::from(output.try_clone().expect("a copy")))
            .stdout(Stdio::from(output))
            .spawn()
            .expect("it starts");
        to_server.write_all(initialize.as_bytes()).expect("written");
        let mut reader = BufReader::new(from_server);
        let mut line = String::new();
        reader.read_line(&mut line).expect("an answer");
        assert!(line.contains("\"protocolVersion\":\"2025-11-25\""), "{line}");
        for (descriptor, name) in kept.iter().zip(["input", "output"]) {
            let flags = fcntl_getfl(descriptor).expect("flags");
            assert!(!flags.contains(OFlags::NONBLOCK), "{kind}: the {name} is not blocking any more");
        }
        drop((kept, to_server));
        assert_eq!(server.wait().expect("it ends").code(), Some(0), "{kind}");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the end");
    }
}

/// The PowerShell of the test once more: links to its files, and a `pwsh.dll` of its own.
fn copy_home(context: &Context) -> PathBuf {
    let home = context.scratch().join("powershell");
    link_folder(&context.home().path, &home);
    home.canonicalize().expect("it was just made")
}

fn link_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("the scratch folder is ours");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            link_folder(&source, &target);
        } else {
            let real = source.canonicalize().expect("it is there");
            if entry.file_name() == "pwsh.dll" || fs::hard_link(&real, &target).is_err() {
                fs::copy(&real, &target).expect("the scratch folder is ours");
            }
        }
    }
}
