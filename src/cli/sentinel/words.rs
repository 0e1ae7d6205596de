//! The words of a command line: parameters of an operation, and how to run it.

use runspaced::sentinel::Operation;
use serde_json::{Map, Value};

use super::show::Form;

/// The words behind the operation.
#[derive(Debug, Default)]
pub struct Words {
    /// How rows are shown.
    pub form: Form,
    /// Only the help is wanted.
    pub help: bool,
    /// `--plan`.
    pub plan: bool,
    /// `--apply DIGEST`.
    pub apply: Option<String>,
    /// `--confirm NAME`.
    pub confirm: Option<String>,
    /// Words without a name.
    pub plain: Vec<String>,
    /// Named words: the value is absent if the next word is another name.
    named: Vec<(String, Option<String>)>,
}

impl Words {
    /// Sorts the words.
    pub fn read(words: Vec<String>) -> Result<Self, String> {
        let mut sorted = Self::default();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let Some((name, mut value)) = name_of(&word) else {
                // A list goes on: --status New Active.
                match sorted.named.last() {
                    Some((name, Some(_))) => {
                        let name = name.clone();
                        sorted.named.push((name, Some(word)));
                    }
                    _ => sorted.plain.push(word),
                }
                continue;
            };
            let plain = name.replace(['-', '_'], "").to_ascii_lowercase();
            match plain.as_str() {
                "json" => sorted.form = Form::Json,
                "csv" => sorted.form = Form::Csv,
                "table" => sorted.form = Form::Table,
                "help" | "h" => sorted.help = true,
                "plan" | "whatif" if value.is_none() && !is_value(words.peek()) => sorted.plan = true,
                _ => {
                    if value.is_none() && is_value(words.peek()) {
                        value = words.next();
                    }
                    match plain.as_str() {
                        "apply" => sorted.apply = Some(value.ok_or("--apply wants the digest of a plan")?),
                        "confirm" => {
                            sorted.confirm =
                                Some(value.ok_or("--confirm wants the name that the plan asks for")?)
                        }
                        _ => sorted.named.push((name, value)),
                    }
                }
            }
        }
        if sorted.plan && sorted.apply.is_some() {
            return Err("--plan and --apply exclude each other".to_owned());
        }
        Ok(sorted)
    }

    /// Names a switch, unless it is named already.
    pub fn add(&mut self, switch: &str) {
        let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
        if !self.named.iter().any(|(name, _)| plain(name) == plain(switch)) {
            self.named.push((switch.to_owned(), None));
        }
    }

    /// The parameters of an operation.
    pub fn arguments(&self, operation: &Operation) -> Result<Map<String, Value>, String> {
        if let Some(word) = self.plain.first() {
            return Err(format!("{word:?} has no name: write --name {word:?}"));
        }
        let parameters = operation.parameters();
        let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
        let mut arguments: Map<String, Value> = Map::new();
        for (name, value) in &self.named {
            let parameter = parameters.iter().find(|parameter| {
                std::iter::once(&parameter.name)
                    .chain(&parameter.aliases)
                    .any(|own| plain(own) == plain(name))
            });
            let value = match (value, parameter) {
                (Some(value), _) => Value::String(value.clone()),
                (None, Some(parameter)) if parameter.kind == "boolean" => Value::Bool(true),
                (None, _) => return Err(format!("--{name} wants a value")),
            };
            let key = parameter.map_or(name, |parameter| &parameter.name).clone();
            match arguments.get_mut(&key) {
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None => {
                    arguments.insert(key, value);
                }
            }
        }
        Ok(arguments)
    }
}

/// `--name`, `--name=value`, `-Name`, `-Name:value`.
fn name_of(word: &str) -> Option<(String, Option<String>)> {
    let rest = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    if !rest.chars().next()?.is_ascii_alphabetic() {
        return None;
    }
    match rest.split_once(['=', ':']) {
        Some((name, value)) => Some((name.to_owned(), Some(value.to_owned()))),
        None => Some((rest.to_owned(), None)),
    }
}

fn is_value(word: Option<&String>) -> bool {
    word.is_some_and(|word| name_of(word).is_none())
}

#[cfg(test)]
mod tests {
    use runspaced::sentinel::operation;
    use serde_json::json;

    use super::*;

    fn arguments(name: &str, line: &[&str]) -> Result<Value, String> {
        let words = Words::read(line.iter().map(|word| (*word).to_owned()).collect())?;
        words.arguments(operation(name).expect("is known")).map(Value::Object)
    }

    #[test]
    fn parameters_of_every_spelling() {
        assert_eq!(
            arguments(
                "get_sentinel_incidents",
                &["--workspace-name", "w", "--status", "New", "Active", "--top=5", "-Ascending", "--json"]
            ),
            Ok(json!({"workspace_name": "w", "status": ["New", "Active"], "top": "5", "ascending": true}))
        );
        assert_eq!(
            arguments("Get-AnalyticsRules", &["-WorkspaceName", "*", "-Enabled:$false", "--name", "-5"]),
            Ok(json!({"workspace_name": "*", "enabled": "$false", "name": "-5"}))
        );
        assert!(arguments("Get-AnalyticsRules", &["law"]).is_err_and(|text| text.contains("no name")));
        assert!(
            arguments("Get-AnalyticsRules", &["--name"]).is_err_and(|text| text.contains("wants a value"))
        );
    }

    #[test]
    fn a_plan_is_a_switch_and_a_parameter() {
        let words = Words::read(vec!["--plan".to_owned()]).expect("is fine");
        assert!(words.plan);
        let line = ["--table-name", "T_CL", "--plan", "Basic"];
        assert_eq!(arguments("update_table_plan", &line), Ok(json!({"table_name": "T_CL", "plan": "Basic"})));
        assert!(Words::read(["--plan", "--apply", "x"].map(str::to_owned).into()).is_err());
    }
}
