//! Rust functions as PowerShell commands: arguments, pipeline input, streamed values, errors, cancellation.
//!
//! ```text
//! cargo run --example host_functions
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::Duration;

use runspaced::{Engine, FunctionError, Invocation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looks up the weather of a city.
#[derive(Deserialize, JsonSchema)]
struct WeatherOf {
    /// Which city.
    city: String,
    /// How many days ahead.
    #[schemars(range(min = 1, max = 14))]
    days: Option<u32>,
}

#[derive(Serialize)]
struct Weather {
    city: String,
    day: u32,
    degrees: i32,
}

#[derive(Deserialize)]
struct Nothing {}

fn main() -> runspaced::Result<()> {
    let engine = Engine::builder()
        // A command of its own, with parameters and help from the type.
        .host_command("Get-Weather", |context, of: WeatherOf| async move {
            if of.city == "Atlantis" {
                return Err(FunctionError::new(format!("there is no city named {}", of.city))
                    .id("CityNotFound")
                    .category("ObjectNotFound")
                    .target(of.city));
            }
            for day in 1..=of.days.unwrap_or(1) {
                // Each value reaches the pipeline when it is there.
                tokio::time::sleep(Duration::from_millis(50)).await;
                context.write(&Weather { city: of.city.clone(), day, degrees: 20 }).await?;
            }
            Ok(())
        })
        // By name, with input of the pipeline.
        .host_function("sum", |mut context, _: Nothing| async move {
            let mut sum = 0;
            while let Some(value) = context.next_input::<i64>().await {
                sum += value?;
            }
            Ok(sum)
        })
        .build()?;

    for script in [
        "Get-Weather -City Rome -Days 2 | ForEach-Object { \"$($_.city), day $($_.day): $($_.degrees) degrees\" }",
        "'Oslo', 'Riga' | ForEach-Object { [pscustomobject]@{ City = $_ } } | Get-Weather | Select-Object -ExpandProperty city",
        "1..100 | Invoke-HostFunction sum",
        "try { Get-Weather -City Atlantis } catch { $_.FullyQualifiedErrorId }",
        // The function is dropped when nobody needs its values any more.
        "Get-Weather -City Rome -Days 14 | Select-Object -First 1 -ExpandProperty day",
    ] {
        println!("{script}\n    {}", engine.blocking().invoke(Invocation::script(script))?.json());
    }
    engine.shut_down(Duration::from_secs(1));
    Ok(())
}
