//! The floor of a round trip: a process that gives every line back, across pipes as a server's.

use std::{
    io::{BufRead, Write},
    process::Command,
};

use super::{connection::Connection, program};
use crate::bench::{BenchError, samples::Samples};

/// The echoing process.
pub(super) struct Echo {
    connection: Connection,
    line: Vec<u8>,
}

impl Echo {
    /// Starts it, to echo lines as long as this.
    pub(super) fn start(length: usize) -> Result<Self, BenchError> {
        let mut command = Command::new(program()?);
        command.args(["bench", "echo"]);
        let mut line = vec![b'x'; length.max(2) - 1];
        line.push(b'\n');
        Ok(Self { connection: Connection::open(command)?, line })
    }

    /// Times round trips.
    pub(super) fn time(&mut self, count: usize) -> Result<Samples, BenchError> {
        let mut samples = Samples::with_capacity(count);
        for _ in 0..count {
            let begun = std::time::Instant::now();
            let at = self.connection.echo(&self.line)?;
            samples.push(at - begun);
        }
        Ok(samples)
    }
}

/// What the echoing process does until its input ends.
///
/// # Errors
/// What the system says of the pipes.
pub(crate) fn run() -> Result<(), BenchError> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line).map_err(BenchError::system("reading lines to echo"))?;
        if read == 0 {
            return Ok(());
        }
        output
            .write_all(&line)
            .and_then(|()| output.flush())
            .map_err(BenchError::system("echoing a line"))?;
    }
}
