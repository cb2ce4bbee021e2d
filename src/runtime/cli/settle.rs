//! The flags of `settle`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The flags of `settle`.
#[derive(Debug, Args)]
#[command(after_long_help = concat!(
    "A measurements file, in YAML; every part may be left out:\n\n",
    include_str!("measurements.yaml")
))]
pub struct SettleArgs {
    /// The agreement: a file with one `ServiceLevelAgreement`. With its `MetricsSource` beside it, `--prometheus` reads
    /// what that admits.
    #[arg(long, value_name = "FILE")]
    pub agreement: PathBuf,

    /// Exclusions: files with `ServiceLevelExclusion`s for it.
    #[arg(long, value_name = "FILE")]
    pub exclusions: Vec<PathBuf>,

    /// What was measured: a file such as the one that `--help` ends with.
    #[arg(long, value_name = "FILE", required_unless_present = "prometheus")]
    pub measurements: Option<PathBuf>,

    /// Read what was measured from this Prometheus-compatible store, for the time named by `--period`, and for what
    /// that rests on: earlier periods where the agreement has caps by year or contract or counts misses in a row.
    #[arg(long, value_name = "URL", requires = "period")]
    pub prometheus: Option<String>,

    /// A day, a month (2025-06) or a year (2025) of the agreement's zone: every period that overlaps it is settled, the
    /// parts of one that an amendment splits each by themselves. Without it: every period the measurements reach into,
    /// to the end of their runs and repetitions.
    #[arg(long, value_name = "DATE")]
    pub period: Option<String>,

    /// How the answer is printed.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Output,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people, on a terminal.
    #[default]
    Table,
    /// For programs.
    Json,
    /// A page to print: the statement of the last period, however many are settled.
    Html,
}
