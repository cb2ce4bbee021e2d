//! The record of what was told of a danger: which cause, since when, until what took its place, and what was done.
//!
//! Kept beside the diagnosis, which tells of the present alone: a violation is read months later.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::agreement_status::KEPT;
use crate::api::diagnosis::{Diagnosis, Evidence};
use crate::api::diagnosis_record::{
    DiagnosisRecord, MOST_ACTIONS, MOST_NAME, MOST_SUSPECTS, MOST_WORDS, NamedCause, Suspect,
};
use crate::api::enforcement_status::EnforcementStatus;

/// One look at an agreement, as far as its record rests on it.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What is told now.
    pub enforcement: &'a EnforcementStatus,
    /// The ids of the actions that are intended by it.
    pub intended: &'a [String],
    /// Slots before this instant are in the account.
    pub account_through: Timestamp,
    /// When it was decided.
    pub now: Timestamp,
}

/// Enters a look in the records, newest first. What only holds something back while nothing is in danger is no cause of
/// anything, and not kept.
pub fn enter(records: &mut Vec<DiagnosisRecord>, look: Look<'_>) {
    let told = look.enforcement.diagnosis.as_ref().filter(|told| !told.objectives.is_empty());
    let standing = records.first_mut().filter(|record| record.named.until.is_none());
    let goes_on = standing.as_ref().zip(told).is_some_and(|(record, told)| is_of(&record.named, told));
    // Of the same kind, but of another part of the service: the diagnosis tells since when it is that kind.
    let other_suspects = standing.as_ref().zip(told).is_some_and(|(record, told)| record.named.cause == told.cause);
    if let (Some(record), false) = (standing, goes_on) {
        record.named.until = Some(Time(look.now));
        record.named.gave_way_to = told.map(|told| told.cause);
        record.account_until = Some(Time(look.account_through));
    }
    let Some(told) = told else { return };
    if !goes_on {
        let since = if other_suspects { Time(look.now) } else { told.since.clone() };
        records.insert(0, begun(told, since, look));
        records.truncate(KEPT);
    }
    let Some(record) = records.first_mut() else { return };
    add(&mut record.objectives, &told.objectives);
    add(&mut record.actions, look.intended);
    record.actions.truncate(MOST_ACTIONS);
}

fn add(known: &mut Vec<String>, told: &[String]) {
    for text in told {
        if !known.contains(text) {
            known.push(text.clone());
        }
    }
}

fn begun(told: &Diagnosis, since: Time, look: Look<'_>) -> DiagnosisRecord {
    DiagnosisRecord {
        named: NamedCause {
            cause: told.cause,
            suspects: suspects(told),
            since,
            until: None,
            gave_way_to: None,
            message: cut(&told.message, MOST_WORDS),
        },
        objectives: Vec::new(),
        episode: look.enforcement.episode.as_ref().map(|episode| episode.since.clone()),
        account_from: Time(look.account_through),
        account_until: None,
        actions: Vec::new(),
    }
}

fn is_of(named: &NamedCause, told: &Diagnosis) -> bool {
    named.cause == told.cause && named.suspects == suspects(told)
}

/// The parts of the service that are blamed. What they are compared with is none.
#[must_use]
pub fn suspects(told: &Diagnosis) -> Vec<Suspect> {
    let suspect = |evidence: &Evidence| Suspect { subject: evidence.subject, name: cut(&evidence.name, MOST_NAME) };
    let parts = told.evidence.iter().filter(|evidence| evidence.subject.is_part());
    let mut suspects: Vec<_> = parts.take(MOST_SUSPECTS).map(suspect).collect();
    // Which of them is worst changes from look to look.
    suspects.sort_by(|a, b| a.name.cmp(&b.name));
    suspects
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::diagnosis::CauseKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A look at second `now`, by an account five seconds older, which blames these pods for a danger of `objectives`.
    fn look(
        records: &mut Vec<DiagnosisRecord>,
        now: i64,
        told: Option<(&str, &[&str])>,
        objectives: &[&str],
        intended: &str,
    ) {
        let diagnosis = told.map(|(cause, pods)| {
            let evidence = |name: &&str| json!({"subject": "Pod", "name": name});
            let rest = json!({"subject": "Rest", "name": "all other pods"});
            let evidence: Vec<_> = pods.iter().map(evidence).chain([rest]).collect();
            let time = Time(at(now));
            let told = json!({
                "cause": cause, "since": Time(at(0)), "message": "m".repeat(1_000), "answer": "", "wouldChange": "",
                "objectives": objectives, "evidence": evidence,
                "observed": {"decidedAt": time, "accountThrough": time, "workloadReadAt": time},
            });
            serde_json::from_value(told).unwrap()
        });
        let enforcement = EnforcementStatus { diagnosis, ..EnforcementStatus::default() };
        let intended: Vec<String> = intended.split_whitespace().map(str::to_owned).collect();
        let look = Look { enforcement: &enforcement, intended: &intended, account_through: at(now - 5), now: at(now) };
        enter(records, look);
    }

    #[test]
    fn a_cause_is_kept_from_when_it_is_told_until_another_takes_its_place() {
        let mut records = Vec::new();
        look(&mut records, 10, Some(("Saturation", &[])), &["a"], "freeze");
        look(&mut records, 20, Some(("Saturation", &[])), &["a", "b"], "raise");
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].objectives, ["a", "b"]);
        assert_eq!(records[0].actions, ["freeze", "raise"]);
        look(&mut records, 30, Some(("OutlierPod", &["web-1"])), &["b"], "");
        assert_eq!(records.len(), 2);
        let (pod, load) = (&records[0], &records[1]);
        assert_eq!((&load.named.until, load.named.gave_way_to), (&Some(Time(at(30))), Some(CauseKind::OutlierPod)));
        assert_eq!((load.account_from.0, load.account_until.as_ref().unwrap().0), (at(5), at(25)));
        assert_eq!((pod.named.since.0, &pod.named.until), (at(0), &None), "as the diagnosis tells it");
        assert_eq!(pod.named.message.len(), MOST_WORDS);
        look(&mut records, 40, None, &[], "");
        assert_eq!((&records[0].named.until, records[0].named.gave_way_to), (&Some(Time(at(40))), None));
    }

    #[test]
    fn other_suspects_are_another_cause_and_their_order_is_none() {
        let mut records = Vec::new();
        look(&mut records, 10, Some(("OutlierPod", &["web-1", "web-2"])), &["a"], "");
        look(&mut records, 20, Some(("OutlierPod", &["web-2", "web-1"])), &["a"], "");
        assert_eq!(records.len(), 1);
        look(&mut records, 30, Some(("OutlierPod", &["web-3"])), &["a"], "");
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].named.since.0, at(30), "the other pods were blamed before");
        assert_eq!(records[1].named.suspects.len(), 2, "what they are compared with is not blamed");
    }

    #[test]
    fn what_only_holds_something_back_is_no_cause() {
        let mut records = Vec::new();
        look(&mut records, 10, Some(("RolloutInProgress", &[])), &[], "");
        assert_eq!(records, []);
        look(&mut records, 20, Some(("Saturation", &[])), &["a"], "");
        look(&mut records, 30, Some(("RolloutInProgress", &[])), &[], "");
        assert_eq!((records.len(), records[0].named.gave_way_to), (1, None), "the danger is over");
    }

    #[test]
    fn the_record_is_bounded() {
        let mut records = Vec::new();
        for second in 0..100 {
            let pod = format!("{second}{}", "n".repeat(300));
            look(&mut records, second, Some(("OutlierPod", &[&pod, "b", "c", "d"])), &["a"], "");
        }
        assert_eq!(records.len(), KEPT);
        assert_eq!(records[0].named.suspects.len(), MOST_SUSPECTS);
        for action in 0..40 {
            look(&mut records, 200, Some(("Saturation", &[])), &["a"], &format!("a-{action}"));
        }
        assert_eq!(records[0].actions.len(), MOST_ACTIONS);
    }
}
