//! `guarantor statement`, as people run it.

mod cluster;
mod looking_back;
mod papers;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use guarantor::evaluate::canonical_json::canonical;
use guarantor::evaluate::statement::content_digest;
use serde_json::{Value, json};

use papers::Papers;

/// What a command did.
struct Outcome {
    code: i32,
    text: String,
    errors: String,
}

fn run(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_guarantor"))
        .args(arguments)
        .envs(environment.iter().copied())
        .env_remove("KUBERNETES_SERVICE_HOST")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), text: text(output.stdout), errors: text(output.stderr) }
}

fn show(folder: &Path, more: &[&str]) -> Outcome {
    let statement = folder.join("statement.yaml");
    run(&[&["statement", "show", "-f", statement.to_str().unwrap()], more].concat(), &[], "")
}

/// Verifies what lies in a folder; `agreement`: the file, if it is given.
fn verify(folder: &Path, agreement: Option<&str>) -> Outcome {
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let (statement, ledger) = (path("statement.yaml"), path("ledger.yaml"));
    let mut arguments = vec!["statement", "verify", "-f", &statement, "--ledger", &ledger];
    let agreement = agreement.map(path);
    if let Some(agreement) = &agreement {
        arguments.extend(["--agreement", agreement]);
    }
    run(&arguments, &[], "")
}

fn sign(statement: &mut Value) {
    statement["spec"]["digest"] = content_digest(&statement["spec"]).unwrap().into();
}

#[test]
fn the_page_is_as_it_was_approved() {
    let page = show(&Papers::october().save("page"), &["-o", "html"]);
    assert_eq!((page.code, page.errors.as_str()), (0, ""));
    insta::assert_snapshot!("page", page.text);
}

#[test]
fn the_tables_and_sheets_are_as_they_were_approved() {
    let folder = Papers::october().save("tables");
    insta::assert_snapshot!("tables", show(&folder, &[]).text);
    for rows in ["objectives", "violations", "credits", "actions", "terms"] {
        let sheet = show(&folder, &["-o", "csv", "--rows", rows]);
        assert_eq!(sheet.code, 0, "{}", sheet.errors);
        insta::assert_snapshot!(format!("sheet_{rows}"), sheet.text.replace('\r', ""));
    }
}

#[test]
fn the_json_is_what_the_digest_is_made_over() {
    let mut papers = Papers::october();
    // A field of a later version is part of what was issued.
    papers.statement["spec"]["later"] = json!({"b": 1, "a": [true, null]});
    sign(&mut papers.statement);
    let shown = show(&papers.save("json"), &["-o", "json"]);
    assert_eq!((shown.code, shown.errors.as_str()), (0, ""));
    let value: Value = serde_json::from_str(&shown.text).unwrap();
    assert_eq!(value, papers.statement["spec"]);
    assert_eq!(shown.text, canonical(&value).unwrap() + "\n");
}

#[test]
fn what_follows_from_its_papers_is_verified() {
    let papers = Papers::october();
    let folder = papers.save("verified");
    let outcome = verify(&folder, Some("agreement.yaml"));
    assert_eq!(outcome.code, 0, "{}{}", outcome.text, outcome.errors);
    insta::assert_snapshot!("verified", outcome.text);
    let outcome = verify(&folder, None);
    assert_eq!(outcome.code, 0, "{}{}", outcome.text, outcome.errors);
    insta::assert_snapshot!("verified_by_its_own_terms", outcome.text);
}

#[test]
fn json_and_standard_input_do_as_well() {
    let papers = Papers::october();
    let folder = papers.save("stdin");
    let ledger = folder.join("ledger.yaml");
    let arguments = ["statement", "verify", "-f", "-", "--ledger", ledger.to_str().unwrap()];
    let outcome = run(&arguments, &[], &papers.statement.to_string());
    assert_eq!(outcome.code, 0, "{}{}", outcome.text, outcome.errors);
    let outcome = run(&["statement", "verify", "-f", "-", "--ledger", "-"], &[], "");
    assert!(outcome.code == 2 && outcome.errors.contains("only once"), "{}", outcome.errors);
}

#[test]
fn an_altered_figure_is_named_with_both_values() {
    let mut papers = Papers::october();
    papers.statement["spec"]["credits"]["amount"] = "4000.00".into();
    let folder = papers.save("altered");
    let outcome = verify(&folder, Some("agreement.yaml"));
    assert_eq!(outcome.code, 1, "{}{}", outcome.text, outcome.errors);
    insta::assert_snapshot!("contradicted", outcome.text);
    // Every form of it warns, and says so on standard error too.
    for form in ["table", "html"] {
        let shown = show(&folder, &["-o", form]);
        assert!(shown.code == 0 && shown.text.contains("This is not what was issued"), "{}", shown.text);
        assert!(shown.errors.contains("This is not what was issued"), "{}", shown.errors);
    }
}

#[test]
fn a_forged_figure_under_a_new_digest_is_found() {
    for (pointer, field) in [
        ("/spec/credits/amount", "spec.credits.amount"),
        ("/spec/objectives/0/badEvents", "spec.objectives[0].badEvents"),
        ("/spec/violations/1/depth", "spec.violations[1].depth"),
        ("/spec/parties/customer/name", "spec.parties.customer.name"),
        ("/spec/actions/2/to", "spec.actions[2].to"),
        ("/spec/period/end", "spec.period.end"),
    ] {
        let mut papers = Papers::october();
        *papers.statement.pointer_mut(pointer).unwrap() = "0".into();
        sign(&mut papers.statement);
        let outcome = verify(&papers.save("forged"), Some("agreement.yaml"));
        assert!(outcome.code == 1 && outcome.text.contains(field), "{field}: {}{}", outcome.text, outcome.errors);
        assert!(outcome.text.contains("under its digest, and yet contradicts"), "{}", outcome.text);
    }
}

#[test]
fn an_agreement_edited_since_is_told_with_the_way_to_the_right_one() {
    let mut papers = Papers::october();
    papers.agreement["metadata"]["generation"] = 3.into();
    papers.agreement["spec"]["parties"]["customer"]["name"] = "Initech".into();
    let outcome = verify(&papers.save("edited"), Some("agreement.yaml"));
    assert_eq!(outcome.code, 0, "{}{}", outcome.text, outcome.errors);
    insta::assert_snapshot!("edited", outcome.text);
}

#[test]
fn a_manifest_without_uid_and_generation_is_taken_as_the_one_in_force() {
    let mut papers = Papers::october();
    papers.agreement["metadata"] = json!({"name": "checkout"});
    let outcome = verify(&papers.save("manifest-file"), Some("agreement.yaml"));
    assert_eq!(outcome.code, 0, "{}{}", outcome.text, outcome.errors);
    assert!(outcome.text.contains("taken as the one that was in force") && outcome.text.contains("\nVerified: "));
}

#[test]
fn what_cannot_be_read_is_no_contradiction() {
    let papers = Papers::october();
    let folder = papers.save("unreadable");
    let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
    write("list.yaml", &json!({"apiVersion": "v1", "kind": "List", "items": [papers.statement]}).to_string());
    write("text.yaml", "a: [b");
    write("config.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    write("empty.yaml", "");
    let mut wrong = papers.statement.clone();
    wrong["spec"]["state"] = "Splendid".into();
    write("state.yaml", &wrong.to_string());
    for (file, told) in [
        ("none.yaml", "none.yaml: "),
        ("list.yaml", "holds a list of 1 objects; give one, as `kubectl get servicelevelstatements NAME"),
        ("text.yaml", "can not be read as YAML"),
        ("config.yaml", "it is a v1 ConfigMap, not a guarantor.dev/v1alpha1 ServiceLevelStatement"),
        ("ledger.yaml", "it is a guarantor.dev/v1alpha1 ServiceLevelLedger, not a"),
        ("empty.yaml", "empty.yaml: it is no Kubernetes object"),
        ("state.yaml", "Splendid"),
    ] {
        let outcome = run(&["statement", "show", "-f", folder.join(file).to_str().unwrap()], &[], "");
        assert!(outcome.code == 2 && outcome.errors.contains(told), "{file}: {}", outcome.errors);
        assert_eq!(outcome.text, "", "{file}");
    }
    // An agreement of somebody else.
    let mut other = papers.clone();
    other.agreement["metadata"]["uid"] = "another".into();
    let outcome = verify(&other.save("other"), Some("agreement.yaml"));
    assert!(outcome.code == 2 && outcome.errors.contains("with uid another"), "{}", outcome.errors);
}

#[test]
fn a_command_that_makes_no_sense_is_refused_with_its_flag() {
    for (arguments, told) in [
        (&["statement", "show"][..], "NAMESPACE/NAME"),
        (&["statement", "show", "a", "-f", "b"], "cannot be used with"),
        (&["statement", "show", "-f", "a", "-o", "pdf"], "html"),
        (&["statement", "show", "-f", "a", "--rows", "credits"], "add -o csv"),
        (&["statement", "verify", "-f", "a"], "--ledger"),
    ] {
        let outcome = run(arguments, &[], "");
        assert!(outcome.code == 2 && outcome.errors.contains(told), "{arguments:?}: {}", outcome.errors);
    }
}
