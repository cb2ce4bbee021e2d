//! The wall clock, handed to whoever needs the time, so that the pure stages take it as an argument and tests fix it.
//!
//! Takes nothing, gives a timestamp. It must never be used to measure how long something took: that is the monotonic
//! clock's work.

use jiff::Timestamp;
use tokio::time::Instant;

/// A source of the present time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands still: for tests and for replaying a period.
    Fixed(Timestamp),
    /// A clock that goes with tokio's, which a test may pause and advance.
    Running {
        /// The time it showed
        from: Timestamp,
        /// at this instant.
        at: Instant,
    },
}

impl Clock {
    /// The present time in UTC.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => at,
            Self::Running { from, at } => from.saturating_add(at.elapsed()).unwrap_or(from),
        }
    }
}
