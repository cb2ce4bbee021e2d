//! `ServiceLevelExclusion`: time or events that somebody asks not to be counted, and the agreement's rules for it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::Quantity;
use super::exclusion_rules::ExclusionReason;

/// Time or events that shall not count against an agreement: maintenance, force majeure, what the customer caused.
/// Whether it is honoured is decided by the agreement's `exclusions` rules.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "guarantor.dev",
    version = "v1alpha1",
    kind = "ServiceLevelExclusion",
    plural = "servicelevelexclusions",
    shortname = "slx",
    category = "guarantor",
    namespaced,
    derive = "PartialEq",
    status = "ExclusionStatus",
    doc = "Time or events that shall not count against an agreement: maintenance, force majeure, what the customer \
           caused. Whether it is honoured is decided by the agreement's exclusions rules.",
    printcolumn(name = "Agreement", type_ = "string", json_path = ".spec.agreement"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".spec.reason"),
    printcolumn(name = "From", type_ = "string", json_path = ".spec.window.from"),
    printcolumn(name = "Until", type_ = "string", json_path = ".spec.window.until"),
    printcolumn(name = "Rule", type_ = "string", json_path = ".spec.recurrence.rule", priority = 1),
    printcolumn(name = "Approved By", type_ = "string", json_path = ".spec.approval.by"),
    printcolumn(
        name = "Honoured",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Honoured\")].status",
        description = "Whether the agreement's rules let it count"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.window) != has(self.recurrence)")
    .message("spec must have exactly one of window and recurrence"))]
#[x_kube(validation = Rule::new("!has(self.events) || has(self.window)")
    .message("spec.events goes with spec.window: a number of events cannot recur").field_path(".events"))]
#[x_kube(validation = Rule::new("!has(self.forceMajeure) || self.reason == 'ForceMajeure'")
    .message("spec.forceMajeure goes with spec.reason ForceMajeure; remove it or correct the reason")
    .field_path(".forceMajeure"))]
#[x_kube(validation = Rule::new("!has(self.approval) || self.approval.by != self.declaredBy")
    .message("spec.approval.by must be another person than spec.declaredBy").field_path(".approval.by"))]
#[x_kube(validation = Rule::new(
    "(!has(self.approval) && !has(self.revoked) && !has(oldSelf.approval)) \
     || ((!has(oldSelf.approval) || (has(self.approval) && self.approval == oldSelf.approval)) \
     && self.agreement == oldSelf.agreement && self.objectives == oldSelf.objectives && self.reason == oldSelf.reason \
     && has(self.ruleName) == has(oldSelf.ruleName) \
     && (!has(self.ruleName) || self.ruleName == oldSelf.ruleName) \
     && has(self.description) == has(oldSelf.description) \
     && (!has(self.description) || self.description == oldSelf.description) \
     && has(self.window) == has(oldSelf.window) && (!has(self.window) || self.window == oldSelf.window) \
     && has(self.recurrence) == has(oldSelf.recurrence) \
     && (!has(self.recurrence) || self.recurrence == oldSelf.recurrence) \
     && has(self.events) == has(oldSelf.events) && (!has(self.events) || self.events == oldSelf.events) \
     && has(self.announcedAt) == has(oldSelf.announcedAt) \
     && (!has(self.announcedAt) || self.announcedAt == oldSelf.announcedAt) \
     && has(self.forceMajeure) == has(oldSelf.forceMajeure) && (!has(self.forceMajeure) \
         || (has(self.forceMajeure.noticeAt) == has(oldSelf.forceMajeure.noticeAt) \
             && (!has(self.forceMajeure.noticeAt) || self.forceMajeure.noticeAt == oldSelf.forceMajeure.noticeAt) \
             && has(self.forceMajeure.inDefaultSince) == has(oldSelf.forceMajeure.inDefaultSince) \
             && (!has(self.forceMajeure.inDefaultSince) \
                 || self.forceMajeure.inDefaultSince == oldSelf.forceMajeure.inDefaultSince) \
             && (!has(oldSelf.forceMajeure.proofAt) || (has(self.forceMajeure.proofAt) \
                 && self.forceMajeure.proofAt == oldSelf.forceMajeure.proofAt)))))")
    .message("spec must not be edited once it is approved or revoked, nor together with either, except to add \
              forceMajeure.proofAt or revoked; make a new exclusion"))]
#[x_kube(validation = Rule::new(
    "!has(oldSelf.revoked) || (has(self.revoked) && self.revoked == oldSelf.revoked)")
    .message("spec.revoked cannot be taken back; make a new exclusion").field_path(".revoked"))]
pub struct ExclusionSpec {
    /// The agreement, in the same namespace.
    #[schemars(length(min = 1, max = 253))]
    pub agreement: String,
    /// The objectives it is about. Empty: all.
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(max = 40)))]
    pub objectives: Vec<String>,
    /// Why it shall not count; the agreement has a rule for it, or it is refused.
    pub reason: ExclusionReason,
    /// By which of the agreement's rules for the reason, where it has several: the `name` of one. Left out: the one without
    /// a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), length(max = 40))]
    pub rule_name: Option<String>,
    /// What happened, in words for a reader of the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub description: Option<String>,
    /// One time, half open. Exactly one of this and `recurrence` is given. Objectives that are counted in slots or events
    /// (`Events`, `MeanOfSlots`, `Value`) leave out only slots that lie wholly inside; those that count bad time leave out
    /// every second. A statement tells where less was left out than the window's length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<TimeWindow>,
    /// A time that comes again; of slots as for `window`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// Only so many events of the window, not the time: the earliest ones in it. Left out: the whole time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<ExcludedEvents>,
    /// When the other party was told. Left out: when this object was created. Earlier than that it counts only where
    /// another person approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<Time>,
    /// The clocks of force majeure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_majeure: Option<ForceMajeureRecord>,
    /// The user who declares it. The chart's admission policy makes sure that it is who they say.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.declaredBy cannot be changed"))]
    pub declared_by: String,
    /// The consent of a second person. Where the agreement asks for it, nothing is excluded without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Taken back: it is as if it had never been, also for periods that were closed; or, with `from`, it ends then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

impl ExclusionSpec {
    /// The name of the rule it is for; empty: the one without a name.
    #[must_use]
    pub fn rule_name(&self) -> &str {
        self.rule_name.as_deref().unwrap_or_default()
    }
}

/// A time, half open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.from < self.until")
    .message("spec.window.until must be later than spec.window.from").field_path(".until"))]
pub struct TimeWindow {
    /// Counts.
    pub from: Time,
    /// Does not count.
    pub until: Time,
}

/// A time that comes again, by the clock on the wall at both its ends: a window from two to four lasts three hours on the
/// night in which the clock shows two twice and one hour where it skips two, and what lies within the skipped hour does
/// not take place. (A `DTEND` of RFC 5545 would keep its length.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence {
    /// A rule of RFC 5545 with `FREQ` from `DAILY` to `YEARLY`: `FREQ=WEEKLY;BYDAY=SU`.
    #[schemars(length(min = 1, max = 256))]
    pub rule: String,
    /// When the first window begins on the wall, `YYYY-MM-DDTHH:MM`.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"), length(max = 19))]
    pub start: String,
    /// When the first window ends on the wall, `YYYY-MM-DDTHH:MM`.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"), length(max = 19))]
    pub end: String,
    /// When windows of the rule would begin on the wall that do not take place: `EXDATE` of RFC 5545. The rule gives a
    /// window that begins then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 100),
        inner(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"), length(max = 19))
    )]
    pub exdates: Vec<String>,
    /// When further windows begin on the wall, as long as the first one: `RDATE` of RFC 5545. The rule gives no window
    /// that begins then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 100),
        inner(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"), length(max = 19))
    )]
    pub rdates: Vec<String>,
    /// The IANA zone of the wall. Left out: the agreement's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: Option<String>,
}

/// Events that do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExcludedEvents {
    /// Bad events that are not held against the service.
    pub bad: Quantity,
    /// Of them (or beside them) the events that leave the total as well. `0`: they stay in the total, as good ones. Where the
    /// agreement's rule has the effect `CountAsGood`, none leaves it.
    pub total: Quantity,
}

/// What was notified and proven of force majeure.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForceMajeureRecord {
    /// When the other party got notice of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_at: Option<Time>,
    /// When it got proof of the event and its extent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_at: Option<Time>,
    /// Since when the party was in default already, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_default_since: Option<Time>,
}

/// Who said so, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// The user.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When.
    pub at: Time,
}

/// Who took an exclusion back, when, and from when on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// The user.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When.
    pub at: Time,
    /// Windows that begin then or later do not count any more, and those before stay as they are: a series ends. Left
    /// out: no window counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
}

/// What became of an exclusion.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionStatus {
    /// The generation this status was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Honoured`, with the reason where it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
