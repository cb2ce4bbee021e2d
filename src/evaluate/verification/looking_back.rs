//! What was judged with the period of a statement: the trailing days up to its end, from the ledgers that were presented.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;

use super::{FieldPath, Presented};
use crate::api::agreement::AgreementSpec;
use crate::api::statement::JudgedTime;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::stored_ledger::StoredLedgerError;
use crate::evaluate::window::{Earlier, Window};

/// The time that was judged, and what of it only the statement tells.
pub(super) struct LookedBack {
    /// `None`: the period itself.
    pub window: Option<Window>,
    /// Fields that were taken from the statement.
    pub taken_as_stated: Vec<FieldPath>,
}

/// What is judged by these terms; by the statement's own word where it was presented without terms.
pub(super) fn look_back(
    presented: &Presented<'_>,
    terms: Option<&AgreementSpec>,
) -> Result<LookedBack, StoredLedgerError> {
    let period = Bounds { start: presented.ledger.period_start.0, end: presented.ledger.period_end.0 };
    let (judged, taken_as_stated) = judged(presented, terms, period);
    if judged == period {
        return Ok(LookedBack { window: None, taken_as_stated });
    }
    let of_the_same = presented.earlier.iter().filter(|(_, ledger)| ledger.agreement == presented.ledger.agreement);
    let earlier = of_the_same.map(|(name, ledger)| Earlier::of(name, ledger).map(Arc::new));
    Ok(LookedBack { window: Some(Window { judged, earlier: earlier.collect::<Result<_, _>>()? }), taken_as_stated })
}

fn judged(presented: &Presented<'_>, terms: Option<&AgreementSpec>, period: Bounds) -> (Bounds, Vec<FieldPath>) {
    let path = FieldPath::of(&["judged"]);
    let stated: Option<JudgedTime> =
        path.find(presented.content).and_then(|stated| serde_json::from_value(stated.clone()).ok());
    let stated = stated.map(|stated| Bounds { start: stated.start.0, end: stated.end.0 });
    let Some(terms) = terms else {
        return stated.map_or((period, Vec::new()), |stated| (stated, vec![path]));
    };
    // When an agreement without validity came into force, only its creation tells.
    let created = terms.validity.is_none();
    let Ok(schedule) = Schedule::new(terms, Timestamp::UNIX_EPOCH) else { return (period, Vec::new()) };
    let longest = schedule.judged(&period);
    match stated {
        Some(stated) if created && longest.start < stated.start && stated.start < period.start => {
            (Bounds { start: stated.start, ..longest }, vec![path.field("start")])
        }
        // In its first period, which was all that was judged.
        None if created && longest.start < period.start => (period, vec![path]),
        _ => (longest, Vec::new()),
    }
}
