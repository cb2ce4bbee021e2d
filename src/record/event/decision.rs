//! The Events of a decision: the cause of a danger, what is done or held, and what the API server refused. They are read at night,
//! on their own: so they tell on what it rests, and what would change it.

use std::collections::BTreeSet;

use super::{ACTION_LIMIT, NOTE_LIMIT, Notice, notice};
use crate::api::agreement_status::AgreementStatus;
use crate::api::diagnosis::{Diagnosis, Evidence};
use crate::api::enforcement_status::ActionRecord;
use crate::api::refusal::Refusal;
use crate::decide::diagnosis::record::suspects;
use crate::decide::held::refusal::is_of;
use crate::decide::{Step, plan};
use crate::record::explanation::figures;

/// Pieces of evidence that are told.
const MOST_TOLD: usize = 3;
/// The bytes kept for the evidence, and for what would change the decision. The rest is for the words themselves.
const EVIDENCE_LIMIT: usize = 280;
const CHANGE_LIMIT: usize = 360;
/// So many suspects of one cause are told in an episode, each once: where the blame goes from one to the next, the status tells
/// whose turn it is.
const MOST_NAMED: usize = 6;

/// The cause of a danger is another one than before, or blames a part of the service that was not blamed in this episode yet.
pub(super) fn cause_found(last: &AgreementStatus, next: &AgreementStatus) -> Option<Notice> {
    let told = diagnosis(next)?;
    let known = diagnosis(last).filter(|before| before.cause == told.cause);
    if known.is_some() && !names_another(last, next, told) {
        return None;
    }
    let words = format!("{:?}: {}", told.cause, told.message);
    let note = fitted(&words, &told.evidence, &told.would_change);
    Some(notice(true, "CauseFound", &diagnose(told), note))
}

/// What makes an Event about this cause another one: the suspects too, of which the ends of the names tell most.
fn diagnose(told: &Diagnosis) -> String {
    let names: Vec<String> = suspects(told).into_iter().map(|suspect| suspect.name).collect();
    let (cause, names) = (format!("Diagnose-{:?}", told.cause), names.join(","));
    if names.is_empty() {
        return cause;
    }
    let too_long = (cause.len() + 1 + names.len()).saturating_sub(ACTION_LIMIT);
    let end = (too_long..=names.len()).find_map(|at| names.get(at..)).unwrap_or_default();
    format!("{cause}-{end}")
}

fn diagnosis(status: &AgreementStatus) -> Option<&Diagnosis> {
    status.enforcement.as_ref()?.diagnosis.as_ref()
}

/// Whether a suspect is a new one in this episode, and not one too many.
fn names_another(last: &AgreementStatus, next: &AgreementStatus, told: &Diagnosis) -> bool {
    let episode = next.enforcement.as_ref().and_then(|enforcement| enforcement.episode.as_ref());
    let since = episode.map(|episode| &episode.since);
    let of_it = last.diagnoses.iter().filter(|of| of.named.cause == told.cause && of.episode.as_ref() == since);
    let before = of_it.flat_map(|of| of.named.suspects.iter().map(|suspect| suspect.name.clone()));
    let mut named: BTreeSet<String> = before.collect();
    named.extend(diagnosis(last).into_iter().flat_map(suspects).map(|suspect| suspect.name));
    named.len() < MOST_NAMED && suspects(told).iter().any(|suspect| !named.contains(&suspect.name))
}

/// Something else is done than before, or holds it.
pub(super) fn changed(last: &AgreementStatus, next: &AgreementStatus) -> Option<Notice> {
    let enforcement = next.enforcement.as_ref().filter(|enforcement| !enforcement.message.is_empty())?;
    let before = last.enforcement.as_ref().map(|enforcement| &enforcement.reason);
    if before == Some(&enforcement.reason) {
        return None;
    }
    let note = match (&enforcement.diagnosis, &enforcement.review) {
        (Some(diagnosis), _) => fitted(&enforcement.message, &diagnosis.evidence, &diagnosis.would_change),
        (None, Some(review)) => fitted(&enforcement.message, &[], &review.would_change),
        (None, None) => enforcement.message.clone(),
    };
    Some(notice(false, "EnforcementChanged", &enforcement.reason, note))
}

/// The API server refused an action.
#[must_use]
pub fn refused(action: &ActionRecord, refusals: &[Refusal]) -> Notice {
    let again = refusals.iter().find(|refused| is_of(refused, action.verb, &action.target));
    let again = again.map(|refused| format!("; tried again from {} on", refused.until.0)).unwrap_or_default();
    let change = match action.change() {
        change if change.is_empty() => change,
        change => format!(" ({change})"),
    };
    let (verb, kind, name) = (plan::words(action.verb), &action.target.kind, &action.target.name);
    let said = cut(&action.outcome, NOTE_LIMIT.saturating_sub(EVIDENCE_LIMIT + CHANGE_LIMIT));
    let note = format!("the API server refused to {verb} {kind} {name}{change}: {said}{again}");
    notice(true, "ActionRefused", &shortened(&format!("Refused-{:?}-{name}", action.verb)), note)
}

/// The API server refused to give back what is not the agreement's any more. The same step is tried until it is done.
#[must_use]
pub fn not_given_back(step: &Step, said: &str) -> Notice {
    let (verb, kind, name) = (plan::words(step.verb), &step.target.kind, &step.target.name);
    let said = cut(said, NOTE_LIMIT.saturating_sub(CHANGE_LIMIT));
    let note = format!(
        "the API server refused to {verb} {kind} {name}: {said}. It is tried again, at least every minute once the agreement is \
         deleted, which waits for it"
    );
    notice(true, "ActionRefused", &shortened(&format!("Refused-{:?}-{name}", step.verb)), note)
}

fn shortened(action: &str) -> String {
    action.chars().take(ACTION_LIMIT).collect()
}

/// The words, on what they rest, and what would change them, within what a note may be long: whichever is too long is cut by
/// itself.
fn fitted(words: &str, evidence: &[Evidence], would_change: &str) -> String {
    let seen: Vec<String> = evidence.iter().take(MOST_TOLD).map(figures).collect();
    let mut tail = String::new();
    for (begins, text, limit) in [
        (". Seen: ", seen.join("; "), EVIDENCE_LIMIT),
        (". What would change it: ", would_change.to_owned(), CHANGE_LIMIT),
    ] {
        if !text.is_empty() {
            tail.push_str(begins);
            tail.push_str(&cut(&text, limit));
        }
    }
    let words = cut(words.trim_end_matches('.'), NOTE_LIMIT.saturating_sub(tail.len()));
    words + &tail
}

/// At most so many bytes: cut between two words where there are any, and told to be cut.
fn cut(text: &str, limit: usize) -> String {
    const MORE: &str = "…";
    if text.len() <= limit {
        return text.to_owned();
    }
    let fits = (0..=limit.saturating_sub(MORE.len())).rev().find_map(|at| text.get(..at)).unwrap_or_default();
    let whole = fits.rsplit_once(' ').map_or(fits, |(whole, _)| whole);
    format!("{whole}{MORE}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
