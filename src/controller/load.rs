//! The load that decisions compare with the time before a danger, from the open ledger.

use k8s_openapi::jiff::Timestamp;

use super::book::Book;
use super::context::Context;
use crate::api::agreement_status::AgreementStatus;
use crate::decide::load;
use crate::evaluate::assessment::Assessment;
use crate::evaluate::load_course::LoadCourse;

/// The load before the danger and in it, by the slots of the running period. Of the one before nothing is looked up: for the
/// first half hour of a period too little may be known of the time before a danger. Nothing while there is none.
pub(super) fn around(
    book: &Book,
    context: &Context,
    status: &AgreementStatus,
    assessment: &Assessment,
    now: Timestamp,
) -> LoadCourse {
    let episode = status.enforcement.as_ref().and_then(|e| e.episode.as_ref());
    let Some((open, episode)) = book.open.as_ref().zip(episode) else { return LoadCourse::default() };
    let until = assessment.measured_through.saturating_add(context.settle).map_or(now, |until| until.min(now));
    LoadCourse::since(&open.ledger, load::known_from(episode.since.0), until, context.settle)
}
