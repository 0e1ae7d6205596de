//! Whether scripts can reach the program's own streams.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use runspaced::{Engine, Invocation};

use super::check::Check;
use crate::stdio;

const ID: &str = "standard_streams";
const MARKER: &str = "runspaced-doctor-marker";
const SCRIPT: &str = r"param($marker)
[Console]::Out.Write($marker); [Console]::Out.Flush()
[Console]::In.ReadToEnd().Length
if (-not $IsWindows) { @(cat).Count }";

/// A pipe where scripts find the standard output. What they write to the console must end up here and nowhere else.
pub struct Trap(Arc<Mutex<Vec<u8>>>);

impl Trap {
    /// Sets it. Before the runtime starts: .NET keeps the descriptor it finds at its first use.
    pub fn set() -> std::io::Result<Self> {
        let (mut reader, writer) = std::io::pipe()?;
        stdio::divert_output(&writer)?;
        let caught = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&caught);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                into.lock().extend_from_slice(&buffer[..count]);
            }
        });
        Ok(Self(caught))
    }

    /// Writes to the console and reads from it, in PowerShell.
    pub async fn check(&self, engine: &Engine) -> Check {
        let remedy = "Report this: a script could damage what the program writes.";
        let call = Invocation::script(SCRIPT).arg("marker", MARKER).timeout(Duration::from_secs(20));
        let read: Vec<u64> = match engine.invoke(call).await.and_then(|output| output.rows()) {
            Ok(read) => read,
            Err(error) => return Check::failed(ID, format!("the test did not run: {error}"), remedy),
        };
        if read.iter().any(|count| *count != 0) {
            return Check::failed(ID, "a script read from the program's standard input", remedy);
        }
        for _ in 0..100 {
            if String::from_utf8_lossy(&self.0.lock()).contains(MARKER) {
                return Check::ok(
                    ID,
                    "what scripts write to the console stays out of the output, and they read nothing of the input",
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Check::failed(ID, "what a script wrote to the console did not arrive where it should", remedy)
    }
}
