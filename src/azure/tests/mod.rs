//! The client against servers that misbehave on demand.

mod server;

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use serde_json::json;

use super::{
    Client, Cloud, CustomEndpoints, Happened, Kind, LogsQuery, Method, ResourceId, RetryPolicy, Scope,
    Surface, TokenBroker, Transport, TransportSettings, Waiting,
};
use server::{Act, Server, reply, reply_with};

const ID: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/alertRules/r";

fn transport() -> Transport {
    let settings = TransportSettings {
        // Any certificate will do: nothing here is TLS, and a system may have none.
        ca_pem: Some(include_str!("application.pem").to_owned()),
        try_timeout: Duration::from_millis(1_200),
        connect_timeout: Duration::from_millis(1_200),
        no_proxy: true,
        ..TransportSettings::default()
    };
    Transport::new(&settings).expect("is made")
}

fn client(server: &Server) -> Client {
    let base = server.address();
    let cloud = Cloud::custom(&CustomEndpoints {
        authority: "https://127.0.0.1:1".to_owned(),
        resource_manager: base.clone(),
        logs: base.clone(),
        ingestion: base,
    })
    .expect("is one");
    Client::new(cloud, transport(), TokenBroker::fixed("canary-token")).retry(RetryPolicy {
        first: Duration::from_millis(5),
        longest: Duration::from_millis(40),
        total: Duration::from_secs(5),
        ..RetryPolicy::default()
    })
}

fn id() -> ResourceId {
    ResourceId::new(ID)
}

async fn put(client: &Client) -> super::Result<super::Answer> {
    let request = client.request(Method::Put, &id(), Surface::AlertRules).body(r#"{"properties":{}}"#);
    client.send(&Scope::new(), &request).await
}

#[tokio::test]
async fn a_read_is_tried_again_and_a_write_is_not() {
    for status in [500, 502, 503, 504] {
        let server =
            Server::start(vec![reply(status, "{}"), reply(status, "{}"), reply(200, r#"{"ok":1}"#)]).await;
        client(&server).get(&Scope::new(), &id(), Surface::AlertRules).await.expect("the third try works");
        assert_eq!(server.requests().len(), 3, "{status}");

        let server = Server::start(vec![reply(status, "{}"), reply(200, "{}")]).await;
        let error = put(&client(&server)).await.expect_err("is not tried again");
        assert_eq!(error.happened(), Happened::Perhaps, "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_read_ends_after_four_tries() {
    let server = Server::start(vec![reply(503, "{}"); 9]).await;
    let error =
        client(&server).get(&Scope::new(), &id(), Surface::AlertRules).await.expect_err("never works");
    assert_eq!((error.kind(), error.attempts()), (Kind::ServiceFailed, 4));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_write_that_azure_refused_unexecuted_is_sent_again() {
    let throttled =
        reply_with(429, &[("retry-after", "0")], r#"{"error":{"code":"TooManyRequests","message":"m"}}"#);
    let expired = reply(401, r#"{"error":{"code":"ExpiredAuthenticationToken","message":"m"}}"#);
    let server = Server::start(vec![throttled.clone(), throttled, expired, reply(200, "{}")]).await;
    put(&client(&server)).await.expect("works in the end");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_second_401_is_an_error() {
    let expired = reply(401, r#"{"error":{"code":"ExpiredAuthenticationToken","message":"m"}}"#);
    let server = Server::start(vec![expired.clone(), expired, reply(200, "{}")]).await;
    let error = put(&client(&server)).await.expect_err("is refused twice");
    assert_eq!((error.kind(), error.happened()), (Kind::Forbidden, Happened::No));
    assert_eq!(error.advice().map(|advice| advice.row), Some(4));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_write_whose_bytes_went_out_is_not_sent_again() {
    for act in [Act::CloseAfterHead, Act::CloseAfterBody, Act::Silence, Act::HalfAnAnswer] {
        let server = Server::start(vec![act.clone(), reply(200, "{}")]).await;
        let error = put(&client(&server)).await.expect_err("gets no answer");
        assert_eq!(error.happened(), Happened::Perhaps, "{act:?}: {error}");
        assert_eq!(server.requests().len(), 1, "{act:?}");
        // A read in the same place goes on.
        let server = Server::start(vec![act.clone(), reply(200, "{}")]).await;
        client(&server).get(&Scope::new(), &id(), Surface::AlertRules).await.expect("the second try works");
        assert_eq!(server.requests().len(), 2, "{act:?}");
    }
}

#[tokio::test]
async fn a_write_to_a_host_that_is_not_there_did_not_happen() {
    let server = Server::start(vec![]).await;
    let client = client(&server);
    drop(server);
    let error = put(&client).await.expect_err("nobody listens");
    assert_eq!((error.kind(), error.happened()), (Kind::Unreachable, Happened::No));
    assert_eq!(error.attempts(), 4, "a write that was not sent is tried as often as a read");
}

#[tokio::test]
async fn an_endless_drip_ends_at_the_deadline() {
    let server = Server::start(vec![Act::Drip; 12]).await;
    let started = Instant::now();
    let scope = Scope::within(Duration::from_millis(2_700));
    let error = client(&server).get(&scope, &id(), Surface::AlertRules).await.expect_err("never ends");
    assert!(matches!(error.kind(), Kind::TooLate), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn wild_retry_after_is_bounded() {
    for wish in ["3600", "-5", "Sun, 06 Nov 1994 08:49:37 GMT", "soon", "99999999999999999999"] {
        let server =
            Server::start(vec![reply_with(429, &[("retry-after", wish)], "{}"), reply(200, "{}")]).await;
        let started = Instant::now();
        client(&server).get(&Scope::new(), &id(), Surface::AlertRules).await.expect("works");
        assert!(started.elapsed() < Duration::from_secs(3), "{wish}");
    }
}

#[tokio::test]
async fn pages_follow_their_links_and_the_token_stays_home() {
    let server = Server::start(vec![]).await;
    let base = server.address();
    server.then(vec![
        reply(
            200,
            &json!({"value": [1, 2], "nextLink": format!("{base}/page2?$skipToken=a%2Fb")}).to_string(),
        ),
        reply(200, &json!({"value": [], "nextLink": format!("{base}/page3")}).to_string()),
        reply(200, &json!({"value": [3]}).to_string()),
    ]);
    let client = client(&server);
    let request = client.request(Method::Get, &id(), Surface::AlertRules);
    let all = client.list(&Scope::new(), request.clone()).await.expect("three pages");
    assert_eq!(all.iter().map(|raw| raw.get()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert!(server.requests()[1].contains("skipToken=a%2Fb"), "{}", server.requests()[1]);

    let elsewhere = Server::start(vec![reply(200, "{}")]).await;
    server.then(vec![reply(
        200,
        &json!({"value": [1], "nextLink": format!("{}/x", elsewhere.address())}).to_string(),
    )]);
    let pages: Vec<_> = client.pages(&Scope::new(), request.clone()).collect_results().await;
    assert!(
        pages
            .last()
            .is_some_and(|page| page.as_ref().is_err_and(|error| error.to_string().contains("no token")))
    );
    assert!(elsewhere.requests().is_empty(), "a token was sent to another host");

    let itself = format!("{base}{ID}?api-version=2025-10-01-preview");
    server.then(vec![reply(200, &json!({"value": [1], "nextLink": itself}).to_string()); 3]);
    let error = client.list(&Scope::new(), request).await.expect_err("leads to itself");
    assert!(error.to_string().contains("circle"), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start(vec![reply(200, "{}")]).await;
    let server = Server::start(vec![reply_with(307, &[("location", &elsewhere.address())], "")]).await;
    let error =
        client(&server).get(&Scope::new(), &id(), Surface::AlertRules).await.expect_err("is none of ours");
    assert!(error.to_string().contains("not followed"), "{error}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn long_operations_are_followed_to_their_end() {
    let server = Server::start(vec![]).await;
    let state = format!("{}/operations/1?api-version=x", server.address());
    server.then(vec![
        reply_with(202, &[("azure-asyncoperation", &state), ("retry-after", "0")], ""),
        reply_with(200, &[("retry-after", "0")], r#"{"status":"InProgress"}"#),
        reply(503, "{}"),
        reply(200, r#"{"status":"Succeeded"}"#),
        reply(200, r#"{"name":"T_CL","properties":{"provisioningState":"Succeeded"}}"#),
    ]);
    let client = client(&server);
    let request = client.request(Method::Put, &id(), Surface::OperationalInsights).body("{}");
    let answer = client.write(&Scope::new(), &request, Waiting::UntilDone).await.expect("ends well");
    assert_eq!(answer.read::<serde_json::Value>().expect("is JSON")["name"], "T_CL");
    let methods: Vec<String> =
        server.requests().iter().map(|request| request.split(' ').next().unwrap_or("").to_owned()).collect();
    assert_eq!(methods, ["PUT", "GET", "GET", "GET", "GET"]);

    server.then(vec![
        reply_with(202, &[("azure-asyncoperation", &state), ("retry-after", "0")], ""),
        reply(200, r#"{"status":"Failed","error":{"code":"InvalidSchema","message":"column X"}}"#),
    ]);
    let error = client.write(&Scope::new(), &request, Waiting::UntilDone).await.expect_err("ends badly");
    assert_eq!(error.kind(), Kind::OperationFailed);
    assert!(error.to_string().contains("column X"), "{error}");
}

#[tokio::test]
async fn correlation_travels_and_the_token_shows_nowhere() {
    let refused = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/read' over scope '/subscriptions/S/resourceGroups/rg'"}}"#;
    let server = Server::start(vec![reply_with(403, &[("x-ms-request-id", "req-1")], refused)]).await;
    let scope = Scope::with_correlation("corr-1", Duration::from_secs(5));
    let client = client(&server);
    let error = client.get(&scope, &id(), Surface::AlertRules).await.expect_err("is refused");
    let sent = &server.requests()[0];
    assert!(
        sent.contains("x-ms-correlation-request-id: corr-1")
            && sent.contains("x-ms-client-request-id: corr-1"),
        "{sent}"
    );
    assert!(sent.contains("api-version=2025-10-01-preview"), "{sent}");
    assert_eq!((error.request_id(), error.correlation_id()), (Some("req-1"), Some("corr-1")));
    assert_eq!(error.advice().map(|advice| advice.row), Some(1));
    for shown in [error.to_string(), format!("{error:?}"), error.json().to_string(), format!("{client:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_larger_than_asked_for_is_cut_off() {
    let server = Server::start(vec![reply(200, &"x".repeat(100_000))]).await;
    let client = client(&server);
    let mut request = client.request(Method::Get, &id(), Surface::AlertRules);
    request.most = 50_000;
    let error = client.send(&Scope::new(), &request).await.expect_err("is too large");
    assert!(error.to_string().contains("larger than 50000 bytes"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn queries_say_what_is_partial_and_basic_tables_are_searched() {
    let workspace = "5b02755b-5bf4-430c-9487-45502a2a7e62";
    let partial = json!({"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "long"}], "rows": [[1]]}],
        "error": {"code": "PartialError", "message": "m", "details": [{"code": "EngineError", "message": "x",
            "innererror": {"code": "1", "message": "limit (E_QUERY_RESULT_SET_TOO_LARGE)."}}]}});
    let basic = json!({"error": {"code": "BadArgumentError", "message": "m", "innererror": {"code": "UnsupportedApiQueryValidationError",
        "message": "Query of Basic Logs table is not supported with the API"}}});
    let server = Server::start(vec![
        reply(200, &partial.to_string()),
        reply(400, &basic.to_string()),
        reply(200, &partial.to_string()),
        reply(204, ""),
    ])
    .await;
    let client = client(&server);
    let query = LogsQuery::new(workspace, "T | take 1", Some("PT1H".to_owned()));
    let answer = client.query_logs(&Scope::new(), &query).await.expect("has rows");
    assert_eq!(answer.table.rows.len(), 1);
    assert_eq!(answer.partial.and_then(|(_, advice)| advice).map(|advice| advice.row), Some(25));
    let answer = client.query_logs(&Scope::new(), &query).await.expect("has rows");
    assert!(answer.searched);
    assert!(server.requests()[2].contains("/search"), "{}", server.requests()[2]);
    assert!(server.requests()[0].contains("prefer: wait="), "{}", server.requests()[0]);
    assert!(client.query_logs(&Scope::new(), &query).await.expect("has none").table.rows.is_empty());
    let by_name = LogsQuery::new("law-contoso", "T", None);
    assert!(client.query_logs(&Scope::new(), &by_name).await.is_err(), "a name is no customer id");
}

/// Pages as results, an error among them.
trait CollectResults {
    async fn collect_results(self) -> Vec<super::Result<super::Page>>;
}

impl<S: futures_util::Stream<Item = super::Result<super::Page>>> CollectResults for S {
    async fn collect_results(self) -> Vec<super::Result<super::Page>> {
        use futures_util::StreamExt;
        self.collect().await
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_asks_for_no_more_pages() {
    let server = Server::start(vec![]).await;
    let link = format!("{}/next", server.address());
    server.then(vec![
        reply(200, &json!({"value": [1], "nextLink": link}).to_string()),
        reply(200, r#"{"value":[2]}"#),
    ]);
    let client = client(&server);
    let request = client.request(Method::Get, &id(), Surface::AlertRules);
    let mut pages = Box::pin(client.pages(&Scope::new(), request));
    assert!(pages.try_next().await.expect("one page").is_some());
    drop(pages);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.requests().len(), 1);
}
