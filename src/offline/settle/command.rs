//! The command on one page: files in, a report out, and an exit code.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kube::ResourceExt;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::account::{self, Case, Ledgers, Origin};
use super::fault::Fault;
use super::measurements::Measurements;
use super::periods::periods;
use super::report::Report;
use super::store::{self, Question};
use super::view;
use crate::api::metrics_source::IncreaseForm;
use crate::api::{MetricsSource, ServiceLevelAgreement, ServiceLevelExclusion};
use crate::evaluate::exclusion::Request;
use crate::evaluate::stored_ledger::hex;
use crate::offline::check::{self, definition::Definitions, input};
use crate::runtime::cli::settle::{Output, SettleArgs};

/// Exit code: the files were read and something in them is wrong.
const FAULTY: u8 = 1;
/// Exit code: something could not be read or printed.
const UNREADABLE: u8 = 2;

/// Why nothing was settled.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// Something in the files is wrong.
    #[error("{0}")]
    Faulty(String),
    /// Something could not be read.
    #[error("{0}")]
    Unreadable(String),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Faulty(fault.to_string())
    }
}

/// Settles and prints.
#[must_use]
pub fn command(arguments: &SettleArgs) -> ExitCode {
    let (code, message) = match run(arguments) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Trouble::Faulty(message)) => (FAULTY, message),
        Err(Trouble::Unreadable(message)) => (UNREADABLE, message),
    };
    // If even this cannot be written, the exit code says it.
    let _ = writeln!(std::io::stderr(), "guarantor: {message}");
    ExitCode::from(code)
}

fn run(arguments: &SettleArgs) -> Result<(), Trouble> {
    let mut files = vec![arguments.agreement.clone()];
    files.extend(arguments.exclusions.iter().cloned());
    let Manifests { agreement, exclusions, sources } = manifests(&files)?;
    let (measurements, told) = match &arguments.measurements {
        Some(path) => measurements(path)?,
        None => (Measurements::default(), String::new()),
    };
    if arguments.prometheus.is_some() && !measurements.objectives.is_empty() {
        let message = "are read from --prometheus; leave them out of the file, or settle the file by itself";
        return Err(Fault::new("objectives", message).into());
    }
    let name = agreement.metadata.name.clone().unwrap_or_default();
    exclusions.iter().try_for_each(|exclusion| is_for(exclusion, &agreement))?;
    let requests: Vec<Request<'_>> = exclusions.iter().map(request).collect();
    let schedule = account::schedule(&agreement.spec).map_err(account::invalid)?;
    let periods = periods(&measurements, &schedule, arguments.period.as_deref())?;
    let measurements = match periods.first().map(|first| schedule.judged(first)) {
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
    if let Some(url) = &arguments.prometheus {
        let named = &agreement.spec.metrics.source_ref.name;
        let source = sources.iter().find(|source| source.metadata.name.as_ref() == Some(named));
        let question = Question { url, agreement: &agreement, source, schedule: &schedule, periods: &periods };
        let answer = store::read(&question).map_err(Trouble::Unreadable)?;
        (read, case.origin) = (answer.ledgers, answer.origin);
    }
    let report = account::settle(&case, &schedule, &periods, &read)?;
    print(&report, arguments.output)
}

/// Whether an exclusion is for the agreement that is settled: one that has no effect is hardly meant to have none.
fn is_for(exclusion: &ServiceLevelExclusion, agreement: &ServiceLevelAgreement) -> Result<(), Fault> {
    let place = |field: &str| format!("ServiceLevelExclusion {}: {field}", exclusion.name_any());
    let (named, name) = (&exclusion.spec.agreement, agreement.name_any());
    if *named != name {
        let message = format!("{named:?} is not the agreement that is settled, {name:?}; correct or leave it out");
        return Err(Fault::new(place("spec.agreement"), message));
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

fn request(exclusion: &ServiceLevelExclusion) -> Request<'_> {
    Request {
        name: exclusion.metadata.name.as_deref().unwrap_or_default(),
        created: exclusion.metadata.creation_timestamp.as_ref().map(|t| t.0),
        spec: &exclusion.spec,
    }
}

/// What the files have.
struct Manifests {
    agreement: ServiceLevelAgreement,
    exclusions: Vec<ServiceLevelExclusion>,
    sources: Vec<MetricsSource>,
}

/// The one agreement of these files, with all exclusions and metrics sources, as an API server would take them.
fn manifests(files: &[PathBuf]) -> Result<Manifests, Trouble> {
    let unreadable = |e: &dyn std::fmt::Display| Trouble::Unreadable(e.to_string());
    let inputs = input::read(files, &mut std::io::stdin().lock()).map_err(|e| unreadable(&e))?;
    let definitions = Definitions::of_this_program().map_err(|e| unreadable(&e))?;
    let (report, objects) = check::accepted(&inputs, &definitions, None);
    if report.has_errors() {
        return Err(Trouble::Faulty(format!("the manifests are refused:\n{}", check::report::table(&report))));
    }
    let mut by_kind: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for object in objects {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        by_kind.entry(kind).or_default().push(object);
    }
    let mut agreements: Vec<ServiceLevelAgreement> = read(by_kind.remove("ServiceLevelAgreement"))?;
    let exclusions = read(by_kind.remove("ServiceLevelExclusion"))?;
    let sources = read(by_kind.remove("MetricsSource"))?;
    match (agreements.pop(), agreements.len()) {
        (Some(agreement), 0) => Ok(Manifests { agreement, exclusions, sources }),
        (None, _) => Err(Trouble::Faulty("--agreement: the file has no ServiceLevelAgreement".to_owned())),
        (Some(_), more) => {
            Err(Trouble::Faulty(format!("--agreement: the files have {} agreements; give one", more.saturating_add(1))))
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(values: Option<Vec<Value>>) -> Result<Vec<T>, Trouble> {
    let read = values.unwrap_or_default().into_iter().map(serde_json::from_value);
    read.collect::<Result<_, _>>().map_err(|e| Trouble::Faulty(e.to_string()))
}

/// What a file tells, and which one it is: by its content, since the same facts under another name are the same.
fn measurements(path: &Path) -> Result<(Measurements, String), Trouble> {
    let unreadable = |e| Trouble::Unreadable(format!("{}: {e}", path.display()));
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let told = serde_saphyr::from_str(&text).map_err(|e| Trouble::Faulty(format!("{}: {e}", path.display())))?;
    Ok((told, format!("(measurements file, SHA-256 {})", hex(&Sha256::digest(text.as_bytes())))))
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
        // It is printed whether or not this can be said.
        let _ = writeln!(std::io::stderr(), "guarantor: {told}");
    }
    Ok(())
}
