//! Accept and reject, against the language service that editors use.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use runspaced::kql;
use serde_json::Value;

use super::content;
use super::mutation::mutations;
use super::support::{Context, packages};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kql/judge");

/// Least share of texts on which both must agree.
const AGREEMENT: f64 = 0.99;

/// The content folder and the judge are there.
pub fn present() -> Result<(), String> {
    content::present()?;
    packages::installed("kql-judge", Path::new(SOURCE), &["package.json", "judge.mjs"], packages::npm_install)
        .map(drop)
}

/// The judge's first error for each text.
fn verdicts(texts: &[String]) -> Vec<Option<String>> {
    let mut child = Command::new("node")
        .arg(packages::folder_of("kql-judge").join("judge.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let input: String = texts.iter().map(|text| serde_json::to_string(text).unwrap() + "\n").collect();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the judge ended with {}", output.status);
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), texts.len());
    lines.iter().map(|line| line["message"].as_str().map(str::to_owned)).collect()
}

fn compare(texts: &[String], what: &str) {
    let mut differences = BTreeMap::new();
    let (mut accepted, mut refused) = (0, 0);
    for (text, verdict) in texts.iter().zip(verdicts(texts)) {
        match (kql::parse(text), verdict) {
            (Ok(_), None) => accepted += 1,
            (Err(_), Some(_)) => refused += 1,
            (Ok(_), Some(message)) => drop(differences.insert(text, format!("the judge refuses: {message}"))),
            (Err(problem), None) => {
                drop(differences.insert(text, format!("we refuse: {}", problem.render(text))))
            }
        }
    }
    println!("{what}: {accepted} accepted and {refused} refused by both, {} differences", differences.len());
    for (text, difference) in &differences {
        println!("{difference}\n{text}\n----");
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of some thousands")]
    let share = (accepted + refused) as f64 / texts.len() as f64;
    assert!(accepted > 0 && refused > 0, "both verdicts must occur");
    assert!(share >= AGREEMENT, "agreement on {what} is {share:.4}");
}

pub fn the_judge_agrees_on_the_content(_: &Context) {
    let texts: Vec<String> = content::everything().into_iter().map(|query| query.text).collect();
    assert!(texts.len() > 500, "{} texts", texts.len());
    compare(&texts, "the content");
}

pub fn the_judge_agrees_on_mutations(_: &Context) {
    let texts: Vec<String> = content::everything().into_iter().map(|query| query.text).collect();
    compare(&mutations(&texts, 2000, 7), "2,000 mutations");
}
