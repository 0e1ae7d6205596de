//! Functions of the embedding program that scripts may call.

mod command;
mod context;
mod error;
mod registry;

#[cfg(test)]
pub(crate) use command::comment;
pub use context::FunctionContext;
pub use error::FunctionError;
pub(super) use registry::FunctionSet;
