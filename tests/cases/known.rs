//! What is neither read nor compared is refused: a case may not pass by a field that nobody looked at.

use serde_json::Value;

use crate::scenario::{Miss, Outcome};

/// Refuses the fields of a value that are not among the known ones. `credit_*` is every name that begins so.
pub fn only(what: &str, given: &Value, known: &[&str]) -> Outcome {
    only_where(what, given, |name| {
        known.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *known,
        })
    })
}

/// Refuses the fields of a value whose names mean nothing.
pub fn only_where(what: &str, given: &Value, is_known: impl Fn(&str) -> bool) -> Outcome {
    match given.as_object().into_iter().flatten().find(|(name, _)| !is_known(name)) {
        Some((name, value)) => Err(Miss::NotExpressible(format!("{what} {name}: {value}"))),
        None => Ok(()),
    }
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    let given = serde_json::json!({"credit": "1.00", "credit_usd": "1.00"});
    assert!(only("expected", &given, &["credit*"]).is_ok());
    assert!(only("expected", &given, &["credit", "breached"]).is_err());
}
