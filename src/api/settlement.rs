//! The life of a credit after its period: claims, payment, deposit, cure, termination, and the days that count.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Money, Span};

/// How a credit becomes money, and what else the contract attaches to a breach.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Whether the customer has to claim a credit. `Automatic` (the default): it is granted with the statement.
    /// `OnClaim`: it is granted on a claim in time, and else expires.
    #[serde(default)]
    pub grant: GrantMode,
    /// What has to be done by when for a credit that is claimed. Missing one forfeits it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub deadlines: Vec<Deadline>,
    /// From when a claim is taken, by the same reckoning as a deadline. Left out: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims_open: Option<Deadline>,
    /// When a credit that was notified is to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// Money the provider left with the customer (or the other way round) for the time of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit: Option<Deposit>,
    /// How long a breach may be cured after a written demand, in days, before the other party may end the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub cure_days: Option<i32>,
    /// The notice for ending the agreement without cause, in days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub termination_notice_days: Option<i32>,
}

/// Whether a credit has to be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum GrantMode {
    /// It is granted with the statement.
    #[default]
    Automatic,
    /// It is granted on a claim in time, and else expires.
    OnClaim,
}

/// An instant reckoned from another one. Exactly one of `within`, `days`, `workingDays`, `months` and `periods` is given.
/// All but `within` run to the end of their last day in the agreement's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.within), has(self.days), has(self.workingDays), has(self.months), has(self.periods)]\
     .filter(x, x).size() == 1")
    .message("spec.settlement.deadlines[] must have exactly one of within, days, workingDays, months and periods"))]
pub struct Deadline {
    /// What has to be done: `claim`, `ticket`, `notice`.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), length(max = 40))]
    pub name: String,
    /// What it is reckoned from: the beginning of the `Incident`; `Awareness`, when the customer became aware of it,
    /// which is taken to be its beginning where nobody said;
    /// `PeriodEnd`, the last day of the settlement period; `Statement`, when the statement that grants the credit was
    /// determined: with the last slot of its period, or with what made a newer one necessary. A period with several
    /// violations has one credit: of the first two, the latest decides.
    pub after: Anchor,
    /// Elapsed time, for example `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// Days of the calendar; the day of the anchor does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3660))]
    pub days: Option<i32>,
    /// Working days of `spec.calendar`; the day of the anchor does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub working_days: Option<i32>,
    /// Months, to the end of the day of the same number as that of the anchor. After `PeriodEnd` they are reckoned from the
    /// first moment of the next day, and end with the day before the one of the same number: two months after 30 June end
    /// with 31 August. Where the month has no such day, they end with its last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 120))]
    pub months: Option<i32>,
    /// To the end of this settlement period after the one of the anchor: `1` is the following one, `0` its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 36))]
    pub periods: Option<i32>,
}

/// What a deadline is reckoned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Anchor {
    /// The beginning of the incident.
    Incident,
    /// When the customer became aware of it.
    Awareness,
    /// The last day of the settlement period.
    PeriodEnd,
    /// When the statement that grants the credit was issued.
    Statement,
}

/// When a credit is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.withinDays) != has(self.withinWorkingDays)")
    .message("spec.settlement.payment must have exactly one of withinDays and withinWorkingDays"))]
pub struct Payment {
    /// Within so many days after it was notified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 366))]
    pub within_days: Option<i32>,
    /// Within so many working days after it was notified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub within_working_days: Option<i32>,
    /// Whether what is not paid in time is taken off the next settlement.
    #[serde(default)]
    pub offset: bool,
    /// Whether a day that is no working day moves to the next one.
    #[serde(default)]
    pub on_working_days: bool,
    /// Whether nothing is paid on the last day of a month: it moves to the next day that will do.
    #[serde(default)]
    pub not_on_last_of_month: bool,
}

/// Money held for the time of the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deposit {
    /// The amount.
    pub amount: Money,
    /// ISO 4217.
    #[schemars(regex(pattern = r"^[A-Z]{3}$"), length(max = 3))]
    pub currency: String,
    /// How many months after the end of the agreement it is held, reckoned as those of a deadline after `PeriodEnd`: three
    /// months after 28 February end with 31 May.
    #[schemars(range(min = 0, max = 120))]
    pub hold_months: i32,
    /// Within how many days after that it is returned.
    #[schemars(range(min = 0, max = 366))]
    pub refund_within_days: i32,
}

/// The days that count as working days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusinessCalendar {
    /// The days of the week on which nobody works. Left out: Saturday and Sunday.
    #[serde(default = "saturday_and_sunday")]
    #[schemars(default = "saturday_and_sunday", length(max = 6))]
    pub days_off: Vec<Weekday>,
    /// Holidays, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 512),
        inner(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), length(max = 10))
    )]
    pub holidays: Vec<String>,
    /// Days off by the week on which people work all the same, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 128),
        inner(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), length(max = 10))
    )]
    pub working_days: Vec<String>,
}

fn saturday_and_sunday() -> Vec<Weekday> {
    vec![Weekday::Saturday, Weekday::Sunday]
}

impl Default for BusinessCalendar {
    fn default() -> Self {
        Self { days_off: saturday_and_sunday(), holidays: Vec::new(), working_days: Vec::new() }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}
