//! The operator under test, as a process of its own: with exactly the rights its chart grants, and killable.
//!
//! The testbed does not depend on the operator's crate: it runs the binary it is given.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::http;
use crate::ports::free_port;
use crate::process::{Process, Signal, with_new_ports};
use crate::scratch::Scratch;
use crate::wait::{Progress, wait_until};

/// How long it may take to be ready on a machine busy with other tests, and to end in order: it writes its ledgers then.
const PATIENCE: Duration = Duration::from_secs(180);

/// How an operator is started.
#[derive(Debug, Clone)]
pub struct OperatorOptions {
    /// The binary.
    pub binary: PathBuf,
    /// Who it is.
    pub kubeconfig: PathBuf,
    /// The one namespace it watches, so that the operators of several tests keep out of each other's way; empty: all.
    pub watch_namespace: String,
    /// The namespace of its lease.
    pub lease_namespace: String,
    /// The lease's name.
    pub lease_name: String,
    /// Further flags, such as `--settle-delay=2s`.
    pub flags: Vec<String>,
}

/// The operator's binary: the one that was named, or the one built beside this program.
///
/// # Errors
/// When it is not known where this program is.
pub fn binary(named: Option<PathBuf>) -> Result<PathBuf> {
    Ok(match named {
        Some(path) => path,
        None => std::env::current_exe()?.with_file_name("guarantor"),
    })
}

impl OperatorOptions {
    /// The same with another value of a flag, such as `--settle-delay`.
    #[must_use]
    pub fn with_flag(mut self, name: &str, value: &str) -> Self {
        self.flags.retain(|flag| flag.split('=').next() != Some(name));
        self.flags.push(format!("{name}={value}"));
        self
    }
}

/// A running operator.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    metrics: SocketAddr,
    log: PathBuf,
    _scratch: Scratch,
}

impl Operator {
    /// Starts one and waits until it serves its health.
    ///
    /// # Errors
    /// When it ends or is not ready in time; the text shows the end of its log.
    pub async fn start(options: &OperatorOptions) -> Result<Self> {
        with_new_ports(async || Self::start_once(options).await).await
    }

    async fn start_once(options: &OperatorOptions) -> Result<Self> {
        let scratch = Scratch::new()?;
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let log = scratch.file("operator.log");
        let mut command = Command::new(&options.binary);
        command.args(arguments(options, metrics)).env("KUBECONFIG", &options.kubeconfig).env_remove("RUST_LOG");
        let mut operator =
            Self { process: Process::spawn("the operator", &mut command, &log)?, metrics, log, _scratch: scratch };
        operator.wait_ready().await?;
        Ok(operator)
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let client = http::client()?;
        let url = format!("http://{}/readyz", self.metrics);
        wait_until("the operator", PATIENCE, async || {
            self.process.check()?;
            Ok(match http::answers(&client, &url).await {
                Ok(()) => Progress::Done(()),
                Err(seen) => Progress::Pending(seen),
            })
        })
        .await
    }

    /// What it serves under `/metrics`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let url = format!("http://{}/metrics", self.metrics);
        Ok(http::client()?.get(url).send().await?.error_for_status()?.text().await?)
    }

    /// The number the system knows it by.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Sends it a signal: `Stop` freezes it where it stands, `Continue` lets it go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Ends it without a chance to say goodbye, as a crash does.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(mut self) -> Result<()> {
        self.process.stop(PATIENCE).await
    }
}

fn arguments(options: &OperatorOptions, metrics: SocketAddr) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "run".into(),
        format!("--metrics-address={metrics}").into(),
        format!("--leader-election-namespace={}", options.lease_namespace).into(),
        format!("--leader-election-id={}", options.lease_name).into(),
    ];
    if !options.watch_namespace.is_empty() {
        arguments.push(format!("--watch-namespace={}", options.watch_namespace).into());
    }
    arguments.extend(options.flags.iter().map(OsString::from));
    arguments
}
