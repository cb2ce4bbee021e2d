//! The command line as it is written: flags, their environment variables and their defaults.
//!
//! Takes the process's arguments; gives raw values. It must never check one flag against another: that is
//! [`crate::runtime::settings`]' work.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::api::enforcement::Mode;
use crate::runtime::settings::LogFormat;

pub mod settle;
pub mod simulate;
pub mod statement;

/// A Kubernetes operator that keeps service level agreements.
#[derive(Debug, Parser)]
#[command(name = "guarantor", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator against the cluster of the pod or of the current kubeconfig context.
    Run(Box<RunArgs>),
    /// Print the custom resource definitions as YAML.
    Crds(CrdsArgs),
    /// Check manifests without a cluster: schema, rules, expressions, and what is hardly meant.
    ///
    /// Exit code 0: no error; 1: errors were found; 2: something could not be read.
    Check(CheckArgs),
    /// Settle measurements by an agreement, without a cluster.
    ///
    /// Exit code 0: settled; 1: something in the files is wrong; 2: something could not be read.
    Settle(settle::SettleArgs),
    /// Try an agreement before it is signed: play a recorded load against a simulated service, once for each way of
    /// scaling it, and tell what would be owed and how many pods it took.
    ///
    /// Exit code 0: simulated; 1: something in the files or flags is wrong; 2: something could not be read.
    Simulate(Box<simulate::SimulateArgs>),
    /// Tell the latest decision about an agreement: the cause of a danger, its evidence, and what would change it.
    ///
    /// Exit code 0: told; 2: the agreement cannot be read.
    Explain(ExplainArgs),
    /// Show or verify the statement of a closed period.
    #[command(subcommand)]
    Statement(statement::StatementCommand),
}

/// The flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Files to check, folders whose *.yaml, *.yml and *.json are checked, or - for standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// How findings are printed.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,

    /// Treat warnings as errors.
    #[arg(long)]
    pub deny_warnings: bool,

    /// The namespace of objects that name none. Without it, what depends on the namespace is not checked for them.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// How long the metrics store keeps samples, such as `15d`, where no status of a `MetricsSource` among the manifests
    /// says so. Without it, periods that are longer than the store looks back are not remarked on.
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub retention: Option<SignedDuration>,
}

/// The flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The agreement in the cluster of the current kubeconfig context; without a namespace, in that of the context.
    #[arg(value_name = "NAMESPACE/NAME", required_unless_present = "file", conflicts_with = "file")]
    pub name: Option<String>,

    /// The agreement in a file, as `kubectl get sla NAME -o yaml` prints it, or `-` for standard input. Needs no cluster.
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// How a command prints what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// The flags of `crds`.
#[derive(Debug, Args)]
pub struct CrdsArgs {
    /// Write one file per definition into this directory, which must exist, instead of printing.
    #[arg(long, value_name = "PATH")]
    pub directory: Option<PathBuf>,
}

/// The flags of `run`. Each can be set by the environment variable named with it; durations are written like `15s`,
/// `1m30s` or `1h`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Watch agreements in this namespace only. Without it the operator watches all namespaces.
    #[arg(long, env = "GUARANTOR_WATCH_NAMESPACE", value_name = "NAMESPACE")]
    pub watch_namespace: Option<String>,

    /// Keep the leader lease in this namespace. Without it: the pod's own namespace, or that of the kubeconfig context.
    #[arg(long, env = "GUARANTOR_LEADER_ELECTION_NAMESPACE", value_name = "NAMESPACE")]
    pub leader_election_namespace: Option<String>,

    /// Name of the leader lease. Replicas with the same name and namespace take turns; only one of them writes.
    #[arg(long, env = "GUARANTOR_LEADER_ELECTION_ID", value_name = "NAME", default_value = "guarantor")]
    pub leader_election_id: String,

    /// This replica's pod. The lease names it as its holder, with a suffix of its own for each start.
    #[arg(long, env = "POD_NAME", value_name = "NAME", default_value = "local")]
    pub pod_name: String,

    /// How long the others wait after the leader has fallen silent, before one of them takes over. Whole seconds.
    #[arg(long, env = "GUARANTOR_LEASE_DURATION", value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub lease_duration: Duration,

    /// How often the leader renews the lease and the others look at it.
    #[arg(long, env = "GUARANTOR_RENEW_INTERVAL", value_name = "DURATION", default_value = "3s", value_parser = duration)]
    pub renew_interval: Duration,

    /// How long before the end of its lease the leader stops writing.
    #[arg(long, env = "GUARANTOR_LEASE_MARGIN", value_name = "DURATION", default_value = "3s", value_parser = duration)]
    pub lease_margin: Duration,

    /// Serve /metrics, /healthz and /readyz on this address.
    #[arg(long, env = "GUARANTOR_METRICS_ADDRESS", value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    pub metrics_address: SocketAddr,

    /// How log lines are written.
    #[arg(long, env = "GUARANTOR_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// Which log lines are written: a level, or levels by module, such as `info,guarantor=debug`.
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info")]
    pub log_filter: String,

    /// How many agreements are reconciled at the same time.
    #[arg(long, env = "GUARANTOR_CONCURRENCY", value_name = "COUNT", default_value_t = 16)]
    pub concurrency: u16,

    /// How long after the end of a slot it is read from the metrics store, so that late samples have arrived.
    #[arg(long, env = "GUARANTOR_SETTLE_DELAY", value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub settle_delay: Duration,

    /// How long a period that ended may wait for slots the metrics store does not give. Then it is settled without them.
    #[arg(long, env = "GUARANTOR_CLOSE_GRACE", value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub close_grace: Duration,

    /// How often the ledger of a running period is written. What was not written is read again after a crash.
    #[arg(long, env = "GUARANTOR_CHECKPOINT_INTERVAL", value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub checkpoint_interval: Duration,

    /// How often every agreement is reconciled although nothing about it has changed.
    #[arg(long, env = "GUARANTOR_RESYNC_INTERVAL", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub resync_interval: Duration,

    /// How often the last minute of every objective that may be acted for is looked at, so that an outage is seen before
    /// its slots are closed.
    #[arg(long, env = "GUARANTOR_PULSE_INTERVAL", value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub pulse_interval: Duration,

    /// For how long after it has begun to work, or has taken over, the operator undoes no revision: what it sees at first may
    /// be its own start.
    #[arg(long, env = "GUARANTOR_WARM_UP", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub warm_up: Duration,

    /// The most the operator may do in this cluster, whatever an agreement's mode asks for. Anything but `Enforce` keeps
    /// it from changing workloads.
    #[arg(long, env = "GUARANTOR_ENFORCEMENT", value_name = "MODE", default_value = "Enforce", ignore_case = true)]
    pub enforcement: Mode,
}

/// The modes under the names the API gives them.
impl ValueEnum for Mode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Observe, Self::Recommend, Self::Enforce]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Observe => PossibleValue::new("Observe").help("Measure and keep the account"),
            Self::Recommend => PossibleValue::new("Recommend").help("Also say what would be done"),
            Self::Enforce => PossibleValue::new("Enforce").help("Also act, where the agreement allows it"),
        })
    }
}

/// Reads a duration such as `1m30s` or `1d12h`: a day has 24 hours, a week 7 days. `jiff` reads it, not
/// `kube::core::Duration`, which panics on too large a number.
///
/// # Errors
/// Says how one is written.
pub fn duration(text: &str) -> Result<Duration, String> {
    // `jiff` reads days into a span only, since those of a calendar may be longer or shorter.
    let of_days = || text.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
    let signed = text.parse::<SignedDuration>().ok().or_else(of_days);
    let signed = signed.ok_or("write a duration like `15s`, `1m30s`, `1h` or `1d12h`, the larger unit first")?;
    Duration::try_from(signed).map_err(|_| "a duration must not be negative".to_owned())
}

/// Reads a length of time above zero as manifests write it, days of 24 hours included.
///
/// # Errors
/// Says what is wrong with the text.
pub fn span(text: &str) -> Result<SignedDuration, String> {
    let length = crate::evaluate::span::elapsed(&text.into()).map_err(|error| error.to_string())?;
    if length.is_zero() { Err("write more than nothing, for example 15d".to_owned()) } else { Ok(length) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, millis) in
            [("15s", 15_000), ("1m30s", 90_000), ("1h0m0s", 3_600_000), ("250ms", 250), ("1.5h", 5_400_000), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn days_and_weeks_are_read_as_prometheus_writes_them() {
        for (text, hours) in [("1d", 24), ("7d", 168), ("1d12h", 36), ("2w", 336), ("1w1d", 192), ("1d0h30m", 24)] {
            let read = duration(text).unwrap();
            assert_eq!(read.as_secs() / 3600, hours, "{text}");
        }
        assert_eq!(duration("1d1m1s"), Ok(Duration::from_secs(86_461)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "15",
            "-15s",
            "15 parsecs",
            "9999999999999999999999h",
            "1e30h",
            "s",
            "-1d",
            "1.5d",
            "1mo",
            "1y",
            "1h1d",
        ] {
            let why = duration(text).unwrap_err();
            assert!(why.starts_with("write a duration like") || why == "a duration must not be negative", "{why}");
        }
    }

    #[test]
    fn a_wrong_value_is_answered_with_its_flag() {
        for (flag, value) in [
            ("--lease-duration", "soon"),
            ("--concurrency", "-1"),
            ("--metrics-address", "8080"),
            ("--log-format", "xml"),
            ("--enforcement", "Always"),
        ] {
            let answer = Cli::try_parse_from(["guarantor", "run", &format!("{flag}={value}")]).unwrap_err();
            assert!(answer.to_string().contains(flag), "{answer}");
        }
    }
}
