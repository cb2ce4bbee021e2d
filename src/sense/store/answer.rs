//! The store's answer: rows of labels and samples, with the warnings beside them.
//!
//! Takes the JSON of `/api/v1/query` and `/api/v1/query_range`. Written here rather than taken from
//! prometheus-http-query, whose typed answers drop the warnings (an incomplete answer of Thanos or Mimir then looks
//! complete) and turn values into floats. Values stay the text the store sent, so that an exact figure stays exact;
//! what `NaN` or `+Inf` means is for the reader to say. Must never read a missing row or sample as anything.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{StoreError, words};
use crate::sense::promql::SampledSeries;

/// Everything a store said to one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The series; of an instant query each with one sample. None: the store knows no such series, which is not zero.
    pub series: Vec<SampledSeries>,
    /// What the store remarks on its answer.
    pub remarks: Remarks,
}

/// What a store remarks on its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Doubts: the answer may be incomplete.
    pub warnings: Vec<String>,
    /// Hints about the query, such as a counter whose name does not end in `_total`. The answer is complete.
    pub infos: Vec<String>,
}

/// What the question asks for. Anything else is no answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// One sample per series: a vector, or a scalar as a row without labels.
    Instant,
    /// Several samples per series.
    Matrix,
}

#[derive(Deserialize)]
pub(super) struct Envelope<D> {
    pub(super) status: Status,
    data: Option<D>,
    #[serde(rename = "errorType")]
    pub(super) error_type: Option<String>,
    pub(super) error: Option<String>,
    warnings: Option<Vec<String>>,
    infos: Option<Vec<String>>,
    #[serde(rename = "isPartial")]
    is_partial: Option<bool>,
}

impl<D> Envelope<D> {
    /// The remarks, and the data if there is any. `VictoriaMetrics` does not warn but flags what is incomplete.
    pub(super) fn open(self) -> (Remarks, Option<D>) {
        let short = |lines: Option<Vec<String>>| lines.unwrap_or_default().iter().map(|line| words(line)).collect();
        let mut remarks = Remarks { warnings: short(self.warnings), infos: short(self.infos) };
        if self.is_partial == Some(true) {
            remarks.warnings.push("the store says that its answer is partial".to_owned());
        }
        (remarks, self.data)
    }
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Success,
    Error,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    Vector(Vec<Element>),
    Matrix(Vec<Element>),
    Scalar(Sample),
    String(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Element {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: Option<Sample>,
    values: Option<Vec<Sample>>,
    histogram: Option<IgnoredAny>,
    histograms: Option<IgnoredAny>,
}

/// An instant in seconds with up to three places, and the value.
#[derive(Deserialize)]
pub(super) struct Sample(serde_json::Number, String);

/// Reads the data of a successful answer.
///
/// # Errors
/// [`StoreError::WrongType`] when it is of another type than asked for, or holds native histogram samples.
pub(super) fn series(data: Data, expected: Expected) -> Result<Vec<SampledSeries>, StoreError> {
    match (data, expected) {
        (Data::Scalar(sample), Expected::Instant) => {
            Ok(vec![SampledSeries { labels: BTreeMap::new(), samples: vec![sample.read()?] }])
        }
        (Data::Vector(elements), Expected::Instant) | (Data::Matrix(elements), Expected::Matrix) => {
            elements.into_iter().map(|element| element.read(expected)).collect()
        }
        (Data::String(_), _) => Err(StoreError::WrongType("the expression returns a string, not a number".to_owned())),
        (Data::Scalar(_) | Data::Vector(_), Expected::Matrix) => {
            Err(StoreError::WrongType("a single value came where a range of values was asked for".to_owned()))
        }
        (Data::Matrix(_), Expected::Instant) => {
            Err(StoreError::WrongType("the expression returns a range of samples, not one value".to_owned()))
        }
    }
}

impl Element {
    fn read(self, expected: Expected) -> Result<SampledSeries, StoreError> {
        if self.histogram.is_some() || self.histograms.is_some() {
            return Err(StoreError::WrongType(
                "the expression returns native histograms; take histogram_count or histogram_fraction of them"
                    .to_owned(),
            ));
        }
        let samples = match expected {
            Expected::Instant => self.value.map(|value| vec![value]),
            Expected::Matrix => self.values,
        };
        let samples = samples.ok_or_else(|| StoreError::WrongType("a series came without a value".to_owned()))?;
        let samples = samples.into_iter().map(Sample::read).collect::<Result<_, _>>()?;
        Ok(SampledSeries { labels: self.metric, samples })
    }
}

impl Sample {
    fn read(self) -> Result<(i64, String), StoreError> {
        let Self(seconds, value) = self;
        let at = milliseconds(&seconds.to_string())
            .ok_or_else(|| StoreError::WrongType(format!("a sample carries the instant {seconds}")))?;
        Ok((at, words(&value)))
    }
}

/// Decimal seconds as whole milliseconds, without a float in between. Digits below the millisecond must be zero.
fn milliseconds(seconds: &str) -> Option<i64> {
    let (digits, negative) = match seconds.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (seconds, false),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i64 = whole.parse().ok()?;
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    if fraction.chars().skip(3).any(|digit| digit != '0') {
        return None;
    }
    let magnitude = whole.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)?;
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn read(json: &str, expected: Expected) -> Result<Vec<SampledSeries>, String> {
        let data: Data = serde_json::from_str(json).map_err(|error| error.to_string())?;
        series(data, expected).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_was_asked_for() {
        let vector = read(
            r#"{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1700000000.25,"9007199254740993"]}]}"#,
            Expected::Instant,
        )
        .unwrap();
        let labels = BTreeMap::from([("job".to_owned(), "a".to_owned())]);
        assert_eq!(
            vector,
            [SampledSeries { labels, samples: vec![(1_700_000_000_250, "9007199254740993".to_owned())] }]
        );

        let matrix = read(
            r#"{"resultType":"matrix","result":[{"metric":{},"values":[[60,"1"],[120,"NaN"],[180.001,"+Inf"]]}]}"#,
            Expected::Matrix,
        )
        .unwrap();
        let samples = [(60_000, "1"), (120_000, "NaN"), (180_001, "+Inf")].map(|(at, v)| (at, v.to_owned()));
        assert_eq!(matrix, [SampledSeries { labels: BTreeMap::new(), samples: samples.to_vec() }]);

        let scalar = read(r#"{"resultType":"scalar","result":[60,"7"]}"#, Expected::Instant).unwrap();
        assert_eq!(scalar, [SampledSeries { labels: BTreeMap::new(), samples: vec![(60_000, "7".to_owned())] }]);
        assert_eq!(read(r#"{"resultType":"vector","result":[]}"#, Expected::Instant), Ok(vec![]));
    }

    #[test]
    fn refuses_every_other_type() {
        let cases = [
            (r#"{"resultType":"string","result":[60,"x"]}"#, Expected::Instant, "returns a string"),
            (r#"{"resultType":"matrix","result":[]}"#, Expected::Instant, "range of samples"),
            (r#"{"resultType":"vector","result":[]}"#, Expected::Matrix, "single value"),
            (r#"{"resultType":"scalar","result":[60,"7"]}"#, Expected::Matrix, "single value"),
            (r#"{"resultType":"table","result":[]}"#, Expected::Instant, "unknown variant `table`"),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"histogram":[60,{"count":"3"}]}]}"#,
                Expected::Instant,
                "native histograms",
            ),
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[],"histograms":[[60,{}]]}]}"#,
                Expected::Matrix,
                "native histograms",
            ),
            (r#"{"resultType":"vector","result":[{"metric":{}}]}"#, Expected::Instant, "without a value"),
            (r#"{"resultType":"scalar","result":[1e300,"7"]}"#, Expected::Instant, "the instant"),
            (r#"{"resultType":"scalar","result":[60,7]}"#, Expected::Instant, "invalid type"),
        ];
        for (json, expected, why) in cases {
            match read(json, expected) {
                Err(message) => assert!(message.contains(why), "{json}: {message}"),
                Ok(series) => panic!("{json}: {series:?}"),
            }
        }
    }

    #[test]
    fn instants_are_exact() {
        let cases = [
            ("0", Some(0)),
            ("1700000000.001", Some(1_700_000_000_001)),
            ("1700000000.1", Some(1_700_000_000_100)),
            ("-1.5", Some(-1500)),
            ("1.0005", None),
            ("1e9", None),
            ("9223372036854775807", None),
        ];
        for (text, expected) in cases {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }
}
