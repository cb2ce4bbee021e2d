//! A past with everything in it that makes counting hard, and the truth about it.

use guarantor_testbed::Series;
use k8s_openapi::jiff::Timestamp;

use crate::stores::SLOT;

/// Scrapes are 15 s apart, and never at the edge of a slot.
const SCRAPE: i64 = 15;
const OFFSET: i64 = 7;
/// Scrapes before the first slot: half an hour.
const BEFORE: i64 = 120;
/// Slots there is history for.
pub const SLOTS: i64 = 12;

/// One counter and what it truly counted in each of the first slots.
pub struct Case {
    pub job: &'static str,
    pub truth: &'static [i64],
    /// The value at every scrape, by the scrape's number from the first slot's start; nothing where it was not seen.
    value: fn(i64) -> Option<i64>,
}

/// A burst after the last scrape before the second slot.
const SECOND: i64 = SLOT / SCRAPE;

pub const CASES: [Case; 9] = [
    Case { job: "steady", truth: &[20, 20, 20], value: |scrape| Some(1000 + scrape) },
    Case { job: "burst", truth: &[100, 0], value: |scrape| Some(if scrape < 10 { 500 } else { 600 }) },
    Case { job: "edge", truth: &[0, 100, 0], value: |scrape| Some(if scrape < SECOND { 500 } else { 600 }) },
    // Nine up to 1009, then a reset to 3 and ten more.
    Case { job: "reset", truth: &[22, 20], value: |scrape| Some(if scrape < 9 { 1001 + scrape } else { scrape - 6 }) },
    Case { job: "ends", truth: &[10], value: |scrape| (scrape < 10).then_some(1000 + scrape) },
    // Not seen for two minutes around the edge: what happened meanwhile is seen after it.
    Case {
        job: "gap",
        truth: &[16, 24, 20],
        value: |scrape| (!(SECOND - 4..SECOND + 4).contains(&scrape)).then_some(1000 + scrape),
    },
    Case { job: "born", truth: &[18, 20], value: |scrape| (scrape >= 8).then_some(scrape - 1) },
    Case { job: "born-once", truth: &[5], value: |scrape| (scrape == 19).then_some(5) },
    // Unwatched before, so that nobody knows since when it counts.
    Case { job: "found", truth: &[11, 20], value: |scrape| (scrape >= 8).then_some(scrape - 1) },
];

/// All cases as series of the namespace shop, and whether their targets were watched.
pub fn all(start: i64) -> Vec<Series> {
    CASES
        .iter()
        .flat_map(|case| {
            let watched = case.job != "found";
            let up: fn(i64) -> Option<i64> = if watched { |_| Some(1) } else { |scrape| (scrape >= 8).then_some(1) };
            [series(start, "requests_total", case.job, "200", case.value), series(start, "up", case.job, "", up)]
        })
        .collect()
}

/// One series; `code` is left out when empty.
pub fn series(start: i64, metric: &str, job: &str, code: &str, value: impl Fn(i64) -> Option<i64>) -> Series {
    let mut series = Series::new(metric).label("namespace", "shop").label("job", job).label("instance", "one");
    if !code.is_empty() {
        series = series.label("code", code);
    }
    add(series, start, value)
}

/// Adds the samples of all scrapes.
pub fn add(mut series: Series, start: i64, value: impl Fn(i64) -> Option<i64>) -> Series {
    for scrape in -BEFORE..SLOTS * SLOT / SCRAPE {
        if let Some(value) = value(scrape) {
            let at = Timestamp::from_second(start + OFFSET + scrape * SCRAPE).unwrap();
            series.push(at, f64::from(i32::try_from(value).unwrap()));
        }
    }
    series
}
