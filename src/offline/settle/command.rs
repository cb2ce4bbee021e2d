//! The command on one page: files in, a report out, and an exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::account::{self, Case, Ledgers, Origin};
use super::effect::effects;
use super::fault::Fault;
use super::measurements::Measurements;
use super::past::Past;
use super::periods::{periods, rested_on};
use super::reading;
use super::report::Report;
use super::store::{Question, Store};
use super::view;
use crate::api::agreement::AgreementSpec;
use crate::api::metrics_source::IncreaseForm;
use crate::api::{ServiceLevelAgreement, ServiceLevelExclusion};
use crate::evaluate::exclusion::Request;
use crate::evaluate::history::History;
use crate::evaluate::validate::size;
use crate::offline::manifests::{Manifests, manifests};
use crate::offline::trouble::{self, Trouble};
use crate::record::form::exclusions::applied;
use crate::record::form::legible::legible;
use crate::runtime::cli::settle::{Output, SettleArgs};

/// Remarks that are said by themselves.
const MOST_REMARKS: usize = 20;

/// Settles and prints.
#[must_use]
pub fn command(arguments: &SettleArgs) -> ExitCode {
    trouble::code(run(arguments))
}

fn run(arguments: &SettleArgs) -> Result<(), Trouble> {
    let mut files = vec![arguments.agreement.clone()];
    files.extend(arguments.exclusions.iter().cloned());
    let Manifests { agreement, exclusions, sources } = manifests(&files)?;
    let (measurements, told) = match &arguments.measurements {
        Some(path) => reading::measurements(path)?,
        None => (Measurements::default(), String::new()),
    };
    if arguments.prometheus.is_some() && !measurements.objectives.is_empty() {
        let message = "are read from --prometheus; leave them out of the file, or settle the file by itself";
        return Err(Fault::new("objectives", message).into());
    }
    let name = agreement.metadata.name.clone().unwrap_or_default();
    are_for(&exclusions, &agreement)?;
    let requests: Vec<Request<'_>> = exclusions.iter().map(request).collect();
    let schedule = account::schedule(&agreement.spec).map_err(account::invalid)?;
    measurements.check(&agreement.spec)?;
    let remarks = effects(&measurements, &agreement.spec, &schedule)?;
    let asked = periods(&measurements, &schedule, arguments.period.as_deref())?;
    let from = asked.first().map_or(Timestamp::MIN, |first| first.start);
    let matters = reaches_over_periods(&agreement.spec);
    let mut periods = [rested_on(&measurements, &schedule, &asked, matters)?, asked].concat();
    let measurements = match periods.iter().find(|period| period.start >= from).map(|first| schedule.judged(first)) {
        Some(first) => measurements.beginning_at(first.start),
        None => measurements,
    };
    let mut case = Case {
        name: &name,
        namespace: agreement.metadata.namespace.as_deref().unwrap_or_default(),
        uid: agreement.metadata.uid.as_deref().unwrap_or_default(),
        generation: agreement.metadata.generation.unwrap_or_default(),
        spec: &agreement.spec,
        requests: &requests,
        measurements: &measurements,
        origin: Origin {
            name: agreement.spec.metrics.source_ref.name.clone(),
            url: told,
            // What somebody counted is what it is.
            increase: IncreaseForm::Native,
            queries: BTreeMap::new(),
        },
    };
    let mut read = Ledgers::new();
    let mut lost = None;
    if let Some(url) = &arguments.prometheus {
        let named = &agreement.spec.metrics.source_ref.name;
        let source = sources.iter().find(|source| source.metadata.name.as_ref() == Some(named));
        if let Some(fault) = size::beyond(&agreement.spec, Timestamp::UNIX_EPOCH, &size::OFFLINE) {
            return Err(fault.into());
        }
        let store = Store::open(&Question { url, agreement: &agreement, source, schedule: &schedule })?;
        case.origin = store.origin().clone();
        let past = Past { case: &case, schedule: &schedule, store: &store };
        let first = periods.first().map_or(from, |first| first.start);
        let (earlier, kept_from) = past.before(first, &mut read)?;
        periods.splice(0..0, earlier);
        store.read(&periods, &mut read)?;
        lost = kept_from;
    }
    let report = account::settle_from(&case, &schedule, (&periods, from), read)?;
    print(&report, arguments.output)?;
    tell(&remarks);
    tell_applied(&report);
    if let Some(at) = lost {
        say(&format!(
            "the store keeps nothing from before {at}: what earlier periods granted and missed until then is not counted"
        ));
    }
    if arguments.prometheus.is_some() && matters && agreement.spec.validity.is_none() {
        say(
            "the agreement names no spec.validity.from, so that its years and its earlier periods are not known: caps by year \
             and contract and misses in a row begin with the first period that is named",
        );
    }
    Ok(())
}

/// Says what was taken without effect.
fn tell(remarks: &[Fault]) {
    for remark in remarks.iter().take(MOST_REMARKS) {
        say(&format!("measurements: {remark}"));
    }
    match remarks.len().saturating_sub(MOST_REMARKS) {
        0 => {}
        more => say(&format!("measurements: {more} more entries have no effect")),
    }
}

/// Says of which exclusions less was applied than they ask for.
fn tell_applied(report: &Report) {
    let lines = report.periods.iter().flat_map(|period| &period.statement.exclusions);
    let told: Vec<_> = lines.filter(|line| !line.applied.is_empty()).collect();
    for line in told.iter().take(MOST_REMARKS) {
        say(&format!("exclusion {} from {}: {}", legible(&line.name), line.from.0, applied(line)));
    }
    match told.len().saturating_sub(MOST_REMARKS) {
        0 => {}
        more => say(&format!("exclusions: of {more} more windows less was applied than they ask for")),
    }
}

/// Whether what is owed for a period rests on earlier ones, by the terms as they were made or as an amendment has them.
fn reaches_over_periods(spec: &AgreementSpec) -> bool {
    let amended = spec.amendments.iter().map(|amendment| amendment.credits.as_ref());
    std::iter::once(spec.credits.as_ref()).chain(amended).any(History::matters)
}

/// Says something beside the answer.
fn say(what: &str) {
    // The answer is printed whether or not this can be said.
    let _ = writeln!(std::io::stderr(), "guarantor: {what}");
}

/// Whether every exclusion is for the agreement, and none stands there twice: a cluster has one of each name.
fn are_for(exclusions: &[ServiceLevelExclusion], agreement: &ServiceLevelAgreement) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for exclusion in exclusions {
        is_for(exclusion, agreement)?;
        let name = exclusion.name_any();
        if !seen.insert(name.clone()) {
            let message = "stands there twice; give each exclusion a name of its own, or leave one out";
            return Err(Fault::new(format!("ServiceLevelExclusion {name}: metadata.name"), message));
        }
    }
    Ok(())
}

/// Whether an exclusion is for the agreement that is settled: one that has no effect is hardly meant to have none.
fn is_for(exclusion: &ServiceLevelExclusion, agreement: &ServiceLevelAgreement) -> Result<(), Fault> {
    let place = |field: &str| format!("ServiceLevelExclusion {}: {field}", exclusion.name_any());
    let (named, name) = (&exclusion.spec.agreement, agreement.name_any());
    if *named != name {
        let message = format!("{named:?} is not the agreement that is settled, {name:?}; correct or leave it out");
        return Err(Fault::new(place("spec.agreement"), message));
    }
    let declared = &exclusion.spec.declared_by;
    if let Some(approval) = exclusion.spec.approval.as_ref().filter(|approval| is_same_person(&approval.by, declared)) {
        let message =
            format!("{:?} is the person of spec.declaredBy, {declared:?}; another one must approve", approval.by);
        return Err(Fault::new(place("spec.approval.by"), message));
    }
    match (&exclusion.metadata.namespace, &agreement.metadata.namespace) {
        (Some(own), Some(other)) if own != other => {
            let message =
                format!("{own:?} is not the agreement's namespace {other:?}, and only there it has an effect");
            Err(Fault::new(place("metadata.namespace"), message))
        }
        _ => Ok(()),
    }
}

/// Whether two names are one person's. A cluster knows its users by their exact names; in a file anybody writes them, with
/// spaces and capitals as they come.
fn is_same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn request(exclusion: &ServiceLevelExclusion) -> Request<'_> {
    Request {
        name: exclusion.metadata.name.as_deref().unwrap_or_default(),
        created: exclusion.metadata.creation_timestamp.as_ref().map(|t| t.0),
        spec: &exclusion.spec,
    }
}

fn print(report: &Report, output: Output) -> Result<(), Trouble> {
    let text = match output {
        Output::Json => serde_json::to_string_pretty(report).map_err(|e| Trouble::Unreadable(e.to_string()))? + "\n",
        Output::Table => view::table(report),
        Output::Html => view::page(report).map_err(Trouble::Unreadable)?,
    };
    let printed = std::io::stdout().write_all(text.as_bytes());
    printed.map_err(|e| Trouble::Unreadable(format!("cannot print the answer: {e}")))?;
    if let (Output::Html, count @ 2.., Some(last)) = (output, report.periods.len(), report.periods.last()) {
        let told =
            format!("the page shows the last of {count} periods, from {} on; --period names another", last.start);
        say(&told);
    }
    let beside = report.beside();
    if output == Output::Html && !beside.is_empty() {
        say(&format!(
            "the page shows a statement and not what stands beside it; see -o table for {}",
            beside.join(", ")
        ));
    }
    Ok(())
}
