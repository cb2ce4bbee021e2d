//! A demand to cure a breach: until when that can be done, and the right to end the agreement where it was not.

use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::tz::TimeZone;

use crate::api::contract_status::CureState;

use super::contract_dates::cure_by;

/// A written demand, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// When it was received.
    pub received: Timestamp,
    /// Until when the breach may be cured; that instant is still in time.
    pub by: Timestamp,
    /// When it was cured. `None`: it was not.
    pub cured: Option<Timestamp>,
}

impl Demand {
    /// A demand where a breach may be cured for so many days. `None`: that leads beyond the calendar.
    #[must_use]
    pub fn new(received: Timestamp, days: i32, zone: &TimeZone, cured: Option<Timestamp>) -> Option<Self> {
        Some(Self { received, by: cure_by(received, days, zone)?, cured })
    }

    /// Whether the breach was cured in time.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.cured.is_some_and(|cured| cured <= self.by)
    }

    /// Where it stands by what is known at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> CureState {
        let is_cured = self.cured.is_some_and(|cured| cured <= now);
        match (is_cured && self.is_kept(), now <= self.by) {
            (true, _) => CureState::Cured,
            (false, true) => CureState::Running,
            (false, false) => CureState::MayEnd,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::example::at;
    use super::*;

    const RECEIVED: &str = "2026-06-02T10:00:00Z";
    const BY: &str = "2026-06-09T10:00:00Z";

    fn state(cured: Option<&str>, now: &str) -> CureState {
        Demand::new(at(RECEIVED), 7, &TimeZone::UTC, cured.map(at)).unwrap().state(at(now))
    }

    #[test]
    fn the_last_instant_is_still_in_time() {
        assert_eq!(state(None, BY), CureState::Running);
        assert_eq!(state(None, "2026-06-09T10:00:00.001Z"), CureState::MayEnd);
        assert_eq!(state(Some(BY), BY), CureState::Cured);
        assert_eq!(state(Some("2026-06-09T10:00:01Z"), "2026-06-10T00:00:00Z"), CureState::MayEnd);
    }

    #[test]
    fn what_will_be_cured_is_not_cured_yet() {
        assert_eq!(state(Some("2026-06-08T00:00:00Z"), "2026-06-07T00:00:00Z"), CureState::Running);
        assert_eq!(state(Some("2026-06-08T00:00:00Z"), "2026-06-08T00:00:00Z"), CureState::Cured);
    }
}
