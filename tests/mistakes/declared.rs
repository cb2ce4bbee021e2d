//! Mistakes in what people declare beside an agreement: exclusions and claims.

use serde_json::{Value, json};

use super::Mistake;

/// An exclusion that is accepted.
pub fn exclusion() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "ServiceLevelExclusion",
        "metadata": {"name": "storm", "namespace": "default"},
        "spec": {
            "agreement": "checkout",
            "objectives": ["availability"],
            "reason": "ForceMajeure",
            "window": {"from": "2026-02-01T02:00:00Z", "until": "2026-02-01T04:00:00Z"},
            "events": {"bad": "10", "total": "0"},
            "announcedAt": "2026-01-20T08:00:00Z",
            "forceMajeure": {"noticeAt": "2026-02-01T03:00:00Z"},
            "declaredBy": "ops@example.com",
            "approval": {"by": "lead@example.com", "at": "2026-02-01T05:00:00Z"},
        }
    })
}

/// A claim that is accepted.
pub fn claim() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "ServiceLevelClaim",
        "metadata": {"name": "january", "namespace": "default"},
        "spec": {
            "agreement": "checkout",
            "credit": {"periodStart": "2026-01-01T00:00:00Z"},
            "madeBy": "customer@example.com",
            "madeAt": "2026-02-03T08:00:00Z",
            "acts": [{"name": "ticket", "at": "2026-01-20T08:00:00Z"}],
            "decision": {
                "by": "provider@example.com", "at": "2026-02-10T08:00:00Z", "verdict": "Rejected",
                "reason": "the ticket was about another service", "confirmsTimes": true
            },
            "payment": {"by": "provider@example.com", "at": "2026-02-20T08:00:00Z"},
        }
    })
}

/// What can be wrong with [`claim`].
pub fn of_claims() -> Vec<Mistake> {
    let incident = json!({"from": "2026-01-20T07:00:00Z", "noticedAt": "2026-01-20T07:30:00Z"});
    let early = json!({"from": "2026-01-20T07:00:00Z", "noticedAt": "2026-01-20T06:59:00Z"});
    let ended = json!({
        "from": "2026-01-20T07:00:00Z", "noticedAt": "2026-01-20T07:30:00Z", "until": "2026-01-20T07:00:00Z",
    });
    vec![
        ("/spec/credit", Value::Null, "spec", &["spec must have exactly one of credit, incident and demand"]),
        ("/spec/incident", incident, "spec", &["spec must have exactly one of credit, incident and demand"]),
        ("/spec/incident", early, "spec.incident.noticedAt", &["must not be before spec.incident.from"]),
        ("/spec/incident", ended, "spec.incident.until", &["must be later than spec.incident.from"]),
        (
            "/spec/credit/statement",
            json!("checkout-20260101t000000z-r1"),
            "spec.credit",
            &["spec.credit must have exactly one of statement and periodStart"],
        ),
        (
            "/spec/demand",
            json!({"breach": "slow"}),
            "spec",
            &["spec must have exactly one of credit, incident and demand"],
        ),
        ("/spec/demand", json!({"breach": ""}), "spec.demand.breach", &[]),
        (
            "/spec/cure",
            json!({"by": "provider@example.com", "at": "2026-02-20T08:00:00Z"}),
            "spec.cure",
            &["spec.cure goes with spec.demand"],
        ),
        (
            "/spec/cure",
            json!({"by": "customer@example.com", "at": "2026-02-20T08:00:00Z"}),
            "spec.cure.by",
            &["spec.cure.by must be another person than spec.madeBy"],
        ),
        ("/spec/credit/periodStart", json!("January"), "spec.credit.periodStart", &[]),
        ("/spec/acts/0/name", json!("Ticket!"), "spec.acts[0].name", &[]),
        ("/spec/acts/1", json!({"name": "ticket", "at": "2026-01-21T08:00:00Z"}), "spec.acts[1]", &["Duplicate value"]),
        ("/spec/madeBy", Value::Null, "spec.madeBy", &["Required value"]),
        (
            "/spec/decision/by",
            json!("customer@example.com"),
            "spec.decision.by",
            &["spec.decision.by must be another person than spec.madeBy"],
        ),
        ("/spec/decision/verdict", json!("Maybe"), "spec.decision.verdict", &["Unsupported value"]),
        ("/spec/decision/reason", Value::Null, "spec.decision.reason", &["must be given where the claim is rejected"]),
        (
            "/spec/payment/by",
            json!("customer@example.com"),
            "spec.payment.by",
            &["spec.payment.by must be another person than spec.madeBy"],
        ),
    ]
}

/// What can be wrong with [`exclusion`].
pub fn of_exclusions() -> Vec<Mistake> {
    let recurrence = json!({"rule": "FREQ=DAILY", "start": "2026-02-01T02:00", "end": "2026-02-01T04:00"});
    vec![
        (
            "/spec/window/until",
            json!("2026-02-01T02:00:00Z"),
            "spec.window.until",
            &["spec.window.until must be later than spec.window.from"],
        ),
        // An hour earlier, whatever the texts look like.
        (
            "/spec/window/until",
            json!("2026-02-01T03:00:00+02:00"),
            "spec.window.until",
            &["spec.window.until must be later than spec.window.from"],
        ),
        ("/spec/window/from", json!("yesterday"), "spec.window.from", &[]),
        ("/spec/window", Value::Null, "spec", &["spec must have exactly one of window and recurrence"]),
        ("/spec/recurrence", recurrence, "spec", &["spec must have exactly one of window and recurrence"]),
        ("/spec/reason", json!("Weather"), "spec.reason", &["Unsupported value"]),
        ("/spec/reason", json!("Maintenance"), "spec.forceMajeure", &["spec.forceMajeure goes with spec.reason"]),
        (
            "/spec/approval/by",
            json!("ops@example.com"),
            "spec.approval.by",
            &["spec.approval.by must be another person than spec.declaredBy"],
        ),
    ]
}
