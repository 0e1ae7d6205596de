//! A result of a megabyte. Of this program's server the client gets as much as its budget allows, and a handle for the rest.

use runspaced::{Engine, Invocation};

use super::{BenchError, Context, Figure, LoadMeter, MEGABYTE, Samples, Target, Unit, all, time, warm};

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let call = context.server.tool("--large", |tools| &tools.large)?;
    let mut connection = warm(context, call, &[])?;
    let engine = context.server.is_own().then(|| Engine::builder().max_slots(1).build()).transpose()?;
    let in_engine = |count: usize| -> Result<Samples, BenchError> {
        let mut samples = Samples::with_capacity(count);
        if let Some(engine) = &engine {
            for _ in 0..count {
                let output = samples.time(|| engine.blocking().invoke(Invocation::script(MEGABYTE)))?;
                if output.json().len() < 1_000_000 {
                    return Err(BenchError::NoSamples("the result is no megabyte"));
                }
            }
        }
        Ok(samples)
    };
    let block = context.options.pick(20, 5);
    time(&mut connection, call, block * 4)?;
    in_engine(block * 4)?;
    let bytes = connection.call(call)?.1.bytes;
    let meter = LoadMeter::start();
    let mut rounds = Vec::with_capacity(context.options.rounds);
    for round in 0..context.options.rounds {
        rounds.push(if round % 2 == 0 {
            let server = time(&mut connection, call, block)?;
            (server, in_engine(block)?)
        } else {
            let engine = in_engine(block)?;
            (time(&mut connection, call, block)?, engine)
        });
    }
    let load = meter.read();
    let samples = all(rounds.iter().map(|(server, _)| server));
    let (title, pairs) =
        ("result of a megabyte", rounds.iter().map(|(s, e)| (s.median() / 1e6, e.median() / 1e6)));
    let figure = match &engine {
        Some(_) => Figure::new("large", title, Unit::Milliseconds, Figure::pairs(pairs))
            .against("call in the engine", None)
            .target(Target::RatioAtMost { limit: 1.0, allowance: 3.0 }),
        None => Figure::new(
            "large",
            "large result",
            Unit::Milliseconds,
            Figure::alone(pairs.map(|(value, _)| value)),
        ),
    };
    Ok(vec![figure.samples(&samples).detail("answer_bytes", bytes).load(load)])
}
