//! The episode: from the first sign of danger until everything has been safe for long enough and no floor stands.
//!
//! A floor that was raised ahead of the load, and replicas that were let go, begin one too, in which nothing is in danger:
//! the danger that may follow has a beginning of its own, with which all is compared.
//!
//! Safe time counts only while everything is seen: a gap in the data starts it anew, so that the first samples after an
//! outage of the store, which can be zero, reduce nothing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::{Episode, FloorReason, WithoutEffect};

use super::health::{Danger, Health};

/// The episode after `health` was seen at `now`. `fresh`: the account is recent enough to say anything. `stands`: something
/// stands because of the agreement, and whether it is nothing but a floor that was raised ahead of the load.
#[must_use]
pub fn advance(
    previous: Option<&Episode>,
    health: &Health,
    fresh: bool,
    stands: Option<FloorReason>,
    release_after: SignedDuration,
    now: Timestamp,
) -> Option<Episode> {
    let endangered = fresh && health.danger > Danger::None;
    let mut episode = match previous {
        Some(previous) => previous.clone(),
        None if endangered || stands.is_some() => Episode {
            since: Time(now),
            ahead: !endangered && stands == Some(FloorReason::Load),
            safe_since: None,
            without_effect: Vec::new(),
            harmful_above: None,
        },
        None => return None,
    };
    if episode.ahead && endangered {
        (episode.since, episode.ahead) = (Time(now), false);
    }
    episode.safe_since = if fresh && health.is_safe() { episode.safe_since.or(Some(Time(now))) } else { None };
    let over = safe_for(&episode, now).is_some_and(|safe| safe >= release_after);
    match stands {
        None if over => None,
        // The danger is over, and what stands was raised since.
        Some(FloorReason::Load) if over && !episode.ahead => {
            Some(Episode { since: Time(now), ahead: true, without_effect: Vec::new(), harmful_above: None, ..episode })
        }
        _ => Some(episode),
    }
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
