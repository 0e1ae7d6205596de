//! The Kusto query language: parsing, checking, running over rows.

mod aggregates;
pub mod ast;
mod catalogue;
mod error;
mod evaluate;
mod functions;
mod lexer;
mod nearest;
mod parser;
mod table;
mod value;

pub use error::{Problem, ProblemKind, Result, Span};
pub use evaluate::{Limits, Options, Output, check, run};
pub use parser::{parse, parse_script};
pub use table::{Column, MemoryTables, Row, StoredFunction, Table, Tables};
pub use value::{Bag, Type, Value};
