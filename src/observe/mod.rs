//! What is recorded of calls.

mod audit;
mod chain;
mod digest;

pub(crate) use audit::{Audit, Entry, Subject};
pub use audit::{AuditFailure, AuditSettings, AuditSync};
pub use chain::{Verified, verify};
pub(crate) use digest::DigestKey;
