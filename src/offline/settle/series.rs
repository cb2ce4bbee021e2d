//! From what the measurements file says of an objective to the slots of a period.
//!
//! Outages become slots of a minute where everything begins and ends with one, and of a second elsewhere; either way as
//! runs, of which even a year has few. Where outages overlap, the worse one holds: the one with the higher error rate,
//! since overlapping outages are merged and time is bad when one of them is. By its rate alone that would not be so where
//! the objective has a minimum of events: a high rate of few events is not bad, and must not hide a lower one of many
//! that is. So an outage below the minimum is left out wherever one with enough events lies.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::{One, Signed};

use super::contradiction::told_once;
use super::fault::Fault;
use super::measurements::{Interval, Measured, Outage, SlotRun, SlotWord};
use crate::api::{Quantity, Span};
use crate::evaluate::count::{Count, NotExact};
use crate::evaluate::exact::{decimal, whole};
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::{Births, Slot, Tally, UnknownCause};
use crate::evaluate::span;
use crate::evaluate::timeline::{Overlap, Timeline};

/// Outages that one entry may repeat.
const MOST_REPEATS: u32 = 100_000;

/// Events of a minute where nobody says how many there were: one a second.
const EVENTS_PER_MINUTE: i64 = 60;

/// Enters what was measured of one objective, or of one member, into a period. `minimum_events`: a minute of the objective
/// with fewer is never bad.
///
/// # Errors
/// Names the field of the measurements file.
pub fn enter(
    timeline: &mut Timeline,
    series: &str,
    measured: &Measured,
    minimum_events: Option<i64>,
    path: &str,
    period: Bounds,
) -> Result<(), Fault> {
    match (measured.runs(), &measured.outages) {
        // Nothing is said of it, so that nobody knows anything.
        ([], None) => Ok(()),
        ([], Some(outages)) => spells(timeline, series, (outages.as_slice(), measured), minimum_events, path, period),
        (slots, None) => counted(timeline, series, slots, path, period),
        (_, Some(_)) => Err(both(path)),
    }
}

fn both(path: &str) -> Fault {
    Fault::new(format!("{path}.slots"), "stands beside outages; give slots or outages, not both")
}

/// Whether what is told of outages can be worked with, whatever period is settled.
///
/// # Errors
/// Names the field of the measurements file.
pub(super) fn check(measured: &Measured, path: &str) -> Result<(), Fault> {
    if measured.slots.is_some() && measured.outages.is_some() {
        return Err(both(path));
    }
    let mut outages = Vec::new();
    for (index, outage) in measured.outages.iter().flatten().enumerate() {
        repeated(outage, index, &format!("{path}.outages[{index}]"), &mut outages)?;
    }
    let unknown = seconds_of(&measured.unknown, &format!("{path}.unknown"))?;
    let deployed = measured.deployed.as_deref().map(|d| seconds_of(d, &format!("{path}.deployed"))).transpose()?;
    told_once(&outages, &unknown, deployed.as_deref(), path)
}

/// Slots that are given as counts. What is not given was not read.
fn counted(timeline: &mut Timeline, series: &str, given: &[SlotRun], path: &str, period: Bounds) -> Result<(), Fault> {
    let mut every = None;
    let mut next = period.start.as_second();
    for (index, run) in given.iter().enumerate() {
        let path = format!("{path}.slots[{index}]");
        let seconds = seconds(&run.every, &format!("{path}.every"))?;
        if *every.get_or_insert(seconds) != seconds {
            return Err(Fault::new(format!("{path}.every"), "must be the same in all slots of an objective"));
        }
        if index == 0 {
            timeline
                .add_in_slots_of(seconds, series, Slot::unknown(UnknownCause::NotRead, 0))
                .map_err(|e| Fault::new(&path, e.to_string()))?;
        }
        let from = run.from.map_or(next, Timestamp::as_second);
        if (from - period.start.as_second()) % seconds != 0 {
            let message = format!("must be whole slots away from the beginning of the period, {}", period.start);
            return Err(Fault::new(format!("{path}.from"), message));
        }
        next = from.saturating_add(seconds.saturating_mul(run.repeat.into()));
        lay(timeline, series, (from, next), &slot(run, &path)?, Overlap::Replace, &path)?;
    }
    Ok(())
}

fn lay(
    timeline: &mut Timeline,
    series: &str,
    (from, until): (i64, i64),
    slot: &Slot,
    overlap: Overlap,
    path: &str,
) -> Result<(), Fault> {
    let instant = |second| Timestamp::from_second(second).map_err(|e| Fault::new(path, e.to_string()));
    let entered = timeline.insert(series, instant(from)?, instant(until)?, slot, overlap);
    entered.map_err(|e| Fault::new(path, e.to_string()))
}

fn slot(run: &SlotRun, path: &str) -> Result<Slot, Fault> {
    let number = |name: &str, value: &Option<Quantity>| -> Result<Option<BigRational>, Fault> {
        let Some(value) = value else { return Ok(None) };
        decimal(value.as_str()).map(Some).map_err(|e| Fault::new(format!("{path}.{name}"), e.to_string()))
    };
    match run.state {
        SlotWord::Unknown => return Ok(Slot::unknown(UnknownCause::NoSamples, 0)),
        SlotWord::Excluded => return Ok(Slot::excluded(0)),
        SlotWord::NotDeployed => return Ok(Slot::not_deployed(0)),
        SlotWord::NoTraffic => return Ok(Slot::known(Tally::default(), Births::default(), 0)),
        SlotWord::Measured => {}
    }
    let all = number("total", &run.total)?.ok_or_else(|| Fault::new(format!("{path}.total"), "is missing"))?;
    let (given, told) = match (number("bad", &run.bad)?, number("good", &run.good)?) {
        (Some(bad), None) => ("bad", bad),
        (None, Some(good)) => ("good", good),
        _ => return Err(Fault::new(path, "give exactly one of bad and good")),
    };
    let less = |from: &BigRational, name: &str, part: BigRational, of: &str| {
        let left = from - part;
        if left.is_negative() {
            Err(Fault::new(format!("{path}.{name}"), format!("is more than {of}")))
        } else {
            Ok(left)
        }
    };
    let rest = less(&all, given, told.clone(), "the total")?;
    let bad = if given == "bad" { told } else { rest };
    let excluded = |name: &str, value: &Option<Quantity>| number(name, value).map(Option::unwrap_or_default);
    let bad = less(&bad, "excludedBad", excluded("excludedBad", &run.excluded_bad)?, "what was bad")?;
    let total = less(&all, "excludedTotal", excluded("excludedTotal", &run.excluded_total)?, "the total")?;
    if bad > total {
        let message = "leaves fewer events than were bad; say in excludedBad how many of these leave with it";
        return Err(Fault::new(format!("{path}.excludedTotal"), message));
    }
    let count = |name: &str, value: &BigRational| {
        Count::exact(value).map_err(|e| Fault::new(format!("{path}.{name}"), e.to_string()))
    };
    let tally = Tally { total: count("total", &total)?, bad: count(given, &bad)? };
    Ok(Slot::known(tally, Births::default(), 0))
}

/// One time with one content.
pub(super) struct Spell {
    pub from: i64,
    pub until: i64,
    /// The share of bad events, and the events in a minute where they are known.
    pub bad: BigRational,
    events: Option<BigRational>,
    /// The outage's place in the file.
    pub place: usize,
}

/// Slots from outages: what no outage covers was good.
fn spells(
    timeline: &mut Timeline,
    series: &str,
    (told, measured): (&[Outage], &Measured),
    minimum_events: Option<i64>,
    path: &str,
    period: Bounds,
) -> Result<(), Fault> {
    let mut outages = Vec::new();
    for (index, outage) in told.iter().enumerate() {
        repeated(outage, index, &format!("{path}.outages[{index}]"), &mut outages)?;
    }
    let unknown = seconds_of(&measured.unknown, &format!("{path}.unknown"))?;
    let deployed = match &measured.deployed {
        Some(deployed) => Some(seconds_of(deployed, &format!("{path}.deployed"))?),
        None => None,
    };
    let (start, end) = (period.start.as_second(), period.end.as_second());
    let mut edges = outages.iter().flat_map(|o| [o.from, o.until]).chain([start, end]).collect::<Vec<_>>();
    edges.extend(unknown.iter().chain(deployed.iter().flatten()).flat_map(|(from, until)| [*from, *until]));
    let seconds = if edges.iter().all(|edge| edge % 60 == 0) { 60 } else { 1 };
    timeline
        .add_in_slots_of(seconds, series, slot_of(None, seconds, path)?)
        .map_err(|e| Fault::new(path, e.to_string()))?;
    let enough = enough(&outages, minimum_events);
    // What is laid at the end moves nothing.
    outages.sort_by_key(|outage| outage.from);
    for outage in &outages {
        let slot = slot_of(Some(outage), seconds, &format!("{path}.outages[{}]", outage.place))?;
        let alone = if has_enough(outage, minimum_events) {
            vec![(outage.from, outage.until)]
        } else {
            between(&enough, (outage.from, outage.until))
        };
        for span in alone {
            lay(timeline, series, span, &slot, Overlap::Worse, path)?;
        }
    }
    for span in unknown {
        lay(timeline, series, span, &Slot::unknown(UnknownCause::NoSamples, 0), Overlap::Replace, path)?;
    }
    for span in deployed.map(|deployed| between(&deployed, (start, end))).unwrap_or_default() {
        lay(timeline, series, span, &Slot::not_deployed(0), Overlap::Replace, path)?;
    }
    Ok(())
}

/// Whether an outage has as many events in a minute as it takes for being bad.
fn has_enough(outage: &Spell, minimum_events: Option<i64>) -> bool {
    let events = outage.events.clone().unwrap_or_else(|| whole(EVENTS_PER_MINUTE));
    minimum_events.is_none_or(|minimum| events >= whole(minimum))
}

/// When there were outages with enough events, in order.
fn enough(outages: &[Spell], minimum_events: Option<i64>) -> Vec<(i64, i64)> {
    let bad = outages.iter().filter(|o| o.bad.is_positive() && has_enough(o, minimum_events));
    merged(bad.map(|o| (o.from, o.until)).collect())
}

/// The time that none of the spans, which are in order, covers.
pub(super) fn between(spans: &[(i64, i64)], (start, end): (i64, i64)) -> Vec<(i64, i64)> {
    let mut left = Vec::new();
    let mut from = start;
    let first = spans.partition_point(|(_, ends)| *ends <= start);
    for (begins, ends) in spans.iter().skip(first).take_while(|(begins, _)| *begins < end) {
        if from < *begins {
            left.push((from, *begins));
        }
        from = from.max(*ends);
    }
    if from < end {
        left.push((from, end));
    }
    left
}

/// The slot of so many seconds in which an outage held, or none: exactly, since a rate of exactly the limit is not above
/// it. Where nobody says how many events there were, there is one a second.
fn slot_of(outage: Option<&Spell>, seconds: i64, path: &str) -> Result<Slot, Fault> {
    let events = outage.and_then(|o| o.events.as_ref()).map(|events| events * whole(seconds) / whole(60));
    let total = events.unwrap_or_else(|| whole(seconds));
    let bad = &total * outage.map(|o| o.bad.clone()).unwrap_or_default();
    let count = |name: &str, value: &BigRational| {
        let refuse = |e: NotExact| Fault::new(format!("{path}.{name}"), format!("its events in {seconds} s: {e}"));
        Count::exact(value).map_err(refuse)
    };
    let tally = Tally { total: count("eventsPerMinute", &total)?, bad: count("errorRate", &bad)? };
    Ok(Slot::known(tally, Births::default(), 0))
}

/// An outage each time that it came.
fn repeated(outage: &Outage, place: usize, path: &str, into: &mut Vec<Spell>) -> Result<(), Fault> {
    let (first, every) = told(outage, place, path)?;
    for n in 0..i64::from(outage.times()) {
        let shift = every.saturating_mul(n);
        let (from, until) = (first.from.saturating_add(shift), first.until.saturating_add(shift));
        into.push(Spell { from, until, bad: first.bad.clone(), events: first.events.clone(), place });
    }
    Ok(())
}

/// An outage when it first came, and the seconds from one beginning to the next.
fn told(outage: &Outage, place: usize, path: &str) -> Result<(Spell, i64), Fault> {
    let share = |name: &str, value: &Option<Quantity>| -> Result<BigRational, Fault> {
        let Some(value) = value else { return Ok(BigRational::one()) };
        let path = format!("{path}.{name}");
        let share = decimal(value.as_str()).map_err(|e| Fault::new(&path, e.to_string()))?;
        if share > BigRational::one() {
            return Err(Fault::new(path, "is a share and can not be above 1"));
        }
        Ok(share)
    };
    let bad = share("errorRate", &outage.error_rate)? * share("affected", &outage.affected)?;
    let events = match &outage.events_per_minute {
        Some(events) => {
            let path = format!("{path}.eventsPerMinute");
            Some(decimal(events.as_str()).map_err(|e| Fault::new(path, e.to_string()))?)
        }
        None => None,
    };
    let (from, until) = bounds(outage.from, outage.until, path)?;
    if outage.times() > MOST_REPEATS {
        return Err(Fault::new(format!("{path}.repeat"), format!("can be {MOST_REPEATS} at the most")));
    }
    let every = match &outage.every {
        Some(every) => seconds(every, &format!("{path}.every"))?,
        None if outage.times() > 1 => {
            return Err(Fault::new(format!("{path}.every"), "is missing, as repeat is above 1"));
        }
        None => 0,
    };
    Ok((Spell { from, until, bad, events, place }, every))
}

fn seconds_of(intervals: &[Interval], path: &str) -> Result<Vec<(i64, i64)>, Fault> {
    let interval = |(i, interval): (usize, &Interval)| bounds(interval.from, interval.until, &format!("{path}[{i}]"));
    Ok(merged(intervals.iter().enumerate().map(interval).collect::<Result<_, _>>()?))
}

/// Spans in order. Neighbours become one, since a stretch must lie inside a single one to be covered.
fn merged(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    spans.dedup_by(|next, held| {
        let touches = next.0 <= held.1;
        if touches {
            held.1 = held.1.max(next.1);
        }
        touches
    });
    spans
}

fn bounds(from: Timestamp, until: Timestamp, path: &str) -> Result<(i64, i64), Fault> {
    if let Some((name, _)) = [("from", from), ("until", until)].iter().find(|(_, at)| at.subsec_nanosecond() != 0) {
        return Err(Fault::new(format!("{path}.{name}"), "must be a whole second"));
    }
    if from >= until {
        return Err(Fault::new(format!("{path}.until"), "must be later than from"));
    }
    Ok((from.as_second(), until.as_second()))
}

/// A length of whole seconds.
pub(super) fn seconds(length: &Span, path: &str) -> Result<i64, Fault> {
    let elapsed = span::elapsed(length).map_err(|e| Fault::new(path, e.to_string()))?;
    if elapsed.subsec_nanos() != 0 || elapsed < SignedDuration::from_secs(1) {
        return Err(Fault::new(path, "must be a whole number of seconds, at least one"));
    }
    Ok(elapsed.as_secs())
}
