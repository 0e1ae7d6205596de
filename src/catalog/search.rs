//! Finds tools by words: an index in memory, ranked like BM25.

use std::collections::{BTreeMap, HashMap};

use super::tool::ToolSpec;

/// Most words of a query that count.
const MAX_WORDS: usize = 16;
/// How much less a word counts that only begins with what is looked for.
const PREFIX: f32 = 0.6;
/// BM25's saturation of repeated words and weight of a text's length.
const K1: f32 = 1.2;
const B: f32 = 0.4;

/// Words that mean the same to people as a verb of PowerShell.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("list", &["get"]),
    ("show", &["get"]),
    ("read", &["get"]),
    ("fetch", &["get"]),
    ("retrieve", &["get"]),
    ("find", &["get", "search"]),
    ("create", &["new", "add"]),
    ("make", &["new"]),
    ("delete", &["remove"]),
    ("erase", &["remove", "clear"]),
    ("update", &["set"]),
    ("change", &["set"]),
    ("modify", &["set"]),
    ("edit", &["set"]),
    ("run", &["invoke", "start"]),
    ("execute", &["invoke"]),
    ("kill", &["stop"]),
    ("folder", &["item", "directory"]),
    ("file", &["item"]),
];

/// The index of a catalogue's tools.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchIndex {
    names: Vec<String>,
    /// For each word the tools that have it, and how much it weighs there.
    words: BTreeMap<String, Vec<(u32, f32)>>,
    /// Weight of all words of each tool.
    lengths: Vec<f32>,
    mean_length: f32,
}

impl SearchIndex {
    /// Names weigh most, then the synopsis, then the names of parameters.
    pub(crate) fn of<'a>(tools: impl Iterator<Item = &'a ToolSpec>) -> Self {
        let mut index = Self::default();
        for (number, tool) in tools.enumerate() {
            let mut weights: HashMap<String, f32> = HashMap::new();
            let mut add = |text: &str, weight: f32| {
                for word in words(text) {
                    *weights.entry(word).or_default() += weight;
                }
            };
            add(&tool.name, 4.0);
            add(&tool.title, 1.0);
            add(&tool.group, 1.0);
            add(&tool.synopsis, 1.5);
            for parameter in &tool.parameters {
                add(&parameter.name, 0.4);
            }
            index.names.push(tool.name.clone());
            index.lengths.push(weights.values().sum());
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for (word, weight) in weights {
                index.words.entry(word).or_default().push((number, weight));
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "a mean of some thousands")]
        let count = index.lengths.len().max(1) as f32;
        index.mean_length = index.lengths.iter().sum::<f32>() / count;
        index
    }

    /// Names of the tools that fit the words, best first; of equal ones the one that came first.
    pub(crate) fn search(&self, query: &str) -> Vec<&str> {
        let mut scores = vec![0.0_f32; self.names.len()];
        let mut best = scores.clone();
        for word in words(query).into_iter().take(MAX_WORDS) {
            // What a tool gets for one word of the query is the best of that word, its synonyms and its continuations.
            best.fill(0.0);
            self.collect(&word, 1.0, &mut best);
            for (_, synonyms) in SYNONYMS.iter().filter(|(said, _)| *said == word) {
                synonyms.iter().for_each(|synonym| self.collect(synonym, 0.8, &mut best));
            }
            if word.len() >= 3 {
                let continued = self.words.range(word.clone()..).skip_while(|(known, _)| **known == word);
                for (known, _) in continued.take_while(|(known, _)| known.starts_with(&word)) {
                    self.collect(known, PREFIX, &mut best);
                }
            }
            scores.iter_mut().zip(&best).for_each(|(score, best)| *score += best);
        }
        let mut hits: Vec<(&str, f32)> = self.names.iter().map(String::as_str).zip(scores).collect();
        hits.retain(|(_, score)| *score > 0.0);
        // Stable: of equal ones the first stays the first.
        hits.sort_by(|one, other| other.1.total_cmp(&one.1));
        hits.into_iter().map(|(name, _)| name).collect()
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of some thousands")]
    fn collect(&self, word: &str, factor: f32, best: &mut [f32]) {
        let Some(tools) = self.words.get(word) else { return };
        let (all, having) = (self.lengths.len() as f32, tools.len() as f32);
        let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
        for &(tool, weight) in tools {
            let length = self.lengths.get(tool as usize).copied().unwrap_or(self.mean_length);
            let norm = 1.0 - B + B * length / self.mean_length.max(f32::EPSILON);
            let score = factor * rarity * weight * (K1 + 1.0) / (weight + K1 * norm);
            if let Some(best) = best.get_mut(tool as usize) {
                *best = best.max(score);
            }
        }
    }
}

/// Words in lower case: at spaces and signs, and where a capital letter begins a word; `incidents` counts as `incident`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for current in text.chars().chain(std::iter::once(' ')) {
        let begins = current.is_uppercase() && before.is_lowercase();
        if (begins || !current.is_alphanumeric()) && !word.is_empty() {
            words.push(singular(std::mem::take(&mut word)));
        }
        if current.is_alphanumeric() {
            word.extend(current.to_lowercase());
        }
        before = current;
    }
    words
}

fn singular(mut word: String) -> String {
    if word.len() > 4 && word.ends_with("ies") {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") {
        word.pop();
    }
    word
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::command;

    fn tool(name: &str, synopsis: &str, parameters: &[&str]) -> ToolSpec {
        let parameters: Vec<_> =
            parameters.iter().map(|name| json!({"name": name, "type": "string", "bindable": true})).collect();
        let mut command = command(name, json!(parameters));
        command.synopsis = synopsis.to_owned();
        ToolSpec::of(&command).expect("a tool")
    }

    fn found(query: &str) -> Vec<String> {
        let tools = [
            tool("Get-SentinelIncidents", "Lists incidents of a workspace", &["Workspace", "Severity"]),
            tool("Remove-SentinelIncident", "Removes one", &["Workspace", "Id"]),
            tool("Get-Policy", "Reads policies", &["Name"]),
            tool("New-Workbook", "Makes a workbook from a template", &["Template"]),
        ];
        let index = SearchIndex::of(tools.iter());
        index.search(query).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn search_ranks_names_over_other_words() {
        assert_eq!(found("incident")[..], ["get_sentinel_incidents", "remove_sentinel_incident"]);
        assert_eq!(found("list incidents")[0], "get_sentinel_incidents");
        assert_eq!(found("delete an incident")[0], "remove_sentinel_incident");
        assert_eq!(found("SentinelIncidents workspace severity")[0], "get_sentinel_incidents");
    }

    #[test]
    fn search_finds_beginnings_plurals_and_parameters() {
        assert_eq!(found("workb"), ["new_workbook"]);
        assert_eq!(found("policies"), ["get_policy"]);
        assert_eq!(found("severity"), ["get_sentinel_incidents"]);
        assert!(found("nothing like it").is_empty());
        assert!(found("").is_empty());
    }
}
