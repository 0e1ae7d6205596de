//! Secrets reach secure parameters, and nothing else.

use std::io;
use std::sync::{Arc, Mutex};

use crate::support::Context;
use crate::support::engine::{clipped, engine, fails, run, still_works, values_of};
use runspaced::{Format, Invocation};
use serde_json::json;

pub const SECRET: &str = "correct-horse-battery-staple";

pub fn given() -> Result<String, String> {
    Ok(SECRET.to_owned())
}

pub fn secrets_reach_secure_parameters_only(context: &Context) {
    let engine = engine(context);
    let plain = "param([securestring] $Password) $Password.GetType().Name; ConvertFrom-SecureString $Password -AsPlainText; $Password.Length";
    let call = Invocation::script(plain).secret("Password", given);
    assert_eq!(values_of(&engine, call), [json!("SecureString"), json!(SECRET), json!(SECRET.len())]);
    let call = Invocation::script(
        "param([pscredential] $Login) $Login.UserName; $Login.GetNetworkCredential().Password",
    )
    .credential("Login", "ada", given);
    assert_eq!(values_of(&engine, call), ["ada", SECRET]);
    let call = Invocation::script("param([securestring] $p) ConvertFrom-SecureString $p -AsPlainText")
        .named_secret("vault", given)
        .args_json(r#"{"p":{"$secret":"vault"}}"#);
    assert_eq!(values_of(&engine, call), [SECRET]);
    let call = Invocation::script("param([securestring] $p) $p.Length").secret("p", || Ok(String::new()));
    assert_eq!(values_of(&engine, call), [0]);

    for declared in ["[string]", "", "[object]", "[int]", "[hashtable]", "[string[]]", "[psobject]"] {
        let call = Invocation::script(format!("param({declared} $Password) 'ran'")).secret("Password", given);
        let error = fails(&engine, call);
        assert_eq!(error.code(), "E302", "{declared}: {error}");
        assert!(error.to_string().contains("Password"), "{declared}: {error}");
        assert!(!error.to_string().contains(SECRET) && !format!("{error:?}").contains(SECRET), "{declared}");
    }
    // Not in an array, an object, an argument without a type, or the input, and none that was not given.
    let elsewhere = [
        Invocation::script("param($v) $v").named_secret("s", given).arg("v", json!([{ "$secret": "s" }])),
        Invocation::script("param($v) $v")
            .named_secret("s", given)
            .arg("v", json!({ "a": { "$secret": "s" } })),
        Invocation::script("$args").named_secret("s", given).positional(json!({ "$secret": "s" })),
        Invocation::script("param([securestring] $v) $v").arg("v", json!({ "$secret": "unknown" })),
    ];
    for call in elsewhere {
        let text = format!("{call:?}");
        match engine.blocking().invoke(call) {
            Ok(output) => assert!(!output.json().contains(SECRET), "{text}: {}", output.json()),
            Err(error) => assert_eq!(error.code(), "E302", "{text}: {error}"),
        }
    }
    // Plain text does not become a secure string by itself.
    let error = fails(&engine, Invocation::script("param([securestring] $p) 'ran'").arg("p", "plain"));
    assert_eq!(error.code(), "E302", "{error}");
    let error = fails(&engine, Invocation::script("1").secret("p", || Err("the vault is locked".to_owned())));
    assert_eq!(error.code(), "E304");
    still_works(&engine);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn secrets_appear_nowhere(context: &Context) {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let engine = engine(context);
    let script = "param([securestring] $Password, [pscredential] $Login) \
        $Password; $Login; $PSBoundParameters; \"$Password $Login\"; $Password.ToString(); $Login | Out-String; \
        Write-Warning \"$Password\"; Write-Host $Login; Write-Verbose \"$($PSBoundParameters.Values)\" -Verbose; Write-Error -Message 'x' -TargetObject $Login; \
        Get-Variable | Out-String; $Error; $MyInvocation; throw $Login";
    let call = || Invocation::script(script).secret("Password", given).credential("Login", "ada", given);
    let error = fails(&engine, call());
    assert_eq!(error.code(), "E401", "{error}");
    let output = error.output().expect("has some");
    for text in [output.json(), output.records_json(), &error.to_string(), &format!("{error:?} {output:?}")] {
        assert!(!text.contains(SECRET), "{}", clipped(text));
    }
    assert!(output.json().contains(r#""***""#), "{}", clipped(output.json()));
    // A refusal while binding, with everything it leaves.
    let error = fails(&engine, call().arg("Unknown", 1));
    assert_eq!(error.code(), "E302");
    assert!(!format!("{error:?} {error}").contains(SECRET));
    let left = run(
        &engine,
        "$Error | Out-String; Get-Variable -Scope Global | Out-String; Get-History | Out-String",
    );
    assert!(!left.json().contains(SECRET));
    // Nor in a text answer, a session or a log of everything.
    let text = engine.blocking().invoke(call().format(Format::Text));
    assert!(!format!("{text:?}").contains(SECRET));
    assert!(
        !text
            .err()
            .and_then(|error| error.output().map(|output| output.json().contains(SECRET)))
            .unwrap_or_default()
    );
    let written = String::from_utf8_lossy(&log.0.lock().expect("no panic")).into_owned();
    assert!(!written.contains(SECRET), "in the log");
    still_works(&engine);
}
