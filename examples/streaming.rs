//! Output as it comes, with back-pressure: the script waits while this program is slow.
//!
//! ```text
//! cargo run --example streaming
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::Duration;

use runspaced::{Engine, Invocation, RecordData, Stream};

const SCRIPT: &str = r#"
param([int]$Count)
foreach ($n in 1..$Count) {
    if ($n % 100 -eq 0) { Write-Warning "at $n" }
    [pscustomobject]@{ Number = $n; Square = $n * $n }
}
"#;

fn main() -> runspaced::Result<()> {
    let engine = Engine::builder().build()?;
    let mut records = engine.blocking().stream(Invocation::script(SCRIPT).arg("Count", 300))?;
    let mut rows = 0;
    for record in &mut records {
        let record = record?;
        match (record.stream, record.data) {
            (Stream::Output, RecordData::Value(row)) => {
                rows += 1;
                if rows % 100 == 0 {
                    println!("row {rows}: {row}");
                }
            }
            (stream, data) => println!("{stream:?}: {data:?}"),
        }
    }
    println!("{rows} rows, {:?}", records.summary().map(runspaced::Output::timings));
    engine.shut_down(Duration::from_secs(1));
    Ok(())
}
