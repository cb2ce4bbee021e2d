//! Reading the indicators of all agreements of one source, slot by slot.
//!
//! Takes the indicators with their tenancy and the slots wanted; gives one [`SlotReading`] per slot. In between: the
//! expressions are planned together (`promql`), asked (`store`) and told apart. One slot costs instant queries, several
//! cost range queries with one step per slot, so that catching up costs as many requests as keeping up.
//!
//! What the figures mean is for `evaluate` to say. Must never let one agreement's expression spoil another's reading
//! without looking for the cause, and never give a figure for what it could not read.

mod assemble;
mod bounds;
mod counters;
mod course;
mod exchange;
mod expressions;
mod halving;
mod signals;
mod slots;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use k8s_openapi::jiff::Timestamp;

pub use slots::{SlotRange, SlotRangeError};

use self::assemble::Answers;
use self::bounds::Bounds;
use self::exchange::Exchange;
use self::expressions::Pair;
use self::halving::Done;
use super::observation::{Failure, SlotReading};
use super::promql::{self, Ask, AskId, Plan, Question};
use super::store::{StoreClient, StoreError, retention};
use crate::api::metrics_source::{IncreaseForm, Retention, default_pod_label};
use crate::api::objective::Indicator;

/// At most this many asks are remembered as having spoiled a joined request.
const SUSPECTS: usize = 1024;

/// Whose indicator it is. Means nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadingKey {
    /// The agreement's uid.
    pub agreement: String,
    /// The objective's name.
    pub objective: String,
}

/// One indicator and the slots for which it is to be read.
#[derive(Clone, Debug)]
pub struct IndicatorAsk {
    /// Whose it is.
    pub key: ReadingKey,
    /// What to read.
    pub indicator: Indicator,
    /// The labels, with their values, that every selected series must carry.
    pub tenancy: Vec<(String, String)>,
    /// The slots.
    pub slots: SlotRange,
}

/// What was read of one indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorReading {
    /// Whose it is.
    pub key: ReadingKey,
    /// How its increases were counted: as the source's are, or less exactly where the expression does not allow that.
    pub form: IncreaseForm,
    /// One reading per slot asked for, in order.
    pub slots: Vec<SlotReading>,
}

/// What a reading cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Requests sent, second tries not included.
    pub requests: usize,
    /// Of them, those sent to find out which part of a joined request the store objects to.
    pub halvings: usize,
    /// Figures that were asked for together with others.
    pub joined: usize,
    /// Expressions that could not be asked together with others.
    pub lone: usize,
}

/// Reads indicators from one source.
pub struct Reader {
    client: Arc<StoreClient>,
    form: IncreaseForm,
    bounds: Bounds,
    /// Whose expressions the store objected to when they were joined: they are asked alone until it no longer does.
    suspects: Mutex<BTreeSet<ReadingKey>>,
    /// The label that names the pod of a series.
    pod_label: String,
    /// One indicator at a time is read by pod.
    turn: tokio::sync::Mutex<()>,
}

/// An indicator on its way: its ask, and what is asked about it.
struct Entry<'a> {
    ask: &'a IndicatorAsk,
    total: AskId,
    part: AskId,
    deployed: AskId,
    expressions: Result<Pair, Failure>,
}

impl Reader {
    /// A reader for a source whose form of increase is known.
    #[must_use]
    pub fn new(client: Arc<StoreClient>, form: IncreaseForm) -> Self {
        Self {
            client,
            form,
            bounds: Bounds::default(),
            suspects: Mutex::default(),
            pod_label: default_pod_label(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The same for a source whose series name their pod by this label.
    #[must_use]
    pub fn with_pod_label(self, label: &str) -> Self {
        Self { pod_label: label.to_owned(), ..self }
    }

    /// Asks how long the source keeps samples.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn retention(&self, now: Timestamp) -> Result<Retention, StoreError> {
        retention(&self.client, now).await
    }

    /// Reads all asks, in the order given. Never fails as a whole: what went wrong is in the readings it concerns.
    pub async fn read_slots(&self, asks: &[IndicatorAsk]) -> (Vec<IndicatorReading>, ReadStats) {
        let mut stats = ReadStats::default();
        let mut readings = self.pass(asks, &mut stats).await;
        // Bounds are remembered. A histogram that changed them shows up as buckets with other samples than the count.
        let outdated: Vec<usize> = (0..asks.len())
            .filter(|index| readings.get(*index).is_some_and(|reading| reading.mismatch && reading.remembered_bounds))
            .collect();
        let again: Vec<IndicatorAsk> = outdated.iter().filter_map(|index| asks.get(*index).cloned()).collect();
        if !again.is_empty() {
            self.bounds.forget(&again);
            for (index, reading) in outdated.into_iter().zip(self.pass(&again, &mut stats).await) {
                if let Some(old) = readings.get_mut(index) {
                    *old = reading;
                }
            }
        }
        (readings.into_iter().map(|reading| reading.reading).collect(), stats)
    }

    async fn pass(&self, asks: &[IndicatorAsk], stats: &mut ReadStats) -> Vec<assemble::Assembled> {
        let found = self.bounds.find(&self.client, asks, stats).await;
        let entries: Vec<Entry<'_>> = (0..)
            .step_by(3)
            .zip(asks)
            .map(|(id, ask)| Entry {
                ask,
                total: AskId(id),
                part: AskId(id + 1),
                deployed: AskId(id + 2),
                expressions: expressions::pair(ask, found.get(&ask.key)),
            })
            .collect();
        let mut windows: BTreeMap<SlotRange, Vec<&Entry<'_>>> = BTreeMap::new();
        for entry in &entries {
            windows.entry(entry.ask.slots).or_default().push(entry);
        }
        let mut answers = Answers::default();
        for (slots, entries) in windows {
            self.read_window(slots, &entries, &mut answers, stats).await;
        }
        entries.iter().map(|entry| assemble::reading(entry, self.form, &answers)).collect()
    }

    /// All that is wanted for the same slots.
    async fn read_window(
        &self,
        slots: SlotRange,
        entries: &[&Entry<'_>],
        answers: &mut Answers,
        stats: &mut ReadStats,
    ) {
        let suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut together = Vec::new();
        let mut plans = Vec::new();
        let form = promql_form(self.form);
        let mut owners = BTreeMap::new();
        let mut fields = BTreeMap::new();
        let mut with_coverage = BTreeSet::new();
        for entry in entries {
            let Ok(pair) = &entry.expressions else { continue };
            let latency = entry.ask.indicator.latency.is_some();
            // A value that has no series has no sample either: there is nothing more to look at.
            let counts = entry.ask.indicator.value.is_none();
            with_coverage.extend([counts.then_some(entry.total), latency.then_some(entry.part)].into_iter().flatten());
            let ids = [entry.total, entry.part, entry.deployed];
            owners.extend(ids.map(|id| (id, &entry.ask.key)));
            fields.extend(ids.into_iter().zip(expressions::fields(&entry.ask.indicator)));
            let expressions = [Some(&pair.total), Some(&pair.part), pair.deployed.as_ref()];
            let asks = ids.into_iter().zip(expressions).filter_map(|(id, expression)| {
                let expression = expression?.clone();
                Some(Ask { id, expression, slot_ms: slots.slot_ms(), at_ms: slots.last_end_ms() })
            });
            if suspects.contains(&entry.ask.key) {
                plans.extend(asks.map(|ask| Plan::of(&[ask], form)));
            } else {
                together.extend(asks);
            }
        }
        plans.insert(0, Plan::of(&together, form));
        stats.lone += plans.iter().map(|plan| plan.lone).sum::<usize>();
        let requests = plans.into_iter().flat_map(|plan| plan.requests).filter(|request| {
            request.question != Question::Coverage || request.asks().iter().any(|id| with_coverage.contains(id))
        });
        let exchanges = requests.map(|request| Exchange::new(&self.client, slots, request).run());
        let mut all_done = join_all(exchanges).await;
        if self.is_to_blame(&all_done, slots, stats).await {
            for done in &mut all_done {
                done.blame(|id| fields.get(&id).copied().unwrap_or("indicator"));
            }
        }
        let (mut objected, mut accepted) = (BTreeSet::new(), BTreeSet::new());
        for done in all_done {
            stats.requests += done.requests;
            stats.halvings += done.halvings;
            stats.joined += done.joined;
            objected.extend(done.objected.iter().filter_map(|id| owners.get(id).copied()));
            accepted.extend(done.accepted.iter().filter_map(|id| owners.get(id).copied()));
            answers.extend(done.readings, done.form);
        }
        let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        suspects.retain(|key| !accepted.contains(key) || objected.contains(key));
        let room = SUSPECTS.saturating_sub(suspects.len());
        suspects.extend(objected.into_iter().take(room).cloned());
    }

    /// Whether it is for an expression's sake that one was refused: the store does answer others, or at least the
    /// plainest question there is.
    async fn is_to_blame(&self, all_done: &[Done], slots: SlotRange, stats: &mut ReadStats) -> bool {
        if all_done.iter().all(|done| done.refused.is_empty()) {
            return false;
        }
        if all_done.iter().any(|done| done.answered) {
            return true;
        }
        stats.requests += 1;
        let Ok(at) = Timestamp::from_second(slots.last_end()) else { return false };
        self.client.instant("vector(1)", at).await.is_ok()
    }
}

/// The form under which expressions are printed for a source.
#[must_use]
pub const fn promql_form(form: IncreaseForm) -> promql::IncreaseForm {
    match form {
        IncreaseForm::Anchored => promql::IncreaseForm::Anchored,
        IncreaseForm::Native => promql::IncreaseForm::Native,
        IncreaseForm::Raw => promql::IncreaseForm::Raw,
        IncreaseForm::Extrapolated => promql::IncreaseForm::Extrapolated,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
