//! The command on one page: files and flags in, a report out, and an exit code.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::inputs::{Inputs, inputs};
use super::past::{self, Parted};
use super::periods::{Part, periods};
use super::policies::{Choice, choices};
use super::progress::Progress;
use super::promised::{Promised, promised};
use super::report::{FaultReport, PolicyReport, Report, TraceReport};
use super::scenario::{requests, scenario};
use super::settled::owed_is;
use super::{faults, load, operator, owed, page, row, view};
use crate::api::ServiceLevelAgreement;
use crate::offline::manifests::{Manifests, manifests};
use crate::offline::settle::fault::Fault;
use crate::offline::trouble::{self, Trouble};
use crate::runtime::cli::simulate::{Output, SimulateArgs};
use crate::simulate::trace::Recording;

/// Simulates and prints.
#[must_use]
pub fn command(arguments: &SimulateArgs) -> ExitCode {
    trouble::code(run(arguments))
}

fn run(arguments: &SimulateArgs) -> Result<(), Trouble> {
    let Manifests { agreement, exclusions, .. } = manifests(std::slice::from_ref(&arguments.agreement))?;
    if let Some(exclusion) = exclusions.first() {
        let why = "takes nothing out of a simulated load; leave it out of the file";
        return Err(Fault::new(format!("ServiceLevelExclusion {}", exclusion.name_any()), why).into());
    }
    let promised = promised(&agreement.spec, arguments.objective.as_deref())?;
    owed::check(&promised)?;
    let Recording { load, begins, column, holes } = load::load(arguments, &promised)?;
    let load = past::parted(&load, arguments.history)?;
    let begins = begins.map(|begins| begins.saturating_add(load.past()).unwrap_or(Timestamp::MAX));
    let periods = periods(&promised, begins.unwrap_or(promised.first_period), load.judged.seconds())?;
    let lead_in = Duration::from_secs(u64::from(load.lead_in) * 60);
    let faults = faults::faults(&arguments.fault, load.judged.seconds(), lead_in)?;
    let choices = choices(&arguments.policies, &promised, arguments.service_time.as_secs_f64())?;
    let scenario = scenario(arguments, &promised, &load, &faults, choices.len())?;
    for choice in &choices {
        if let Choice::Operator(_) | Choice::Unscaled(_) = choice {
            // So that nobody waits for the others, to be told that this one cannot be played.
            choice.player(&scenario, &load.remembered, &promised, &periods)?;
        }
        faults::strike(&faults, choice.at_first(scenario.replicas))?;
    }
    let runs = choices.len().saturating_mul(arguments.seeds.into());
    let mut progress = Progress::new(runs, requests(arguments, &scenario.load, choices.len()));
    let played = choices
        .into_iter()
        .map(|choice| row::row(choice, &scenario, &load, (&promised, &periods), arguments.seeds, &mut progress))
        .collect::<Result<Vec<_>, Fault>>()?;
    let (rows, courses): (Vec<_>, Vec<_>) = played.into_iter().unzip();
    let faults = faults.into_iter().map(|asked| FaultReport { at: asked.begins, fault: asked.text }).collect();
    let inputs = inputs(&promised, &scenario, &load.remembered, arguments, (column.as_ref(), holes))?;
    let report = report(&agreement, (&promised, &periods.parts), (&load, begins), inputs, faults, rows);
    print(&match arguments.output {
        Output::Json => serde_json::to_string_pretty(&report).map_err(|e| Trouble::Unreadable(e.to_string()))? + "\n",
        Output::Table => view::table(&report),
        Output::Html => page::html(&report, (&promised, &periods.parts), &courses)?,
    })
}

fn report(
    agreement: &ServiceLevelAgreement,
    (promised, parts): (&Promised, &[Part]),
    (load, begins): (&Parted, Option<Timestamp>),
    inputs: Inputs,
    faults: Vec<FaultReport>,
    policies: Vec<PolicyReport>,
) -> Report {
    let judged = &load.judged;
    let (acts, enforcement) = (policies.iter().any(|policy| policy.acts), &promised.terms.enforcement);
    let (min_replicas, max_replicas) = promised.replicas;
    Report {
        agreement: agreement.name_any(),
        objective: promised.objective.clone(),
        target_percent: promised.target_percent.clone(),
        threshold: promised.threshold.clone(),
        min_replicas,
        max_replicas,
        inputs,
        terms_since: (!agreement.spec.amendments.is_empty()).then_some(Time(promised.first_period)),
        trace: TraceReport {
            begins: begins.map(Time),
            history_seconds: load.past_seconds(),
            seconds: judged.seconds(),
            mean_rate: judged.mean(),
            highest_rate: judged.rates().iter().copied().fold(0.0, f64::max),
        },
        faults,
        not_judged: owed::not_judged(promised),
        not_reckoned: owed::not_reckoned(promised),
        not_played: if acts { operator::not_played(enforcement) } else { Vec::new() },
        needs_more: acts
            .then(|| operator::needs_more(enforcement, load.past_seconds()))
            .flatten()
            .into_iter()
            .collect(),
        time_zone: promised.terms.time_zone.clone(),
        owed_is: owed_is(parts, begins.is_some()),
        policies,
    }
}

fn print(text: &str) -> Result<(), Trouble> {
    let printed = std::io::stdout().write_all(text.as_bytes());
    printed.map_err(|e| Trouble::Unreadable(format!("cannot print the answer: {e}")))
}
