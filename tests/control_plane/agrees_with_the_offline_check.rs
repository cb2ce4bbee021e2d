//! What `guarantor check` says of a definition is what the API server says: over hundreds of manifests that were bent in
//! one place, one refuses exactly what the other refuses.

use anyhow::{Result, bail};
use guarantor::evaluate::lint::Severity;
use guarantor::offline::check::definition::Definitions;
use guarantor::offline::check::input::Input;
use guarantor::offline::check::{Surroundings, accepted};
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};

use crate::mistakes;
use crate::stage::cluster;

/// The codes of what a definition says; the others are the operator's to say.
const OF_THE_DEFINITION: [&str; 5] = ["schema", "rule", "unknown_field", "not_an_object", "unknown_kind"];

/// Every place in a value.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{here}/{}", name.replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What a place may be bent to. `None`: it is taken out.
fn bends(value: &Value) -> Vec<Option<Value>> {
    let mut bends: Vec<Option<Value>> = vec![
        None,
        Some(json!(null)),
        Some(json!(7)),
        Some(json!(0.5)),
        Some(json!(2.0)),
        Some(json!(true)),
        Some(json!("")),
        Some(json!("100")),
        Some(json!("a/b.c d")),
        Some(json!([])),
        Some(json!({})),
    ];
    match value {
        Value::Object(fields) => {
            let mut more = fields.clone();
            more.insert("unheardOf".to_owned(), json!(1));
            bends.push(Some(Value::Object(more)));
        }
        Value::Array(items) => {
            bends.push(Some(Value::Array(items.iter().chain(items.first()).cloned().collect())));
            bends.push(Some(Value::Array(items.iter().cloned().chain([json!(null)]).collect())));
        }
        Value::String(text) => bends.extend([Some(json!(text.repeat(40))), Some(json!(text.to_uppercase()))]),
        Value::Number(_) => bends.extend([Some(json!(-1)), Some(json!(3_000_000_000_u64)), Some(json!("7"))]),
        _ => {}
    }
    bends
}

/// The manifest with another value in one place, or with none.
fn put(sound: &Value, pointer: &str, value: Option<&Value>) -> Value {
    let mut manifest = sound.clone();
    if let Some(value) = value {
        *manifest.pointer_mut(pointer).unwrap() = value.clone();
        return manifest;
    }
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match manifest.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(&last.replace("~1", "/"))),
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        _ => {}
    }
    manifest
}

/// The manifest with one place bent, and how that is said.
fn bent(sound: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    places(sound, "", &mut pointers);
    let mut all = Vec::new();
    // What says where a request goes stays as it is.
    for pointer in
        pointers.iter().filter(|p| !["", "/apiVersion", "/kind", "/metadata/namespace"].contains(&p.as_str()))
    {
        let value = sound.pointer(pointer).unwrap();
        // The API server takes a list for any text that has a format. The operator could not read it.
        let has_format = value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok());
        for bend in bends(value).into_iter().filter(|bend| !has_format || *bend != Some(json!([]))) {
            let manifest = put(sound, pointer, bend.as_ref());
            let said = bend.map_or_else(|| "taken out".to_owned(), |value| format!("= {value}"));
            all.push((format!("{pointer} {said}"), manifest));
        }
    }
    all
}

/// What the API server has against a manifest; nothing when it would take it.
async fn refusal(client: &Client, resource: &str, manifest: &Value) -> Result<Option<String>> {
    let path = format!("/apis/guarantor.dev/v1alpha1/{resource}?dryRun=All&fieldValidation=Strict");
    let request =
        http::Request::post(path).header("content-type", "application/json").body(manifest.to_string().into())?;
    match client.request::<Value>(request).await {
        Ok(_) => Ok(None),
        // The definition has nothing against it: policies come last.
        Err(kube::Error::Api(status)) if status.message.contains("ValidatingAdmissionPolicy") => Ok(None),
        Err(kube::Error::Api(status)) if [400, 403, 422].contains(&status.code) => Ok(Some(status.message.clone())),
        Err(error) => bail!("{error}"),
    }
}

async fn both_agree(mut sound: Value, resource: &str) -> Result<()> {
    sound["metadata"]["labels"] = json!({"app.kubernetes.io/name": "shop"});
    sound["metadata"]["annotations"] = json!({"note": "bent in a moment"});
    let client = cluster().await?.client()?;
    let definitions = Definitions::of_this_program()?;
    let mut differences = Vec::new();
    let (mut refused, mut taken) = (0, 0);
    for (said, manifest) in bent(&sound) {
        let input = Input { name: "-".to_owned(), text: manifest.to_string() };
        let found = accepted(&[input], &definitions, Surroundings::default()).0.findings;
        let against = found.iter().find(|f| f.severity == Severity::Error && OF_THE_DEFINITION.contains(&f.code));
        match (refusal(&client, resource, &manifest).await?, against) {
            (Some(_), Some(_)) => refused += 1,
            (None, None) => taken += 1,
            (Some(words), None) => differences.push(format!("{said}: only the API server refuses it: {words}")),
            (None, Some(f)) => {
                differences.push(format!("{said}: only the check refuses it: {}: {}", f.field, f.message));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(refused > 100 && taken > 20, "{refused} were refused and {taken} taken: too few to say anything");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn agrees_with_the_offline_check_on_agreements() -> Result<()> {
    both_agree(mistakes::agreement(), "namespaces/default/servicelevelagreements").await
}

#[tokio::test(flavor = "multi_thread")]
async fn agrees_with_the_offline_check_on_metrics_sources() -> Result<()> {
    both_agree(mistakes::source(), "metricssources").await
}

#[tokio::test(flavor = "multi_thread")]
async fn agrees_with_the_offline_check_on_exclusions() -> Result<()> {
    both_agree(mistakes::exclusion(), "namespaces/default/servicelevelexclusions").await
}

#[tokio::test(flavor = "multi_thread")]
async fn agrees_with_the_offline_check_on_claims() -> Result<()> {
    both_agree(mistakes::claim(), "namespaces/default/servicelevelclaims").await
}
