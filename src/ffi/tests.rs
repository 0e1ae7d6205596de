use std::collections::BTreeMap;
use std::ffi::CStr;

use super::*;

const HEADER: &str = include_str!("../../include/runspaced.h");

fn last() -> String {
    // SAFETY: null with capacity 0 is allowed.
    let length = unsafe { runspaced_last_error(std::ptr::null_mut(), 0) };
    let mut buffer = vec![0; length];
    // SAFETY: the buffer has that many bytes.
    unsafe { runspaced_last_error(buffer.as_mut_ptr(), length) };
    String::from_utf8(buffer).expect("UTF-8")
}

fn opened() -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let settings =
        serde_json::json!({ "folder": folder.path(), "environment": { "AZURE_CLIENT_SECRET": "of nobody" } })
            .to_string();
    let mut library = 0;
    // SAFETY: pointer and length are those of a text, and the place is a number.
    let status = unsafe { runspaced_open(settings.as_ptr(), settings.len(), &raw mut library) };
    assert_eq!(status, 0, "{}", last());
    library
}

fn begun(library: u64, order: &str) -> Result<u64, i32> {
    let mut call = 0;
    // SAFETY: pointer and length are those of a text, and the place is a number.
    match unsafe { runspaced_call(library, order.as_ptr(), order.len(), &raw mut call) } {
        0 => Ok(call),
        status => Err(status),
    }
}

fn next(call: u64) -> Result<(u32, String), i32> {
    let (mut kind, mut data, mut length) = (0, std::ptr::null(), 0);
    // SAFETY: the places are ours.
    match unsafe { runspaced_next(call, &raw mut kind, &raw mut data, &raw mut length) } {
        // SAFETY: the bytes stay until the next message is taken.
        0 => Ok((
            kind,
            String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(data, length) }).into_owned(),
        )),
        status => Err(status),
    }
}

#[test]
fn wrong_pointers_texts_and_numbers_are_answered() {
    // SAFETY: null is what is tried.
    unsafe {
        let mut number = 0;
        assert_eq!(runspaced_open(std::ptr::null(), 5, &raw mut number), Status::Null as i32);
        assert_eq!(runspaced_open(std::ptr::null(), 0, std::ptr::null_mut()), Status::Null as i32);
        assert_eq!(runspaced_open([0xff, 0xfe].as_ptr(), 2, &raw mut number), Status::NotUtf8 as i32);
        assert!(last().contains("UTF-8"), "{}", last());
        assert_eq!(runspaced_open(b"{]".as_ptr(), 2, &raw mut number), Status::NotUnderstood as i32);
        assert_eq!(
            runspaced_next(1, std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut()),
            Status::Null as i32
        );
    }
    assert_eq!(begun(u64::MAX, "{}"), Err(Status::Unknown as i32));
    assert_eq!(next(u64::MAX), Err(Status::Unknown as i32));
    for status in [runspaced_close(u64::MAX), runspaced_cancel(u64::MAX), runspaced_free(u64::MAX)] {
        assert_eq!(status, Status::Unknown as i32);
    }
    let library = opened();
    assert_eq!(begun(library, "{}"), Err(Status::NotUnderstood as i32));
    assert!(last().contains("operation"), "{}", last());
    assert_eq!(runspaced_close(library), 0);
    assert_eq!(runspaced_close(library), Status::Unknown as i32);
}

#[test]
fn without_a_whole_identity_a_call_says_so_and_ends() {
    let library = opened();
    let call = begun(library, r#"{"operation": "Get-SentinelWorkspaces"}"#).expect("is begun");
    let (kind, json) = next(call).expect("a message");
    assert_eq!(kind, 9);
    let failure: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&failure["id"], &failure["category"]),
        (&"E701".into(), &"AuthenticationError".into()),
        "{failure}"
    );
    assert_eq!(next(call), Err(Status::Ended as i32));
    assert_eq!(runspaced_free(call), 0);
    assert_eq!(runspaced_free(call), Status::Unknown as i32);
    let call = begun(library, r#"{"operation": "Get-Nothing"}"#).expect("is begun");
    assert_eq!(runspaced_cancel(call), 0);
    // It may have ended before.
    while let Ok(_) | Err(0) = next(call) {}
    assert_eq!(runspaced_close(library), 0);
    assert_eq!(runspaced_free(call), 0);
}

#[test]
fn version_is_a_text_with_an_end() {
    // SAFETY: it ends with 0 and lives as long as the program.
    let version = unsafe { CStr::from_ptr(runspaced_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

/// Functions of a source: name, types of arguments, type of the answer; in C.
fn functions_of_header() -> BTreeMap<String, String> {
    let text: String =
        HEADER.lines().filter(|line| !line.starts_with([' ', '/', '#'])).collect::<Vec<_>>().join("\n");
    let function = regex::Regex::new(r"(?m)^([a-z0-9_ ]+?[ *]+)(runspaced_\w+)\(([^)]*)\);").expect("is one");
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    function
        .captures_iter(&text)
        .map(|found| {
            let arguments: Vec<String> = found[3]
                .split(',')
                .filter(|one| one.trim() != "void")
                // The name of the argument goes.
                .map(|one| {
                    plain(one.trim().trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_'))
                })
                .collect();
            (found[2].to_owned(), format!("{} <- {}", plain(&found[1]), arguments.join(", ")))
        })
        .collect()
}

fn functions_of_code() -> BTreeMap<String, String> {
    let function =
        regex::Regex::new(r#"extern "C" fn (runspaced_\w+)\(([^)]*)\)(?: -> ([^{]+))? \{"#).expect("is one");
    let in_c = |kind: &str| match kind.trim() {
        "*const std::ffi::c_char" => "const char *",
        "*const u8" => "const uint8_t *",
        "*mut u8" => "uint8_t *",
        "*mut *const u8" => "const uint8_t **",
        "*mut u64" => "uint64_t *",
        "*mut u32" => "uint32_t *",
        "*mut usize" => "size_t *",
        "u64" => "uint64_t",
        "usize" => "size_t",
        "i32" => "int32_t",
        other => panic!("{other} has no name in C here"),
    };
    function
        .captures_iter(include_str!("mod.rs"))
        .map(|found| {
            let arguments: Vec<&str> = found[2]
                .split(',')
                .filter_map(|one| one.split_once(':'))
                .map(|(_, kind)| in_c(kind))
                .collect();
            (found[1].to_owned(), format!("{} <- {}", in_c(&found[3]), arguments.join(", ")))
        })
        .collect()
}

#[test]
fn the_header_says_what_the_code_does() {
    let functions = functions_of_code();
    assert_eq!(functions.len(), 8, "{functions:?}");
    assert_eq!(functions_of_header(), functions);
    let define = regex::Regex::new(r"(?m)^#define RUNSPACED_(\w+) +(\d+)").expect("is one");
    let numbers: BTreeMap<String, i64> = define
        .captures_iter(HEADER)
        .map(|found| (found[1].to_lowercase().replace('_', ""), found[2].parse().expect("a number")))
        .collect();
    use Status::{
        Busy, Cancelled, Configuration, Ended, Internal, NotUnderstood, NotUtf8, Null, Ok, Unknown,
    };
    let statuses =
        [Ok, Null, NotUtf8, NotUnderstood, Unknown, Configuration, Ended, Cancelled, Busy, Internal];
    use crate::host::FunctionMessage as Kind;
    let kinds = [
        Kind::Value,
        Kind::Warning,
        Kind::Verbose,
        Kind::Debug,
        Kind::Information,
        Kind::Progress,
        Kind::Error,
        Kind::Finished,
        Kind::Failed,
    ];
    let wanted: BTreeMap<String, i64> = statuses
        .iter()
        .map(|status| (format!("{status:?}").to_lowercase(), *status as i64))
        .chain(kinds.iter().map(|kind| (format!("{kind:?}").to_lowercase(), *kind as i64)))
        .collect();
    assert_eq!(numbers, wanted);
}
