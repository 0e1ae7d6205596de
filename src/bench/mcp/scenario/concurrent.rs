//! Calls at once, with one runspace open: the others open while they wait.

use std::time::Instant;

use super::{BenchError, Context, Figure, LoadMeter, Target, Unit, warm};

const CALLS: usize = 10;

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let second = context.server.tool("--second", |tools| &tools.second)?;
    let trivial = context.server.tool("--trivial", |tools| &tools.trivial)?;
    let meter = LoadMeter::start();
    let mut rounds = Vec::with_capacity(context.options.rounds);
    for _ in 0..context.options.rounds {
        // A server of its own each time: after ten calls at once it has ten runspaces.
        let mut connection = warm(context, trivial, &[])?;
        let begun = Instant::now();
        let ids = (0..CALLS).map(|_| connection.post(second)).collect::<Result<Vec<_>, _>>()?;
        let mut last = begun;
        for id in ids {
            let answer = connection.answer(id)?;
            answer.success(&second.name)?;
            last = last.max(answer.at);
        }
        rounds.push((last - begun).as_secs_f64());
    }
    let figure = Figure::new(
        "concurrent",
        "10 calls of 1 s at once, to the last answer",
        Unit::Seconds,
        Figure::alone(rounds),
    )
    .load(meter.read());
    Ok(vec![if context.server.is_own() { figure.target(Target::AtMost { limit: 1.25 }) } else { figure }])
}
