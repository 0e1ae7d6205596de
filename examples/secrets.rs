//! A secret reaches a `PSCredential` parameter, and nothing else.
//!
//! ```text
//! cargo run --example secrets
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::Duration;

use runspaced::{Engine, Invocation};

const SCRIPT: &str = r#"
param([pscredential]$Login)
"user $($Login.UserName), a password of $($Login.GetNetworkCredential().Password.Length) characters"
$Login
"#;

fn main() -> runspaced::Result<()> {
    let engine = Engine::builder().build()?;
    // The provider is asked when the call starts: from a vault, a file, a prompt.
    let call = Invocation::script(SCRIPT).credential("Login", "analyst", || Ok("correct horse".to_owned()));
    println!("{}", engine.blocking().invoke(call)?.json());

    // A string parameter is no place for a secret.
    let call =
        Invocation::script("param([string]$Text) $Text").secret("Text", || Ok("correct horse".to_owned()));
    match engine.blocking().invoke(call) {
        Ok(output) => println!("leaked: {}", output.json()),
        Err(error) => println!("{}: {error}", error.code()),
    }
    engine.shut_down(Duration::from_secs(1));
    Ok(())
}
