//! `guarantor check`: the way of manifests from files to findings, without a cluster.
//!
//! What it says of a manifest must be what an API server and the operator would say. In this order: [`input`] (files,
//! folders, standard input) → [`manifest`] (YAML, with its lines) → [`definition`] (the kind, and its schema:
//! [`structural`], [`schema`], [`rules`]) → [`agreement`] (what a schema cannot see) → [`finding`] → [`report`].

pub mod agreement;
pub mod definition;
pub mod field_path;
pub mod finding;
pub mod input;
pub mod manifest;
pub mod object_meta;
pub mod report;
pub mod rules;
pub mod schema;
pub mod structural;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use k8s_openapi::jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::definition::{Definition, Definitions, Recognised};
use self::finding::{Fault, Finding, Object, code};
use self::input::Input;
use self::manifest::Manifest;
use crate::api::{AgreementSpec, MetricsSource, ServiceLevelAgreement, ServiceLevelExclusion};
use crate::evaluate::exclusion;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::lint::Severity;
use crate::runtime::cli::{CheckArgs, Format};
use crate::sense::store::{self, SetupError};

/// Exit code: errors were found.
const FAULTY: u8 = 1;
/// Exit code: something could not be read, or could not be printed.
const UNREADABLE: u8 = 2;

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of the files and their lines.
    pub findings: Vec<Finding>,
    /// How many objects of Guarantor's kinds were checked, or were to be.
    pub checked: usize,
    /// How many of them their schema refuses, so that their rules, expressions and tiers were not checked.
    pub unfinished: usize,
    /// The objects of others, of which nothing is said.
    pub skipped: Vec<Skipped>,
}

/// What is known of the cluster beside the manifests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The namespace of objects that name none.
    pub namespace: Option<&'a str>,
    /// How long the metrics store keeps samples, where no source among the manifests tells.
    pub retention: Option<SignedDuration>,
}

/// An object of somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file; `-` is standard input.
    pub file: String,
    /// The line at which it begins.
    pub line: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub object: Object,
}

impl Report {
    /// Whether there is an error among the findings.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Runs the command: reads, checks and prints.
#[must_use]
pub fn command(arguments: &CheckArgs) -> ExitCode {
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAULTY),
        Err(message) => {
            // If even this cannot be written, the exit code says it.
            let _ = writeln!(std::io::stderr(), "guarantor: {message}");
            ExitCode::from(UNREADABLE)
        }
    }
}

/// Whether all is well.
fn run(arguments: &CheckArgs) -> Result<bool, String> {
    let inputs = input::read(&arguments.files, &mut std::io::stdin().lock()).map_err(|error| error.to_string())?;
    let definitions = Definitions::of_this_program().map_err(|error| error.to_string())?;
    let around = Surroundings { namespace: arguments.namespace.as_deref(), retention: arguments.retention };
    let (mut report, _) = accepted(&inputs, &definitions, around);
    if arguments.deny_warnings {
        report.findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
    }
    let text = match arguments.output {
        Format::Table => report::table(&report),
        Format::Json => report::json(&report),
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("cannot print the findings: {error}"))?;
    Ok(!report.has_errors())
}

/// Checks all objects of all inputs, and gives those that their schemas accept, defaults filled in, in the order of the
/// files.
#[must_use]
pub fn accepted(inputs: &[Input], definitions: &Definitions, around: Surroundings<'_>) -> (Report, Vec<Value>) {
    let mut report = Report::default();
    let mut accepted = Vec::new();
    for input in inputs {
        for document in manifest::read(&input.text) {
            match document {
                Ok(manifest) => accepted.extend(one(input, manifest, definitions, &mut report)),
                Err(error) => report.findings.push(Finding {
                    file: input.name.clone(),
                    line: error.line,
                    object: Object::default(),
                    field: String::new(),
                    severity: Severity::Error,
                    code: code::YAML,
                    message: error.message,
                    at: None,
                }),
            }
        }
    }
    let (sources, agreements) = (sources(&accepted), agreements(&accepted));
    for object in &accepted {
        let faults = object.meaning(around, &sources, &agreements);
        report.findings.extend(object.found(faults));
    }
    let place = |file: &str| inputs.iter().position(|input| input.name == file);
    report.findings.sort_by_key(|finding| (place(&finding.file), finding.line));
    (report, accepted.into_iter().map(|object| object.value).collect())
}

/// Agreements by namespace and name.
type Agreements = BTreeMap<(String, String), AgreementSpec>;

/// An object that its schema accepts, so that it can be read as what it is.
struct Accepted<'a> {
    file: &'a str,
    manifest: Manifest,
    object: Object,
    value: Value,
}

impl Accepted<'_> {
    fn found(&self, faults: Vec<Fault>) -> impl Iterator<Item = Finding> {
        faults.into_iter().map(|fault| fault.found(self.file, &self.manifest.lines, &self.object))
    }

    /// What a schema cannot see.
    fn meaning(
        &self,
        around: Surroundings<'_>,
        sources: &BTreeMap<String, MetricsSource>,
        agreements: &Agreements,
    ) -> Vec<Fault> {
        let found = match self.object.kind.as_str() {
            "ServiceLevelAgreement" => self.typed().map(|agreement: ServiceLevelAgreement| {
                let own = Some(self.object.namespace.as_str()).filter(|name| !name.is_empty()).or(around.namespace);
                let source = sources.get(&agreement.spec.metrics.source_ref.name);
                agreement::check(&agreement, Surroundings { namespace: own, ..around }, source)
            }),
            "ServiceLevelExclusion" => self.typed().map(|exclusion: ServiceLevelExclusion| {
                let key = (self.object.namespace.clone(), exclusion.spec.agreement.clone());
                let strange = agreements.get(&key).map(|agreement| agreement::strange(agreement, &exclusion.spec));
                let error = |fault: InvalidSpec| Fault::error(code::INVALID, fault.field, fault.message);
                // The agreement refuses it, and is settled without it.
                let warning = |fault: InvalidSpec| Fault { severity: Severity::Warning, ..error(fault) };
                let faults = exclusion::faults(&exclusion.spec).into_iter().map(error);
                faults.chain(strange.unwrap_or_default().into_iter().map(warning)).collect()
            }),
            "MetricsSource" => self.typed().map(|source: MetricsSource| {
                let faults = store::faults(&source.spec).into_iter();
                faults.map(|SetupError::Field { field, message }| Fault::error(code::INVALID, field, message)).collect()
            }),
            _ => Ok(Vec::new()),
        };
        found.unwrap_or_else(|fault| vec![fault])
    }

    /// The object as what it is, which its schema has seen to.
    fn typed<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        T::deserialize(&self.value).map_err(|error| Fault::error(code::SCHEMA, "", error.to_string()))
    }
}

/// Checks one object against its definition; gives it back if the schema accepts it.
fn one<'a>(
    input: &'a Input,
    manifest: Manifest,
    definitions: &Definitions,
    report: &mut Report,
) -> Option<Accepted<'a>> {
    let file = input.name.as_str();
    let object = Object::of(&manifest.value);
    let definition = match definitions.recognise(&manifest.value, &object) {
        Recognised::Ours(definition) => definition,
        Recognised::Foreign => {
            let line = Some(manifest.lines.line(""));
            report.skipped.push(Skipped { file: file.to_owned(), line, object });
            return None;
        }
        Recognised::Nothing(fault) => {
            report.checked += 1;
            report.findings.push(fault.found(file, &manifest.lines, &object));
            return None;
        }
    };
    report.checked += 1;
    let (faults, accepted) = against(&manifest.value, definition);
    report.findings.extend(faults.into_iter().map(|fault| fault.found(file, &manifest.lines, &object)));
    if accepted.is_none() {
        report.unfinished += 1;
    }
    accepted.map(|value| Accepted { file, manifest, object, value })
}

/// The faults of an object by schema and, where that has nothing to say, by rules; the object if its schema accepts it.
fn against(manifest: &Value, definition: &Definition) -> (Vec<Fault>, Option<Value>) {
    let value = schema::defaulted(manifest, definition);
    let faults = schema::check(&value, definition);
    if faults.is_empty() { (rules::check(&value, definition), Some(value)) } else { (faults, None) }
}

/// The agreements among the objects, by namespace and name.
fn agreements(accepted: &[Accepted<'_>]) -> Agreements {
    let of_kind = accepted.iter().filter(|a| a.object.kind == "ServiceLevelAgreement");
    let key = |a: &Accepted<'_>| (a.object.namespace.clone(), a.object.name.clone());
    of_kind.filter_map(|a| Some((key(a), a.typed::<ServiceLevelAgreement>().ok()?.spec))).collect()
}

/// The metrics sources among the objects, by their names.
fn sources(accepted: &[Accepted<'_>]) -> BTreeMap<String, MetricsSource> {
    let of_kind = accepted.iter().filter(|a| a.object.kind == "MetricsSource");
    of_kind.filter_map(|a| Some((a.object.name.clone(), serde_json::from_value(a.value.clone()).ok()?))).collect()
}
