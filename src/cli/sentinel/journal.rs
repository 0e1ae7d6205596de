//! What was written, and taking it back.

use std::fmt::Write;

use runspaced::sentinel::{Call, Keep, Sentinel};
use serde_json::json;

use super::show::{self, Form};
use super::words::Words;
use super::{failed, outcome, planned};
use crate::cli::Exit;
use crate::cli::screen::{Palette, complain};

/// Entries that are listed.
const MOST: usize = 50;

/// Lists the latest entries, shows one, or removes old ones.
pub fn list(sentinel: &Sentinel, words: &Words, palette: Palette) -> Exit {
    if let [prune, rest @ ..] = words.plain.as_slice()
        && prune == "prune"
    {
        return remove_old(sentinel, rest, words.form, palette);
    }
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

/// Removes entries that are older than so many days.
fn remove_old(sentinel: &Sentinel, given: &[String], form: Form, palette: Palette) -> Exit {
    let age = match given {
        [age] => age.strip_suffix('d').and_then(|days| days.parse::<u32>().ok()),
        _ => None,
    };
    let Some(days) = age else {
        complain(palette, "journal prune takes an age in days: `runspaced sentinel journal prune 90d`");
        return Exit::USAGE;
    };
    let age = Some(std::time::Duration::from_secs(u64::from(days) * 86_400));
    match sentinel.journal().prune(&Keep { age, bytes: None }, jiff::Timestamp::now()) {
        Ok(pruned) if form == Form::Json => show::write(&format!("{}\n", json!(pruned))),
        Ok(pruned) => show::write(&format!(
            "{} entries removed, {} kept ({} bytes)\n",
            pruned.removed, pruned.kept, pruned.bytes
        )),
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
