//! Values that are too long by themselves: what matters most of them, with marks where something is missing.

use serde_json::{Map, Value, json};

use super::json_size;

/// A value of at most about so many bytes.
pub(super) fn to_fit(value: Value, bytes: usize) -> Value {
    let mut chars = bytes / 2;
    let mut entries = 256;
    let mut depth = 6;
    loop {
        let shortened = shorten(&value, chars, entries, depth);
        if json_size(&shortened) <= bytes || (chars <= 8 && entries <= 4 && depth == 0) {
            return shortened;
        }
        chars = (chars / 2).max(8);
        entries = (entries / 2).max(4);
        depth = if chars <= 16 { depth.saturating_sub(1) } else { depth };
    }
}

fn shorten(value: &Value, chars: usize, entries: usize, depth: usize) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(chars) {
            None => value.clone(),
            Some((end, _)) => json!(format!("{}… [{} more bytes]", &text[..end], text.len() - end)),
        },
        Value::Array(list) if depth == 0 && !list.is_empty() => json!(format!("[{} entries]", list.len())),
        Value::Object(object) if depth == 0 && !object.is_empty() => {
            json!(format!("{{{} properties}}", object.len()))
        }
        Value::Array(list) => {
            let mut kept: Vec<Value> =
                list.iter().take(entries).map(|entry| shorten(entry, chars, entries, depth - 1)).collect();
            if list.len() > entries {
                kept.push(json!(format!("… [{} more entries]", list.len() - entries)));
            }
            Value::Array(kept)
        }
        Value::Object(object) => {
            let shortened =
                |(name, value): (&String, &Value)| (name.clone(), shorten(value, chars, entries, depth - 1));
            let mut kept: Map<String, Value> = object.iter().take(entries).map(shortened).collect();
            if object.len() > entries {
                kept.insert("…".to_owned(), json!(format!("{} more properties", object.len() - entries)));
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_stay_as_they_are_and_long_ones_say_what_is_missing() {
        let value = json!({"a": [1, 2], "b": "x"});
        assert_eq!(to_fit(value.clone(), 1_000), value);
        let long = to_fit(json!({"Id": 7, "Text": "ä".repeat(5_000)}), 500);
        assert_eq!(long["Id"], 7);
        assert!(
            json_size(&long) <= 500
                && long["Text"].as_str().is_some_and(|text| text.ends_with("more bytes]"))
        );
    }

    #[test]
    fn deep_and_wide_values_come_down_to_size() {
        let mut deep = json!("x".repeat(50));
        for level in 0..30 {
            deep = json!({ "level": level, "inner": deep, "list": vec!["y".repeat(20); 300] });
        }
        assert!(json_size(&to_fit(deep, 800)) <= 800);
    }
}
