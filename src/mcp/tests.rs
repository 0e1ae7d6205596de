//! The protocol over real pipes, with a scripted executor in place of PowerShell.

mod calls;
mod client;
mod ending;
mod first_list;
mod opening;
mod policy;
mod replacement;
mod schedules;
mod script;

use std::{
    fs::File,
    io::{self, BufRead as _, Write as _},
    os::fd::OwnedFd,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

pub(super) use client::Client;
use client::*;
use script::*;

use super::{
    call::{Done, Executor, Job, JobEvent, LogLevel, Running},
    completions::Guess,
    dispatch::CallLimits,
    handover::StdioState,
    parts::{Core, Health, Parts},
    progress::ProgressRecord,
    question::{Question, tests::question},
    routes::Routes,
    service::Extras,
    shutdown::{Cause, End, Patience},
    stdio::serve,
};
use crate::{
    Error, Replacement,
    catalog::{Catalog, CatalogFeed, CatalogState, Exposure, Target, ToolSearch, test_command, test_native},
    policy::{Mode, Policy},
};

/// Long enough for a loaded machine; only a hang takes it.
pub(super) const HANG: Duration = Duration::from_secs(20);

fn text_of(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}
