//! Why a command came to nothing, and the exit code that says so.

use std::io::Write;
use std::process::ExitCode;

use super::settle::fault::Fault;
use crate::evaluate::invalid::InvalidSpec;

/// Exit code: the files were read and something in them, or in the flags, is wrong.
const FAULTY: u8 = 1;
/// Exit code: something could not be read or printed.
const UNREADABLE: u8 = 2;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Something in the files or flags is wrong.
    #[error("{0}")]
    Faulty(String),
    /// Something could not be read.
    #[error("{0}")]
    Unreadable(String),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Faulty(fault.to_string())
    }
}

impl From<InvalidSpec> for Trouble {
    fn from(fault: InvalidSpec) -> Self {
        Self::Faulty(fault.to_string())
    }
}

/// The exit code of a command; what went wrong is said on standard error.
pub(super) fn code(outcome: Result<(), Trouble>) -> ExitCode {
    let (code, message) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Trouble::Faulty(message)) => (FAULTY, message),
        Err(Trouble::Unreadable(message)) => (UNREADABLE, message),
    };
    // If even this cannot be written, the exit code says it.
    let _ = writeln!(std::io::stderr(), "guarantor: {message}");
    ExitCode::from(code)
}
