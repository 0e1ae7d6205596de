//! Questions of a script, put to a person at the terminal.

use runspaced::Prompt;

use crate::stdio;

/// Asks. `None` if nobody answers.
pub async fn ask(prompt: &Prompt) -> Option<Vec<String>> {
    let heading: Vec<&str> = [prompt.caption.as_str(), prompt.message.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let heading = heading.join("\n");
    let (kind, fields, default) = (prompt.kind.clone(), prompt.fields.clone(), prompt.default_choice);
    // A thread of its own: an answer may never come.
    tokio::task::spawn_blocking(move || answer(&kind, &heading, &fields, default)).await.ok().flatten()
}

fn answer(kind: &str, heading: &str, fields: &[String], default: Option<usize>) -> Option<Vec<String>> {
    let line = |question: &str| stdio::read_line(question).ok().map(|line| line.to_string());
    let hidden = |question: &str| stdio::read_hidden_line(question).ok().map(|line| line.to_string());
    let above = if heading.is_empty() { String::new() } else { format!("{heading}\n") };
    let asked = if heading.is_empty() { String::new() } else { format!("{heading}: ") };
    match kind {
        "read_line" => Some(vec![line(&asked)?]),
        "read_secure" => Some(vec![hidden(&asked)?]),
        "credential" => Some(vec![line(&format!("{above}User: "))?, hidden("Password: ")?]),
        "choice" => {
            let labels: Vec<String> = fields
                .iter()
                .enumerate()
                .map(|(index, label)| format!("[{index}] {}", label.replace('&', "")))
                .collect();
            let hint = default.map(|index| format!(" (default {index})")).unwrap_or_default();
            let mut question = format!("{above}{}{hint}: ", labels.join("  "));
            loop {
                let given = line(&question)?;
                let chosen = if given.trim().is_empty() { default } else { choice(given.trim(), fields) };
                match chosen {
                    Some(index) => return Some(vec![index.to_string()]),
                    None => question = format!("a number from 0 to {}: ", fields.len().saturating_sub(1)),
                }
            }
        }
        _ => {
            let mut values = Vec::with_capacity(fields.len());
            for (index, field) in fields.iter().enumerate() {
                values.push(line(&format!("{}{field}: ", if index == 0 { &above } else { "" }))?);
            }
            Some(values)
        }
    }
}

/// A number, a label, or the letter marked with `&` in a label.
fn choice(given: &str, labels: &[String]) -> Option<usize> {
    if let Ok(number) = given.parse::<usize>() {
        return (number < labels.len()).then_some(number);
    }
    labels.iter().position(|label| {
        let key = label.split_once('&').and_then(|(_, rest)| rest.chars().next());
        label.replace('&', "").eq_ignore_ascii_case(given)
            || key.is_some_and(|key| given.chars().eq([key]) || given.eq_ignore_ascii_case(&key.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_taken_by_number_letter_and_label() {
        let labels = ["&Yes", "Yes to &All", "&No"].map(str::to_owned);
        for (given, expected) in [
            ("0", Some(0)),
            ("n", Some(2)),
            ("A", Some(1)),
            ("yes to all", Some(1)),
            ("3", None),
            ("x", None),
        ] {
            assert_eq!(choice(given, &labels), expected, "{given}");
        }
    }
}
