//! A fault at every request of every write: the object is changed once or not at all, and the journal says which.

use runspaced::sentinel::{Call, State, operation};
use runspaced::simulator::{ConnectionDrop, FaultRule, Simulator, app};

use super::setting::{Setting, map};
use super::writes::{cases, object};

/// More requests than any of these writes has.
const MOST: u64 = 25;
/// Operations that are tried at once: each of its faults has an Azure of its own.
const AT_ONCE: usize = 3;

pub async fn every_write_takes_place_once_or_not_at_all_whatever_breaks() {
    let names: Vec<&str> = cases(&small().await).await.into_iter().map(|(name, _)| name).collect();
    let mut running = tokio::task::JoinSet::new();
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    for name in names {
        let places = places.clone();
        running.spawn(async move {
            let _place = places.acquire_owned().await;
            let mut tried = 0;
            for drop in [ConnectionDrop::Before, ConnectionDrop::FirstByte, ConnectionDrop::After] {
                for nth in 1..=MOST {
                    if !one(name, drop, nth).await {
                        break;
                    }
                    tried += 1;
                }
            }
            tried
        });
    }
    let tried: u64 = running.join_all().await.into_iter().sum();
    assert!(tried > 60, "{tried} faults");
}

/// As little content as the writes need.
async fn small() -> Setting {
    Setting::of(Simulator::builder().incidents(40), app::CONTRIBUTOR).await
}

/// True if there was an nth request for the fault to meet.
async fn one(name: &'static str, drop: ConnectionDrop, nth: u64) -> bool {
    let context = format!("{name}, {drop:?} at request {nth}");
    let setting = small().await;
    let (_, arguments) = cases(&setting).await.into_iter().find(|(own, _)| *own == name).expect("is there");
    let plan =
        setting.plan(name, arguments.clone()).await.unwrap_or_else(|error| panic!("{context}: {error:?}"));
    let place = plan.changes[0].id.to_string();
    let before = object(&setting, &place);
    setting.azure.clear_journal();
    let mut rule = FaultRule::default();
    rule.name = "break".to_owned();
    rule.nth = vec![nth];
    rule.drop = Some(drop);
    setting.azure.set_faults(vec![rule]).expect("is fine");
    let call = Call::default();
    let operation = operation(name).expect("is there");
    let outcome =
        setting.sentinel.apply(operation, map(arguments), &plan.digest, plan.confirm.as_deref(), &call).await;
    let met = setting.azure.journal().iter().any(|entry| entry.fault.as_deref() == Some("break"));
    setting.azure.set_faults(Vec::new()).expect("is fine");

    let writes = setting.writes();
    assert!(writes.len() <= 1, "{context}: sent more than once: {writes:?}");
    let changed = object(&setting, &place) != before;
    match outcome {
        Ok(applied) => {
            let entry = setting
                .sentinel
                .journal()
                .read(applied.journal.as_deref().expect("is recorded"))
                .expect("is read");
            assert_eq!(entry.state(), applied.state, "{context}");
            match applied.state {
                State::Applied => assert!(changed, "{context}: said to be applied, and nothing changed"),
                State::NotApplied => {
                    assert!(!changed, "{context}: said not to be applied, and something changed")
                }
                other => panic!("{context}: {other:?}: {:?}", applied.outcomes),
            }
        }
        Err(error) => {
            assert!(!changed && writes.is_empty(), "{context}: {error:?}");
        }
    }
    met
}
