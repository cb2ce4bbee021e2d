use serde_json::{Value, json};

use super::super::notices;
use super::*;
use crate::api::diagnosis_record::DiagnosisRecord;
use crate::decide::diagnosis::record::{self, Look};
use crate::decide::tests::fixture::{Scene, at};

fn evidence(pod: &str) -> Value {
    json!({"subject": "Pod", "name": pod, "bad": "300", "total": "600", "share": "50.0", "z": "31.2"})
}

/// What is told of a cause that blames these pods, after what was told before.
fn told(before: &AgreementStatus, cause: &str, pods: &[&str], words: &str, would_change: &str) -> AgreementStatus {
    let time = "2026-01-01T00:00:00Z";
    let rest = json!({"subject": "Rest", "name": "all other pods", "bad": "5", "total": "3000", "share": "0.2"});
    let evidence: Vec<Value> = pods.iter().map(|pod| evidence(pod)).chain([rest]).collect();
    let diagnosis = json!({
        "cause": cause, "since": time, "message": words, "answer": "", "wouldChange": would_change,
        "objectives": ["latency"], "evidence": evidence,
        "observed": {"decidedAt": time, "accountThrough": time, "workloadReadAt": time},
    });
    let mut status = before.clone();
    let enforcement = status.enforcement.get_or_insert_default();
    enforcement.episode = serde_json::from_value(json!({"since": time})).unwrap();
    enforcement.diagnosis = serde_json::from_value(diagnosis).unwrap();
    let look = Look { enforcement, intended: &[], account_through: at(0), now: at(0) };
    record::enter(&mut status.diagnoses, look);
    status
}

fn found(last: &AgreementStatus, next: &AgreementStatus) -> Option<Notice> {
    notices(last, next).into_iter().find(|notice| notice.reason == "CauseFound")
}

#[test]
fn a_cause_is_told_with_what_it_rests_on_and_what_would_change_it() {
    let calm = AgreementStatus::default();
    let sick = told(&calm, "OutlierPod", &["a"], "a is sick", "a is gone");
    let notice = found(&calm, &sick).unwrap();
    assert_eq!(
        (notice.warning, notice.note.as_str()),
        (
            true,
            "OutlierPod: a is sick. Seen: Pod a: 300 of 600 bad (50.0 %), 31.2 standard deviations worse than the rest; \
             Rest all other pods: 5 of 3000 bad (0.2 %). What would change it: a is gone"
        )
    );
    assert_eq!(found(&sick, &told(&sick, "OutlierPod", &["a"], "a is still sick", "")), None);
    let load = told(&sick, "Saturation", &[], "too much", "");
    assert_ne!(found(&sick, &load).unwrap().action, notice.action);
    assert_eq!(found(&sick, &calm), None);
}

#[test]
fn another_suspect_is_told_once_an_episode() {
    let calm = AgreementStatus::default();
    let first = told(&calm, "OutlierPod", &["a"], "m", "");
    let second = told(&first, "OutlierPod", &["b"], "m", "");
    let notice = found(&first, &second).unwrap();
    assert_ne!(notice.action, found(&calm, &first).unwrap().action, "or it would be counted under the first note");
    // The blame goes to and fro, and to both.
    let mut last = second;
    for pods in [["a"].as_slice(), &["b"], &["b", "a"], &["a"]] {
        let next = told(&last, "OutlierPod", pods, "m", "");
        assert_eq!(found(&last, &next), None, "{pods:?}");
        last = next;
    }
    let both = told(&last, "OutlierPod", &["a", "c"], "m", "");
    assert!(found(&last, &both).is_some());
    // In another episode it is news.
    let old = |record: DiagnosisRecord| DiagnosisRecord { episode: None, ..record };
    let before = AgreementStatus { diagnoses: last.diagnoses.iter().cloned().map(old).collect(), ..last };
    assert!(found(&before, &told(&before, "OutlierPod", &["b"], "m", "")).is_some());
}

#[test]
fn suspects_that_change_with_every_look_are_no_flood() {
    let mut last = told(&AgreementStatus::default(), "OutlierPod", &["first"], "m", "");
    let mut notes = 0;
    for look in 0..100 {
        let next = told(&last, "OutlierPod", &[&format!("pod-{}", look % 20)], "m", "");
        notes += usize::from(found(&last, &next).is_some());
        last = next;
    }
    assert_eq!(notes, MOST_NAMED - 1);
}

#[test]
fn what_holds_is_told_with_what_would_change_it() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(60);
    scene.live();
    let before = AgreementStatus { enforcement: Some(scene.status.clone()), ..AgreementStatus::default() };
    scene.wait(60);
    let decided = scene.live();
    let next = AgreementStatus { enforcement: Some(decided.enforcement.clone()), ..AgreementStatus::default() };
    let notice = changed(&before, &next).unwrap();
    let until = match decided.decision {
        crate::decide::Decision::Hold(hold) => hold.until.unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(notice.note.starts_with(&decided.enforcement.message), "{}", notice.note);
    let expected = format!(". What would change it: it is {until}; or ");
    assert!(notice.note.contains(&expected), "{}", notice.note);
    assert_eq!(changed(&next, &next), None);
}

#[test]
fn what_is_too_long_is_cut_by_itself() {
    let long = "wörter ".repeat(300);
    let pieces: Vec<Evidence> = (0..8).map(|_| serde_json::from_value(evidence(&"p".repeat(200))).unwrap()).collect();
    let note = fitted(&long, &pieces, &long);
    assert!(note.len() <= NOTE_LIMIT, "{}", note.len());
    for part in ["wörter…. Seen: Pod ppp", "…. What would change it: wörter wörter", "wörter…"] {
        assert!(note.contains(part), "{part}: {note}");
    }
    for limit in 3..40 {
        let (cut, umlauts) = (cut(&long, limit), cut(&"ü".repeat(100), limit));
        assert!(cut.len() <= limit && cut.ends_with('…'), "{limit}: {cut}");
        assert!(umlauts.len() <= limit && umlauts.trim_end_matches('…').chars().all(|c| c == 'ü'), "{umlauts}");
    }
    assert_eq!((cut("short", 5), fitted("short.", &[], "")), ("short".to_owned(), "short".to_owned()));
}

#[test]
fn an_action_is_told_apart_by_the_ends_of_long_names() {
    let calm = AgreementStatus::default();
    let of = |end: &str| {
        let name = format!("{}{end}", "p".repeat(150));
        found(&calm, &told(&calm, "OutlierPod", &[&name], "m", "")).unwrap().action
    };
    assert!(of("a").starts_with("Diagnose-OutlierPod-p") && of("a").len() == ACTION_LIMIT);
    assert_ne!(of("a"), of("b"));
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let scene = Scene::burning();
    let action = ActionRecord { outcome: "x ".repeat(2000), ..scene.decide().actions[0].clone() };
    let mut refusals = Vec::new();
    crate::decide::held::refusal::enter(&mut refusals, &action);
    let notice = refused(&action, &refusals);
    assert_eq!((notice.warning, notice.reason.as_str()), (true, "ActionRefused"));
    let begins = "the API server refused to hold the floor of HorizontalPodAutoscaler checkout (3 -> 6): x x";
    assert!(notice.note.starts_with(begins), "{}", notice.note);
    assert!(notice.note.ends_with(&format!("; tried again from {} on", at(60))), "{}", notice.note);
}
