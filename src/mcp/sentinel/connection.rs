//! Who signs in to Azure. Certificates and settings are read beside the server's start, which does not wait for that.

use std::sync::Arc;

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};

use crate::{Error, azure, sentinel::Sentinel};

/// Operations that are ready, or being made ready, or cannot be had. Clones share it.
#[derive(Clone)]
pub(super) struct Connection(Shared<BoxFuture<'static, Result<Sentinel, Arc<str>>>>);

impl Connection {
    /// Begins to connect.
    pub(super) fn begin(
        runtime: &tokio::runtime::Handle,
        connect: impl FnOnce() -> Result<Sentinel, String> + Send + 'static,
    ) -> Self {
        let made = runtime.spawn_blocking(connect);
        let made = async move {
            match made.await {
                Ok(made) => made.map_err(Arc::from),
                Err(error) => Err(error.to_string().into()),
            }
        };
        Self(made.boxed().shared())
    }

    /// The operations.
    ///
    /// # Errors
    /// Why there are none, and what to set.
    pub(super) async fn ready(self) -> Result<Sentinel, Error> {
        self.0.await.map_err(|problems| {
            let what = format!(
                "Microsoft Sentinel cannot be reached, because of this server's settings: {problems}"
            );
            azure::Error::setting(what, REMEDY).into()
        })
    }
}

/// What to do about settings.
const REMEDY: &str = "Whoever runs the server sets AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or another identity in \
                      its environment, and looks with `runspaced sentinel check`.";

/// The same error; where signing in failed and nothing better is known, it says what to set.
pub(super) fn explained(error: Error) -> Error {
    match error {
        Error::Azure(error) if error.kind() == azure::Kind::SignIn && error.advice().is_none() => {
            error.remedy(REMEDY).into()
        }
        other => other,
    }
}
