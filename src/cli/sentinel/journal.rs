//! What was written, and taking it back.

use std::fmt::Write;

use runspaced::sentinel::{Call, Sentinel};
use serde_json::json;

use super::show::{self, Form};
use super::words::Words;
use super::{failed, outcome, planned};
use crate::cli::Exit;
use crate::cli::screen::{Palette, complain};

/// Entries that are listed.
const MOST: usize = 50;

/// Lists the latest entries, or shows one.
pub fn list(sentinel: &Sentinel, words: &Words, palette: Palette) -> Exit {
    if let Some(id) = words.plain.first() {
        return match sentinel.journal().read(id) {
            Ok(entry) => show::write(&format!("{:#}\n", json!(entry))),
            Err(error) => failed(palette, &error),
        };
    }
    match sentinel.journal().latest(MOST) {
        Ok(entries) if words.form == Form::Json => show::write(&format!("{:#}\n", json!(entries))),
        Ok(entries) => {
            let mut text = String::new();
            for entry in entries {
                let state = json!(entry.state()).as_str().unwrap_or_default().replace('_', " ");
                let what: Vec<&str> =
                    entry.changes.iter().map(|recorded| recorded.change.title.as_str()).collect();
                let _ = writeln!(
                    text,
                    "{}  {}  {:11}  {} ({}): {}",
                    entry.id,
                    entry.time.strftime("%Y-%m-%d %H:%M:%SZ"),
                    state,
                    entry.workspace_name,
                    entry.operation,
                    what.join("; ")
                );
            }
            show::write(&text)
        }
        Err(error) => failed(palette, &error),
    }
}

/// Plans to take an entry back, or does it.
pub async fn undo(sentinel: Sentinel, words: Words, palette: Palette) -> Exit {
    let [entry] = words.plain.as_slice() else {
        complain(palette, "undo takes one entry of the journal: `runspaced sentinel journal` lists them");
        return Exit::USAGE;
    };
    let call = Call::default();
    match &words.apply {
        None => match sentinel.plan_undo(entry, &call).await {
            Ok(plan) => planned(
                &plan,
                words.form,
                &format!("runspaced sentinel undo {entry} --apply {}", plan.digest),
            ),
            Err(error) => failed(palette, &error),
        },
        Some(digest) => match sentinel.undo(entry, digest, &call).await {
            Ok(applied) => outcome(&applied, words.form, palette),
            Err(error) => failed(palette, &error),
        },
    }
}
