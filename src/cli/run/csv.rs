//! Output values as comma-separated values.

use serde_json::Value;

/// A heading with every property name in the order of first appearance, and a row a value. What is no object goes into the
/// column `Value`; a nested value is its JSON text.
pub fn write(values: &[Value]) -> Result<String, String> {
    let mut columns: Vec<&str> = Vec::new();
    let mut plain = false;
    for value in values {
        match value {
            Value::Object(properties) => {
                for name in properties.keys() {
                    if !columns.contains(&name.as_str()) {
                        columns.push(name);
                    }
                }
            }
            _ => plain = true,
        }
    }
    if plain && !columns.contains(&"Value") {
        columns.push("Value");
    }
    if columns.is_empty() {
        return Ok(String::new());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| format!("the output cannot be written as CSV: {error}");
    writer.write_record(&columns).map_err(failed)?;
    for value in values {
        let cells = columns.iter().map(|column| match value {
            Value::Object(properties) => properties.get(*column).map(cell).unwrap_or_default(),
            other if *column == "Value" => cell(other),
            _ => String::new(),
        });
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_all_values_and_cells_are_quoted_where_needed() {
        let values =
            serde_json::json!([{ "a": 1, "b": "x,\"y\"" }, { "b": null, "c": [1, { "d": 2 }] }, "plain"]);
        let text = write(values.as_array().expect("an array")).expect("is written");
        assert_eq!(text, "a,b,c,Value\n1,\"x,\"\"y\"\"\",,\n,,\"[1,{\"\"d\"\":2}]\",\n,,,plain\n");
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(write(&[]).as_deref(), Ok(""));
    }
}
