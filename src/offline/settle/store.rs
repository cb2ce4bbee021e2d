//! `--prometheus`: what an agreement would have cost over a past period, read from a metrics store.
//!
//! The same reader, forms of increase and rules as the operator's. Where the agreement's `MetricsSource` is among the
//! manifests, the expressions are confined to what it admits and sent with its headers, as in the cluster; otherwise
//! nothing confines them, since whoever runs this reads with their own rights.
//!
//! The operator waits for a store that does not answer and enters what it cannot ask as unknown. Here both end the
//! command: nobody is served by a statement that says nothing.

use std::sync::Arc;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};
use tokio::runtime::Runtime;

use super::account::{Ledgers, Origin};
use crate::api::metrics_source::IncreaseForm;
use crate::api::objective::Indicator;
use crate::api::{MetricsSource, ServiceLevelAgreement};
use crate::controller::terms::{self, Tenancy};
use crate::evaluate::amendment::terms_at;
use crate::evaluate::indicator;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::series;
use crate::evaluate::slot::{Slot, UnknownCause};
use crate::evaluate::span;
use crate::offline::prometheus;
use crate::offline::trouble::Trouble;
use crate::sense::observation::{FailureKind, Reading};
use crate::sense::reader::{IndicatorAsk, ReadingKey, SlotRange};
use crate::sense::source::{HttpStores, Opened, SlotReader, Sources};
use crate::sense::store::Credentials;

/// Slots that are asked at once to begin with: what one range query of a store can answer.
const MOST_AT_ONCE: u32 = 10_000;

/// Where fewer are asked at once because a range was too dear for the store, no fewer than so many.
const LEAST_AT_ONCE: u32 = 300;

/// What is read.
pub(super) struct Question<'a> {
    /// The store's address.
    pub url: &'a str,
    /// The agreement.
    pub agreement: &'a ServiceLevelAgreement,
    /// Its metrics source, if it was given.
    pub source: Option<&'a MetricsSource>,
    /// Its schedule.
    pub schedule: &'a Schedule,
}

/// A store that answers.
pub(super) struct Store<'a> {
    url: &'a str,
    agreement: &'a ServiceLevelAgreement,
    schedule: &'a Schedule,
    tenancy: Tenancy,
    origin: Origin,
    reader: Arc<dyn SlotReader>,
    now: Timestamp,
    /// What began before it is no longer in the store, or not all of it.
    horizon: Timestamp,
    runtime: Runtime,
}

impl<'a> Store<'a> {
    /// Opens a store, and asks how long it keeps samples.
    ///
    /// # Errors
    /// Says why the store can not be read.
    pub(super) fn open(question: &Question<'a>) -> Result<Self, Trouble> {
        let runtime = prometheus::runtime()?;
        let Question { url, agreement, source, schedule } = *question;
        let tenancy = tenancy(agreement, source).map_err(Trouble::Unreadable)?;
        let spec = prometheus::spec(url, source);
        let now = Timestamp::now();
        let opened = runtime.block_on(HttpStores.open(&spec, &Credentials::default(), now));
        let Opened { increase, retention, reader } = opened.map_err(|e| prometheus::unreadable(url, &e))?;
        let keeps = retention.keeps.as_ref().and_then(|keeps| span::elapsed(keeps).ok());
        let horizon = keeps.and_then(|keeps| now.checked_sub(keeps).ok()).unwrap_or(Timestamp::MIN);
        let origin = origin(url, agreement, source, increase.form);
        Ok(Self { url, agreement, schedule, tenancy, origin, reader, now, horizon, runtime })
    }

    /// Where its figures come from.
    #[must_use]
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// From when on it keeps all samples; the first instant of time where it does not say.
    #[must_use]
    pub(super) fn kept_from(&self) -> Timestamp {
        self.horizon
    }

    /// Reads the slots of periods that are over, and of those they look back on, unless they were read before.
    ///
    /// # Errors
    /// Says why the store can not be read, or which period is not over.
    pub(super) fn read(&self, periods: &[Bounds], read: &mut Ledgers) -> Result<(), Trouble> {
        let looked_back_on = periods.iter().flat_map(|period| self.schedule.looked_back_on(period));
        for period in looked_back_on.chain(periods.iter().copied()) {
            if read.contains_key(&period.start) {
                continue;
            }
            let terms = terms_at(&self.agreement.spec, period.start)?;
            let questions = Questions {
                generation: self.agreement.meta().generation.unwrap_or_default(),
                slot_seconds: terms.metrics.slot.seconds(),
                asked: terms.objectives.iter().flat_map(series::indicators).collect(),
                tenancy: self.tenancy.clone(),
                horizon: self.horizon,
            };
            let ledger = self.runtime.block_on(questions.ledger(&*self.reader, period, self.now));
            read.insert(period.start, ledger.map_err(|e| prometheus::unreadable(self.url, &e))?);
        }
        Ok(())
    }
}

/// What the expressions are confined to.
fn tenancy(agreement: &ServiceLevelAgreement, source: Option<&MetricsSource>) -> Result<Tenancy, String> {
    let Some(source) = source else { return Ok(Tenancy::new()) };
    let namespace = agreement.namespace().unwrap_or_default();
    terms::tenancy(&source.spec.tenants, &namespace).ok_or_else(|| {
        let name = source.name_any();
        format!("MetricsSource {name} does not admit namespace {namespace:?}; add it to its spec.tenants")
    })
}

/// What a statement says of where its figures come from.
fn origin(
    url: &str,
    agreement: &ServiceLevelAgreement,
    source: Option<&MetricsSource>,
    increase: IncreaseForm,
) -> Origin {
    let queries = source.map(|source| terms::queries(agreement, source, increase)).unwrap_or_default();
    Origin { name: agreement.spec.metrics.source_ref.name.clone(), url: url.to_owned(), increase, queries }
}

/// What is read of a period.
struct Questions {
    generation: i64,
    slot_seconds: i64,
    asked: Vec<(String, Indicator)>,
    tenancy: Tenancy,
    /// What began before it is no longer in the store, or not all of it.
    horizon: Timestamp,
}

impl Questions {
    async fn ledger(&self, reader: &dyn SlotReader, period: Bounds, now: Timestamp) -> Result<Ledger, String> {
        let names = self.asked.iter().map(|(name, _)| name.as_str());
        let mut ledger = Ledger::new(period, self.slot_seconds, names).map_err(|e| e.to_string())?;
        let end = ledger.settles_at(SignedDuration::ZERO);
        if end > now {
            return Err(format!("the period is not over before {end}; name one by --period that is"));
        }
        let length = SignedDuration::from_secs(self.slot_seconds);
        let slots = i64::try_from(ledger.slot_count()).unwrap_or(i64::MAX);
        let mut next = Timestamp::from_second(end.as_second().saturating_sub(slots.saturating_mul(self.slot_seconds)))
            .map_err(|e| e.to_string())?;
        while next < end && next < self.horizon {
            for (name, _) in &self.asked {
                let lost = Slot::unknown(UnknownCause::BeyondRetention, self.generation);
                ledger.insert(name, next, lost).map_err(|e| e.to_string())?;
            }
            next = next.saturating_add(length).unwrap_or(end);
        }
        let mut at_once = MOST_AT_ONCE;
        while next < end {
            let left = (end.as_second() - next.as_second()) / self.slot_seconds.max(1);
            let count = u32::try_from(left).unwrap_or(u32::MAX).min(at_once);
            match self.enter(reader, next, count, &mut ledger).await {
                Ok(()) => {
                    let span = SignedDuration::from_secs(self.slot_seconds.saturating_mul(count.into()));
                    next = next.saturating_add(span).unwrap_or(end);
                }
                Err(failed) if failed.too_dear && count > LEAST_AT_ONCE => at_once = (count / 2).max(LEAST_AT_ONCE),
                Err(failed) => return Err(failed.message),
            }
        }
        Ok(ledger)
    }

    /// Reads so many slots and enters them.
    async fn enter(
        &self,
        reader: &dyn SlotReader,
        from: Timestamp,
        count: u32,
        ledger: &mut Ledger,
    ) -> Result<(), Failed> {
        let seconds = u32::try_from(self.slot_seconds).unwrap_or_default();
        let slots = SlotRange::new(from, seconds, count).map_err(|e| Failed::of(&e))?;
        let ask = |(name, indicator): &(String, Indicator)| IndicatorAsk {
            key: ReadingKey { agreement: String::new(), objective: name.clone() },
            indicator: indicator.clone(),
            tenancy: self.tenancy.clone(),
            slots,
        };
        let asks: Vec<IndicatorAsk> = self.asked.iter().map(ask).collect();
        let (readings, _) = reader.read_slots(&asks).await;
        for (reading, (name, asked)) in readings.iter().zip(&self.asked) {
            for slot in &reading.slots {
                if let Some(failure) = slot.figures().find_map(Reading::failure) {
                    let message = format!("objective {name}, slot from {}: {}", slot.start, failure.message);
                    let too_dear = matches!(
                        failure.kind,
                        FailureKind::TimedOut | FailureKind::StoreFailed | FailureKind::NoAnswer | FailureKind::Refused
                    );
                    return Err(Failed { message, too_dear });
                }
                let entry = indicator::slot(asked, slot, self.generation);
                ledger.insert(name, slot.start, entry).map_err(|e| Failed::of(&e))?;
            }
        }
        Ok(())
    }
}

/// Why slots were not read.
struct Failed {
    message: String,
    /// Fewer slots at once may go.
    too_dear: bool,
}

impl Failed {
    fn of(error: &dyn std::error::Error) -> Self {
        Self { message: error.to_string(), too_dear: false }
    }
}
