//! KQL, the Kusto query language: reading queries, checking them against schemas, running them over rows.
//!
//! It serves the check of analytics rules before they are sent to a workspace, and the simulator that answers queries
//! without one. `docs/kql.md` lists the operators and functions, and where results differ from the service.
//!
//! ```
//! use runspaced::kql::{self, Column, MemoryTables, Options, Table, Type, Value};
//!
//! let logins = Table::new(
//!     vec![Column::new("User", Type::String), Column::new("Failed", Type::Bool)],
//!     vec![vec!["ann".into(), true.into()], vec!["bob".into(), false.into()], vec!["ann".into(), true.into()]],
//! );
//! let tables = MemoryTables::new().with("Logins", logins);
//!
//! let query = kql::parse("Logins | where Failed | summarize Failures = count() by User")?;
//! let output = kql::run(&query, &tables, &Options::default())?;
//! assert_eq!(output.tables[0].json_rows(), [serde_json::json!(["ann", 2])]);
//!
//! // Problems say where they are and what would work.
//! let text = "Logins | where Faild";
//! let problem = kql::check(&kql::parse(text)?, &tables, &Options::default()).unwrap_err();
//! assert_eq!(problem.code, "SEM0100");
//! assert_eq!(problem.position(text), Some((1, 16)));
//! assert_eq!(problem.hint.as_deref(), Some("did you mean 'Failed'?"));
//! # Ok::<(), kql::Problem>(())
//! ```

mod aggregates;
pub mod analysis;
pub mod ast;
mod catalogue;
mod error;
mod evaluate;
mod functions;
mod lexer;
mod nearest;
mod parser;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub use error::{Problem, ProblemKind, Result, Span};
pub use evaluate::{Limits, Options, Output, check, run};
pub use parser::{MAX_CHAIN, MAX_DEPTH, parse, parse_script};
pub use table::{Column, MemoryTables, Row, StoredFunction, Table, Tables};
pub use value::{Bag, Type, Value};
