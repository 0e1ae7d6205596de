//! A question of a script, as a form for the person at the client.
//!
//! Secrets are never asked for: what a person types into a form goes through the client and its model's provider.

use std::pin::Pin;

use serde_json::{Map, Value, json};

/// The one field of a form that has only one.
const ANSWER: &str = "answer";

/// Longest text of a question that is shown, characters.
const MAX_TEXT_CHARS: usize = 2_000;

/// A question of a script. The script waits; dropping the question refuses it.
pub(crate) struct Question {
    /// `read_line`, `read_secure`, `prompt`, `credential` or `choice`.
    pub(crate) kind: String,
    pub(crate) caption: String,
    pub(crate) message: String,
    /// Names of the fields of `prompt`, labels of `choice`.
    pub(crate) fields: Vec<String>,
    /// .NET types of the fields of `prompt`.
    pub(crate) types: Vec<String>,
    pub(crate) default_choice: Option<usize>,
    /// Gives the answer to the script.
    pub(crate) answer: Box<dyn FnOnce(Vec<String>) + Send>,
}

/// What a person is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    pub(crate) message: String,
    /// JSON Schema of an object whose properties are texts, numbers, truth values and choices.
    pub(crate) schema: Value,
    reading: Reading,
}

/// How the answer is read.
#[derive(Debug, Clone, PartialEq)]
enum Reading {
    Fields(Vec<String>),
    Choice(Vec<String>),
}

/// What a person did with a form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Response {
    Accepted(Value),
    /// Declined, or closed.
    Declined,
    /// The client did not bring the form to a person, and why.
    Failed(String),
}

/// Takes a form to the person and comes back with the response.
pub(crate) type AskSink = Box<dyn Fn(Form) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

impl Question {
    /// True if an answer would be a secret.
    pub(crate) fn is_secret(&self) -> bool {
        let secret = |name: &String| {
            ["System.Security.SecureString", "System.Management.Automation.PSCredential"]
                .iter()
                .any(|secret| name.contains(secret))
        };
        matches!(self.kind.as_str(), "read_secure" | "credential") || self.types.iter().any(secret)
    }

    /// The form of the question.
    pub(crate) fn form(&self) -> Form {
        match self.kind.as_str() {
            "choice" => self.choice(),
            "prompt" => self.fields(),
            _ => {
                let asks = if self.message.trim().is_empty() {
                    "The command asks for a line of text"
                } else {
                    &self.message
                };
                let property = json!({ "type": "string", "title": clipped(asks) });
                Form {
                    message: self.heading(asks),
                    schema: schema([(ANSWER.to_owned(), property)]),
                    reading: Reading::Fields(vec![ANSWER.to_owned()]),
                }
            }
        }
    }

    fn choice(&self) -> Form {
        // Nobody could come back from a suspended pipeline.
        let labels: Vec<String> = self.fields.iter().map(|label| label.replace('&', "")).collect();
        let offered: Vec<&String> = labels.iter().filter(|label| *label != "Suspend").collect();
        let mut property = json!({ "type": "string", "enum": offered });
        if let Some(default) = self.default_choice.and_then(|index| labels.get(index)) {
            property["default"] = json!(default);
        }
        Form {
            message: self.heading("The command asks to choose"),
            schema: schema([(ANSWER.to_owned(), property)]),
            reading: Reading::Choice(labels),
        }
    }

    fn fields(&self) -> Form {
        let property = |(index, name): (usize, &String)| {
            let kind = match self.types.get(index).map(String::as_str).unwrap_or_default() {
                "System.Boolean" | "System.Management.Automation.SwitchParameter" => "boolean",
                "System.Int32" | "System.Int64" | "System.Int16" | "System.UInt32" | "System.Byte" => {
                    "integer"
                }
                "System.Double" | "System.Single" | "System.Decimal" => "number",
                _ => "string",
            };
            (name.clone(), json!({ "type": kind, "title": name }))
        };
        Form {
            message: self.heading("The command asks for values"),
            schema: schema(self.fields.iter().enumerate().map(property)),
            reading: Reading::Fields(self.fields.clone()),
        }
    }

    fn heading(&self, without: &str) -> String {
        let text = [self.caption.trim(), self.message.trim()];
        let text = text.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
        clipped(if text.is_empty() { without } else { &text })
    }
}

fn schema(properties: impl IntoIterator<Item = (String, Value)>) -> Value {
    let properties: Map<String, Value> = properties.into_iter().collect();
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl Response {
    /// From the result of an elicitation: `{"action": "accept", "content": {…}}`.
    pub(crate) fn of_elicitation(result: &Value) -> Self {
        match result["action"].as_str() {
            Some("accept") => Self::Accepted(result["content"].clone()),
            Some("decline" | "cancel") => Self::Declined,
            _ => Self::Failed("the client's answer is not that of a form".to_owned()),
        }
    }
}

impl Form {
    /// The values that the script gets for an accepted form.
    ///
    /// # Errors
    /// What does not fit.
    pub(crate) fn read(&self, content: &Value) -> Result<Vec<String>, String> {
        match &self.reading {
            Reading::Choice(labels) => {
                let given = content[ANSWER].as_str().unwrap_or_default();
                let index = labels.iter().position(|label| label.eq_ignore_ascii_case(given.trim()));
                let index = index.ok_or_else(|| format!("'{given}' is none of {}", labels.join(", ")))?;
                Ok(vec![index.to_string()])
            }
            Reading::Fields(names) => names
                .iter()
                .map(|name| match &content[name.as_str()] {
                    Value::String(text) => Ok(text.clone()),
                    Value::Number(number) => Ok(number.to_string()),
                    Value::Bool(true) => Ok("True".to_owned()),
                    Value::Bool(false) => Ok("False".to_owned()),
                    _ => Err(format!("there is no value for '{name}'")),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn question(kind: &str, message: &str, fields: &[&str], types: &[&str]) -> Question {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Question {
            kind: kind.to_owned(),
            caption: String::new(),
            message: message.to_owned(),
            fields: texts(fields),
            types: texts(types),
            default_choice: None,
            answer: Box::new(|_| {}),
        }
    }

    #[test]
    fn line_is_asked_for_by_its_text() {
        let form = question("read_line", "Name", &[], &[]).form();
        assert_eq!(form.message, "Name");
        assert_eq!(form.schema["properties"]["answer"], json!({"type": "string", "title": "Name"}));
        assert_eq!(form.read(&json!({"answer": "x"})), Ok(vec!["x".to_owned()]));
        assert!(form.read(&json!({})).is_err());
    }

    #[test]
    fn choice_is_read_by_its_label_and_never_suspends() {
        let mut choice = question("choice", "Sure?", &["&Yes", "&No", "&Suspend"], &[]);
        choice.default_choice = Some(1);
        let form = choice.form();
        let offered = json!({"type": "string", "enum": ["Yes", "No"], "default": "No"});
        assert_eq!(form.schema["properties"]["answer"], offered);
        assert_eq!(form.read(&json!({"answer": "no"})), Ok(vec!["1".to_owned()]));
        assert!(form.read(&json!({"answer": "Perhaps"})).is_err_and(|text| text.contains("Yes, No")));
    }

    #[test]
    fn fields_have_the_types_of_their_parameters() {
        let types = ["System.Int32", "System.String", "System.Boolean"];
        let form = question("prompt", "", &["Id", "Name", "On"], &types).form();
        assert_eq!(form.schema["properties"]["Id"]["type"], "integer");
        assert_eq!(form.schema["required"], json!(["Id", "Name", "On"]));
        let answer = json!({"Id": 7, "Name": "n", "On": true});
        assert_eq!(form.read(&answer), Ok(["7", "n", "True"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn secrets_are_told_by_kind_and_type() {
        assert!(question("read_secure", "", &[], &[]).is_secret());
        assert!(question("credential", "", &[], &[]).is_secret());
        assert!(question("prompt", "", &["Key"], &["System.Security.SecureString"]).is_secret());
        assert!(!question("prompt", "", &["Key"], &["System.String"]).is_secret());
    }
}
