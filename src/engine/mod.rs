//! The engine: the public face of the library.

mod blocking;
mod builder;
mod call;
mod function;
mod handle;
mod invocation;
mod literal;
mod output;
mod request;
mod secret;
mod settings;
mod stream;
mod waiting;

pub(crate) use call::read_answer;
#[cfg(test)]
pub(crate) use function::comment;
pub(crate) use handle::Origin;
pub(crate) use literal::quoted;
pub(crate) use waiting::wait_in_task;

pub use blocking::{Blocking, Records};
pub use builder::EngineBuilder;
pub use call::{Call, CancelHandle, Live, Prompt};
pub use function::{FunctionContext, FunctionError};
pub use handle::{Engine, PowerShellInfo};
pub use invocation::Invocation;
pub use output::{
    Dropped, ErrorInner, ErrorRecord, Output, Position, Record, RecordData, Stream, Timings, Truncation,
    TruncationReason,
};
pub use secret::SecretProvider;
pub use settings::{Encoding, Format, InitialState, Isolation, LanguageMode, Limits};
pub use stream::OutputStream;
