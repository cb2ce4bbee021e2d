//! Files, folders and standard input; several documents; JSON; objects of others.

use std::fs;

use serde_json::json;

use crate::command::{check, check_text};
use crate::mistakes;

const HEAD: &str = "apiVersion: guarantor.dev/v1alpha1\nkind: MetricsSource\nmetadata: {name: main}\n";

#[test]
fn a_number_without_quotes_is_no_percentage() {
    let text = serde_saphyr::to_string(&mistakes::agreement()).unwrap();
    // The writer puts in the quotes that are needed; here a person forgot them.
    let forgotten = text.replace("target: \"99.9\"", "target: 99.9");
    assert_ne!(text, forgotten);
    let answer = check_text(&forgotten);
    assert_eq!(answer.findings(), [("schema".into(), "spec.objectives[0].target".into(), "Error".into())]);
    let message = answer.json()["findings"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("put it in quotes"), "{message}");
}

#[test]
fn a_key_that_stands_twice_is_an_error_with_its_line() {
    let answer =
        check_text(&format!("{HEAD}spec:\n  url: http://a\n  url: http://b\n  tenants: [{{namespace: shop}}]\n"));
    let report = answer.json();
    assert_eq!(answer.code, 1);
    assert_eq!((&report["findings"][0]["code"], &report["findings"][0]["line"]), (&json!("yaml"), &json!(6)));
}

#[test]
fn every_finding_says_file_line_and_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agreement.yml");
    let mut agreement = mistakes::agreement();
    agreement["metadata"]["namespace"] = json!("shop");
    let text = serde_saphyr::to_string(&agreement).unwrap().replace("currency: EUR", "currency: Euro");
    let text = format!("{HEAD}spec: {{url: http://a, tenants: [{{namespace: shop}}]}}\n---\n# The agreement.\n{text}");
    let line = text.lines().position(|line| line.contains("currency: Euro")).unwrap() + 1;
    fs::write(&path, text).unwrap();
    let name = path.to_str().unwrap();
    let report = check(&[name, "-o", "json"], "").json();
    let mut finding = report["findings"][0].clone();
    let message = finding.as_object_mut().unwrap().remove("message").unwrap();
    assert!(message.as_str().unwrap().contains("\"Euro\""), "{message}");
    let expected = json!({
        "file": name, "line": line, "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "namespace": "shop", "name": "checkout", "field": "spec.credits.fee.currency", "severity": "Error",
        "code": "schema", "at": null,
    });
    assert_eq!(finding, expected);
    let table = check(&[name], "").text;
    let words = format!("{name}:{line}");
    assert!(table.lines().any(|line| line.contains(&words) && line.contains("shop/checkout")), "{table}");
}

#[test]
fn a_folder_is_its_manifests_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let sound = |end: &str| format!("{HEAD}spec: {{url: http://{end}, tenants: [{{namespace: shop}}]}}\n");
    for file in ["a.yaml", "b.yml", "c.json"] {
        fs::write(folder.path().join(file), sound("a")).unwrap();
    }
    fs::write(folder.path().join("notes.md"), "kind: [").unwrap();
    fs::create_dir(folder.path().join("deeper")).unwrap();
    fs::write(folder.path().join("deeper/d.yaml"), "kind: [").unwrap();
    let answer = check(&[folder.path().to_str().unwrap()], "");
    assert_eq!((answer.code, answer.text.as_str()), (0, "checked 3 objects: 0 errors, 0 warnings\n"));
}

#[test]
fn objects_of_others_are_skipped_and_said_to_be() {
    let deployment =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}});
    let report = check_text(&deployment.to_string()).json();
    let skipped = json!([{
        "file": "-", "line": 1, "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web",
    }]);
    assert_eq!(report, json!({"findings": [], "checked": 0, "unfinished": 0, "skipped": skipped}));
    let table = check(&["-"], &deployment.to_string()).text;
    assert!(table.contains("-:1: skipped Deployment shop/web of apps/v1"), "{table}");
}

#[test]
fn a_list_is_checked_item_by_item() {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [mistakes::agreement(), mistakes::source()]});
    assert_eq!(check_text(&list.to_string()).json()["checked"], 2);
}

#[test]
fn what_is_no_object_of_a_known_kind_is_an_error() {
    for (text, code, field) in [
        ("- a\n", "not_an_object", ""),
        ("replicas: 3\n", "not_an_object", "apiVersion"),
        ("apiVersion: guarantor.dev/v1alpha1\n", "not_an_object", "kind"),
        ("{apiVersion: guarantor.dev/v1alpha1, kind: ServiceLevelAgrement}\n", "unknown_kind", "kind"),
        ("{apiVersion: guarantor.dev/v2, kind: ServiceLevelAgreement}\n", "unknown_kind", "apiVersion"),
        ("{apiVersion: guarantor.io/v1alpha1, kind: MetricsSource}\n", "unknown_kind", "apiVersion"),
        ("{apiVersion: guarantor.dev/v1alpha1, kind: MetricsSource}\n", "schema", "metadata"),
        ("{apiVersion: guarantor.dev/v1alpha1, kind: MetricsSource, metadata: {}}\n", "schema", "metadata.name"),
        ("{apiVersion: guarantor.dev/v1alpha1, kind: MetricsSource, metadata: {name: A}}\n", "schema", "metadata.name"),
    ] {
        let answer = check_text(text);
        let named = answer.findings().into_iter().any(|(c, f, _)| (c.as_str(), f.as_str()) == (code, field));
        assert!(named && answer.code == 1, "{text}: {}", answer.text);
    }
}

#[test]
fn what_a_cluster_gives_back_is_accepted() {
    let mut exported = mistakes::agreement();
    exported["metadata"] = json!({
        "name": "checkout", "namespace": "shop", "uid": "6b1c", "generation": 3, "resourceVersion": "12",
        "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"app.kubernetes.io/name": "checkout"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}, "finalizers": ["guarantor.dev/restore"],
        "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {".": {}}}}],
    });
    exported["status"] = json!({"observedGeneration": 3, "conditions": []});
    let answer = check_text(&exported.to_string());
    assert_eq!((answer.code, answer.findings()), (0, vec![]));
}

#[test]
fn a_null_is_as_good_as_nothing() {
    let mut agreement = mistakes::agreement();
    agreement["metadata"]["creationTimestamp"] = json!(null);
    agreement["spec"]["missingData"] = json!(null);
    agreement["spec"]["enforcement"]["cooldown"] = json!(null);
    assert_eq!(check_text(&agreement.to_string()).findings(), []);
    agreement["spec"]["metrics"]["sourceRef"] = json!(null);
    assert_eq!(check_text(&agreement.to_string()).findings()[0].1, "spec.metrics.sourceRef");
}
