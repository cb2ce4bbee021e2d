//! What ends an agreement before its term.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What ends an agreement before its term: a notice, or a severe breach. It is over when `spec.validity.until` says.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.noticeOn) || self.severeBreach")
    .message("spec.ending must have noticeOn or severeBreach; remove the block if nothing ends the agreement"))]
pub struct Ending {
    /// The day on which somebody gave notice to end it without cause, `YYYY-MM-DD`. It ends
    /// `settlement.terminationNoticeDays` later at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), length(max = 10))]
    pub notice_on: Option<String>,
    /// Whether a severe breach ended it, which keeps the deposit.
    #[serde(default)]
    pub severe_breach: bool,
}
