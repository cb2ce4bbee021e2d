//! 0: no error; 1: errors were found; 2: something could not be read.

use serde_json::json;

use crate::command::check;
use crate::mistakes;

#[test]
fn warnings_alone_are_no_error_unless_they_are_denied() {
    let mut agreement = mistakes::agreement();
    agreement["spec"]["objectives"][1]["target"] = json!("100");
    let text = agreement.to_string();
    let answer = check(&["-"], &text);
    assert_eq!(answer.code, 0);
    assert!(answer.text.ends_with("checked 1 object: 0 errors, 1 warning\n"), "{}", answer.text);
    let denied = check(&["-", "--deny-warnings", "-o", "json"], &text);
    assert_eq!(denied.code, 1);
    let expected = ("target_not_below_100".to_owned(), "spec.objectives[1].target".to_owned(), "Error".to_owned());
    assert_eq!(denied.findings(), [expected]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    for (arguments, words) in [
        (vec!["no/such/file.yaml"], "no/such/file.yaml"),
        (vec!["examples", "no/such/file.yaml"], "no/such/file.yaml"),
        (vec![empty], empty),
        (vec![], "<FILE>"),
        (vec!["-", "-o", "xml"], "--output"),
    ] {
        let answer = check(&arguments, "");
        assert_eq!((answer.code, answer.text.as_str()), (2, ""), "{arguments:?}");
        assert!(answer.complaint.contains(words), "{arguments:?}: {}", answer.complaint);
    }
}

#[test]
fn nothing_to_check_is_no_error() {
    assert_eq!(check(&["-"], "").code, 0);
    assert_eq!(check(&["-"], "# nothing\n---\n").text, "checked 0 objects: 0 errors, 0 warnings\n");
}
