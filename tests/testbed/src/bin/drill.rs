//! `make drill`: lets every fault strike many times on a real control plane, and prints what the operator did about it.
//!
//! Ends with an error when a verb was wrong, or the right answer was missing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use futures::StreamExt;
use futures::stream;
use guarantor_testbed::chart::{self, ACCOUNT, SYSTEM};
use guarantor_testbed::drill::{self, Fault, Run};
use guarantor_testbed::{ControlPlane, OperatorOptions, Options, operator};
use tokio::time::sleep;

/// Lets faults strike, and tells what the operator did.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each fault strikes, each time with another seed.
    #[arg(long, default_value_t = 1)]
    runs: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this fault; may be given several times.
    #[arg(long = "fault", value_enum)]
    faults: Vec<Fault>,
    /// How many are played side by side.
    #[arg(long, default_value_t = 4)]
    lanes: usize,
    /// The operator's binary; by default the one built beside this program.
    #[arg(long)]
    operator: Option<PathBuf>,
}

/// The time between the starts of two that are played side by side: all at once they would slow each other down.
const STAGGER: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let binary = operator::binary(arguments.operator.clone())?;
    let faults = if arguments.faults.is_empty() { Fault::value_variants() } else { &arguments.faults };
    let seeds = arguments.seed..arguments.seed.saturating_add(arguments.runs);
    let all: Vec<(Fault, u64)> = seeds.flat_map(|seed| faults.iter().map(move |fault| (*fault, seed))).collect();
    ControlPlane::prepare().await?;
    let cluster = ControlPlane::open(Options::default()).await?;
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/guarantor");
    chart::install(&cluster, &chart, chart::EVERY_VERB).await?;
    let kubeconfig = cluster.service_account_kubeconfig(SYSTEM, ACCOUNT).await?;
    let lanes = arguments.lanes.max(1);
    drill::prepare(&cluster, lanes).await?;
    println!("{}", drill::HEADER);
    let (cluster, binary, kubeconfig) = (&cluster, &binary, &kubeconfig);
    let played = stream::iter(all.iter().enumerate()).map(|(number, (fault, seed))| async move {
        if number < lanes {
            sleep(STAGGER.saturating_mul(u32::try_from(number).unwrap_or(0))).await;
        }
        let namespace = format!("{}-{seed}", fault.word());
        let options = OperatorOptions {
            binary: binary.clone(),
            kubeconfig: kubeconfig.clone(),
            watch_namespace: namespace.clone(),
            lease_namespace: SYSTEM.to_owned(),
            lease_name: format!("guarantor-{namespace}"),
            flags: drill::operator_flags(),
        };
        let run = drill::run(cluster, &namespace, &options, *fault, *seed).await;
        match &run {
            Ok(run) => println!("{}", drill::row(run)),
            Err(error) => eprintln!("{namespace} could not be played: {error:#}"),
        }
        run.ok()
    });
    let runs: Vec<Option<Run>> = played.buffer_unordered(lanes).collect().await;
    let unplayed = runs.iter().filter(|run| run.is_none()).count();
    let runs: Vec<Run> = runs.into_iter().flatten().collect();
    println!("\n{}", drill::summary(&runs));
    let wrong = runs.iter().filter(|run| !run.wrong.is_empty()).count();
    let missing = runs.iter().filter(|run| !run.missing.is_empty()).count();
    if wrong + missing + unplayed > 0 {
        bail!(
            "of {} runs {wrong} saw a wrong verb, {missing} lack an answer, and {unplayed} could not be played",
            all.len()
        );
    }
    println!("No wrong verb in {} runs", runs.len());
    Ok(())
}
