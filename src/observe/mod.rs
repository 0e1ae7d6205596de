//! What is recorded of calls.

mod audit;
mod chain;
mod digest;

pub use audit::{AuditFailure, AuditSettings, AuditSync};
pub(crate) use audit::{Audit, Entry, Subject};
pub use chain::{Verified, verify};
pub(crate) use digest::DigestKey;
