//! One query over many workspaces: a request a hundred, and each workspace has its own rows and its own failure.

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value};

use super::target::Target;
use super::{Error, Result};
use crate::azure::{Kind, LogsQuery};

/// Workspaces that one query may be about.
pub(crate) const MOST: usize = 100;

/// The rows of one workspace, or why there are none.
pub(crate) type Own = Result<Vec<Map<String, Value>>>;

/// Runs a query over all targets and gives each its rows, in the order of the targets. The query keeps the column `TenantId`:
/// in tables of Log Analytics it is the workspace's own id. `most` workspaces go into one request.
///
/// Azure refuses a query as a whole if it refuses one of its workspaces. The halves are asked then, until the workspaces
/// that are refused stand alone.
pub(crate) async fn query(targets: &[Target], text: &str, timespan: &str, most: usize) -> Vec<Own> {
    let mut answers: Vec<Own> = targets.iter().map(|_| Ok(Vec::new())).collect();
    let mut identities: Vec<Vec<usize>> = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        match identities
            .iter_mut()
            .find(|group| targets[group[0]].workspace.account == target.workspace.account)
        {
            Some(group) => group.push(index),
            None => identities.push(vec![index]),
        }
    }
    let asked = |group: Vec<usize>| async move {
        let answer = ask(targets, &group, text, timespan).await;
        (group, answer)
    };
    let mut running: FuturesUnordered<_> = identities
        .iter()
        .flat_map(|group| group.chunks(most.clamp(1, MOST)))
        .map(|group| asked(group.to_vec()))
        .collect();
    while let Some((group, answer)) = running.next().await {
        match answer {
            Ok(rows) => hand_out(targets, &group, rows, &mut answers),
            Err(error) if group.len() > 1 && is_about_one(&error) => {
                let (left, right) = group.split_at(group.len() / 2);
                running.push(asked(left.to_vec()));
                running.push(asked(right.to_vec()));
            }
            Err(error) => {
                for index in group {
                    answers[index] = Err(error.clone());
                }
            }
        }
    }
    answers
}

/// The refusal may be of a single workspace.
fn is_about_one(error: &Error) -> bool {
    matches!(error, Error::Azure(error) if matches!(error.kind(), Kind::Forbidden | Kind::NotFound))
}

async fn ask(
    targets: &[Target],
    group: &[usize],
    text: &str,
    timespan: &str,
) -> Result<Vec<Map<String, Value>>> {
    let first = &targets[group[0]];
    let customer = |index: &usize| targets[*index].workspace.customer_id.clone();
    let mut query = LogsQuery::new(&first.workspace.customer_id, text, Some(timespan.to_owned()));
    query.more_workspaces = group[1..].iter().map(customer).collect();
    let answer = first.client.query_logs(&first.scope, &query).await?;
    match answer.partial {
        // Half of the rows would pass for all of them.
        Some((reason, advice)) => Err(crate::azure::Error::new(
            Kind::ServiceFailed,
            "the rows are not all: Log Analytics reported an error beside them",
        )
        .because(reason)
        .advised(advice)
        .into()),
        None => Ok(answer.table.objects().collect()),
    }
}

fn hand_out(targets: &[Target], group: &[usize], rows: Vec<Map<String, Value>>, answers: &mut [Own]) {
    let owners: HashMap<String, usize> = group
        .iter()
        .map(|index| (targets[*index].workspace.customer_id.to_ascii_lowercase(), *index))
        .collect();
    for row in rows {
        let owner = row.get("TenantId").and_then(Value::as_str).map(str::to_ascii_lowercase);
        // With one workspace there is no question whose rows they are.
        let index = match group {
            [only] => Some(*only),
            _ => owner.and_then(|owner| owners.get(&owner).copied()),
        };
        if let Some(Ok(own)) = index.map(|index| &mut answers[index]) {
            own.push(row);
        }
    }
}
