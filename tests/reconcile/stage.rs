//! Where a scenario plays: a modelled API server, a shop whose capacity follows its replicas, and the operator's
//! controller in this process. Time is tokio's, paused: an hour costs moments.

use std::sync::Arc;
use std::time::Duration;

use guarantor::api::ServiceLevelAgreement;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement::Mode;
use guarantor::api::statement::StatementSpec;
use guarantor::controller::room::MOST_BYTES;
use guarantor::controller::{self, RESOURCES, Setup};
use guarantor::record::metrics::Metrics;
use guarantor::runtime::clock::Clock;
use guarantor::runtime::health::Health;
use guarantor::runtime::leader::Fence;
use guarantor_testbed::model::{ApiServer, Fault, FaultPlan, Link};
use jiff::{SignedDuration, Timestamp};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::replica_set::ReplicaSet;
use crate::rollouts::Rollouts;
use crate::storms;
use crate::traffic::{Second, Traffic, WORK_MS};

pub const NAMESPACE: &str = "shop";
pub const AGREEMENTS: &str = "servicelevelagreements.guarantor.dev";
pub const STATEMENTS: &str = "servicelevelstatements.guarantor.dev";
pub const LEDGERS: &str = "servicelevelledgers.guarantor.dev";
pub const EXCLUSIONS: &str = "servicelevelexclusions.guarantor.dev";
pub const CLAIMS: &str = "servicelevelclaims.guarantor.dev";
pub const SOURCES: &str = "metricssources.guarantor.dev";
pub const AUTOSCALERS: &str = "horizontalpodautoscalers.autoscaling";
pub const DEPLOYMENTS: &str = "deployments.apps";
pub const CONFIG_MAPS: &str = "configmaps";

/// So many seconds pass between the end of one operator and the start of the next.
const RESTART: u64 = 3;
/// So many seconds lie between two looks of an autoscaler.
const AUTOSCALER_SYNC: u64 = 15;
/// Replicas that carry the load of a spike.
const ENOUGH: i64 = 5;

/// A shop, its API server, and its operator.
pub struct Stage {
    pub api: ApiServer,
    pub traffic: Traffic,
    /// More requests come than three replicas can serve.
    pub spike: bool,
    /// Every request fails.
    pub outage: bool,
    /// More replicas than these take from each other what there is no more of, and most requests fail.
    pub enough_for: Option<i64>,
    /// Clients repeat what fails, faster than any number of replicas can serve.
    pub storm: bool,
    /// The room that the next operator finds in a ledger.
    pub ledger_bytes: usize,
    /// For how long the next operator disrupts nothing.
    pub warm_up: SignedDuration,
    /// Rolls the workload out, pod by pod, instead of only counting its pods.
    pub rollouts: Option<Rollouts>,
    /// Other services, each with traffic of its own, rolled out like that.
    pub services: Vec<Rollouts>,
    /// Makes and loses the workload's pods one by one, instead of only counting them.
    pub replica_set: Option<ReplicaSet>,
    /// How often the next operator feels the pulse.
    pulse: Duration,
    /// How many operators there have been.
    incarnations: usize,
    clock: Clock,
    operator: Option<Operator>,
    second: u64,
    starts_at: u64,
    pods: i64,
    /// The replicas wanted now.
    pub replicas: i64,
    /// Requests a second.
    pub rate: u64,
}

struct Operator {
    link: Link,
    task: JoinHandle<()>,
    registry: Registry,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Stage {
    /// A shop with three replicas and no agreement; the first operator meets `plan`. Its slots alone tell how it does.
    pub fn open(plan: FaultPlan) -> Self {
        Self::pulsing(plan, Duration::from_secs(3600))
    }

    /// The same, where the operator feels the pulse so often.
    pub fn pulsing(plan: FaultPlan, pulse: Duration) -> Self {
        let api = ApiServer::new();
        // The model's own clock starts here, and goes with tokio's too.
        let clock = Clock::Running { from: Timestamp::from_second(1_767_225_600).unwrap(), at: Instant::now() };
        for definition in guarantor::api::crds() {
            api.apply(serde_json::to_value(definition).unwrap()).unwrap();
        }
        api.apply(source("http://store.example")).unwrap();
        api.apply(deployment("web")).unwrap();
        let mut stage = Self {
            api,
            traffic: Traffic::default(),
            spike: false,
            outage: false,
            enough_for: None,
            storm: false,
            ledger_bytes: MOST_BYTES,
            warm_up: SignedDuration::ZERO,
            rollouts: None,
            services: Vec::new(),
            replica_set: None,
            pulse,
            incarnations: 0,
            clock,
            operator: None,
            second: 0,
            starts_at: 0,
            pods: 0,
            replicas: 0,
            rate: 100,
        };
        stage.world();
        stage.start(plan);
        stage
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// All statements, in the order of periods and revisions.
    pub fn statements(&self) -> Vec<StatementSpec> {
        let found = self.api.list(STATEMENTS).into_iter();
        let mut found: Vec<StatementSpec> =
            found.map(|object| serde_json::from_value(object["spec"].clone()).unwrap()).collect();
        found.sort_by_key(|s| (s.period.start.0, s.revision));
        found
    }

    /// The connection of the present operator.
    pub fn link(&self) -> &Link {
        &self.operator.as_ref().unwrap().link
    }

    /// How many reconciles of agreements the present operator has done.
    pub fn reconciles(&self) -> usize {
        let mut text = String::new();
        encode(&mut text, &self.operator.as_ref().unwrap().registry).unwrap();
        let counts = text.lines().filter(|line| line.starts_with("guarantor_reconciles_total{"));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
    }

    /// Starts an operator that knows nothing, on a connection of its own: nothing of an earlier one can come through.
    pub fn start(&mut self, plan: FaultPlan) {
        self.kill();
        self.incarnations += 1;
        let link = self.api.link(&format!("operator-{}", self.incarnations));
        link.faults(plan);
        let mut registry = Registry::default();
        let client = link.client();
        let setup = Setup {
            client: client.clone(),
            actuator: client,
            fence: Fence::always(),
            clock: self.clock,
            stores: Arc::new(self.traffic.clone()),
            metrics: Metrics::register(&mut registry),
            health: Health::new([RESOURCES]),
            identity: format!("operator-{}", self.incarnations),
            own_namespace: "guarantor-system".to_owned(),
            watch_namespace: None,
            concurrency: 2,
            settle: SignedDuration::from_secs(2),
            grace: SignedDuration::from_secs(60),
            checkpoint: SignedDuration::from_secs(120),
            ledger_bytes: self.ledger_bytes,
            resync: Duration::from_secs(60),
            pulse: self.pulse,
            warm_up: self.warm_up,
            ceiling: Mode::Enforce,
        };
        let task = tokio::spawn(controller::run(setup, CancellationToken::new()));
        self.operator = Some(Operator { link, task, registry });
    }

    /// Ends the operator as a power cut does.
    pub fn kill(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.link.crash();
            operator.task.abort();
        }
    }

    /// One second passes. An operator that lost the API server to a crash is replaced a little later.
    pub async fn second(&mut self) {
        let bad = match (&self.rollouts, &self.replica_set) {
            _ if self.outage => self.rate,
            (Some(rollouts), _) => rollouts.bad_in_a_hundred(),
            (None, Some(pods)) => pods.bad_in_a_hundred(),
            (None, None) if self.enough_for.is_some_and(|most| self.replicas > most) => 80,
            (None, None) if self.enough_for.is_some() && self.spike => 25,
            (None, None) if self.spike && self.replicas < ENOUGH => 50,
            // More than nineteen of twenty cores are busy: then half of the requests wait too long.
            (None, None) if self.rate * WORK_MS > 950 * self.replicas.unsigned_abs() => self.rate / 2,
            (None, None) => 0,
        };
        let pods = self.replicas.unsigned_abs();
        let (total, bad) = if self.storm { storms::second(&self.api) } else { (self.rate, bad) };
        self.traffic.enter(self.now(), Second { total, bad, pods });
        for service in &self.services {
            let second = Second { total: self.rate, bad: service.bad_in_a_hundred(), pods: 4 };
            self.traffic.services.enter(&service.name, self.now(), second, service.by_pod());
        }
        sleep(Duration::from_secs(1)).await;
        self.second += 1;
        self.world();
        match &self.operator {
            Some(operator) if operator.link.is_down() => {
                self.kill();
                self.starts_at = self.second + RESTART;
            }
            None if self.second == self.starts_at => self.start(FaultPlan::none()),
            _ => {}
        }
    }

    /// So many seconds pass.
    pub async fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second().await;
        }
    }

    /// Waits for `seen`, at most so many seconds.
    pub async fn until(&mut self, what: &str, seconds: u64, seen: impl Fn(&Self) -> bool) -> Result<(), String> {
        for _ in 0..seconds {
            if seen(self) {
                return Ok(());
            }
            self.second().await;
        }
        let status = serde_json::to_string_pretty(&self.status("web")).unwrap();
        Err(format!("{what} did not happen within {seconds} s; the status is\n{status}"))
    }

    /// The controllers an operator lives with, each when it has something to do.
    pub fn world(&mut self) {
        if self.second.is_multiple_of(AUTOSCALER_SYNC) {
            self.api.hpa_step();
        }
        for service in &mut self.services {
            let declared = self.api.get(DEPLOYMENTS, NAMESPACE, &service.name).unwrap();
            service.step(&self.api, &declared, self.clock.now());
        }
        let web = self.api.get(DEPLOYMENTS, NAMESPACE, "web").unwrap();
        let number = |pointer: &str| web.pointer(pointer).and_then(Value::as_i64);
        self.replicas = number("/spec/replicas").unwrap();
        if let Some(rollouts) = &mut self.rollouts {
            rollouts.step(&self.api, &web, self.clock.now());
            self.traffic.say_by_pod(rollouts.by_pod());
            return;
        }
        if let Some(pods) = &mut self.replica_set {
            pods.step(&self.api, &web, self.clock.now());
            self.traffic.say_by_pod(pods.by_pod());
            self.traffic.say_throttling(pods.throttling());
            return;
        }
        if number("/status/observedGeneration") == number("/metadata/generation") {
            return;
        }
        self.api.workload_step(|_| i64::MAX);
        let now = self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for index in self.pods..self.replicas {
            self.api.apply(pod(&format!("web-{index}"), &now)).unwrap();
        }
        for index in self.replicas..self.pods {
            self.api.delete("pods", NAMESPACE, &format!("web-{index}")).unwrap();
        }
        self.pods = self.replicas;
    }

    /// An agreement's object.
    pub fn agreement(&self, name: &str) -> Option<ServiceLevelAgreement> {
        let found = self.api.get(AGREEMENTS, NAMESPACE, name)?;
        Some(serde_json::from_value(found).unwrap())
    }

    /// Its status.
    pub fn status(&self, name: &str) -> AgreementStatus {
        self.agreement(name).and_then(|agreement| agreement.status).unwrap_or_default()
    }
}

/// The source of all agreements, at this address.
pub fn source(url: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "MetricsSource", "metadata": {"name": "main"},
        "spec": {"url": url, "tenants": [{"namespace": NAMESPACE}]},
    })
}

/// A Deployment of three.
pub fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web"}]}},
        },
    })
}

/// An autoscaler of it, from two to ten.
pub fn autoscaler() -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2, "maxReplicas": 10,
        },
    })
}

fn pod(name: &str, now: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": "web", "pod-template-hash": "one"}},
        "spec": {"nodeName": "node", "containers": [{"name": "web", "resources": {"requests": {"cpu": "1"}}}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
        },
    })
}

/// An agreement that nine of ten requests succeed, kept by holding between two and five replicas.
pub fn agreement(name: &str, mode: &str, rolling: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "service": {
                "name": "web", "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
            },
            "metrics": {"sourceRef": {"name": "main"}, "slot": "5s"},
            "period": {"rolling": rolling},
            "objectives": [{
                "name": "availability", "target": "90",
                "indicator": {"ratio": {
                    "bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))",
                }},
            }],
            "enforcement": {
                "mode": mode, "scale": {"min": 2, "max": ENOUGH}, "cooldown": "10s", "releaseAfter": "20s",
            },
        },
    })
}

/// Maintenance of what the agreement `web` is about, declared by ann.
///
/// Its announcement is told, since a fault decides when it is made, and statements say when it was announced.
pub fn exclusion(name: &str, from: &str, until: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelExclusion",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "agreement": "web", "reason": "Maintenance", "window": {"from": from, "until": until}, "declaredBy": "ann",
            "announcedAt": "2025-12-01T00:00:00Z",
        },
    })
}

/// The faults of the sweep, by name.
pub const FAULTS: [(&str, Fault); 5] = [
    ("crash before the write", Fault::Crash),
    ("crash after the write", Fault::CrashAfterCommit),
    ("conflict", Fault::Status(409)),
    ("internal error", Fault::Status(500)),
    ("done, but no answer", Fault::TimeoutAfterCommit),
];
