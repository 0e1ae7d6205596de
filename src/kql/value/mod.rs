//! Scalar values, their types, and how they turn into each other.

pub(super) mod compare;
pub(super) mod convert;
pub(super) mod datetime;
pub(super) mod json;
pub(super) mod number;
pub(super) mod timespan;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A scalar type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum Type {
    Bool,
    Int,
    Long,
    Real,
    Decimal,
    String,
    DateTime,
    Timespan,
    Guid,
    Dynamic,
}

impl Type {
    /// The type that a word of the language stands for, its old names included.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "bool" | "boolean" => Self::Bool,
            "int" | "int8" | "int16" | "int32" | "uint8" | "uint16" | "uint" | "uint32" => Self::Int,
            "long" | "int64" | "ulong" | "uint64" => Self::Long,
            "real" | "double" | "float" => Self::Real,
            "decimal" => Self::Decimal,
            "string" => Self::String,
            "datetime" | "date" => Self::DateTime,
            "timespan" | "time" => Self::Timespan,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "dynamic" => Self::Dynamic,
            _ => return None,
        })
    }

    /// The word of the language.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::DateTime => "datetime",
            Self::Timespan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
        }
    }

    /// The name of the .NET type, as `getschema` shows it.
    pub const fn data_type(self) -> &'static str {
        match self {
            Self::Bool => "System.SByte",
            Self::Int => "System.Int32",
            Self::Long => "System.Int64",
            Self::Real => "System.Double",
            Self::Decimal => "System.Data.SqlTypes.SqlDecimal",
            Self::String => "System.String",
            Self::DateTime => "System.DateTime",
            Self::Timespan => "System.TimeSpan",
            Self::Guid => "System.Guid",
            Self::Dynamic => "System.Object",
        }
    }

    /// It counts.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real | Self::Decimal)
    }

    /// The value of this type that stands for "nothing": strings are empty, all others null.
    pub fn nothing(self) -> Value {
        match self {
            Self::String => Value::string(""),
            _ => Value::Null,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The properties of a property bag, in order.
pub type Bag = IndexMap<Arc<str>, Value>;

/// A scalar. What is in a dynamic column is the value itself, so an array's items may be of different kinds.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Null of any type.
    #[default]
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i32),
    /// `long`
    Long(i64),
    /// `real`
    Real(f64),
    /// `decimal`
    Decimal(Decimal),
    /// `string`
    String(Arc<str>),
    /// `datetime`: ticks of 100 ns since the year 1, UTC.
    DateTime(i64),
    /// `timespan`: ticks of 100 ns.
    Timespan(i64),
    /// `guid`
    Guid(Uuid),
    /// An array.
    Array(Arc<Vec<Value>>),
    /// A property bag.
    Bag(Arc<Bag>),
}

impl Value {
    /// JSON as a cell of a column of this type; what does not fit is null (or the empty string).
    pub fn from_json(json: &serde_json::Value, in_type: Type) -> Self {
        convert::store(json::from_json(json), in_type)
    }

    /// As JSON: times and guids become strings.
    pub fn to_json(&self) -> serde_json::Value {
        json::to_json(self)
    }

    /// A string.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// An array.
    pub fn array(items: Vec<Self>) -> Self {
        Self::Array(Arc::new(items))
    }

    /// A property bag.
    pub fn bag(properties: Bag) -> Self {
        Self::Bag(Arc::new(properties))
    }

    /// It is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type of the value; null has none, arrays and bags are dynamic.
    pub const fn type_of(&self) -> Option<Type> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Long(_) => Type::Long,
            Self::Real(_) => Type::Real,
            Self::Decimal(_) => Type::Decimal,
            Self::String(_) => Type::String,
            Self::DateTime(_) => Type::DateTime,
            Self::Timespan(_) => Type::Timespan,
            Self::Guid(_) => Type::Guid,
            Self::Array(_) | Self::Bag(_) => Type::Dynamic,
        })
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, if it is one.
    pub fn as_long(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(i64::from(*number)),
            Self::Long(number) => Some(*number),
            _ => None,
        }
    }

    /// A number of any kind as a real.
    pub fn as_real(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(f64::from(*number)),
            #[expect(clippy::cast_precision_loss, reason = "a real is asked for")]
            Self::Long(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            Self::Decimal(number) => rust_decimal::prelude::ToPrimitive::to_f64(number),
            _ => None,
        }
    }

    /// The items, if it is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The properties, if it is a bag.
    pub fn as_bag(&self) -> Option<&Bag> {
        match self {
            Self::Bag(bag) => Some(bag),
            _ => None,
        }
    }

    /// `true`; null and everything else is not.
    pub const fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text that `tostring()` gives; null is the empty text.
    pub fn to_text(&self) -> Arc<str> {
        match self {
            Self::Null => Arc::from(""),
            Self::Bool(value) => Arc::from(if *value { "true" } else { "false" }),
            Self::Int(value) => Arc::from(value.to_string()),
            Self::Long(value) => Arc::from(value.to_string()),
            Self::Real(value) => Arc::from(number::real_text(*value)),
            Self::Decimal(value) => Arc::from(value.normalize().to_string()),
            Self::String(text) => Arc::clone(text),
            Self::DateTime(ticks) => Arc::from(datetime::text(*ticks)),
            Self::Timespan(ticks) => Arc::from(timespan::text(*ticks)),
            Self::Guid(value) => Arc::from(value.to_string()),
            Self::Array(_) | Self::Bag(_) => Arc::from(json::text(self)),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A length or a count as a value.
pub(super) fn count(number: usize) -> Value {
    Value::Long(i64::try_from(number).unwrap_or(i64::MAX))
}
