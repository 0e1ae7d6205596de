//! Tokens of an authority. The authority is a thread of the test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::client::{SCRIPT, arguments};
use super::support::Context;
use super::web::{Answer, Site};
use super::{names, values};

/// An authority: its metadata, its keys, its signature.
struct Authority {
    url: String,
    keys: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A key that an authority signs with.
struct Signer {
    id: &'static str,
    key: EncodingKey,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
        Self { id, key: EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).expect("a key") }
    }

    fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).expect("a key");
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).expect("JSON")
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.id.to_owned());
        encode(&header, claims, &self.key).expect("a token")
    }
}

impl Authority {
    fn start(signer: &Signer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let keys = Arc::new(Mutex::new(vec![signer.public()]));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (served, issuer, log) = (Arc::clone(&keys), url.clone(), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
                let mut request = String::new();
                reader.read_line(&mut request).expect("a line");
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match path.as_str() {
                    "/.well-known/openid-configuration" => {
                        (200, json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}))
                    }
                    "/keys" => (200, json!({"keys": *served.lock().expect("no panic")})),
                    _ => (404, json!({})),
                };
                log.lock().expect("no panic").push(path);
                let body = body.to_string();
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                stream.write_all((head + &body).as_bytes()).expect("written");
            }
        });
        Self { url, keys, asked }
    }

    fn claims(&self, audience: &str, scope: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
        json!({"iss": self.url, "aud": audience, "sub": "alice", "scope": scope, "exp": now + 600, "nbf": now - 10})
    }
}

const AUDIENCE: &str = "api://runspaced-test";

fn site(context: &Context, authority: &Authority, rules: &str) -> Site {
    let environment = [
        ("RUNSPACED_OAUTH__ISSUER", authority.url.as_str()),
        ("RUNSPACED_OAUTH__AUDIENCE", AUDIENCE),
        ("RUNSPACED_OAUTH__RULES", rules),
    ];
    let all = arguments(context.home(), &["--script", SCRIPT, "--http", "127.0.0.1:0"]);
    Site::start(&all, &environment, context.scratch())
}

fn ask(site: &Site, token: &str, method: &str, params: Value) -> Answer {
    let (mut headers, body) = site.modern(method, params);
    headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
    site.exchange("POST", &headers, body.as_bytes())
}

fn changed(claims: &Value, changes: Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

pub fn tokens_of_the_authority_are_checked_in_full(context: &Context) {
    let signer = Signer::new("one");
    let authority = Authority::start(&signer);
    let site = site(context, &authority, "");
    assert_eq!(site.token, None);

    // Without a token the client learns where to get one.
    let denied = site.ask("server/discover", json!({}));
    assert_eq!(denied.status, 401);
    let challenge = denied.header("www-authenticate").expect("a challenge").to_owned();
    let metadata = challenge.split('"').nth(1).expect("a URL");
    let path = &metadata[metadata.find("/.well-known").expect("below the root")..];
    let mut stream = site.connect();
    super::web::send(&mut stream, "GET", path, &[("Host".to_owned(), site.authority().to_owned())], b"");
    let metadata = Answer::read(&mut BufReader::new(stream)).expect("an answer");
    assert_eq!(metadata.message()["authorization_servers"], json!([authority.url]), "{metadata:?}");
    assert_eq!(metadata.message()["resource"], site.url);

    let good = authority.claims(AUDIENCE, "");
    let now = good["exp"].as_u64().expect("a time") - 600;
    assert_eq!(ask(&site, &signer.sign(&good), "server/discover", json!({})).status, 200);
    let several = changed(&good, json!({"aud": ["api://other", AUDIENCE]}));
    assert_eq!(ask(&site, &signer.sign(&several), "server/discover", json!({})).status, 200);
    let mut unsigned = signer.sign(&good);
    unsigned.truncate(unsigned.rfind('.').expect("three parts") + 1);
    let forged = {
        // Signed with the public key as if it were a shared secret.
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("one".to_owned());
        encode(&header, &good, &EncodingKey::from_secret(signer.public().to_string().as_bytes()))
            .expect("a token")
    };
    let stranger = Signer { id: "one", ..Signer::new("one") };
    for (token, what) in [
        (signer.sign(&changed(&good, json!({"aud": "api://other"}))), "audience"),
        (signer.sign(&changed(&good, json!({"iss": "https://other.example"}))), "issuer"),
        (signer.sign(&changed(&good, json!({"exp": now - 120}))), "expired"),
        (signer.sign(&changed(&good, json!({"nbf": now + 300}))), "not yet"),
        (signer.sign(&changed(&good, json!({"sub": null}))), "nobody"),
        (stranger.sign(&good), "signature"),
        (unsigned, "no signature"),
        (forged, "another kind of signature"),
        ("nonsense".to_owned(), "no token"),
    ] {
        let answer = ask(&site, &token, "server/discover", json!({}));
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        assert!(answer.header("www-authenticate").is_some_and(|c| c.contains("invalid_token")), "{what}");
    }
    assert!(!site.said().contains(&signer.sign(&good)[..40]), "no token is in the log");

    // A key that is new is fetched, but not for every token that names one.
    let other = Signer::new("unknown");
    for _ in 0..5 {
        assert_eq!(ask(&site, &other.sign(&good), "server/discover", json!({})).status, 401);
    }
    let fetched = authority.asked.lock().expect("no panic").iter().filter(|path| *path == "/keys").count();
    assert!(fetched <= 2, "the keys were fetched {fetched} times");
    assert_eq!(authority.keys.lock().expect("no panic").len(), 1);
}

pub fn scopes_allow_tools(context: &Context) {
    let signer = Signer::new("one");
    let authority = Authority::start(&signer);
    let site = site(context, &authority, "Tools.Read: get_*,Tools.Write: set_* get_* in dev-*");
    let token = |scope: &str, subject: &str| {
        signer.sign(&changed(&authority.claims(AUDIENCE, scope), json!({"sub": subject})))
    };
    let reader = token("openid Tools.Read", "alice");
    let listed = ask(&site, &reader, "tools/list", json!({})).message();
    let listed = names(listed["result"]["tools"].as_array().expect("tools")).join(" ");
    assert!(listed.contains("get_echo") && !listed.contains("set_leak"), "{listed}");
    let call = |token: &str, tool: &str| {
        let arguments = match tool {
            "get_echo" => json!({"Text": "x"}),
            "set_leak" => json!({"Value": "x"}),
            _ => json!({}),
        };
        ask(&site, token, "tools/call", json!({"name": tool, "arguments": arguments}))
    };
    let answer = call(&reader, "get_echo");
    assert_eq!(values(&answer.message()["result"])[0]["Text"], "x");
    for (token, tool, scopes) in [
        (&reader, "set_leak", "Tools.Write"),
        (&token("", "alice"), "get_echo", "Tools.Read Tools.Write"),
        // The rule is for calls that name a workspace it covers.
        (&token("Tools.Write", "alice"), "set_leak", "Tools.Write"),
    ] {
        let answer = call(token, tool);
        assert_eq!(answer.status, 403, "{tool}: {answer:?}");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(
            challenge.contains("insufficient_scope") && challenge.contains(&format!("scope=\"{scopes}\"")),
            "{challenge}"
        );
    }

    // A session is the one's who began it.
    let as_who = |token: &str, session: Option<&str>, message: &Value| {
        let mut headers = site.headers();
        headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        headers.extend(session.map(|session| ("Mcp-Session-Id".to_owned(), session.to_owned())));
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        site.exchange("POST", &headers, message.to_string().as_bytes())
    };
    let begun = as_who(&reader, None, &super::web::initialize("2025-11-25"));
    let session = begun.header("mcp-session-id").expect("a session");
    let ping = json!({"id": 2, "method": "ping"});
    assert_eq!(as_who(&reader, Some(session), &ping).status, 200);
    assert_eq!(as_who(&token("Tools.Read", "mallory"), Some(session), &ping).status, 404);

    // Runspaces are never shared between principals: nothing that one leaves in a process-wide place of its runspace is met.
    let mallory = token("Tools.Read", "mallory");
    for _ in 0..4 {
        assert_eq!(values(&call(&mallory, "get_leak").message()["result"]), &json!(["|"]));
    }
}
