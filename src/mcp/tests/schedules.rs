//! Calls and cancels in any order: each call has at most one answer, and it is its own.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What a client does.
#[derive(Debug, Clone)]
enum Step {
    /// Calls with this id; the answer takes so many milliseconds.
    Call(i64, u64),
    /// Cancels whatever has this id, if anything.
    Cancel(i64),
    /// Waits so many milliseconds.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0i64..4, 0u64..8).prop_map(|(id, ms)| Step::Call(id, ms)),
        3 => (0i64..5).prop_map(Step::Cancel),
        1 => (1u64..6).prop_map(Step::Wait),
    ]
}

/// What a client sent and got under one id.
#[derive(Debug, Default)]
struct History {
    calls: Vec<u64>,
    cancels: usize,
    results: Vec<u64>,
    refusals: usize,
}

fn play(steps: &[Step]) -> BTreeMap<i64, History> {
    let mut client = Client::connected();
    let mut histories: BTreeMap<i64, History> = BTreeMap::new();
    let mut serial = 0;
    for step in steps {
        match step {
            Step::Call(id, ms) => {
                serial += 1;
                histories.entry(*id).or_default().calls.push(serial);
                client.call(*id, "get_echo", json!({"Text": format!("after {ms} ms: {serial}")}));
            }
            Step::Cancel(id) => {
                histories.entry(*id).or_default().cancels += 1;
                client.send(json!({"method": "notifications/cancelled", "params": {"requestId": id}}));
            }
            Step::Wait(ms) => std::thread::sleep(Duration::from_millis(*ms)),
        }
    }
    // With this answer all calls have begun; when none runs, their answers are before the second one.
    for last in ["begun", "over"] {
        if last == "over" {
            client.wait_for_running(0);
            std::thread::sleep(Duration::from_millis(20));
        }
        client.send(json!({"id": last, "method": "ping"}));
        take_answers(&client, last, &mut histories);
    }
    assert_eq!(client.end(), Cause::EndOfInput);
    histories
}

/// Takes what comes before the answer to the request of that id.
fn take_answers(client: &Client, last: &str, histories: &mut BTreeMap<i64, History>) {
    loop {
        let answer = client.receive();
        if answer["id"] == last {
            return;
        }
        let history = histories.entry(answer["id"].as_i64().expect("a number")).or_default();
        match answer["result"]["structuredContent"]["values"][0]["Text"].as_str() {
            Some(text) => {
                let serial = text.rsplit(' ').next().and_then(|serial| serial.parse().ok());
                history.results.push(serial.unwrap_or_else(|| panic!("{answer}")));
            }
            None => {
                assert_eq!(answer["error"]["code"], -32600, "{answer}");
                history.refusals += 1;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn every_call_has_its_own_answer_and_no_other(steps in proptest::collection::vec(step(), 1..40)) {
        for (id, history) in play(&steps) {
            let History { calls, cancels, results, refusals } = &history;
            prop_assert!(results.windows(2).all(|pair| pair[0] < pair[1]), "{id}: out of order or twice: {history:?}");
            prop_assert!(results.iter().all(|result| calls.contains(result)), "{id}: somebody else's: {history:?}");
            let answers = results.len() + refusals;
            prop_assert!(answers <= calls.len(), "{id}: {history:?}");
            prop_assert!(answers + cancels >= calls.len(), "{id}: an answer was lost: {history:?}");
        }
    }
}
