//! The server over HTTP.

use std::collections::BTreeSet;
use std::io::{BufReader, Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{HANG, SCRIPT, arguments};
use super::sdk::{self, Checks};
use super::support::Context;
use super::web::{Answer, Site, initialize, send};
use super::{names, values, with_prompt};

fn site(context: &Context, more: &[&str], environment: &[(&str, &str)]) -> Site {
    let mut all = vec!["--script", SCRIPT, "--http", "127.0.0.1:0"];
    all.extend(more);
    Site::start(&arguments(context.home(), &all), environment, context.scratch())
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub fn both_eras_are_served_over_http(context: &Context) {
    let site = site(context, &[], &[]);
    let discovered = site.ask("server/discover", json!({}));
    assert!(
        discovered.message()["result"]["supportedVersions"]
            .as_array()
            .is_some_and(|versions| versions.contains(&json!("2026-07-28")))
    );
    assert_eq!(values(&site.call("get_echo", json!({"Text": "x"}))), &json!([{"Text": "x", "Times": 1}]));

    let session = site.initialize("2025-06-18");
    let tools = site.post(Some(&session), json!({"id": 1, "method": "tools/list"})).message();
    assert!(names(tools["result"]["tools"].as_array().expect("tools")).contains(&"get_echo"));
    let steps = site.post(
        Some(&session),
        json!({"id": 2, "method": "tools/call", "params": {"name": "write_steps", "_meta": {"progressToken": "p"}}}),
    );
    let messages = steps.messages();
    let (answer, progress) = messages.split_last().expect("an answer");
    assert_eq!(values(&answer["result"]), &json!(["done"]), "{messages:?}");
    assert!(
        progress.len() >= 2 && progress.iter().all(|p| p["method"] == "notifications/progress"),
        "{messages:?}"
    );

    let mut headers = site.headers();
    headers.push(header("Mcp-Session-Id", &session));
    // The stream for what belongs to no request stays open.
    let mut stream = site.connect();
    send(&mut stream, "GET", "/mcp", &headers, b"");
    let listening = Answer::head(&mut BufReader::new(&mut stream)).expect("an answer");
    assert_eq!((listening.status, listening.header("content-type")), (200, Some("text/event-stream")));

    // A session ends when its client says so.
    let ended = site.exchange("DELETE", &headers, b"");
    assert!((200..300).contains(&ended.status), "{ended:?}");
    assert_eq!(site.post(Some(&session), json!({"id": 3, "method": "ping"})).status, 404);
    if cfg!(unix) {
        assert_eq!(site.finish().code(), Some(0));
    }
}

pub fn only_the_holder_of_the_token_may_call(context: &Context) {
    let file = context.scratch().join("token");
    let path = file.to_string_lossy().into_owned();
    let site = site(context, &["--http-token-file", &path], &[]);
    assert_eq!(site.token, None, "it is in the file, and nowhere else");
    let token = std::fs::read_to_string(&file).expect("made").trim().to_owned();
    assert!(token.len() >= 32 && !site.said().contains(&token));
    let ask = |authorization: Option<&str>| {
        let (mut headers, body) = site.modern("server/discover", json!({}));
        headers.extend(authorization.map(|value| header("Authorization", value)));
        site.exchange("POST", &headers, body.as_bytes())
    };
    let denied = ask(None);
    assert_eq!(denied.status, 401);
    assert!(denied.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")));
    assert_eq!(ask(Some(&format!("Bearer {token}x"))).status, 401);
    assert_eq!(ask(Some(&format!("Bearer {}", &token[..20]))).status, 401);
    assert_eq!(ask(Some(&format!("Bearer {token}"))).status, 200);
    drop(site);

    // Given by the environment, scripts do not see it.
    let given = "given-by-the-environment";
    let site = self::site(
        context,
        &["--command", "Get-ChildItem", "--command", "Get-Leak"],
        &[("RUNSPACED_MCP_TOKEN", given)],
    );
    assert!(site.token.is_none() && !site.said().contains(given));
    let mut headers = site.headers();
    headers.push(header("Authorization", &format!("Bearer {given}")));
    let (modern, body) =
        site.modern("tools/call", json!({"name": "get_child_item", "arguments": {"Path": ["Env:"]}}));
    headers.extend(modern.into_iter().filter(|(name, _)| name.starts_with("M")));
    let answer = site.exchange("POST", &headers, body.as_bytes());
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("PATH") && !answer.body.contains(given), "{}", answer.body);
}

pub fn pages_of_other_hosts_cannot_call(context: &Context) {
    let site =
        site(context, &["--dangerously-without-token"], &[("RUNSPACED_HTTP__HOSTS", "proxy.example.com")]);
    let ask = |host: &str, origin: Option<&str>| {
        let (mut headers, body) = site.modern("server/discover", json!({}));
        headers.retain(|(name, _)| name != "Host");
        headers.push(header("Host", host));
        headers.extend(origin.map(|origin| header("Origin", origin)));
        site.exchange("POST", &headers, body.as_bytes()).status
    };
    assert_eq!(ask("evil.example.com", None), 403, "DNS rebinding");
    assert_eq!(ask(site.authority(), Some("https://evil.example.com")), 403);
    assert_eq!(ask(site.authority(), Some("null")), 403);
    assert_eq!(ask(site.authority(), Some("http://localhost:6274")), 200);
    assert_eq!(ask("proxy.example.com", None), 200);
}

pub fn bad_requests_are_answered_and_slow_ones_end(context: &Context) {
    let environment = [
        ("RUNSPACED_HTTP__BODY_TIME", "1s"),
        ("RUNSPACED_HTTP__HEAD_TIME", "1s"),
        ("RUNSPACED_HTTP__BODY_BYTES", "64KiB"),
        ("RUNSPACED_HTTP__CONNECTIONS", "3"),
    ];
    let site = site(context, &[], &environment);
    let (headers, body) = site.modern("server/discover", json!({}));
    for (body, id, code) in [
        ("{\"jsonrpc\":\"2.0\",\"id\":7, broken", json!(7), -32700),
        ("nonsense", Value::Null, -32700),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", Value::Null, -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", Value::Null, -32600),
    ] {
        let answer = site.exchange("POST", &headers, body.as_bytes());
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(
            (&answer.message()["id"], &answer.message()["error"]["code"]),
            (&id, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(site.exchange("POST", &headers, &vec![b'x'; 100 << 10]).status, 413);
    assert_eq!(site.exchange("PUT", &headers, b"").status, 405);

    // The head never ends: the connection does.
    let begun = Instant::now();
    let mut slow = site.connect();
    slow.write_all(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").expect("written");
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    // The body never comes: it is answered.
    let mut slow = site.connect();
    let mut promised = headers.clone();
    promised.push(header("Content-Length", "100"));
    let head: String = promised.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    slow.write_all(format!("POST /mcp HTTP/1.1\r\n{head}\r\n{{").as_bytes()).expect("written");
    assert_eq!(Answer::read(&mut BufReader::new(slow)).expect("an answer").status, 408);
    assert!(begun.elapsed() < HANG / 2);
    // More idle connections than there may be: they end, and the next request is served.
    let idle: Vec<_> = (0..6).map(|_| site.connect()).collect();
    assert_eq!(site.exchange("POST", &headers, body.as_bytes()).status, 200, "it goes on");
    drop(idle);
}

pub fn a_cancelled_call_of_a_session_is_never_answered(context: &Context) {
    let site = site(context, &[], &[("RUNSPACED_POOL__MAX", "1")]);
    let session = site.initialize("2025-11-25");
    let session = session.as_str();
    thread::scope(|scope| {
        let cancelled = scope.spawn(|| {
            site.post(
                Some(session),
                json!({"id": 1, "method": "tools/call", "params": {"name": "wait_long"}}),
            )
        });
        thread::sleep(Duration::from_millis(1_000));
        let duplicate = site.post(Some(session), json!({"id": 1, "method": "ping"})).message();
        assert_eq!(duplicate["error"]["code"], -32600, "{duplicate}");
        let cancel = json!({"method": "notifications/cancelled", "params": {"requestId": 1}});
        assert_eq!(site.post(Some(session), cancel).status, 202);
        assert_eq!(
            cancelled.join().expect("no panic").messages(),
            Vec::<Value>::new(),
            "nothing of it is sent"
        );
    });
    // The one runspace is free again, and the answer is that of the call that asks.
    for text in ["a", "b", "c"] {
        let call = json!({"id": 1, "method": "tools/call", "params": {"name": "get_echo", "arguments": {"Text": text}}});
        let answer = site.post_when_free(session, &call);
        let message = answer.message();
        assert_eq!(values(&message["result"]), &json!([{"Text": text, "Times": 1}]), "{message}");
        assert_eq!(answer.messages().len(), 1);
    }
}

pub fn a_client_that_goes_away_stops_its_call(context: &Context) {
    let site = site(context, &["--timeout", "50s"], &[("RUNSPACED_POOL__MAX", "1")]);
    site.call("get_echo", json!({"Text": "warm"}));
    let session = site.initialize("2025-06-18");
    let begun = Instant::now();
    for era in ["older", "newer"] {
        let mut stream = site.connect();
        if era == "newer" {
            let (headers, body) = site.modern("tools/call", json!({"name": "wait_busy"}));
            send(&mut stream, "POST", "/mcp", &headers, body.as_bytes());
        } else {
            let mut headers = site.headers();
            headers.push(header("Mcp-Session-Id", &session));
            let body =
                json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "wait_busy"}});
            send(&mut stream, "POST", "/mcp", &headers, body.to_string().as_bytes());
        }
        thread::sleep(Duration::from_millis(700));
        drop(stream);
        // There is one runspace: this is answered when the other call was stopped.
        assert_eq!(values(&site.call("get_echo", json!({"Text": era})))[0]["Text"], era);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "the calls were not stopped but ran to their deadline"
    );
}

pub fn two_hundred_calls_at_once_over_http(context: &Context) {
    let site = site(context, &[], &[]);
    site.call("get_echo", json!({"Text": "warm"}));
    let answered = thread::scope(|scope| {
        let calls: Vec<_> = (0..200)
            .map(|number| {
                let site = &site;
                scope.spawn(move || {
                    let tool = if number % 10 == 0 { "write_noise" } else { "get_echo" };
                    let result = site.call(tool, json!({"Text": format!("t{number}")}));
                    let last =
                        values(&result).as_array().and_then(|all| all.last().cloned()).unwrap_or_default();
                    let text = if tool == "get_echo" { last["Text"].clone() } else { last };
                    assert_eq!(text, format!("t{number}"), "{result}");
                    number
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("answered")).collect::<BTreeSet<_>>()
    });
    assert_eq!(answered.len(), 200);
}

pub fn too_many_requests_and_sessions_are_told_to_wait(context: &Context) {
    let environment = [
        ("RUNSPACED_HTTP__RATE", "5"),
        ("RUNSPACED_HTTP__BURST", "5"),
        ("RUNSPACED_HTTP__SESSIONS", "1"),
        ("RUNSPACED_HTTP__SESSION_IDLE", "1s"),
    ];
    let site = site(context, &[], &environment);
    let session = site.initialize("2025-06-18");
    let second = site.post(None, initialize("2025-06-18"));
    assert_eq!(second.status, 503, "{second:?}");
    assert!(second.header("retry-after").is_some());
    let refused = (0..20).map(|_| site.ask("server/discover", json!({}))).find(|answer| answer.status == 429);
    let refused = refused.expect("more than five a second");
    assert!(
        refused.header("retry-after").is_some_and(|wait| wait.parse::<u32>().is_ok_and(|wait| wait >= 1))
    );
    // The unused session ends by itself, and there is room again.
    let end = Instant::now() + HANG;
    loop {
        thread::sleep(Duration::from_secs(2));
        if site.post(None, initialize("2025-06-18")).status == 200 {
            break;
        }
        assert!(Instant::now() < end, "the session did not end");
    }
    assert_eq!(site.post(Some(&session), json!({"id": 1, "method": "ping"})).status, 404);
}

#[cfg(unix)]
pub fn a_unix_socket_is_its_owners(context: &Context) {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;

    let path = context.scratch().join("socket");
    let address = format!("unix:{}", path.display());
    let all = ["--script", SCRIPT, "--http", &address];
    let site = Site::start(&arguments(context.home(), &all), &[], context.scratch());
    assert_eq!((site.url.as_str(), site.token.as_ref()), (address.as_str(), None));
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let mut stream = UnixStream::connect(&path).expect("it listens");
    let headers = [
        header("Host", "localhost"),
        header("Content-Type", "application/json"),
        header("Accept", "application/json, text/event-stream"),
    ];
    let mut message = initialize("2025-06-18");
    message["jsonrpc"] = json!("2.0");
    send(&mut stream, "POST", "/mcp", &headers, message.to_string().as_bytes());
    let answer = Answer::read(&mut BufReader::new(stream)).expect("an answer");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(site.finish().code(), Some(0));
    assert!(!path.exists(), "the socket is gone with its server");
}

pub fn addresses_that_cannot_be_served_are_refused(context: &Context) {
    for (more, expected) in [
        (["--http", "nowhere"].as_slice(), "nowhere cannot be served"),
        (&["--http", "0.0.0.0:0", "--dangerously-without-token"], "only this machine"),
    ] {
        let mut command = std::process::Command::new(super::client::PROGRAM);
        command.args(["mcp", "--command", "Get-Date"]).args(more).current_dir(context.scratch());
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(expected), "{text}");
    }
}

pub fn tls_by_certificate_files(context: &Context) {
    use std::sync::Arc;

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (context.scratch().join("tls.crt"), context.scratch().join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let environment =
        [("RUNSPACED_HTTP__CERTIFICATE", certificate.as_str()), ("RUNSPACED_HTTP__KEY", key.as_str())];
    let site = site(context, &[], &environment);
    assert!(site.url.starts_with("https://"), "{}", site.url);

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("a name");
    let mut tls = rustls::ClientConnection::new(Arc::new(config), name).expect("a connection");
    let mut tcp = site.connect();
    let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
    let (headers, body) = site.modern("server/discover", json!({}));
    send(&mut stream, "POST", "/mcp", &headers, body.as_bytes());
    assert_eq!(Answer::read(&mut BufReader::new(stream)).expect("an answer").status, 200);
}

#[cfg(unix)]
pub fn a_fresh_process_goes_on_over_http(context: &Context) {
    let site = site(context, &[], &[]);
    let session = site.initialize("2025-06-18");
    let call = |tool: &str, arguments: Value| {
        let message =
            json!({"id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        site.post(Some(&session), message).message()
    };
    call("set_marker", json!({"Value": "first"}));
    assert_eq!(values(&call("get_marker", json!({}))["result"]), &json!(["first"]));
    let exit = call("end_process", json!({}));
    assert_eq!(exit["result"]["structuredContent"]["error"]["code"], "E403", "{exit}");
    // Same port, same token, same session, another runtime. A connection may fall between the two.
    let end = Instant::now() + HANG;
    loop {
        assert!(Instant::now() < end, "no fresh process:\n{}", site.said());
        let mut headers = site.headers();
        headers.push(header("Mcp-Session-Id", &session));
        let body =
            json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_marker"}});
        let answer = site.try_exchange("POST", &headers, body.to_string().as_bytes());
        if answer.is_ok_and(|answer| values(&answer.message()["result"]) == &json!([""])) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(values(&site.call("get_echo", json!({"Text": "on"})))[0]["Text"], "on");
    assert_eq!(site.finish().code(), Some(0));
}

pub fn python_sdk_drives_it_over_http(context: &Context) {
    let site = sdk_site(context);
    sdk::drive_with_python(Checks::Commands, &site.target(), context.scratch(), &[]);
}

pub fn typescript_sdks_drive_it_over_http(context: &Context) {
    let site = sdk_site(context);
    for era in [sdk::OLD_ERA, sdk::NEW_ERA] {
        sdk::drive_with_node(era, Checks::Commands, &site.target(), context.scratch(), &[]);
    }
}

fn sdk_site(context: &Context) -> Site {
    let mut arguments = with_prompt(context);
    arguments.extend(["--http", "127.0.0.1:0"].map(str::to_owned));
    Site::start(&arguments, &[], context.scratch())
}
