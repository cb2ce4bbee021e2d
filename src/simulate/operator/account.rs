//! The account, kept from slots as the operator keeps it, and what it says.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::clock;
use super::history::History;
use super::measure::Measure;
use super::{Known, Unfit};
use crate::api::agreement::AgreementSpec;
use crate::evaluate::assess::{Circumstances, assess};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::count::Count;
use crate::evaluate::ledger::{Ledger, LedgerError};
use crate::evaluate::load_course::LoadCourse;
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::{Births, Slot, Tally, UnknownCause};

/// A slot is read so long after its end: the default of the operator's flag.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);

/// The account.
#[derive(Debug)]
pub struct Account {
    spec: AgreementSpec,
    /// That of the period that runs.
    ledger: Ledger,
    /// That of the one before, with which a danger is compared that goes on.
    before: Option<Ledger>,
    /// When the periods after it end, the next one last.
    later: Vec<Timestamp>,
    measures: Vec<(String, Measure)>,
}

impl Account {
    /// An account in which all was good before the run.
    ///
    /// # Errors
    /// What of the agreement cannot be played.
    pub fn new(spec: AgreementSpec, known: &Known<'_>) -> Result<Self, Unfit> {
        let begin = clock::at(0.0);
        let start = begin.saturating_sub(SignedDuration::from_secs(known.good_for.into())).unwrap_or(begin);
        let slot = spec.metrics.slot.seconds();
        // A slot belongs to the period in which it begins, so that in slots a period ends with its last one.
        let aligned = |end: &f64| {
            let end = clock::at(*end);
            let over = end.as_second().rem_euclid(slot);
            if over == 0 { end } else { end.saturating_add(SignedDuration::from_secs(slot - over)).unwrap_or(end) }
        };
        let mut later: Vec<Timestamp> = known.period_ends.iter().rev().map(aligned).collect();
        let period = Bounds { start, end: later.pop().unwrap_or(begin) };
        let mut ledger = opened(&spec, period)?;
        let measures: Result<Vec<_>, Unfit> =
            spec.objectives.iter().map(|each| Ok((each.name.clone(), Measure::of(each, known.bounds)?))).collect();
        let measures = measures?;
        let seconds = u32::try_from(slot).unwrap_or(u32::MAX);
        let counted = Tally { total: Count::events(known.rate.saturating_mul(seconds)), bad: Count::default() };
        let mut start = ledger.measured_through();
        while start < begin {
            for (name, _) in &measures {
                ledger.insert(name, start, Slot::known(counted, Births::default(), 1))?;
            }
            start = ledger.measured_through();
        }
        Ok(Self { spec, ledger, before: None, later, measures })
    }

    /// The agreement.
    #[must_use]
    pub fn spec(&self) -> &AgreementSpec {
        &self.spec
    }

    /// What an objective counts.
    #[must_use]
    pub fn measure(&self, objective: &str) -> Option<Measure> {
        self.measures.iter().find(|(name, _)| name == objective).map(|(_, measure)| *measure)
    }

    /// Reads the slots that are due; gives whether there were any.
    pub fn read(&mut self, history: &History, now: Timestamp) -> bool {
        let slot = SignedDuration::from_secs(self.ledger.slot_seconds());
        let mut any = false;
        loop {
            let start = self.ledger.measured_through();
            let Ok(end) = start.checked_add(slot) else { return any };
            if end.saturating_add(SETTLE).is_ok_and(|due| due > now) {
                return any;
            }
            if self.ledger.bounds().end <= start && !self.begin_next() {
                return any;
            }
            for (name, measure) in &self.measures {
                let known = history.counted(*measure, clock::seconds(start), clock::seconds(end));
                let slot = match known {
                    Some(counted) => Slot::known(counted, Births::default(), 1),
                    None => Slot::unknown(UnknownCause::NoSamples, 1),
                };
                if self.ledger.insert(name, start, slot).is_err() {
                    return any;
                }
            }
            any = true;
        }
    }

    /// Begins with the next period, when the one that runs is read to its end; gives whether there is one.
    fn begin_next(&mut self) -> bool {
        let Some(end) = self.later.pop() else { return false };
        let Ok(next) = opened(&self.spec, Bounds { start: self.ledger.bounds().end, end }) else { return false };
        self.before = Some(std::mem::replace(&mut self.ledger, next));
        true
    }

    /// What the account says at an instant.
    ///
    /// # Errors
    /// What of the agreement cannot be worked with.
    pub fn assess(&self, now: Timestamp) -> Result<Assessment, Unfit> {
        let as_of = self.as_of(now);
        Ok(assess(&self.spec, &self.ledger, &Circumstances::default(), as_of, SETTLE)?)
    }

    /// Slots that are missing for less than two slots are being read.
    fn as_of(&self, now: Timestamp) -> Timestamp {
        let slot = SignedDuration::from_secs(self.ledger.slot_seconds());
        let read = self.ledger.measured_through().saturating_add(SETTLE).unwrap_or(now);
        let patience = read.saturating_add(slot.saturating_add(slot)).unwrap_or(now);
        if read < now && now < patience { read } else { now }
    }

    /// The load from an instant on.
    #[must_use]
    pub fn load_since(&self, from: Timestamp, now: Timestamp) -> LoadCourse {
        let load = LoadCourse::since(&self.ledger, from, self.as_of(now), SETTLE);
        let none = SignedDuration::ZERO;
        match &self.before {
            Some(before) => load.after(&LoadCourse::since(before, from, before.settles_at(none), none)),
            None => load,
        }
    }
}

fn opened(spec: &AgreementSpec, period: Bounds) -> Result<Ledger, LedgerError> {
    let names = spec.objectives.iter().map(|objective| objective.name.as_str());
    Ledger::new(period, spec.metrics.slot.seconds(), names)
}
