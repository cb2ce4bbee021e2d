//! The account of an agreement, period by period and revision by revision, as the operator would have kept it.
//!
//! A period is closed at its end. What was approved, revoked or proven after that changes the account from that instant
//! on: each change that makes a difference is a revision of its own, which says what it takes back or adds.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::{SignedDuration, Timestamp, ToSpan};
use num_rational::BigRational;

use super::consequences::{self, Contract};
use super::fault::Fault;
use super::history::History;
use super::measurements::Measurements;
use super::report::{PeriodReport, Report};
use super::series;
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ExclusionSpec;
use crate::api::ledger::{AgreementIdentity, LedgerSpec};
use crate::api::metrics_source::IncreaseForm;
use crate::api::statement::StatementSpec;
use crate::evaluate::assess::Circumstances;
use crate::evaluate::calendar::WorkingDays;
use crate::evaluate::credit::{Delivery, Facts};
use crate::evaluate::exact::decimal;
use crate::evaluate::exclusion::{self, Exclusions, Request};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::methods::value::Limit;
use crate::evaluate::period::{Bounds, Schedule, first_instant_of};
use crate::evaluate::restatement::Superseded;
use crate::evaluate::slot::{Births, Slot, Tally};
use crate::evaluate::statement::{self, Closing, StatementError};
use crate::evaluate::stored_ledger;
use crate::evaluate::timeline::{Overlap, Timeline};
use crate::evaluate::window::{Earlier, Window};

/// Periods that one call settles at the most.
const MOST_PERIODS: usize = 400;

/// What is settled.
pub struct Case<'a> {
    /// The agreement's name.
    pub name: &'a str,
    /// Its uid and the generation of its spec, where it was read from a cluster.
    pub uid: &'a str,
    /// See `uid`.
    pub generation: i64,
    /// Its spec.
    pub spec: &'a AgreementSpec,
    /// What somebody asked to have excluded.
    pub requests: &'a [Request<'a>],
    /// What was measured, and what else is known.
    pub measurements: &'a Measurements,
    /// Where the figures come from.
    pub origin: Origin,
}

/// Where the figures come from, as the statement names it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The metrics source, or the file.
    pub name: String,
    /// Its address, where it has one beside its name.
    pub url: String,
    /// How increases were counted.
    pub increase: IncreaseForm,
    /// What was asked, per objective.
    pub queries: BTreeMap<String, Vec<String>>,
}

/// Slots that were read from somewhere else than the measurements file.
pub type Ledgers = BTreeMap<Timestamp, Ledger>;

/// Which periods are settled: the one that a text names, or all that the measurements reach into.
///
/// # Errors
/// The agreement was not in force, or nothing says which period is meant.
pub fn periods(case: &Case<'_>, schedule: &Schedule, named: Option<&str>) -> Result<Vec<Bounds>, Fault> {
    if let Some(named) = named {
        let day = first_day(named)?;
        let at =
            first_instant_of(day, schedule.zone()).ok_or_else(|| Fault::new("--period", "is no day of the zone"))?;
        let period = schedule.containing(at).or_else(|| schedule.containing(schedule.from().max(at)));
        return Ok(vec![
            period.ok_or_else(|| Fault::new("--period", format!("the agreement was not in force on {day}")))?,
        ]);
    }
    let instants = case.measurements.instants();
    let (Some(first), Some(last)) = (instants.iter().min(), instants.iter().max()) else {
        return Err(Fault::new(
            "--period",
            "is missing: the measurements name no instant from which a period could be told",
        ));
    };
    let mut found = Vec::new();
    let mut next = schedule.containing((*first).max(schedule.from()));
    while let Some(period) = next.filter(|period| period.start <= *last) {
        if found.len() == MOST_PERIODS {
            return Err(Fault::new("--period", format!("more than {MOST_PERIODS} periods; name the one you mean")));
        }
        next = schedule.next(&period);
        found.push(period);
    }
    Ok(found)
}

/// A day, or the first one of a month or year.
fn first_day(text: &str) -> Result<Date, Fault> {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    consequences::day(&whole, "--period")
}

/// The schedule of an agreement that was made before anybody looked.
///
/// # Errors
/// Names the field that can not be worked with; rolling periods need a first day.
pub fn schedule(spec: &AgreementSpec) -> Result<Schedule, InvalidSpec> {
    if spec.period.rolling.is_some() && spec.validity.is_none() {
        let message = "must be given to settle rolling periods: they are counted from its first day";
        return Err(InvalidSpec::new("spec.validity.from", message));
    }
    Schedule::new(spec, Timestamp::UNIX_EPOCH)
}

/// Settles periods in their order.
///
/// # Errors
/// Names the field of the measurements file or of the agreement.
pub fn settle(case: &Case<'_>, schedule: &Schedule, periods: &[Bounds], read: &Ledgers) -> Result<Report, Fault> {
    case.measurements.check(case.spec)?;
    let calendar = WorkingDays::new(&case.spec.calendar).map_err(invalid)?;
    let contract = Contract { spec: case.spec, schedule, calendar: &calendar };
    let mut report = Report { agreement: case.name.to_owned(), ..Report::default() };
    let mut history = History::default();
    let mut resolved = Vec::new();
    for period in periods {
        let judged = schedule.judged(period);
        let (ledger, window) = match read.get(&period.start) {
            Some(ledger) => (ledger.clone(), window(case, schedule, period, read)?),
            // What was measured elsewhere is one account of all the time that is judged.
            None => (ledger(case, judged)?, None),
        };
        let year = contract_year(schedule, period.start);
        let settled = Settled {
            ledger: &ledger,
            window: window.as_ref(),
            judged,
            period: *period,
            whole: schedule.whole(period.start).unwrap_or(*period),
        };
        let revisions = revisions(case, &settled, &history.facts(case, *period, year)?, &mut resolved)?;
        let Some(statement) = revisions.last().cloned() else { continue };
        history.enter(year, &statement);
        let (start, end) = (period.start.to_string(), period.end.to_string());
        report.periods.push(PeriodReport { start, end, statement, revisions });
    }
    for request in case.requests {
        report.exclusions.push(contract.exclusion(request, &resolved)?);
    }
    consequences::enter(&contract, case.measurements, &history, &mut report)?;
    Ok(report)
}

/// The number of the contract's year, from its beginning on.
fn contract_year(schedule: &Schedule, at: Timestamp) -> i64 {
    let (from, at) =
        (schedule.from().to_zoned(schedule.zone().clone()).date(), at.to_zoned(schedule.zone().clone()).date());
    let years = i64::from(at.year()) - i64::from(from.year());
    let anniversary = from.checked_add(years.years()).unwrap_or(from);
    if at < anniversary { years - 1 } else { years }
}

impl History {
    /// What else is known about a period.
    fn facts(&self, case: &Case<'_>, period: Bounds, year: i64) -> Result<Facts, Fault> {
        let mut volume: Option<BigRational> = None;
        for (index, entry) in case.measurements.volumes.iter().enumerate().filter(|(_, v)| period.contains(v.at)) {
            let amount = decimal(entry.amount.as_str());
            let amount = amount.map_err(|e| Fault::new(format!("volumes[{index}].amount"), e.to_string()))?;
            volume = Some(volume.unwrap_or_default() + amount);
        }
        let zone = crate::evaluate::period::zone(&case.spec.time_zone).map_err(invalid)?;
        let mut deliveries = Vec::new();
        for (index, delivery) in case.measurements.deliveries.iter().enumerate() {
            let path = |name: &str| format!("deliveries[{index}].{name}");
            let done = consequences::day(&delivery.done, &path("done"))?;
            let made = Delivery {
                objective: delivery.objective.clone(),
                due: consequences::day(&delivery.due, &path("due"))?,
                done,
            };
            if first_instant_of(done, &zone).is_some_and(|at| period.contains(at)) {
                deliveries.push(made);
            }
        }
        Ok(Facts {
            volume,
            deliveries,
            granted_this_year: self.this_year(year),
            granted_before: self.before(),
            missed_in_a_row: self.missed_in_a_row(),
            ..Facts::default()
        })
    }
}

/// The slots of a period.
fn ledger(case: &Case<'_>, period: Bounds) -> Result<Ledger, Fault> {
    let fault = |e: crate::evaluate::ledger::LedgerError| Fault::new("objectives", e.to_string());
    let mut timeline = Timeline::new(period, case.spec.metrics.slot.seconds()).map_err(fault)?;
    for (place, measured) in case.measurements.objectives.iter().enumerate() {
        let path = format!("objectives[{place}]");
        let objective = case.spec.objectives.iter().enumerate().find(|(_, o)| o.name == measured.name);
        let series = match &measured.member {
            Some(member) => crate::evaluate::series::member(&measured.name, member),
            None => measured.name.clone(),
        };
        let Some((index, objective)) = objective else { continue };
        let Some(value) = &objective.indicator.value else {
            series::enter(&mut timeline, &series, measured, &path, period)?;
            continue;
        };
        let limit = Limit::of(index, value).map_err(invalid)?;
        let none = Slot::known(Tally::default(), Births::default(), 0);
        timeline.add_in_slots_of(1, &series, none).map_err(fault)?;
        for (number, value) in measured.values.iter().enumerate().filter(|(_, v)| period.contains(v.at)) {
            let path = format!("{path}.values[{number}]");
            let (seconds, size) = consequences::value_of(value, &path)?;
            let from = Timestamp::from_second(value.at.as_second()).unwrap_or(value.at);
            let until = from.saturating_add(SignedDuration::from_secs(1)).unwrap_or(from);
            timeline.insert(&series, from, until, &limit.slot(&seconds, &size, 0), Overlap::Add).map_err(fault)?;
        }
    }
    timeline.into_ledger().map_err(fault)
}

/// A period and what is known of it.
struct Settled<'a> {
    ledger: &'a Ledger,
    window: Option<&'a Window>,
    judged: Bounds,
    period: Bounds,
    whole: Bounds,
}

/// What is judged with a period beside its own ledger, as it would be stored.
fn window(case: &Case<'_>, schedule: &Schedule, period: &Bounds, read: &Ledgers) -> Result<Option<Window>, Fault> {
    let judged = schedule.judged(period);
    if judged == *period {
        return Ok(None);
    }
    let looked_back_on = schedule.looked_back_on(period);
    let known = looked_back_on.iter().filter_map(|earlier| Some((earlier.start, read.get(&earlier.start)?)));
    let earlier = known.map(|(start, ledger)| {
        let stored = stored_ledger::to_spec(ledger, identity(case), &[], true);
        let earlier = Earlier::of(&statement::ledger_name(case.name, start), &stored);
        earlier.map(Arc::new).map_err(|e| Fault::new("agreement", e.to_string()))
    });
    Ok(Some(Window { judged, earlier: earlier.collect::<Result<_, _>>()? }))
}

fn identity(case: &Case<'_>) -> AgreementIdentity {
    AgreementIdentity { name: case.name.to_owned(), uid: case.uid.to_owned() }
}

/// The statements of a period: what was known at its end, and each later change that makes a difference.
fn revisions(
    case: &Case<'_>,
    settled: &Settled<'_>,
    facts: &Facts,
    resolved: &mut Vec<Exclusions>,
) -> Result<Vec<StatementSpec>, Fault> {
    let Settled { ledger, window, judged, period, whole } = *settled;
    let stored = stored_ledger::to_spec(ledger, identity(case), &[], true);
    let closed = ledger.settles_at(SignedDuration::ZERO);
    let mut moments: Vec<Timestamp> =
        case.requests.iter().flat_map(|r| changes(r.spec)).filter(|at| *at > closed).collect();
    moments.push(closed);
    moments.sort_unstable();
    moments.dedup();
    let mut revisions: Vec<StatementSpec> = Vec::new();
    let mut before: Option<Exclusions> = None;
    for as_of in moments {
        let exclusions =
            exclusion::resolve_over(case.spec, period.start, judged, case.requests, as_of).map_err(invalid)?;
        if before.as_ref().is_some_and(|before| before.honoured == exclusions.honoured) {
            continue;
        }
        let circumstances = Circumstances {
            exclusions: exclusions.clone(),
            period: Some(period),
            whole_period: Some(whole),
            facts: facts.clone(),
            incidents: super::incidents::over(case.measurements).into_iter().map(|(_, incident)| incident).collect(),
        };
        before = Some(exclusions);
        let superseded = revisions.last();
        revisions.push(statement(case, &stored, window, &circumstances, superseded, closed)?);
    }
    // What stands in the end: an exclusion that was revoked no longer counts.
    resolved.extend(before);
    Ok(revisions)
}

/// When something about an exclusion became known.
fn changes(spec: &ExclusionSpec) -> impl Iterator<Item = Timestamp> {
    let force_majeure = spec.force_majeure.as_ref();
    let clocks = force_majeure.into_iter().flat_map(|f| [&f.notice_at, &f.proof_at]).flatten().map(|t| t.0);
    [&spec.approval, &spec.revoked]
        .into_iter()
        .flatten()
        .map(|act| act.at.0)
        .chain(clocks)
        .collect::<Vec<_>>()
        .into_iter()
}

fn statement(
    case: &Case<'_>,
    stored: &LedgerSpec,
    window: Option<&Window>,
    circumstances: &Circumstances,
    superseded: Option<&StatementSpec>,
    closed: Timestamp,
) -> Result<StatementSpec, Fault> {
    let revision = superseded.map_or(1, |s| s.revision.saturating_add(1));
    let start = circumstances.period.map_or(stored.period_start.0, |period| period.start);
    let name = superseded.map(|s| statement::name(case.name, start, s.revision));
    let closing = Closing {
        spec: case.spec,
        generation: case.generation,
        revision,
        ledger_name: &statement::ledger_name(case.name, start),
        ledger: stored,
        window,
        circumstances,
        supersedes: name.as_deref().zip(superseded).map(|(n, s)| Superseded::new(n, s, case.spec.settlement.grant)),
        queries: &case.origin.queries,
        source_name: &case.origin.name,
        source_url: &case.origin.url,
        increase: case.origin.increase,
    };
    let made = statement::statement(&closing, closed, SignedDuration::ZERO);
    made.map_err(|error| match error {
        StatementError::Spec(fault) => invalid(fault),
        other => Fault::new("agreement", other.to_string()),
    })
}

/// A fault of the agreement.
pub(super) fn invalid(fault: InvalidSpec) -> Fault {
    Fault::new(fault.field, fault.message)
}
