//! The baseline annotation: what stood in a floor before Guarantor changed it, and on whose behalf it did.
//!
//! Takes and gives the annotation's text. It stands on the changed object itself, so that it is there when every status
//! is lost. Text nobody can read is its own case: an unknown baseline is left alone, never guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::BASELINE_ANNOTATION;

/// What is known of the value before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// No annotation: the value is the owner's.
    None,
    /// Written down.
    Recorded(BaselineRecord),
    /// There is an annotation, but not one that can be read; its text.
    Unreadable(String),
}

/// The annotation's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineRecord {
    /// The agreement on whose behalf the value was changed, in the object's namespace.
    pub agreement: String,
    /// The field as it was. `None`: it was absent, and is made absent again.
    pub replicas: Option<i32>,
}

impl BaselineRecord {
    /// The annotation's text.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        serde_json::json!({"agreement": self.agreement, "replicas": self.replicas}).to_string()
    }
}

impl Baseline {
    /// Reads an object's annotations.
    #[must_use]
    pub fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let Some(text) = annotations.and_then(|all| all.get(BASELINE_ANNOTATION)) else { return Self::None };
        serde_json::from_str(text).map_or_else(|_| Self::Unreadable(text.clone()), Self::Recorded)
    }

    /// The record, if there is one that belongs to `agreement`.
    #[must_use]
    pub fn held_by(&self, agreement: &str) -> Option<&BaselineRecord> {
        match self {
            Self::Recorded(record) if record.agreement == agreement => Some(record),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_is_guessed() {
        let read = |text: &str| Baseline::of(Some(&[(BASELINE_ANNOTATION.to_owned(), text.to_owned())].into()));
        for replicas in [None, Some(0), Some(3)] {
            let record = BaselineRecord { agreement: "checkout".into(), replicas };
            assert_eq!(read(&record.to_annotation()), Baseline::Recorded(record));
        }
        for text in ["", "3", "{}", r#"{"agreement":"a","replicas":"3"}"#, r#"{"agreement":"a","replicas":3,"x":1}"#] {
            assert_eq!(read(text), Baseline::Unreadable(text.to_owned()));
        }
        assert_eq!(Baseline::of(None), Baseline::None);
    }

    #[test]
    fn a_baseline_of_another_agreement_is_not_ours() {
        let baseline = Baseline::Recorded(BaselineRecord { agreement: "other".into(), replicas: Some(3) });
        assert!(baseline.held_by("checkout").is_none());
        assert_eq!(baseline.held_by("other").unwrap().replicas, Some(3));
    }
}
