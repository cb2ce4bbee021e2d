//! One planned request, asked for all its slots: the readings of every ask in it.
//!
//! One slot is an instant query, several are range queries whose steps are the slots' ends, in pieces that keep the
//! store's limit of points per series and ours of answer size. Samples are fetched for an hour of slots at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

use super::slots::SlotRange;
use crate::sense::observation::{Failure, FailureKind, Reading};
use crate::sense::promql::{AskId, Outcome, Question, Request, SampledSeries};
use crate::sense::store::{Answer, StoreClient, StoreError};

/// Stores refuse more than 11,000 points per series.
const POINTS_PER_SERIES: u32 = 10_000;
/// Points of all series of one answer; each is about 25 bytes.
const POINTS: u32 = 500_000;
/// Samples are fetched for as many slots as fit into this.
const SAMPLES_SPAN_S: u32 = 3600;

/// The readings of asks, one per slot.
pub(super) type Readings = BTreeMap<(AskId, Question), Vec<Reading>>;

/// What a store said to a request: the readings, and its doubt about them.
pub(super) struct Fetched {
    pub(super) readings: Readings,
    pub(super) warning: Option<String>,
}

/// A request and the store it goes to.
pub(super) struct Exchange<'a> {
    pub(super) client: &'a StoreClient,
    pub(super) slots: SlotRange,
    pub(super) request: Request,
    pub(super) sent: AtomicUsize,
}

impl<'a> Exchange<'a> {
    pub(super) const fn new(client: &'a StoreClient, slots: SlotRange, request: Request) -> Self {
        Self { client, slots, request, sent: AtomicUsize::new(0) }
    }

    /// The slots in pieces that one range query can answer.
    pub(super) fn pieces(&self) -> impl Iterator<Item = SlotRange> + use<> {
        let series = u32::try_from(self.request.asks().len()).unwrap_or(POINTS).max(1);
        self.slots.chunks((POINTS / series).clamp(1, POINTS_PER_SERIES))
    }

    pub(super) async fn fetch(&self, request: &Request, slots: SlotRange) -> Result<Fetched, StoreError> {
        if request.question == Question::Samples {
            return self.fetch_samples(request, slots).await;
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = if slots.count() == 1 {
            self.client.instant(&request.query, instant(slots.last_end())?).await?
        } else {
            self.client.range(&request.query, slots.first_end(), slots.last_end(), slots.seconds()).await?
        };
        let readings = request
            .sort(&answer.series)
            .into_iter()
            .map(|(id, own)| ((id, request.question), per_slot(&own, slots, request.question)))
            .collect();
        Ok(Fetched { readings, warning: warning(&answer) })
    }

    async fn fetch_samples(&self, request: &Request, slots: SlotRange) -> Result<Fetched, StoreError> {
        let mut all = Fetched { readings: Readings::new(), warning: None };
        for piece in slots.chunks(SAMPLES_SPAN_S / slots.seconds()) {
            match self.fetch_span(request, piece).await {
                Err(StoreError::TooLarge { .. }) if piece.count() > 1 => {
                    for slot in piece.chunks(1) {
                        all.append(self.fetch_span(request, slot).await?);
                    }
                }
                other => all.append(other?),
            }
        }
        Ok(all)
    }

    async fn fetch_span(&self, request: &Request, slots: SlotRange) -> Result<Fetched, StoreError> {
        let query = request.samples_over(slots.span_ms()).unwrap_or_else(|| request.query.clone());
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.samples(&query, instant(slots.last_end())?).await?;
        let mut readings = Readings::new();
        for end_ms in slots.ends_ms() {
            for (id, figure) in request.measure(&answer.series, end_ms) {
                readings.entry((id, Question::Value)).or_default().push(reading(figure.increase));
                let samples = Reading::Value(BigRational::from_integer(figure.samples.into()));
                readings.entry((id, Question::Coverage)).or_default().push(samples);
            }
        }
        Ok(Fetched { readings, warning: warning(&answer) })
    }
}

impl Fetched {
    fn append(&mut self, later: Self) {
        for (key, readings) in later.readings {
            self.readings.entry(key).or_default().extend(readings);
        }
        self.warning = self.warning.take().or(later.warning);
    }
}

fn warning(answer: &Answer) -> Option<String> {
    let warnings = &answer.remarks.warnings;
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

fn instant(second: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_second(second).map_err(|error| StoreError::WrongType(error.to_string()))
}

/// The readings of one ask from the series that belong to it.
fn per_slot(series: &[&SampledSeries], slots: SlotRange, question: Question) -> Vec<Reading> {
    let mut values: Vec<Vec<&str>> = slots.ends_ms().map(|_| Vec::new()).collect();
    for (at_ms, value) in series.iter().flat_map(|one| &one.samples) {
        // An instant query's answer is for the instant asked, whatever the store writes beside it.
        let slot = if slots.count() == 1 { Some(0) } else { slots.ending_at(*at_ms) };
        if let Some(values) = slot.and_then(|slot| values.get_mut(slot)) {
            values.push(value);
        }
    }
    values
        .into_iter()
        .map(|values| match (values.as_slice(), question) {
            // How many samples there are is known to be none when no series has any.
            ([], Question::Coverage) => Reading::Value(BigRational::from_integer(0.into())),
            ([], _) => Reading::Absent,
            ([value], _) => reading(Outcome::of_value(value)),
            (several, _) => Reading::TooManySeries(several.len()),
        })
        .collect()
}

fn reading(outcome: Outcome) -> Reading {
    let unusable = |message: String| Reading::Failed(Failure { kind: FailureKind::WrongType, message });
    match outcome {
        Outcome::Value(value) => Reading::Value(value),
        Outcome::Absent => Reading::Absent,
        Outcome::NonFinite(_) => Reading::NonFinite,
        Outcome::Negative(_) => Reading::Negative,
        Outcome::TooManySeries(series) => Reading::TooManySeries(series),
        Outcome::Inexact(text) => unusable(format!(
            "the store's figure {text} is 2^53 or more, where the store itself no longer counts exactly"
        )),
        Outcome::Unreadable(text) => unusable(format!("the store's figure {text:?} is not a number")),
    }
}
