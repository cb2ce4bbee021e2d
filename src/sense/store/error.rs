//! What can go wrong between the operator and the store, each its own case.
//!
//! The words end up in a condition a user reads, so every message says what happened and, where that is known, what
//! to do. Text that comes from the store is shortened and stripped of control characters before it is kept.

use std::time::Duration;

use crate::sense::observation::{Failure, FailureKind};

/// The longest part of a store's own words that is kept.
const WORDS: usize = 400;

/// No usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No connection, or it broke before the whole answer was here.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time, by our clock or by the store's.
    #[error("the store did not answer in time: {0}")]
    TimedOut(String),
    /// The store refused the request; the same request will be refused again.
    #[error("the store refused the request ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The store's words.
        message: String,
    },
    /// The store failed, or asks to be left alone for a while (429, 503).
    #[error("the store failed ({status}): {message}")]
    Failed {
        /// The HTTP status; 200 when the failure is told in the answer only.
        status: u16,
        /// The store's words.
        message: String,
        /// After how long the store wants to be asked again, when it says so.
        retry_after: Option<Duration>,
    },
    /// The answer is of another type than the question asks for, or no answer of this interface at all.
    #[error("the store's answer cannot be used: {0}")]
    WrongType(String),
    /// What came back was no answer of a store at all: a proxy's page for instance, or a body cut short.
    #[error("what came back is no answer of a store: {0}")]
    NoAnswer(String),
    /// The answer is larger than what is read.
    #[error("the store's answer is larger than {limit} bytes")]
    TooLarge {
        /// How many bytes are read at most.
        limit: usize,
    },
}

impl StoreError {
    /// The kind, for metrics and conditions.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Unreachable(_) => FailureKind::Unreachable,
            Self::TimedOut(_) => FailureKind::TimedOut,
            Self::Refused { .. } => FailureKind::Refused,
            Self::Failed { .. } => FailureKind::StoreFailed,
            Self::WrongType(_) => FailureKind::WrongType,
            Self::NoAnswer(_) | Self::TooLarge { .. } => FailureKind::NoAnswer,
        }
    }

    /// Whether one part of a joined request may be the cause of it, so that asking in halves finds the part. Not so
    /// for what concerns the store as a whole: asking more then only makes it worse.
    #[must_use]
    pub const fn may_be_one_part(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 400 | 413 | 422),
            // A body may be cut short for its size.
            Self::WrongType(_) | Self::NoAnswer(_) | Self::TooLarge { .. } => true,
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Failed { .. } => false,
        }
    }

    /// Whether the same request may succeed a moment later, and the pause the store asks for.
    pub(super) const fn again_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { retry_after: Some(pause), .. } => Some(*pause),
            // 429 without a hint: asking again at once is what the store complains about.
            Self::Unreachable(_) | Self::Failed { status: 500..=599, .. } => Some(Duration::ZERO),
            Self::Failed { .. }
            | Self::TimedOut(_)
            | Self::Refused { .. }
            | Self::WrongType(_)
            | Self::NoAnswer(_)
            | Self::TooLarge { .. } => None,
        }
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }
}

/// The store's words in one short line.
pub(super) fn words(text: &str) -> String {
    let mut line: String = text.trim().chars().take(WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().chars().nth(WORDS).is_some() {
        line.push('…');
    }
    line
}
