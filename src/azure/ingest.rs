//! Records sent to a data collection rule.

use serde_json::Value;

use super::{Audience, Client, Error, Kind, Result, Scope, Surface, Traffic};

/// Largest body of one request, bytes.
const MOST: usize = 1_000_000;

/// Where records go.
#[derive(Debug, Clone)]
pub struct IngestTarget {
    /// The endpoint of the rule, or of its data collection endpoint.
    pub endpoint: String,
    /// The rule's immutable id, `dcr-...`.
    pub rule: String,
    /// The declared stream, `Custom-...`.
    pub stream: String,
}

impl Client {
    /// Sends records, in as many parts as their size needs. Answers how many were accepted, which does not mean that they
    /// arrive in a table: a transform may drop them.
    ///
    /// # Errors
    /// Those of [`send`](Self::send), for the first part that fails; [`Kind::Refused`] for a record that is too large.
    pub async fn ingest(&self, scope: &Scope, target: &IngestTarget, records: &[Value]) -> Result<usize> {
        let url = format!(
            "{}/dataCollectionRules/{}/streams/{}",
            target.endpoint.trim_end_matches('/'),
            target.rule,
            target.stream
        );
        let url = reqwest::Url::parse(&url)
            .ok()
            .filter(|url| self.cloud().trusts(Audience::Ingestion, url))
            .ok_or_else(|| {
                Error::new(
                    Kind::Refused,
                    format!("{:?} is no ingestion endpoint of this cloud", target.endpoint),
                )
                .remedy("Take the endpoint that the rule itself names.")
            })?;
        let mut sent = 0;
        for part in parts(records)? {
            let request = self
                .data_request(Audience::Ingestion, Traffic::Ingest, url.clone(), &target.rule)
                .query("api-version", self.version(Surface::Ingestion))
                .body(part.0);
            self.send(scope, &request).await?;
            sent += part.1;
        }
        Ok(sent)
    }
}

/// Bodies below the limit, each with its number of records.
fn parts(records: &[Value]) -> Result<Vec<(String, usize)>> {
    let mut parts: Vec<(String, usize)> = Vec::new();
    for record in records {
        let text = record.to_string();
        if text.len() + 2 > MOST {
            return Err(Error::new(
                Kind::Refused,
                format!("a record of {} bytes is larger than a request may be", text.len()),
            )
            .remedy("Azure takes 1 MB a request and 64 KB a field."));
        }
        match parts.last_mut() {
            Some((body, count)) if body.len() + text.len() + 2 <= MOST => {
                body.push(',');
                body.push_str(&text);
                *count += 1;
            }
            _ => parts.push((format!("[{text}"), 1)),
        }
    }
    for (body, _) in &mut parts {
        body.push(']');
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_split_below_the_limit_and_none_is_lost() {
        let record = |size: usize| Value::String("x".repeat(size));
        let records: Vec<Value> = (0..7).map(|_| record(400_000)).collect();
        let parts = parts(&records).expect("fit");
        assert_eq!(parts.iter().map(|(_, count)| count).sum::<usize>(), 7);
        for (body, count) in &parts {
            assert!(body.len() <= MOST);
            let read: Vec<Value> = serde_json::from_str(body).expect("is JSON");
            assert_eq!(read.len(), *count);
        }
        assert!(super::parts(&[record(MOST)]).is_err());
        assert!(super::parts(&[]).expect("fit").is_empty());
    }
}
