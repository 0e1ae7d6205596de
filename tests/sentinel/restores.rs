//! Faults at every request of a restore of everything: each object is changed once or not at all, the journal says which,
//! and the restore goes on where it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use runspaced::sentinel::{Journal, State};
use runspaced::simulator::{ConnectionDrop, FaultRule, Simulator, Surface, app};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::backups::{backup, compares_equal};
use super::content::copy;
use super::imports::{empty, import};
use super::setting::{Setting, WORKSPACE};

const RESTORE: &str = "Restore-SentinelWorkspace";
/// Into so many parts the requests that write and those that read are divided; those of a part break in one restore.
const PARTS: (usize, usize) = (6, 3);
/// Restores that are tried at once: each has an Azure of its own.
const AT_ONCE: usize = 3;

/// A request of a restore: the nth with this method and path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    method: String,
    path: String,
    nth: u64,
}

impl Asked {
    fn writes(&self) -> bool {
        self.method != "GET"
    }

    fn name(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.nth)
    }

    fn fault(&self, drop: ConnectionDrop) -> FaultRule {
        let mut rule = FaultRule::default();
        rule.name = self.name();
        rule.surface = Some(Surface::Arm);
        rule.method = Some(self.method.clone());
        rule.path = Some(self.path.clone());
        rule.nth = vec![self.nth];
        rule.drop = Some(drop);
        rule
    }
}

/// The same Azure every time.
async fn azure() -> Setting {
    let azure = Simulator::builder().incidents(5).polls(1).page_size(50).without_limits();
    Setting::of(azure, app::CONTRIBUTOR).await
}

/// A backup of everything, a watchlist among it whose items are sent one by one.
async fn whole() -> (Setting, String) {
    let setting = azure().await;
    let folder = setting.backups().join("ports");
    std::fs::create_dir_all(&folder).expect("is made");
    let about = json!({"watchlistAlias": "Ports", "displayName": "Ports", "provider": "Custom", "itemsSearchKey": "Name"});
    std::fs::write(folder.join("watchlist.json"), about.to_string()).expect("is written");
    let items =
        json!([{"Name": "ssh", "Port": 22}, {"Name": "rdp", "Port": 3389}, {"Name": "web", "Port": 443}]);
    std::fs::write(folder.join("data.json"), items.to_string()).expect("is written");
    import(&setting, "Import-Watchlists", json!({"workspace_name": WORKSPACE, "path": "ports"})).await;
    let path = backup(&setting, json!({"workspace_name": WORKSPACE, "backup_path": "whole"})).await;
    (setting, path)
}

fn given(path: &str) -> Value {
    empty(json!({"path": path, "move_associations": true}))
}

/// The requests of a restore that nothing happens to.
async fn requests(kept: &Path, path: &str) -> Vec<Asked> {
    let setting = azure().await;
    copy(kept, &setting.backups());
    let plan = setting.plan(RESTORE, given(path)).await.expect("plans");
    setting.azure.clear_journal();
    let applied = setting.apply(RESTORE, given(path), &plan).await.expect("applies");
    assert_eq!(applied.state, State::Applied, "{:?}", applied.outcomes);
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut requests = Vec::new();
    for entry in setting.azure.journal().into_iter().filter(|entry| entry.surface == Surface::Arm) {
        // Operations have numbers in the order in which they happen to begin.
        let path = match entry.path.find("/operation") {
            Some(at) => format!("{}/operation*", &entry.path[..at]),
            None => entry.path,
        };
        let nth = counts.entry((entry.method.clone(), path.clone())).or_default();
        *nth += 1;
        requests.push(Asked { method: entry.method, path, nth: *nth });
    }
    requests
}

/// What is stored, by id in lower case, without what Azure sets by itself.
fn stored(setting: &Setting) -> BTreeMap<String, Value> {
    let resources = setting.azure.resources("/subscriptions").into_iter();
    resources
        .map(|mut object| {
            let id = object["id"].as_str().expect("has one").to_ascii_lowercase();
            for name in ["etag", "systemData"] {
                object.as_object_mut().map(|fields| fields.remove(name));
            }
            if let Some(properties) = object["properties"].as_object_mut() {
                properties.shift_remove("provisioningState");
            }
            (id, object)
        })
        .collect()
}

/// An object and what belongs to it.
fn part<'a>(stored: &'a BTreeMap<String, Value>, id: &str) -> Vec<(&'a String, &'a Value)> {
    let id = id.to_ascii_lowercase();
    let within = format!("{id}/");
    stored.iter().filter(|(own, _)| **own == id || own.starts_with(&within)).collect()
}

/// Restores while these requests break, says which of them did, and brings the restore to its end.
async fn broken(kept: &Path, path: &str, drop: ConnectionDrop, chosen: &[Asked]) -> BTreeSet<String> {
    let context = format!("{drop:?} at {:?} and others", chosen.first().map(Asked::name));
    let setting = azure().await;
    copy(kept, &setting.backups());
    let plan = setting.plan(RESTORE, given(path)).await.expect("plans");
    let before = stored(&setting);
    setting.azure.clear_journal();
    setting.azure.set_faults(chosen.iter().map(|asked| asked.fault(drop)).collect()).expect("are fine");
    let applied = setting.apply(RESTORE, given(path), &plan).await;
    let met = setting.azure.journal().into_iter().filter_map(|entry| entry.fault).collect();
    setting.azure.set_faults(Vec::new()).expect("are fine");
    let after = stored(&setting);
    let applied = applied.unwrap_or_else(|error| panic!("{context}: {error:?}"));

    let writes = setting.writes();
    let once: BTreeSet<&String> = writes.iter().collect();
    assert_eq!(once.len(), writes.len(), "{context}: sent twice: {writes:?}");
    // As another process would read it.
    let journal = Journal::new(setting.folder.path().join("journal"));
    let entry = journal.read(applied.journal.as_deref().expect("is recorded")).expect("is read");
    assert_eq!(entry.changes.len(), applied.outcomes.len(), "{context}");
    let mut missing = BTreeSet::new();
    for (recorded, outcome) in entry.changes.iter().zip(&applied.outcomes) {
        assert_eq!(recorded.state, outcome.state, "{context}: {outcome:?}");
        let changed = part(&before, &outcome.id) != part(&after, &outcome.id);
        match outcome.state {
            State::Applied => {
                assert!(changed, "{context}: said to be applied, and nothing changed: {outcome:?}")
            }
            State::NotApplied => {
                assert!(!changed, "{context}: said not to be applied, and something changed: {outcome:?}");
                missing.insert(outcome.id.to_ascii_lowercase());
            }
            other => panic!("{context}: {other:?}: {outcome:?}"),
        }
    }

    // Again: what is missing, and nothing else.
    let (plan, rest) = setting.done(RESTORE, given(path)).await;
    let left: BTreeSet<String> =
        plan.changes.iter().map(|change| change.id.as_str().to_ascii_lowercase()).collect();
    let other: Vec<&String> = left.symmetric_difference(&missing).collect();
    assert!(other.is_empty(), "{context}: planned or missing, not both: {other:#?}");
    assert!(plan.cannot.is_empty(), "{context}: {plan}");
    assert!(rest.outcomes.iter().all(|outcome| outcome.state == State::Applied), "{context}: {rest:?}");
    let end = stored(&setting);
    for outcome in applied.outcomes.iter().filter(|outcome| outcome.state == State::Applied) {
        // Items that come later belong to their watchlist.
        if !missing.iter().any(|id| id.starts_with(&outcome.id.to_ascii_lowercase())) {
            assert_eq!(part(&after, &outcome.id), part(&end, &outcome.id), "{context}: changed twice");
        }
    }
    compares_equal(&setting, path).await;
    met
}

pub async fn each_object_is_changed_once_or_not_at_all_wherever_it_breaks() {
    let (first, path) = whole().await;
    let (kept, path) = (Arc::new(first.backups()), Arc::new(path));
    let requests = requests(&kept, &path).await;
    // Every kind of content is written, and operations are waited for.
    for kind in [
        "/tables/",
        "/dataCollectionRules/",
        "/dataCollectionEndpoints/",
        "/dataCollectionRuleAssociations/",
        "/watchlists/",
        "/watchlistItems/",
        "/alertRules/",
        "/automationRules/",
        "/savedSearches/",
        "/workbooks/",
        "/summaryLogs/",
        "/settings/",
    ] {
        let written = |asked: &Asked| asked.writes() && asked.path.contains(kind);
        assert!(requests.iter().any(written), "{kind}: {requests:#?}");
    }
    assert!(requests.iter().any(|asked| asked.path.ends_with("/operation*")));

    let (writes, reads): (Vec<Asked>, Vec<Asked>) = requests.iter().cloned().partition(Asked::writes);
    let parts: Vec<Vec<Asked>> = [(writes, PARTS.0), (reads, PARTS.1)]
        .iter()
        .flat_map(|(all, parts)| {
            (0..*parts).map(move |part| all.iter().skip(part).step_by(*parts).cloned().collect())
        })
        .collect();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for drop in [ConnectionDrop::Before, ConnectionDrop::FirstByte, ConnectionDrop::After] {
        let mut running = JoinSet::new();
        for part in parts.clone() {
            let (kept, path, places) = (kept.clone(), path.clone(), places.clone());
            running.spawn(async move {
                let _place = places.acquire_owned().await;
                broken(&kept, &path, drop, &part).await
            });
        }
        let met: BTreeSet<String> = running.join_all().await.into_iter().flatten().collect();
        let unmet: Vec<String> =
            requests.iter().map(Asked::name).filter(|name| !met.contains(name)).collect();
        assert!(unmet.is_empty(), "{drop:?}: {unmet:#?}");
        println!("{drop:?}: {} requests", met.len());
    }
}
