//! A past for a shop that has only just been opened: what its store would hold, had it been open for a while, and from when on an
//! agreement has to be in force to count that.
//!
//! Some causes are told by what was before a danger, over longer than a test can wait.

use std::ops::Range;

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::manifest::rolling;
use crate::plant::counters::BOUNDS;
use crate::series::Series;
use crate::shop::STOREFRONT;

/// How long the shop seems to have been open at least.
const OPEN_FOR: SignedDuration = SignedDuration::from_mins(45);
/// The time between two samples.
const SCRAPE: SignedDuration = SignedDuration::from_secs(5);
/// How long the pods before those of now seem to have served.
const SERVED_FOR: SignedDuration = SignedDuration::from_hours(3);
/// How long somebody seems to have served before them, and how far the samples of that lie apart.
const DAYS: SignedDuration = SignedDuration::from_hours(30);
const SELDOM: SignedDuration = SignedDuration::from_mins(1);
/// Core-seconds of a request of theirs.
const WORK: f64 = 0.045;
/// Letters with which a Deployment names pods: for so many, at most.
const LETTERS: &str = "bcdfghjklmnpqrstvwxz";
/// So much of the running period is left at least.
const LEFT: SignedDuration = SignedDuration::from_mins(30);

/// The running period of an agreement about that shop. All of it that is over is known, so that nothing is waited for when the
/// account is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// A validity and a period, as lines of an agreement's spec.
    pub term: String,
    /// When the period began. Periods are counted from the first day of the validity.
    from: Timestamp,
    now: Timestamp,
}

impl Past {
    /// A period that began long enough before `now`, and does not end soon.
    ///
    /// # Errors
    /// When the clock is out of reach.
    pub fn until(now: Timestamp) -> Result<Self> {
        let yesterday = now.to_zoned(TimeZone::UTC).date().checked_sub(1.day())?;
        let since = now.duration_since(yesterday.to_zoned(TimeZone::UTC)?.timestamp());
        let within = |hours: i64| SignedDuration::from_secs(since.as_secs().rem_euclid(hours * 3600));
        let fits =
            |hours: &i64| within(*hours) >= OPEN_FOR && SignedDuration::from_hours(*hours) - within(*hours) >= LEFT;
        let hours = (2..24).find(fits).context("no length of a period fits")?;
        Ok(Self {
            term: format!("  validity: {{from: \"{yesterday}\"}}\n{}", rolling(&format!("{hours}h"))),
            from: now.checked_sub(within(hours))?,
            now,
        })
    }

    /// The requests of the storefront in `namespace` until then, so many a second, all of them good and within every bound of the
    /// histogram.
    ///
    /// # Errors
    /// When the clock is out of reach.
    pub fn of_storefront(&self, namespace: &str, rate: f64) -> Result<Vec<Series>> {
        let metric = |name: &str| {
            let series = Series::new(name).label("service", STOREFRONT);
            series.label("namespace", namespace).label("job", STOREFRONT)
        };
        let bounds = BOUNDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        let buckets = bounds.map(|bound| metric("http_request_duration_seconds_bucket").label("le", &bound));
        let counted =
            [metric("http_requests_total").label("code", "200"), metric("http_request_duration_seconds_count")];
        counted.into_iter().chain(buckets).map(|series| self.filled(series, rate)).collect()
    }

    /// The series with samples until then, which rise by so much a second.
    fn filled(&self, series: Series, rate: f64) -> Result<Series> {
        filled(series, self.from..self.now, SCRAPE, rate)
    }
}

/// What the storefront in `namespace` answered in the days until the hours of [`of_pods_before`]: so many requests a second. Of
/// days past nothing else is asked.
///
/// # Errors
/// When the clock is out of reach.
pub fn of_days_before(namespace: &str, until: Timestamp, rate: f64) -> Result<Vec<Series>> {
    let until = until.checked_sub(SERVED_FOR)?;
    let answered = Series::new("http_request_duration_seconds_count").label("service", STOREFRONT);
    let answered = answered.label("pod", &format!("{STOREFRONT}-5d8f9c6b7d-yyyyb"));
    let answered = answered.label("namespace", namespace).label("job", STOREFRONT);
    Ok(vec![filled(answered, until.checked_sub(DAYS)?..until, SELDOM, rate)?])
}

/// What so many pods of the storefront in `namespace` counted in the hours until then, before those of now took their place: so many
/// requests a second among them, all of them good and within every bound of the histogram.
///
/// # Errors
/// When the clock is out of reach.
pub fn of_pods_before(namespace: &str, until: Timestamp, pods: u8, rate: f64) -> Result<Vec<Series>> {
    let (from, share) = (until.checked_sub(SERVED_FOR)?, rate / f64::from(pods));
    let of_pod = |letter: char| {
        let name = format!("{STOREFRONT}-5d8f9c6b7d-zzzz{letter}");
        let metric = |name_of: &str| {
            let series = Series::new(name_of).label("service", STOREFRONT).label("pod", &name);
            series.label("namespace", namespace).label("job", STOREFRONT)
        };
        let bounds = BOUNDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        let buckets = bounds.map(|bound| metric("http_request_duration_seconds_bucket").label("le", &bound));
        let requests =
            [metric("http_requests_total").label("code", "200"), metric("http_request_duration_seconds_count")];
        let counted: Vec<(Series, f64)> = requests.into_iter().chain(buckets).map(|series| (series, share)).collect();
        counted.into_iter().chain([(metric("container_cpu_usage_seconds_total"), share * WORK)])
    };
    let all = LETTERS.chars().take(usize::from(pods)).flat_map(of_pod);
    all.map(|(series, rate)| filled(series, from..until, SCRAPE, rate)).collect()
}

/// The series with samples of a stretch, so far apart, which rise by so much a second.
fn filled(mut series: Series, stretch: Range<Timestamp>, apart: SignedDuration, rate: f64) -> Result<Series> {
    let mut at = stretch.start.checked_sub(apart)?;
    let mut count = 0.0;
    while at < stretch.end {
        series.push(at, count);
        at = at.checked_add(apart)?;
        count += rate * apart.as_secs_f64();
    }
    Ok(series)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_time_of_day_a_period_fits_and_is_known_from_its_beginning() {
        let midnight: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
        for minute in (0..1440).step_by(7) {
            let now = midnight + SignedDuration::from_mins(minute);
            let past = Past::until(now).unwrap();
            assert!(past.term.starts_with("  validity: {from: \"2026-11-28\"}\n  period: {rolling: "), "{}", past.term);
            assert!(now.duration_since(past.from) >= OPEN_FOR, "{now}: {past:?}");
            assert_eq!(past.from.as_second() % 3600, 0, "{past:?}");
        }
    }

    #[test]
    fn the_pods_before_share_the_load_until_those_of_now_came() {
        let until: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let all = of_pods_before("shop", until, 4, 20.0).unwrap();
        assert_eq!(all.len(), 4 * (4 + BOUNDS.len()));
        for series in &all {
            let samples = series.samples();
            assert_eq!(samples.last().unwrap().at_ms, until.as_millisecond() - 5000);
            let rise = if series.labels()["__name__"].starts_with("container") { 25.0 * WORK } else { 25.0 };
            assert!(samples.windows(2).all(|pair| (pair[1].value - pair[0].value - rise).abs() < 1e-6));
        }
    }

    #[test]
    fn the_days_before_end_where_the_hours_of_the_pods_begin() {
        let until: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let all = of_days_before("shop", until, 20.0).unwrap();
        assert_eq!(all.len(), 1);
        let hours = of_pods_before("shop", until, 4, 20.0).unwrap();
        let (days, first) = (all[0].samples(), hours[0].samples()[0].at_ms);
        assert!((0..=60_000).contains(&(first - days.last().unwrap().at_ms)));
        assert_eq!(first - days[0].at_ms, 30 * 3_600_000 + 55_000);
        assert!(days.windows(2).all(|pair| (pair[1].value - pair[0].value - 1200.0).abs() < 1e-6));
    }

    #[test]
    fn the_past_ends_now_and_rises_evenly() {
        let past = Past::until("2026-11-29T12:00:00Z".parse().unwrap()).unwrap();
        let all = past.of_storefront("shop", 10.0).unwrap();
        assert_eq!(all.len(), 3 + BOUNDS.len());
        for series in &all {
            let samples = series.samples();
            assert_eq!(samples.last().unwrap().at_ms, past.now.as_millisecond() - 5000);
            assert_eq!(samples[0].at_ms, past.from.as_millisecond() - 5000);
            assert!(samples.windows(2).all(|pair| (pair[1].value - pair[0].value - 50.0).abs() < 1e-6));
        }
    }
}
