//! The account, kept from slots as the operator keeps it, and what it says.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::Unfit;
use super::clock;
use super::history::History;
use super::measure::Measure;
use crate::api::agreement::AgreementSpec;
use crate::evaluate::assess::{Circumstances, assess};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::count::Count;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::load_course::LoadCourse;
use crate::evaluate::period::Schedule;
use crate::evaluate::slot::{Births, Slot, Tally, UnknownCause};

/// A slot is read so long after its end: the default of the operator's flag.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// The agreement is in force for so long when a run begins, so that no window of it is short.
const BEFORE: SignedDuration = SignedDuration::from_hours(6);

/// The account.
#[derive(Debug)]
pub struct Account {
    spec: AgreementSpec,
    ledger: Ledger,
    measures: Vec<(String, Measure)>,
}

impl Account {
    /// An account in which all was good before the run, with so many events a second.
    ///
    /// # Errors
    /// What of the agreement cannot be played.
    pub fn new(spec: AgreementSpec, bounds: &[f64], rate: u32) -> Result<Self, Unfit> {
        let begin = clock::at(0.0);
        let since = begin.saturating_sub(BEFORE).unwrap_or(begin);
        let period = Schedule::new(&spec, since)?.containing(begin).ok_or(Unfit::NotInForce)?;
        let slot = spec.metrics.slot.seconds();
        let names = spec.objectives.iter().map(|objective| objective.name.as_str());
        let mut ledger = Ledger::new(period, slot, names)?;
        let measures: Result<Vec<_>, Unfit> =
            spec.objectives.iter().map(|each| Ok((each.name.clone(), Measure::of(each, bounds)?))).collect();
        let measures = measures?;
        let seconds = u32::try_from(slot).unwrap_or(u32::MAX);
        let counted = Tally { total: Count::events(rate.saturating_mul(seconds)), bad: Count::default() };
        let mut start = ledger.measured_through();
        while start < begin {
            for (name, _) in &measures {
                ledger.insert(name, start, Slot::known(counted, Births::default(), 1))?;
            }
            start = ledger.measured_through();
        }
        Ok(Self { spec, ledger, measures })
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
        LoadCourse::since(&self.ledger, from, self.as_of(now), SETTLE)
    }
}
