//! Secrets on their way into `SecureString` and `PSCredential` parameters.

use std::sync::Arc;

use zeroize::Zeroizing;

/// Where a secret comes from. Asked once a call, when the call is given to a slot's queue.
///
/// Closures that return a `Result<String, String>` are providers.
pub trait SecretProvider: Send + Sync {
    /// The secret.
    ///
    /// # Errors
    /// Why it cannot be had; the text is shown to the caller and must not contain the secret.
    fn secret(&self) -> Result<Zeroizing<String>, String>;
}

impl<F> SecretProvider for F
where
    F: Fn() -> Result<String, String> + Send + Sync,
{
    fn secret(&self) -> Result<Zeroizing<String>, String> {
        self().map(Zeroizing::new)
    }
}

#[derive(Clone)]
pub(crate) struct SecretRef {
    pub(crate) name: String,
    pub(crate) kind: SecretKind,
    pub(crate) provider: Arc<dyn SecretProvider>,
}

#[derive(Clone)]
pub(crate) enum SecretKind {
    SecureString,
    Credential { user: String },
}
