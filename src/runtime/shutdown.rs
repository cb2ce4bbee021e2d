//! One shutdown signal for the whole process.
//!
//! Takes `SIGTERM` and `SIGINT`; gives a token that every task watches. It must never end the process while tasks can
//! still end in good order; a second signal says that nobody wants to wait for that.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a process that was told twice to stop: 128 + `SIGINT`, as a shell would report it.
const ABANDONED: i32 = 130;

/// Listens for `SIGTERM` and `SIGINT` from now on. The token is cancelled by the first of them; the second one ends
/// the process at once. Clone the token, or take child tokens, to fan it out.
///
/// # Errors
/// The process may not listen for signals.
pub fn on_signal() -> io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let first = stop.clone();
    tokio::spawn(async move {
        let name = next(&mut terminate, &mut interrupt).await;
        tracing::info!(signal = name, "shutting down; a second signal stops at once");
        first.cancel();
        let name = next(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal = name, "stopping at once");
        std::process::exit(ABANDONED);
    });
    Ok(stop)
}

/// Waits for either signal and names it.
async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
