//! A past for a shop that has only just been opened: what its store would hold, had it been open for a while, and from when on an
//! agreement has to be in force to count that.
//!
//! Some causes are told by what was before a danger, over longer than a test can wait.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::series::Series;
use crate::shop::STOREFRONT;

/// How long the shop seems to have been open.
const OPEN_FOR: SignedDuration = SignedDuration::from_mins(45);
/// The time between two samples.
const SCRAPE: SignedDuration = SignedDuration::from_secs(5);
/// So much of the running period is left at least.
const LEFT: SignedDuration = SignedDuration::from_mins(30);

/// The requests of the storefront in `namespace` until now, so many a second, all of them good.
///
/// # Errors
/// When the clock is out of reach.
pub fn of_storefront(namespace: &str, rate: f64, now: Timestamp) -> Result<Series> {
    let mut series = Series::new("http_requests_total")
        .label("service", STOREFRONT)
        .label("code", "200")
        .label("namespace", namespace)
        .label("job", STOREFRONT);
    let mut at = now.checked_sub(OPEN_FOR)?;
    let mut count = 0.0;
    while at < now {
        series.push(at, count);
        at = at.checked_add(SCRAPE)?;
        count += rate * SCRAPE.as_secs_f64();
    }
    Ok(series)
}

/// A validity and a period, as lines of an agreement's spec, such that the running period holds all of that past and does not end
/// soon: periods are counted from the first day of the validity.
///
/// # Errors
/// When the clock is out of reach.
pub fn term(now: Timestamp) -> Result<String> {
    let yesterday = now.to_zoned(jiff::tz::TimeZone::UTC).date().checked_sub(1.day())?;
    let midnight = yesterday.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp();
    let since = now.duration_since(midnight);
    let fits = |hours: &i64| {
        let within = SignedDuration::from_secs(since.as_secs().rem_euclid(hours * 3600));
        within >= OPEN_FOR && SignedDuration::from_hours(*hours) - within >= LEFT
    };
    let hours = (2..24).find(fits).context("no length of a period fits")?;
    Ok(format!("  validity: {{from: \"{yesterday}\"}}\n  period: {{rolling: {hours}h}}\n"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_time_of_day_a_period_fits() {
        let midnight: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
        for minute in 0..1440 {
            let now = midnight + SignedDuration::from_mins(minute);
            let term = term(now).unwrap();
            assert!(term.starts_with("  validity: {from: \"2026-11-28\"}\n  period: {rolling: "), "{term}");
        }
    }

    #[test]
    fn the_past_ends_now_and_rises_evenly() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let past = of_storefront("shop", 10.0, now).unwrap();
        let samples = past.samples();
        assert_eq!(samples.len(), 45 * 60 / 5);
        assert_eq!(samples.last().unwrap().at_ms, now.as_millisecond() - 5000);
        assert!(samples.windows(2).all(|pair| (pair[1].value - pair[0].value - 50.0).abs() < 1e-6));
    }
}
