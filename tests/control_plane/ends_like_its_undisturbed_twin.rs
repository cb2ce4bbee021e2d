//! The operator is killed around each of its acts: between the intent and the act, between the act and its record, and between the
//! record and the verdict. Another one goes on, and ends in the same state by the same acts as one that nobody killed.
//!
//! Every story is played four times side by side: undisturbed, and with a SIGKILL at the same point of each of its verbs. A gate
//! before the API server stops the operator at that very request.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use futures::future::{FutureExt, LocalBoxFuture, try_join, try_join_all};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor::api::{BASELINE_ANNOTATION, FIELD_MANAGER, ROLLOUT_ANNOTATION};
use guarantor_testbed::gate::{Gate, Moment, Passing};
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use guarantor_testbed::shop::STOREFRONT;
use guarantor_testbed::{Operator, OperatorOptions, ShopOptions};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{Api, ListParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::accounts::{apply_in_calm, enforced_agreement, let_time_pass};
use crate::stage::{PATIENCE, Stage, own_cluster};

/// How long it is calm before.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);

/// Where the operator dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    IntentAndAct,
    ActAndRecord,
    RecordAndVerdict,
}

/// Something that happens to a shop, until nothing more comes of it, and the verbs that answer it, in order.
struct Story {
    name: &'static str,
    verbs: &'static [Verb],
    /// What the agreement allows; from a comma on.
    allows: &'static str,
    play: for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, Result<()>>,
}

static STORIES: [Story; 4] = [
    Story {
        name: "floor",
        verbs: &[Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore],
        allows: "",
        play: |stage| an_outage(stage).boxed_local(),
    },
    Story {
        name: "rollback",
        verbs: &[Verb::PauseRollout, Verb::RollBack],
        allows: ", rollback: {servedFor: 20s}",
        play: |stage| a_bad_revision(stage).boxed_local(),
    },
    Story {
        name: "pause",
        verbs: &[Verb::PauseRollout, Verb::ReleaseRollout],
        allows: ", rollback: {servedFor: 20s, pauseOnly: true}",
        play: |stage| a_revision_that_gets_well(stage).boxed_local(),
    },
    Story {
        name: "move",
        verbs: &[Verb::Surge, Verb::Reschedule],
        allows: ", reschedule: {minAge: 10s}",
        play: |stage| a_sick_pod(stage).boxed_local(),
    },
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "sixteen services at once, for minutes: `make twins` plays it"]
async fn ends_like_its_undisturbed_twin() -> Result<()> {
    let points = [None, Some(Point::IntentAndAct), Some(Point::ActAndRecord), Some(Point::RecordAndVerdict)];
    let stories = STORIES.iter().map(|story| async move {
        let endings = try_join_all(points.map(|point| ending(story, point))).await?;
        let (twin, disturbed) = endings.split_first().context("a twin")?;
        for (point, ending) in points.iter().flatten().zip(disturbed) {
            ensure!(ending == twin, "{}, killed between {point:?}:\n{ending:#?}\nits twin:\n{twin:#?}", story.name);
        }
        Ok(twin.verbs.clone())
    });
    let mut seen = try_join_all(stories).await?.concat();
    seen.sort_unstable();
    seen.dedup();
    for story in &STORIES {
        for verb in story.verbs {
            ensure!(seen.contains(verb), "{verb:?} was not done at all");
        }
    }
    Ok(())
}

/// What a story came to.
#[derive(Debug, PartialEq)]
struct Ending {
    /// What was done, in order.
    verbs: Vec<Verb>,
    /// The states of the autoscaler and of the workload, one after the other.
    states: Vec<Value>,
    /// Evictions the API server granted.
    evictions: usize,
    /// What is left of it.
    left: Value,
}

async fn ending(story: &Story, point: Option<Point>) -> Result<Ending> {
    let word = point.map_or_else(|| "undisturbed".to_owned(), |point| format!("{point:?}").to_lowercase());
    let namespace = format!("twin-{}-{word}", story.name);
    let shop = ShopOptions { replicas: 4, rate: 40.0, ..ShopOptions::new(&namespace) };
    let mut stage = Stage::open_in(own_cluster().await?, &shop, &namespace).await?;
    stage.operator.take().context("an operator")?.stop().await?;
    let gate = Gate::open(&stage.options.kubeconfig).await?;
    stage.options.kubeconfig = gate.kubeconfig().to_owned();
    // Whoever comes next waits for the lease of the dead.
    for (flag, value) in [("--warm-up", "0s"), ("--lease-duration", "6s")] {
        stage.options = stage.options.with_flag(flag, value);
    }
    let mut operator = Operator::start(&stage.options).await?;
    if story.name == "floor" {
        stage.apply(&autoscaler(&namespace)).await?;
    }
    let agreement = enforced_agreement(&namespace, story.allows);
    let agreement = agreement.replace("releaseAfter: 20s", "releaseAfter: 10s");
    // Whatever the losses are, there is one replica to add.
    let agreement = agreement.replace("{min: 2, max: 10}", "{min: 4, max: 5}");
    apply_in_calm(&stage, &agreement).await?;
    let_time_pass(Timestamp::now() + A_WHILE, async || Ok(())).await?;
    let (seen, _watches) = watched(&stage)?;
    let crashes = async {
        for verb in story.verbs {
            if let Some(point) = point {
                operator = crash(operator, &stage.options, &gate, *verb, point).await?;
            }
        }
        anyhow::Ok(operator)
    };
    let (_operator, ()) = try_join(crashes, (story.play)(&stage)).await.with_context(|| namespace.clone())?;
    let status = stage.status(STOREFRONT).await?;
    let done = status.actions.iter().rev().filter(|action| action.phase == ActionPhase::Done);
    let granted = stage.requests(&namespace)?.into_iter().filter(|asked| asked.subresource == "eviction");
    let seen = seen.lock().map_err(|_| anyhow::anyhow!("a watch has panicked"))?.clone();
    Ok(Ending {
        verbs: done.map(|action| action.verb).collect(),
        states: seen,
        evictions: granted.filter(|asked| !asked.is_dry_run() && asked.code == 201).count(),
        left: left(&stage, &status).await?,
    })
}

/// Lets the operator live until that point of its verb, kills it, and starts another one.
async fn crash(
    operator: Operator,
    options: &OperatorOptions,
    gate: &Gate,
    verb: Verb,
    point: Point,
) -> Result<Operator> {
    let mut intended = false;
    let stopped = gate.stop_at(move |passing| {
        let phase = recorded(passing, verb);
        intended |= phase.as_deref() == Some("Intended");
        match point {
            Point::IntentAndAct => (intended && acts(passing, verb)).then_some(Moment::Before),
            Point::ActAndRecord => (intended && acts(passing, verb)).then_some(Moment::After),
            Point::RecordAndVerdict => (phase.as_deref() == Some("Done")).then_some(Moment::After),
        }
    });
    timeout(PATIENCE, stopped).await.with_context(|| format!("{verb:?} did not come so far as {point:?}"))??;
    operator.kill();
    Operator::start(options).await
}

/// The phase in which a write of the status has the newest act of this verb.
fn recorded(passing: &Passing, verb: Verb) -> Option<String> {
    if !passing.uri.contains("/status") {
        return None;
    }
    let patch: Value = serde_json::from_slice(&passing.body).ok()?;
    let actions = patch.as_array()?.iter().find_map(|step| step.pointer("/value/actions"))?.as_array()?;
    let act = actions.iter().find(|action| action["verb"] == json!(verb))?;
    act["phase"].as_str().map(str::to_owned)
}

/// Whether a request is an act of such a verb.
fn acts(passing: &Passing, verb: Verb) -> bool {
    let to = |part: &str| passing.uri.contains(part);
    let writes = passing.method == "PATCH" || passing.method == "POST";
    let target = if verb == Verb::Reschedule {
        to("/eviction")
    } else {
        to("/horizontalpodautoscalers/") || to("/deployments/")
    };
    writes && target && !to("dryRun=")
}

/// The states that were seen, in their order.
type States = Arc<Mutex<Vec<Value>>>;

/// Notes every state of the autoscaler and of the workload from now on.
fn watched(stage: &Stage) -> Result<(States, JoinSet<()>)> {
    let (states, mut watches) = (Arc::new(Mutex::new(Vec::new())), JoinSet::new());
    let client = stage.cluster.client()?;
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), &stage.namespace);
    let deployments: Api<Deployment> = Api::namespaced(client, &stage.namespace);
    watches.spawn(note(autoscalers, states.clone(), |autoscaler| {
        json!({"floor": autoscaler.spec.min_replicas, "baseline": autoscaler.annotations().get(BASELINE_ANNOTATION)})
    }));
    watches.spawn(note(deployments, states.clone(), |deployment| {
        let template = deployment.spec.template.metadata.as_ref().and_then(|meta| meta.annotations.clone());
        json!({
            "paused": deployment.spec.paused == Some(true),
            "template": template,
            "marked": deployment.annotations().contains_key(ROLLOUT_ANNOTATION),
            "baseline": deployment.annotations().get(BASELINE_ANNOTATION),
        })
    }));
    Ok((states, watches))
}

async fn note<K>(api: Api<K>, states: Arc<Mutex<Vec<Value>>>, essence: fn(&K) -> Value)
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let mut objects = pin!(watcher(api, watcher::Config::default()).default_backoff().applied_objects());
    let mut last = Value::Null;
    while let Some(object) = objects.next().await {
        // A watch that broke is taken up again.
        let Ok(object) = object else { continue };
        let state = essence(&object);
        if state != last
            && let Ok(mut states) = states.lock()
        {
            states.push(state.clone());
            last = state;
        }
    }
}

/// What a story leaves behind, without what is another each time.
async fn left(stage: &Stage, status: &AgreementStatus) -> Result<Value> {
    let deployments: Api<Deployment> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    let deployment = deployments.get(STOREFRONT).await?;
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    let sick = pods.list(&ListParams::default()).await?.iter().filter(|pod| is_sick(pod)).count();
    // How long the danger lasted, and so what became of the objective, depends on when an act got through.
    let conditions = status.conditions.iter().filter(|condition| condition.type_ != "Fulfilled");
    let ours = |entry: &&k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry| {
        entry.manager.as_deref() == Some(FIELD_MANAGER)
    };
    Ok(json!({
        "replicas": deployment.spec.replicas,
        "paused": deployment.spec.paused == Some(true),
        "ours in managedFields": deployment.managed_fields().iter().filter(ours).count(),
        "sick pods": sick,
        "floor": status.enforcement.as_ref().and_then(|enforcement| enforcement.floor.clone()),
        "episode": status.enforcement.as_ref().and_then(|enforcement| enforcement.episode.clone()),
        "conditions": conditions.map(|condition| json!([condition.type_, condition.status])).collect::<Vec<_>>(),
    }))
}

fn is_sick(pod: &k8s_openapi::api::core::v1::Pod) -> bool {
    pod.annotations().contains_key(ERROR_SHARE_ANNOTATION)
}

/// Half of all requests fail on all pods alike, until a replica more was tried.
async fn an_outage(stage: &Stage) -> Result<()> {
    stage.shop.storefront.set_error_share(0.5)?;
    until_done(stage, Verb::RaiseFloor).await?;
    stage.shop.storefront.set_error_share(0.0)?;
    until_done(stage, Verb::Restore).await?;
    until_over(stage).await
}

/// A revision fails, and stays until it is undone.
async fn a_bad_revision(stage: &Stage) -> Result<()> {
    roll_out(stage, &format!(r#""{ERROR_SHARE_ANNOTATION}": "0.9""#)).await?;
    until_judged(stage, Verb::RollBack).await?;
    until_over(stage).await
}

/// A revision fails, and then its pods get well.
async fn a_revision_that_gets_well(stage: &Stage) -> Result<()> {
    let before = names(stage).await?;
    roll_out(stage, r#""revision": "2""#).await?;
    let_time_pass(Timestamp::now() + SignedDuration::from_secs(8), async || Ok(())).await?;
    let new: Vec<String> = names(stage).await?.into_iter().filter(|name| !before.contains(name)).collect();
    ensure!(!new.is_empty(), "no new pod");
    for pod in &new {
        annotate(stage, pod, &format!("{ERROR_SHARE_ANNOTATION}=0.9")).await?;
    }
    until_done(stage, Verb::PauseRollout).await?;
    for pod in &new {
        annotate(stage, pod, &format!("{ERROR_SHARE_ANNOTATION}-")).await?;
    }
    until_done(stage, Verb::ReleaseRollout).await?;
    until_over(stage).await
}

/// One pod fails most of its requests.
async fn a_sick_pod(stage: &Stage) -> Result<()> {
    let pod = names(stage).await?.into_iter().next().context("a pod")?;
    annotate(stage, &pod, &format!("{ERROR_SHARE_ANNOTATION}=0.9")).await?;
    until_judged(stage, Verb::Reschedule).await?;
    until_over(stage).await
}

async fn until_done(stage: &Stage, verb: Verb) -> Result<()> {
    let done = |s: &AgreementStatus| s.actions.iter().any(|a| a.verb == verb && a.phase == ActionPhase::Done);
    stage.until(STOREFRONT, &format!("{verb:?}"), |s| done(s).then_some(())).await
}

async fn until_judged(stage: &Stage, verb: Verb) -> Result<()> {
    let judged = |s: &AgreementStatus| s.actions.iter().any(|a| a.verb == verb && a.verdict.is_some());
    stage.until(STOREFRONT, &format!("a verdict on {verb:?}"), |s| judged(s).then_some(())).await
}

async fn until_over(stage: &Stage) -> Result<()> {
    let over = |s: &AgreementStatus| {
        s.enforcement.as_ref().is_some_and(|e| e.episode.is_none() && e.floor.is_none()).then_some(())
    };
    stage.until(STOREFRONT, "the end of the episode", over).await
}

/// Each new pod is watched for a while before the next old one goes.
async fn roll_out(stage: &Stage, annotation: &str) -> Result<()> {
    let patch = format!(
        r#"{{"spec": {{"minReadySeconds": 90, "template": {{"metadata": {{"annotations": {{{annotation}}}}}}}}}}}"#
    );
    let arguments = ["patch", "deployment", STOREFRONT, "-n", &stage.namespace, "-p", &patch];
    stage.cluster.kubectl(&arguments).await?.ok().map(drop)
}

async fn annotate(stage: &Stage, pod: &str, annotation: &str) -> Result<()> {
    stage.cluster.kubectl(&["annotate", "pod", pod, "-n", &stage.namespace, annotation]).await?.ok().map(drop)
}

async fn names(stage: &Stage) -> Result<Vec<String>> {
    let api: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    let pods = api.list(&ListParams::default().labels(&format!("app={STOREFRONT}"))).await?;
    Ok(pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).map(ResourceExt::name_any).collect())
}

fn autoscaler(namespace: &str) -> String {
    format!(
        r"apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {STOREFRONT}, namespace: {namespace}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {STOREFRONT}}}
  minReplicas: 3
  maxReplicas: 5
  metrics:
  - type: Resource
    resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 80}}}}
"
    )
}
