//! Literals as values.

use std::sync::Arc;

use super::super::node::Typed;
use crate::kql::ast::{DynamicLiteral, Literal, TypeOf};
use crate::kql::error::{Problem, Result, Span};
use crate::kql::functions::operator::negate;
use crate::kql::value::{Type, Value, convert};

pub fn literal(literal: &Literal, span: Span) -> Result<Typed> {
    Ok(match literal {
        Literal::String(text) => Typed::constant(Value::from(text.as_str()), Type::String, span),
        Literal::Null => Typed::constant(Value::Null, Type::Dynamic, span),
        Literal::Typed(ty, text) => Typed::constant(typed_value(*ty, text)?, *ty, span),
    })
}

fn typed_value(ty: Type, text: &str) -> Result<Value> {
    convert::literal(ty, text).ok_or_else(|| {
        let example = match ty {
            Type::DateTime => "datetime(2024-05-30 15:04:05)",
            Type::Timespan => "timespan(1.02:03:04) or 5m",
            Type::Guid => "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
            Type::Bool => "true",
            _ => "123",
        };
        Problem::semantic("SEM0020", format!("'{text}' is no value of type {ty}"))
            .hint(format!("one is {example}"))
    })
}

/// The value that a dynamic literal stands for.
pub fn dynamic_value(literal: &DynamicLiteral) -> Result<Value> {
    Ok(match literal {
        DynamicLiteral::Scalar(negative, scalar) => {
            let value = match scalar {
                Literal::String(text) => Value::from(text.as_str()),
                Literal::Typed(ty, text) => typed_value(*ty, text)?,
                Literal::Null => Value::Null,
            };
            if *negative { negate(&value)? } else { value }
        }
        DynamicLiteral::Array(items) => Value::array(items.iter().map(dynamic_value).collect::<Result<_>>()?),
        DynamicLiteral::Bag(pairs) => {
            let pairs =
                pairs.iter().map(|(name, value)| Ok((Arc::from(name.as_str()), dynamic_value(value)?)));
            Value::bag(pairs.collect::<Result<_>>()?)
        }
    })
}

/// The word in `typeof(...)`, as the argument that functions such as `extract` read.
pub fn type_word(types: &TypeOf) -> Value {
    match types {
        TypeOf::Scalar(word) => Value::from(word.as_str()),
        TypeOf::Columns(_) => Value::from("dynamic"),
    }
}
