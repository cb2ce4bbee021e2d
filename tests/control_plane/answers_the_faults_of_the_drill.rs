//! Faults that no story of its own tells: a node dies, what the service depends on is slow, and a pod is slow. They strike side by
//! side as in `make drill`, and what is right for each of them stands in the drill's own table.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use guarantor_testbed::drill::{self, Drills, Fault, Run};

use crate::stage::own_cluster;

const FAULTS: [Fault; 3] = [Fault::DeadNode, Fault::DependencySlow, Fault::SlowPod];
const SEED: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn answers_a_dead_node_a_slow_dependency_and_a_slow_pod() -> Result<()> {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_guarantor"));
    let drills = Drills::prepare(own_cluster().await?, binary, FAULTS.len()).await?;
    let played = drills.play(&FAULTS.map(|fault| (fault, SEED)), |_, _| {}).await;
    let runs = played.into_iter().collect::<Result<Vec<Run>>>()?;
    let right = runs.iter().all(|run| run.wrong.is_empty() && run.missing.is_empty());
    let told: Vec<String> = runs.iter().map(drill::row).collect();
    ensure!(right, "{}\n{}", drill::HEADER, told.join("\n"));
    Ok(())
}
