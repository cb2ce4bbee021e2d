//! The account of an agreement, period by period and revision by revision, as the operator would have kept it.
//!
//! A period is closed at its end. What was approved, revoked or proven after that changes the account from that instant
//! on: each change that makes a difference is a revision of its own, which says what it takes back or adds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use super::choice;
use super::consequences::{self, Contract};
use super::fault::Fault;
use super::fit;
use super::measurements::Measurements;
use super::report::{Objects, PeriodReport, Report};
use super::revisions::Kept;
use super::series;
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ExclusionSpec;
use crate::api::ledger::AgreementIdentity;
use crate::api::metrics_source::IncreaseForm;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::calendar::WorkingDays;
use crate::evaluate::credit::{Delivery, Facts};
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::exact::decimal;
use crate::evaluate::exclusion::Request;
use crate::evaluate::history::{History, contract_year};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::methods::value::Limit;
use crate::evaluate::period::{Bounds, Schedule, first_instant_of};
use crate::evaluate::slot::{Births, Slot, Tally};
use crate::evaluate::statement;
use crate::evaluate::stored_ledger;
use crate::evaluate::timeline::{Overlap, Timeline};
use crate::evaluate::window::{Earlier, Window};

/// What is settled.
pub struct Case<'a> {
    /// The agreement's name.
    pub name: &'a str,
    /// Its namespace; empty where it names none.
    pub namespace: &'a str,
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

impl Case<'_> {
    /// The agreement as its ledgers name it.
    #[must_use]
    pub fn identity(&self) -> AgreementIdentity {
        AgreementIdentity { name: self.name.to_owned(), uid: self.uid.to_owned() }
    }
}

/// Where the figures come from, as the statement names it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The metrics source of the agreement.
    pub name: String,
    /// The address at which it was read, or the file that was told in its place.
    pub url: String,
    /// How increases were counted.
    pub increase: IncreaseForm,
    /// What was asked, per objective.
    pub queries: BTreeMap<String, Vec<String>>,
}

/// Slots that were read from somewhere else than the measurements file.
pub type Ledgers = BTreeMap<Timestamp, Ledger>;

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
pub fn settle(case: &Case<'_>, schedule: &Schedule, periods: &[Bounds], read: Ledgers) -> Result<Report, Fault> {
    settle_from(case, schedule, (periods, Timestamp::MIN), read)
}

/// The same, and tells of those that begin at an instant or later: the others are what these rest on.
///
/// # Errors
/// Names the field of the measurements file or of the agreement.
pub fn settle_from(
    case: &Case<'_>,
    schedule: &Schedule,
    (periods, from): (&[Bounds], Timestamp),
    read: Ledgers,
) -> Result<Report, Fault> {
    case.measurements.check(case.spec)?;
    let calendar = WorkingDays::new(&case.spec.calendar).map_err(invalid)?;
    let contract = Contract { spec: case.spec, schedule, calendar: &calendar };
    let mut report = Report { agreement: case.name.to_owned(), ..Report::default() };
    let mut all = Vec::with_capacity(periods.len());
    let ledgers = ledgers(case, schedule, periods, read)?;
    for period in periods {
        let Some(own) = ledgers.get(&period.start) else { continue };
        let window = window(schedule, period, &ledgers);
        let whole = schedule.whole(period.start).unwrap_or(*period);
        let year = contract_year(schedule, period.start);
        all.push(Kept::new(case, (*period, whole), year, (&own.ledger, window), reported(case, *period)?)?);
    }
    bring_up_to_date(case, &mut all)?;
    let days = all.iter().map(|kept| kept.added_days(case.spec.settlement.grant));
    let (granted, waiting) = days.fold((0, 0), |(granted, waiting), (more, open)| (granted + more, waiting + open));
    let (mut resolved, mut settled) = (Vec::new(), None);
    for kept in all.into_iter().filter(|kept| kept.period.start >= from) {
        let judged = kept.window.as_ref().map_or(kept.period, |window| window.judged);
        let time = settled.get_or_insert(judged);
        *time = Bounds { start: time.start.min(judged.start), end: time.end.max(judged.end) };
        // What stands in the end: an exclusion that was revoked no longer counts.
        resolved.extend(kept.exclusions);
        let Some(statement) = kept.revisions.last().cloned() else { continue };
        let (start, end) = (kept.period.start.to_string(), kept.period.end.to_string());
        let objects = Objects::new(case.namespace, &statement, kept.ledger, kept.window.as_ref());
        report.periods.push(PeriodReport { start, end, statement, revisions: kept.revisions, objects });
    }
    for request in case.requests {
        report.exclusions.push(contract.exclusion(request, &resolved, settled)?);
    }
    consequences::enter(&contract, case.measurements, (granted, waiting), &mut report)?;
    Ok(report)
}

/// Settles each period at its end, and every one that is settled already again when something about an exclusion became
/// known.
fn bring_up_to_date(case: &Case<'_>, all: &mut [Kept]) -> Result<(), Fault> {
    let changed: BTreeSet<Timestamp> = case.requests.iter().flat_map(|r| changes(r.spec)).collect();
    let moments: BTreeSet<Timestamp> = all.iter().map(|kept| kept.closed).chain(changed.iter().copied()).collect();
    let (mut history, mut settled) = (History::default(), 0);
    for moment in moments {
        if changed.contains(&moment) {
            (history, settled) = (History::default(), 0);
        }
        while let Some(kept) = all.get_mut(settled).filter(|kept| kept.closed <= moment) {
            kept.settle(case, moment, &mut history)?;
            settled += 1;
        }
    }
    Ok(())
}

/// What was turned over, delivered and chosen in a period.
fn reported(case: &Case<'_>, period: Bounds) -> Result<Facts, Fault> {
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
        let Some(done) = &delivery.done else { continue };
        let done = consequences::day(done, &path("done"))?;
        let made = Delivery {
            objective: delivery.objective.clone(),
            due: consequences::day(&delivery.due, &path("due"))?,
            done,
        };
        if first_instant_of(done, &zone).is_some_and(|at| period.contains(at)) {
            deliveries.push(made);
        }
    }
    let chosen = choice::chosen(case.measurements, case.spec, period)?;
    Ok(Facts { volume, deliveries, chosen, ..Facts::default() })
}

/// The ledgers of the periods, and of those that they look back on, by their beginning.
fn ledgers(
    case: &Case<'_>,
    schedule: &Schedule,
    periods: &[Bounds],
    mut read: Ledgers,
) -> Result<BTreeMap<Timestamp, Arc<Earlier>>, Fault> {
    let looked_back_on = periods.iter().flat_map(|period| schedule.looked_back_on(period));
    let mut all = BTreeMap::new();
    for period in looked_back_on.chain(periods.iter().copied()) {
        if all.contains_key(&period.start) {
            continue;
        }
        let ledger = match read.remove(&period.start) {
            Some(ledger) => ledger,
            None => ledger(case, period)?,
        };
        let stored = stored_ledger::to_spec(&ledger, case.identity(), &EnforcementLog::default(), true);
        let (name, digest) =
            (statement::ledger_name(case.name, period.start), stored_ledger::digest(&stored.objectives));
        all.insert(period.start, Arc::new(Earlier { name, digest, ledger, diagnoses: Vec::new() }));
    }
    Ok(all)
}

/// What is judged at the end of a period; `None`: the period itself.
fn window(schedule: &Schedule, period: &Bounds, ledgers: &BTreeMap<Timestamp, Arc<Earlier>>) -> Option<Window> {
    let judged = schedule.judged(period);
    let looked_back_on = schedule.looked_back_on(period).into_iter();
    let earlier = looked_back_on.filter_map(|earlier| ledgers.get(&earlier.start).cloned()).collect();
    (judged != *period).then_some(Window { judged, earlier })
}

/// The slots of a period.
fn ledger(case: &Case<'_>, period: Bounds) -> Result<Ledger, Fault> {
    let fault = |e: crate::evaluate::ledger::LedgerError| Fault::new("objectives", e.to_string());
    let terms = terms_at(case.spec, period.start).map_err(invalid)?;
    let mut timeline = Timeline::new(period, case.spec.metrics.slot.seconds()).map_err(fault)?;
    for (place, measured) in case.measurements.objectives.iter().enumerate() {
        let path = format!("objectives[{place}]");
        let objective = terms.objectives.iter().enumerate().find(|(_, o)| o.name == measured.name);
        let series = match &measured.member {
            Some(member) => crate::evaluate::series::member(&measured.name, member),
            None => measured.name.clone(),
        };
        // Not promised in this period.
        let Some((index, objective)) = objective else { continue };
        fit::counts(measured, (index, objective), terms.metrics.slot.seconds(), &path)?;
        let Some(value) = &objective.indicator.value else {
            let minimum_events = objective.measurement.minimum_events;
            series::enter(&mut timeline, &series, measured, minimum_events, &path, period)?;
            continue;
        };
        let Some(values) = &measured.values else { continue };
        let limit = Limit::of(index, value).map_err(invalid)?;
        let none = Slot::known(Tally::default(), Births::default(), 0);
        timeline.add_in_slots_of(1, &series, none).map_err(fault)?;
        for (number, value) in values.iter().enumerate().filter(|(_, v)| period.contains(v.at)) {
            let path = format!("{path}.values[{number}]");
            let (seconds, size) = consequences::value_of(value, &path)?;
            let from = Timestamp::from_second(value.at.as_second()).unwrap_or(value.at);
            let until = from.saturating_add(SignedDuration::from_secs(1)).unwrap_or(from);
            timeline.insert(&series, from, until, &limit.slot(&seconds, &size, 0), Overlap::Add).map_err(fault)?;
        }
    }
    timeline.into_ledger().map_err(fault)
}

/// When something about an exclusion became known.
fn changes(spec: &ExclusionSpec) -> impl Iterator<Item = Timestamp> {
    let force_majeure = spec.force_majeure.as_ref();
    let clocks = force_majeure.into_iter().flat_map(|f| [&f.notice_at, &f.proof_at]).flatten().map(|t| t.0);
    let acts = spec.approval.iter().map(|act| act.at.0).chain(spec.revoked.iter().map(|act| act.at.0));
    acts.chain(clocks).collect::<Vec<_>>().into_iter()
}

/// A fault of the agreement.
pub(super) fn invalid(fault: InvalidSpec) -> Fault {
    Fault::new(fault.field, fault.message)
}
