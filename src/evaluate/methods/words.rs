//! A counting method in words, for the reader of a statement.

use crate::api::measurement::{BadWhen, Denominator, EmptySlot, Measurement, Method, PartialMinutes, Pool};
use crate::evaluate::span;

/// What a method counts in.
#[must_use]
pub fn unit(method: Method) -> &'static str {
    match method {
        Method::Events => "events",
        Method::MeanOfSlots => "slots",
        Method::BadMinutes | Method::Pooled => "seconds",
        Method::Value => "values",
    }
}

/// The name of a method as the agreement writes it.
#[must_use]
pub fn name(method: Method) -> &'static str {
    match method {
        Method::Events => "Events",
        Method::MeanOfSlots => "MeanOfSlots",
        Method::BadMinutes => "BadMinutes",
        Method::Pooled => "Pooled",
        Method::Value => "Value",
    }
}

/// How the figure comes about, in one sentence. `slot` is the length of a slot as text.
#[must_use]
pub fn sentence(measurement: &Measurement, slot: &str) -> String {
    match measurement.method {
        Method::Events => {
            "good events over all events; an unknown slot is taken to hold as many as a known one in the mean"
                .to_owned()
        }
        Method::Value => {
            "values that kept their limit over all values; an unknown slot is taken to hold one".to_owned()
        }
        Method::MeanOfSlots => {
            let over = measurement.rate_over.as_ref().map_or(slot, |length| length.as_str());
            let empty = match measurement.empty_slot.unwrap_or_default() {
                EmptySlot::Good => "without an event the rate is 0",
                EmptySlot::Skip => "without an event there is no rate",
            };
            let partly = match &measurement.rate_over {
                Some(over) => format!(
                    "; where a part is unknown, the rate is that of the rest, and good or bad it weighs as the rest; the \
                     target is missed in each {over} whose own rate of good events is below it"
                ),
                None => String::new(),
            };
            format!("one less the mean of the error rates over {over}, each with the same weight; {empty}{partly}")
        }
        Method::BadMinutes => {
            format!("time that was not bad over {}; {}", divided_by(measurement), rules(measurement, slot))
        }
        Method::Pooled => match measurement.pool.unwrap_or_default() {
            Pool::Sum => format!(
                "time that was not bad over {}, added up over the covered members; {}",
                divided_by(measurement),
                rules(measurement, slot)
            ),
            Pool::AllDown => format!(
                "time in which not every covered member was bad at once over {}; {}",
                divided_by(measurement),
                rules(measurement, slot)
            ),
        },
    }
}

fn divided_by(measurement: &Measurement) -> &'static str {
    let sum = measurement.method == Method::Pooled && measurement.pool.unwrap_or_default() == Pool::Sum;
    match measurement.denominator {
        Some(Denominator::Deployed) => "the time in which the service was deployed",
        None if sum => "the time in which the service was deployed",
        Some(Denominator::Calendar) | None => "the whole period",
    }
}

fn rules(measurement: &Measurement, slot: &str) -> String {
    let bad = match &measurement.bad_when {
        Some(BadWhen { error_rate_above: Some(limit), .. }) => {
            let shorter = span::whole_seconds(&slot.into(), "").is_ok_and(|seconds| seconds < 60);
            let judged = if shorter { format!(" in a slot of {slot}") } else { String::new() };
            format!("bad above {limit} percent of errors{judged}")
        }
        _ => "bad when every event failed".to_owned(),
    };
    let events = measurement.minimum_events.map(|n| format!("with at least {n} events in the minute"));
    let partial = match measurement.partial_minutes.unwrap_or_default() {
        PartialMinutes::Drop => "only whole minutes of the clock count",
        PartialMinutes::Count => "every second counts",
    };
    let runs = measurement
        .minimum_consecutive
        .as_ref()
        .map(|length| format!("runs shorter than {length} within the period do not count"));
    [Some(bad), events, Some(partial.to_owned()), runs].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_method_is_told_with_its_parameters() {
        let cases = [
            (
                json!({}),
                "good events over all events; an unknown slot is taken to hold as many as a known one in the mean",
            ),
            (
                json!({"method": "Value"}),
                "values that kept their limit over all values; an unknown slot is taken to hold one",
            ),
            (
                json!({"method": "MeanOfSlots", "rateOver": "1h", "emptySlot": "Skip"}),
                "one less the mean of the error rates over 1h, each with the same weight; without an event there is no \
                 rate; where a part is unknown, the rate is that of the rest, and good or bad it weighs as the rest; the \
                 target is missed in each 1h whose own rate of good events is below it",
            ),
            (
                json!({"method": "MeanOfSlots"}),
                "one less the mean of the error rates over 1m, each with the same weight; without an event the rate is 0",
            ),
            (
                json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "minimumConsecutive": "10m",
                    "minimumEvents": 100, "denominator": "Deployed"}),
                "time that was not bad over the time in which the service was deployed; bad above 5 percent of errors, \
                 with at least 100 events in the minute, only whole minutes of the clock count, runs shorter than 10m \
                 within the period do not count",
            ),
            (
                json!({"method": "Pooled", "badWhen": {"allFail": true}, "pool": "AllDown", "partialMinutes": "Count"}),
                "time in which not every covered member was bad at once over the whole period; bad when every event \
                 failed, every second counts",
            ),
        ];
        for (measurement, words) in cases {
            assert_eq!(sentence(&serde_json::from_value(measurement).unwrap(), "1m"), words);
        }
        let threshold = json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}});
        let told = sentence(&serde_json::from_value(threshold).unwrap(), "10s");
        assert!(told.contains("bad above 5 percent of errors in a slot of 10s, only whole minutes"), "{told}");
    }
}
