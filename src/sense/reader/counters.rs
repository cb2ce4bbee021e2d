//! Reading the counters of a service as they were scraped, step by step.
//!
//! One query after the other, so that the slots of all others need not wait behind it.

use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::Reader;
use super::course::{Answer, Answers, OVERLAP, course};
use super::expressions::refused;
use crate::sense::counters::{CounterAsk, Counters, Millionths, RATE_STEP, STEP};
use crate::sense::observation::{Failure, FailureKind};
use crate::sense::promql::{Refusal, SampledSeries, Scraped, millionths};

/// How long one reading may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The metrics that are asked for.
struct Metrics {
    buckets: Scraped,
    count: Scraped,
    cpu: Scraped,
    errors: Option<Scraped>,
    in_flight: Option<Scraped>,
}

impl Metrics {
    fn of(ask: &CounterAsk) -> Result<Self, Counters> {
        let tenancy = &ask.tenancy;
        let failed = |field: &'static str| move |refusal: Refusal| Counters::Failed(refused(field, &refusal));
        let selector: Vec<(String, String)> = ask.latency.selector.clone().into_iter().collect();
        let part = |part: &str| {
            let metric = Scraped::histogram(&ask.latency.histogram, &selector, part, tenancy);
            metric.map_err(failed("indicator.latency"))
        };
        let counted = |text: &String| Scraped::counted_by(text, tenancy).map_err(failed("indicator.ratio.bad"));
        let gauge = |text: &String| Scraped::parse(text, tenancy).map_err(failed("enforcement.capacity.inFlight"));
        Ok(Self {
            buckets: part("_bucket")?,
            count: part("_count")?,
            cpu: Scraped::parse(&ask.cpu, tenancy).map_err(failed("enforcement.capacity.cpu"))?,
            errors: ask.errors.as_ref().map(counted).transpose()?,
            in_flight: ask.in_flight.as_ref().map(gauge).transpose()?,
        })
    }
}

impl Reader {
    /// Reads the counters from step to step. Never fails: what went wrong is the outcome.
    pub async fn read_counters(&self, ask: &CounterAsk) -> Counters {
        match timeout(PATIENCE, self.counters(ask)).await {
            Ok(Ok(counters) | Err(counters)) => counters,
            Err(_) => Counters::Failed(too_late()),
        }
    }

    /// Reads the requests per second in steps of [`RATE_STEP`], in millionths, oldest first.
    ///
    /// # Errors
    /// When there is no usable answer.
    pub async fn read_rates(&self, ask: &CounterAsk) -> Result<Vec<(Timestamp, Millionths)>, Counters> {
        let reading = async {
            let rate = Metrics::of(ask)?.count.rate(seconds(RATE_STEP));
            let series = self.steps(&rate, ask.from, ask.to, RATE_STEP).await?;
            let samples = series.into_iter().flat_map(|one| one.samples);
            Ok(samples.filter_map(|(at, value)| Some((instant(at)?, millionths(&value)?))).collect())
        };
        timeout(PATIENCE, reading).await.unwrap_or_else(|_| Err(Counters::Failed(too_late())))
    }

    async fn counters(&self, ask: &CounterAsk) -> Result<Counters, Counters> {
        let metrics = Metrics::of(ask)?;
        if ask.tenancy.iter().any(|(label, _)| *label == self.pod_label) {
            let message = format!("the label {} that names pods is one that tells tenants apart", self.pod_label);
            return Err(Counters::NotByPod(message));
        }
        // A little earlier, so that what was counted by the first step is known of every pod.
        let first = ask.from.checked_sub(OVERLAP).unwrap_or(ask.from);
        let pod = self.pod_label.as_str();
        let asked = |query: String| async move { self.steps(&query, first, ask.to, STEP).await };
        let optional = |query: Option<String>| async move {
            match query {
                Some(query) => asked(query).await.map(Some),
                None => Ok(None),
            }
        };
        let buckets = Answer {
            rows: asked(metrics.buckets.sum_by(&[pod, "le"])).await?,
            newest: asked(metrics.count.newest_by(pod)).await?,
            series: asked(metrics.count.count_by(pod)).await?,
        };
        let cpu = Answer {
            rows: asked(metrics.cpu.sum_by(&[pod])).await?,
            newest: asked(metrics.cpu.newest_by(pod)).await?,
            series: asked(metrics.cpu.count_by(pod)).await?,
        };
        let errors = optional(metrics.errors.map(|errors| errors.sum_by(&[pod]))).await?.unwrap_or_default();
        let in_flight = optional(metrics.in_flight.map(|gauge| gauge.sum())).await?;
        let answers = Answers {
            pod_label: pod,
            kin: &ask.kin,
            buckets: &buckets,
            cpu: &cpu,
            errors: &errors,
            in_flight: in_flight.as_deref(),
        };
        Ok(course(&answers, ask.from, ask.to))
    }

    /// The values of a query at the steps between two instants, without doubts.
    async fn steps(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step: SignedDuration,
    ) -> Result<Vec<SampledSeries>, Counters> {
        let answer = self.client.range(query, from.as_second(), to.as_second(), seconds(step)).await;
        let answer = answer.map_err(|error| Counters::Failed(Failure::from(&error)))?;
        match answer.remarks.warnings.into_iter().next() {
            Some(warning) => Err(Counters::Partial(warning)),
            None => Ok(answer.series),
        }
    }
}

fn seconds(step: SignedDuration) -> u32 {
    u32::try_from(step.as_secs()).unwrap_or(u32::MAX)
}

fn instant(at_ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(at_ms).ok()
}

fn too_late() -> Failure {
    Failure { kind: FailureKind::TimedOut, message: format!("no answer within {} s", PATIENCE.as_secs()) }
}
