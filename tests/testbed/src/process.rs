//! A server or tool running as a child of this process.
//!
//! Takes a program and its arguments, gives a [`Process`] whose output goes to a log file and which ends with this
//! process at the latest, together with everything it started itself. Nothing here knows what is being run.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::wait::{Progress, wait_until};
use crate::watchdog::Watchdog;

/// How much of a log's end an error shows, in bytes.
const TAIL: u64 = 4096;

/// A process that ended although it was needed.
#[derive(Debug, thiserror::Error)]
#[error("{name} ended with {status}; the end of its log {log}:\n{tail}")]
pub struct Died {
    name: String,
    status: ExitStatus,
    log: String,
    tail: String,
}

impl Died {
    /// Whether it ended because another process had taken its port: starting it with another port will help.
    #[must_use]
    pub fn address_in_use(&self) -> bool {
        self.tail.to_ascii_lowercase().contains("address already in use")
    }
}

/// A signal a process can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Asks it to end in order.
    Terminate,
    /// Freezes it: it keeps its connections and answers nothing.
    Stop,
    /// Lets a frozen process go on.
    Continue,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// A running child.
///
/// It is killed, with everything it started, when dropped and when this process ends.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// `None` once the child has been reaped: its number may belong to a stranger from then on.
    watchdog: Option<Watchdog>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`, whose output is appended to `log`; `name` is what errors call it.
    ///
    /// # Errors
    /// When the program cannot be run or the log not be written.
    pub fn spawn(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let open = || {
            File::options()
                .create(true)
                .append(true)
                .open(log)
                .with_context(|| format!("cannot write the log {}", log.display()))
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(open()?)
            .stderr(open()?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        let mut process = Self { name: name.to_owned(), child, log: log.to_owned(), watchdog: None, ended: None };
        process.watchdog = Some(Watchdog::killing_group(process.id())?);
        Ok(process)
    }

    /// The number the system knows it by.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says how it ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
            if self.ended.is_some() {
                self.watchdog = None;
            }
        }
        Ok(self.ended)
    }

    /// Makes sure it still runs.
    ///
    /// # Errors
    /// [`Died`] with the end of the log when it does not.
    pub fn check(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => Err(Died {
                name: self.name.clone(),
                status,
                log: self.log.display().to_string(),
                tail: self.log_tail(),
            }
            .into()),
        }
    }

    /// The end of what it printed.
    #[must_use]
    pub fn log_tail(&self) -> String {
        tail(&self.log).unwrap_or_else(|error| format!("(cannot be read: {error})"))
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.check()?;
        let status = Command::new("sh")
            .args(["-c", r#"kill -s "$0" "$1""#, signal.name()])
            .arg(self.id().to_string())
            .status()
            .context("cannot start `sh`, which the testbed needs on PATH")?;
        anyhow::ensure!(status.success(), "cannot send SIG{} to {} (process {})", signal.name(), self.name, self.id());
        Ok(())
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it still runs after `within`.
    pub async fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        wait_until(&what, within, async || {
            Ok(self.ended()?.map_or_else(|| Progress::pending("it still runs"), Progress::Done))
        })
        .await
    }

    /// Asks it to end, and kills it when it has not after `patience`.
    ///
    /// # Errors
    /// When the system does not let it be signalled.
    pub async fn stop(&mut self, patience: Duration) -> Result<()> {
        if self.ended()?.is_none() {
            self.signal(Signal::Terminate)?;
            if self.wait(patience).await.is_err() {
                self.kill();
            }
        }
        Ok(())
    }

    /// Kills it and everything it started, at once.
    pub fn kill(&mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            watchdog.fire();
            // In case the shell failed: waiting for a child that lives would never end.
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The end of the file at `log`.
fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A command for `program` with `arguments`.
pub(crate) fn command<A: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Starts a server by `attempt`, which chooses new ports each time, until no other process takes one between choosing
/// and using it; three times at most.
pub(crate) async fn with_new_ports<T>(mut attempt: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let mut left = 2;
    loop {
        match attempt().await {
            Err(error) if left > 0 && lost_a_port(&error) => left -= 1,
            outcome => return outcome,
        }
    }
}

/// Whether a start failed only because another process took a port.
fn lost_a_port(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<Died>()).any(Died::address_in_use)
}
