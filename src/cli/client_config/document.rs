//! One entry in a client's file, among whatever else is there: comments, order and layout stay.

use std::fmt;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};
use serde_json::{Map, Value};

/// Why a file is not touched.
#[derive(Debug, PartialEq, Eq)]
pub enum Untouched {
    /// It is not what a client could read.
    Broken(String),
    /// The entry of that name starts something else.
    Foreign(String),
}

impl fmt::Display for Untouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(what) => write!(f, "{what}. It was left as it is: repair it, or move it away"),
            Self::Foreign(what) => write!(f, "{what}. Choose another name (--name), or replace it (--force)"),
        }
    }
}

/// What the clients themselves accept: comments and trailing commas, nothing looser.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Sets an entry; members of it that are not set here stay. An absent file is the empty text.
///
/// # Errors
/// Why the text is not touched.
pub fn with_entry(
    text: &str,
    servers: &str,
    name: &str,
    entry: &Map<String, Value>,
    force: bool,
) -> Result<String, Untouched> {
    let (mark, root, top) = parsed(text)?;
    let holder = match single(&top, servers)? {
        Some(property) => object_of(&property, servers)?,
        None => top.append(servers, CstInputValue::Object(Vec::new())).object_value_or_set(),
    };
    match single(&holder, name)? {
        Some(property) => {
            let there = property.value().and_then(|value| value.to_serde_value());
            let ours = there.as_ref().is_some_and(starts_this_program);
            if !ours && !force {
                let command =
                    there.as_ref().and_then(|there| there["command"].as_str()).unwrap_or("something else");
                return Err(Untouched::Foreign(format!("its entry {name:?} starts {command}")));
            }
            match (property.object_value(), ours) {
                (Some(object), true) => update(&object, entry)?,
                _ => property.set_value(input(&Value::Object(entry.clone()))),
            }
        }
        None => {
            holder.append(name, input(&Value::Object(entry.clone())));
        }
    }
    Ok(format!("{mark}{}", ended(root.to_string(), text)))
}

/// Takes an entry away; `None` if there is none.
///
/// # Errors
/// Why the text is not touched.
pub fn without_entry(
    text: &str,
    servers: &str,
    name: &str,
    force: bool,
) -> Result<Option<String>, Untouched> {
    let (mark, root, top) = parsed(text)?;
    let Some(property) = single(&top, servers)? else { return Ok(None) };
    let Some(property) = single(&object_of(&property, servers)?, name)? else { return Ok(None) };
    let there = property.value().and_then(|value| value.to_serde_value());
    if !force && !there.as_ref().is_some_and(starts_this_program) {
        return Err(Untouched::Foreign(format!("its entry {name:?} starts something else")));
    }
    property.remove();
    Ok(Some(format!("{mark}{}", ended(root.to_string(), text))))
}

fn parsed(text: &str) -> Result<(&str, CstRootNode, CstObject), Untouched> {
    let (mark, text) = match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    };
    let root = CstRootNode::parse(text, &OPTIONS).map_err(|error| {
        Untouched::Broken(format!(
            "line {}, column {}: this is not JSON: {}",
            error.line_display(),
            error.column_display(),
            error.kind()
        ))
    })?;
    let top = match root.value() {
        None => root.object_value_or_set(),
        Some(value) => {
            value.as_object().ok_or_else(|| Untouched::Broken("it holds no JSON object".to_owned()))?
        }
    };
    Ok((mark, root, top))
}

/// The member of that name. Of two, readers differ in which one counts.
fn single(object: &CstObject, name: &str) -> Result<Option<CstObjectProp>, Untouched> {
    let mut found =
        object.properties().into_iter().filter(|property| property.decoded_name().as_deref() == Some(name));
    let first = found.next();
    if found.next().is_some() {
        return Err(Untouched::Broken(format!("{name:?} is there twice")));
    }
    Ok(first)
}

fn object_of(property: &CstObjectProp, name: &str) -> Result<CstObject, Untouched> {
    property.object_value().ok_or_else(|| Untouched::Broken(format!("{name:?} is not an object")))
}

/// Whether an entry starts this program, under whatever path.
fn starts_this_program(entry: &Value) -> bool {
    let command = entry["command"].as_str().unwrap_or_default();
    let file = command.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    file.strip_suffix(".exe").unwrap_or(&file).starts_with("runspaced")
}

fn update(there: &CstObject, entry: &Map<String, Value>) -> Result<(), Untouched> {
    for (name, value) in entry {
        match single(there, name)? {
            Some(property)
                if property.value().and_then(|value| value.to_serde_value()).as_ref() == Some(value) => {}
            Some(property) => property.set_value(input(value)),
            None => {
                there.append(name, input(value));
            }
        }
    }
    // What an earlier installation handed on and this one does not.
    if !entry.contains_key("env")
        && let Some(property) = single(there, "env")?
    {
        property.remove();
    }
    Ok(())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(on) => CstInputValue::Bool(*on),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(members) => {
            CstInputValue::Object(members.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}

/// A new file ends in a line break; an old one as it did.
fn ended(mut text: String, before: &str) -> String {
    if before.trim().is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(arguments: &[&str]) -> Map<String, Value> {
        let Value::Object(entry) = json!({"command": "/opt/runspaced", "args": arguments}) else { panic!() };
        entry
    }

    fn set(text: &str, arguments: &[&str]) -> Result<String, Untouched> {
        with_entry(text, "mcpServers", "runspaced", &entry(arguments), false)
    }

    #[test]
    fn new_file_is_json_and_setting_twice_changes_nothing() {
        for empty in ["", "  \n", "{}", "{\n}\n", "{\"mcpServers\": {}}"] {
            let text = set(empty, &["mcp"]).expect("set");
            let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(json["mcpServers"]["runspaced"]["args"], json!(["mcp"]), "{text}");
            assert_eq!(set(&text, &["mcp"]).expect("set"), text);
        }
        assert!(set("", &["mcp"]).expect("set").ends_with("}\n"));
    }

    const FILE: &str = "\u{feff}// mine\r\n{\r\n\t\"theme\": \"dark\", // stays\r\n\t\"mcpServers\": {\r\n\t\t/* other */\r\n\t\t\"other\": {\"command\": \"x\", \"args\": [1,  2]},\r\n\t},\r\n}\r\n";

    #[test]
    fn whatever_else_is_there_stays_byte_for_byte() {
        let text = set(FILE, &["mcp"]).expect("set");
        let (head, _) = FILE.split_once("\r\n\t},").expect("has that");
        assert!(text.starts_with(head), "{text}");
        assert!(text.ends_with("\r\n\t},\r\n}\r\n"), "{text}");
        assert!(text.contains("\"runspaced\": {"), "{text}");
        let back = without_entry(&text, "mcpServers", "runspaced", false).expect("fine").expect("was there");
        assert_eq!(back, FILE);
        assert_eq!(without_entry(FILE, "mcpServers", "runspaced", false), Ok(None));
        assert_eq!(without_entry("", "mcpServers", "runspaced", false), Ok(None));
    }

    #[test]
    fn own_entry_is_updated_and_keeps_what_the_user_added() {
        let there = "{\"mcpServers\": {\"runspaced\": {\"command\": \"C:\\\\old\\\\Runspaced.exe\", \"args\": [], \"disabled\": true, \"env\": {\"A\": \"b\"}}}}";
        let text = set(there, &["mcp", "--read-only"]).expect("set");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            json["mcpServers"]["runspaced"],
            json!({"command": "/opt/runspaced", "args": ["mcp", "--read-only"], "disabled": true})
        );
    }

    #[test]
    fn entry_of_another_program_is_not_replaced_unless_asked_for() {
        let there = "{\"mcpServers\": {\"runspaced\": {\"command\": \"npx\", \"args\": [\"x\"]}}}";
        assert!(matches!(set(there, &[]), Err(Untouched::Foreign(what)) if what.contains("npx")));
        assert!(matches!(without_entry(there, "mcpServers", "runspaced", false), Err(Untouched::Foreign(_))));
        let text = with_entry(there, "mcpServers", "runspaced", &entry(&[]), true).expect("forced");
        assert!(text.contains("/opt/runspaced") && !text.contains("npx"), "{text}");
        assert!(without_entry(there, "mcpServers", "runspaced", true).is_ok_and(|text| text.is_some()));
    }

    #[test]
    fn broken_files_are_left_alone_and_the_place_is_named() {
        for (text, says) in [
            ("{\"mcpServers\": {", "line 1"),
            ("{\n  \"a\": 1\n  \"b\": 2\n}", "line"),
            ("{a: 1}", "line 1"),
            ("{'a': 1}", "line 1"),
            ("[]", "no JSON object"),
            ("\"x\"", "no JSON object"),
            ("{} {}", "line 1"),
            ("{\"mcpServers\": []}", "not an object"),
            ("{\"mcpServers\": null}", "not an object"),
            ("{\"mcpServers\": {}, \"mcpServers\": {}}", "there twice"),
            (
                "{\"mcpServers\": {\"runspaced\": {\"command\": \"runspaced\"}, \"runspaced\": {}}}",
                "there twice",
            ),
        ] {
            match set(text, &[]) {
                Err(Untouched::Broken(what)) => assert!(what.contains(says), "{text}: {what}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
