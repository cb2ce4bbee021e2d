//! What becomes of time in which nobody knows how the service did.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Percent;

/// What becomes of slots whose content nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingData {
    /// How an unknown slot counts. `Exclude`: neither for nor against; `Good` and `Bad`: as if every event of an
    /// average slot had been good, or bad. In violations and in downtime likewise: `Bad` is bad time, `Exclude` and `Good` are
    /// no part of it. Where less is known than the minimum, only what is certain counts there, and violations between which
    /// there is nothing but unknown time are one.
    pub treat_as: TreatAs,
    /// The share of slots that must be known for a verdict, in percent. Below it, the objective is `NotDetermined`
    /// unless the unknown slots could not change the verdict, all good or all bad. For the method `Events` an unknown slot
    /// is taken to hold as many events as the known ones in the mean, for `Value` one, and for `MeanOfSlots` as many as a
    /// known one of its stretch.
    #[serde(default = "default_coverage")]
    #[schemars(default = "default_coverage")]
    pub minimum_coverage: Percent,
}

fn default_coverage() -> Percent {
    Percent::from("90")
}

/// Nothing was agreed: nothing unknown is left out of the verdict.
impl Default for MissingData {
    fn default() -> Self {
        Self { treat_as: TreatAs::Exclude, minimum_coverage: Percent::from("100") }
    }
}

/// How an unknown slot counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TreatAs {
    /// Neither for nor against.
    Exclude,
    /// As if every event of an average slot had been good.
    Good,
    /// As if every event of an average slot had been bad.
    Bad,
}
