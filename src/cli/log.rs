//! The log: always to the error stream.

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, LogFormat, Problem, find};

/// Installs the log.
///
/// # Errors
/// The filter is not understood.
pub fn install(config: &Config) -> Result<(), Problem> {
    let log = &config.settings.log;
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .parse(&log.filter)
        .map_err(|error| {
            let origin =
                find("log.filter").map_or(crate::config::Origin::Default, |setting| config.origin(setting));
            Problem::of(
                origin,
                format!("log.filter is {:?}: {error}; try `info` or `warn,runspaced=debug`", log.filter),
            )
        })?;
    // What it writes below that level has the content of messages in it: its warnings repeat the errors that clients get.
    let quiet =
        filter_fn(|metadata| !metadata.target().starts_with("rmcp") || *metadata.level() <= Level::ERROR);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let installed = match log.format {
        LogFormat::Json => tracing_subscriber::registry()
            .with(lines.json().flatten_event(true).with_filter(filter.and(quiet)))
            .try_init(),
        LogFormat::Text => {
            let colours = super::screen::ColourChoice::Auto.applies_to(&std::io::stderr());
            tracing_subscriber::registry()
                .with(lines.with_ansi(colours).with_filter(filter.and(quiet)))
                .try_init()
        }
    };
    // Only fails if there is a log already.
    let _ = installed;
    Ok(())
}
