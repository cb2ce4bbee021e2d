//! A command that ends by itself, such as one call of `kubectl`.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The longest a command may take: `helm --wait` waits for pods.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The command with its arguments, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

impl Finished {
    /// Standard output, if the command succeeded.
    ///
    /// # Errors
    /// When it did not; the text shows both outputs.
    pub fn ok(self) -> Result<String> {
        ensure!(self.status.success(), "`{}` ended with {}\n{}{}", self.command, self.status, self.stdout, self.stderr);
        Ok(self.stdout)
    }
}

/// Runs `command` with `input` on its standard input.
pub(crate) async fn run(mut command: Command, input: &str) -> Result<Finished> {
    let text = describe(&command);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run `{text}`"))?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command that does not read its input closes the pipe; its status tells what matters.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let both = async { tokio::join!(feed, child.wait_with_output()).1 };
    let output = tokio::time::timeout(PATIENCE, both)
        .await
        .with_context(|| format!("`{text}` did not end within {PATIENCE:?}"))??;
    Ok(Finished {
        command: text,
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

fn describe(command: &Command) -> String {
    let command = command.as_std();
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
