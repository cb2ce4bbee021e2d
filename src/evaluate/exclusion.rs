//! Exclusions as the account applies them: what of a period does not count, and what was refused, with the reason.
//!
//! [`resolve`] takes the agreement's rules and everything that anybody asked to have excluded, and decides each window by
//! itself: a series of maintenance windows of which the first was announced too late loses only that one. Of several rules
//! for one reason the request names the one it is for, before anybody approves it: no figure decides under which it falls,
//! and each has an allowance of its own. What was
//! approved or revoked by an instant counts, so that the same call says what was known then and what is known now.
//!
//! | code | refused, because |
//! |---|---|
//! | `invalid` | the request contradicts itself or can not be read |
//! | `revoked` | it was taken back |
//! | `unknown_objective` | the agreement has no such objective |
//! | `not_agreed` | the agreement has no rule for the reason, or none of this name |
//! | `not_approved`, `self_approved` | no second person has approved it |
//! | `notice_too_short` | it was announced too late |
//! | `notice_missing`, `notice_too_late` | force majeure: of the event |
//! | `proof_missing`, `proof_too_late` | force majeure: of the event and its extent |
//! | `in_default` | force majeure: the party was in default before |
//! | `allowance_exceeded` | this part is more than may be excluded in a year |

mod allowance;
mod conditions;
pub mod force_majeure;
pub mod lines;
mod provenance;
mod recurrence;
mod rules;
mod spans;
mod terms;

use std::collections::BTreeSet;

use k8s_openapi::jiff::civil::{Date, DateTime};
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ExclusionSpec;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason, ExclusionRules};

use super::calendar::WorkingDays;
use super::count::Count;
use super::exact::decimal;
use super::invalid::InvalidSpec;
use super::period::{self, Bounds, first_instant_of};
pub use provenance::Provenance;

use conditions::{Conditions, Fault};
use terms::InForce;

/// The exclusions of one period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Those that count, by their beginning.
    pub honoured: Vec<Honoured>,
    /// Those that do not, with the reason.
    pub refused: Vec<Refused>,
}

/// An exclusion that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Honoured {
    /// The name of the `ServiceLevelExclusion`.
    pub name: String,
    /// Why it does not count.
    pub reason: ExclusionReason,
    /// What it does to the account.
    pub effect: ExclusionEffect,
    /// The objectives it is about; empty is all.
    pub objectives: Vec<String>,
    /// The time it covers within the period: ordered, disjoint, half open. Reduced to what the allowance left.
    pub spans: Vec<Bounds>,
    /// Only so many events of that time, the earliest; `None` is the whole time.
    pub events: Option<EventsLeft>,
    /// Who stands behind it.
    pub provenance: Provenance,
}

/// Events that leave the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventsLeft {
    /// Bad ones that are not held against the service.
    pub bad: Count,
    /// Events that leave the total.
    pub total: Count,
}

/// An exclusion that does not count, or the part of it that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The name of the `ServiceLevelExclusion`.
    pub name: String,
    /// Why it was asked for.
    pub reason: ExclusionReason,
    /// The beginning of the time it would have covered in the period.
    pub from: Timestamp,
    /// The end of that time, which does not count.
    pub until: Timestamp,
    /// How many seconds of the time between them it would have covered: windows that recur leave some out.
    pub seconds: i64,
    /// One word for the reason it is refused.
    pub code: &'static str,
    /// The reason in words, with the figures.
    pub why: String,
    /// Who stands behind it.
    pub provenance: Provenance,
}

/// A `ServiceLevelExclusion` as somebody declared it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it was created, which is when it was announced unless it says otherwise. `None`: nobody knows.
    pub created: Option<Timestamp>,
    /// What it asks.
    pub spec: &'a ExclusionSpec,
}

/// Decides which exclusions count in a period, and over which of its time, by the terms in force in it.
///
/// `requests` are all that were ever made for this agreement: what was excluded earlier in the year, by the terms of then,
/// uses up an allowance. `as_of` is the instant whose knowledge decides: what was created, approved, revoked, notified or proven
/// later had not happened.
///
/// # Errors
/// Names the field of the agreement's rules, calendar or zone that can not be worked with.
pub fn resolve(
    spec: &AgreementSpec,
    period: Bounds,
    requests: &[Request<'_>],
    as_of: Timestamp,
) -> Result<Exclusions, InvalidSpec> {
    resolve_over(spec, period, period, requests, as_of)
}

/// The same over the time that is judged at the end of a period, which may begin before or after it does: what lies before
/// the period by the terms of then.
///
/// # Errors
/// As for [`resolve`].
pub fn resolve_over(
    spec: &AgreementSpec,
    period: Bounds,
    judged: Bounds,
    requests: &[Request<'_>],
    as_of: Timestamp,
) -> Result<Exclusions, InvalidSpec> {
    let calendar = WorkingDays::new(&spec.calendar)?;
    let zone = period::zone(&spec.time_zone)?;
    // Whatever was excluded since the beginning of the year uses up its allowance.
    let begins = judged.start.min(period.start);
    let first = begins.to_zoned(zone.clone()).date().first_of_year();
    let range = Bounds { start: first_instant_of(first, &zone).unwrap_or(begins), end: period.end };
    let terms = terms::in_force(spec, range.start, period)?;
    let conditions = terms.iter().map(|InForce { when, spec, rules }| {
        (*when, Conditions { spec, rules, calendar: &calendar, zone: &zone, as_of })
    });
    let conditions: Vec<(Bounds, Conditions<'_>)> = conditions.collect();
    let known = requests.iter().filter(|request| request.created.is_none_or(|created| created <= as_of));
    let mut looked: Vec<_> = known.map(|request| look(request, &conditions, range, &zone)).collect();
    let limited: BTreeSet<(ExclusionReason, &str)> = terms
        .iter()
        .flat_map(|terms| &terms.rules)
        .filter(|rule| rule.yearly_allowance.is_some())
        .map(|rule| (rule.reason, rule.name.as_str()))
        .collect();
    for rule in limited {
        limit(&mut looked, rule, range, &zone);
    }
    let mut exclusions = Exclusions::default();
    for found in looked {
        found.enter(&mut exclusions, judged, as_of);
    }
    exclusions.honoured.sort_by(|a, b| (starts(a), &a.name).cmp(&(starts(b), &b.name)));
    exclusions.refused.sort_by(|a, b| (a.from, &a.name, a.code).cmp(&(b.from, &b.name, b.code)));
    Ok(exclusions)
}

/// What is wrong with a request whatever agreement it is for: it can not be read, or contradicts itself.
#[must_use]
pub fn faults(spec: &ExclusionSpec) -> Vec<InvalidSpec> {
    let windows = match (&spec.window, &spec.recurrence) {
        (Some(window), None) if window.from.0 >= window.until.0 => {
            vec![InvalidSpec::new("spec.window.until", "must be later than spec.window.from")]
        }
        (Some(_), None) => Vec::new(),
        (None, Some(recurrence)) => recurrence::fault(recurrence).into_iter().collect(),
        _ => vec![InvalidSpec::new("spec", "must have exactly one of window and recurrence")],
    };
    let events = events(spec).err();
    let recurring = spec.events.as_ref().filter(|_| spec.window.is_none());
    let recurring =
        recurring.map(|_| InvalidSpec::new("spec.events", "goes with spec.window: a number of events cannot recur"));
    windows.into_iter().chain(events).chain(recurring).collect()
}

/// When windows of a request that recurs would begin in a time, on the wall, that do not take place: the clock skips them.
#[must_use]
pub fn skipped(spec: &ExclusionSpec, agreement: &TimeZone, time: Bounds) -> Vec<DateTime> {
    let series = spec.recurrence.as_ref().and_then(|recurrence| recurrence::Series::new(recurrence, agreement).ok());
    series.and_then(|series| series.skipped(time).ok()).unwrap_or_default()
}

/// What is wrong with the rules of an agreement.
#[must_use]
pub fn rule_faults(rules: &ExclusionRules) -> Option<InvalidSpec> {
    rules::rules(rules).err()
}

/// A request and what became of its windows.
struct Looked<'a> {
    request: &'a Request<'a>,
    effect: ExclusionEffect,
    events: Option<EventsLeft>,
    /// Windows that meet every condition, cut where other terms begin, and reduced by the allowance.
    good: Vec<Good>,
    /// Windows that do not, with the reason.
    bad: Vec<(Bounds, Fault)>,
}

/// A window that meets every condition.
#[derive(Clone, Copy)]
struct Good {
    window: Bounds,
    /// How much of such time may be excluded in a year, by the terms of the window.
    allowance: Option<SignedDuration>,
}

/// Judges each window by the terms of the time in which it lies; these are in order, and the last are those of the period.
fn look<'a>(
    request: &'a Request<'a>,
    conditions: &[(Bounds, Conditions<'_>)],
    range: Bounds,
    zone: &TimeZone,
) -> Looked<'a> {
    let mut looked =
        Looked { request, effect: ExclusionEffect::Exclude, events: None, good: Vec::new(), bad: Vec::new() };
    let windows = match faults(request.spec).into_iter().next() {
        None => windows(request.spec, zone, range),
        Some(fault) => Err(fault),
    };
    let windows = match windows {
        Ok(windows) => windows,
        Err(fault) => {
            looked.bad.push((range, Fault::invalid(&fault)));
            return looked;
        }
    };
    looked.events = events(request.spec).ok().flatten();
    for (when, conditions) in conditions {
        let rule = conditions.of_request(request.spec);
        if let Ok(rule) = &rule {
            looked.effect = rule.effect;
        }
        for (window, part) in windows.iter().filter_map(|window| Some((*window, window.overlap(when)?))) {
            let met = rule.as_ref().map_err(Clone::clone).and_then(|rule| {
                conditions.of_window(rule, request, window)?;
                Ok(Good { window: part, allowance: rule.yearly_allowance })
            });
            match met {
                Ok(good) => looked.good.push(good),
                Err(fault) => looked.bad.push((part, fault)),
            }
        }
    }
    looked
}

/// The windows of a request that lie in the range or reach into it, whole.
fn windows(spec: &ExclusionSpec, zone: &TimeZone, range: Bounds) -> Result<Vec<Bounds>, InvalidSpec> {
    if let Some(recurrence) = &spec.recurrence {
        return recurrence::Series::new(recurrence, zone)?.windows(range);
    }
    let window = spec.window.as_ref().map(|w| Bounds { start: w.from.0, end: w.until.0 });
    Ok(window.into_iter().filter(|w| w.overlap(&range).is_some()).collect())
}

/// Takes away what the yearly allowance of a rule does not cover, which is known by its reason and name. Time without an
/// allowance uses up a later one.
fn limit(looked: &mut [Looked<'_>], rule: (ExclusionReason, &str), range: Bounds, zone: &TimeZone) {
    let mut claims: Vec<(usize, Good)> = Vec::new();
    let is_under = |spec: &ExclusionSpec| (spec.reason, spec.rule_name()) == rule;
    for (index, found) in looked.iter_mut().enumerate().filter(|(_, looked)| is_under(looked.request.spec)) {
        claims.extend(found.good.drain(..).map(|good| (index, good)));
    }
    claims.sort_by_key(|(index, good)| (good.window.start, looked.get(*index).map(|l| l.request.name)));
    for year in years(range, zone) {
        let in_year = claims.iter().filter_map(|(index, good)| {
            let most = good.allowance.unwrap_or(SignedDuration::MAX);
            Some(((*index, good.allowance), good.window.overlap(&year)?, most))
        });
        for ((index, allowance), cut) in allowance::share(in_year) {
            let Some(found) = looked.get_mut(index) else { continue };
            found.good.extend(cut.allowed.into_iter().map(|window| Good { window, allowance }));
            let beyond = cut.beyond.into_iter();
            found.bad.extend(beyond.map(|beyond| (beyond, Fault::allowance(allowance.unwrap_or_default()))));
        }
    }
}

/// The calendar years of a range, the first and the last one clipped to it.
fn years(range: Bounds, zone: &TimeZone) -> impl Iterator<Item = Bounds> {
    let first: Date = range.start.to_zoned(zone.clone()).date().first_of_year();
    let starts = std::iter::successors(Some(first), |day| day.last_of_year().tomorrow().ok());
    let zone = zone.clone();
    starts
        .map_while(move |day| {
            let start = first_instant_of(day, &zone)?;
            let end = first_instant_of(day.last_of_year().tomorrow().ok()?, &zone)?;
            Some(Bounds { start, end })
        })
        .take_while(move |year| year.start < range.end)
        .filter_map(move |year| year.overlap(&range))
}

impl Looked<'_> {
    /// Enters what of this lies in the period.
    fn enter(self, exclusions: &mut Exclusions, period: Bounds, as_of: Timestamp) {
        let ExclusionSpec { reason, objectives, .. } = self.request.spec;
        let name = || self.request.name.to_owned();
        let provenance = Provenance::of(self.request, as_of);
        let spans = spans::union(self.good.iter().filter_map(|good| good.window.overlap(&period)));
        if !spans.is_empty() {
            let (effect, events) = (self.effect, self.events);
            let objectives = objectives.clone();
            let provenance = provenance.clone();
            let (name, reason) = (name(), *reason);
            exclusions.honoured.push(Honoured { name, reason, effect, objectives, spans, events, provenance });
        }
        let mut codes: Vec<&'static str> = self.bad.iter().map(|(_, fault)| fault.code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            // Of a series that fails again and again for one reason, one line is enough.
            let of_code = self.bad.iter().filter(|(_, fault)| fault.code == code);
            let parts: Vec<_> = of_code.filter_map(|(w, fault)| Some((w.overlap(&period)?, fault))).collect();
            let covered = spans::union(parts.iter().map(|(part, _)| *part));
            let (Some(first), Some(last), Some((_, fault))) = (covered.first(), covered.last(), parts.first()) else {
                continue;
            };
            exclusions.refused.push(Refused {
                name: name(),
                reason: *reason,
                from: first.start,
                until: last.end,
                seconds: covered.iter().map(Bounds::seconds).sum(),
                code,
                why: fault.why.clone(),
                provenance: provenance.clone(),
            });
        }
    }
}

fn starts(honoured: &Honoured) -> Option<Timestamp> {
    honoured.spans.first().map(|span| span.start)
}

fn events(spec: &ExclusionSpec) -> Result<Option<EventsLeft>, InvalidSpec> {
    let Some(events) = &spec.events else { return Ok(None) };
    let count = |field: &str, text: &str| {
        let number = decimal(text).map_err(|e| InvalidSpec::new(field, e.to_string()))?;
        Count::from_ratio(&number).map_err(|e| InvalidSpec::new(field, e.to_string()))
    };
    let bad = count("spec.events.bad", events.bad.as_str())?;
    Ok(Some(EventsLeft { bad, total: count("spec.events.total", events.total.as_str())? }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
