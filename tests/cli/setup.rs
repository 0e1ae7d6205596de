//! `runspaced setup` against a server of the tests' own: whole, broken off, changed and damaged archives.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use runspaced::locate::{self, LocateOptions};
use sha2::{Digest as _, Sha256};

use crate::archive_server::{Answer, ArchiveServer};
use crate::program::{Finished, finish, program};
use crate::support::Context;

const VERSION: &str = "9.9.9";

/// An archive of what an installation is recognised by, made for this machine.
fn archive(version: &str) -> Vec<u8> {
    // Any program of this machine has the right header.
    let library = fs::read("/bin/sh").expect("there is a shell");
    let mut noise = vec![0_u8; 400_000];
    let mut state = 1_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    let config = r#"{"runtimeOptions": {"includedFrameworks": [{"name": "Microsoft.NETCore.App", "version": "10.0.0"}]}}"#;
    let dependencies = format!("{{\"libraries\": {{\"pwsh/{version}\": {{}}}}}}");
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in [
        ("pwsh.runtimeconfig.json", config.as_bytes()),
        ("pwsh.deps.json", dependencies.as_bytes()),
        ("pwsh.dll", b"x"),
        ("System.Management.Automation.dll", b"x"),
        ("System.Private.CoreLib.dll", b"x"),
        ("libhostfxr.so", &library),
        ("libhostpolicy.so", &library),
        ("libcoreclr.so", &library),
        ("pwsh", b"#!/bin/sh\n"),
        ("noise", &noise),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("./{name}"), content).expect("added");
    }
    builder.into_inner().and_then(GzEncoder::finish).expect("packed")
}

fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn data(context: &Context) -> PathBuf {
    context.scratch().join("home/data")
}

fn folder(context: &Context) -> PathBuf {
    data(context).join("runspaced/powershell")
}

fn setup(context: &Context, server: Option<&ArchiveServer>, arguments: &[&str]) -> Finished {
    let arguments: Vec<&str> = std::iter::once("setup").chain(arguments.iter().copied()).collect();
    let mut command = program(context, &arguments);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"] {
        command.env_remove(name);
    }
    command.env("XDG_DATA_HOME", data(context));
    if let Some(server) = server {
        command.env("SSL_CERT_FILE", server.certificate());
    }
    finish(command)
}

fn fetch(context: &Context, server: &ArchiveServer, sha256: &str) -> Finished {
    setup(context, Some(server), &["--version", VERSION, "--sha256", sha256, "--from", &server.url()])
}

fn is_found(context: &Context) -> bool {
    let mut options = LocateOptions::default();
    options.data = Some(data(context));
    options.root = context.scratch().join("nothing");
    locate::find(&options).home().is_some_and(|home| home.version.to_string() == VERSION)
}

/// What is in the folder beside the lock.
fn entries(context: &Context) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder(context))
        .map(|entries| {
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

pub fn archive_is_fetched_checked_and_found(context: &Context) {
    let bytes = archive(VERSION);
    let sha256 = digest(&bytes);
    let server = ArchiveServer::start(context.scratch(), bytes, &[]);
    let done = fetch(context, &server, &sha256);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("100 %"), "{}", done.err);
    assert!(is_found(context));
    assert_eq!(entries(context), [VERSION], "nothing is left lying about");
    assert_eq!(server.requests().len(), 1);
    assert!(
        !server.requests()[0].to_lowercase().contains("accept-encoding"),
        "the bytes as they are are wanted"
    );

    let again = fetch(context, &server, &sha256);
    assert!(again.code == 0 && again.err.contains("there already"), "{}", again.err);
    assert_eq!(server.requests().len(), 1, "nothing was fetched again");

    // One that is broken is said to be, and replaced when asked for.
    fs::remove_file(folder(context).join(VERSION).join("pwsh.dll")).expect("removed");
    fetch(context, &server, &sha256).failed(1, &["pwsh.dll is missing", "--force"]);
    let url = server.url();
    let forced = ["--version", VERSION, "--sha256", &sha256, "--from", &url, "--force"];
    assert_eq!(setup(context, Some(&server), &forced).code, 0);
    assert!(is_found(context));

    assert_eq!(setup(context, None, &["--remove"]).code, 0);
    assert!(entries(context).is_empty() && !is_found(context));
    let nothing = setup(context, None, &["--remove"]);
    assert!(nothing.code == 0 && nothing.err.contains("nothing"), "{}", nothing.err);
}

pub fn broken_download_goes_on_where_it_broke_off(context: &Context) {
    let bytes = archive(VERSION);
    let sha256 = digest(&bytes);
    let server =
        ArchiveServer::start(context.scratch(), bytes, &[Answer::Break(100_000), Answer::Break(50_000)]);
    let done = fetch(context, &server, &sha256);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(is_found(context));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(!requests[0].contains("range:"), "{}", requests[0]);
    assert!(requests[1].contains("range: bytes=100000-"), "{}", requests[1]);
    assert!(requests[2].contains("range: bytes=150000-"), "{}", requests[2]);
    assert!(requests[2].contains(&format!("if-range: {}", server.mark())), "{}", requests[2]);
}

pub fn next_run_goes_on_and_another_content_starts_anew(context: &Context) {
    let bytes = archive(VERSION);
    let sha256 = digest(&bytes);
    let broken = [Answer::Break(100_000), Answer::Break(0), Answer::Break(0), Answer::Break(0)];
    let server = ArchiveServer::start(context.scratch(), bytes, &broken);
    fetch(context, &server, &sha256).failed(1, &["100000 bytes are kept", "--from FILE"]);
    assert!(!is_found(context));
    assert_eq!(fetch(context, &server, &sha256).code, 0);
    assert!(server.requests()[4].contains("range: bytes=100000-"), "{}", server.requests()[4]);
    assert!(is_found(context));

    // The same address, another content: what was begun is of no use, and is not mixed in.
    assert_eq!(setup(context, None, &["--remove"]).code, 0);
    server.then(&broken);
    fetch(context, &server, &sha256).failed(1, &["are kept"]);
    server.change_mark();
    assert_eq!(fetch(context, &server, &sha256).code, 0);
    assert!(is_found(context));
}

pub fn damaged_archive_is_deleted_and_both_digests_are_shown(context: &Context) {
    let bytes = archive(VERSION);
    let sha256 = digest(&bytes);
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let server = ArchiveServer::start(context.scratch(), damaged.clone(), &[]);
    fetch(context, &server, &sha256).failed(1, &[&sha256, &digest(&damaged), "deleted"]);
    assert!(entries(context).is_empty(), "{:?}", entries(context));

    // The archive of another version than the one that was asked for.
    let other = archive("9.9.8");
    let server = ArchiveServer::start(context.scratch(), other.clone(), &[]);
    fetch(context, &server, &digest(&other)).failed(1, &["holds PowerShell 9.9.8, not 9.9.9"]);
    assert!(!is_found(context));

    // A file is checked like a download; it is not ours to delete.
    let file = context.scratch().join("archive.tar.gz");
    fs::write(&file, &damaged).expect("written");
    let name = file.to_string_lossy().into_owned();
    let arguments = ["--version", VERSION, "--sha256", &sha256, "--from", &name];
    setup(context, None, &arguments).failed(1, &[&sha256, &digest(&damaged)]);
    fs::File::create(&file).and_then(|mut file| file.write_all(&bytes)).expect("written");
    assert_eq!(setup(context, None, &arguments).code, 0);
    assert!(is_found(context) && file.exists());
}

pub fn refusals_say_why_and_what_to_do(context: &Context) {
    let bytes = archive(VERSION);
    let sha256 = digest(&bytes);
    let server = ArchiveServer::start(
        context.scratch(),
        bytes,
        &[
            Answer::Status(403),
            Answer::Status(404),
            Answer::Status(407),
            Answer::Redirect("http://127.0.0.1:9/x"),
        ],
    );
    fetch(context, &server, &sha256).failed(1, &["403", "--from FILE"]);
    fetch(context, &server, &sha256).failed(1, &["404", "no such file"]);
    fetch(context, &server, &sha256).failed(1, &["407", "HTTPS_PROXY"]);
    server.then(&[Answer::Redirect("http://127.0.0.1:9/x")]);
    fetch(context, &server, &sha256).failed(1, &["from https to an address that is not"]);

    let by = |from: &str, more: &[&str]| {
        let mut arguments = vec!["--version", VERSION, "--sha256", &sha256, "--from", from];
        arguments.extend(more);
        setup(context, None, &arguments)
    };
    // Nobody listens there.
    by("https://127.0.0.1:9/x", &[]).failed(1, &["127.0.0.1 cannot be reached", "proxy"]);
    by(&server.url(), &["--proxy", "http://127.0.0.1:9"]).failed(1, &["cannot be reached"]);
    by(&server.url(), &["--proxy", "::"]).failed(1, &["setup.proxy"]);
    // Its certificate is not trusted here.
    let untrusted = by(&server.url(), &[]);
    assert!(untrusted.code == 1 && untrusted.err.to_lowercase().contains("certificate"), "{}", untrusted.err);
    // A password in an address is not repeated.
    let said = by("https://someone:hunter2@127.0.0.1:9/x", &[]);
    assert!(said.code == 1 && !said.err.contains("hunter2"), "{}", said.err);
    by("/no/such/file", &[]).failed(2, &["/no/such/file"]);
    setup(context, None, &["--version", "7.9.9"]).failed(2, &["--from"]);
    setup(context, None, &["--version", "x", "--sha256", &sha256, "--from", "y"]).failed(2, &["--version"]);
    setup(context, None, &["--version", VERSION, "--sha256", "12", "--from", "y"]).failed(2, &["64"]);
    assert!(entries(context).iter().all(|name| name.starts_with(".download-")), "{:?}", entries(context));

    let mut command = program(context, &["setup", "--remove"]);
    // No folder can be made below a file.
    let file = context.scratch().join("file");
    fs::write(&file, "").expect("written");
    command.env("XDG_DATA_HOME", &file);
    finish(command).failed(1, &[&Path::new(&file).to_string_lossy()]);
}

pub fn proxy_is_used(context: &Context) {
    let bytes = archive(VERSION);
    let sha256 = digest(&bytes);
    let server = ArchiveServer::start_plain(context.scratch(), bytes, &[]);
    let arguments = [
        "--version",
        VERSION,
        "--sha256",
        &sha256,
        "--from",
        "http://mirror.invalid/powershell.tar.gz",
        "--proxy",
        &server.url(),
    ];
    let done = setup(context, None, &arguments);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        server.requests()[0].starts_with("get http://mirror.invalid/powershell.tar.gz"),
        "{}",
        server.requests()[0]
    );
    assert!(is_found(context));
}
