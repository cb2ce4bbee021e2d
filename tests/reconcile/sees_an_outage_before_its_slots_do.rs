//! An outage is acted upon before the slot is closed in which it began; what is no proof changes nothing, and the account
//! is what it would be without.

use std::time::Duration;

use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{EnforcementStatus, Verb};
use guarantor::sense::observation::{Failure, FailureKind, Reading};
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler, exclusion};

const SLOT: i64 = 30;

/// An agreement that ninety-nine of a hundred requests succeed, in slots of half a minute.
fn promised(name: &str, mode: &str) -> Value {
    let mut promised = agreement(name, mode, "1d");
    promised["spec"]["metrics"]["slot"] = "30s".into();
    promised["spec"]["objectives"][0]["target"] = "99".into();
    promised["spec"]["exclusions"] =
        json!({"approval": "NotRequired", "rules": [{"reason": "Maintenance", "effect": "Exclude"}]});
    promised
}

/// A shop in calm, at the beginning of a slot that will not end before half a minute is over.
async fn calm(mode: &str) -> Stage {
    let mut stage = Stage::pulsing(FaultPlan::none(), Duration::from_secs(15));
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(4).await;
    stage.api.apply(promised("web", mode)).unwrap();
    // So long and so much that a few seconds burn in no window, and cost a part of the budget.
    stage.rate = 180;
    stage.seconds(1500).await;
    stage.rate = 100;
    stage.seconds(120).await;
    while stage.now().as_second() % SLOT != 1 {
        stage.second().await;
    }
    stage
}

fn floor(stage: &Stage) -> i64 {
    stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"].as_i64().unwrap()
}

fn enforcement(stage: &Stage) -> EnforcementStatus {
    stage.status("web").enforcement.unwrap_or_default()
}

fn verbs(stage: &Stage) -> Vec<Verb> {
    stage.status("web").actions.iter().rev().map(|action| action.verb).collect()
}

/// Everything fails for so many seconds, and some minutes pass.
async fn hiccup(stage: &mut Stage, seconds: u64) {
    stage.outage = true;
    stage.seconds(seconds).await;
    stage.outage = false;
    stage.seconds(400).await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_met_before_the_slot_is_closed_in_which_it_began() {
    let mut stage = calm("Enforce").await;
    let began = stage.now().as_second();
    stage.outage = true;
    stage.until("the floor to be held", 28, |stage| floor(stage) == 3).await.unwrap();
    let after = stage.now().as_second() - began;
    println!("held {after} s after the beginning");
    assert_eq!(stage.now().as_second() / SLOT, began / SLOT, "the slot still runs");
    stage.second().await;
    let status = stage.status("web");
    assert_eq!(status.objectives[0].attainment, "100.000000", "no slot tells of it");
    let enforcement = enforcement(&stage);
    let diagnosis = enforcement.diagnosis.unwrap();
    let seen = diagnosis.observed.pulse.unwrap();
    assert_eq!((seen.objective.as_str(), seen.outage.as_str()), ("availability", "14.40"));
    let counted = |text: &str| text.parse::<i64>().unwrap();
    assert!(counted(&seen.bad) >= 864 && counted(&seen.bad) % 100 == 0 && counted(&seen.total) == 6000, "{seen:?}");
    assert!(enforcement.episode.unwrap().since.0.as_second() <= began + after);
    assert_eq!(verbs(&stage), [Verb::FreezeScaleDown], "nothing is added for it");
    // It goes on, and the slots decide what they always did.
    stage.until("a raise", 60, |stage| verbs(stage).contains(&Verb::RaiseFloor)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_is_frozen_and_given_back_and_leaves_the_account_as_it_is() {
    let mut stage = calm("Enforce").await;
    hiccup(&mut stage, 12).await;
    assert_eq!(verbs(&stage).first(), Some(&Verb::FreezeScaleDown));
    assert!(!verbs(&stage).contains(&Verb::RaiseFloor), "{:#?}", stage.status("web").actions);
    assert_eq!((floor(&stage), enforcement(&stage).episode), (2, None), "{:?}", verbs(&stage));
    let status = stage.status("web");
    drop(stage);
    // One after the other: both live by the same clock.
    let mut twin = calm("Observe").await;
    hiccup(&mut twin, 12).await;
    assert!(
        twin.traffic.pulses().is_empty() && twin.status("web").actions.is_empty(),
        "nothing hangs on it in Observe"
    );
    let other = twin.status("web");
    assert_eq!(counted(&status), counted(&other));
}

/// What the account says, whatever was done about it: bad events, and the violations with theirs.
fn counted(status: &AgreementStatus) -> Value {
    let violations = status.violations.iter().map(|v| json!([v.start, v.end, v.depth, v.bad_events, v.total_events]));
    json!([status.objectives[0].bad_events, violations.collect::<Vec<_>>()])
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_doubtful_or_empty_changes_nothing() {
    let failed = |kind| Reading::Failed(Failure { kind, message: String::new() });
    for doubt in [
        Reading::Partial("store 3 is gone".to_owned()),
        Reading::NonFinite,
        Reading::Negative,
        Reading::TooManySeries(2),
        Reading::Absent,
        failed(FailureKind::TimedOut),
        failed(FailureKind::Unreachable),
    ] {
        let mut stage = calm("Enforce").await;
        stage.traffic.doubt(doubt.clone());
        hiccup(&mut stage, 12).await;
        assert_eq!((floor(&stage), verbs(&stage)), (2, Vec::new()), "{doubt:?}");
        assert_eq!(enforcement(&stage).episode, None, "{doubt:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_is_replaced_meanwhile_holds_on_and_ends_the_same() {
    for seconds in [0, 1] {
        let mut stage = calm("Enforce").await;
        stage.outage = true;
        stage.until("the floor to be held", 28, |stage| floor(stage) == 3).await.unwrap();
        stage.seconds(seconds).await;
        stage.outage = false;
        stage.kill();
        stage.seconds(3).await;
        stage.start(FaultPlan::none());
        stage.seconds(20).await;
        assert_eq!(floor(&stage), 3, "it is held, whoever proved it");
        stage.seconds(500).await;
        let freezes = verbs(&stage).into_iter().filter(|verb| *verb == Verb::FreezeScaleDown).count();
        assert_eq!((floor(&stage), freezes, enforcement(&stage).episode), (2, 1, None));
    }
}

#[tokio::test(start_paused = true)]
async fn in_maintenance_nothing_is_an_outage() {
    let mut stage = calm("Enforce").await;
    // Whole slots, of which the first one has just begun.
    let from = stage.now() - SignedDuration::from_secs(1);
    let until = from + SignedDuration::from_secs(3 * SLOT);
    stage.api.apply(exclusion("works", &from.to_string(), &until.to_string())).unwrap();
    stage.seconds(5).await;
    hiccup(&mut stage, 20).await;
    assert_eq!((floor(&stage), verbs(&stage)), (2, Vec::new()));
    assert!(!stage.traffic.pulses().is_empty());
}

/// One round for all, four times a minute, and nothing of the API server.
#[tokio::test(start_paused = true)]
async fn an_hour_of_calm_costs_four_questions_a_minute_for_all_agreements_together() {
    const AGREEMENTS: usize = 20;
    let mut stage = Stage::pulsing(FaultPlan::none(), Duration::from_secs(15));
    stage.api.apply(autoscaler()).unwrap();
    for index in 0..AGREEMENTS {
        stage.api.apply(promised(&format!("web-{index}"), if index == 0 { "Enforce" } else { "Recommend" })).unwrap();
    }
    stage.seconds(300).await;
    let (reconciles, rounds) = (stage.reconciles(), stage.traffic.pulses().len());
    stage.seconds(3600).await;
    let (reconciles, rounds) = (stage.reconciles() - reconciles, stage.traffic.pulses().split_off(rounds));
    assert!((238..=241).contains(&rounds.len()), "{} rounds in an hour", rounds.len());
    assert!(rounds.iter().all(|asked| *asked == AGREEMENTS), "{rounds:?}");
    // With the slots, and the resync of each.
    let most = AGREEMENTS * (3600 / usize::try_from(SLOT).unwrap() + 60 + 5);
    assert!(reconciles <= most, "{reconciles} reconciles, at most {most} expected");
}
