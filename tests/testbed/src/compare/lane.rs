//! One service under one way of scaling, from the first second of the course to the last.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::agreement::{agreement, source};
use super::course::{Course, Fault};
use super::judge::is_threshold;
use super::scaler::Scaler;
use super::stage::Stage;
use super::trail::{Sample, Trail};
use super::watch::{Watch, named, pods};
use super::{PODS, SERVICE_TIME, START};
use crate::chart::SYSTEM;
use crate::manifest::deployment;
use crate::operator::{Operator, OperatorOptions};
use crate::plant::load::Load;
use crate::plant::trace::Trace;
use crate::plant::{ServiceHandle, ServiceSpec};
use crate::shop::{STOREFRONT, ShopOptions};
use crate::wait::{Progress, wait_until};

/// How long pods may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// What the front door had to refuse before there were pods is no part of it.
const SETTLED: Duration = Duration::from_secs(10);
/// An autoscaler and an operator look so often, and where the load begins between two of their looks is chance.
const PERIOD: Duration = Duration::from_secs(15);
/// The time between two samples.
const LOOK: Duration = Duration::from_secs(1);

impl Stage {
    /// Plays the course in the namespace of this name, which is made and removed, and gives what was seen.
    ///
    /// # Errors
    /// When something does not come up, the autoscaler has no metrics, or the operator ends.
    pub async fn play(&self, namespace: &str, scaler: Scaler, seed: u64, course: &Course) -> Result<Trail> {
        self.cluster.create_namespace(namespace).await?;
        let played = self.play_in(namespace, scaler, seed, course).await;
        let gone = self.cluster.kubectl(&["delete", "namespace", namespace, "--wait=false"]).await?.ok();
        let trail = played?;
        gone?;
        Ok(trail)
    }

    async fn play_in(&self, namespace: &str, scaler: Scaler, seed: u64, course: &Course) -> Result<Trail> {
        let lane = Lane::open(self, namespace, seed, course).await?;
        let operator = match scaler {
            Scaler::Guarantor(_) => Some(self.operator(namespace).await?),
            Scaler::Cpu(_) | Scaler::Rate(_) => None,
        };
        let [before, after] = chance(seed);
        sleep(before).await;
        self.apply(&scaler.autoscaler(namespace).to_string()).await?;
        if operator.is_some() {
            self.apply(&source(namespace, &self.prometheus.url())).await?;
            self.apply(&agreement(namespace)).await?;
        }
        sleep(after).await;
        let played = lane.play(self, course).await;
        let Some(operator) = operator else { return played };
        // Whoever died under way has not scaled to the end.
        let log = std::fs::read_to_string(operator.log()).unwrap_or_default();
        let alive = operator.metrics().await.with_context(|| format!("the operator ended under way: {log}"));
        let delete = ["delete", "sla", STOREFRONT, "-n", namespace, "--timeout=60s", "--ignore-not-found"];
        let deleted = self.cluster.kubectl(&delete).await?.ok();
        operator.stop().await?;
        self.cluster.kubectl(&["delete", "metricssource", namespace, "--wait=false"]).await?.ok()?;
        let trail = played?;
        alive?;
        deleted?;
        Ok(trail)
    }

    async fn apply(&self, manifest: &str) -> Result<()> {
        self.cluster.kubectl_with_input(&["apply", "-f", "-"], manifest).await?.ok().map(drop)
    }

    /// An operator for this namespace alone: those of several lanes are not to be taken for one event. Its flags are as shipped,
    /// but for the one that lets it end without waiting for what nobody measures any more.
    async fn operator(&self, namespace: &str) -> Result<Operator> {
        Operator::start(&OperatorOptions {
            binary: self.operator.clone(),
            kubeconfig: self.kubeconfig.clone(),
            watch_namespace: namespace.to_owned(),
            lease_namespace: SYSTEM.to_owned(),
            lease_name: format!("guarantor-{namespace}"),
            flags: ["--log-format=text", "--close-grace=10s"].map(str::to_owned).to_vec(),
        })
        .await
    }
}

/// How long is waited before and after an autoscaler is made: the same for all that are played with a seed.
fn chance(seed: u64) -> [Duration; 2] {
    let mut random = Pcg64::seed_from_u64(seed);
    [(); 2].map(|()| PERIOD.mul_f64(random.random_range(0.0..1.0)))
}

/// Lets the load end with the lane, however that ends: others go on beside it.
struct Rests<'a>(&'a ServiceHandle);

impl Drop for Rests<'_> {
    fn drop(&mut self) {
        // A constant load is never refused.
        let _ = self.0.set_load(Load::Constant(0.0));
    }
}

/// The service, and what is watched of it.
struct Lane {
    namespace: String,
    service: ServiceHandle,
    deployment: Watch<Deployment>,
    autoscaler: Watch<HorizontalPodAutoscaler>,
    pods: Watch<Pod>,
}

impl Lane {
    /// A service in calm, with all of its pods ready.
    async fn open(stage: &Stage, namespace: &str, seed: u64, course: &Course) -> Result<Self> {
        let (start, spread) = START;
        let options = ShopOptions {
            replicas: PODS.into(),
            start_delay: start.saturating_sub(spread),
            start_until: Some(start.saturating_add(spread)),
            ..ShopOptions::new(namespace)
        };
        stage.apply(&deployment(STOREFRONT, &options)).await?;
        let spec = ServiceSpec {
            service_time: SERVICE_TIME,
            seed,
            ..ServiceSpec::new(namespace, STOREFRONT, format!("app={STOREFRONT}"), Load::Constant(course.calm()))
        };
        let service = stage.plant.add_service(spec).await?;
        let client = stage.cluster.client()?;
        let lane = Self {
            namespace: namespace.to_owned(),
            deployment: Watch::start(client.clone(), namespace, named()).await?,
            autoscaler: Watch::start(client.clone(), namespace, named()).await?,
            pods: Watch::start(client, namespace, pods()).await?,
            service,
        };
        wait_until("the pods", PATIENCE, async || {
            let ready = lane.service.ready_pods();
            Ok(if ready == usize::from(PODS) {
                Progress::Done(())
            } else {
                Progress::pending(format!("{ready} are ready"))
            })
        })
        .await?;
        sleep(SETTLED).await;
        Ok(lane)
    }

    /// Offers the course, and looks on.
    async fn play(&self, stage: &Stage, course: &Course) -> Result<Trail> {
        let _rests = Rests(&self.service);
        let recording = Trace::new(Duration::from_secs(1), course.rates().to_vec())?;
        self.service.set_load(Load::recorded(recording))?;
        let began = Instant::now();
        let (before, offered) = (self.sample(0.0), self.service.totals().offered);
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut trail, mut fault, mut checked) = (Trail::default(), course.strikes(), false);
        while began.elapsed() < course.length() {
            tick.tick().await;
            let at = began.elapsed();
            let seen = self.sample(at.as_secs_f64());
            let (ended, good) = (seen.ended.saturating_sub(before.ended), seen.good.saturating_sub(before.good));
            trail.0.push(Sample { ended, good, ..seen });
            if let Some((what, _)) = fault.take_if(|(_, when)| *when <= at) {
                self.strike(what)?;
            }
            if !checked && at >= course.judged_from() {
                checked = true;
                stage.adapter.lock().await.check()?;
                self.has_metrics()?;
            }
        }
        stage.adapter.lock().await.check()?;
        self.has_metrics()?;
        self.was_offered(offered, course)?;
        Ok(trail)
    }

    /// Makes sure that the load of the course came: a machine that was away for a while offers less.
    #[allow(clippy::cast_precision_loss, reason = "some ten thousand requests")]
    fn was_offered(&self, before: u64, course: &Course) -> Result<()> {
        let (came, meant) =
            (self.service.totals().offered.saturating_sub(before) as f64, course.rates().iter().sum::<f64>());
        // Chance alone makes less than a hundredth.
        ensure!((came / meant - 1.0).abs() < 0.02, "{came:.0} requests came of {meant:.0}: the machine was too busy");
        Ok(())
    }

    fn sample(&self, at: f64) -> Sample {
        let ended = self.service.totals().ended;
        let good = ended.buckets().find(|(bound, _)| is_threshold(*bound)).map_or(0, |(_, count)| count);
        let floor = self.autoscaler.only().and_then(|autoscaler| autoscaler.spec.min_replicas);
        Sample {
            at,
            ended: ended.requests(),
            good,
            pods: u32::try_from(self.pods.all().len()).unwrap_or(u32::MAX),
            replicas: self.deployment.only().and_then(|deployment| deployment.spec.replicas).unwrap_or_default(),
            floor: floor.unwrap_or_default(),
        }
    }

    fn strike(&self, fault: Fault) -> Result<()> {
        match fault {
            Fault::SlowPod => {
                let pods = self.pods.all();
                let oldest = pods.iter().min_by_key(|pod| (pod.creation_timestamp(), pod.name_any()));
                let oldest = oldest.context("there is no pod to be slow")?;
                self.service.set_pod_speed(&oldest.name_any(), super::simulator::SLOW)
            }
            Fault::CostlierRequests => self.service.set_service_time(SERVICE_TIME.mul_f64(super::simulator::COSTLIER)),
        }
    }

    /// An autoscaler without metrics would be compared in vain.
    fn has_metrics(&self) -> Result<()> {
        let autoscaler = self.autoscaler.only().context("the autoscaler is gone")?;
        let conditions = autoscaler.status.as_ref().and_then(|status| status.conditions.as_ref());
        let active = conditions.into_iter().flatten().find(|condition| condition.type_ == "ScalingActive");
        let scales = active.is_some_and(|condition| condition.status == "True");
        ensure!(
            scales,
            "the autoscaler of {} does not scale: {}",
            self.namespace,
            active.and_then(|condition| condition.message.as_deref()).unwrap_or("it says nothing")
        );
        Ok(())
    }
}
