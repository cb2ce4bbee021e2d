//! Something that happens when this process is gone, however it went.
//!
//! A test can be killed at any moment, and a destructor does not run then. A watchdog is a small shell that reads
//! from a pipe only this process holds: the kernel closes the pipe with the process, the shell reads its end and does
//! what it was started for. The kernel's parent-death signal would be shorter, but it is bound to the *thread* that
//! started the child, and test threads end before the servers they share.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A shell waiting for this process to end.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Will kill the process group `id` with SIGKILL.
    pub(crate) fn killing_group(id: u32) -> Result<Self> {
        Self::running(r#"kill -s KILL -- "-$0""#, &[&id.to_string()])
    }

    /// Will remove the folder at `path`, a moment after the servers writing into it were killed.
    pub(crate) fn removing(path: &str) -> Result<Self> {
        Self::running(r#"sleep 1; rm -rf -- "$0""#, &[path])
    }

    /// Will run `script`, whose `$0`, `$1` and so on are `arguments`.
    pub(crate) fn running(script: &str, arguments: &[&str]) -> Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", &format!("read -r _\n{script}")])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to the terminal's whole foreground group; the watchdog has to outlive it.
            .process_group(0)
            .spawn()
            .context("cannot start `sh`, which the testbed needs on PATH")?;
        Ok(Self { shell })
    }

    /// Lets it happen now and waits until it has; whether it succeeded.
    pub(crate) fn fire(&mut self) -> bool {
        drop(self.shell.stdin.take());
        // Nothing is left to be done about a shell that cannot be waited for.
        self.shell.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Watchdog {
    /// Calls it off.
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
