//! The engine: the public face of the library.

mod output;
mod settings;

pub use output::{
    Dropped, ErrorInner, ErrorRecord, Position, Record, RecordData, Stream, Timings, Truncation, TruncationReason,
};
pub use settings::{Encoding, Format, InitialState, Isolation, LanguageMode, Limits};
