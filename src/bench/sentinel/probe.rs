//! The part that runs in a measuring process: operations, natively and through a runspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use runspaced::sentinel::bridge::{self, Connection};
use runspaced::sentinel::{Call, Error, Item, Operation, Reading, Sentinel, module, operation};
use runspaced::{Engine, Invocation, Limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::content;
use crate::bench::{BenchError, machine::resident_bytes, samples::Samples};
use crate::loopback::Loopback;

/// The workspace that has most of everything.
pub(super) const WORKSPACE: &str = "law-contoso";
/// Time that one operation may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Time between two looks at the resident memory.
const LOOK: Duration = Duration::from_millis(1);

/// Work against a simulated Azure in another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SentinelProbe {
    pub(super) door: Loopback,
    pub(super) folder: PathBuf,
    pub(super) work: Work,
}

/// What is done.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// The details of one rule, again and again, after so many calls that do not count.
    Details { warm: usize, calls: usize },
    /// The same by the function of the PowerShell module, in a runspace.
    DetailsThrough { warm: usize, calls: usize },
    /// The health of everything.
    Health,
    /// All incidents of a workspace.
    Incidents,
    /// All content of the folder, in and out.
    Content,
}

/// The health of everything, once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HealthAnswer {
    pub(super) seconds: f64,
    pub(super) workspaces: usize,
    /// Workspaces by state.
    pub(super) states: BTreeMap<String, usize>,
    /// Workspaces that could not be checked.
    pub(super) failures: usize,
}

/// All incidents of a workspace.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct IncidentsAnswer {
    pub(super) seconds: f64,
    pub(super) incidents: usize,
    /// Resident bytes before, and most while it was read.
    pub(super) before: u64,
    pub(super) most: u64,
}

impl SentinelProbe {
    pub(crate) fn run(self) -> Result<String, BenchError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(BenchError::system("starting threads"))?;
        let sentinel = self.door.sentinel(&self.folder, PATIENCE).map_err(BenchError::Server)?;
        runtime.block_on(async {
            Ok(match self.work {
                Work::Details { warm, calls } => json(&details(&sentinel, warm, calls).await?)?,
                Work::DetailsThrough { warm, calls } => {
                    json(&details_through(&sentinel, &self.folder, warm, calls).await?)?
                }
                Work::Health => json(&health(&sentinel).await?)?,
                Work::Incidents => json(&incidents(&sentinel).await?)?,
                Work::Content => json(&content::compared(&sentinel, &self.folder.join("backups")).await?)?,
            })
        })
    }
}

fn json(answer: &impl Serialize) -> Result<String, BenchError> {
    Ok(serde_json::to_string(answer)?)
}

pub(super) fn refused(error: Error) -> BenchError {
    BenchError::Server(error.to_string())
}

/// An operation by any of its names.
pub(super) fn find(name: &str) -> Result<&'static Operation, BenchError> {
    operation(name).ok_or_else(|| BenchError::Server(format!("there is no operation {name}")))
}

pub(super) async fn read(sentinel: &Sentinel, name: &str, arguments: Value) -> Result<Reading, BenchError> {
    let arguments: Map<String, Value> = arguments.as_object().cloned().unwrap_or_default();
    sentinel.read(find(name)?, arguments, &Call::default()).await.map_err(refused)
}

/// The first row of a read.
async fn first(sentinel: &Sentinel, tool: &str, arguments: Value) -> Result<Value, BenchError> {
    let (rows, failures) = read(sentinel, tool, arguments).await?.collect_all().await.map_err(refused)?;
    match (rows.into_iter().next(), failures.into_iter().next()) {
        (_, Some(failure)) => Err(refused(failure.error)),
        (Some(row), None) => Ok(row),
        (None, None) => Err(BenchError::NoSamples("there is no rule")),
    }
}

/// A scheduled rule's id.
async fn one_rule(sentinel: &Sentinel) -> Result<Value, BenchError> {
    let rules = json!({"workspace_name": [WORKSPACE], "kind": ["Scheduled"]});
    Ok(first(sentinel, "get_analytics_rules", rules).await?["RuleId"].take())
}

/// Times calls that answer a rule's details, one after the other.
async fn timed(
    rule: &Value,
    warm: usize,
    calls: usize,
    mut call: impl AsyncFnMut() -> Result<Value, BenchError>,
) -> Result<Samples, BenchError> {
    let mut samples = Samples::with_capacity(calls);
    for number in 0..warm + calls {
        let began = Instant::now();
        let shown = call().await?;
        let took = began.elapsed();
        if shown["RuleId"] != *rule {
            return Err(BenchError::Server("another rule came".to_owned()));
        }
        if number >= warm {
            samples.push(took);
        }
    }
    Ok(samples)
}

async fn details(sentinel: &Sentinel, warm: usize, calls: usize) -> Result<Samples, BenchError> {
    let rule = one_rule(sentinel).await?;
    let one = json!({"workspace_name": [WORKSPACE], "rule_id": rule});
    timed(&rule, warm, calls, async || first(sentinel, "get_analytics_rule_details", one.clone()).await).await
}

async fn details_through(
    sentinel: &Sentinel,
    folder: &Path,
    warm: usize,
    calls: usize,
) -> Result<Samples, BenchError> {
    let rule = one_rule(sentinel).await?;
    let module = module::unpack(folder).map_err(BenchError::system("unpacking the module"))?;
    let module = module.join(module::NAME).to_string_lossy().into_owned();
    let connected = sentinel.clone();
    let connection = Arc::new(Connection::new(move || Ok(connected.clone())));
    let mut limits = Limits::default();
    (limits.depth, limits.string_chars) = (Limits::MAX_DEPTH, 1 << 20);
    // While a slot waits for the operation, the pool opens another for whoever else may call; with room for one only, it would
    // be closed and opened at every call.
    let builder = Engine::builder().max_slots(4).module(module).limits(limits);
    let engine = bridge::configure(builder, connection).build()?;
    let call = Invocation::command("Get-AnalyticsRuleDetails")
        .arg("WorkspaceName", WORKSPACE)
        .arg("RuleId", rule.clone());
    timed(&rule, warm, calls, async || {
        // Waited for as in the measurements of the engine.
        let shown: Vec<Value> = engine.blocking().invoke(call.clone())?.rows()?;
        shown.into_iter().next().ok_or(BenchError::NoSamples("there is no rule"))
    })
    .await
}

async fn health(sentinel: &Sentinel) -> Result<HealthAnswer, BenchError> {
    let began = Instant::now();
    let checked = read(sentinel, "sentinel_health_check", json!({})).await?;
    let (rows, failures) = checked.collect_all().await.map_err(refused)?;
    let seconds = began.elapsed().as_secs_f64();
    let mut states = BTreeMap::new();
    for row in &rows {
        *states.entry(row["State"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    Ok(HealthAnswer { seconds, workspaces: rows.len(), states, failures: failures.len() })
}

async fn incidents(sentinel: &Sentinel) -> Result<IncidentsAnswer, BenchError> {
    // Whatever is made once, such as the connection, the token and the inventory, is there before.
    first(sentinel, "get_sentinel_incidents", json!({"workspace_name": [WORKSPACE], "top": 1})).await?;
    let unknown = || BenchError::NoSamples("this system does not say what is resident");
    let before = resident_bytes().ok_or_else(unknown)?;
    let most = Watch::begin();
    let began = Instant::now();
    let mut reading =
        read(sentinel, "get_sentinel_incidents", json!({"workspace_name": [WORKSPACE], "top": 0})).await?;
    let mut incidents = 0;
    while let Some(item) = reading.next().await {
        match item {
            Item::Row(_) => incidents += 1,
            Item::Failure(failure) => return Err(refused(failure.error)),
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(IncidentsAnswer { seconds, incidents, before, most: most.end().max(before) })
}

/// Looks at the resident memory until it is asked for the most.
struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Watch {
    fn begin() -> Self {
        let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, ended) = (Arc::clone(&most), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                seen.fetch_max(resident_bytes().unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(LOOK);
            }
        });
        Self { most, over, thread }
    }

    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        // A thread that only looks does not panic; if it did, what it saw counts.
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed).max(resident_bytes().unwrap_or(0))
    }
}
