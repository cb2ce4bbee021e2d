//! What follows from the facts of the measurements file: deadlines of claims, the cure of a breach, the end of the
//! agreement, the deposit, and whether the conditions of exclusions hold.

use std::borrow::Cow;

use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::TimeZone;

use super::account::invalid;
use super::fault::Fault;
use super::measurements::{Incident, Measurements};
use super::report::{
    DeadlineReport, DemandReport, ExclusionReport, IncidentReport, Moment, Report, Term, Termination, ValueReport,
};
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ForceMajeureRecord;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::calendar::WorkingDays;
use crate::evaluate::contract_dates::{earliest_end, extended_term};
use crate::evaluate::cure;
use crate::evaluate::deadline::{Anchors, deadline, opening};
use crate::evaluate::exact::{decimal, decimal_text};
use crate::evaluate::exclusion::{Exclusions, Request, force_majeure, skipped};
use crate::evaluate::methods::value::Limit;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::span;
use crate::evaluate::term;

/// Digits after the point in seconds that are shown.
const SECOND_PLACES: u32 = 6;

/// An agreement and what its dates are reckoned with.
pub(super) struct Contract<'a> {
    pub spec: &'a AgreementSpec,
    pub schedule: &'a Schedule,
    pub calendar: &'a WorkingDays,
}

impl Contract<'_> {
    fn zone(&self) -> &TimeZone {
        self.schedule.zone()
    }

    fn moment(&self, at: Timestamp, day: Date) -> Moment {
        // An instant of the contract's own clock, as the parties read it.
        Moment { at: at.to_zoned(self.zone().clone()).timestamp().to_string(), day: day.to_string() }
    }

    /// The deadlines of the claims on an incident.
    pub(super) fn incident(&self, incident: &Incident, path: &str) -> Result<IncidentReport, Fault> {
        let anchors = Anchors {
            incident: Some(incident.from),
            awareness: Some(incident.aware_at.unwrap_or(incident.from)),
            ..Anchors::default()
        };
        let fault = |e: crate::evaluate::deadline::DeadlineError| Fault::new(path, e.to_string());
        let settlement = &self.spec.settlement;
        let mut deadlines = Vec::with_capacity(settlement.deadlines.len());
        for agreed in &settlement.deadlines {
            let due = deadline(agreed, &anchors, self.schedule, self.calendar).map_err(fault)?;
            deadlines.push(DeadlineReport { name: agreed.name.clone(), by: self.moment(due.at, due.day) });
        }
        let claims_open = match &settlement.claims_open {
            Some(opens) => {
                let opened = opening(opens, &anchors, self.schedule, self.calendar).map_err(fault)?;
                Some(self.moment(opened.at, opened.day))
            }
            None => None,
        };
        Ok(IncidentReport {
            from: incident.from.to_string(),
            classification: None,
            class: None,
            claims_open,
            deadlines,
        })
    }

    /// Until when each demanded breach may be cured.
    pub(super) fn demands(&self, measurements: &Measurements) -> Result<Vec<DemandReport>, Fault> {
        let Some(days) = self.spec.settlement.cure_days else {
            return match measurements.demands.first() {
                Some(_) => Err(Fault::new("demands", "spec.settlement.cureDays is not agreed; nothing can be cured")),
                None => Ok(Vec::new()),
            };
        };
        let reported = measurements.demands.iter().enumerate().map(|(index, demand)| {
            let made = cure::Demand::new(demand.at, days, self.zone(), demand.cured_at);
            let made = made.ok_or_else(|| Fault::new(format!("demands[{index}].at"), "leads beyond the calendar"))?;
            Ok(DemandReport {
                at: demand.at.to_string(),
                cure_by: made.by.to_string(),
                cured_at: demand.cured_at.map(|at| at.to_string()),
                may_end: !made.is_kept(),
            })
        });
        reported.collect()
    }

    /// The earliest end by a notice, which the agreement or the file tells of.
    pub(super) fn termination(&self, notice: Option<&str>) -> Result<Option<Termination>, Fault> {
        const PATH: &str = "terminationNotice";
        let told = self.spec.ending.as_ref().and_then(|ending| ending.notice_on.as_deref());
        let notice = match (notice, told) {
            (Some(_), Some(told)) => {
                return Err(Fault::new(
                    PATH,
                    format!("spec.ending.noticeOn tells of the notice, of {told}; leave it out"),
                ));
            }
            (Some(notice), None) => notice,
            (None, Some(told)) => {
                let end = term::end_by_notice(self.spec).map_err(invalid)?;
                return Ok(end.map(|end| Termination { notice_on: told.to_owned(), earliest_end: end.to_string() }));
            }
            (None, None) => return Ok(None),
        };
        let Some(days) = self.spec.settlement.termination_notice_days else {
            return Err(Fault::new(PATH, "spec.settlement.terminationNoticeDays is not agreed"));
        };
        let end =
            earliest_end(day(notice, PATH)?, days).ok_or_else(|| Fault::new(PATH, "leads beyond the calendar"))?;
        Ok(Some(Termination { notice_on: notice.to_owned(), earliest_end: end.to_string() }))
    }

    /// The term with the days of service that were granted, beside those of which nobody said that they were.
    pub(super) fn term(&self, (service_days, not_granted): (i64, i64)) -> Option<Term> {
        if service_days <= 0 && not_granted <= 0 {
            return None;
        }
        let last = term::agreed_last_day(self.spec).ok()??;
        let last_day = extended_term(last, service_days)?.to_string();
        Some(Term { agreed_last_day: last.to_string(), service_days, not_granted_days: not_granted, last_day })
    }

    /// The terms in force at an instant: those of the period in which it lies.
    pub(super) fn terms(&self, at: Timestamp) -> Result<Cow<'_, AgreementSpec>, Fault> {
        let start = self.schedule.containing(at).map_or(at, |period| period.start);
        terms_at(self.spec, start).map_err(invalid)
    }

    /// Each value with its limit.
    pub(super) fn values(&self, measurements: &Measurements) -> Result<Vec<ValueReport>, Fault> {
        let mut reports = Vec::new();
        for (place, measured) in measurements.objectives.iter().enumerate() {
            for (number, value) in measured.values.iter().flatten().enumerate() {
                let terms = self.terms(value.at)?;
                let objective = terms.objectives.iter().enumerate().find(|(_, o)| o.name == measured.name);
                let Some((index, indicator)) = objective.and_then(|(i, o)| Some((i, o.indicator.value.as_ref()?)))
                else {
                    continue;
                };
                let path = format!("objectives[{place}].values[{number}]");
                if value.size.is_some() && indicator.allowance.is_none() {
                    let message = "the objective's limit does not grow with the size; leave it out";
                    return Err(Fault::new(format!("{path}.size"), message));
                }
                let limit = Limit::of(index, indicator).map_err(invalid)?;
                let (seconds, size) = value_of(value, &path)?;
                reports.push(ValueReport {
                    objective: measured.name.clone(),
                    at: value.at.to_string(),
                    seconds: plain(&decimal_text(&seconds, SECOND_PLACES)),
                    limit_seconds: plain(&decimal_text(&limit.seconds(&size), SECOND_PLACES)),
                    kept: limit.keeps(&seconds, &size),
                });
            }
        }
        Ok(reports)
    }

    /// Whether an exclusion counts in these periods, with what the clocks of force majeure say of it.
    pub(super) fn exclusion(
        &self,
        request: &Request<'_>,
        resolved: &[Exclusions],
        settled: Option<Bounds>,
    ) -> Result<ExclusionReport, Fault> {
        let honoured = resolved.iter().any(|e| e.honoured.iter().any(|h| h.name == request.name));
        let refused = resolved.iter().flat_map(|e| &e.refused).find(|r| r.name == request.name);
        let mut report = ExclusionReport {
            name: request.name.to_owned(),
            notice_valid: None,
            notice_by: None,
            announced_at: None,
            proof_valid: None,
            proof_by: None,
            exempt: honoured,
            why: match refused.filter(|_| !honoured) {
                Some(refused) => format!("{}: {}", refused.code, refused.why),
                None => self.without_time(request, honoured, settled),
            },
        };
        let begins = request.spec.window.as_ref().map(|window| window.from.0);
        let begins = begins.or_else(|| found_from(request.name, resolved));
        let terms = self.terms(begins.unwrap_or_else(|| self.schedule.from()))?;
        let Some(agreed) = terms.exclusions.rule(request.spec.reason, request.spec.rule_name()) else {
            return Ok(report);
        };
        let (Some(rule), Some(window)) = (&agreed.force_majeure, &request.spec.window) else {
            if agreed.minimum_notice.is_some() || agreed.minimum_notice_working_days.is_some() {
                let announced = request.spec.announced_at.as_ref().map(|at| at.0).or(request.created);
                report.announced_at = announced.map(|at| at.to_string());
                report.notice_valid = in_time(request.name, resolved);
            }
            return Ok(report);
        };
        let none = ForceMajeureRecord { notice_at: None, proof_at: None, in_default_since: None };
        let record = request.spec.force_majeure.as_ref().unwrap_or(&none);
        let event = Bounds { start: window.from.0, end: window.until.0 };
        let found =
            force_majeure::examine(rule, record, event, self.calendar, self.zone(), Timestamp::MAX).map_err(invalid)?;
        report.notice_valid = found.notice_by.map(|_| found.notice_valid);
        report.notice_by = found.notice_by.map(|by| self.moment(by, by.to_zoned(self.zone().clone()).date()));
        report.proof_valid = found.proof_by.map(|_| found.proof_valid);
        report.proof_by = found.proof_by.and_then(|by| {
            let over = crate::evaluate::period::first_instant_of(by.tomorrow().ok()?, self.zone())?;
            Some(self.moment(over, by))
        });
        Ok(report)
    }
}

impl Contract<'_> {
    /// Which windows of an exclusion do not take place, or that it has none. Empty: it covers some time, and all of it.
    fn without_time(&self, request: &Request<'_>, honoured: bool, settled: Option<Bounds>) -> String {
        let skipped = settled.map(|time| skipped(request.spec, self.zone(), time)).unwrap_or_default();
        let more = skipped.len().saturating_sub(1);
        match skipped.first() {
            Some(first) if more > 0 => {
                format!("the windows from {first} on the wall and {more} more do not take place: the clock skips them")
            }
            Some(first) => format!("the window from {first} on the wall does not take place: the clock skips it"),
            None if honoured => String::new(),
            None => "it has no window in the time that is settled".to_owned(),
        }
    }
}

/// Where the first time begins that something became of.
fn found_from(name: &str, resolved: &[Exclusions]) -> Option<Timestamp> {
    let honoured = resolved.iter().flat_map(|e| &e.honoured).filter(|h| h.name == name);
    let refused = resolved.iter().flat_map(|e| &e.refused).filter(|r| r.name == name);
    honoured.flat_map(|h| h.spans.iter().map(|span| span.start)).chain(refused.map(|r| r.from)).min()
}

/// Whether what is planned was announced in time. `None`: it did not come to that, since something else spoke against it.
fn in_time(name: &str, resolved: &[Exclusions]) -> Option<bool> {
    let refused = resolved.iter().flat_map(|e| &e.refused).filter(|r| r.name == name);
    let codes: Vec<&str> = refused.map(|r| r.code).collect();
    if codes.contains(&"notice_too_short") {
        return Some(false);
    }
    let honoured = resolved.iter().flat_map(|e| &e.honoured).any(|h| h.name == name);
    (honoured || codes.contains(&"allowance_exceeded")).then_some(true)
}

/// Enters everything that follows into the report. `service_days`: those that were granted, and those of which nobody said
/// so.
pub(super) fn enter(
    contract: &Contract<'_>,
    measurements: &Measurements,
    service_days: (i64, i64),
    report: &mut Report,
) -> Result<(), Fault> {
    report.values = contract.values(measurements)?;
    for (index, incident) in measurements.incidents.iter().enumerate() {
        report.incidents.push(contract.incident(incident, &format!("incidents[{index}]"))?);
    }
    report.demands = contract.demands(measurements)?;
    report.termination = contract.termination(measurements.termination_notice.as_deref())?;
    contract.payments(measurements, report)?;
    contract.classify(measurements, report)?;
    report.term = contract.term(service_days);
    Ok(())
}

/// A value in seconds, and the size of its case.
pub(super) fn value_of(
    value: &super::measurements::Value,
    path: &str,
) -> Result<(num_rational::BigRational, num_rational::BigRational), Fault> {
    let length = span::elapsed(&value.value).map_err(|e| Fault::new(format!("{path}.value"), e.to_string()))?;
    let seconds = num_rational::BigRational::new(length.as_nanos().into(), 1_000_000_000.into());
    let size = match &value.size {
        Some(size) => decimal(size.as_str()).map_err(|e| Fault::new(format!("{path}.size"), e.to_string()))?,
        None => num_rational::BigRational::default(),
    };
    Ok((seconds, size))
}

/// A day of the calendar.
pub(super) fn day(text: &str, path: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| Fault::new(path, format!("{text:?} is not a day of the calendar; write YYYY-MM-DD")))
}

/// Without useless zeros.
fn plain(decimal: &str) -> String {
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}
