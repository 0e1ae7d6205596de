//! Digests of arguments: equal arguments have equal digests, and nobody without the key can try out what they were.

use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

/// A key of one process. It is never written anywhere.
pub(crate) struct DigestKey([u8; 32]);

impl DigestKey {
    /// A new one.
    pub(crate) fn random() -> Self {
        let mut key = [0; 32];
        for half in key.chunks_mut(16) {
            half.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        }
        Self(key)
    }

    /// The digest of a call: 32 hexadecimal digits. The order of the arguments does not matter.
    pub(crate) fn of(&self, tool: &str, arguments: &Map<String, Value>) -> String {
        let mut text = String::new();
        write_sorted(&Value::Object(arguments.clone()), &mut text);
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(tool.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        let mut digest = format!("{:x}", mac.finalize().into_bytes());
        digest.truncate(32);
        digest
    }
}

/// JSON with the names of objects in order.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => {
            let mut names: Vec<&String> = object.keys().collect();
            names.sort_unstable();
            text.push('{');
            for name in names {
                text.push_str(&Value::String(name.clone()).to_string());
                text.push(':');
                write_sorted(&object[name], text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for entry in list {
                write_sorted(entry, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(key: &DigestKey, tool: &str, arguments: Value) -> String {
        let Value::Object(arguments) = arguments else { panic!("not an object") };
        key.of(tool, &arguments)
    }

    #[test]
    fn digest_depends_on_tool_arguments_and_key_and_not_on_order() {
        let key = DigestKey::random();
        let one = digest(&key, "t", json!({"a": 1, "b": {"x": [1, 2], "y": null}}));
        assert_eq!(one.len(), 32);
        assert_eq!(one, digest(&key, "t", json!({"b": {"y": null, "x": [1, 2]}, "a": 1})));
        assert_ne!(one, digest(&key, "u", json!({"a": 1, "b": {"x": [1, 2], "y": null}})));
        assert_ne!(one, digest(&key, "t", json!({"a": 1, "b": {"x": [2, 1], "y": null}})));
        assert_ne!(one, digest(&DigestKey::random(), "t", json!({"a": 1, "b": {"x": [1, 2], "y": null}})));
    }
}
