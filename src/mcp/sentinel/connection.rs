//! Who signs in to Azure. Certificates and settings are read beside the server's start, which does not wait for that.

use std::sync::Arc;

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};

use crate::{Error, azure, catalog::Opening, sentinel::Sentinel};

/// Operations that are ready, or being made ready, or cannot be had. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    made: Shared<BoxFuture<'static, Result<Sentinel, Arc<str>>>>,
    opening: Opening,
}

impl Connection {
    /// Connects when the opening ends.
    pub(super) fn begin(
        runtime: &tokio::runtime::Handle,
        connect: impl FnOnce() -> Result<Sentinel, String> + Send + 'static,
        opening: Opening,
    ) -> Self {
        let begun = opening.clone();
        let made = runtime.spawn(async move {
            begun.ended().await;
            tokio::task::spawn_blocking(connect).await
        });
        let made = async move {
            match made.await {
                Ok(Ok(made)) => made.map_err(Arc::from),
                Ok(Err(error)) | Err(error) => Err(error.to_string().into()),
            }
        };
        Self { made: made.boxed().shared(), opening }
    }

    /// The operations.
    ///
    /// # Errors
    /// Why there are none, and what to set.
    pub(super) async fn ready(self) -> Result<Sentinel, Error> {
        self.opening.end();
        self.made.await.map_err(|problems| {
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
