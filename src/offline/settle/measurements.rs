//! The measurements file: what was measured of an agreement, as somebody without a cluster has it.
//!
//! ```yaml
//! objectives:
//! - name: availability
//!   slots:                       # counts per slot, equal ones together
//!   - {from: 2025-06-01T00:00:00Z, every: 5m, repeat: 8640, total: 500, bad: 0}
//! - name: latency
//!   outages:                     # what is not an outage was good; to the second
//!   - {from: 2025-06-10T10:00:00Z, until: 2025-06-10T10:43:00Z, errorRate: 0.2, eventsPerMinute: 5000}
//! ```
//!
//! Numbers keep every digit they are written with. An instant is RFC 3339; a length is Go-style, such as `5m`.

use k8s_openapi::jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::api::agreement_status::DetectedBy;
use crate::api::{Quantity, Span};

/// A measurements file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Measurements {
    /// What was measured, by objective.
    pub objectives: Vec<Measured>,
    /// Incidents, for claims and for who noticed first.
    pub incidents: Vec<Incident>,
    /// What was turned over, for rewards on volume.
    pub volumes: Vec<Volume>,
    /// Deliveries, for remedies by the day of delay.
    pub deliveries: Vec<Delivery>,
    /// What the customer chose, where the agreement grants one credit of their choice.
    pub chosen: Vec<Choice>,
    /// Credits that were claimed in time and granted, where credits have to be claimed.
    pub granted: Vec<Grant>,
    /// Written demands to cure a breach.
    pub demands: Vec<Demand>,
    /// Credits and penalties that were notified, and whether they were paid.
    pub notified: Vec<Notified>,
    /// The next settlement, against which unpaid credits are set off.
    pub next_settlement: Option<Invoice>,
    /// Notice to end the agreement without cause.
    pub termination_notice: Option<String>,
    /// The last day of the agreement, where it ended.
    pub ended: Option<String>,
    /// Whether it ended with a severe breach; then a deposit is kept.
    pub severe_breach: bool,
}

/// What was measured of one objective. What is given of a pool stands under its members.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Measured {
    /// The objective.
    pub name: String,
    /// The member of a pool; left out for an objective without.
    pub member: Option<String>,
    /// Counts per slot. Without these and without `outages`, nobody knows anything.
    pub slots: Option<Vec<SlotRun>>,
    /// Times in which it was bad; all other time was good, all of it where the list is empty. Give these or `slots`.
    pub outages: Option<Vec<Outage>>,
    /// Times of which nobody knows. With `outages`.
    pub unknown: Vec<Interval>,
    /// When it was deployed; left out: always. With `outages`.
    pub deployed: Option<Vec<Interval>>,
    /// Single values: all there were.
    pub values: Option<Vec<Value>>,
}

impl Measured {
    /// The slots that are told of.
    #[must_use]
    pub fn runs(&self) -> &[SlotRun] {
        self.slots.as_deref().unwrap_or_default()
    }
}

/// Equal slots in a row. No two runs tell of the same time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlotRun {
    /// The beginning of the first; left out: the end of the run before, or the beginning of the first period that is
    /// settled.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The length of a slot.
    pub every: Span,
    /// How many there are.
    #[serde(default = "one", deserialize_with = "times")]
    pub repeat: u32,
    /// The events of each. Counts belong to the state `Measured`.
    #[serde(default)]
    pub total: Option<Quantity>,
    /// The bad ones of each.
    #[serde(default)]
    pub bad: Option<Quantity>,
    /// The good ones of each, in place of the bad ones.
    #[serde(default)]
    pub good: Option<Quantity>,
    /// Bad events of each that are not held against the service.
    #[serde(default)]
    pub excluded_bad: Option<Quantity>,
    /// Events of each that leave the total.
    #[serde(default)]
    pub excluded_total: Option<Quantity>,
    /// What is known of them; left out: `Measured`.
    #[serde(default)]
    pub state: SlotWord,
}

fn one() -> u32 {
    1
}

/// How often something is there. What does not fit is told in words that say what would.
fn times<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    u32::deserialize(from).map_err(|_| D::Error::custom(format!("must be a whole number from 0 to {}", u32::MAX)))
}

fn some_times<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    times(from).map(Some)
}

/// What is known of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum SlotWord {
    /// The counts that are given; without any event it is `NoTraffic`.
    #[default]
    Measured,
    /// No event.
    NoTraffic,
    /// Nobody knows.
    Unknown,
    /// It does not count.
    Excluded,
    /// The service did not run.
    NotDeployed,
}

/// A time in which the service was bad.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// Its first second.
    pub from: Timestamp,
    /// Its end, which does not count.
    pub until: Timestamp,
    /// The share of events that were bad, 0 to 1; left out: all.
    #[serde(default)]
    pub error_rate: Option<Quantity>,
    /// The share of users it reached, 0 to 1; left out: all.
    #[serde(default)]
    pub affected: Option<Quantity>,
    /// How many events there were in a minute, for objectives with a minimum of events.
    #[serde(default)]
    pub events_per_minute: Option<Quantity>,
    /// How often it came, each `every` after the one before; left out: once.
    #[serde(default, deserialize_with = "some_times")]
    pub repeat: Option<u32>,
    /// The time from one beginning to the next.
    #[serde(default)]
    pub every: Option<Span>,
}

impl Outage {
    /// How often it came.
    #[must_use]
    pub fn times(&self) -> u32 {
        self.repeat.unwrap_or(1)
    }
}

/// A time, half open.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Interval {
    /// Counts.
    pub from: Timestamp,
    /// Does not count.
    pub until: Timestamp,
}

/// A single value.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Value {
    /// When it arose.
    pub at: Timestamp,
    /// How long it took.
    pub value: Span,
    /// The size of the case, where the limit grows with it.
    #[serde(default)]
    pub size: Option<Quantity>,
}

/// An incident.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Incident {
    /// When it began.
    pub from: Timestamp,
    /// When it was over.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Who noticed it first.
    #[serde(default)]
    pub detected_by: Option<DetectedBy>,
    /// When the customer became aware of it; left out: when it began.
    #[serde(default)]
    pub aware_at: Option<Timestamp>,
}

/// What was turned over.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// A moment of the period.
    pub at: Timestamp,
    /// How much, in the fee's currency.
    pub amount: Quantity,
}

/// A delivery that was made. One that is still due costs nothing yet: its whole delay is charged in the period in which it
/// is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delivery {
    /// The objective it belongs to.
    pub objective: String,
    /// The day by which it was promised, `YYYY-MM-DD`.
    pub due: String,
    /// The day on which it was done.
    #[serde(default)]
    pub done: Option<String>,
}

/// What the customer chose for a period (`spec.credits.combine: CustomersChoice`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    /// A moment of the period.
    pub at: Timestamp,
    /// The objective whose tier is chosen, or the remedy.
    pub name: String,
}

/// That the credit of a period was claimed in time and granted (`spec.settlement.grant: OnClaim`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// A moment of the period.
    pub at: Timestamp,
    /// When it was granted.
    pub granted_at: Timestamp,
}

/// A written demand to cure a breach.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Demand {
    /// When it was received.
    pub at: Timestamp,
    /// When the breach was cured; left out: it was not.
    #[serde(default)]
    pub cured_at: Option<Timestamp>,
}

/// What is invoiced.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invoice {
    /// The day, `YYYY-MM-DD`; left out: when everything that was notified is due.
    #[serde(default)]
    pub on: Option<String>,
    /// How much, before anything is set off.
    pub gross: Quantity,
    /// Its currency, ISO 4217; left out: the fee's. Only credits in the same currency are set off.
    #[serde(default)]
    pub currency: Option<String>,
}

/// A credit or penalty that was notified.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notified {
    /// The day, `YYYY-MM-DD`.
    pub on: String,
    /// How much. With a minus sign it is taken back: a newer statement granted less than was paid.
    pub amount: Quantity,
    /// Its currency, ISO 4217; left out: the fee's.
    #[serde(default)]
    pub currency: Option<String>,
    /// Whether it was paid in time; of what is taken back, whether it was returned.
    #[serde(default)]
    pub paid: bool,
}

impl Measurements {
    /// The same, with every first run of slots that does not say when it begins beginning at this instant.
    #[must_use]
    pub fn beginning_at(mut self, start: Timestamp) -> Self {
        let slots = self.objectives.iter_mut().filter_map(|measured| measured.slots.as_mut());
        for first in slots.filter_map(|slots| slots.first_mut()) {
            first.from.get_or_insert(start);
        }
        self
    }
}
