//! How the slots of a period become the one figure that is compared with the target.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Percent, Span};

/// How the slots of a period become one figure. Fields that the method does not use must be left out.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.method == 'MeanOfSlots' || (!has(self.rateOver) && !has(self.emptySlot))")
    .message("spec.objectives[].measurement: rateOver and emptySlot belong to the method MeanOfSlots; remove them"))]
#[x_kube(validation = Rule::new(
    "self.method in ['BadMinutes', 'Pooled'] || (!has(self.badWhen) && !has(self.minimumConsecutive) \
     && !has(self.minimumEvents) && !has(self.partialMinutes) && !has(self.denominator))")
    .message("spec.objectives[].measurement: badWhen, minimumConsecutive, minimumEvents, partialMinutes and denominator \
              belong to the methods BadMinutes and Pooled; remove them"))]
#[x_kube(validation = Rule::new("!(self.method in ['BadMinutes', 'Pooled']) || has(self.badWhen)")
    .message("spec.objectives[].measurement.badWhen must say when a minute is bad; give errorRateAbove or allFail"))]
#[x_kube(validation = Rule::new("self.method == 'Pooled' || !has(self.pool)")
    .message("spec.objectives[].measurement.pool belongs to the method Pooled; remove it"))]
pub struct Measurement {
    /// The counting method. `Events`: the good events of all slots over all their events, so that every request weighs
    /// the same. `MeanOfSlots`: the mean of the slots' own error rates, so that every slot weighs the same.
    /// `BadMinutes`: time that was not bad over all time. `Pooled`: the same over several resources. `Value`: values
    /// that kept their limit over all values.
    #[serde(default)]
    pub method: Method,
    /// `MeanOfSlots`: the time over which one error rate is taken, for example `5m` or `1h`, counted from the beginning of
    /// the period. A violation is an unbroken run of such times with a rate below the target; what is bad within one that keeps
    /// it is none. Left out: one slot of `spec.metrics.slot`. Of a stretch that is known in part, what is known stands: its
    /// rate is that of its known slots. Where the unknown ones are taken as good or bad, they have the rate 0 or 1, and each
    /// weighs as one of the known slots does. A stretch of which no slot is known is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_over: Option<Span>,
    /// `MeanOfSlots`: what a slot without any event is. `Good` (the default): its error rate is 0. `Skip`: it is not
    /// part of the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_slot: Option<EmptySlot>,
    /// `BadMinutes`, `Pooled`: when a slot is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad_when: Option<BadWhen>,
    /// `BadMinutes`, `Pooled`: bad time counts only in runs of at least this length, and then as a whole; for example
    /// `10m`. Left out: one minute, or any length where `partialMinutes` is `Count`. A run ends with the period, and where an
    /// amendment splits it: what goes on over that is judged in each by its part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_consecutive: Option<Span>,
    /// `BadMinutes`, `Pooled`: a minute with fewer events than this is never bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub minimum_events: Option<i64>,
    /// `BadMinutes`, `Pooled`: what becomes of a minute by the clock that is bad only in part. `Drop` (the default): it
    /// is not bad. `Count`: its bad seconds count. A part without any event neither makes a minute bad nor saves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_minutes: Option<PartialMinutes>,
    /// `BadMinutes`, `Pooled`: the time that is divided by. `Calendar`: the whole period, time in which the service was
    /// not deployed counting as good. `Deployed`: only the time in which it was deployed. Left out: `Calendar`, or
    /// `Deployed` for a pool whose members are added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<Denominator>,
    /// `Pooled`: how the members come together. `Sum` (the default): their minutes are added up. `AllDown`: time is bad
    /// only while every member is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
}

/// The counting method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Method {
    /// The sum of good events over the sum of all events: every request weighs the same.
    #[default]
    Events,
    /// One less the mean of the slots' error rates: every slot weighs the same.
    MeanOfSlots,
    /// Time that was not bad over all time.
    BadMinutes,
    /// As `BadMinutes`, over several resources.
    Pooled,
    /// Values that kept their limit over all values.
    Value,
}

/// What a slot without any event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum EmptySlot {
    /// Its error rate is 0.
    #[default]
    Good,
    /// It is not part of the mean.
    Skip,
}

/// When a slot is bad. Exactly one is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.errorRateAbove) != has(self.allFail)")
    .message("spec.objectives[].measurement.badWhen must have exactly one of errorRateAbove and allFail"))]
pub struct BadWhen {
    /// The share of bad events is above this, in percent: exactly this much is not above. It is judged for every slot of
    /// `spec.metrics.slot` by itself: with slots shorter than a minute, the minute's own share decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_rate_above: Option<Percent>,
    /// There were events, and every one was bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self")
        .message("spec.objectives[].measurement.badWhen.allFail can only be true; give errorRateAbove instead"))]
    pub all_fail: Option<bool>,
}

/// What becomes of a minute that is bad only in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum PartialMinutes {
    /// It is not bad.
    #[default]
    Drop,
    /// Its bad seconds count.
    Count,
}

/// The time that bad time is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Denominator {
    /// The whole period; time in which the service was not deployed counts as good.
    #[default]
    Calendar,
    /// The time in which it was deployed.
    Deployed,
}

/// How the members of a pool come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Pool {
    /// Their minutes are added up.
    #[default]
    Sum,
    /// Time is bad only while every member is.
    AllDown,
}
