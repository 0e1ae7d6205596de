//! Ids of one place as those of another: a workspace's, and of what lies in it and beside it.

use serde_json::Value;

/// Replaces an id wherever it is mentioned, whatever its case, and says how often. An id that only begins with it stays.
pub(crate) fn replace_id(content: &mut String, from: &str, to: &str) -> usize {
    if from.is_empty() {
        return 0;
    }
    let lower = content.to_ascii_lowercase();
    let from = from.to_ascii_lowercase();
    let mut remapped = String::with_capacity(content.len());
    let (mut last, mut count) = (0, 0);
    let continues = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    for (at, _) in lower.match_indices(&from) {
        let after = lower[at + from.len()..].chars().next();
        let before = lower[..at].chars().next_back();
        if at < last
            || after.is_some_and(continues)
            || !from.starts_with('/') && before.is_some_and(continues)
        {
            continue;
        }
        remapped.push_str(&content[last..at]);
        remapped.push_str(to);
        last = at + from.len();
        count += 1;
    }
    if count > 0 {
        remapped.push_str(&content[last..]);
        *content = remapped;
    }
    count
}

/// Pairs of ids.
#[derive(Debug, Default, Clone)]
pub(crate) struct Remap {
    /// The longest first, so that an object's counts before its workspace's.
    pairs: Vec<(String, String)>,
}

impl Remap {
    pub(crate) fn add(&mut self, from: &str, to: &str) {
        let (from, to) = (from.trim_end_matches('/'), to.trim_end_matches('/'));
        // What follows from a pair that is there needs none of its own.
        if from.is_empty() || self.text(from).eq_ignore_ascii_case(to) {
            return;
        }
        self.pairs.retain(|(known, _)| !known.eq_ignore_ascii_case(from));
        self.pairs.push((from.to_owned(), to.to_owned()));
        self.pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
    }

    /// The text with the ids of the other place.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.pairs {
            replace_id(&mut text, from, to);
        }
        text
    }

    /// Replaces ids in every text of a document. What Azure writes in lower case stays so.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let made = self.text(text);
                if made != *text {
                    let was_lower = text.starts_with('/') && *text == text.to_ascii_lowercase();
                    *text = if was_lower { made.to_ascii_lowercase() } else { made };
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.value(field)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_own_id_is_replaced_and_no_other() {
        let mut content = r#"["/subscriptions/S/workspaces/Law","/SUBSCRIPTIONS/s/workspaces/law/tables","/subscriptions/S/workspaces/law-b"]"#.to_owned();
        assert_eq!(replace_id(&mut content, "/subscriptions/S/workspaces/law", "/new"), 2);
        assert_eq!(content, r#"["/new","/new/tables","/subscriptions/S/workspaces/law-b"]"#);
        let mut guid = "workspace('ab-1').T, xab-1, ab-12".to_owned();
        assert_eq!(replace_id(&mut guid, "ab-1", "cd-2"), 1);
        assert_eq!(guid, "workspace('cd-2').T, xab-1, ab-12");
    }

    #[test]
    fn the_id_of_an_object_counts_before_that_of_its_workspace() {
        let mut remap = Remap::default();
        remap.add("/s/law", "/t/law2");
        remap.add("/s/law/rules/a", "/t/law2/rules/b");
        let mut value = json!({"a": ["/s/law/rules/a", "/s/LAW/rules/c"], "sourceId": "/s/law"});
        remap.value(&mut value);
        assert_eq!(value, json!({"a": ["/t/law2/rules/b", "/t/law2/rules/c"], "sourceId": "/t/law2"}));
    }
}
