//! Two hundred agreements that are kept: a handful of requests to Prometheus per slot for all of them together, and at
//! most one write an hour for each. An hour is a minute here: the operator is told to write idle ledgers so often.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use guarantor::api::ServiceLevelAgreement;
use guarantor::api::agreement_status::State;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{AuditEvent, ControlPlane, Operator, Prometheus};
use jiff::Timestamp;
use kube::api::{Api, ListParams};
use tokio::time::sleep;

use crate::fleet::Fleet;
use crate::stage::{SYSTEM, operator_options, own_cluster};

const NAMESPACE: &str = "idle-fleet";
const AGREEMENTS: usize = 200;
/// The slots looked at: two minutes, two of the hours.
const SLOTS: u64 = 12;
const SLOT: &str = "10s";
const SLOTS_OF_AN_HOUR: u64 = 6;
const REQUESTS_PER_SLOT: u64 = 10;
/// Far more than it needs; what it needs is printed.
const MEMORY_KIB: u64 = 512 * 1024;
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_idle_agreements_cost_little() -> Result<()> {
    let cluster = own_cluster().await?;
    let fleet = Fleet::start(NAMESPACE, AGREEMENTS).await?;
    cluster.create_namespace(NAMESPACE).await?;
    let manifests = fleet.manifests(NAMESPACE, SLOT);
    cluster.kubectl_with_input(&["apply", "-f", "-"], &manifests).await?.ok()?;
    // A lease that lapsed on a machine that stands still would have everything read anew.
    let options = operator_options(cluster, NAMESPACE).await?.with_flag("--lease-duration", "2m");
    let options = options.with_flag("--checkpoint-interval", "1m");
    let operator = Operator::start(&options).await?;
    until_all_are_kept(cluster).await?;
    until_nothing_is_news(&operator).await?;

    let (first, begun) = (Spent::so_far(&operator, &fleet.prometheus).await?, Timestamp::now());
    let after = first.slots + SLOTS * AGREEMENTS as u64;
    until_read(&operator, after).await?;
    let (last, ended) = (Spent::so_far(&operator, &fleet.prometheus).await?, Timestamp::now());

    let slots = (last.slots - first.slots).div_ceil(AGREEMENTS as u64);
    let asked = last.requests - first.requests;
    let answered = last.answered - first.answered;
    let reconciles = last.reconciles - first.reconciles;
    println!("{slots} slots: {asked} requests by the operator's count, {answered} by Prometheus' own");
    println!("{reconciles} reconciles of {AGREEMENTS} agreements");
    println!(
        "{} ms of CPU time, {} KiB resident, {} KiB at most",
        last.cpu_ms - first.cpu_ms,
        last.resident_kib,
        last.most_kib
    );
    assert!(asked > 0 && asked <= slots * REQUESTS_PER_SLOT, "{asked} requests in {slots} slots");
    // Between the two counts lies at most the slot that was being read.
    assert!(answered.abs_diff(asked) <= REQUESTS_PER_SLOT, "{asked} requests are told of, {answered} came");
    // Once per slot, and the resync of each may fall into the window.
    assert!(reconciles <= (slots + 1) * AGREEMENTS as u64, "{reconciles} reconciles in {slots} slots");
    assert!(last.most_kib < MEMORY_KIB, "{} KiB", last.most_kib);

    let events = cluster.audit_events_of(&account())?;
    let of_operator: Vec<_> =
        events.into_iter().filter(|e| is_of_operator(e) && begun <= e.timestamp && e.timestamp <= ended).collect();
    let reads = of_operator.iter().filter(|e| e.verb == "get").count();
    assert_eq!(reads, 0, "nothing is read from the API server for an agreement that is kept");
    let mut writes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for event in of_operator.iter().filter(|e| e.is_write()) {
        *writes.entry((&event.resource, &event.name)).or_default() += 1;
    }
    println!("{} writes in {:#}", writes.values().sum::<u64>(), ended - begun);
    // Every sixth slot at most, of those read and the one that was being read when it began.
    let most = (slots + 1).div_ceil(SLOTS_OF_AN_HOUR);
    for ((resource, name), count) in &writes {
        assert_eq!(*resource, "servicelevelledgers", "{count} writes to {resource} {name}");
        assert!(*count <= most, "{count} writes of {name} where {most} would do");
    }
    assert_eq!(writes.len(), AGREEMENTS, "every ledger is kept up");
    operator.stop().await
}

/// What was used until now.
struct Spent {
    slots: u64,
    requests: u64,
    answered: u64,
    reconciles: u64,
    cpu_ms: u64,
    resident_kib: u64,
    most_kib: u64,
}

impl Spent {
    async fn so_far(operator: &Operator, prometheus: &Prometheus) -> Result<Self> {
        let own = operator.metrics().await?;
        let process = format!("/proc/{}", operator.id());
        let status = fs::read_to_string(format!("{process}/status"))?;
        let kib = |field: &str| -> Result<u64> {
            let line = status.lines().find_map(|l| l.strip_prefix(field)).with_context(|| field.to_owned())?;
            Ok(line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").parse()?)
        };
        Ok(Self {
            slots: sum(&own, "guarantor_slot_readings_total", ""),
            requests: sum(&own, "guarantor_store_requests_total", ""),
            answered: sum(&prometheus.metrics().await?, "prometheus_http_requests_total", "handler=\"/api/"),
            reconciles: sum(&own, "guarantor_reconciles_total", ""),
            cpu_ms: cpu_ms(&fs::read_to_string(format!("{process}/stat"))?)?,
            resident_kib: kib("VmRSS")?,
            most_kib: kib("VmHWM")?,
        })
    }
}

/// User and system time of a process, in hundredths of a second in its fields 14 and 15. The name before them may hold
/// anything, but ends with the last parenthesis.
fn cpu_ms(stat: &str) -> Result<u64> {
    let (_, fields) = stat.rsplit_once(')').context("no process name")?;
    let ticks: Vec<u64> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() * 10)
}

/// The sum of all series of this name whose labels contain `part`.
fn sum(exposition: &str, name: &str, part: &str) -> u64 {
    let series = exposition.lines().filter(|l| l.starts_with(name) && l.contains(part));
    series.filter_map(|l| l.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

fn is_of_operator(event: &AuditEvent) -> bool {
    event.namespace == NAMESPACE && event.user == account()
}

fn account() -> String {
    format!("system:serviceaccount:{SYSTEM}:guarantor")
}

async fn until_all_are_kept(cluster: &ControlPlane) -> Result<()> {
    let api: Api<ServiceLevelAgreement> = Api::namespaced(cluster.client()?, NAMESPACE);
    wait_until("every agreement to be kept", PATIENCE, async || {
        let all = api.list(&ListParams::default()).await?.items;
        let state = |a: &ServiceLevelAgreement| a.status.as_ref()?.summary.as_ref().map(|s| s.state);
        let kept = all.iter().filter(|a| state(a) == Some(State::Fulfilled)).count();
        Ok(if kept == AGREEMENTS { Progress::Done(()) } else { Progress::pending(format!("{kept} are kept")) })
    })
    .await
}

/// Waits until two slots in a row were read and no status changed: the agreements are idle.
async fn until_nothing_is_news(operator: &Operator) -> Result<()> {
    let mut since: Option<(u64, u64)> = None;
    wait_until("two slots without news", PATIENCE, async || {
        let own = operator.metrics().await?;
        let written = sum(&own, "guarantor_writes_total", "what=\"Status\"");
        let read = sum(&own, "guarantor_slot_readings_total", "");
        let (then, from) = *since.get_or_insert((written, read));
        if written != then {
            since = Some((written, read));
        } else if read >= from + 2 * AGREEMENTS as u64 {
            return Ok(Progress::Done(()));
        }
        Ok(Progress::pending(format!("{written} statuses written, {read} slots read")))
    })
    .await
}

/// Asks seldom: the answers are made by the process whose work is measured meanwhile.
async fn until_read(operator: &Operator, slots: u64) -> Result<()> {
    wait_until("the slots to be read", PATIENCE, async || {
        let read = sum(&operator.metrics().await?, "guarantor_slot_readings_total", "");
        if read >= slots {
            return Ok(Progress::Done(()));
        }
        sleep(Duration::from_secs(1)).await;
        Ok(Progress::pending(format!("{read} of {slots}")))
    })
    .await
}
