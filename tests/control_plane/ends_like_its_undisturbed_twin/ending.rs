//! What a story comes to, with a SIGKILL at some point of each of its verbs or without.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures::future::try_join;
use guarantor::api::FIELD_MANAGER;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, EnforcementStatus, Verb, Verdict};
use guarantor_testbed::Operator;
use guarantor_testbed::control_plane::POOL_LABEL;
use guarantor_testbed::gate::Gate;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use guarantor_testbed::shop::STOREFRONT;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Node};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{Api, ListParams};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::crash::{self, Point};
use super::story::{Story, pods};
use super::trace::Trace;
use crate::accounts::{apply_in_calm, let_time_pass};
use crate::stage::{PATIENCE, Stage, own_cluster};

/// How long it is calm before.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);
/// Nodes of a shop that has nodes of its own.
const NODES: u16 = 4;

/// What a story came to.
#[derive(Debug, PartialEq)]
pub(super) struct Ending {
    /// What was done against the danger, in order.
    pub(super) against: Vec<Verb>,
    /// What was given back of each kind of object, in order. Nothing that is given back waits for anything else.
    pub(super) given_back: BTreeMap<String, Vec<Verb>>,
    /// The verdicts that are no matter of timing.
    verdicts: BTreeMap<Verb, Vec<Verdict>>,
    /// Acts of the status that have none at the end. One that left it before its verdict was seen is not counted.
    unjudged: usize,
    /// The states of each object that changed, one after the other, by kind.
    states: BTreeMap<&'static str, Vec<Vec<Value>>>,
    /// Evictions the API server granted.
    evictions: usize,
    /// What is left of it.
    left: Value,
}

/// Plays a story in a shop of its own.
pub(super) async fn ending(story: &Story, point: Option<Point>) -> Result<Ending> {
    let word = point.map_or_else(|| "undisturbed".to_owned(), |point| format!("{point:?}").to_lowercase());
    let namespace = format!("twin-{}-{word}", story.name);
    let (shop, cluster) = ((story.shop)(&namespace), own_cluster().await?);
    if let Some(pool) = &shop.pool {
        cluster.add_pool(pool, NODES).await?;
    }
    let mut stage = Stage::open_in(cluster, &shop, &namespace).await?;
    stage.operator.take().context("an operator")?.stop().await?;
    let gate = Gate::open(&stage.options.kubeconfig).await?;
    stage.options.kubeconfig = gate.kubeconfig().to_owned();
    // Whoever comes next waits for the lease of the dead.
    for (flag, value) in [("--warm-up", "0s"), ("--lease-duration", "6s")] {
        stage.options = stage.options.with_flag(flag, value);
    }
    let operator = RefCell::new(Some(Operator::start(&stage.options).await?));
    let agreement = (story.agree)(&mut stage).await?;
    apply_in_calm(&stage, &agreement).await?;
    let_time_pass(Timestamp::now() + A_WHILE, async || Ok(())).await?;
    let trace = Trace::begin(&stage)?;
    let crashes = async {
        for verb in story.verbs {
            if let Some(point) = point {
                crash::crash(&operator, &stage.options, &gate, *verb, point).await?;
            }
        }
        anyhow::Ok(())
    };
    let played = try_join(crashes, (story.play)(&stage)).await;
    played.with_context(|| format!("{namespace}: {}", crash::log(&operator)))?;
    let judged = until_judged(&stage, &trace).await;
    judged.with_context(|| format!("{namespace}: {}", crash::log(&operator)))?;
    let status = stage.status(STOREFRONT).await?;
    let verdicts = verdicts(&trace.acts());
    let (back, against): (Vec<_>, Vec<_>) = trace.acts().into_iter().partition(|act| gives_back(act.verb));
    let granted = stage.requests(&namespace)?.into_iter().filter(|asked| asked.subresource == "eviction");
    let ending = Ending {
        against: against.iter().map(|act| act.verb).collect(),
        given_back: by_kind(back),
        verdicts,
        unjudged: status.actions.iter().filter(|act| is_open(act)).count(),
        states: trace.states(),
        evictions: granted.filter(|asked| !asked.is_dry_run() && asked.code == 201).count(),
        left: left(&stage, &status).await?,
    };
    if let Some(pool) = &shop.pool {
        cluster.remove_pool(pool).await?;
    }
    // Every operator looks at every source.
    cluster.kubectl(&["delete", "metricssource", &namespace, "--wait=false"]).await?.ok()?;
    Ok(ending)
}

/// Waits until all that was done and is in the status has its verdict there and in the trace, whoever did it and whoever found
/// it: each has one when its deadline is over, which is within two minutes here, as soon as what was avoided is given back. The
/// status keeps the newest only: an older act may leave it in the same write that would tell its verdict, which nobody sees then.
async fn until_judged(stage: &Stage, trace: &Trace) -> Result<()> {
    wait_until("all verdicts", PATIENCE, async || {
        let mut acts = stage.status(STOREFRONT).await?.actions;
        acts.retain(|act| act.phase == ActionPhase::Done);
        // What was seen may be a little behind the status.
        let seen = trace.acts();
        let is_seen = |act: &ActionRecord| seen.iter().any(|seen| seen.id == act.id && seen.verdict.is_some());
        let open = acts.iter().filter(|act| is_open(act) || !is_seen(act));
        let open: Vec<_> = open.map(|act| (act.verb, &act.deadline)).collect();
        Ok(if open.is_empty() { Progress::Done(()) } else { Progress::pending(format!("{open:?} are open")) })
    })
    .await
}

/// It was done, and nobody has found yet what came of it.
fn is_open(act: &ActionRecord) -> bool {
    act.phase == ActionPhase::Done && act.verdict.is_none()
}

/// What was found of all that hangs on nobody's speed: that what was given back is not held any more. Everything else is judged
/// by what is seen at the deadline or before: how many pods are ready by then, whether the objectives are safe again, whether
/// the account is recent enough; and one that was killed gets there later than its twin. What is given back comes last, so that
/// it does not leave the status before its verdict is seen.
fn verdicts(acts: &[ActionRecord]) -> BTreeMap<Verb, Vec<Verdict>> {
    let mut verdicts: BTreeMap<Verb, Vec<Verdict>> = BTreeMap::new();
    for act in acts {
        if matches!(act.verb, Verb::ReleaseRollout | Verb::ReleaseNode | Verb::StopShedding) {
            verdicts.entry(act.verb).or_default().extend(act.verdict);
        }
    }
    verdicts
}

/// How much of what may be done in a day is used up.
fn budgets(enforcement: &EnforcementStatus) -> Value {
    let EnforcementStatus { rollout, reschedule, avoidance, shed, resize, cpu_target, .. } = enforcement;
    json!({
        "rollbacks": rollout.as_ref().map_or(0, |rollout| rollout.rollbacks.len()),
        "pauses": rollout.as_ref().map_or(0, |rollout| rollout.pauses.len()),
        "evictions": reschedule.as_ref().map_or(0, |reschedule| reschedule.evictions.len()),
        "surges": reschedule.as_ref().map_or(0, |reschedule| reschedule.surges.len()),
        "nodes": avoidance.as_ref().map_or(0, |avoidance| avoidance.nodes.len()),
        "turns": shed.as_ref().map_or(0, |shed| shed.turns.len()),
        "steps": cpu_target.as_ref().map_or(0, |target| target.steps.len()),
        "raised": resize.as_ref().map_or(0, |resize| resize.raised.len()),
    })
}

fn by_kind(acts: Vec<ActionRecord>) -> BTreeMap<String, Vec<Verb>> {
    let mut kinds: BTreeMap<String, Vec<Verb>> = BTreeMap::new();
    for act in acts {
        kinds.entry(act.target.kind).or_default().push(act.verb);
    }
    kinds
}

fn gives_back(verb: Verb) -> bool {
    match verb {
        Verb::LowerFloor
        | Verb::Restore
        | Verb::RestoreTarget
        | Verb::ReleaseRollout
        | Verb::ReleaseNode
        | Verb::StopShedding
        | Verb::RestoreSize => true,
        Verb::FreezeScaleDown
        | Verb::RaiseFloor
        | Verb::ScaleDown
        | Verb::SetTarget
        | Verb::PauseRollout
        | Verb::RollBack
        | Verb::Surge
        | Verb::Reschedule
        | Verb::AvoidNode
        | Verb::Shed
        | Verb::Resize => false,
    }
}

/// What a story leaves behind, without what is another each time.
async fn left(stage: &Stage, status: &AgreementStatus) -> Result<Value> {
    let client = stage.cluster.client()?;
    let namespace = stage.namespace.as_str();
    let deployment = Api::<Deployment>::namespaced(client.clone(), namespace).get(STOREFRONT).await?;
    let pods = pods(stage).await?;
    let sick = pods.iter().filter(|pod| pod.annotations().contains_key(ERROR_SHARE_ANNOTATION)).count();
    let sizes: Vec<_> =
        pods.iter().flat_map(|pod| &pod.spec).flat_map(|spec| &spec.containers).map(|one| &one.resources).collect();
    let (all, of_pool) = (ListParams::default(), ListParams::default().labels(&format!("{POOL_LABEL}={namespace}")));
    // How long the danger lasted, and so what became of the objective, depends on when an act got through.
    let conditions = status.conditions.iter().filter(|condition| condition.type_ != "Fulfilled");
    Ok(json!({
        "replicas": deployment.spec.replicas,
        "paused": deployment.spec.paused == Some(true),
        "ours in managedFields": [
            ours(&Api::<Deployment>::namespaced(client.clone(), namespace), &all).await?,
            ours(&Api::<HorizontalPodAutoscaler>::namespaced(client.clone(), namespace), &all).await?,
            ours(&Api::<ConfigMap>::namespaced(client.clone(), namespace), &all).await?,
            ours(&Api::<Node>::all(client), &of_pool).await?,
        ],
        "sick pods": sick,
        "sizes": sizes,
        "budgets": status.enforcement.as_ref().map(budgets),
        "floor": status.enforcement.as_ref().and_then(|enforcement| enforcement.floor.clone()),
        "episode": status.enforcement.as_ref().and_then(|enforcement| enforcement.episode.clone()),
        "conditions": conditions.map(|condition| (&condition.type_, &condition.status)).collect::<BTreeMap<_, _>>(),
    }))
}

/// Entries of the operator's in the managedFields of these objects.
async fn ours<K>(api: &Api<K>, which: &ListParams) -> Result<usize>
where
    K: Resource + Clone + std::fmt::Debug + DeserializeOwned,
{
    let of_us = |entry: &&ManagedFieldsEntry| entry.manager.as_deref() == Some(FIELD_MANAGER);
    let objects = api.list(which).await?;
    Ok(objects.iter().map(|object| object.managed_fields().iter().filter(of_us).count()).sum())
}
