//! Time spans of queries: ISO 8601 durations and intervals.

use jiff::Timestamp;

use crate::simulator::arm::iso_duration;

/// Reads a span. A duration ends now.
pub(super) fn parse(text: &str, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    match text.split_once('/') {
        None => Some((now.checked_sub(iso_duration(text)?).ok()?, now)),
        Some((start, end)) => match (time(start), time(end)) {
            (Some(start), Some(end)) => Some((start, end)),
            (Some(start), None) => Some((start, start.checked_add(iso_duration(end)?).ok()?)),
            (None, Some(end)) => Some((end.checked_sub(iso_duration(start)?).ok()?, end)),
            (None, None) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_intervals_are_read() {
        let now: Timestamp = "2026-03-02T00:00:00Z".parse().expect("is a time");
        let day = Some(("2026-03-01T00:00:00Z".parse().expect("is a time"), now));
        for text in [
            "P1D",
            "PT24H",
            "2026-03-01T00:00:00Z/2026-03-02T00:00:00Z",
            "2026-03-01T00:00:00Z/P1D",
            "P1D/2026-03-02T00:00:00Z",
        ] {
            assert_eq!(parse(text, now), day, "{text}");
        }
        assert_eq!(parse("yesterday", now), None);
        assert_eq!(parse("P1D/P1D", now), None);
    }
}
