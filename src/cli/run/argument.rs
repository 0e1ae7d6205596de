//! `--arg name=text` and `--arg name:=JSON`.

use std::fmt::Write;
use std::str::FromStr;

use serde_json::value::RawValue;

use super::secret::SecretFlag;

/// A named parameter. Its value is JSON text, so that numbers keep all their digits.
#[derive(Debug, Clone)]
pub struct Argument {
    /// The parameter's name.
    pub name: String,
    json: String,
}

impl FromStr for Argument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or("write name=text, or name:=JSON; a switch is name:=true".to_owned())?;
        let (name, json) = match name.strip_suffix(':') {
            Some(name) => {
                let value: Box<RawValue> = serde_json::from_str(value).map_err(|error| {
                    format!("the value of {name} is not JSON ({error}); a text is given with {name}=text")
                })?;
                (name, value.get().to_owned())
            }
            None => (name, quoted(value)),
        };
        let name = name.trim_start_matches('-');
        if name.is_empty() {
            return Err("the parameter's name is missing: write name=text".to_owned());
        }
        Ok(Self { name: name.to_owned(), json })
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// All parameters as the JSON text of one object; secrets only by their names.
pub fn object(parameters: &[Argument], secrets: &[SecretFlag]) -> String {
    let mut text = String::from("{");
    let plain = parameters.iter().map(|argument| (argument.name.as_str(), argument.json.clone()));
    let secret = secrets
        .iter()
        .map(|secret| (secret.name.as_str(), format!("{{\"$secret\":{}}}", quoted(&secret.name))));
    for (index, (name, value)) in plain.chain(secret).enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}:{value}", quoted(name));
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object_of(arguments: &[&str]) -> String {
        let parsed: Result<Vec<Argument>, String> = arguments.iter().map(|text| text.parse()).collect();
        object(&parsed.expect("all are fine"), &["Password=prompt".parse().expect("is fine")])
    }

    #[test]
    fn texts_stay_texts_and_json_keeps_its_digits() {
        let object =
            object_of(&["Name=1=\"2\"", "n:=123456789012345678901234567890", "-Force:=true", "empty="]);
        assert_eq!(
            object,
            "{\"Name\":\"1=\\\"2\\\"\",\"n\":123456789012345678901234567890,\"Force\":true,\"empty\":\"\",\
             \"Password\":{\"$secret\":\"Password\"}}"
        );
    }

    #[test]
    fn mistakes_say_what_would_work() {
        for (text, expected) in
            [("name", "name=text"), ("n:=x", "n=text"), ("=x", "name is missing"), (":=1", "name is missing")]
        {
            let error = text.parse::<Argument>().expect_err(text);
            assert!(error.contains(expected), "{error} should contain {expected}");
        }
    }
}
