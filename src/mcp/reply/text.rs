//! The text of a reply.

use super::record::MAX_RECORDS;

/// Sections with a blank line between them.
#[derive(Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn section(&mut self, title: &str, body: &str) {
        if body.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push_str("\n\n");
        }
        if !title.is_empty() {
            self.0.push_str(title);
            self.0.push_str(":\n");
        }
        self.0.push_str(body);
    }

    pub(super) fn list(&mut self, title: &str, lines: impl ExactSizeIterator<Item = String>) {
        let count = lines.len();
        let mut shown: Vec<String> = lines.take(MAX_RECORDS).map(|line| format!("- {line}")).collect();
        if count > MAX_RECORDS {
            shown.push(format!("… and {} more", count - MAX_RECORDS));
        }
        self.section(title, &shown.join("\n"));
    }
}
