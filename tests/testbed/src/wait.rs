//! Bounded waiting.
//!
//! Takes a question that can be asked again and again, gives its answer or a sentence saying what was last seen.
//! Must never wait without an end: a test that hangs tells less than one that fails.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep, timeout_at};

/// The time between two attempts.
const INTERVAL: Duration = Duration::from_millis(50);

/// What one attempt found.
#[derive(Debug)]
pub enum Progress<T> {
    /// What was waited for is here.
    Done(T),
    /// Not yet; the text says what was seen instead and appears in the error if time runs out.
    Pending(String),
}

impl<T> Progress<T> {
    /// Not yet, because of `seen`.
    pub fn pending(seen: impl Into<String>) -> Self {
        Self::Pending(seen.into())
    }
}

/// Asks `attempt` until it is done.
///
/// # Errors
/// When `attempt` fails, which ends the waiting at once, or when `within` has passed.
pub async fn wait_until<T>(
    what: &str,
    within: Duration,
    mut attempt: impl AsyncFnMut() -> Result<Progress<T>>,
) -> Result<T> {
    let deadline = Instant::now() + within;
    let mut seen = "the first attempt did not end".to_owned();
    loop {
        match timeout_at(deadline, attempt()).await {
            Ok(Ok(Progress::Done(value))) => return Ok(value),
            Ok(Ok(Progress::Pending(reason))) => seen = reason,
            Ok(Err(error)) => {
                return Err(error).with_context(|| format!("while waiting for {what}"));
            }
            Err(_) => bail!("waited {within:?} for {what}, last seen: {seen}"),
        }
        if Instant::now() >= deadline {
            bail!("waited {within:?} for {what}, last seen: {seen}");
        }
        sleep(INTERVAL).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_the_value_of_the_first_attempt_that_is_done() {
        let mut left = 3;
        let got = wait_until("the third attempt", Duration::from_secs(60), async || {
            left -= 1;
            Ok(if left == 0 { Progress::Done("here") } else { Progress::pending(left.to_string()) })
        })
        .await;
        assert_eq!((got.unwrap(), left), ("here", 0));
    }

    #[tokio::test]
    async fn a_wait_that_runs_out_says_what_was_last_seen() {
        let got: Result<()> =
            wait_until("rain", Duration::from_millis(1), async || Ok(Progress::pending("sunshine"))).await;
        let text = format!("{:#}", got.unwrap_err());
        assert!(text.contains("rain") && text.contains("sunshine"), "{text}");
    }

    #[tokio::test]
    async fn an_attempt_that_never_ends_is_cut_off() {
        let got: Result<()> =
            wait_until("a hanging server", Duration::from_millis(1), async || std::future::pending().await).await;
        assert!(format!("{:#}", got.unwrap_err()).contains("a hanging server"));
    }
}
