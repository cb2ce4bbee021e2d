//! The episode: from the first sign of danger until everything has been safe for long enough and no floor stands.
//!
//! Safe time counts only while everything is seen: a gap in the data starts it anew, so that the first samples after an
//! outage of the store, which can be zero, reduce nothing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::{Episode, WithoutEffect};

use super::health::{Danger, Health};

/// The episode after `health` was seen at `now`. `fresh`: the account is recent enough to say anything.
#[must_use]
pub fn advance(
    previous: Option<&Episode>,
    health: &Health,
    fresh: bool,
    floor_stands: bool,
    release_after: SignedDuration,
    now: Timestamp,
) -> Option<Episode> {
    let endangered = fresh && health.danger > Danger::None;
    let mut episode = match previous {
        Some(previous) => previous.clone(),
        None if endangered || floor_stands => {
            Episode { since: Time(now), safe_since: None, without_effect: Vec::new() }
        }
        None => return None,
    };
    episode.safe_since = if fresh && health.is_safe() { episode.safe_since.or(Some(Time(now))) } else { None };
    let over = !floor_stands && safe_for(&episode, now).is_some_and(|safe| safe >= release_after);
    (!over).then_some(episode)
}

/// Counts what did not help.
pub fn count(episode: &mut Episode, without_effect: Vec<WithoutEffect>) {
    for more in without_effect {
        match episode.without_effect.iter_mut().find(|tried| tried.verb == more.verb) {
            Some(tried) => tried.times = tried.times.saturating_add(more.times),
            None => episode.without_effect.push(more),
        }
    }
}

/// How long everything has been safe. `None`: it is not, or nobody knows.
#[must_use]
pub fn safe_for(episode: &Episode, now: Timestamp) -> Option<SignedDuration> {
    episode.safe_since.as_ref().map(|since| now.duration_since(since.0))
}
