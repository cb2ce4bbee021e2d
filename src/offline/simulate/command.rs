//! The command on one page: files and flags in, a report out, and an exit code.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use kube::ResourceExt;

use super::past::{self, Parted};
use super::policies::choices;
use super::progress::Progress;
use super::promised::{Promised, promised};
use super::report::{PolicyReport, Report, TraceReport};
use super::scenario::{requests, scenario};
use super::{faults, load, owed, page, row, view};
use crate::api::ServiceLevelAgreement;
use crate::offline::manifests::{Manifests, manifests};
use crate::offline::settle::fault::Fault;
use crate::offline::trouble::{self, Trouble};
use crate::runtime::cli::simulate::{Output, SimulateArgs};

/// What is owed is a figure of a whole period, and a run is a part of one.
const OWED_IS: &str = "for one period, if the whole period went like this";

/// Simulates and prints.
#[must_use]
pub fn command(arguments: &SimulateArgs) -> ExitCode {
    trouble::code(run(arguments))
}

fn run(arguments: &SimulateArgs) -> Result<(), Trouble> {
    let Manifests { agreement, .. } = manifests(std::slice::from_ref(&arguments.agreement))?;
    let promised = promised(&agreement.spec, arguments.objective.as_deref())?;
    owed::check(&promised)?;
    let load = past::parted(&load::load(arguments, &promised)?, arguments.history)?;
    let lead_in = Duration::from_secs(u64::from(load.lead_in) * 60);
    let faults = faults::faults(&arguments.fault, load.judged.seconds(), lead_in)?;
    let scenario = scenario(arguments, &promised, &load, faults)?;
    let choices = choices(&arguments.policies, &promised, scenario.plant.service_time)?;
    let runs = choices.len().saturating_mul(arguments.seeds.into());
    let mut progress = Progress::new(runs, requests(arguments, &scenario.load));
    let played = choices
        .into_iter()
        .map(|choice| row::row(choice, &scenario, &load, &promised, arguments.seeds, &mut progress))
        .collect::<Result<Vec<_>, Fault>>()?;
    let (rows, courses): (Vec<_>, Vec<_>) = played.into_iter().unzip();
    let report = report(&agreement, &promised, &load, rows);
    print(&match arguments.output {
        Output::Json => serde_json::to_string_pretty(&report).map_err(|e| Trouble::Unreadable(e.to_string()))? + "\n",
        Output::Table => view::table(&report),
        Output::Html => page::html(&report, &promised, &courses)?,
    })
}

fn report(
    agreement: &ServiceLevelAgreement,
    promised: &Promised,
    load: &Parted,
    policies: Vec<PolicyReport>,
) -> Report {
    let (past, judged) = (load.remembered.seconds() + load.played.seconds() - load.judged.seconds(), &load.judged);
    let (min_replicas, max_replicas) = promised.replicas;
    Report {
        agreement: agreement.name_any(),
        objective: promised.objective.clone(),
        target_percent: promised.target_percent.clone(),
        threshold: promised.threshold.clone(),
        min_replicas,
        max_replicas,
        trace: TraceReport {
            history_seconds: past,
            seconds: judged.seconds(),
            mean_rate: judged.mean(),
            highest_rate: judged.rates().iter().copied().fold(0.0, f64::max),
        },
        not_simulated: owed::left_out(promised),
        owed_is: OWED_IS,
        policies,
    }
}

fn print(text: &str) -> Result<(), Trouble> {
    let printed = std::io::stdout().write_all(text.as_bytes());
    printed.map_err(|e| Trouble::Unreadable(format!("cannot print the answer: {e}")))
}
