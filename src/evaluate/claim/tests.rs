use serde_json::{Value, json};

use super::super::credit_life::{Course, Life, NamedDeadline, life};
use super::super::deadline::Due;
use super::super::example::at;
use super::*;
use crate::api::credit_status::CreditState;
use crate::api::settlement::GrantMode;

const START: &str = "2026-09-30T22:00:00Z";
const ISSUED: &str = "2026-10-31T23:00:00Z";

fn spec(more: &Value) -> ClaimSpec {
    let mut spec = json!({"agreement": "checkout", "credit": {"periodStart": START}, "madeBy": "carol"});
    for (field, value) in more.as_object().unwrap() {
        if value.is_null() { drop(spec.as_object_mut().unwrap().remove(field)) } else { spec[field] = value.clone() }
    }
    serde_json::from_value(spec).unwrap()
}

fn decision(verdict: &str, when: &str) -> Value {
    json!({"by": "paul", "at": when, "verdict": verdict, "reason": "as agreed"})
}

/// Claims until the end of November, tickets until the third.
fn course() -> Course {
    let until = |day: &str, next: &str| Due { day: day.parse().unwrap(), at: at(next), inclusive: false };
    let named = |name: &str, due| NamedDeadline { name: name.to_owned(), due };
    Course {
        determined_at: Some(at(ISSUED)),
        grants: true,
        mode: GrantMode::OnClaim,
        claims_open: None,
        deadlines: vec![
            named("claim", until("2026-11-30", "2026-11-30T23:00:00Z")),
            named("ticket", until("2026-11-03", "2026-11-03T23:00:00Z")),
        ],
    }
}

fn first<'a>() -> Claimed<'a> {
    Claimed { period_start: at(START), names: &[], restated: None }
}

/// Where a claim that was created then leads by the end of the year.
fn leads(created: &str, more: &Value) -> Life {
    let spec = spec(more);
    let claim = Claim { created: at(created), spec: &spec };
    life(&course(), &claim.events(&first()), at("2026-12-31T00:00:00Z"))
}

#[test]
fn a_claim_counts_from_its_creation_unless_the_provider_confirms_more() {
    let ticket = |when: &str| json!([{"name": "ticket", "at": when}]);
    let confirmed = |verdict: &str| {
        let mut decision = decision(verdict, "2026-12-10T00:00:00Z");
        decision["confirmsTimes"] = json!(true);
        decision
    };
    let early = "2026-11-02T08:00:00Z";
    let late = "2026-12-05T08:00:00Z";
    let approved = || decision("Approved", "2026-12-10T00:00:00Z");
    let table = [
        ("in time, not answered", early, json!({"acts": ticket(early)}), CreditState::Claimed),
        ("in time, approved", early, json!({"acts": ticket(early), "decision": approved()}), CreditState::Granted),
        ("no ticket", early, json!({"decision": approved()}), CreditState::Expired),
        ("too late", late, json!({"acts": ticket(early), "decision": approved()}), CreditState::Expired),
        (
            "too late, whatever the customer says",
            late,
            json!({"madeAt": early, "acts": ticket(early), "decision": approved()}),
            CreditState::Expired,
        ),
        (
            "the provider confirms it",
            late,
            json!({"madeAt": early, "acts": ticket(early), "decision": confirmed("Approved")}),
            CreditState::Granted,
        ),
        (
            "confirmed and rejected all the same",
            late,
            json!({"madeAt": early, "acts": ticket(early), "decision": confirmed("Rejected")}),
            CreditState::Voided,
        ),
        (
            "what was decided before it was asked",
            early,
            json!({"acts": ticket(early), "decision": decision("Approved", "2026-01-01T00:00:00Z")}),
            CreditState::Granted,
        ),
        (
            "decided in the future",
            early,
            json!({"acts": ticket(early), "decision": decision("Approved", "2027-01-01T00:00:00Z")}),
            CreditState::Claimed,
        ),
        (
            "paid",
            early,
            json!({"acts": ticket(early), "decision": approved(), "payment": {"by": "paul", "at": "2026-12-20T00:00:00Z"}}),
            CreditState::Settled,
        ),
    ];
    for (what, created, more, state) in table {
        assert_eq!(leads(created, &more).state, state, "{what}");
    }
}

#[test]
fn a_claim_is_about_the_credit_of_its_period() {
    let names = ["checkout-20260930t220000z-r1".to_owned(), "checkout-20260930t220000z-r2".to_owned()];
    let claimed = Claimed { period_start: at(START), names: &names, restated: None };
    let table = [
        (json!({}), true),
        (json!({"credit": {"periodStart": "2026-09-30T22:00:01Z"}}), false),
        (json!({"credit": {"statement": names[0]}}), true),
        (json!({"credit": {"statement": "checkout-20260930t220000z-r3"}}), false),
        (json!({"credit": null, "incident": {"from": START, "noticedAt": START}}), false),
    ];
    for (more, expected) in table {
        let spec = spec(&more);
        assert_eq!(Claim { created: at(ISSUED), spec: &spec }.concerns(&claimed), expected, "{more}");
    }
}

#[test]
fn a_restated_credit_keeps_its_claim_and_approval_and_nothing_else() {
    let restated = Claimed { restated: Some(at("2026-11-20T00:00:00Z")), ..first() };
    let answered = |more: &Value| {
        let spec = spec(more);
        let claim = Claim { created: at("2026-11-02T00:00:00Z"), spec: &spec };
        let course =
            Course { determined_at: restated.restated, deadlines: vec![course().deadlines[0].clone()], ..course() };
        life(&course, &claim.events(&restated), at("2026-11-25T00:00:00Z")).state
    };
    let before = "2026-11-10T00:00:00Z";
    let paid = json!({"decision": decision("Approved", before), "payment": {"by": "paul", "at": before}});
    assert_eq!(answered(&json!({})), CreditState::Claimed);
    assert_eq!(answered(&json!({"decision": decision("Approved", before)})), CreditState::Granted);
    assert_eq!(answered(&paid), CreditState::Granted, "the difference is not paid yet");
    assert_eq!(answered(&json!({"decision": decision("Rejected", before)})), CreditState::Claimed);
    assert_eq!(answered(&json!({"decision": decision("Rejected", "2026-11-21T00:00:00Z")})), CreditState::Voided);
}

#[test]
fn an_incident_was_noticed_by_the_customer_unless_the_provider_rejects_it() {
    let incident =
        json!({"from": START, "noticedAt": "2026-10-01T00:00:00Z", "objectives": ["latency", "availability"]});
    let of = |more: &Value| {
        let mut fields = json!({"credit": null, "incident": incident});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let spec = spec(&fields);
        Claim { created: at(ISSUED), spec: &spec }.incidents(at("2026-11-15T00:00:00Z"))
    };
    let told = of(&json!({}));
    let objectives: Vec<_> = told.iter().map(|i| i.objective.as_deref()).collect();
    assert_eq!(objectives, [Some("latency"), Some("availability")]);
    assert!(told.iter().all(|i| i.detected_by == DetectedBy::Customer && i.start == at(START)));
    assert!(told.iter().all(|i| i.end == at("2026-10-01T00:00:01Z")), "what begins later was not what was noticed");
    assert_eq!(told[0].noticed_at, Some(at("2026-10-01T00:00:00Z")));
    assert_eq!(of(&json!({"decision": decision("Rejected", "2026-11-14T00:00:00Z")})), []);
    assert_eq!(of(&json!({"decision": decision("Rejected", "2026-11-16T00:00:00Z")})).len(), 2, "not yet");
}
