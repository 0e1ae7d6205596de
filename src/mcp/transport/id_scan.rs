//! Finds the id of a message that cannot be read as a whole: one that is too long to keep, or broken.

/// Longest id that is looked at, bytes of its JSON text.
const MAX_ID_BYTES: usize = 256;
/// Longest key that is compared.
const MAX_KEY_BYTES: usize = 8;

/// Reads JSON bytes as they go by, and keeps the value of the key `id` of the outermost object.
#[derive(Debug, Default)]
pub(super) struct IdScan {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Between `{` or `,` and `:` of the outermost object.
    before_colon: bool,
    /// The last string there: a key.
    key: Option<Vec<u8>>,
    /// The value of `id`, as far as it was read.
    value: Option<Vec<u8>>,
    found: bool,
}

impl IdScan {
    /// Knows the id already, or never will: it reads nothing.
    pub(super) fn blind(id: Option<String>) -> Self {
        Self { value: id.map(String::into_bytes), found: true, ..Self::default() }
    }

    /// Reads on.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.found {
                return;
            }
            self.read(byte);
        }
    }

    /// The id as JSON text, if it was found whole and is a string or an integer.
    pub(super) fn id(&self) -> Option<String> {
        let text = std::str::from_utf8(self.value.as_deref().filter(|_| self.found)?).ok()?.trim();
        match serde_json::from_str(text).ok()? {
            serde_json::Value::String(_) => Some(text.to_owned()),
            serde_json::Value::Number(number) if number.is_i64() => Some(text.to_owned()),
            _ => None,
        }
    }

    fn read(&mut self, byte: u8) {
        if let Some(value) = &mut self.value {
            if self.depth == 1 && !self.in_string && matches!(byte, b',' | b'}') {
                self.found = true;
                return;
            }
            if value.len() < MAX_ID_BYTES {
                value.push(byte);
            } else {
                *value = vec![b'?'; MAX_ID_BYTES]; // Too long to be one.
            }
        }
        if self.in_string {
            self.read_string(byte);
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.key = (self.depth == 1 && self.before_colon).then(Vec::new);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.before_colon = self.depth == 1 && byte == b'{';
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 1 => self.before_colon = true,
            b':' if self.depth == 1 && self.before_colon => {
                self.before_colon = false;
                if self.key.take().is_some_and(|key| key == b"id") {
                    self.value = Some(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn read_string(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            return;
        }
        if let Some(key) = &mut self.key
            && key.len() < MAX_KEY_BYTES
        {
            key.push(byte);
        }
    }
}

/// The id in a line, as JSON text.
pub(super) fn id_in(line: &[u8]) -> Option<String> {
    let mut scan = IdScan::default();
    scan.feed(line);
    scan.id()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn id_is_found_wherever_it_stands() {
        for (text, id) in [
            (r#"{"id":7,"method":"x"}"#, Some("7")),
            (r#"{"method":"x","params":{"id":3,"a":[{"id":4}]},"id" : "a\"b"}"#, Some(r#""a\"b""#)),
            (r#"{"method":"\"id\":9","id":-1}"#, Some("-1")),
            (r#"{"id":7,"method":"x", broken"#, Some("7")),
            (r#"{"id":"a,b}c","x":1}"#, Some(r#""a,b}c""#)),
            (r#"{"method":"id","id2":5}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":1.5}"#, None),
            (r#"{"id":{"a":1}}"#, None),
            (r#"{"id":[1]}"#, None),
            (r#"[{"id":1}]"#, None),
            (r#"{"id":1"#, None),
            ("not json", None),
            ("", None),
        ] {
            assert_eq!(id_in(text.as_bytes()).as_deref(), id, "{text}");
        }
    }

    #[test]
    fn id_too_long_to_be_one_is_none() {
        let text = format!("{{\"id\":\"{}\"}}", "x".repeat(10_000));
        assert_eq!(id_in(text.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn id_scan_survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(id) = id_in(&bytes) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&id).is_ok());
            }
        }

        #[test]
        fn id_scan_finds_what_a_parser_finds(id in 0i64..1000, text in ".*", before in any::<bool>()) {
            let params = serde_json::json!({"id": 5000, "text": text});
            let line = if before {
                serde_json::json!({"id": id, "params": params})
            } else {
                serde_json::json!({"params": params, "id": id})
            };
            prop_assert_eq!(id_in(line.to_string().as_bytes()), Some(id.to_string()));
        }
    }
}
