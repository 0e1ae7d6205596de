//! The shortest useful program: one engine, one call, typed rows.
//!
//! ```text
//! cargo run --example first_call
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::Duration;

use runspaced::{Engine, Invocation};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Process {
    id: u32,
    process_name: String,
}

fn main() -> runspaced::Result<()> {
    let engine = Engine::builder().build()?;
    let call =
        Invocation::script("param($Count) Get-Process | Sort-Object CPU -Descending | Select-Object -First $Count Id, ProcessName")
            .arg("Count", 3)
            .timeout(Duration::from_secs(10));
    let output = engine.blocking().invoke(call)?;
    for process in output.rows::<Process>()? {
        println!("{:>8}  {}", process.id, process.process_name);
    }
    println!("{:?}", output.timings());
    engine.shut_down(Duration::from_secs(1));
    Ok(())
}
