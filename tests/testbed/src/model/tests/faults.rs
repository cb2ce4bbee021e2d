//! Faults of single requests, crashes, partitions and stale reads.

use std::time::Duration;

use kube::api::ListParams;
use kube::core::response::reason;
use tokio::time::{Instant, advance, sleep};

use super::setup::{config_map, held, maps, server, stored, write};
use crate::model::{Fault, FaultPlan, HANG, StaleReads};

/// What a faulty write looks like from both sides.
struct Row {
    fault: Fault,
    answer: &'static str,
    stored: &'static str,
    code: Option<u16>,
    committed: bool,
    after: Duration,
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_effect_and_its_answer() {
    let row = |fault, answer, stored, code, committed, after| Row { fault, answer, stored, code, committed, after };
    let now = Duration::ZERO;
    let second = Duration::from_secs(1);
    let rows = [
        row(Fault::Status(409), reason::CONFLICT, "0", Some(409), false, now),
        row(Fault::Status(429), "TooManyRequests", "0", Some(429), false, now),
        row(Fault::Status(500), "InternalError", "0", Some(500), false, now),
        row(Fault::Status(503), "ServiceUnavailable", "0", Some(503), false, now),
        row(Fault::Crash, "broken", "0", None, false, now),
        row(Fault::CrashAfterCommit, "broken", "1", None, true, now),
        row(Fault::TimeoutBeforeCommit, "broken", "0", None, false, HANG),
        row(Fault::TimeoutAfterCommit, "broken", "1", None, true, HANG),
        row(Fault::Slow(second), "ok", "1", Some(200), true, second),
        row(Fault::TruncatedBody, "undecodable", "1", Some(200), true, now),
        row(Fault::LateCommit(second), "Timeout", "0", Some(504), false, now),
    ];
    for row in rows {
        let api = server();
        let client = api.client();
        api.faults(FaultPlan::none().on_write(0, row.fault.clone()));
        let start = Instant::now();
        let answer = match write(&client, "1").await {
            Ok(_) => "ok".to_owned(),
            Err(kube::Error::Api(status)) => status.reason,
            Err(kube::Error::SerdeError(_)) => "undecodable".to_owned(),
            Err(_) => "broken".to_owned(),
        };
        let fault = &row.fault;
        assert_eq!(answer, row.answer, "{fault:?}");
        assert_eq!(stored(&api), row.stored, "{fault:?}");
        assert_eq!(start.elapsed().as_secs(), row.after.as_secs(), "{fault:?}");
        let writes = api.writes();
        assert_eq!(writes.len(), 1, "{fault:?}");
        assert_eq!(writes[0].code, row.code, "{fault:?}");
        assert_eq!(writes[0].committed, row.committed, "{fault:?}");
        assert_eq!(writes[0].at_write_index, Some(0), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_commit_lands_later() {
    let api = server();
    let client = api.client();
    api.faults(FaultPlan::none().on_write(0, Fault::LateCommit(Duration::from_secs(5))));
    write(&client, "1").await.unwrap_err();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(stored(&api), "0");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(stored(&api), "1");
    let writes = api.writes();
    assert_eq!(writes.len(), 1);
    assert!(writes[0].committed && writes[0].code == Some(504));
}

#[tokio::test(start_paused = true)]
async fn only_the_planned_request_fails_and_indices_restart_with_the_plan() {
    let api = server();
    let client = api.client();
    for _ in 0..2 {
        api.faults(FaultPlan::none().on_write(1, Fault::Status(500)).on_read(1, Fault::Status(503)));
        for (index, due) in [(0, true), (1, false), (2, true)] {
            assert_eq!(write(&client, "1").await.is_ok(), due, "write {index}");
            assert_eq!(maps(&client).get("box").await.is_ok(), due, "read {index}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_lasts_until_revival_and_spares_other_clients() {
    let api = server();
    let (client, other) = (api.client(), api.link("other").client());
    api.faults(FaultPlan::none().on_write(0, Fault::Crash));
    write(&client, "1").await.unwrap_err();
    write(&client, "1").await.unwrap_err();
    maps(&client).get("box").await.unwrap_err();
    write(&other, "2").await.unwrap();
    api.revive();
    assert_eq!(held(&maps(&client).get("box").await.unwrap()), "2");
    write(&client, "3").await.unwrap();
    assert_eq!(stored(&api), "3");
    let operator = api.operator();
    let arrived: Vec<_> = operator.writes().iter().map(|write| write.at_write_index).collect();
    assert_eq!(arrived, [Some(0), Some(1)], "what never arrived is no write");
    assert_eq!(operator.requests().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_partition_hangs_and_ends() {
    let api = server();
    let client = api.client();
    api.partition(true);
    let start = Instant::now();
    write(&client, "1").await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), HANG.as_secs());
    api.partition(false);
    write(&client, "2").await.unwrap();
    assert_eq!(stored(&api), "2");
}

#[tokio::test(start_paused = true)]
async fn stale_reads_show_every_earlier_state_and_writes_meet_the_newest() {
    let api = server();
    let client = api.client();
    let mut revisions = vec![api.revision()];
    for n in ["1", "2", "3"] {
        write(&client, n).await.unwrap();
        revisions.push(api.revision());
    }
    for (n, revision) in ["0", "1", "2", "3"].iter().zip(&revisions) {
        api.stale_reads(Some(StaleReads::Caches(*revision)));
        let list = maps(&client).list(&ListParams::default().match_any()).await.unwrap();
        assert_eq!(held(&list.items[0]), *n);
        assert_eq!(held(&maps(&client).list(&ListParams::default()).await.unwrap().items[0]), "3");
        assert_eq!(list.metadata.resource_version, Some(revision.to_string()));
        assert_eq!(held(&maps(&client).get("box").await.unwrap()), "3");
        api.stale_reads(Some(StaleReads::All(*revision)));
        assert_eq!(held(&maps(&client).get("box").await.unwrap()), *n);
    }
    api.stale_reads(Some(StaleReads::All(revisions[0])));
    let old = maps(&client).get("box").await.unwrap();
    let refusal = maps(&client).replace("box", &kube::api::PostParams::default(), &old).await;
    assert!(matches!(refusal, Err(kube::Error::Api(status)) if status.is_conflict()));
    api.stale_reads(None);
    assert_eq!(held(&maps(&client).get("box").await.unwrap()), "3");
}

#[tokio::test(start_paused = true)]
async fn the_audit_tells_who_did_what() {
    let api = server();
    let client = api.client();
    let params = kube::api::PatchParams::apply("guarantor");
    let patch = kube::api::Patch::Apply(config_map("new", "1"));
    maps(&client).patch("new", &params, &patch).await.unwrap();
    maps(&client).list(&ListParams::default()).await.unwrap();
    let requests = api.requests();
    let shown: Vec<_> = requests
        .iter()
        .map(|r| (r.verb.as_str(), r.resource.as_str(), r.name.as_deref(), r.code, r.at_write_index))
        .collect();
    assert_eq!(
        shown,
        [("apply", "configmaps", Some("new"), Some(201), Some(0)), ("list", "configmaps", None, Some(200), None),]
    );
    assert_eq!(requests[0].field_manager, "guarantor");
    assert_eq!(requests[0].body, Some(config_map("new", "1")));
    assert_eq!(requests[0].client, "operator");
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_tokios() {
    let api = server();
    let created = |name: &str| {
        api.apply(config_map(name, "1")).unwrap();
        let map = api.get("configmaps", "default", name).unwrap();
        map.pointer("/metadata/creationTimestamp").unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(created("a"), "2026-01-01T00:00:00Z");
    advance(Duration::from_secs(3600)).await;
    assert_eq!(created("b"), "2026-01-01T01:00:00Z");
    api.set_time("2030-05-06T07:08:09.9Z".parse().unwrap());
    assert_eq!(created("c"), "2030-05-06T07:08:09Z");
}
