//! Too much, too large, too long.

use super::{Advice, Mover, Situation};
use crate::azure::Reason;
use crate::azure::cloud::Audience;

pub(super) fn advise(situation: &Situation<'_>, reason: &Reason) -> Option<Advice> {
    if situation.status == 429 || reason.has("TooManyRequests") || reason.has("ThrottledError") {
        let wait = situation.retry_after.map_or(60, |pause| pause.as_secs().max(1));
        let more = if situation.audience == Audience::Logs {
            " Queries run five at once, 200 in 30 s, over all workspaces of an identity."
        } else {
            ""
        };
        return Advice::new(
            27,
            Mover::Time,
            format!(
                "Azure asks to wait {wait} s; it was tried {} times.{more} Other programs that use the same identity count too.",
                situation.attempts.max(1)
            ),
        );
    }
    if situation.audience == Audience::Ingestion {
        if situation.status == 413 {
            return Advice::new(
                31,
                Mover::Program,
                "More than 1 MB was sent at once. Records are sent in parts: if it is not one record of that size, please report it.",
            );
        }
        if situation.status == 404 {
            return Advice::new(
                30,
                Mover::Caller,
                "The rule has no such stream, or the endpoint is another rule's: the stream is the declared name (Custom-...), the endpoint that of \
                 the rule or of its data collection endpoint.",
            );
        }
    }
    None
}
