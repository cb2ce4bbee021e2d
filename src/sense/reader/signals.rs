//! Reading one indicator pod by pod, over one short window that ends now.
//!
//! Asked only while something hangs on it, one indicator of a source at a time: when many agreements are in danger at
//! once, their slots must not wait behind their pods.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use tokio::time::timeout;

use super::slots::SlotRange;
use super::{IndicatorAsk, ReadStats, Reader, ReadingKey, expressions, promql_form};
use crate::api::objective::Indicator;
use crate::sense::observation::{Failure, FailureKind};
use crate::sense::promql::{ByLabel, Quantity, parse_quantity};
use crate::sense::signals::{PodEvents, PodVector, STALE, SignalAsk, Signals};
use crate::sense::store::Answer;

/// How long all of it may take, waiting for others included. What a decision waits for must not make its other readings
/// old.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an absent part says about a pod that has a total.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The part counts the bad events: absent, there were none.
    Bad,
    /// The part counts the good ones: absent, there were none.
    Good,
    /// The part is a histogram's bucket, which is never absent.
    Bucket,
}

type Sums = BTreeMap<String, Quantity>;

impl Reader {
    /// Reads an indicator by pod. Never fails: what went wrong is the outcome.
    pub async fn read_signals(&self, ask: &SignalAsk) -> Signals {
        if let Ok(Ok(signals) | Err(signals)) = timeout(PATIENCE, self.signals_in_turn(ask)).await {
            return signals;
        }
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        Signals::Failed(Failure { kind: FailureKind::TimedOut, message })
    }

    async fn signals_in_turn(&self, ask: &SignalAsk) -> Result<Signals, Signals> {
        let part = part(&ask.indicator).ok_or_else(|| {
            Signals::NotByPod("it is a single figure or a pool, not events that are good or bad".to_owned())
        })?;
        let _turn = self.turn.lock().await;
        let window = SignedDuration::from_secs(ask.window_seconds.into());
        let slots = ask.at.checked_sub(window).map_err(|error| error.to_string());
        let slots =
            slots.and_then(|from| SlotRange::new(from, 1, ask.window_seconds).map_err(|error| error.to_string()));
        let slots = slots.map_err(Signals::NotByPod)?;
        let key = ReadingKey { agreement: String::new(), objective: String::new() };
        let (indicator, tenancy) = (ask.indicator.clone(), ask.tenancy.clone());
        let whole = IndicatorAsk { key, indicator, tenancy, slots };
        let bounds = self.bounds.find(&self.client, std::slice::from_ref(&whole), &mut ReadStats::default()).await;
        let pair = expressions::pair(&whole, bounds.get(&whole.key)).map_err(Signals::Failed)?;
        let by_pod = |expression: &crate::sense::promql::ConfinedExpression| {
            expression.by_label(&self.pod_label).map_err(|why| Signals::NotByPod(why.to_string()))
        };
        let (total, named) = (by_pod(&pair.total)?, by_pod(&pair.part)?);
        let (totals, parts, newest) = futures::try_join!(
            self.sums(&total, ask.at, slots.span_ms()),
            self.sums(&named, ask.at, slots.span_ms()),
            self.newest(&total, ask.at)
        )?;
        Ok(self.assemble(ask.at, window, part, totals, &parts, newest))
    }

    async fn newest(&self, figure: &ByLabel, at: Timestamp) -> Result<Option<Timestamp>, Signals> {
        let Some(query) = figure.newest() else { return Ok(None) };
        Ok(newest(&whole_answer(self.client.instant(&query, at).await)?))
    }

    async fn sums(&self, figure: &ByLabel, at: Timestamp, window_ms: u64) -> Result<Sums, Signals> {
        let pieces = figure.pieces(window_ms, promql_form(self.form));
        let answers = pieces.iter().map(|piece| async move {
            let answer = if piece.samples {
                self.client.samples(&piece.query, at).await
            } else {
                self.client.instant(&piece.query, at).await
            };
            whole_answer(answer)
        });
        let mut sums = Sums::new();
        for (piece, answer) in pieces.iter().zip(try_join_all(answers).await?) {
            piece.add(&answer.series, at.as_millisecond(), &mut sums).map_err(|error| {
                Signals::Failed(Failure { kind: FailureKind::WrongType, message: error.to_string() })
            })?;
        }
        Ok(sums)
    }

    fn assemble(
        &self,
        at: Timestamp,
        window: SignedDuration,
        part: Part,
        totals: Sums,
        parts: &Sums,
        newest: Option<Timestamp>,
    ) -> Signals {
        if let Some(newest) = newest.filter(|newest| at.duration_since(*newest) > STALE) {
            return Signals::Stale(newest);
        }
        let Some(newest) = newest.filter(|_| !totals.is_empty()) else { return Signals::Empty };
        let mut elsewhere = PodEvents { pod: String::new(), total: BigRational::zero(), bad: BigRational::zero() };
        let mut pods = Vec::new();
        for (pod, total) in totals {
            let Some(bad) = bad(part, &total, parts.get(&pod)) else { continue };
            let events = PodEvents { pod, total, bad };
            if events.pod.is_empty() {
                elsewhere = events;
            } else {
                pods.push(events);
            }
        }
        if pods.is_empty() {
            let label = &self.pod_label;
            return Signals::NotByPod(format!(
                "its series carry no label `{label}`; if another one names the pod, put it into spec.podLabel of the \
                 MetricsSource"
            ));
        }
        Signals::ByPod(Box::new(PodVector { at, window, newest, pods, elsewhere }))
    }
}

/// The bad events of a pod; nothing when its figures contradict each other.
fn bad(part: Part, total: &BigRational, named: Option<&Quantity>) -> Option<BigRational> {
    let zero = BigRational::zero();
    let named = match (named, part) {
        (Some(named), _) => named,
        (None, Part::Bucket) if !total.is_zero() => return None,
        (None, _) => &zero,
    };
    let bad = if part == Part::Bad { named.clone() } else { total - named };
    (!bad.is_negative() && !total.is_negative() && bad <= *total).then_some(bad)
}

fn part(indicator: &Indicator) -> Option<Part> {
    match (&indicator.ratio, &indicator.latency) {
        (Some(ratio), _) if ratio.good.is_some() => Some(Part::Good),
        (Some(_), _) => Some(Part::Bad),
        (None, Some(_)) => Some(Part::Bucket),
        (None, None) => None,
    }
}

/// An answer without doubts.
fn whole_answer(answer: Result<Answer, crate::sense::store::StoreError>) -> Result<Answer, Signals> {
    let answer = answer.map_err(|error| Signals::Failed(Failure::from(&error)))?;
    match answer.remarks.warnings.first() {
        Some(warning) => Err(Signals::Partial(warning.clone())),
        None => Ok(answer),
    }
}

fn newest(answer: &Answer) -> Option<Timestamp> {
    let seconds = answer.series.iter().filter_map(|one| parse_quantity(&one.samples.last()?.1).ok());
    let milliseconds = seconds.max()? * BigRational::from_integer(1000.into());
    Timestamp::from_millisecond(milliseconds.to_integer().to_i64()?).ok()
}
