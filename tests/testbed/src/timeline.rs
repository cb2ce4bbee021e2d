//! What the demo prints: one line per happening with the time since the start, and commands with their answers.

use std::io::{self, Write};
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::Finished;
use crate::control_plane::ControlPlane;

/// The printer.
#[derive(Debug)]
pub struct Timeline {
    start: Instant,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Timeline {
    /// Says what happens.
    ///
    /// # Errors
    /// When standard output is gone.
    pub fn say(&self, text: &str) -> Result<()> {
        let seconds = self.start.elapsed().as_secs();
        writeln!(io::stdout(), "[{:>2}:{:02}] {text}", seconds / 60, seconds % 60)?;
        Ok(())
    }

    /// A headline.
    ///
    /// # Errors
    /// When standard output is gone.
    pub fn headline(&self, text: &str) -> Result<()> {
        writeln!(io::stdout(), "\n== {text}")?;
        Ok(())
    }

    /// Runs `kubectl` as a user would type it, and shows the command and its answer.
    ///
    /// # Errors
    /// When it fails.
    pub async fn kubectl(&self, cluster: &ControlPlane, arguments: &[&str]) -> Result<String> {
        show(&format!("kubectl {}", arguments.join(" ")), cluster.kubectl(arguments).await?)
    }

    /// Applies a manifest through `kubectl apply -f -` and shows both.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn apply(&self, cluster: &ControlPlane, manifest: &str) -> Result<String> {
        let mut out = io::stdout();
        for line in manifest.lines() {
            writeln!(out, "        | {line}")?;
        }
        show("kubectl apply -f agreement.yaml", cluster.kubectl_with_input(&["apply", "-f", "-"], manifest).await?)
    }
}

fn show(command: &str, finished: Finished) -> Result<String> {
    let mut out = io::stdout();
    writeln!(out, "        $ {command}")?;
    for line in finished.stdout.lines().chain(finished.stderr.lines()) {
        writeln!(out, "          {line}")?;
    }
    ensure!(finished.status.success(), "`{command}` failed: {}", finished.stderr.trim());
    Ok(finished.stdout)
}
