//! By which periods of the agreement a load is settled: all that it reaches into, each with the minutes of the run that it is
//! judged by.
//!
//! A load that says by its times when it was is settled by the calendar, as if the agreement had been in force by then. Any
//! other is taken to begin with a period. A minute belongs to the period in which it begins.

use std::ops::Range;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::promised::Promised;
use crate::evaluate::history::contract_year;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::{Bounds, Schedule};
use crate::offline::settle::fault::Fault;

/// Periods of one answer at the most.
const MOST: usize = 400;
/// What is wrong with a load, wherever it comes from.
const LOAD: &str = "the load";
/// A run is counted by the minute, in seconds.
const MINUTE: i64 = 60;

/// A period, and what of the run it is settled by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The period.
    pub period: Bounds,
    /// The whole one that it is a part of: another one where the agreement came into force within it.
    pub whole: Bounds,
    /// The minutes of the run that lie in it.
    pub minutes: Range<usize>,
    /// The minutes that are judged at its end: the same, or the trailing days.
    pub judged: Range<usize>,
    /// Whether the run has all that is judged, but for less than a slot.
    pub is_whole: bool,
    /// The year of the agreement in which it lies. They are counted from when it came into force, or else from the first period.
    pub year: i64,
}

/// The periods of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    /// When what is judged begins.
    pub begins: Timestamp,
    /// Each of them, in order.
    pub parts: Vec<Part>,
}

impl Periods {
    /// When they end, in seconds of a run with so many minutes before what is judged.
    pub fn ends(&self, lead_in: u32) -> impl Iterator<Item = f64> {
        let ends = self.parts.iter().map(|part| part.period.end.duration_since(self.begins).as_secs_f64());
        ends.map(move |end| end + f64::from(lead_in) * 60.0)
    }
}

/// The periods of a load that is judged for so many seconds from an instant on.
///
/// # Errors
/// Names the field or flag: the periods are too short or too many, or cannot be worked with.
pub fn periods(promised: &Promised, begins: Timestamp, seconds: usize) -> Result<Periods, Fault> {
    let beyond = || Fault::new(LOAD, "reaches beyond the years that can be reckoned with");
    let length = i64::try_from(seconds).map_err(|_| beyond())?;
    let ends = begins.checked_add(SignedDuration::from_secs(length)).map_err(|_| beyond())?;
    let terms = &promised.terms;
    let slot = terms.metrics.slot.seconds();
    let invalid = |fault: InvalidSpec| Fault::new(fault.field, fault.message);
    // Windows begin with a slot.
    let early = Timestamp::from_second(begins.as_second().div_euclid(slot) * slot).map_err(|_| beyond())?;
    let in_force = promised.in_force_from.filter(|from| *from <= early);
    let whole = |from| Ok(Schedule::new(terms, from).map_err(invalid)?.whole(early));
    let first = whole(in_force.unwrap_or(early))?.ok_or_else(beyond)?;
    // It is as if the agreement had come into force with the first period, if it was not by then.
    let schedule = Schedule::new(terms, in_force.unwrap_or(first.start)).map_err(invalid)?;
    let place = |at: Timestamp| {
        let after = at.as_second().saturating_sub(begins.as_second()).clamp(0, length);
        usize::try_from(after.saturating_add(MINUTE - 1) / MINUTE).unwrap_or(usize::MAX)
    };
    let mut parts = Vec::new();
    let mut next = schedule.containing(first.start.max(schedule.from()));
    while let Some(period) = next.filter(|period| period.start < ends) {
        if period.seconds() < MINUTE {
            return Err(Fault::new("spec.period", "must be at least a minute to be simulated"));
        }
        if parts.len() == MOST {
            return Err(Fault::new(LOAD, format!("reaches over more than {MOST} periods; cut it")));
        }
        let judged = schedule.judged(&period);
        let known = judged.start.saturating_add(SignedDuration::from_secs(slot)).unwrap_or(Timestamp::MAX);
        next = schedule.next(&period);
        let minutes = place(period.start)..place(period.end);
        let trailing = place(judged.start)..place(judged.end);
        parts.push(Part {
            period,
            whole: schedule.whole(period.start).unwrap_or(period),
            // Of trailing days of which nothing was played, what was stands for them.
            judged: if trailing.is_empty() { minutes.clone() } else { trailing },
            minutes,
            is_whole: begins < known && judged.end <= ends,
            year: contract_year(&schedule, period.start),
        });
    }
    parts.retain(|part| !part.minutes.is_empty());
    if parts.is_empty() {
        return Err(Fault::new("spec.period", "gives no period that the load lies in"));
    }
    Ok(Periods { begins, parts })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::super::promised::promised;
    use super::*;
    use crate::api::ServiceLevelAgreement;

    const EXAMPLE: &str = include_str!("../../../examples/simulate/agreement.yaml");
    const DAY: usize = 86_400;

    fn by(period: &str) -> Promised {
        let text = EXAMPLE.replace("period: {calendar: Month}", &format!("period: {period}"));
        promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&text).unwrap().spec, None).unwrap()
    }

    fn parts(period: &str, begins: &str, seconds: usize) -> Vec<Part> {
        periods(&by(period), begins.parse().unwrap(), seconds).unwrap().parts
    }

    fn told(parts: &[Part]) -> Vec<(String, Range<usize>, Range<usize>, bool)> {
        let told =
            |part: &Part| (part.period.start.to_string(), part.minutes.clone(), part.judged.clone(), part.is_whole);
        parts.iter().map(told).collect()
    }

    #[test]
    fn a_quarter_has_three_months_and_is_settled_before_the_agreement_is_signed() {
        let found = parts("{calendar: Month}", "2026-07-01T00:00:00Z", 92 * DAY);
        let (july, august, all) = (31 * 1440, 62 * 1440, 92 * 1440);
        let expected = [
            ("2026-07-01T00:00:00Z".to_owned(), 0..july, 0..july, true),
            ("2026-08-01T00:00:00Z".to_owned(), july..august, july..august, true),
            ("2026-09-01T00:00:00Z".to_owned(), august..all, august..all, true),
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn a_period_ends_so_long_after_a_run_began() {
        let months = periods(&by("{calendar: Month}"), "2026-07-31T00:00:00Z".parse().unwrap(), 2 * DAY).unwrap();
        let ends: Vec<f64> = months.ends(10).map(|end| end / 600.0).collect();
        assert!((ends[0] - 145.0).abs() < 1e-9 && (ends[1] - (145.0 + 31.0 * 144.0)).abs() < 1e-9, "{ends:?}");
    }

    #[test]
    fn no_minute_is_lost_where_a_load_begins_in_the_middle_of_one() {
        let found = parts("{calendar: Month}", "2026-07-31T23:57:30Z", 330);
        // Six minutes begin, the third at 23:59:30, the fourth half a minute after midnight.
        let expected = [
            ("2026-07-01T00:00:00Z".to_owned(), 0..3, 0..3, false),
            ("2026-08-01T00:00:00Z".to_owned(), 3..6, 3..6, false),
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn windows_are_reckoned_from_the_beginning_of_the_load() {
        let found = parts("{rolling: 1h}", "2026-07-01T00:10:20Z", 2 * 3600);
        let starts: Vec<String> = found.iter().map(|part| part.period.start.to_string()).collect();
        assert_eq!(starts, ["2026-07-01T00:10:00Z", "2026-07-01T01:10:00Z"]);
        let minutes: Vec<_> = found.iter().map(|part| part.minutes.clone()).collect();
        assert_eq!(minutes, [0..60, 60..120]);
    }

    #[test]
    fn trailing_days_reach_back_into_earlier_periods() {
        let found = parts("{trailing: {days: 45, every: Month}}", "2026-01-01T00:00:00Z", 59 * DAY);
        // The 45 days up to the first of March begin with the 15th of January.
        let expected = [
            ("2026-01-01T00:00:00Z".to_owned(), 0..31 * 1440, 0..31 * 1440, true),
            ("2026-02-01T00:00:00Z".to_owned(), 31 * 1440..59 * 1440, 14 * 1440..59 * 1440, true),
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn of_fewer_trailing_days_than_were_played_what_was_played_stands_for_them() {
        let found = parts("{trailing: {days: 7, every: Month}}", "2026-07-01T00:00:00Z", 600);
        assert_eq!(told(&found), [("2026-07-01T00:00:00Z".to_owned(), 0..10, 0..10, false)]);
    }

    /// Where the agreement was in force already, its years and windows are its own.
    #[test]
    fn a_load_from_within_the_agreement_is_settled_by_its_own_periods() {
        let of = |period: &str, begins: &str, seconds| {
            let text = EXAMPLE.replace("2027-01-01", "2025-08-01").replace("{calendar: Month}", period);
            let promised =
                promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&text).unwrap().spec, None).unwrap();
            periods(&promised, begins.parse().unwrap(), seconds).unwrap().parts
        };
        let months = of("{calendar: Month}", "2026-07-31T23:30:00Z", 3600);
        assert_eq!(months.iter().map(|part| part.year).collect::<Vec<_>>(), [0, 1]);
        let hours = of("{rolling: 1h}", "2026-07-01T00:55:00Z", 600);
        let starts: Vec<String> = hours.iter().map(|part| part.period.start.to_string()).collect();
        assert_eq!(starts, ["2026-07-01T00:00:00Z", "2026-07-01T01:00:00Z"]);
        let first = of("{calendar: Quarter}", "2025-08-01T00:00:00Z", 3600);
        assert_eq!(first[0].period.start.to_string(), "2025-08-01T00:00:00Z");
        assert_eq!(first[0].whole.start.to_string(), "2025-07-01T00:00:00Z");
    }

    #[test]
    fn the_years_of_the_agreement_begin_with_the_first_period() {
        let found = parts("{calendar: Month}", "2025-11-20T00:00:00Z", 400 * DAY);
        let years: Vec<i64> = found.iter().map(|part| part.year).collect();
        assert_eq!(years, [vec![0; 12], vec![1; 2]].concat());
    }

    #[test]
    fn too_many_or_too_short_periods_are_refused() {
        let refused = |period: &str, seconds| {
            periods(&by(period), "2026-07-01T00:00:00Z".parse().unwrap(), seconds).unwrap_err().to_string()
        };
        assert!(refused("{rolling: 1h}", 401 * 3600).starts_with("the load: reaches over more than 400 periods"));
        let slots = EXAMPLE.replace("slot: 1m", "slot: 10s").replace("{calendar: Month}", "{rolling: 20s}");
        let short = promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&slots).unwrap().spec, None).unwrap();
        let fault = periods(&short, "2026-07-01T00:00:00Z".parse().unwrap(), 600).unwrap_err().to_string();
        assert!(fault.starts_with("spec.period: must be at least a minute"), "{fault}");
    }
}
