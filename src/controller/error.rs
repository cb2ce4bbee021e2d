//! What can go wrong in a reconcile, and what becomes of it.

use crate::record::writer::WriteError;
use crate::sense::account::ReadError;

/// An error of a reconcile. What is wrong with the *spec* is not an error but a condition: nothing would change by
/// trying again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A write of the operator's own resources failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A read of the operator's own resources failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A stored ledger cannot be decoded. It is never overwritten: somebody must look.
    #[error(
        "the ledger {name} cannot be read: {reason}; restore it from a backup or delete it to have it measured anew"
    )]
    BrokenLedger {
        /// The object.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The account could not be calculated.
    #[error("the account could not be made: {0}")]
    Account(String),
}

/// When an error is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Soon, with growing pauses.
    Transient,
    /// Only when something was changed.
    Terminal,
}

impl Error {
    /// One word for metrics and Events: a closed set, never a message.
    #[must_use]
    pub fn category(&self) -> &'static str {
        match self {
            Self::Write(WriteError::Api { .. }) => "WriteRefused",
            Self::Write(WriteError::TimedOut(_)) => "WriteTimedOut",
            Self::Read(ReadError::Api { .. }) => "ReadRefused",
            Self::Read(ReadError::TimedOut(_)) => "ReadTimedOut",
            Self::Read(ReadError::TooMany(_)) => "TooManyStatements",
            Self::BrokenLedger { .. } => "BrokenLedger",
            Self::Account(_) => "AccountFailed",
        }
    }

    /// Whether the agreement's namespace is being deleted and takes nothing new.
    #[must_use]
    pub fn is_of_a_terminating_namespace(&self) -> bool {
        matches!(self, Self::Write(error) if error.is_of_a_terminating_namespace())
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Read(ReadError::TooMany(_)) | Self::BrokenLedger { .. } | Self::Account(_) => Retry::Terminal,
            Self::Write(_) | Self::Read(_) => Retry::Transient,
        }
    }
}
