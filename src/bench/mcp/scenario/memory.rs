//! Resident memory of the server.

use std::time::Duration;

use super::{BenchError, Connection, Context, Figure, LoadMeter, MB, Target, Unit, warm};

/// After the list of tools: what the start needed has been given back.
const OPENED: Duration = Duration::from_secs(1);
/// After the first result.
const SETTLING: Duration = Duration::from_secs(5);

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let own = context.server.is_own();
    let trivial = context.server.tool("--trivial", |tools| &tools.trivial)?;
    let meter = LoadMeter::start();
    let (mut before, mut base) = (Vec::new(), Vec::new());
    for _ in 0..context.options.pick(context.options.rounds, 3) {
        let mut connection =
            if own { context.server.connect_without_runtime()? } else { context.server.connect()? };
        connection.initialize()?;
        // Where there is no PowerShell, the list is an error; it is answered all the same.
        connection.list()?;
        std::thread::sleep(OPENED);
        before.push(resident(&connection)?);
        drop(connection);
        let connection = warm(context, trivial, &[])?;
        std::thread::sleep(SETTLING);
        base.push(resident(&connection)?);
    }
    let load = meter.read();
    let figure = |id: &str, title: &str, values: Vec<f64>| {
        Figure::new(id, title, Unit::Megabytes, Figure::alone(values)).isolation("-").load(load)
    };
    Ok(match own {
        true => vec![
            figure("memory.before", "resident before the runtime, 1 s after the list", before)
                .target(Target::AtMost { limit: 20.0 }),
            figure("memory.base", "resident 5 s after the first result", base),
        ],
        false => vec![
            figure("memory.before", "resident when the list is answered", before),
            figure("memory.base", "resident 5 s after the first result", base),
        ],
    })
}

fn resident(connection: &Connection) -> Result<f64, BenchError> {
    Ok(connection.resident_bytes()? as f64 / MB)
}
