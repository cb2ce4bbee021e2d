//! `guarantor statement`: the forms of a statement for people, and its verification.
//!
//! A statement is read as it is kept, with fields this version does not know, because its digest covers them.

mod cluster;
mod ledgers;
mod paper;
mod show;
mod verify;

use std::process::ExitCode;

use crate::runtime::cli::statement::StatementCommand;

/// The exit code of what cannot be read: a caller must be able to tell it from a contradiction.
const UNREADABLE: u8 = 2;

/// Why a command cannot be carried out.
#[derive(Debug, thiserror::Error)]
enum Problem {
    /// A file, or standard input.
    #[error("{0}")]
    Paper(#[from] paper::PaperError),
    /// The cluster.
    #[error("{0}")]
    Cluster(#[from] cluster::ClusterError),
    /// What was read does not go together.
    #[error("{0}")]
    Mismatch(String),
    /// A form that cannot be made.
    #[error("{0}")]
    Form(String),
}

/// Carries out a command. What is wrong is said on standard error.
#[must_use]
pub fn run(command: &StatementCommand) -> ExitCode {
    let outcome = match command {
        StatementCommand::Show(arguments) => show::run(arguments),
        StatementCommand::Verify(arguments) => verify::run(arguments),
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("guarantor: {problem}");
        ExitCode::from(UNREADABLE)
    })
}
