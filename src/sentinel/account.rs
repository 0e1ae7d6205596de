//! Identities as operations use them.

use crate::azure::Client;

/// An identity and its client. The first is the main one, for everything that Lighthouse delegates to it.
#[derive(Debug, Clone)]
pub struct Account {
    /// `main`, or the customer's name.
    pub label: String,
    /// The tenant it signs in to, if that is known.
    pub tenant: Option<String>,
    /// Its client.
    pub client: Client,
}
