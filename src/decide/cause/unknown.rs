//! Unknown: none of the causes can be shown. Replicas are what costs least and may help, and a person is told.

use crate::api::diagnosis::CauseKind;

use super::{Cause, Look, Remedy, endangered};

pub(super) fn cause(look: &Look<'_>) -> Cause {
    let why = look.pods.as_ref().err().map(|why| format!(" ({why})")).unwrap_or_default();
    Cause {
        kind: CauseKind::Unknown,
        message: format!(
            "{} in danger, and no cause can be shown{why}; a dependency that got slow looks like this too",
            endangered(look)
        ),
        remedy: Remedy::Scale,
        evidence: Vec::new(),
        would_change: "one of the causes ruled out before comes to hold, or the objective is safe again".to_owned(),
    }
}
