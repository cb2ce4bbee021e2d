//! Faults strike a service under an agreement that allows every verb: each is answered by the verb that is right for it, or is
//! held for its own reason until it is over. What is right is the table of the drills.
//!
//! The other faults have tests of their own: a slow pod, a bad revision, a store that is gone.

use anyhow::{Result, ensure};
use guarantor_testbed::OperatorOptions;
use guarantor_testbed::drill::{self, Fault, Run};

use crate::stage::{cluster, operator_options};

#[tokio::test(flavor = "multi_thread")]
async fn holds_and_names_a_slow_node() -> Result<()> {
    let run = answered(Fault::SlowNode).await?;
    ensure!(run.acts.is_empty(), "nothing is to be kept where nothing else scales: {run:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_a_dead_node_to_kubernetes() -> Result<()> {
    answered(Fault::DeadNode).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn blames_no_pod_for_a_slow_dependency() -> Result<()> {
    answered(Fault::DependencySlow).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn blames_no_pod_for_a_retry_storm() -> Result<()> {
    answered(Fault::RetryStorm).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn raises_the_floor_when_traffic_steps_up() -> Result<()> {
    answered(Fault::TrafficStep).await.map(drop)
}

/// Plays a fault once, and makes sure that it is answered as the table says.
async fn answered(fault: Fault) -> Result<Run> {
    let cluster = cluster().await?;
    let namespace = format!("answers-{}", fault.word());
    let options = operator_options(cluster, &namespace).await?;
    let options = OperatorOptions { flags: drill::operator_flags(), ..options };
    let run = drill::run(cluster, &namespace, &options, fault, 1).await?;
    println!("{}\n{}", drill::HEADER, drill::row(&run));
    ensure!(run.wrong.is_empty() && run.missing.is_empty(), "{}\n{run:#?}", drill::row(&run));
    Ok(run)
}
