//! `make drill`: lets every fault strike many times on a real control plane, and prints what the operator did about it.
//!
//! Ends with an error when a verb was wrong, or the right answer was missing.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use guarantor_testbed::chart;
use guarantor_testbed::drill::{self, Drills, Fault, Run};
use guarantor_testbed::{ControlPlane, Options, operator};

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
    let drills = Drills::prepare(&cluster, binary, arguments.lanes).await?;
    println!("{}", drill::HEADER);
    let told = |namespace: &str, run: &Result<Run>| match run {
        Ok(run) => println!("{}", drill::row(run)),
        Err(error) => eprintln!("{namespace} could not be played: {error:#}"),
    };
    let runs = drills.play(&all, told).await;
    let unplayed = runs.iter().filter(|run| run.is_err()).count();
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
