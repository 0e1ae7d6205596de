//! What was read a moment ago and is held.

use serde_json::json;

use super::rows::Rows;
use crate::{
    Output,
    mcp::{call::Done, remark::Remark},
    sentinel::Sentinel,
};

/// How the cache does, a row for each kind of list.
pub(super) async fn status(sentinel: &Sentinel) -> Done {
    let kinds = sentinel.cache_status().await;
    Rows::of(kinds.iter().map(|kind| json!(kind))).into_output().into()
}

/// Forgets everything.
pub(super) async fn clear(sentinel: &Sentinel) -> Done {
    sentinel.clear_cache().await;
    let before = "Everything that was read is forgotten; the next reads ask Azure.".to_owned();
    let remark = Remark { before, ..Remark::default() };
    Done { output: Output::default(), remark: Some(Box::new(remark)) }
}
