//! What can be wrong with what the scaling law is fed with, and with what is done by it.

use serde_json::json;

use super::Mistake;

/// What can be wrong with it.
pub fn of_capacity() -> Vec<Mistake> {
    vec![
        (
            "/spec/enforcement",
            json!({"mode": "Recommend", "capacity": {"objective": "latency", "cpu": "cpu_seconds_total"}}),
            "spec.enforcement.capacity",
            &["spec.enforcement.capacity needs spec.enforcement.scale"],
        ),
        ("/spec/enforcement/capacity", json!({"objective": "latency"}), "spec.enforcement.capacity.cpu", &[]),
        (
            "/spec/enforcement/capacity",
            json!({"objective": "latency", "cpu": "cpu_seconds_total", "mode": "Raise"}),
            "spec.enforcement.capacity.mode",
            &[],
        ),
        (
            "/spec/enforcement/capacity",
            json!({"objective": "latency", "cpu": "cpu_seconds_total", "mode": "Floor"}),
            "spec.enforcement.capacity.availability",
            &["spec.enforcement.capacity.mode Floor needs spec.enforcement.capacity.availability"],
        ),
        (
            "/spec/enforcement/capacity",
            json!({"objective": "latency", "cpu": "cpu_seconds_total", "mode": "Own"}),
            "spec.enforcement.capacity.availability",
            &["spec.enforcement.capacity.mode Own needs spec.enforcement.capacity.availability"],
        ),
        (
            "/spec/enforcement/capacity",
            json!({"objective": "latency", "cpu": "cpu_seconds_total", "mode": "Target"}),
            "spec.enforcement.capacity.availability",
            &["spec.enforcement.capacity.mode Target needs spec.enforcement.capacity.availability"],
        ),
    ]
}
