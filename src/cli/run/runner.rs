//! A call from its beginning to its answer.

use std::fs::File;

use runspaced::{Call, Engine, Invocation, Live, Output, OutputStream, Stream};

use super::outcome::Outcome;
use super::question;
use super::records::Teller;
use super::shape::{self, Shape};
use crate::cli::Exit;
use crate::cli::screen::Palette;
use crate::signals::Signals;

/// A call under way, and what is shown of it meanwhile.
pub(super) struct Runner<'a> {
    pub(super) engine: &'a Engine,
    pub(super) shape: Shape,
    pub(super) palette: Palette,
    pub(super) output: File,
    pub(super) signals: &'a mut Signals,
}

impl Runner<'_> {
    pub(super) async fn run(mut self, invocation: Invocation, asks: bool) -> Exit {
        let mut teller = Teller::new(self.palette);
        if self.shape == Shape::Lines {
            let outcome = match self.engine.stream(invocation) {
                Ok(stream) => self.follow(stream, &mut teller).await,
                Err(error) => Ok(Outcome { result: Err(error), wish: None }),
            };
            teller.finish();
            return match outcome {
                Ok(outcome) => outcome.write(self.shape, self.palette, &self.output),
                Err(exit) => exit,
            };
        }
        let invocation = if asks { invocation.live().interactive() } else { invocation.live() };
        let outcome = match self.engine.start(invocation) {
            Ok(call) => self.watch(call, &mut teller).await,
            Err(error) => Outcome { result: Err(error), wish: None },
        };
        if let Some(output) = outcome.output() {
            teller.tell_missed(&output.records());
        }
        teller.finish();
        outcome.write(self.shape, self.palette, &self.output)
    }

    /// Shows records and asks questions until the answer is there.
    async fn watch(&mut self, mut call: Call, teller: &mut Teller) -> Outcome {
        let cancel = call.cancel_handle();
        let mut wish = None;
        loop {
            tokio::select! {
                event = call.next_live() => match event {
                    Some(Live::Record(record)) => teller.tell(record),
                    Some(Live::Prompt(prompt)) => {
                        let answered = teller.suspended(question::ask(&prompt));
                        tokio::select! {
                            values = answered => if let Some(values) = values { prompt.answer(values) },
                            wished = self.signals.wish() => {
                                wish = Some(wished);
                                cancel.cancel();
                            }
                        }
                    }
                    Some(_) => {}
                    None => break,
                },
                wished = self.signals.wish(), if wish.is_none() => {
                    wish = Some(wished);
                    cancel.cancel();
                }
            }
        }
        let mut answer = std::pin::pin!(call);
        let result = loop {
            tokio::select! {
                result = &mut answer => break result,
                wished = self.signals.wish(), if wish.is_none() => {
                    wish = Some(wished);
                    cancel.cancel();
                }
            }
        };
        Outcome { result, wish }
    }

    /// Writes values as they come. The script waits while they cannot be written.
    async fn follow(&mut self, mut stream: OutputStream, teller: &mut Teller) -> Result<Outcome, Exit> {
        let cancel = stream.cancel_handle();
        let mut wish = None;
        loop {
            let item = tokio::select! {
                item = stream.next_json() => item,
                wished = self.signals.wish(), if wish.is_none() => {
                    wish = Some(wished);
                    cancel.cancel();
                    continue;
                }
            };
            match item {
                Some(Ok((Stream::Output, value))) => {
                    if let Err(error) = shape::write_line(&self.output, value.get()) {
                        return Err(shape::unwritten(self.palette, &error));
                    }
                }
                Some(Ok((stream, value))) => teller.tell_json(stream, value.get()),
                Some(Err(error)) => return Ok(Outcome { result: Err(error), wish }),
                None => {
                    let result = Ok(stream.summary().cloned().unwrap_or_else(Output::default));
                    return Ok(Outcome { result, wish });
                }
            }
        }
    }
}
