//! Who is told what an operation brings.

use serde_json::Value;

use crate::{FunctionContext, FunctionError};

/// Who is told what an operation brings, in order. An error means that nobody listens any more.
pub(crate) trait Audience: Sync {
    /// A row.
    fn value(&self, value: &Value) -> impl Future<Output = Result<(), FunctionError>> + Send;

    /// An error beside the rows.
    fn error(&self, error: &FunctionError) -> impl Future<Output = Result<(), FunctionError>> + Send;

    /// Something that should be known.
    fn warning(&self, text: &str) -> impl Future<Output = Result<(), FunctionError>> + Send;

    /// How far it is; without `status` it is over.
    fn progress(
        &self,
        activity: &str,
        status: Option<&str>,
    ) -> impl Future<Output = Result<(), FunctionError>> + Send;
}

impl Audience for FunctionContext {
    async fn value(&self, value: &Value) -> Result<(), FunctionError> {
        self.write(value).await
    }

    async fn error(&self, error: &FunctionError) -> Result<(), FunctionError> {
        FunctionContext::error(self, error).await
    }

    async fn warning(&self, text: &str) -> Result<(), FunctionError> {
        FunctionContext::warning(self, text).await
    }

    async fn progress(&self, activity: &str, status: Option<&str>) -> Result<(), FunctionError> {
        FunctionContext::progress(self, activity, status.unwrap_or("done"), status.is_none().then_some(100))
            .await
    }
}
