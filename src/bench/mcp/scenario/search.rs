//! A large module: its first list, the list from the cache, and searching it.

use std::{ffi::OsStr, time::Duration};

use super::{
    BenchError, Connection, Context, FUNCTIONS, Figure, LoadMeter, Samples, Target, ToolCall, Unit, all,
    large_module,
    start::{Starts, figure, prime},
    time,
};

/// How long the first description of a large module may take.
const DESCRIBING: Duration = Duration::from_secs(180);

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let call = context.server.tool("--search", |tools| &tools.search)?;
    if !context.server.is_own() {
        let mut connection = context.server.connect()?;
        connection.initialize()?;
        return Ok(vec![searched(context, &mut connection, call, "search of tools")?]);
    }
    let module = large_module(context.folder)?;
    let words: Vec<&OsStr> = vec!["--module".as_ref(), module.as_os_str()];
    let cache = context.folder.join("large");
    let meter = LoadMeter::start();
    let mut uncached = Starts::default();
    for _ in 0..context.options.pick(3, 1) {
        uncached.round(|| {
            let connection = context.server.connect_exposing(&words, None)?;
            connection.allow(DESCRIBING);
            Ok(connection)
        })?;
    }
    prime(context, &words, &cache)?;
    let mut cached = Starts::default();
    for _ in 0..context.options.rounds {
        cached.round(|| context.server.connect_exposing(&words, Some(&cache)))?;
    }
    let load = meter.read();
    let mut connection = context.server.connect_exposing(&words, Some(&cache))?;
    connection.initialize()?;
    Ok(vec![
        searched(context, &mut connection, call, "search_tools over 1,500 functions")?
            .target(Target::AtMost { limit: 5.0 })
            .detail("functions", FUNCTIONS),
        figure("search.list.cached", "process start -> tools/list, 1,500 functions, cached", &cached.listed)
            .load(load),
        figure(
            "search.list.uncached",
            "process start -> tools/list, 1,500 functions, no cache",
            &uncached.listed,
        )
        .load(load),
    ])
}

fn searched(
    context: &Context<'_>,
    connection: &mut Connection,
    call: &ToolCall,
    title: &str,
) -> Result<Figure, BenchError> {
    let block = context.options.pick(100, 30);
    connection.call(call)?;
    time(connection, call, block)?;
    let meter = LoadMeter::start();
    let rounds: Vec<Samples> =
        (0..context.options.rounds).map(|_| time(connection, call, block)).collect::<Result<_, _>>()?;
    let medians = rounds.iter().map(|round| round.median() / 1e6);
    Ok(Figure::new("search", title, Unit::Milliseconds, Figure::alone(medians))
        .isolation("-")
        .samples(&all(&rounds))
        .load(meter.read()))
}
