//! A case as a user would have it: manifests and measurements in files, given to the binary.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

/// Why a case did not pass.
#[derive(Debug)]
pub enum Miss {
    /// The files can not say what the case says.
    NotExpressible(String),
    /// The binary said something else than expected.
    Failed(String),
}

pub type Outcome = Result<(), Miss>;

/// What a case comes to.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub agreement: Value,
    pub exclusions: Vec<Value>,
    pub measurements: Value,
    pub period: Option<String>,
    /// How long the metrics store keeps samples, where that matters.
    pub retention: Option<String>,
}

impl Scenario {
    /// An agreement of one objective.
    pub fn new(objective: &Value, period: &Value, time_zone: &str) -> Self {
        let agreement = json!({
            "apiVersion": "guarantor.dev/v1alpha1",
            "kind": "ServiceLevelAgreement",
            "metadata": {"name": "case", "namespace": "cases"},
            "spec": {
                "timeZone": time_zone,
                "service": {"name": "service"},
                "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
                "period": period,
                "objectives": [objective],
            },
        });
        Self { agreement, exclusions: Vec::new(), measurements: json!({}), period: None, retention: None }
    }

    /// Sets a field of the agreement's spec.
    pub fn set(&mut self, field: &str, value: Value) {
        if let Some(spec) = self.agreement.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert(field.to_owned(), value);
        }
    }

    /// Adds an approved exclusion.
    pub fn exclude(&mut self, mut spec: Map<String, Value>, approved: bool) {
        let name = format!("exclusion-{}", self.exclusions.len());
        spec.insert("agreement".to_owned(), json!("case"));
        spec.insert("declaredBy".to_owned(), json!("operations"));
        if approved && !spec.contains_key("approval") {
            spec.insert("approval".to_owned(), json!({"by": "customer-manager", "at": "2000-01-01T00:00:00Z"}));
        }
        self.exclusions.push(json!({
            "apiVersion": "guarantor.dev/v1alpha1",
            "kind": "ServiceLevelExclusion",
            "metadata": {"name": name, "namespace": "cases"},
            "spec": spec,
        }));
    }

    /// What `guarantor settle` makes of it.
    pub fn settle(&self, folder: &Path) -> Result<Value, Miss> {
        let agreement = write(folder, "agreement.yaml", &self.agreement);
        let measurements = write(folder, "measurements.yaml", &self.measurements);
        let mut arguments = vec!["settle", "--agreement", &agreement, "--measurements", &measurements, "-o", "json"];
        let exclusions: Vec<String> = self.exclusions.iter().map(|e| format!("---\n{e:#}\n")).collect();
        let path = folder.join("exclusions.yaml").display().to_string();
        if !self.exclusions.is_empty() {
            fs::write(&path, exclusions.concat()).unwrap();
            arguments.extend(["--exclusions", &path]);
        }
        if let Some(period) = &self.period {
            arguments.extend(["--period", period]);
        }
        run(&arguments, &[0])
    }

    /// What `guarantor check` finds in the agreement.
    pub fn check(&self, folder: &Path) -> Result<Value, Miss> {
        let agreement = write(folder, "agreement.yaml", &self.agreement);
        let mut arguments = vec!["check", "-o", "json", &agreement];
        let source = write(folder, "source.yaml", &self.source());
        if self.retention.is_some() {
            arguments.push(&source);
        }
        run(&arguments, &[0, 1])
    }

    /// The metrics store, as the operator found it.
    fn source(&self) -> Value {
        let found = json!({"keeps": self.retention, "evidence": "asked", "askedAt": "2025-06-01T00:00:00Z"});
        json!({
            "apiVersion": "guarantor.dev/v1alpha1",
            "kind": "MetricsSource",
            "metadata": {"name": "main"},
            "spec": {"url": "http://prometheus:9090", "tenants": [{"namespace": "*"}]},
            "status": {"retention": found},
        })
    }
}

fn write(folder: &Path, name: &str, value: &Value) -> String {
    let path = folder.join(name);
    // JSON is YAML.
    fs::write(&path, format!("{value:#}\n")).unwrap();
    path.display().to_string()
}

fn run(arguments: &[&str], good: &[i32]) -> Result<Value, Miss> {
    let output = Command::new(env!("CARGO_BIN_EXE_guarantor")).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.code().is_some_and(|code| good.contains(&code)) {
        let said = String::from_utf8_lossy(&output.stdout);
        return Err(Miss::NotExpressible(format!("{} refused: {errors}{said}", arguments.first().unwrap_or(&""))));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| Miss::Failed(format!("no JSON came back: {e}: {errors}")))
}

/// Compares what came with what was expected, and names the figure.
pub fn same(figure: &str, found: impl Into<Value>, expected: impl Into<Value>) -> Outcome {
    let (found, expected) = (found.into(), expected.into());
    if found == expected {
        return Ok(());
    }
    Err(Miss::Failed(format!("{figure}: expected {expected}, found {found}")))
}

/// A field that the case must have.
pub fn field<'a>(value: &'a Value, name: &str) -> Result<&'a Value, Miss> {
    value.get(name).ok_or_else(|| Miss::NotExpressible(format!("the case has no {name}")))
}

/// A field as text; numbers as they are written.
pub fn text(value: &Value, name: &str) -> Result<String, Miss> {
    Ok(plain(field(value, name)?))
}

/// Text or number as text.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
