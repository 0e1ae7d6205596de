//! Resident memory of the server over many calls.

use super::{BenchError, Context, Figure, LoadMeter, MB, Target, Unit, time, warm};
use crate::bench::trend::slope;

/// Calls over which the target counts.
const SPAN: f64 = 50_000.0;
const READINGS: usize = 30;

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let call = context.server.tool("--trivial", |tools| &tools.trivial)?;
    let mut connection = warm(context, call, &[])?;
    let (from, to) = match (context.server.is_own(), context.options.quick) {
        (true, false) => (50_000, 100_000),
        (true, true) => (5_000, 15_000),
        (false, false) => (1_000, 2_500),
        (false, true) => (100, 400),
    };
    let meter = LoadMeter::start();
    time(&mut connection, call, from)?;
    let (step, mut made) = ((to - from) / READINGS, from);
    let mut points = Vec::with_capacity(READINGS);
    for _ in 0..READINGS {
        time(&mut connection, call, step)?;
        made += step;
        points.push((made as f64, connection.resident_bytes()? as f64 / MB));
    }
    let readings: Vec<f64> = points.iter().map(|(_, megabytes)| *megabytes).collect();
    let figure = Figure::new(
        "growth",
        format!("growth over 50,000 calls, from calls {from} to {to}"),
        Unit::Megabytes,
        Figure::alone([slope(&points) * SPAN]),
    )
    .detail("resident_mb", readings)
    .load(meter.read());
    Ok(vec![if context.server.is_own() { figure.target(Target::AtMost { limit: 1.0 }) } else { figure }])
}
