//! Output as it comes.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use serde_json::value::RawValue;

use super::{
    call::{Call, CancelHandle},
    output::{self, Output, Record},
};
use crate::{error::Result, host::message::RawRecord};

/// The records of a call, output values included, in the order of the script and as they are written. A consumer
/// that is slow slows the script: at most 64 records wait. Dropping the stream cancels the call.
///
/// An error of the call is the last item. After the end, [`summary`](Self::summary) has the rest of the result.
#[must_use = "dropping a stream cancels its call"]
pub struct OutputStream {
    call: Call,
    end: End,
}

enum End {
    Records,
    Answer,
    Over(Option<Box<Output>>),
}

impl OutputStream {
    pub(super) fn new(call: Call) -> Self {
        Self { call, end: End::Records }
    }

    /// A handle that cancels the call.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.call.cancel_handle()
    }

    /// Exit codes, drop counters and timings, once the stream has ended without an error. Its output is empty: that came
    /// through the stream.
    pub fn summary(&self) -> Option<&Output> {
        match &self.end {
            End::Over(output) => output.as_deref(),
            _ => None,
        }
    }

    /// The next record; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Record>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The next record as the JSON text that PowerShell's side wrote, in which numbers have all their digits; `None` at the
    /// end.
    pub async fn next_json(&mut self) -> Option<Result<(output::Stream, Box<RawValue>)>> {
        let record = std::future::poll_fn(|context| self.poll_raw(context)).await?;
        Some(record.map(|record| (record.stream, record.data)))
    }

    fn poll_raw(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RawRecord>>> {
        loop {
            match self.end {
                End::Over(_) => return Poll::Ready(None),
                // The channel closes with the answer, and all records are in it by then.
                End::Records => match self.call.poll_record(context) {
                    Poll::Ready(Some(record)) => return Poll::Ready(Some(Ok(record))),
                    Poll::Ready(None) => self.end = End::Answer,
                    Poll::Pending => return Poll::Pending,
                },
                End::Answer => match self.call.poll_answer(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(output)) => self.end = End::Over(Some(Box::new(output))),
                    Poll::Ready(Err(error)) => {
                        self.end = End::Over(None);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}

impl Stream for OutputStream {
    type Item = Result<Record>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_raw(context).map(|item| item.map(|record| record.map(|record| Record::from_raw(&record))))
    }
}
