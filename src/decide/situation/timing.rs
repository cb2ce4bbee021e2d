//! The durations of `spec.enforcement` as numbers, and the day.

use k8s_openapi::jiff::SignedDuration;

use crate::api;
use crate::api::enforcement::Enforcement;
use crate::evaluate::span;

/// Within it is counted what is bounded by the day, and for so long is remembered what forbids something for a day. It is 24 hours,
/// as there is no calendar in a budget or a cooldown.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A duration that cannot be used, with its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: `{text}` is not a duration such as `90s` or `1h30m`, with each unit once and the largest first")]
pub struct InvalidDuration {
    /// The field.
    pub field: &'static str,
    /// As written.
    pub text: String,
}

/// The durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Shortest time between two raises.
    pub cooldown: SignedDuration,
    /// How long all must be safe before a floor comes down.
    pub release_after: SignedDuration,
    /// How long a revision must have been in force to be gone back to.
    pub served_for: SignedDuration,
    /// How old a pod must be to be moved.
    pub min_age: SignedDuration,
    /// How long a node is avoided at most.
    pub ttl: SignedDuration,
    /// How long load is shed at the longest.
    pub shed_ttl: SignedDuration,
}

impl Timing {
    /// Reads them.
    ///
    /// # Errors
    /// [`InvalidDuration`] naming the field.
    pub fn of(enforcement: &Enforcement) -> Result<Self, InvalidDuration> {
        let served_for = enforcement.rollback.clone().unwrap_or_default().served_for;
        let reschedule = enforcement.reschedule.clone().unwrap_or_default();
        let (min_age, ttl) = (reschedule.min_age, reschedule.avoid_node.unwrap_or_default().ttl);
        let shed_ttl = enforcement.shed.clone().unwrap_or_default().ttl;
        Ok(Self {
            cooldown: parse("enforcement.cooldown", &enforcement.cooldown)?,
            release_after: parse("enforcement.releaseAfter", &enforcement.release_after)?,
            served_for: parse("enforcement.rollback.servedFor", &served_for)?,
            min_age: parse("enforcement.reschedule.minAge", &min_age)?,
            ttl: parse("enforcement.reschedule.avoidNode.ttl", &ttl)?,
            shed_ttl: parse("enforcement.shed.ttl", &shed_ttl)?,
        })
    }
}

fn parse(field: &'static str, text: &api::Span) -> Result<SignedDuration, InvalidDuration> {
    span::elapsed(text).map_err(|_| InvalidDuration { field, text: text.as_str().to_owned() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_the_schema_allows_them() {
        for (text, seconds) in [("30s", 30), ("1m", 60), ("1h30m", 5400), ("1d", 86400), ("90m", 5400), ("0s", 0)] {
            let read = parse("enforcement.cooldown", &api::Span::from(text));
            assert_eq!(read, Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("x", &api::Span::from("250ms")).unwrap(), SignedDuration::from_millis(250));
    }

    #[test]
    fn what_is_no_duration_names_its_field() {
        let enforcement = Enforcement { cooldown: api::Span::from("5s1m"), ..Enforcement::default() };
        assert_eq!(Timing::of(&enforcement).unwrap_err().field, "enforcement.cooldown");
    }
}
