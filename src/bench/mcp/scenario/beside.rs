//! Quick calls while a long one runs.

use std::time::{Duration, Instant};

use super::{BenchError, Context, Figure, LoadMeter, Samples, Target, Unit, all, time, warm};

/// Calls whose time is compared.
const WINDOW: Duration = Duration::from_millis(1_500);

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let trivial = context.server.tool("--trivial", |tools| &tools.trivial)?;
    let long = context.server.tool("--three-seconds", |tools| &tools.three_seconds)?;
    let mut connection = warm(context, trivial, &[])?;
    let block = match context.server.is_own() {
        true => 1_000,
        false => 20,
    };
    time(&mut connection, trivial, 5 * block)?;
    let meter = LoadMeter::start();
    let mut rounds: Vec<(Samples, Samples)> = Vec::with_capacity(context.options.rounds);
    for _ in 0..context.options.rounds {
        let alone = time(&mut connection, trivial, block)?;
        let (begun, id) = (Instant::now(), connection.post(long)?);
        let mut beside = Samples::with_capacity(block);
        while beside.nanos().is_empty() || (begun.elapsed() < WINDOW && beside.nanos().len() < block) {
            beside.push(connection.call(trivial)?.0);
        }
        connection.answer(id)?.success(&long.name)?;
        rounds.push((beside, alone));
    }
    let load = meter.read();
    let pairs = rounds.iter().map(|(beside, alone)| (beside.median() / 1e3, alone.median() / 1e3));
    let slowest =
        rounds.iter().map(|(beside, _)| beside.nanos().iter().copied().max().unwrap_or(0) as f64 / 1e6);
    let usual =
        Figure::new("beside", "quick call beside one of 3 s", Unit::Microseconds, Figure::pairs(pairs))
            .samples(&all(rounds.iter().map(|(beside, _)| beside)))
            .against("quick call alone", None)
            .load(load);
    let slowest = Figure::new(
        "beside.slowest",
        "slowest quick call beside one of 3 s",
        Unit::Milliseconds,
        Figure::alone(slowest),
    )
    .load(load);
    Ok(match context.server.is_own() {
        // A call that waited for the long one would take seconds.
        true => vec![
            usual.target(Target::RatioAtMost { limit: 1.25, allowance: 0.0 }),
            slowest.target(Target::AtMost { limit: 100.0 }),
        ],
        false => vec![usual, slowest],
    })
}
