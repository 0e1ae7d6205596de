//! The matrix in the documentation is the one that is tested.

use std::fmt::Write as _;
use std::path::Path;

use runspaced::Isolation;

use crate::row::{Fate, Nature, Verdict};
use crate::rows;
use crate::support::Context;

/// Between these lines of `docs/pool.md` stands the matrix.
const BEGIN: &str = "<!-- matrix: begin -->";
const END: &str = "<!-- matrix: end -->";

/// With `RUNSPACED_WRITE_DOCS=1` the page is written, else compared.
pub fn the_matrix_is_documented(_: &Context) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pool.md");
    let page = std::fs::read_to_string(&path).expect("docs/pool.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("docs/pool.md has a place for the matrix");
    let (documented, after) = rest.split_once(END).expect("docs/pool.md has a place for the matrix");
    let tested = format!("\n{}", matrix());
    if std::env::var_os("RUNSPACED_WRITE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}{BEGIN}{tested}{END}{after}"))
            .expect("docs/pool.md can be written");
        return;
    }
    assert!(
        documented.replace("\r\n", "\n") == tested,
        "docs/pool.md does not show the matrix that is tested; write it with \
         RUNSPACED_WRITE_DOCS=1 cargo test --test isolation -- docs"
    );
}

/// Every name stands for one row.
pub fn names_are_unique(_: &Context) {
    let mut names: Vec<&str> =
        rows::GROUPS.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two rows have the same name");
}

fn matrix() -> String {
    let mut text = String::new();
    for (group, rows) in rows::GROUPS {
        let _ = write!(
            text,
            "\n### {group}\n\n| what a call leaves | `scoped` | `reset` | `fresh` | `session` |\n"
        );
        text.push_str("| --- | --- | --- | --- | --- |\n");
        for row in *rows {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                row.name,
                scoped(row.nature),
                fate(row.nature, Isolation::Reset),
                fate(row.nature, Isolation::Fresh),
                fate(row.nature, Isolation::Session)
            );
        }
    }
    text.push('\n');
    text
}

fn scoped(nature: Nature) -> &'static str {
    match (nature, nature.fate(Isolation::Scoped), nature.verdict()) {
        (Nature::Reported, ..) => "stays, reported",
        (_, Fate::Stays, _) => "stays",
        (_, Fate::Gone, Verdict::Clean) => "gone",
        (_, Fate::Gone, Verdict::Restored) => "put back",
        (_, Fate::Gone, Verdict::Retired) => "slot closed",
    }
}

fn fate(nature: Nature, level: Isolation) -> &'static str {
    match (nature.fate(level), nature, level) {
        (Fate::Stays, Nature::Reported, _) => "stays, reported",
        (Fate::Stays, ..) => "stays",
        (Fate::Gone, Nature::Retired, Isolation::Reset) => "slot closed",
        (Fate::Gone, Nature::Process, _) => "put back",
        (Fate::Gone, ..) => "gone",
    }
}
