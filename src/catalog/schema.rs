//! JSON Schema of a tool's arguments.

use serde_json::{Map, Value, json};

use super::{kind::Kind, parameter::Parameter};

/// The schema of an object with these properties and no others. Self-contained: no references.
pub(crate) fn input_schema(parameters: &[Parameter]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        parameters.iter().map(|parameter| (parameter.name.clone(), property(parameter))).collect();
    let required: Vec<&str> = parameters
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| parameter.name.as_str())
        .collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

/// The schema of an object with these properties and no others, those that are wanted named.
pub(crate) fn arguments_schema(properties: Value, required: &[&str]) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties);
    schema.insert("required".to_owned(), json!(required));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn property(parameter: &Parameter) -> Value {
    if let Some(given) = &parameter.given_schema {
        return Value::Object(given.clone());
    }
    let mut one = element(parameter);
    let mut schema = if parameter.list {
        let mut list = Map::new();
        list.insert("type".to_owned(), json!("array"));
        list.insert("items".to_owned(), Value::Object(one));
        put(&mut list, "minItems", parameter.rules.min_items);
        put(&mut list, "maxItems", parameter.rules.max_items);
        list
    } else {
        if parameter.kind == Kind::Switch {
            one.insert("default".to_owned(), json!(false));
        }
        one
    };
    if parameter.nullable
        && let Some(Value::String(name)) = schema.get("type")
    {
        let types = json!([name, "null"]);
        schema.insert("type".to_owned(), types);
        if let Some(Value::Array(choices)) = schema.get_mut("enum") {
            choices.push(Value::Null);
        }
    }
    if let Some(default) = &parameter.default {
        schema.insert("default".to_owned(), default.clone());
    }
    if !parameter.description.is_empty() {
        schema.insert("description".to_owned(), json!(parameter.description));
    }
    Value::Object(schema)
}

fn element(parameter: &Parameter) -> Map<String, Value> {
    let rules = &parameter.rules;
    let mut schema = Map::new();
    let name = match parameter.kind {
        Kind::Text | Kind::Converted | Kind::Formatted(_) | Kind::Described(_) | Kind::Tristate => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean | Kind::Switch => "boolean",
        Kind::Object => "object",
        Kind::Any => return schema,
    };
    schema.insert("type".to_owned(), json!(name));
    if let Kind::Formatted(format) = parameter.kind {
        schema.insert("format".to_owned(), json!(format));
    }
    if !rules.choices.is_empty() {
        schema.insert("enum".to_owned(), json!(rules.choices));
    }
    put(&mut schema, "minLength", rules.min_chars);
    put(&mut schema, "maxLength", rules.max_chars);
    if let Some(pattern) = rules.portable_pattern() {
        schema.insert("pattern".to_owned(), json!(pattern));
    }
    if let Some(bound) = &rules.minimum {
        schema.insert(
            if bound.exclusive { "exclusiveMinimum" } else { "minimum" }.to_owned(),
            json!(bound.value),
        );
    }
    if let Some(bound) = &rules.maximum {
        schema.insert(
            if bound.exclusive { "exclusiveMaximum" } else { "maximum" }.to_owned(),
            json!(bound.value),
        );
    }
    schema
}

fn put(schema: &mut Map<String, Value>, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        schema.insert(name.to_owned(), json!(value));
    }
}
