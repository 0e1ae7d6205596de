//! Queries of Resource Graph: what exists in all subscriptions, in one request.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, Error, Kind, Method, ResourceId, Result, Scope, Surface, Traffic};

/// A query of Resource Graph.
#[derive(Debug, Clone)]
pub struct GraphQuery {
    /// In its own dialect of KQL.
    pub text: String,
    /// Subscriptions to look at; none: all that are visible.
    pub subscriptions: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    data: Vec<Value>,
    #[serde(default, rename = "$skipToken")]
    skip_token: Option<String>,
    #[serde(default, rename = "resultTruncated")]
    truncated: Option<Value>,
}

/// Subscriptions that one request may name.
const SUBSCRIPTIONS: usize = 300;
/// Rows of a page.
const ROWS: usize = 1_000;

impl Client {
    /// All rows of a query.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn graph(&self, scope: &Scope, query: &GraphQuery) -> Result<Vec<Value>> {
        let mut rows = Vec::new();
        if query.subscriptions.is_empty() {
            self.graph_part(scope, &query.text, &[], &mut rows).await?;
        }
        for part in query.subscriptions.chunks(SUBSCRIPTIONS) {
            self.graph_part(scope, &query.text, part, &mut rows).await?;
        }
        Ok(rows)
    }

    async fn graph_part(
        &self,
        scope: &Scope,
        text: &str,
        subscriptions: &[String],
        rows: &mut Vec<Value>,
    ) -> Result<()> {
        let mut skip_token: Option<String> = None;
        loop {
            let mut options = json!({ "$top": ROWS, "resultFormat": "objectArray" });
            if let Some(token) = &skip_token {
                options["$skipToken"] = token.as_str().into();
            }
            let mut body = json!({ "query": text, "options": options });
            if !subscriptions.is_empty() {
                body["subscriptions"] = subscriptions.into();
            }
            let place = ResourceId::new("/providers/Microsoft.ResourceGraph/resources");
            let mut request =
                self.request(Method::Post, &place, Surface::ResourceGraph).body(body.to_string());
            request.traffic = Traffic::Graph;
            request.repeatable = true;
            let page: Page = self.send(scope, &request).await?.read()?;
            let count = page.data.len();
            rows.extend(page.data);
            let truncated = page.truncated.is_some_and(|value| value == "true" || value == true);
            match page.skip_token.filter(|token| !token.is_empty()) {
                Some(token) if Some(&token) != skip_token.as_ref() => skip_token = Some(token),
                None if truncated && count == ROWS => {
                    return Err(Error::new(
                        Kind::ServiceFailed,
                        "Resource Graph cut its answer and gave no way to the rest",
                    )
                    .remedy("The query has to name an 'id' column; please report it."));
                }
                _ => return Ok(()),
            }
        }
    }
}
