//! The command line of `statement`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What can be done with a statement.
#[derive(Debug, Subcommand)]
pub enum StatementCommand {
    /// Show a statement to people: as a page to print, for a spreadsheet, as tables.
    Show(ShowArgs),
    /// Compute a statement again from its ledger and the terms it tells, and list what differs.
    ///
    /// Exit code 0: nothing contradicts the statement; 1: something does; 2: it cannot be read or computed.
    Verify(VerifyArgs),
}

/// Which statement is meant.
#[derive(Debug, Args)]
pub struct Which {
    /// The statement in the cluster of the current kubeconfig context; without a namespace, in that of the context.
    #[arg(value_name = "NAMESPACE/NAME", required_unless_present = "file", conflicts_with = "file")]
    pub name: Option<String>,

    /// The statement in a file, as `kubectl get sls NAME -o yaml` prints it, or `-` for standard input. Needs no cluster.
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// The flags of `statement show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which statement.
    #[command(flatten)]
    pub which: Which,

    /// The form.
    #[arg(short, long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,

    /// What a row of the CSV form is.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub rows: Option<Rows>,
}

/// The flags of `statement verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Which statement.
    #[command(flatten)]
    pub which: Which,

    /// The statement's ledger in a file, as `kubectl get sll NAME -o yaml` prints it; once for each where it names
    /// several. With NAMESPACE/NAME they are read from the cluster unless they are given here.
    #[arg(long, value_name = "FILE", required_unless_present = "name")]
    pub ledger: Vec<PathBuf>,

    /// Compare the terms with what was agreed, too: the agreement in a file, as `kubectl get sla NAME -o yaml` prints
    /// it, or the manifest that was in force. With NAMESPACE/NAME it is read from the cluster, if it is there.
    #[arg(long, value_name = "FILE")]
    pub agreement: Option<PathBuf>,

    /// Compare what was excluded with what was asked, too: a file with all exclusions of the agreement, as `kubectl get slx
    /// -o yaml` prints them; those of other agreements are left aside. Can be repeated.
    #[arg(long, value_name = "FILE")]
    pub exclusions: Vec<PathBuf>,

    /// Compare what the credits rest on with the statements before, too: a file with all of the agreement's, as `kubectl get
    /// sls -o yaml` prints them; those of other agreements are left aside. Can be repeated.
    #[arg(long, value_name = "FILE")]
    pub previous: Vec<PathBuf>,
}

/// The form of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Tables for a terminal.
    #[default]
    Table,
    /// One page to print or to send, complete in itself.
    Html,
    /// A sheet for a spreadsheet.
    Csv,
    /// The canonical JSON over which the digest is made, with the digest.
    Json,
}

/// What a row of a sheet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// An objective and its account.
    Objectives,
    /// A violation.
    Violations,
    /// A credit line, a total, the reward, a deadline or an adjustment.
    Credits,
    /// A time that somebody asked to have excluded.
    Exclusions,
    /// An action of the operator.
    Actions,
    /// A term of the agreement, in words.
    Terms,
}
