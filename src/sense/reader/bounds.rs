//! The bounds of the histograms, as the store spells them: looked up together, remembered for an hour.
//!
//! Remembering is safe because a bound that is spelled anew shows: its buckets then have fewer samples than the
//! histogram's count, and the bounds are looked up again before a reading is given.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;
use k8s_openapi::jiff::Timestamp;

use super::expressions::{expression, refused, seconds};
use super::{IndicatorAsk, ReadStats, ReadingKey};
use crate::sense::observation::{Failure, FailureKind};
use crate::sense::promql::{AskId, Bound, BoundsAsk, BoundsRequest, matching_bounds};
use crate::sense::store::{Answer, StoreClient, StoreError};

/// How long a bound is remembered, on the clock of the slots.
const REMEMBERED_MS: i64 = 3_600_000;
/// How far back buckets are looked for at most.
const WINDOW_MS: u64 = 6 * 3_600_000;
/// Bounds remembered at most; more indicators on one source are looked up every time.
const MOST: usize = 20_000;

/// A threshold's bound.
#[derive(Clone, Debug)]
pub(super) struct FoundBound {
    pub(super) bound: Bound,
    /// Not looked up just now.
    pub(super) remembered: bool,
}

/// What is remembered of one source.
#[derive(Default)]
pub(super) struct Bounds {
    known: Mutex<HashMap<Sought, (Bound, i64)>>,
}

/// What a bound depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sought {
    histogram: String,
    labels: BTreeMap<String, String>,
    threshold: String,
}

/// A bound that has to be looked up.
type Missing<'a> = (BoundsAsk, Sought, &'a ReadingKey);

/// The bound of every latency indicator, or why there is none.
pub(super) type Found = BTreeMap<ReadingKey, Result<FoundBound, Failure>>;

impl Bounds {
    /// The bounds of all latency indicators among the asks.
    pub(super) async fn find(&self, client: &StoreClient, asks: &[IndicatorAsk], stats: &mut ReadStats) -> Found {
        let mut found = Found::new();
        let mut missing: BTreeMap<(i64, u64), Vec<Missing<'_>>> = BTreeMap::new();
        for (ask, id) in asks.iter().zip(0..) {
            let Some(sought) = Sought::of(ask) else { continue };
            let sought = match sought {
                Ok(sought) => sought,
                Err(failure) => {
                    found.insert(ask.key.clone(), Err(failure));
                    continue;
                }
            };
            let at_ms = ask.slots.last_end_ms();
            if let Some(bound) = self.remembered(&sought, at_ms) {
                found.insert(ask.key.clone(), Ok(FoundBound { bound, remembered: true }));
                continue;
            }
            let question =
                BoundsAsk { id: AskId(id), histogram: sought.histogram.clone(), labels: sought.labels.clone() };
            match question.check() {
                Ok(()) => {
                    let window = (at_ms, ask.slots.span_ms().min(WINDOW_MS));
                    missing.entry(window).or_default().push((question, sought, &ask.key));
                }
                Err(refusal) => {
                    found.insert(ask.key.clone(), Err(refused("indicator.latency", &refusal)));
                }
            }
        }
        for ((at_ms, window_ms), wanted) in missing {
            let questions: Vec<BoundsAsk> = wanted.iter().map(|(question, _, _)| question.clone()).collect();
            let spellings = ask(client, &questions, at_ms, window_ms, stats).await;
            for (question, sought, key) in wanted {
                let bound = match spellings.get(&question.id) {
                    Some(Ok(spellings)) => sought.among(spellings),
                    Some(Err(failure)) => Err(failure.clone()),
                    None => Err(expression("indicator.latency: the histogram's bounds were not asked for")),
                };
                if let Ok(bound) = &bound {
                    self.remember(sought, bound.clone(), at_ms);
                }
                found.insert(key.clone(), bound.map(|bound| FoundBound { bound, remembered: false }));
            }
        }
        found
    }

    /// Forgets the bounds of these indicators.
    pub(super) fn forget(&self, asks: &[IndicatorAsk]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for sought in asks.iter().filter_map(Sought::of).flatten() {
            known.remove(&sought);
        }
    }

    fn remembered(&self, sought: &Sought, at_ms: i64) -> Option<Bound> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (bound, since) = known.get(sought)?;
        (at_ms.abs_diff(*since) <= REMEMBERED_MS.unsigned_abs()).then(|| bound.clone())
    }

    fn remember(&self, sought: Sought, bound: Bound, at_ms: i64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (_, since)| at_ms.abs_diff(*since) <= REMEMBERED_MS.unsigned_abs());
        }
        if known.len() < MOST {
            known.insert(sought, (bound, at_ms));
        }
    }
}

impl Sought {
    /// Nothing for an indicator without a histogram.
    fn of(ask: &IndicatorAsk) -> Option<Result<Self, Failure>> {
        let indicator = ask.indicator.latency.as_ref()?;
        let mut labels = indicator.selector.clone();
        for (label, value) in &ask.tenancy {
            if labels.insert(label.clone(), value.clone()).is_some_and(|own| own != *value) {
                return Some(Err(expression(&format!(
                    "indicator.latency.selector: the label {label} is set by the source to confine the agreement"
                ))));
            }
        }
        Some(seconds(&indicator.threshold).map(|threshold| Self {
            histogram: indicator.histogram.clone(),
            labels,
            threshold,
        }))
    }

    fn among(&self, spellings: &Spellings) -> Result<Bound, Failure> {
        matching_bounds(&spellings.bounds, &self.threshold).map_err(|error| match &spellings.warning {
            Some(warning) => Failure {
                kind: FailureKind::StoreFailed,
                message: format!("the histogram's bounds may be incomplete: {warning}"),
            },
            None => expression(&format!("indicator.latency.threshold: {error}")),
        })
    }
}

struct Spellings {
    bounds: Vec<String>,
    warning: Option<String>,
}

async fn ask(
    client: &StoreClient,
    questions: &[BoundsAsk],
    at_ms: i64,
    window_ms: u64,
    stats: &mut ReadStats,
) -> BTreeMap<AskId, Result<Spellings, Failure>> {
    let requests = BoundsRequest::plan(questions, window_ms);
    stats.requests += requests.len();
    let answers = join_all(requests.iter().map(|request| answer(client, &request.query, at_ms))).await;
    let mut spellings = BTreeMap::new();
    for (request, answer) in requests.iter().zip(answers) {
        match answer {
            Ok(answer) => {
                let warning = answer.remarks.warnings.first();
                let told = request.spellings(&answer.series).into_iter();
                spellings.extend(told.map(|(id, bounds)| (id, Ok(Spellings { bounds, warning: warning.cloned() }))));
            }
            Err(error) => spellings.extend(request.asks().into_iter().map(|id| (id, Err(Failure::from(&error))))),
        }
    }
    spellings
}

async fn answer(client: &StoreClient, query: &str, at_ms: i64) -> Result<Answer, StoreError> {
    let at = Timestamp::from_millisecond(at_ms).map_err(|error| StoreError::WrongType(error.to_string()))?;
    client.instant(query, at).await
}
