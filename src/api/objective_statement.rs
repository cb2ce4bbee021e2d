//! What a statement says of one objective: its attainment, and the counts it rests on.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement_status::State;

/// The account of one objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectiveStatement {
    /// The objective's name.
    pub name: String,
    /// The target, in percent.
    pub target: String,
    /// `Fulfilled`, `Violated` or `NotDetermined`.
    pub state: State,
    /// The counting method.
    pub method: String,
    /// How the figure comes about, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub counting: String,
    /// Whether the promise covers this instance. What it does not cover has no verdict, and nothing is owed for it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[schemars(default = "yes")]
    pub covered: bool,
    /// Why it does not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub not_covered_because: String,
    /// All events.
    pub total_events: String,
    /// Bad events.
    pub bad_events: String,
    /// Events of series that were born inside a slot and count (part of the two above), total and bad.
    pub born_events: EventPair,
    /// Events of series whose birth could not be attributed; they count for nobody.
    pub unattributed_events: EventPair,
    /// What the attainment is the quotient of, in the unit of the method.
    #[serde(default)]
    pub counted: CountedUnits,
    /// The attainment as an exact fraction in lowest terms, for example `19991/20000`. Empty: nothing was measured.
    /// A mean of thousands of rates may need a fraction of more than 150 digits; then this is one with a denominator of
    /// at most 2 x 10^60 that lies on the same side of every decimal of up to sixty places.
    pub attainment_ratio: String,
    /// In percent, truncated to six places, never rounded.
    pub attainment: String,
    /// In percent, rounded half up to the places of the parties' own reports. Left out: the agreement names none. Below
    /// the target it may look like the target; the verdict rests on the fraction.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub displayed: String,
    /// The attainment if every unknown slot had been all bad, and all good: in percent, truncated. For the method `Events`
    /// each with as many events as the known ones in the mean, for `Value` with one.
    pub attainment_bounds: [String; 2],
    /// Slots by state.
    pub slots: SlotCounts,
    /// The share of slots that are known, in percent, truncated.
    pub coverage: String,
    /// The members of a pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub members: Vec<MemberStatement>,
    /// What was asked of the store, in order: of a pool, up to three expressions for each member.
    #[schemars(length(max = 96))]
    pub queries: Vec<String>,
}

/// What an attainment is the quotient of, among what is known and not excluded.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CountedUnits {
    /// `events`, `slots`, `seconds` or `values`.
    pub unit: String,
    /// The good ones, cut to six places.
    pub good: String,
    /// All of them.
    pub total: String,
    /// What the unknown slots add, where the agreement counts them as good or bad. Left out: they count for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownCounted>,
}

/// What unknown slots are taken to hold by `missingData.treatAs`. The attainment is the good ones and these without the bad
/// ones of these, with what is gained, over all and these.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UnknownCounted {
    /// How many, cut to six places. With the method `Events` as many for each slot as a known one has in the mean.
    pub total: String,
    /// The bad ones, cut to six places. Of time also known bad time that counts only in one run with them; of rates also
    /// what the unknown part of a stretch takes from the rate of its known part.
    pub bad: String,
    /// `MeanOfSlots`: what the rates of stretches that are known in part gain by their unknown part, cut to six places. Left
    /// out: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gained: Option<String>,
}

/// The account of one member of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberStatement {
    /// The member's name.
    pub name: String,
    /// Whether the promise covers it; what it does not cover counts for nothing.
    pub covered: bool,
    /// The seconds that its bad ones are divided by.
    pub deployed_seconds: i64,
    /// Its bad seconds, by the rules of the measurement.
    pub down_seconds: i64,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(b: &bool) -> bool {
    *b
}

/// A total and the bad part of it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EventPair {
    /// All events.
    pub total: String,
    /// Bad ones.
    pub bad: String,
}

/// How many slots of each state a period has.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotCounts {
    /// Counted, with events.
    pub measured: i64,
    /// Known to have had no event.
    pub no_traffic: i64,
    /// Nobody knows.
    pub unknown: i64,
    /// Left out by agreement.
    pub excluded: i64,
    /// The service was not deployed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_deployed: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_zero(n: &i64) -> bool {
    *n == 0
}
