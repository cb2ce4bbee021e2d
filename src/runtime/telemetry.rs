//! The process's log: set up once, before anything else speaks.
//!
//! Takes the format and the filter; gives nothing. It must never write to standard output, which belongs to what a
//! command prints.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::runtime::settings::{LogFormat, Settings};

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("--log-filter: {0}; write it like `info` or `guarantor=debug,kube=warn`")]
    Filter(String),
    /// A log was set up before.
    #[error("the log is already set up: {0}")]
    Twice(String),
}

/// Sends the log to standard error, one line an event, in `format`, as far as `filter` lets it through.
///
/// # Errors
/// [`TelemetryError`] if the filter cannot be read, or if the process has a log already.
pub fn init(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter(error.to_string()))?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        // Colours only for people: a log collector should not have to strip them.
        LogFormat::Text => registry.with(lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr()))).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    }
    .map_err(|error| TelemetryError::Twice(error.to_string()))
}

/// The one line that says what started, with the settings in force. No setting is a secret.
pub fn announce(settings: &Settings) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        build = if cfg!(debug_assertions) { "debug" } else { "release" },
        settings = ?settings,
        "guarantor starts"
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_with_the_name_of_the_flag() {
        let error = init(LogFormat::Text, "guarantor=loud").unwrap_err();
        assert!(error.to_string().starts_with("--log-filter: "), "{error}");
    }
}
