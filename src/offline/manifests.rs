//! The one agreement that a command is about, with what stands beside it in its files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::check::{self, Surroundings, definition::Definitions, input};
use super::trouble::Trouble;
use crate::api::{MetricsSource, ServiceLevelAgreement, ServiceLevelExclusion};

/// What the files have.
pub(super) struct Manifests {
    /// The agreement.
    pub(super) agreement: ServiceLevelAgreement,
    /// All exclusions.
    pub(super) exclusions: Vec<ServiceLevelExclusion>,
    /// All metrics sources.
    pub(super) sources: Vec<MetricsSource>,
}

/// The one agreement of these files, with all exclusions and metrics sources, as an API server would take them.
pub(super) fn manifests(files: &[PathBuf]) -> Result<Manifests, Trouble> {
    let unreadable = |e: &dyn std::fmt::Display| Trouble::Unreadable(e.to_string());
    let inputs = input::read(files, &mut std::io::stdin().lock()).map_err(|e| unreadable(&e))?;
    let definitions = Definitions::of_this_program().map_err(|e| unreadable(&e))?;
    let (report, objects) = check::accepted(&inputs, &definitions, Surroundings::default());
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
            let count = more.saturating_add(1);
            let message = match files {
                [_] => format!("--agreement: the file has {count} agreements; give one"),
                _ => format!(
                    "--agreement and --exclusions: their files have {count} agreements together; give one, under \
                     --agreement, and under --exclusions the exclusions alone"
                ),
            };
            Err(Trouble::Faulty(message))
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(values: Option<Vec<Value>>) -> Result<Vec<T>, Trouble> {
    let read = values.unwrap_or_default().into_iter().map(serde_json::from_value);
    read.collect::<Result<_, _>>().map_err(|e| Trouble::Faulty(e.to_string()))
}
