//! The period over which an objective is settled, and the validity of the agreement.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;

/// The settlement period. Exactly one of `calendar`, `billing`, `rolling` and `trailing` is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.calendar), has(self.billing), has(self.rolling), has(self.trailing)].filter(x, x).size() == 1")
    .message("spec.period must have exactly one of calendar, billing, rolling and trailing"))]
#[x_kube(validation = Rule::new(
    "!has(self.yearStartsIn) || (has(self.calendar) && self.calendar in ['Quarter', 'Year'])")
    .message("spec.period.yearStartsIn belongs to spec.period.calendar Quarter or Year; remove it")
    .field_path(".yearStartsIn"))]
pub struct Period {
    /// A calendar month, quarter or year in the agreement's time zone: its real length, daylight saving included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarUnit>,
    /// For quarters and years: the month in which the fiscal year begins, 1 to 12. Left out: January.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 12))]
    pub year_starts_in: Option<i32>,
    /// Months that begin on the day on which the service is billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingMonth>,
    /// Consecutive windows of this length, each closed by a statement, the first beginning with `validity.from` or,
    /// where that is left out, with the agreement's creation: for example `30d`. Whole days are days of the agreement's
    /// time zone; hours and less are elapsed time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<Span>,
    /// At the end of every month, quarter or year the days up to then are judged together, for example the last 365.
    /// Days before the agreement came into force do not count; days in force that nobody measured are unknown. With fewer
    /// days than the month, quarter or year has, its first days are measured and not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailing: Option<TrailingDays>,
}

/// Months that begin on the day on which the service is billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingMonth {
    /// The day of the month, 1 to 31. A month that has no such day begins on its last one.
    #[schemars(range(min = 1, max = 31))]
    pub anchor_day: i32,
}

/// The last days up to the end of a calendar unit, judged together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrailingDays {
    /// How many days of the agreement's time zone are looked back on.
    #[schemars(range(min = 1, max = 366))]
    pub days: i32,
    /// How often they are judged.
    pub every: CalendarUnit,
}

/// A calendar month, quarter or year in the agreement's time zone, in its real length with daylight saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CalendarUnit {
    /// From the first day of a month to the first day of the next.
    Month,
    /// January, April, July and October begin one.
    Quarter,
    /// From the first of January to the next.
    Year,
}

/// The days on which the agreement is in force: `from` counts, `until` does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.until) || self.from < self.until")
    .message("spec.validity.until must be a later day than spec.validity.from").field_path(".until"))]
pub struct Validity {
    /// The first day in force, `YYYY-MM-DD`, in the agreement's time zone.
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), length(max = 10))]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.validity.from cannot be changed, as periods are counted from it; make a new agreement"))]
    pub from: String,
    /// The first day no longer in force, `YYYY-MM-DD`. Left out: in force until deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), length(max = 10))]
    pub until: Option<String>,
}
