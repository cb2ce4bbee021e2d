//! What was seen at the moment of an action, so that its verdict can compare.
//!
//! It is kept as text in the record's `evidence`: a person reads it there, and [`Snapshot`] reads it back. What cannot be
//! read back is unknown, and the verdict then inconclusive.

use std::fmt;
use std::str::FromStr;

use super::health::Health;

/// Figures of one moment. `None`: unknown.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Snapshot {
    /// How fast the worst budget was being spent, in multiples of what it allows.
    pub pace: Option<f64>,
    /// Events per second.
    pub rate: Option<f64>,
    /// Ready pods.
    pub ready: Option<i32>,
}

impl Snapshot {
    /// The figures now.
    #[must_use]
    pub fn of(health: &Health, ready: i32) -> Self {
        Self { pace: health.pace, rate: health.rate, ready: Some(ready) }
    }

    /// Events per second that one ready pod served.
    #[must_use]
    pub fn rate_per_pod(&self) -> Option<f64> {
        let (rate, ready) = (self.rate?, self.ready.filter(|ready| *ready > 0)?);
        Some(rate / f64::from(ready))
    }
}

const PACE: &str = "budget pace";
const RATE: &str = "events/s";
const READY: &str = "ready pods";

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| format!("{value:.3}"));
        let ready = self.ready.map_or_else(|| "?".to_owned(), |ready| ready.to_string());
        write!(f, "before: {PACE} {}, {RATE} {}, {READY} {ready}", float(self.pace), float(self.rate))
    }
}

impl FromStr for Snapshot {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let before = text.strip_prefix("before: ").unwrap_or_default();
        let before = before.split(';').next().unwrap_or_default();
        let field = |name: &str| before.split(", ").find_map(|part| part.strip_prefix(name)).map(str::trim);
        let float = |name: &str| {
            let value: f64 = field(name)?.parse().ok()?;
            Some(value).filter(|value| value.is_finite() && *value >= 0.0)
        };
        let ready = field(READY).and_then(|ready| ready.parse().ok());
        Ok(Self { pace: float(PACE), rate: float(RATE), ready })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for snapshot in [
            Snapshot { pace: Some(14.5), rate: Some(120.25), ready: Some(6) },
            Snapshot { pace: None, rate: Some(0.0), ready: None },
            Snapshot::default(),
        ] {
            assert_eq!(snapshot.to_string().parse(), Ok(snapshot));
            assert_eq!(format!("{snapshot}; after: budget pace 0.000").parse(), Ok(snapshot));
        }
        for text in ["", "before: ", "budget pace 3", "before: budget pace NaN, events/s -1, ready pods x"] {
            assert_eq!(text.parse(), Ok(Snapshot::default()), "{text}");
        }
    }

    #[test]
    fn nobody_ready_is_no_rate_per_pod() {
        assert_eq!(Snapshot { rate: Some(10.0), ready: Some(0), pace: None }.rate_per_pod(), None);
        assert_eq!(Snapshot { rate: Some(10.0), ready: Some(4), pace: None }.rate_per_pod().unwrap(), 2.5);
    }
}
