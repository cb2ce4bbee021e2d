//! Starts the testbed by hand: a control plane to try things on, or just the tools.

use anyhow::Result;
use clap::{Parser, Subcommand};
use guarantor_testbed::tools::{self, Tool};
use guarantor_testbed::{ControlPlane, Options};

/// A real control plane on loopback, for trying things.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Keep a control plane up until Ctrl-C, or simulated nodes in the cluster that `GUARANTOR_TEST_KUBECONFIG` names.
    Up {
        /// How many nodes it has.
        #[arg(long, default_value_t = Options::default().nodes)]
        nodes: u16,
        /// How many zones the nodes are dealt out to.
        #[arg(long, default_value_t = Options::default().zones)]
        zones: u8,
    },
    /// Find or build every tool and print where it is.
    Tools,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Up { nodes, zones } => up(nodes, zones).await,
        Command::Tools => {
            for (tool, path) in tools::ensure(&Tool::ALL).await?.iter() {
                println!("{:<24} {}", tool.executable(), path.display());
            }
            Ok(())
        }
    }
}

async fn up(nodes: u16, zones: u8) -> Result<()> {
    let plane = ControlPlane::open(Options { nodes, zones, ..Options::default() }).await?;
    let toolbox = tools::ensure(&[Tool::Kubectl]).await?;
    println!("The API server is at {}; use it with", plane.url());
    println!("  export KUBECONFIG={}", plane.kubeconfig_path().display());
    println!("  {} get nodes", toolbox.path(Tool::Kubectl)?.display());
    println!("The logs are in {}/logs. Ctrl-C ends it.", plane.folder().display());
    tokio::signal::ctrl_c().await?;
    plane.stop();
    Ok(())
}
