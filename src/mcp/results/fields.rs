//! Fields of rows: found by path and letter case does not matter, as in PowerShell.

use serde_json::{Map, Value};

/// A property of a row: `Name`, or `Owner.Name` inside of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath(String);

impl FieldPath {
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// The value in a row; `None` if the row has no such field. A row that is no object is its own field `value`.
    pub(crate) fn of<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        match row {
            Value::Object(object) => in_object(object, &self.0),
            other => self.0.eq_ignore_ascii_case("value").then_some(other),
        }
    }
}

/// The whole path may be one name; else its parts are looked up one in the other.
fn in_object<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let named = |name: &str| {
        object
            .get(name)
            .or_else(|| object.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    };
    named(path).or_else(|| {
        path.match_indices('.').find_map(|(at, _)| {
            let inner = named(&path[..at])?.as_object()?;
            in_object(inner, &path[at + 1..])
        })
    })
}

/// Rows of these fields only, under the names given.
pub(crate) fn select(row: &Value, fields: &[FieldPath]) -> Value {
    let field = |field: &FieldPath| Some((field.name().to_owned(), field.of(row)?.clone()));
    Value::Object(fields.iter().filter_map(field).collect())
}

/// Those of the fields that no row has.
pub(super) fn unknown<'a>(fields: &'a [FieldPath], rows: &[Value]) -> Vec<&'a str> {
    let there = |field: &FieldPath| rows.iter().any(|row| field.of(row).is_some());
    fields.iter().filter(|field| !there(field)).map(FieldPath::name).collect()
}

/// Names of the fields that rows have, in the order of appearance; those inside of others with their path.
pub(super) fn known(rows: &[Value]) -> Vec<String> {
    const MOST: usize = 60;
    let mut names = indexmap::IndexSet::new();
    for row in rows.iter().take(200) {
        match row {
            Value::Object(object) => collect(object, "", &mut names),
            _ => {
                names.insert("value".to_owned());
            }
        }
    }
    names.into_iter().take(MOST).collect()
}

fn collect(object: &Map<String, Value>, above: &str, names: &mut indexmap::IndexSet<String>) {
    for (name, value) in object {
        match value {
            Value::Object(inner) if !inner.is_empty() && above.len() < 100 => {
                collect(inner, &format!("{above}{name}."), names);
            }
            _ => {
                names.insert(format!("{above}{name}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn field_is_found_by_path_in_any_case_and_with_dots_in_names() {
        let row = json!({"Owner": {"Name": "a", "x.y": {"z": 1}}, "a.b": 2});
        let of = |path: &str| FieldPath::new(path).of(&row).cloned();
        assert_eq!(of("owner.name"), Some(json!("a")));
        assert_eq!(of("Owner.x.y.z"), Some(json!(1)));
        assert_eq!(of("A.B"), Some(json!(2)));
        assert_eq!(of("Owner.Nobody"), None);
        assert_eq!(FieldPath::new("value").of(&json!(5)), Some(&json!(5)));
    }

    #[test]
    fn fields_are_selected_listed_and_missed() {
        let rows = [json!({"Id": 1, "Owner": {"Name": "a"}}), json!({"Id": 2, "More": []})];
        let fields = [FieldPath::new("id"), FieldPath::new("Owner.Name"), FieldPath::new("Nothing")];
        assert_eq!(select(&rows[0], &fields), json!({"id": 1, "Owner.Name": "a"}));
        assert_eq!(unknown(&fields, &rows), ["Nothing"]);
        assert_eq!(known(&rows), ["Id", "Owner.Name", "More"]);
    }
}
