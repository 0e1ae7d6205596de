//! Reading what a client sent, member by member, with the errors Azure gives for what is missing or wrong.

use jiff::{SignedDuration, Span};
use serde_json::Value;

use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;

/// An object that a client sent, and where it stands in the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    object: &'a Object,
    path: &'a str,
}

type Read<T> = Result<T, Refusal>;

impl<'a> Fields<'a> {
    pub fn new(object: &'a Object, path: &'a str) -> Self {
        Self { object, path }
    }

    /// The `properties` of a body.
    pub fn properties(body: &'a Object) -> Read<Self> {
        match body.get("properties") {
            Some(Value::Object(object)) => Ok(Self { object, path: "properties" }),
            _ => Err(Refusal::bad_request("Required property 'properties' not found in JSON. Path ''.")),
        }
    }

    fn missing(self, name: &str) -> Refusal {
        Refusal::bad_request(format!("Required property '{name}' not found in JSON. Path '{}'.", self.path))
    }

    fn wrong(self, name: &str, wanted: &str) -> Refusal {
        Refusal::bad_request(format!("Error converting value of '{}.{name}' to {wanted}.", self.path))
    }

    /// A member; `null` is the same as none.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub fn text(self, name: &str) -> Read<Option<&'a str>> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| self.wrong(name, "a string"))).transpose()
    }

    pub fn required_text(self, name: &str) -> Read<&'a str> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| self.missing(name))
    }

    /// A text of at most that many characters.
    pub fn short_text(self, name: &str, most: usize) -> Read<Option<&'a str>> {
        match self.text(name)? {
            Some(text) if text.chars().count() > most => Err(Refusal::bad_request(format!(
                "The length of '{}.{name}' must not exceed {most} characters.",
                self.path
            ))),
            text => Ok(text),
        }
    }

    pub fn flag(self, name: &str) -> Read<Option<bool>> {
        self.get(name).map(|value| value.as_bool().ok_or_else(|| self.wrong(name, "a boolean"))).transpose()
    }

    pub fn required_flag(self, name: &str) -> Read<bool> {
        self.flag(name)?.ok_or_else(|| self.missing(name))
    }

    pub fn integer(self, name: &str, least: i64, most: i64) -> Read<Option<i64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| self.wrong(name, "an integer"))?;
        if (least..=most).contains(&number) {
            Ok(Some(number))
        } else {
            Err(Refusal::bad_request(format!(
                "The value {number} of '{}.{name}' must be between {least} and {most}.",
                self.path
            )))
        }
    }

    pub fn required_integer(self, name: &str, least: i64, most: i64) -> Read<i64> {
        self.integer(name, least, most)?.ok_or_else(|| self.missing(name))
    }

    /// One of a set of words, in the case in which the set has it.
    pub fn one_of(self, name: &str, words: &[&'static str]) -> Read<Option<&'static str>> {
        let Some(given) = self.text(name)? else { return Ok(None) };
        match words.iter().find(|word| word.eq_ignore_ascii_case(given)) {
            Some(word) => Ok(Some(word)),
            None => Err(Refusal::bad_request(format!(
                "The value '{given}' of '{}.{name}' is invalid. Possible values: {}.",
                self.path,
                words.join(", ")
            ))),
        }
    }

    pub fn required_one_of(self, name: &str, words: &[&'static str]) -> Read<&'static str> {
        self.one_of(name, words)?.ok_or_else(|| self.missing(name))
    }

    pub fn list(self, name: &str) -> Read<Option<&'a [Value]>> {
        self.get(name)
            .map(|value| value.as_array().map(Vec::as_slice).ok_or_else(|| self.wrong(name, "an array")))
            .transpose()
    }

    /// A list of at most that many entries.
    pub fn short_list(self, name: &str, most: usize) -> Read<Option<&'a [Value]>> {
        match self.list(name)? {
            Some(list) if list.len() > most => Err(Refusal::bad_request(format!(
                "The number of items of '{}.{name}' must not exceed {most}.",
                self.path
            ))),
            list => Ok(list),
        }
    }

    pub fn object(self, name: &str) -> Read<Option<&'a Object>> {
        self.get(name).map(|value| value.as_object().ok_or_else(|| self.wrong(name, "an object"))).transpose()
    }

    /// A duration in ISO 8601.
    pub fn duration(self, name: &str) -> Read<Option<SignedDuration>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        iso_duration(text).map(Some).ok_or_else(|| self.wrong(name, "a duration (ISO 8601)"))
    }

    pub fn required_duration(self, name: &str) -> Read<SignedDuration> {
        self.duration(name)?.ok_or_else(|| self.missing(name))
    }
}

/// Reads a duration such as `PT5H` or `P1D`.
pub(crate) fn iso_duration(text: &str) -> Option<SignedDuration> {
    if !text.starts_with('P') {
        return None;
    }
    let span: Span = text.parse().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()
}

/// Writes a duration as the service does: days, hours, minutes, seconds, none that is zero.
pub(crate) fn write_duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes, rest) =
        (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = String::from("P");
    if days != 0 {
        text.push_str(&format!("{days}D"));
    }
    let parts: String = [(hours, 'H'), (minutes, 'M'), (rest, 'S')]
        .iter()
        .filter(|(number, _)| *number != 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    match (parts.is_empty(), days) {
        (true, 0) => "PT0S".to_owned(),
        (true, _) => text,
        (false, _) => format!("{text}T{parts}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_and_written_as_the_service_does() {
        for (given, written) in [
            ("PT60M", "PT1H"),
            ("P1D", "P1D"),
            ("PT24H", "P1D"),
            ("PT5H", "PT5H"),
            ("P14D", "P14D"),
            ("PT1H30M", "PT1H30M"),
            ("PT0S", "PT0S"),
        ] {
            assert_eq!(iso_duration(given).map(write_duration).as_deref(), Some(written), "{given}");
        }
        assert_eq!(iso_duration("1h"), None);
        assert_eq!(iso_duration("PT"), None);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let body = json!({"properties": {"a": 1, "n": null, "s": "high", "i": 70000}});
        let fields = Fields::properties(body.as_object().expect("is one")).expect("has them");
        let message = |refusal: Refusal| refusal.message;
        assert!(fields.text("a").map_err(message).expect_err("is a number").contains("properties.a"));
        assert!(fields.required_text("n").map_err(message).expect_err("is null").contains("'n'"));
        assert_eq!(fields.one_of("s", &["High", "Low"]), Ok(Some("High")));
        assert!(
            fields
                .integer("i", 1, 1000)
                .map_err(message)
                .expect_err("is too large")
                .contains("between 1 and 1000")
        );
        assert_eq!(fields.flag("nothing"), Ok(None));
    }
}
