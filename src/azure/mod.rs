//! The Azure client: clouds, identity, Resource Manager, Log Analytics, logs ingestion, Resource Graph.
//!
//! Everything goes through one [`Client`] an account: it takes a token from the broker, keeps to the limits, and sends again
//! only what may be sent again. A read may be repeated freely. A write is repeated only when no byte of it was sent, or when
//! Azure refused it unexecuted (401, 429); after anything else the caller has to look, and [`Error::happened`] says so.

mod advice;
mod attempt;
mod broker;
mod client;
mod cloud;
mod error;
mod graph;
mod identity;
mod ingest;
mod limits;
mod logs;
mod operation;
mod paging;
mod permissions;
mod reason;
mod request;
mod resource;
mod retry;
mod roles;
mod token;
mod transport;
mod versions;

#[cfg(test)]
mod tests;

pub use advice::{Advice, Mover};
pub use broker::TokenBroker;
pub use client::Client;
pub use cloud::{Audience, Cloud, CloudName, CustomEndpoints};
pub use error::{Error, Happened, Kind};
pub use graph::GraphQuery;
pub use identity::{CustomerIdentity, Identity, IdentityKind, IdentityProblem, IdentitySettings, Variables};
pub use ingest::IngestTarget;
pub use limits::{Limits, Traffic};
pub use logs::{Column, LogsAnswer, LogsQuery, LogsTable};
pub use operation::Waiting;
pub use paging::Page;
pub use permissions::{Permissions, is_of_data};
pub use reason::Reason;
pub use request::{Answer, Method, Request, Scope};
pub use resource::ResourceId;
pub use retry::RetryPolicy;
pub use roles::{Role, smallest_role};
pub use token::Token;
pub use transport::{Transport, TransportSettings};
pub use versions::{ApiVersions, Surface};

/// Result of the Azure client's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
