//! Deadlines, cancellation, and what a stopped call had put out until then.
//!
//! ```text
//! cargo run --example cancel
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::{thread, time::Duration};

use runspaced::{Engine, Error, Invocation};

#[tokio::main(flavor = "current_thread")]
async fn main() -> runspaced::Result<()> {
    let engine = Engine::builder().build()?;
    engine.ready().await?; // Deadlines count from the call; the start of PowerShell is not to be part of it here.

    // A deadline of its own; the call's child processes are ended with it.
    let endless = Invocation::script("'before'; while ($true) { }").timeout(Duration::from_millis(200));
    match engine.invoke(endless).await {
        Err(Error::Timeout { deadline, output, .. }) => {
            println!("stopped after {deadline:?}: {}", output.json())
        }
        other => println!("unexpected: {other:?}"),
    }

    // A handle that cancels from another thread.
    let call = engine.start(Invocation::command("Start-Sleep").arg("Seconds", 60))?;
    let cancel = call.cancel_handle();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        cancel.cancel();
    });
    if let Err(error) = call.await {
        println!("{}: {error}", error.code());
    }

    // The runspace is as good as before.
    println!("{}", engine.invoke(Invocation::script("1 + 1")).await?.json());
    engine.shut_down(Duration::from_secs(1));
    Ok(())
}
