//! Time series written into a metrics store, to give it a past.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// One series: a metric with labels, and what it was when.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Sorted by name, as remote write demands. The metric's name is the label `__name__`.
    labels: BTreeMap<String, String>,
    samples: Vec<Sample>,
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How much; not a number and the infinities are allowed.
    pub value: f64,
}

impl Series {
    /// A series of the metric `name` without further labels or samples.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::default().label("__name__", name)
    }

    /// Sets the label `name`.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a sample, which has to be later than those before it.
    pub fn push(&mut self, at: Timestamp, value: f64) {
        self.samples.push(Sample { at_ms: at.as_millisecond(), value });
    }

    /// Adds samples, each later than the one before it.
    #[must_use]
    pub fn with(mut self, samples: impl IntoIterator<Item = (Timestamp, f64)>) -> Self {
        for (at, value) in samples {
            self.push(at, value);
        }
        self
    }

    pub(crate) fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// Its samples, in the order of their times.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}
