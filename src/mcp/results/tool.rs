//! The tool that asks about kept results.

use serde_json::{Map, Value, json};

use super::{Budget, FieldPath, Kept, Query, QueryError, fields, fit};
use crate::mcp::{options::positive, reply::Reply};

/// The tool's name.
pub(crate) const NAME: &str = "get_result";

/// Characters of a long text that one answer has.
const TEXT_CHARS: usize = 30_000;

/// The schema of its arguments.
pub(crate) fn schema() -> Map<String, Value> {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": {"type": "string"}});
    let described = |mut schema: Value, description: &str| {
        schema["description"] = json!(description);
        schema
    };
    let comparisons = [
        "equal",
        "not_equal",
        "contains",
        "not_contains",
        "starts_with",
        "ends_with",
        "in",
        "not_in",
        "greater",
        "at_least",
        "less",
        "at_most",
        "empty",
        "not_empty",
    ];
    let condition = json!({
        "type": "object",
        "properties": {"field": text, "is": {"type": "string", "enum": comparisons, "default": "equal"}, "value": {}},
        "required": ["field"], "additionalProperties": false,
    });
    let measure = json!({
        "type": "object",
        "properties": {"of": text, "take": {"type": "string", "enum": ["sum", "average", "min", "max", "distinct"]}},
        "required": ["of", "take"], "additionalProperties": false,
    });
    let passage = json!({
        "type": "object",
        "properties": {"row": {"type": "integer", "minimum": 1}, "field": text, "from": {"type": "integer", "minimum": 0}},
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "result": described(text, "Id of the result"),
            "where": described(json!({"type": "array", "items": condition}), "All must hold; letter case does not matter"),
            "group_by": described(texts.clone(), "Rows become groups with their count"),
            "measure": described(json!({"type": "array", "items": measure}), "More about each group"),
            "sort_by": described(texts.clone(), "Fields; -Field turns the order round"),
            "fields": described(texts, "Only these fields; Owner.Name for nested ones"),
            "skip": {"type": "integer", "minimum": 0},
            "first": {"type": "integer", "minimum": 1},
            "passage": described(passage, "A long text: part of one field of one row, from a character on"),
        },
        "required": ["result"], "additionalProperties": false,
    });
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// Answers a question about a kept result.
pub(crate) fn answer(kept: &Kept, mut arguments: Map<String, Value>, budget: Budget) -> Reply {
    arguments.shift_remove("result");
    let passage = arguments.shift_remove("passage").filter(|passage| !passage.is_null());
    let rows = match kept.rows() {
        Ok(rows) => rows,
        Err(reason) => return Reply::failure(reason),
    };
    let answered = match passage {
        Some(passage) => text_passage(&rows, &passage),
        None => Query::parse(arguments).and_then(|query| page(kept, &query, rows, budget)),
    };
    answered.unwrap_or_else(|QueryError(text)| Reply::failure(text))
}

fn page(kept: &Kept, query: &Query, rows: Vec<Value>, budget: Budget) -> Result<Reply, QueryError> {
    let of = rows.len();
    let selected = query.select(rows)?;
    let asked = selected.rows.len();
    let shown = fit(selected.rows, budget);
    let count = shown.rows.len();
    let next = query.skip + count;
    let mut text = shown.text;
    let mut note = match count {
        0 if selected.total == 0 => format!("No row of {of} fits."),
        0 => format!("There are {} rows; skip is {}.", selected.total, query.skip),
        _ => format!("Rows {} to {next} of {} (the result has {of}).", query.skip + 1, selected.total),
    };
    if count < asked {
        note.push_str(&format!(" More did not fit; go on with skip {next}, or take fewer fields."));
    }
    if shown.shortened {
        note.push_str(" Long values are shortened where marked; passage gives their text.");
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&note);
    let structured = json!({
        "values": shown.rows,
        "result": {"id": kept.id, "rows": of, "selected": selected.total, "skip": query.skip,
                   "next": (next < selected.total).then_some(next)},
    });
    Ok(Reply { text, structured: Some(structured), is_error: false, timings: None })
}

/// Part of one long text.
fn text_passage(rows: &[Value], passage: &Value) -> Result<Reply, QueryError> {
    let row = passage.get("row").map_or(Some(1), positive);
    let row = row.filter(|row| *row <= rows.len());
    let row = row.ok_or_else(|| {
        QueryError(format!("'row' is {}, there are rows 1 to {}", passage["row"], rows.len()))
    })?;
    let value = &rows[row - 1];
    let value = match passage["field"].as_str() {
        None => Some(value),
        Some(name) => FieldPath::new(name).of(value),
    };
    let value = value.ok_or_else(|| {
        QueryError(format!(
            "Row {row} has no {}. It has: {}",
            passage["field"],
            fields::known(std::slice::from_ref(&rows[row - 1])).join(", ")
        ))
    })?;
    let whole = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let from = usize::try_from(passage["from"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let chars = whole.chars().count();
    let part: String = whole.chars().skip(from).take(TEXT_CHARS).collect();
    let end = from.saturating_add(part.chars().count());
    let more = if end < chars { format!(" Go on with from {end}.") } else { String::new() };
    let structured = json!({"values": [part], "passage": {"row": row, "from": from, "to": end, "of": chars}});
    let text = format!("{part}\n\nCharacters {from} to {end} of {chars}.{more}");
    Ok(Reply { text, structured: Some(structured), is_error: false, timings: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{
        call::Caller,
        reply::tests::output,
        results::{ResultStore, StoreLimits},
    };

    fn ask(rows: Value, question: Value) -> Reply {
        let store = ResultStore::new(StoreLimits::default());
        let count = rows.as_array().map(Vec::len);
        let output = output(&rows, &json!([]), json!({"count": count}));
        let kept = store.keep(&Caller::local(), "get_thing", output).expect("kept");
        let Value::Object(question) = question else { panic!("not an object") };
        answer(&kept, question, Budget { text: 600, json: 2_000 })
    }

    #[test]
    fn pages_lead_to_one_another_until_all_rows_were_seen() {
        let rows: Vec<Value> = (0..300).map(|n| json!({"Id": n, "Name": format!("name of {n}")})).collect();
        let (mut seen, mut skip) = (Vec::new(), json!(0));
        while !skip.is_null() {
            let reply = ask(json!(rows), json!({"result": "x", "skip": skip, "sort_by": "Id"}));
            assert!(!reply.is_error, "{}", reply.text);
            let content = reply.structured.expect("content");
            seen.extend(content["values"].as_array().cloned().expect("rows"));
            skip = content["result"]["next"].clone();
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn long_text_is_read_in_passages() {
        let text: String = (0..20_000).map(|n| format!("{n},")).collect();
        let rows = json!([{"Id": 1, "Text": text}]);
        let (mut read, mut from) = (String::new(), 0);
        while from < text.chars().count() {
            let reply = ask(rows.clone(), json!({"passage": {"row": 1, "field": "text", "from": from}}));
            let content = reply.structured.expect("content");
            read.push_str(content["values"][0].as_str().expect("text"));
            from = content["passage"]["to"].as_u64().expect("a number") as usize;
        }
        assert_eq!(read, text);
        let wrong = ask(rows, json!({"passage": {"row": 2}}));
        assert!(wrong.is_error && wrong.text.contains("rows 1 to 1"), "{}", wrong.text);
    }

    #[test]
    fn nothing_that_fits_is_an_answer_and_a_mistake_is_an_error() {
        let rows = json!([{"Id": 1}, {"Id": 2}]);
        let none = ask(rows.clone(), json!({"where": [{"field": "Id", "value": 7}]}));
        assert!(!none.is_error && none.text == "No row of 2 fits.", "{}", none.text);
        let mistake = ask(rows, json!({"fields": ["Nme"]}));
        assert!(mistake.is_error && mistake.text.contains("There are: Id"), "{}", mistake.text);
    }
}
