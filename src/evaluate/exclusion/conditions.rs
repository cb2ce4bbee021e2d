//! The formal conditions of an exclusion: a rule, a second person's approval, notice in time.

use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::{Approval, ExclusionSpec, ForceMajeureRecord, Revocation};
use crate::api::exclusion_rules::ApprovalRule;
use crate::evaluate::calendar::WorkingDays;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::Bounds;
use crate::evaluate::span::{self, Length};

use super::Request;
use super::force_majeure;
use super::provenance::announced;
use super::rules::Rule;

/// Why a window is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// One word.
    pub code: &'static str,
    /// The reason in words, with the figures.
    pub why: String,
}

impl Fault {
    pub fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    /// A request that can not be read.
    pub fn invalid(fault: &InvalidSpec) -> Self {
        Self::new("invalid", fault.to_string())
    }

    /// More than may be excluded in a year.
    pub fn allowance(most: SignedDuration) -> Self {
        let why = format!("this is beyond the {} that may be excluded in a calendar year", span::text(most.as_secs()));
        Self::new("allowance_exceeded", why)
    }
}

/// What the conditions are judged by.
pub struct Conditions<'a> {
    pub spec: &'a AgreementSpec,
    pub rules: &'a [Rule],
    pub calendar: &'a WorkingDays,
    pub zone: &'a TimeZone,
    pub as_of: Timestamp,
}

impl Conditions<'_> {
    /// The rule for a request, if nothing about the request as a whole speaks against it.
    pub fn of_request(&self, request: &ExclusionSpec) -> Result<&Rule, Fault> {
        let by_then = |act: &&Approval| act.at.0 <= self.as_of;
        if let Some(revoked) = self.revoked(request).filter(|revoked| revoked.from.is_none()) {
            return Err(Fault::new("revoked", format!("{} took it back at {}", revoked.by, revoked.at.0)));
        }
        let known = |name: &String| self.spec.objectives.iter().any(|o| o.name == *name);
        if let Some(unknown) = request.objectives.iter().find(|name| !known(name)) {
            let why = format!("spec.objectives: the agreement has no objective {unknown:?}");
            return Err(Fault::new("unknown_objective", why));
        }
        let is_meant = |rule: &&Rule| rule.reason == request.reason && rule.name == request.rule_name();
        let rule = self.rules.iter().find(is_meant).ok_or_else(|| self.not_agreed(request))?;
        if self.spec.exclusions.approval == ApprovalRule::Required {
            let Some(approval) = request.approval.as_ref().filter(by_then) else {
                return Err(Fault::new("not_approved", "nobody has approved it: spec.approval"));
            };
            if approval.by == request.declared_by {
                let why = format!("{} declared it and may not approve it as well", approval.by);
                return Err(Fault::new("self_approved", why));
            }
        }
        Ok(rule)
    }

    /// That there is no such rule, and which there are.
    fn not_agreed(&self, request: &ExclusionSpec) -> Fault {
        let reason = request.reason;
        let others: Vec<&str> =
            self.rules.iter().filter(|rule| rule.reason == reason).map(|rule| rule.name.as_str()).collect();
        let which = match request.rule_name() {
            "" => format!("no rule for the reason {reason:?}"),
            name => format!("no rule {name:?} for the reason {reason:?}"),
        };
        let named = match others.as_slice() {
            [] => String::new(),
            [""] => "; its only one has no name: leave spec.ruleName out".to_owned(),
            names => format!("; spec.ruleName must be one of {}", names.join(", ").trim_start_matches(", ")),
        };
        Fault::new("not_agreed", format!("the agreement has {which} in spec.exclusions.rules{named}"))
    }

    fn revoked<'a>(&self, request: &'a ExclusionSpec) -> Option<&'a Revocation> {
        request.revoked.as_ref().filter(|revoked| revoked.at.0 <= self.as_of)
    }

    /// Whether one window meets the conditions of its rule.
    pub fn of_window(&self, rule: &Rule, request: &Request<'_>, window: Bounds) -> Result<(), Fault> {
        if let Some(revoked) = self.revoked(request.spec)
            && let Some(from) = revoked.from.as_ref().filter(|from| from.0 <= window.start)
        {
            return Err(Fault::new("revoked", format!("{} ended it from {} on", revoked.by, from.0)));
        }
        self.notice(rule, request, window)?;
        let Some(clocks) = &rule.force_majeure else { return Ok(()) };
        let none = ForceMajeureRecord::default();
        let record = request.spec.force_majeure.as_ref().unwrap_or(&none);
        let findings = force_majeure::findings(clocks, record, window, self.calendar, self.zone, self.as_of);
        findings.fault(record, self.as_of)
    }

    /// Exactly the minimum is enough. Days are days of the zone, so that a change of clocks in between costs nobody an
    /// hour.
    fn notice(&self, rule: &Rule, request: &Request<'_>, window: Bounds) -> Result<(), Fault> {
        let short = |why: String| Err(Fault::new("notice_too_short", why));
        if rule.minimum_notice.is_none() && rule.minimum_notice_working_days.is_none() {
            return Ok(());
        }
        let Some(announced) = announced(request, self.as_of) else {
            return short("when it was announced is not known: spec.announcedAt".to_owned());
        };
        if let Some(notice) = rule.minimum_notice {
            let earliest = after(announced, notice, self.zone);
            if earliest.is_none_or(|earliest| window.start < earliest) {
                let least = length_text(notice);
                return short(format!(
                    "announced at {announced} for {}, and {least} of notice are agreed",
                    window.start
                ));
            }
        }
        if let Some(count) = rule.minimum_notice_working_days {
            let day = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
            let (told, begins) = (day(announced), day(window.start));
            if self.calendar.add(told, count).is_none_or(|earliest| begins < earliest) {
                let given = self.calendar.between(told, begins);
                return short(format!(
                    "announced on {told} for {begins}, which is {given} working days, and {count} are agreed"
                ));
            }
        }
        Ok(())
    }
}

/// An instant so much later: days by the calendar of the zone, the rest as elapsed time.
pub fn after(at: Timestamp, length: Length, zone: &TimeZone) -> Option<Timestamp> {
    let day = crate::evaluate::contract_dates::later(at, length.days, zone)?;
    day.checked_add(length.elapsed).ok()
}

/// A length as somebody would write it.
pub fn length_text(length: Length) -> String {
    let seconds = length.elapsed.as_secs();
    match (length.days, seconds) {
        (0, seconds) => span::text(seconds),
        (days, 0) => format!("{days}d"),
        (days, seconds) => format!("{days}d{}", span::text(seconds)),
    }
}
