//! Operations that take longer than a request: Azure accepts them, and is asked how they go.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::advice::operation_failed;
use super::{Answer, Client, Error, Happened, Kind, Method, Reason, Request, Result, Scope};

/// How to wait for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// To its end.
    UntilDone,
    /// Not at all: accepted is enough.
    No,
}

/// The pause between two looks, where Azure says nothing.
const PAUSE: Duration = Duration::from_secs(2);

impl Client {
    /// Sends a write and waits for the operation it starts, if it starts one. The answer is the object as it is at the end,
    /// where there is one.
    ///
    /// # Errors
    /// Those of [`send`](Self::send); [`Kind::OperationFailed`] if Azure accepted the request and failed at it;
    /// [`Kind::TooLate`] if it goes on beyond the call's time.
    pub async fn write(&self, scope: &Scope, request: &Request, waiting: Waiting) -> Result<Answer> {
        let answer = self.send(scope, request).await?;
        let place = ["azure-asyncoperation", "location"].into_iter().find_map(|name| answer.header(name));
        let begun = answer.status == 202 || answer.header("azure-asyncoperation").is_some();
        let Some(place) = place.filter(|_| begun && waiting == Waiting::UntilDone) else { return Ok(answer) };
        // From here on Azure has the request: whatever goes wrong, it may have been carried out.
        let ended = self.follow_operation(scope, request, &answer, place).await;
        let last = ended.map_err(|error| {
            let failed = error.kind() == Kind::OperationFailed;
            let error = error.during(request.line(), scope.correlation_id());
            if failed { error } else { error.perhaps(Happened::Perhaps) }
        })?;
        match request.method {
            Method::Put | Method::Patch => {
                let look = Request { method: Method::Get, body: None, repeatable: true, ..request.clone() };
                self.send(scope, &look).await.map_err(|error| error.perhaps(Happened::Perhaps))
            }
            _ => Ok(last),
        }
    }

    async fn follow_operation(
        &self,
        scope: &Scope,
        request: &Request,
        first: &Answer,
        place: &str,
    ) -> Result<Answer> {
        let mut look = self.follow(place, request)?;
        let by_status = first.header("azure-asyncoperation").is_some();
        let mut pause = first.retry_after();
        loop {
            let wait = pause.unwrap_or(PAUSE).min(self.retry_policy().longest);
            if Instant::now() + wait >= Instant::now() + scope.remaining() {
                return Err(Error::new(
                    Kind::TooLate,
                    "Azure is still at it, and the time of the call is up",
                )
                .remedy("Look at the object later: the operation goes on."));
            }
            tokio::time::sleep(wait).await;
            let answer = self.send(scope, &look).await?;
            pause = answer.retry_after();
            let state: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            let status = state["status"].as_str().unwrap_or_default().to_ascii_lowercase();
            match status.as_str() {
                "failed" | "canceled" | "cancelled" => {
                    let reason = Reason::of(&state);
                    let advice = operation_failed(&reason);
                    return Err(Error::new(
                        Kind::OperationFailed,
                        format!("the operation ended as {status}"),
                    )
                    .because(reason)
                    .advised(advice)
                    .answered(answer.request_id));
                }
                "succeeded" => return Ok(answer),
                _ if !by_status && answer.status != 202 => return Ok(answer),
                _ => {}
            }
            // A later answer may lead on.
            if let Some(place) = answer.header(if by_status { "azure-asyncoperation" } else { "location" }) {
                look = self.follow(place, request)?;
            }
        }
    }
}
