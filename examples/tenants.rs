//! Affinity keys and sessions: whose state a call may meet.
//!
//! ```text
//! cargo run --example tenants
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::Duration;

use runspaced::{Engine, Invocation, Isolation};

fn main() -> runspaced::Result<()> {
    let engine = Engine::builder().max_slots(4).build()?;
    let run = |call: Invocation| engine.blocking().invoke(call).map(|output| output.json().to_owned());

    // Under `shared` a runspace keeps what a call leaves, but never for another key.
    let shared =
        |key: &str, script: &str| run(Invocation::script(script).affinity(key).isolation(Isolation::Shared));
    shared("contoso", "$global:token = 'of contoso'")?;
    println!("contoso sees  {}", shared("contoso", "$global:token")?);
    println!("fabrikam sees {}", shared("fabrikam", "$global:token")?);

    // By default nothing is left for anybody.
    run(Invocation::script("$global:note = 'left behind'").affinity("contoso"))?;
    println!("the next call sees {}", run(Invocation::script("$global:note").affinity("contoso"))?);

    // A session keeps its state on purpose.
    engine.open_session("analysis", Some("contoso"), Some(Duration::from_secs(60)))?;
    let session = |script: &str| run(Invocation::script(script).affinity("contoso").session("analysis"));
    session("$rows = 1..5")?;
    println!("the session remembers {}", session("$rows.Count")?);
    engine.close_session("analysis", Some("contoso"));
    engine.shut_down(Duration::from_secs(1));
    Ok(())
}
