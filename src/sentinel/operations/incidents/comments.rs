//! Comments of incidents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::change::label;
use crate::azure::Surface;
use crate::sentinel::definition::{Read, Rows, Write};
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// Most comments of an incident.
const MOST: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Add {
    /// The incident's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    incident_id: Option<String>,
    /// The incident's number
    #[schemars(extend("x-aliases" = ["Number"]))]
    incident_number: Option<i64>,
    /// The comment
    #[schemars(extend("x-aliases" = ["Comment"]), length(min = 1, max = 30000))]
    message: String,
    /// The comment's id, a GUID; the same id twice is one comment
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"))]
    comment_id: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct List {
    /// The incident's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    incident_id: Option<String>,
    /// The incident's number
    #[schemars(extend("x-aliases" = ["Number"]))]
    incident_number: Option<i64>,
    /// How many at most
    #[schemars(range(min = 1, max = 100))]
    top: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CommentRow {
    /// When it was written
    created_time_utc: Option<String>,
    /// Who wrote it
    author: Option<String>,
    /// What it says
    message: String,
    /// The comment's id within the incident
    comment_id: String,
    /// Etag of this state of it
    etag: Option<String>,
    /// The resource id
    id: String,
}

fn row(comment: &Object) -> CommentRow {
    CommentRow {
        created_time_utc: comment.text("/properties/createdTimeUtc"),
        author: ["userPrincipalName", "name", "email"].into_iter().find_map(|name| {
            comment.text(&format!("/properties/author/{name}")).filter(|author| !author.is_empty())
        }),
        message: comment.text("/properties/message").unwrap_or_default(),
        comment_id: comment.name(),
        etag: comment.etag(),
        id: comment.id(),
    }
}

pub(super) fn row_value(comment: &Object) -> Value {
    serde_json::to_value(row(comment)).unwrap_or_default()
}

impl Read for List {
    type Row = CommentRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let incident =
                Object::of(&super::one(&target, self.incident_id.as_ref(), self.incident_number).await?)?;
            let place = target.sentinel(&["incidents", &incident.name(), "comments"]);
            let comments =
                target.client.list(&target.scope, target.get(&place, Surface::SecurityInsights)).await?;
            comments
                .iter()
                .take(self.top.unwrap_or(usize::MAX))
                .map(|raw| target.row(row(&Object::of(raw)?), raw))
                .collect()
        })
    }
}

impl Write for Add {
    async fn plan(self, target: Target) -> Result<Draft> {
        let incident =
            Object::of(&super::one(&target, self.incident_id.as_ref(), self.incident_number).await?)?;
        let name = label(&incident);
        let place = target.sentinel(&["incidents", &incident.name(), "comments"]);
        let comments =
            target.client.list(&target.scope, target.get(&place, Surface::SecurityInsights)).await?;
        let mut ids = Vec::with_capacity(comments.len());
        for raw in &comments {
            ids.push(Object::of(raw)?.name());
        }
        if let Some(id) = &self.comment_id
            && ids.iter().any(|known| known.eq_ignore_ascii_case(id))
        {
            return Ok(Draft { unchanged: vec![format!("the comment {id} of {name}")], ..Draft::default() });
        }
        if comments.len() >= MOST {
            return Err(Error::declined(
                format!("{name} has {MOST} comments, which is all that Azure takes"),
                "Write into the description, or into another incident.",
            ));
        }
        ids.sort_unstable();
        // The same words once more, after they were added, are another comment.
        let id = self
            .comment_id
            .clone()
            .unwrap_or_else(|| target.fresh_id(&[&incident.name(), &self.message, &ids.join(",")]));
        let body = json!({ "properties": { "message": self.message } });
        let change = Change::create(
            place.child(&[&id]),
            Surface::SecurityInsights,
            format!("comment on {name}"),
            &body,
        );
        Ok(Draft::of(change.titled(format!("add a comment to {name}"))))
    }
}
