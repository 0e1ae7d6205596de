//! How the fields of the settings are read and written as [`Value`]s.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{Column, Kind, Value};
use crate::mcp::ToolOverride;

/// How a field of the settings is stored.
pub(super) trait Field {
    fn read(&self) -> Value;
    fn write(&mut self, value: Value);
}

macro_rules! whole_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn read(&self) -> Value {
                Value::Whole(u64::try_from(*self).unwrap_or(u64::MAX))
            }
            fn write(&mut self, value: Value) {
                if let Value::Whole(number) | Value::Size(number) = value {
                    *self = Self::try_from(number).unwrap_or(Self::MAX);
                }
            }
        }
    )*};
}
whole_fields!(u8, u32, u64, usize);

impl Field for bool {
    fn read(&self) -> Value {
        Value::Flag(*self)
    }
    fn write(&mut self, value: Value) {
        if let Value::Flag(on) = value {
            *self = on;
        }
    }
}

impl Field for Duration {
    fn read(&self) -> Value {
        Value::Duration(*self)
    }
    fn write(&mut self, value: Value) {
        if let Value::Duration(duration) = value {
            *self = duration;
        }
    }
}

impl Field for String {
    fn read(&self) -> Value {
        Value::Text(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::Text(text) = value {
            *self = text;
        }
    }
}

impl Field for PathBuf {
    fn read(&self) -> Value {
        Value::Path(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::Path(path) = value {
            *self = path;
        }
    }
}

impl Field for Vec<String> {
    fn read(&self) -> Value {
        Value::List(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::List(items) = value {
            *self = items;
        }
    }
}

impl Field for Vec<PathBuf> {
    fn read(&self) -> Value {
        Value::Paths(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::Paths(paths) = value {
            *self = paths;
        }
    }
}

impl Field for BTreeMap<String, Vec<String>> {
    fn read(&self) -> Value {
        Value::Lists(self.clone())
    }
    fn write(&mut self, value: Value) {
        if let Value::Lists(lists) = value {
            *self = lists;
        }
    }
}

impl<T: Field + Default> Field for Option<T> {
    fn read(&self) -> Value {
        self.as_ref().map_or(Value::Unset, Field::read)
    }
    fn write(&mut self, value: Value) {
        if value == Value::Unset {
            *self = None;
        } else {
            self.get_or_insert_default().write(value);
        }
    }
}

/// A word of an enumeration, by its name in files.
pub(super) fn word<T: Serialize>(value: &T) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Value::Text(text),
        _ => Value::Unset,
    }
}

pub(super) fn from_word<T: DeserializeOwned>(field: &mut T, value: Value) {
    if let Value::Text(text) = value
        && let Ok(parsed) = serde_json::from_value(serde_json::Value::String(text))
    {
        *field = parsed;
    }
}

/// What can be said of a single tool.
pub(super) const TOOL_COLUMNS: &[Column] = &[
    Column { name: "name", kind: Kind::Text, help: "the tool's name: 1 to 40 of a-z, 0-9 and _" },
    Column { name: "description", kind: Kind::Text, help: "its description, instead of the command's help" },
    Column { name: "read_only", kind: Kind::Flag, help: "it changes nothing" },
    Column { name: "destructive", kind: Kind::Flag, help: "it may change or remove what is there" },
    Column { name: "idempotent", kind: Kind::Flag, help: "a second call changes nothing more" },
    Column { name: "open_world", kind: Kind::Flag, help: "it deals with things outside of this machine" },
];

impl Field for BTreeMap<String, ToolOverride> {
    fn read(&self) -> Value {
        let row = |by: &ToolOverride| {
            let text = |text: &Option<String>| text.clone().map(Value::Text);
            let flag = |flag: Option<bool>| flag.map(Value::Flag);
            let values = [
                ("name", text(&by.name)),
                ("description", text(&by.description)),
                ("read_only", flag(by.read_only)),
                ("destructive", flag(by.destructive)),
                ("idempotent", flag(by.idempotent)),
                ("open_world", flag(by.open_world)),
            ];
            values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        };
        Value::Tables(self.iter().map(|(name, by)| (name.clone(), row(by))).collect())
    }

    fn write(&mut self, value: Value) {
        let Value::Tables(tables) = value else { return };
        self.clear();
        for (name, row) in tables {
            let by = self.entry(name).or_default();
            for (column, value) in row {
                match (column, value) {
                    ("name", Value::Text(text)) => by.name = Some(text),
                    ("description", Value::Text(text)) => by.description = Some(text),
                    ("read_only", Value::Flag(on)) => by.read_only = Some(on),
                    ("destructive", Value::Flag(on)) => by.destructive = Some(on),
                    ("idempotent", Value::Flag(on)) => by.idempotent = Some(on),
                    ("open_world", Value::Flag(on)) => by.open_world = Some(on),
                    _ => {}
                }
            }
        }
    }
}
