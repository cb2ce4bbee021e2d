//! A closed month as a cluster keeps it: agreement, ledger and statement.

use std::collections::BTreeMap;
use std::path::PathBuf;

use guarantor::api::ledger::{AgreementIdentity, ServiceLevelLedger};
use guarantor::api::metrics_source::IncreaseForm;
use guarantor::api::{ServiceLevelAgreement, ServiceLevelStatement};
use guarantor::evaluate::assess::Circumstances;
use guarantor::evaluate::count::Count;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::ledger::Ledger;
use guarantor::evaluate::period::Schedule;
use guarantor::evaluate::slot::{Births, Slot, Tally, UnknownCause};
use guarantor::evaluate::statement::{Closing, digest, ledger_name, name, statement};
use guarantor::evaluate::stored_ledger;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const UID: &str = "5f1c8d0e-0b5e-4d0c-9a55-0d8f7c1b2a3e";

/// The three objects as JSON.
#[derive(Clone)]
pub struct Papers {
    pub agreement: Value,
    pub ledger: Value,
    pub statement: Value,
}

impl Papers {
    /// October 2026 of the agreement under `examples/`: two outages, a gap in the data, a rise of the floor.
    pub fn october() -> Self {
        let example = include_str!("../../../examples/agreement.yaml");
        let mut agreement: ServiceLevelAgreement = serde_saphyr::from_str(example).unwrap();
        agreement.metadata.uid = Some(UID.to_owned());
        agreement.metadata.generation = Some(2);
        let spec = &agreement.spec;
        let bounds = Schedule::new(spec, at("2025-12-01T00:00:00Z")).unwrap();
        let bounds = bounds.containing(at("2026-10-15T00:00:00Z")).unwrap();

        let mut ledger = Ledger::new(bounds, 300, ["availability", "latency"]).unwrap();
        for index in 0..8_940 {
            let start = bounds.start.checked_add(SignedDuration::from_secs(index * 300)).unwrap();
            ledger.insert("availability", start, availability(index)).unwrap();
            ledger.insert("latency", start, latency(index)).unwrap();
        }
        let identity = AgreementIdentity { name: "checkout".to_owned(), uid: UID.to_owned() };
        let stored = stored_ledger::to_spec(&ledger, identity, &log(), true);

        let ledger_name = ledger_name("checkout", bounds.start);
        let queries = BTreeMap::from([
            (
                "availability".to_owned(),
                vec![
                    r#"sum(increase(http_requests_total{job="checkout",code=~"5..",namespace="shop"}[5m] anchored))"#
                        .to_owned(),
                    r#"sum(increase(http_requests_total{job="checkout",namespace="shop"}[5m] anchored))"#.to_owned(),
                ],
            ),
            (
                "latency".to_owned(),
                vec![
                    r#"histogram http_request_duration_seconds{job="checkout",namespace="shop"} threshold 250ms"#
                        .to_owned(),
                ],
            ),
        ]);
        let closing = Closing {
            spec,
            generation: 2,
            revision: 1,
            ledger_name: &ledger_name,
            ledger: &stored,
            window: None,
            circumstances: &Circumstances::default(),
            supersedes: None,
            queries: &queries,
            source_name: "main",
            source_url: "http://prometheus.monitoring:9090",
            increase: IncreaseForm::Anchored,
        };
        let mut made = statement(&closing, at("2026-11-02T00:00:00Z"), SignedDuration::from_secs(30)).unwrap();
        // What changes with every release is no part of what is compared here.
        made.evidence.operator = String::from("0.1.0");
        made.evidence.time_zone_database = String::from("2026e");
        made.digest = digest(&made).unwrap();

        let mut ledger = ServiceLevelLedger::new(&ledger_name, stored);
        ledger.metadata.namespace = Some("shop".to_owned());
        let mut statement = ServiceLevelStatement::new(&name("checkout", bounds.start, 1), made);
        statement.metadata.namespace = Some("shop".to_owned());
        let mut statement = serde_json::to_value(statement).unwrap();
        statement["metadata"]["creationTimestamp"] = json!("2026-11-01T00:00:31Z");
        let value = |object: &ServiceLevelAgreement| serde_json::to_value(object).unwrap();
        Self { agreement: value(&agreement), ledger: serde_json::to_value(ledger).unwrap(), statement }
    }

    /// Writes the three as YAML into a folder of this name, and returns it.
    pub fn save(&self, folder: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("statement").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (file, object) in [("statement", &self.statement), ("ledger", &self.ledger), ("agreement", &self.agreement)]
        {
            std::fs::write(folder.join(format!("{file}.yaml")), serde_saphyr::to_string(object).unwrap()).unwrap();
        }
        folder
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn counted(total: u32, bad: u32) -> Slot {
    let tally = |total, bad| Tally { total: Count::events(total), bad: Count::events(bad) };
    Slot::known(tally(total, bad), Births::default(), 2)
}

/// Half an hour of errors on the 12th, ten minutes on the 27th, and an hour of the 20th in which Prometheus was away.
fn availability(slot: i64) -> Slot {
    match slot {
        3_300..3_306 => counted(5_200, 1_900),
        7_600..7_602 => counted(4_100, 4_100),
        5_520..5_532 => Slot::unknown(UnknownCause::Unreachable, 2),
        slot if slot % 288 < 12 => counted(0, 0),
        slot => counted(u32::try_from(4_000 + slot % 97).unwrap(), u32::from(slot % 2 == 0)),
    }
}

fn latency(slot: i64) -> Slot {
    match slot {
        3_300..3_306 => counted(5_200, 520),
        5_520..5_532 => Slot::unknown(UnknownCause::Unreachable, 2),
        slot if slot % 288 < 12 => counted(0, 0),
        slot => counted(u32::try_from(4_000 + slot % 97).unwrap(), u32::try_from(slot % 19).unwrap()),
    }
}

/// A pod is blamed first, and the load when that turns out to be wrong.
fn log() -> EnforcementLog {
    let found = |cause: Value, actions: &[&str], from: &str, until: &str| {
        json!({
            "named": cause, "objectives": ["availability", "latency"], "episode": "2026-10-12T09:05:30Z", "actions": actions,
            "accountFrom": from, "accountUntil": until,
        })
    };
    let pod = json!({
        "cause": "OutlierPod", "suspects": [{"subject": "Pod", "name": "checkout-7d9f8c6b5-x2x4q"}],
        "since": "2026-10-12T09:05:30Z", "until": "2026-10-12T09:10:30Z", "gaveWayTo": "Saturation",
        "message": "availability in danger through pod checkout-7d9f8c6b5-x2x4q: 700 of 1733 events bad (40.4 %)",
    });
    let load = json!({
        "cause": "Saturation", "since": "2026-10-12T09:10:30Z", "until": "2026-10-12T12:40:30Z",
        "message": "all pods are bad alike under 17 requests per second, more than was ever safe",
    });
    let diagnoses = json!([
        found(pod, &["a-1"], "2026-10-12T09:05:00Z", "2026-10-12T09:10:00Z"),
        found(load, &["a-2"], "2026-10-12T09:10:00Z", "2026-10-12T12:40:00Z"),
    ]);
    let diagnoses = serde_json::from_value(diagnoses).unwrap();
    EnforcementLog { actions: actions(), diagnoses, ..EnforcementLog::default() }
}

fn actions() -> Vec<guarantor::api::enforcement_status::ActionRecord> {
    let target = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "checkout", "uid": "8c0f"
    });
    let action = |id: &str, verb: &str, from: i32, to: i32, intended: &str, deadline: &str| {
        json!({
            "id": id, "verb": verb, "target": target, "from": from, "to": to, "phase": "Done", "verdict": "Effective",
            "reason": "availability burns its error budget 14.4 times faster than it lasts",
            "hypothesis": "the share of bad events falls below 0.05 %",
            "intendedAt": intended, "deadline": deadline, "evidence": "12 of 12 pods ready, 0.01 % bad",
        })
    };
    serde_json::from_value(json!([
        action("a-1", "FreezeScaleDown", 3, 6, "2026-10-12T09:06:00Z", "2026-10-12T09:16:00Z"),
        action("a-2", "RaiseFloor", 6, 12, "2026-10-12T09:11:00Z", "2026-10-12T09:26:00Z"),
        action("a-3", "Restore", 12, 3, "2026-10-12T12:41:00Z", "2026-10-12T12:51:00Z"),
    ]))
    .unwrap()
}
