//! The settings in force: the command line, checked as a whole.
//!
//! Takes raw flags; gives [`Settings`] whose parts agree with each other, or an error that names the flag. It must never
//! correct a value in silence.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;

use crate::api::enforcement::Mode;
use crate::runtime::cli::RunArgs;
use crate::runtime::leader::{Timing, TimingError};

/// The most reconciles at the same time; beyond it the API server's fairness, not this process, sets the pace.
const MOST_CONCURRENT: u16 = 256;
/// A slot is re-read from the store later than this only by a mistake in the flag.
const LONGEST_SETTLE_DELAY: Duration = Duration::from_secs(3600);

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for a log store.
    Json,
}

/// A flag whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{flag}: {problem}")]
pub struct SettingsError {
    /// The flag as it is written on the command line.
    pub flag: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

/// The leader election's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Election {
    /// Where the lease is kept; `None`: the namespace the client runs in.
    pub namespace: Option<String>,
    /// The lease's name.
    pub name: String,
    /// This replica's pod, by which people tell the holder.
    pub pod: String,
    /// Its durations.
    pub timing: Timing,
}

/// The settings of `run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The namespace watched; `None`: all.
    pub watch_namespace: Option<String>,
    /// The leader election.
    pub election: Election,
    /// Where metrics and health are served.
    pub metrics_address: SocketAddr,
    /// How many agreements are reconciled at the same time; at least 1.
    pub concurrency: u16,
    /// How long after a slot's end it is read.
    pub settle_delay: Duration,
    /// How long a period that ended may wait for its last slots.
    pub close_grace: Duration,
    /// How often an idle ledger is written.
    pub checkpoint_interval: Duration,
    /// How often every agreement is reconciled anyway.
    pub resync_interval: Duration,
    /// How often the last minute is looked at.
    pub pulse_interval: Duration,
    /// For how long after this replica began to lead it undoes nothing that people rolled out, and evicts no pod.
    pub warm_up: Duration,
    /// The platform team's ceiling over every agreement's mode: the mode in force is the smaller of the two.
    pub enforcement: Mode,
}

impl TryFrom<&RunArgs> for Settings {
    type Error = SettingsError;

    fn try_from(raw: &RunArgs) -> Result<Self, SettingsError> {
        Ok(Self {
            watch_namespace: namespace("--watch-namespace", raw.watch_namespace.as_deref())?,
            election: Election {
                namespace: namespace("--leader-election-namespace", raw.leader_election_namespace.as_deref())?,
                name: lease_name("--leader-election-id", &raw.leader_election_id)?,
                pod: raw.pod_name.clone(),
                timing: timing(raw)?,
            },
            metrics_address: raw.metrics_address,
            concurrency: within("--concurrency", raw.concurrency, 1, MOST_CONCURRENT)?,
            settle_delay: within("--settle-delay", raw.settle_delay, Duration::ZERO, LONGEST_SETTLE_DELAY)?,
            close_grace: within("--close-grace", raw.close_grace, Duration::ZERO, minutes(7 * 24 * 60))?,
            checkpoint_interval: within(
                "--checkpoint-interval",
                raw.checkpoint_interval,
                minutes(1),
                minutes(24 * 60),
            )?,
            resync_interval: within("--resync-interval", raw.resync_interval, minutes(1), minutes(24 * 60))?,
            pulse_interval: within("--pulse-interval", raw.pulse_interval, Duration::from_secs(5), minutes(1))?,
            warm_up: within("--warm-up", raw.warm_up, Duration::ZERO, minutes(24 * 60))?,
            enforcement: raw.enforcement,
        })
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// The lease's durations; which flag is to blame for a combination is the one that is usually changed last.
fn timing(raw: &RunArgs) -> Result<Timing, SettingsError> {
    let lease = within("--lease-duration", raw.lease_duration, Duration::from_secs(5), minutes(10))?;
    if lease.subsec_nanos() > 0 {
        let problem = format!("{lease:?} is no number of whole seconds, which is all a Lease has room for");
        return Err(SettingsError { flag: "--lease-duration", problem });
    }
    Timing::new(lease, raw.renew_interval, raw.lease_margin).map_err(|error| {
        let flag = match error {
            TimingError::Zero if raw.renew_interval.is_zero() => "--renew-interval",
            TimingError::Zero => "--lease-margin",
            TimingError::TooTight { .. } => "--renew-interval",
        };
        SettingsError { flag, problem: error.to_string() }
    })
}

fn within<T: Copy + PartialOrd + std::fmt::Debug>(
    flag: &'static str,
    value: T,
    least: T,
    most: T,
) -> Result<T, SettingsError> {
    if value < least || value > most {
        let problem = format!("{value:?} is out of range; choose a value from {least:?} to {most:?}");
        return Err(SettingsError { flag, problem });
    }
    Ok(value)
}

/// A namespace is a DNS label (RFC 1123); an empty value counts as not given, as charts set variables to nothing.
fn namespace(flag: &'static str, value: Option<&str>) -> Result<Option<String>, SettingsError> {
    match value {
        None | Some("") => Ok(None),
        Some(name) if is_dns_label(name) => Ok(Some(name.to_owned())),
        Some(name) => Err(SettingsError {
            flag,
            problem: format!(
                "`{name}` is no namespace name: at most 63 lower-case letters, digits and `-`, with a letter or digit \
                 at both ends"
            ),
        }),
    }
}

/// A lease's name is a DNS subdomain: labels joined by dots, at most 253 characters.
fn lease_name(flag: &'static str, name: &str) -> Result<String, SettingsError> {
    if name.len() <= 253 && name.split('.').all(is_dns_label) {
        return Ok(name.to_owned());
    }
    let problem = format!("`{name}` is no object name: at most 253 lower-case letters, digits, `-` and `.`");
    Err(SettingsError { flag, problem })
}

fn is_dns_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [label.bytes().next(), label.bytes().next_back()];
    label.len() <= 63
        && ends.iter().all(|end| end.is_some_and(plain))
        && label.bytes().all(|byte| plain(byte) || byte == b'-')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::runtime::cli::{Cli, Command};

    fn settings(flags: &[&str]) -> Result<Settings, SettingsError> {
        let arguments = ["guarantor", "run"].iter().chain(flags);
        let Command::Run(raw) = Cli::try_parse_from(arguments).unwrap().command else { panic!("not `run`") };
        Settings::try_from(&*raw)
    }

    #[test]
    fn the_defaults_are_valid() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.watch_namespace, None);
        assert_eq!(settings.enforcement, Mode::Enforce);
        assert_eq!(settings.concurrency, 16);
        assert_eq!(settings.settle_delay, Duration::from_secs(30));
    }

    #[test]
    fn what_is_given_is_taken() {
        let settings = settings(&["--watch-namespace=shop", "--enforcement=recommend", "--lease-duration=1m"]).unwrap();
        assert_eq!(settings.watch_namespace.as_deref(), Some("shop"));
        assert!(settings.enforcement < Mode::Enforce);
        let seconds = Duration::from_secs;
        assert_eq!(settings.election.timing, Timing::new(seconds(60), seconds(3), seconds(3)).unwrap());
    }

    #[test]
    fn an_empty_namespace_is_none() {
        assert_eq!(settings(&["--watch-namespace="]).unwrap().watch_namespace, None);
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_flag() {
        for (flag, value) in [
            ("--watch-namespace", "Shop"),
            ("--watch-namespace", "shop-"),
            ("--leader-election-namespace", "a.b"),
            ("--leader-election-id", "a..b"),
            ("--leader-election-id", ""),
            ("--lease-duration", "2s"),
            ("--lease-duration", "15500ms"),
            ("--lease-duration", "1h"),
            ("--renew-interval", "6s"),
            ("--renew-interval", "0s"),
            ("--lease-margin", "0s"),
            ("--concurrency", "0"),
            ("--concurrency", "5000"),
            ("--settle-delay", "2h"),
            ("--checkpoint-interval", "1s"),
            ("--resync-interval", "0s"),
            ("--pulse-interval", "4s"),
            ("--pulse-interval", "61s"),
        ] {
            let error = settings(&[&format!("{flag}={value}")]).unwrap_err();
            assert_eq!(error.flag, flag, "{value}: {error}");
        }
    }
}
