//! A metrics store whose history is written second by second by the test, and read slot by slot by the operator.
//!
//! It answers at once and always the same, so that what differs between two runs is the operator's doing. Reading over
//! HTTP is tested elsewhere, against real stores.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use guarantor::api::Span;
use guarantor::api::metrics_source::{IncreaseForm, IncreaseProbe, MetricsSourceSpec};
use guarantor::sense::observation::{Reading, ReadingPair, SlotReading};
use guarantor::sense::reader::{IndicatorAsk, IndicatorReading, ReadStats};
use guarantor::sense::source::{OpenError, Opened, SlotReader, Sources};
use guarantor::sense::store::Credentials;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// What happened in one second.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    pub total: u64,
    pub bad: u64,
}

/// The history so far.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    seconds: Arc<Mutex<BTreeMap<i64, Second>>>,
    /// How long the store says it keeps samples.
    pub retention: Option<Span>,
}

impl Traffic {
    /// Enters the second that begins at `at`.
    pub fn enter(&self, at: Timestamp, second: Second) {
        self.seconds.lock().unwrap().insert(at.as_second(), second);
    }

    fn slot(&self, start: Timestamp) -> SlotReading {
        let seconds = self.seconds.lock().unwrap();
        let within: Vec<&Second> =
            seconds.range(start.as_second()..start.as_second() + SLOT).map(|(_, second)| second).collect();
        let value = |number: u64| Reading::Value(num_rational::BigRational::from_integer(number.into()));
        let sum = |of: fn(&Second) -> u64| {
            if within.is_empty() { Reading::Absent } else { value(within.iter().copied().map(of).sum()) }
        };
        SlotReading {
            start,
            counted: ReadingPair { total: sum(|second| second.total), part: sum(|second| second.bad) },
            born: None,
            all_births: None,
            samples: value(within.len() as u64),
        }
    }
}

impl SlotReader for Traffic {
    fn read_slots<'a>(&'a self, asks: &'a [IndicatorAsk]) -> BoxFuture<'a, (Vec<IndicatorReading>, ReadStats)> {
        let readings = asks.iter().map(|ask| IndicatorReading {
            key: ask.key.clone(),
            form: IncreaseForm::Anchored,
            slots: ask.slots.starts().map(|start| self.slot(start)).collect(),
        });
        std::future::ready((readings.collect(), ReadStats::default())).boxed()
    }
}

impl Sources for Traffic {
    fn open<'a>(
        &'a self,
        _: &'a MetricsSourceSpec,
        _: &'a Credentials,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Opened, OpenError>> {
        let increase =
            IncreaseProbe { form: IncreaseForm::Anchored, evidence: "by the test".to_owned(), probed_at: Time(now) };
        std::future::ready(Ok(Opened { increase, retention: self.retention.clone(), reader: Arc::new(self.clone()) }))
            .boxed()
    }
}

/// The length of every slot here in seconds.
pub const SLOT: i64 = 5;
