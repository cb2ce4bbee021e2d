//! What is accepted as it stands.

use serde_json::{Value, json};

/// An agreement that is accepted.
pub fn agreement() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "ServiceLevelAgreement",
        "metadata": {"name": "checkout", "namespace": "default"},
        "spec": {
            "validity": {"from": "2026-01-01", "until": "2027-01-01"},
            "service": {
                "name": "checkout",
                "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}]
            },
            "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
            "period": {"calendar": "Month"},
            "objectives": [
                {
                    "name": "availability",
                    "target": "99.9",
                    "indicator": {"ratio": {
                        "bad": "sum(increase(errors_total[$slot]))",
                        "total": "sum(increase(requests_total[$slot]))"
                    }}
                },
                {
                    "name": "latency",
                    "target": "99",
                    "indicator": {"latency": {"histogram": "duration_seconds", "threshold": "250ms"}}
                }
            ],
            "credits": {
                "fee": {"amount": "4000.00", "currency": "EUR"},
                "tiers": [
                    {"objective": "availability", "below": "99.9", "percentOfFee": "10"},
                    {"objective": "availability", "below": "99", "percentOfFee": "25"}
                ]
            },
            "enforcement": {"mode": "Enforce", "scale": {"min": 2, "max": 20}, "rollback": {}, "reschedule": {}}
        }
    })
}
