//! Sending a request as often as is permitted and needed.

use reqwest::header::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::advice::{Situation, advise};
use super::retry::retry_after;
use super::transport::{RawAnswer, Unanswered};
use super::{Answer, Client, Error, Happened, Kind, Method, Reason, Request, Result, Scope};

impl Client {
    pub(super) async fn try_all(&self, scope: &Scope, request: &Request) -> Result<Answer> {
        let inner = &self.0;
        let policy = &inner.retry;
        let end = scope.deadline.min(Instant::now() + policy.total);
        let too_late = || {
            Error::new(Kind::TooLate, "the time of the call was up before Azure answered")
                .remedy("Give the call more time, or ask for less at once.")
        };
        let mut pauses = policy.pauses();
        let mut renewed = false;
        let mut tries = 0;
        let mut throttled = 0;
        let mut failure: Option<Error> = None;
        loop {
            let prepared = async {
                let place = inner.limits.admit(request.traffic, &request.shared).await;
                let token = inner.tokens.token(inner.cloud.scope(request.audience)).await;
                (place, token)
            };
            let Ok((_place, token)) = tokio::time::timeout_at(end, prepared).await else {
                return Err(failure.unwrap_or_else(too_late).tried(tries));
            };
            let token = token?;
            tries += 1;
            let within = end.saturating_duration_since(Instant::now());
            let headers = signed(request, scope, token.expose())?;
            let sent = inner
                .transport
                .send(
                    method(request.method),
                    &request.url,
                    headers,
                    request.body.clone(),
                    within,
                    request.most,
                )
                .await;
            let (error, again) = match sent {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    return Ok(Answer {
                        status: answer.status,
                        request_id: request_id(&answer.headers),
                        body: answer.body,
                        headers: answer.headers,
                        line: request.line(),
                    });
                }
                Ok(answer) => {
                    let error = self.refusal(request, &answer, tries);
                    let again = match answer.status {
                        401 if !renewed && renewable(&error) => {
                            renewed = true;
                            inner.tokens.reject(inner.cloud.scope(request.audience), &token);
                            failure = Some(error);
                            continue;
                        }
                        429 => {
                            throttled += 1;
                            throttled < policy.throttled_tries
                        }
                        408 | 500 | 502 | 503 | 504 => request.repeatable && tries - throttled < policy.tries,
                        _ => false,
                    };
                    (error, again)
                }
                Err(Unanswered { error, passing }) => {
                    let permitted = request.repeatable || error.happened() == Happened::No;
                    let error = if request.repeatable { error.perhaps(Happened::No) } else { error };
                    (error, passing && permitted && tries - throttled < policy.tries)
                }
            };
            let error = error.tried(tries);
            let pause = pauses.next(error.retry_after());
            if error.kind() == Kind::Throttled {
                inner.limits.slow(request.traffic, &request.shared, pause);
            }
            if !again || Instant::now() + pause >= end {
                return Err(error);
            }
            tracing::debug!(request = %request.line(), tries, pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "trying again");
            failure = Some(error);
            tokio::time::sleep(pause).await;
        }
    }

    fn refusal(&self, request: &Request, answer: &RawAnswer, tries: u32) -> Error {
        let reason = Reason::read(&answer.body);
        let pause = answer
            .headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, jiff::Timestamp::now()));
        let host = request.url.host_str().unwrap_or_default();
        let what = match answer.status {
            300..400 => {
                format!("{host} sent the request elsewhere ({}), and it was not followed", answer.status)
            }
            status => format!("{host} answered {status}"),
        };
        let situation = Situation {
            status: answer.status,
            method: request.method.as_str(),
            path: request.url.path(),
            audience: request.audience,
            scope: self.0.cloud.scope(request.audience),
            retry_after: pause,
            attempts: tries,
        };
        let advice = advise(&situation, &reason);
        // 4xx is a refusal; behind anything else the request may have been carried out.
        let happened = match answer.status {
            408 => Happened::Perhaps,
            300..500 => Happened::No,
            _ if request.repeatable => Happened::No,
            _ => Happened::Perhaps,
        };
        Error::new(Kind::of_status(answer.status), what)
            .status_of(answer.status)
            .because(reason)
            .advised(advice)
            .after(pause)
            .answered(request_id(&answer.headers))
            .perhaps(happened)
    }
}

/// The headers of a request, with the token and the ids that travel along.
fn signed(request: &Request, scope: &Scope, token: &str) -> Result<HeaderMap> {
    let mut headers = request.headers.clone();
    let authorization = zeroize::Zeroizing::new(format!("Bearer {token}"));
    let mut authorization = HeaderValue::from_str(&authorization)
        .map_err(|_| Error::new(Kind::SignIn, "the token cannot be sent: it is no plain text"))?;
    authorization.set_sensitive(true);
    headers.insert("authorization", authorization);
    headers.insert("accept", HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&scope.correlation_id) {
        headers.insert("x-ms-correlation-request-id", id.clone());
        headers.insert("x-ms-client-request-id", id);
    }
    Ok(headers)
}

/// A new token may help: it was refused, not the tenant or what it is for.
fn renewable(error: &Error) -> bool {
    !error.reason().is_some_and(|reason| reason.has("InvalidAuthenticationTokenTenant"))
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-ms-request-id", "x-ms-correlation-request-id", "request-id"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok().map(str::to_owned))
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
