//! What `guarantor settle` answers: the statements of the periods, and what follows from them.
//!
//! The JSON form is this, field by field. What is empty or unknown is left out.

use std::sync::Arc;

use serde::Serialize;

use crate::api::ledger::{LedgerSpec, ServiceLevelLedger};
use crate::api::statement::{ServiceLevelStatement, StatementSpec};
use crate::evaluate::detection::Classification;
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::statement::{ledger_name, name};
use crate::evaluate::stored_ledger;
use crate::evaluate::window::{Earlier, Window};

/// The answer.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The agreement.
    pub agreement: String,
    /// The settled periods, oldest first.
    pub periods: Vec<PeriodReport>,
    /// Each exclusion that was given, and whether its conditions hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<ExclusionReport>,
    /// Each value that was given, with its limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueReport>,
    /// Each incident that was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<IncidentReport>,
    /// Each demand to cure a breach.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<DemandReport>,
    /// Each amount that was notified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<PaymentReport>,
    /// The next settlement, after what is set off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_settlement: Option<NextSettlement>,
    /// The end by notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination: Option<Termination>,
    /// The term of the agreement, where service days extend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<Term>,
    /// The deposit after the end of the agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit: Option<DepositReport>,
}

impl Report {
    /// What follows from the statements and stands in none of them, so that a page of one does not show it.
    #[must_use]
    pub fn beside(&self) -> Vec<&'static str> {
        let parts = [
            ("clocks of exclusions", !self.exclusions.is_empty()),
            ("values", !self.values.is_empty()),
            ("incidents", !self.incidents.is_empty()),
            ("demands", !self.demands.is_empty()),
            ("payments", !self.payments.is_empty()),
            ("next settlement", self.next_settlement.is_some()),
            ("notice", self.termination.is_some()),
            ("term", self.term.is_some()),
            ("deposit", self.deposit.is_some()),
        ];
        parts.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
    }
}

/// One period.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeriodReport {
    /// Its first instant.
    pub start: String,
    /// Its end, which does not count.
    pub end: String,
    /// The statement that stands: the last revision.
    pub statement: StatementSpec,
    /// All revisions, the first one first.
    pub revisions: Vec<StatementSpec>,
    /// What `guarantor statement verify` needs.
    pub objects: Objects,
}

/// A statement and its ledger as a cluster would keep them: what `guarantor statement` takes as files.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Objects {
    /// The statement that stands.
    pub statement: ServiceLevelStatement,
    /// The slots of its period.
    pub ledger: ServiceLevelLedger,
    /// Those of the periods before that trailing days reach into, in the order of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<ServiceLevelLedger>,
}

impl Objects {
    /// The objects of an agreement of this namespace, which is empty where it has none.
    #[must_use]
    pub fn new(namespace: &str, statement: &StatementSpec, ledger: LedgerSpec, window: Option<&Window>) -> Self {
        let agreement = &statement.agreement.name;
        let start = ledger.period_start.0;
        let (name, ledger_name) = (name(agreement, start, statement.revision), ledger_name(agreement, start));
        let stored = |earlier: &Arc<Earlier>| {
            let spec =
                stored_ledger::to_spec(&earlier.ledger, ledger.agreement.clone(), &EnforcementLog::default(), true);
            ServiceLevelLedger::new(&earlier.name, spec)
        };
        let earlier = window.into_iter().flat_map(|window| &window.earlier).map(stored).collect();
        let mut made = Self {
            earlier,
            statement: ServiceLevelStatement::new(&name, statement.clone()),
            ledger: ServiceLevelLedger::new(&ledger_name, ledger),
        };
        let namespace = (!namespace.is_empty()).then(|| namespace.to_owned());
        made.statement.metadata.namespace.clone_from(&namespace);
        for ledger in made.earlier.iter_mut().chain([&mut made.ledger]) {
            ledger.metadata.namespace.clone_from(&namespace);
        }
        made
    }
}

/// An exclusion.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionReport {
    /// Its name.
    pub name: String,
    /// Whether notice was given in time; left out where the agreement asks for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_valid: Option<bool>,
    /// By when notice had to be given of force majeure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_by: Option<Moment>,
    /// When it was announced, where the agreement asks for notice of what is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<String>,
    /// Whether proof was given in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_valid: Option<bool>,
    /// By when proof had to be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_by: Option<Moment>,
    /// Whether it counts.
    pub exempt: bool,
    /// Why not; where it counts, which of its windows do not take place. Empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// A moment that is also a day in the agreement's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// The instant.
    pub at: String,
    /// The day.
    pub day: String,
}

/// A value and its limit.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueReport {
    /// The objective.
    pub objective: String,
    /// When it arose.
    pub at: String,
    /// The value in seconds.
    pub seconds: String,
    /// The limit in seconds, with what the size adds.
    pub limit_seconds: String,
    /// Whether it was kept.
    pub kept: bool,
}

/// An incident.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentReport {
    /// When it began.
    pub from: String,
    /// `InterruptionWithinSla`, `Violation` or `ViolationWithClaim`; left out while it is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// The same, to be compared.
    #[serde(skip)]
    pub class: Option<Classification>,
    /// From when a claim is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims_open: Option<Moment>,
    /// What has to be done by when.
    pub deadlines: Vec<DeadlineReport>,
}

/// Something that has to be done.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadlineReport {
    /// What.
    pub name: String,
    /// By when.
    #[serde(flatten)]
    pub by: Moment,
}

/// A demand to cure a breach.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemandReport {
    /// When it was received.
    pub at: String,
    /// Until when the breach may be cured.
    pub cure_by: String,
    /// When it was cured; left out where nobody said that it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cured_at: Option<String>,
    /// Whether the other party may end the agreement after that: so unless it was cured in time.
    pub may_end: bool,
}

/// An amount that was notified.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReport {
    /// The day on which it was notified.
    pub notified_on: String,
    /// How much; negative where it is taken back.
    pub amount: String,
    /// Its currency: that of the fee; left out where no credits are agreed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// The last day for paying it. Of what is taken back, the day on which it was notified: it is set off after that.
    pub pay_by: String,
    /// Whether it was paid, so that there is nothing to set off.
    pub paid: bool,
    /// How much of it is set off against the next settlement; negative where it is added to it.
    pub set_off: String,
}

/// The next settlement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NextSettlement {
    /// Its currency: that of the fee; left out where no credits are agreed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// Before anything is set off.
    pub gross: String,
    /// After that.
    pub net: String,
    /// What could not be set off and is carried on.
    pub carried: String,
}

/// The end by notice.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Termination {
    /// The day of the notice.
    pub notice_on: String,
    /// The first day on which the agreement can end.
    pub earliest_end: String,
}

/// The term of the agreement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// The last day as agreed.
    pub agreed_last_day: String,
    /// Days of service that were granted.
    pub service_days: i64,
    /// Days of service that statements come to and that have to be claimed, where the file does not tell that they were
    /// granted. They are not added.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_granted_days: i64,
    /// The last day with those that were granted.
    pub last_day: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// The deposit after the end of the agreement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DepositReport {
    /// The first day on which it is returned.
    pub refund_from: String,
    /// The last one.
    pub refund_until: String,
    /// How much is returned.
    pub refund: String,
    /// Its currency.
    pub currency: String,
}
