//! `make compare`: scales equal services under one load in different ways, side by side on a real control plane, and prints what
//! came of each, beside what the simulator says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use futures::{StreamExt, stream};
use guarantor_testbed::compare::{self, Course, Fault, Judged, Report, Row, Scaler, Stage};
use guarantor_testbed::operator;
use tokio::time::sleep;

/// Compares ways of scaling.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each is played, each time with another seed.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
    runs: u8,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many are played side by side.
    #[arg(long, default_value_t = 20)]
    lanes: usize,
    /// Only this way of scaling, such as `cpu=50`; may be given several times.
    #[arg(long = "scaler", value_parser = Scaler::read)]
    scalers: Vec<Scaler>,
    /// What goes wrong in the last fifth.
    #[arg(long, value_enum)]
    fault: Option<Fault>,
    /// The step alone, in seven minutes: to see that all works.
    #[arg(long)]
    short: bool,
    /// Also write every run into this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The operator's binary; by default the one built beside this program.
    #[arg(long)]
    operator: Option<PathBuf>,
}

/// So many are simulated at the least, which takes seconds: their spread is the better known.
const SIMULATED: u8 = 20;
/// The time between the starts of two that are played side by side: all at once they would slow each other down.
const STAGGER: Duration = Duration::from_secs(3);
/// How long the parts of a lane may take to come up and to go, beside its course.
const AROUND: Duration = Duration::from_secs(900);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let binary = operator::binary(arguments.operator.clone())?;
    let course = if arguments.short { Course::short(arguments.fault) } else { Course::whole(arguments.fault)? };
    let mut scalers: Vec<Scaler> = Vec::new();
    for scaler in if arguments.scalers.is_empty() { &Scaler::ALL[..] } else { &arguments.scalers } {
        // One that is named twice would be played twice in one namespace.
        if !scalers.contains(scaler) {
            scalers.push(*scaler);
        }
    }
    let seeds = arguments.seed..arguments.seed.saturating_add(arguments.runs.into());
    // Seed by seed, so that what is compared is played at the same time.
    let all: Vec<(Scaler, u64)> = seeds.flat_map(|seed| scalers.iter().map(move |scaler| (*scaler, seed))).collect();
    let lanes = arguments.lanes.clamp(1, all.len());
    let mut rows = Vec::new();
    // First what takes seconds: a mistake is told before an hour is played.
    for scaler in &scalers {
        eprintln!("simulating: {scaler}");
        let runs = arguments.runs.max(SIMULATED);
        let simulated = compare::simulated(&binary, *scaler, &course, arguments.seed, runs).await?;
        rows.push(Row { scaler: *scaler, live: Vec::new(), simulated });
    }
    let judged = play(&all, &course, lanes, &binary).await?;
    let unplayed = judged.iter().filter(|run| run.is_none()).count();
    for row in &mut rows {
        let of_it = all.iter().zip(&judged).filter(|((played, _), _)| *played == row.scaler);
        row.live = of_it.filter_map(|(_, run)| run.clone()).collect();
        row.live.sort_by_key(|run| run.seed);
    }
    let report = Report { load: course.rates().to_vec(), lead_in_seconds: course.judged_from().as_secs(), rows };
    println!("{}", compare::table(&report));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if unplayed > 0 {
        bail!("{unplayed} of {} runs could not be played", all.len());
    }
    Ok(())
}

/// Plays all, so many at a time; `None` where one could not be played.
async fn play(all: &[(Scaler, u64)], course: &Course, lanes: usize, binary: &Path) -> Result<Vec<Option<Judged>>> {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/guarantor");
    let namespace = |(scaler, seed): &(Scaler, u64)| format!("{}-{seed}", scaler.word());
    let namespaces: Vec<String> = all.iter().map(namespace).collect();
    let stage = &Stage::set(&namespaces, lanes, binary, &chart).await?;
    eprintln!("the control plane runs; its logs are in {}/logs", stage.folder().display());
    let longest = course.length().saturating_add(AROUND);
    let playing = stream::iter(all.iter().enumerate()).map(|(number, lane)| async move {
        if number < lanes {
            sleep(STAGGER.saturating_mul(u32::try_from(number).unwrap_or(0))).await;
        }
        let (name, (scaler, seed)) = (namespace(lane), *lane);
        let played = tokio::time::timeout(longest, stage.play(&name, scaler, seed, course)).await;
        match played.context("it took too long").flatten() {
            Ok(trail) => {
                let judged = compare::judged(&trail, course, seed);
                eprintln!("{name}: {} bad minutes, {:.2} pod-hours", judged.bad_minutes, judged.pod_hours);
                Some(judged)
            }
            Err(error) => {
                eprintln!("{name} could not be played: {error:#}");
                None
            }
        }
    });
    Ok(playing.buffered(lanes).collect().await)
}
