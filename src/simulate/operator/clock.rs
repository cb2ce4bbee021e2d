//! Virtual time by the calendar.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

/// A run begins with a slot, whatever their length.
const BEGIN: i64 = 1_800_000_000;

/// An instant of a run, cut to whole seconds as the operator cuts it.
#[must_use]
pub fn at(seconds: f64) -> Timestamp {
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation)]
    let whole = seconds.floor() as i64;
    begin().saturating_add(SignedDuration::from_secs(whole)).unwrap_or(Timestamp::MAX)
}

/// The same the other way.
#[must_use]
pub fn seconds(at: Timestamp) -> f64 {
    at.duration_since(begin()).as_secs_f64()
}

fn begin() -> Timestamp {
    Timestamp::from_second(BEGIN).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_go_there_and_back() {
        for (second, whole) in [(0.0, 0.0), (90.25, 90.0), (-0.5, -1.0)] {
            assert_eq!(seconds(at(second)), whole);
        }
    }
}
