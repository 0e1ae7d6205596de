//! Calls of a trivial tool.

use runspaced::{Engine, Invocation};

use super::{BenchError, Context, Echo, Figure, LoadMeter, Samples, Target, Unit, all, time, warm};

/// About as long as the request and the answer of a trivial call.
const LINE: usize = 200;

/// What a round measures, one block right after the other.
struct Blocks {
    server: Samples,
    echo: Samples,
    /// The same call in an engine of this process; none for other servers.
    engine: Option<Samples>,
}

impl Blocks {
    fn floor_us(&self) -> f64 {
        (self.echo.median() + self.engine.as_ref().map_or(0.0, Samples::median)) / 1e3
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let call = context.server.tool("--trivial", |tools| &tools.trivial)?;
    let mut connection = warm(context, call, &[])?;
    let mut echo = Echo::start(LINE)?;
    let engine = context.server.is_own().then(|| Engine::builder().max_slots(1).build()).transpose()?;
    let own_call = |count: usize| -> Result<Option<Samples>, BenchError> {
        let Some(engine) = &engine else { return Ok(None) };
        let call = Invocation::command("Get-Date");
        let mut samples = Samples::with_capacity(count);
        for _ in 0..count {
            let call = call.clone();
            samples.time(|| engine.blocking().invoke(call))?;
        }
        Ok(Some(samples))
    };
    let (warm_up, block) = match context.server.is_own() {
        true => (context.options.pick(40_000, 12_000), context.options.pick(1_000, 300)),
        // Nobody knows how long a call of another server takes.
        false => (context.options.pick(200, 50), context.options.pick(100, 30)),
    };
    for _ in 0..4 {
        time(&mut connection, call, warm_up / 4)?;
        own_call(warm_up / 4)?;
    }
    echo.time(block)?;
    let meter = LoadMeter::start();
    let mut rounds = Vec::with_capacity(context.options.rounds);
    for round in 0..context.options.rounds {
        rounds.push(if round % 2 == 0 {
            let server = time(&mut connection, call, block)?;
            Blocks { server, echo: echo.time(block)?, engine: own_call(block)? }
        } else {
            let (engine, echo) = (own_call(block)?, echo.time(block)?);
            Blocks { server: time(&mut connection, call, block)?, echo, engine }
        });
    }
    let load = meter.read();
    let pairs = rounds.iter().map(|blocks| (blocks.server.median() / 1e3, blocks.floor_us()));
    let figure =
        Figure::new("round_trip", "stdio round trip, trivial tool", Unit::Microseconds, Figure::pairs(pairs))
            .samples(&all(rounds.iter().map(|blocks| &blocks.server)));
    let part = |id: &str, title: &str, of: &dyn Fn(&Blocks) -> Samples| {
        let parts: Vec<Samples> = rounds.iter().map(of).collect();
        Figure::new(
            id,
            title,
            Unit::Microseconds,
            Figure::alone(parts.iter().map(|part| part.median() / 1e3)),
        )
        .samples(&all(&parts))
        .load(load)
    };
    let echo =
        part("round_trip.echo", "  an echo across the pipes of a process", &|blocks| blocks.echo.clone())
            .isolation("-");
    if engine.is_none() {
        return Ok(vec![figure.against("echo", None).load(load), echo]);
    }
    let own = part("round_trip.engine", "  the same call in the engine", &|blocks| {
        blocks.engine.clone().unwrap_or_default()
    });
    let figure = figure
        .against("echo + call in the engine", None)
        .target(Target::RatioAtMost { limit: 1.0, allowance: 25.0 });
    Ok(vec![figure.load(load), echo, own])
}
