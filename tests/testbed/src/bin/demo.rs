//! `make demo`: shows what Guarantor does, on a real control plane and a real Prometheus, within five minutes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use guarantor_testbed::demo::{self, Stage, StageOptions};
use guarantor_testbed::timeline::Timeline;
use guarantor_testbed::{ControlPlane, operator};

/// Shows what Guarantor does.
#[derive(Debug, Parser)]
struct Arguments {
    /// Keep everything running afterwards and say how to look around.
    #[arg(long)]
    keep: bool,
    /// The operator's binary; by default the one built beside this program.
    #[arg(long)]
    operator: Option<PathBuf>,
}

/// Once the stage is set, the demo is over by then, whatever happens.
const LONGEST: Duration = Duration::from_secs(5 * 60);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ControlPlane::prepare().await?;
    let timeline = Timeline::default();
    let operator = operator::binary(arguments.operator)?;
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/guarantor");
    let mut stage = Stage::set(&StageOptions { operator, chart }, &timeline).await?;
    let began = Instant::now();
    let played = tokio::time::timeout(LONGEST, demo::play(&mut stage, &timeline))
        .await
        .context("the demo took too long")
        .and_then(|played| played);
    let took = began.elapsed().as_secs();
    if let Err(error) = &played {
        timeline.say(&format!("A PROMISED STEP DID NOT HAPPEN: {error:#}"))?;
        let log = std::fs::read_to_string(stage.operator.log()).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        for line in tail.iter().rev() {
            timeline.say(&format!("operator: {line}"))?;
        }
    }
    if arguments.keep {
        timeline.headline("Everything keeps running; end it with Ctrl-C")?;
        timeline.say(&format!("export KUBECONFIG={}", stage.cluster.kubeconfig_path().display()))?;
        timeline.say("kubectl get sla,sls,sll -A; kubectl describe sla -n shop; kubectl explain sla.spec")?;
        timeline.say(&format!(
            "Prometheus: {}   operator's log: {}",
            stage.shop.prometheus.url(),
            stage.operator.log().display()
        ))?;
        tokio::signal::ctrl_c().await?;
    }
    if played.is_ok() {
        timeline.headline(&format!(
            "Every promised step happened, within {} min {:02} s of the {} min that it may take",
            took / 60,
            took % 60,
            LONGEST.as_secs() / 60
        ))?;
    }
    played
}
