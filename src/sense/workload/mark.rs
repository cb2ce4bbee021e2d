//! The rollout annotation: what Guarantor did to the rollout of a Deployment, and on whose behalf.
//!
//! It is written in the same patch as the deed, on the Deployment itself, so that it is there when every status is lost.
//! Text nobody can read is its own case, and what it stands for is left alone.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Serialize};

use crate::api::ROLLOUT_ANNOTATION;

/// What is known of the operator's hand in a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// No annotation: it had none.
    None,
    /// Written down.
    Recorded(MarkRecord),
    /// There is an annotation, but not one that can be read; its text.
    Unreadable(String),
}

/// The annotation's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkRecord {
    /// The agreement on whose behalf it was done, in the object's namespace.
    pub agreement: String,
    /// The id of the action.
    pub action: String,
    /// When it was decided.
    pub at: Time,
    /// The rollout is paused since then.
    pub paused: bool,
    /// The `pod-template-hash` of the revision that was paused or undone.
    pub revision: String,
    /// That of the revision that was gone back to. `None`: it was paused only.
    pub back_to: Option<String>,
}

impl MarkRecord {
    /// The annotation's text.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        let Self { agreement, action, at, paused, revision, back_to } = self;
        let record = serde_json::json!({
            "agreement": agreement, "action": action, "at": at, "paused": paused, "revision": revision, "backTo": back_to,
        });
        record.to_string()
    }
}

impl Mark {
    /// Reads an object's annotations.
    #[must_use]
    pub fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let Some(text) = annotations.and_then(|all| all.get(ROLLOUT_ANNOTATION)) else { return Self::None };
        serde_json::from_str(text).map_or_else(|_| Self::Unreadable(text.clone()), Self::Recorded)
    }

    /// The record, whoever it belongs to.
    #[must_use]
    pub fn record(&self) -> Option<&MarkRecord> {
        match self {
            Self::Recorded(record) => Some(record),
            Self::None | Self::Unreadable(_) => None,
        }
    }

    /// The record, if there is one that belongs to `agreement`.
    #[must_use]
    pub fn held_by(&self, agreement: &str) -> Option<&MarkRecord> {
        self.record().filter(|record| record.agreement == agreement)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_is_guessed() {
        let read = |text: &str| Mark::of(Some(&[(ROLLOUT_ANNOTATION.to_owned(), text.to_owned())].into()));
        for back_to in [None, Some("6f9c".to_owned())] {
            let record = MarkRecord {
                agreement: "checkout".into(),
                action: "0a".into(),
                at: Time(Timestamp::UNIX_EPOCH),
                paused: back_to.is_none(),
                revision: "7d1b".into(),
                back_to,
            };
            let mark = read(&record.to_annotation());
            assert_eq!(mark, Mark::Recorded(record.clone()));
            assert_eq!((mark.held_by("checkout"), mark.held_by("other")), (Some(&record), None));
        }
        for text in ["", "{}", r#"{"agreement":"a"}"#] {
            assert_eq!(read(text), Mark::Unreadable(text.to_owned()));
        }
        assert_eq!(Mark::of(None), Mark::None);
    }
}
