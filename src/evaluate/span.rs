//! Spans: Go-style durations such as `1h30m` or `30d`, read into days and exact time.
//!
//! jiff reads the text; what this adds is the split between civil days (a day has 23 to 25 hours where clocks change)
//! and elapsed time, and the refusal of everything else jiff understands (weeks, months, signs, prose).

use k8s_openapi::jiff::{self, SignedDuration};

use crate::api::Span;

use super::invalid::InvalidSpec;

/// A text that is no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration; write for example 250ms, 30s, 5m, 1h30m or 30d, the larger unit first")]
pub struct NotASpan(pub String);

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Whole days of the calendar.
    pub days: i64,
    /// Elapsed time besides.
    pub elapsed: SignedDuration,
}

impl Length {
    /// The length when every day has 24 hours.
    #[must_use]
    pub fn nominal(&self) -> SignedDuration {
        SignedDuration::from_hours(24)
            .checked_mul(i32::try_from(self.days).unwrap_or(i32::MAX))
            .map_or(SignedDuration::MAX, |days| days.saturating_add(self.elapsed))
    }
}

/// Reads a span.
///
/// # Errors
/// Says which text is none.
pub fn length(span: &Span) -> Result<Length, NotASpan> {
    let text = span.as_str();
    let refuse = || NotASpan(text.chars().take(48).collect());
    let is_plain = text.len() <= 36 && text.bytes().all(|b| b.is_ascii_digit() || b"msdh".contains(&b));
    if !is_plain || text.contains("mo") {
        return Err(refuse());
    }
    let parsed: jiff::Span = text.parse().map_err(|_| refuse())?;
    let days = i64::from(parsed.get_days());
    let time = parsed.try_days(0).and_then(SignedDuration::try_from).map_err(|_| refuse())?;
    Ok(Length { days, elapsed: time })
}

/// Reads a span as elapsed time; a day has 24 hours.
///
/// # Errors
/// Says which text is none.
pub fn elapsed(span: &Span) -> Result<SignedDuration, NotASpan> {
    length(span).map(|l| l.nominal())
}

/// Reads a span as whole seconds above zero.
///
/// # Errors
/// Says what is wrong with the text in this field.
pub fn whole_seconds(span: &Span, field: &str) -> Result<i64, InvalidSpec> {
    let length = elapsed(span).map_err(|fault| InvalidSpec::new(field, fault.to_string()))?;
    if length.is_zero() || length.subsec_nanos() != 0 {
        return Err(InvalidSpec::new(field, format!("{:?} is not a whole number of seconds above 0", span.as_str())));
    }
    Ok(length.as_secs())
}

/// A length in whole seconds as text, in the largest unit that divides it: `90m`, `6h`, `3d`.
#[must_use]
pub fn text(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    match units.iter().find(|(unit, _)| seconds != 0 && seconds % unit == 0) {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_they_are_meant() {
        let cases = [
            ("250ms", 0, 250),
            ("30s", 0, 30_000),
            ("5m", 0, 300_000),
            ("1h30m", 0, 5_400_000),
            ("30d", 30, 0),
            ("1d12h", 1, 43_200_000),
            ("90m", 0, 5_400_000),
            ("0s", 0, 0),
        ];
        for (text, days, millis) in cases {
            let expected = Length { days, elapsed: SignedDuration::from_millis(millis) };
            assert_eq!(length(&Span::from(text)), Ok(expected), "{text}");
        }
        assert_eq!(elapsed(&"1d1s".into()), Ok(SignedDuration::from_secs(86_401)));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        let cases =
            ["", "5", "m", "-5m", "1w", "1mo", "1y", "P1D", "5 m", "5m ago", "1.5h", "30s5m", "5m5m", "5µs", "5dm"];
        for text in cases {
            let error = length(&Span::from(text)).expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
        assert!(length(&"9".repeat(40).as_str().into()).is_err());
    }

    #[test]
    fn lengths_are_shown_in_their_largest_unit() {
        let cases = [(0, "0s"), (5, "5s"), (60, "1m"), (5400, "90m"), (21_600, "6h"), (259_200, "3d"), (3_720, "62m")];
        for (seconds, shown) in cases {
            assert_eq!(text(seconds), shown);
        }
    }
}
