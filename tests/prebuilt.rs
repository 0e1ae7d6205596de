//! The host assembly in `dotnet-host/prebuilt` was built from the sources beside it. Needs no .NET.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dotnet-host")
}

/// `SOURCES.sha256`: a line for each file the assembly is built from, `hash  relative/path`.
fn recorded() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("prebuilt/SOURCES.sha256")).expect("the list is there");
    text.lines()
        .map(|line| {
            let (hash, path) = line.split_once("  ").expect("a line is `hash  path`");
            (path.to_owned(), hash.to_owned())
        })
        .collect()
}

#[test]
fn every_recorded_source_is_unchanged() {
    let recorded = recorded();
    assert!(recorded.len() > 10, "the list is not whole");
    let changed: Vec<&String> = recorded
        .iter()
        .filter(|(path, hash)| {
            let bytes = fs::read(folder().join(path)).unwrap_or_default();
            let now: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            now != **hash
        })
        .map(|(path, _)| path)
        .collect();
    assert!(changed.is_empty(), "changed after the assembly was built; build it again: {changed:?}");
}

#[test]
fn every_source_is_recorded() {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "cs") {
                found.push(path);
            }
        }
    }
    let (recorded, root) = (recorded(), folder());
    let mut sources = Vec::new();
    collect(&root.join("src"), &mut sources);
    let missing: Vec<_> = sources
        .iter()
        .map(|path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"))
        .filter(|path| !recorded.contains_key(path))
        .collect();
    assert!(missing.is_empty(), "not part of the build of the assembly: {missing:?}");
}

#[test]
fn the_assembly_itself_is_recorded() {
    assert!(recorded().contains_key("prebuilt/Runspaced.Host.dll"));
}
