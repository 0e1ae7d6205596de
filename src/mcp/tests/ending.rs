//! How a conversation ends, and clients that do not read.

use super::*;

#[test]
fn end_of_input_cancels_what_runs() {
    let mut client = Client::connected();
    client.call(1, "wait_long", json!({}));
    client.wait_for_running(1);
    let script = Arc::clone(&client.script);
    assert_eq!(client.end(), Cause::EndOfInput);
    assert_eq!(script.running.load(Ordering::SeqCst), 0);
}

#[test]
fn end_of_input_before_anything_is_an_end_as_well() {
    assert_eq!(Client::new().end(), Cause::EndOfInput);
}

#[test]
fn answers_that_are_ready_reach_a_client_that_only_closed_its_input() {
    let patience = Patience { end_of_input: HANG, ..Patience::default() };
    let state = CatalogState::Ready(Arc::new(catalog()));
    let mut client = Client::patient(limits(), patience, state);
    client.initialize();
    let calls: Vec<String> = (0..4)
        .map(|id| {
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "get_echo"}})
                .to_string()
        })
        .collect();
    // In one piece, so that the end is read together with the calls.
    client.send_text(&calls.join("\n"));
    client.input = None;
    let answers: Vec<Value> = (0..4).map(|_| client.receive()).collect();
    assert!(answers.iter().all(|answer| answer["result"]["isError"] == false), "{answers:?}");
    assert_eq!(client.join(), Cause::EndOfInput);
}

#[test]
fn client_that_closed_its_output_ends_the_server() {
    let (input, to_server) = io::pipe().expect("a pipe");
    let (from_server, output) = io::pipe().expect("a pipe");
    drop(from_server);
    let mut to_server = to_server;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    to_server.write_all(format!("{message}\n").as_bytes()).expect("written");
    let streams = (File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let catalog = CatalogFeed::from(watch::Sender::new(CatalogState::Ready(Arc::new(catalog()))));
    let executor = Arc::new(Scripted(Arc::default()));
    let parts = healthy(executor, catalog, CallLimits { calls: 1, ..limits() });
    let end = runtime.block_on(async {
        let serving = serve(&parts, Patience::default(), streams, None, std::future::pending());
        tokio::time::timeout(HANG, serving).await
    });
    let cause = end.map(|end| end.map(|end| end.cause));
    assert!(matches!(cause, Ok(Ok(Cause::OutputClosed(_)))), "{cause:?}");
}

#[test]
fn stop_lets_calls_end_and_cancels_the_rest() {
    let patience = Patience { asked: Duration::from_secs(3), last_answers: HANG, ..Patience::default() };
    let state = CatalogState::Ready(Arc::new(catalog()));
    let mut client = Client::patient(limits(), patience, state);
    client.initialize();
    client.call(1, "wait_short", json!({}));
    client.call(2, "wait_long", json!({}));
    client.wait_for_running(2);
    client.stop.take().expect("not stopped").send(()).expect("it listens");
    let first = client.receive();
    assert_eq!((&first["id"], &first["result"]["content"][0]["text"]), (&json!(1), &json!("done")));
    let second = client.receive();
    assert_eq!((&second["id"], &second["result"]["isError"]), (&json!(2), &json!(true)));
    assert!(second["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("E601")));
    assert_eq!(client.join(), Cause::Asked);
}

#[test]
fn client_that_goes_away_amid_answers_ends_the_server() {
    let mut client = Client::connected();
    // Without its channel the reading thread closes the pipe after one more line.
    client.lines = None;
    for id in 0..16 {
        let message =
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "get_big"}});
        if client.input.as_mut().expect("open").write_all(format!("{message}\n").as_bytes()).is_err() {
            break; // It has noticed already.
        }
    }
    assert!(matches!(client.join(), Cause::OutputClosed(_)));
}

#[test]
fn client_that_does_not_read_is_not_read_either() {
    const CALLS: usize = 400;
    let (input, mut to_server) = io::pipe().expect("a pipe");
    let (from_server, output) = io::pipe().expect("a pipe");
    let streams = (File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)));
    let script = Arc::new(Script::default());
    let executor = Arc::new(Scripted(Arc::clone(&script)));
    let catalog = CatalogFeed::from(watch::Sender::new(CatalogState::Ready(Arc::new(catalog()))));
    let limits = CallLimits { calls: CALLS, calls_of_one: CALLS, ..limits() };
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let parts = healthy(executor, catalog, limits);
        runtime.block_on(serve(&parts, Patience::default(), streams, None, std::future::pending()))
    });
    let writer = std::thread::spawn(move || {
        for id in 0..CALLS {
            let mut message = modern(id as i64, "tools/call", json!({"name": "get_big"}));
            message["jsonrpc"] = json!("2.0");
            to_server.write_all(format!("{message}\n").as_bytes()).expect("written");
        }
        to_server
    });
    // It starts what fits the outbox, and no more.
    let mut before = 0;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        assert!(!server.is_finished(), "the server ended: {:?}", server.join());
        let started = script.started.load(Ordering::SeqCst);
        if started > 0 && started == before {
            break;
        }
        before = started;
    }
    assert!(before < CALLS, "{before} calls were started for a client that reads nothing");
    // A client that reads again gets everything.
    let mut answers = 0;
    for line in io::BufReader::new(from_server).lines().map_while(Result::ok) {
        assert!(line.ends_with('}') && line.contains("\"isError\":false"), "{:.200}", line);
        answers += 1;
        if answers == CALLS {
            break;
        }
    }
    assert_eq!(answers, CALLS);
    drop(writer.join().expect("all was written"));
    assert!(matches!(server.join().expect("no panic"), Ok(End { cause: Cause::EndOfInput, .. })));
}
