//! The pods that were moved: what the status says, corrected by the records and by the pods as they are now.
//!
//! An eviction, and the replica that is added before one, is entered with its intent, so that a crash cannot make the day's
//! budget larger, and taken out when it is known not to have happened. Where its successor landed is found among the pods made
//! since.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Episode, Verb};
use crate::api::reschedule_status::{Eviction, Hindrance, Landing, Obstacle, RescheduleStatus};
use crate::decide::plan::{Change, Step};
use crate::decide::situation::timing::DAY;
use crate::sense::workload::{PodObservation, WorkloadObservation};

/// The wait after the first refusal; it doubles with each, up to [`LONGEST_WAIT`].
const FIRST_WAIT: i64 = 5;
/// The longest wait between two tries, in seconds.
const LONGEST_WAIT: i64 = 60;
/// A pod that was made later than this after an eviction did not come for it.
const LANDING: SignedDuration = SignedDuration::from_mins(15);
/// What is refused for so long is given up for the episode.
pub const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// What is remembered, as of now. `None`: nothing.
#[must_use]
pub fn reconcile(
    status: Option<&RescheduleStatus>,
    actions: &[ActionRecord],
    workload: &WorkloadObservation,
    now: Timestamp,
) -> Option<RescheduleStatus> {
    let mut moved = status?.clone();
    let refused = |id: &str| actions.iter().any(|record| record.id == id && record.phase == ActionPhase::Refused);
    moved.evictions.retain(|eviction| now.duration_since(eviction.at.0) < DAY && !refused(&eviction.action));
    let is_refused_surge = |record: &ActionRecord| record.verb == Verb::Surge && record.phase == ActionPhase::Refused;
    let came_to_nothing =
        |at: &Time| actions.iter().any(|record| is_refused_surge(record) && record.intended_at == *at);
    moved.surges.retain(|at| now.duration_since(at.0) < DAY && !came_to_nothing(at));
    let got_through = |hindered: &Hindrance| {
        let done = |record: &&ActionRecord| record.verb == Verb::Reschedule && record.phase == ActionPhase::Done;
        // One that went together with the one that was refused says nothing of that.
        actions.iter().filter(done).any(|record| record.intended_at.0 > hindered.since.0)
    };
    moved.hindered = moved.hindered.filter(|hindered| !got_through(hindered));
    let mut taken: Vec<String> =
        moved.evictions.iter().filter_map(|eviction| Some(eviction.landed.as_ref()?.uid.clone())).collect();
    for eviction in &mut moved.evictions {
        match &mut eviction.landed {
            Some(landed) => landed.node = landed.node.take().or_else(|| workload.pod(&landed.uid)?.node.clone()),
            none => *none = successor(eviction.at.0, workload, &taken).map(landing),
        }
        taken.extend(eviction.landed.as_ref().map(|landed| landed.uid.clone()));
    }
    something(moved)
}

/// The pod that came in place of one that was evicted at `at`: of those made soon after the first that none has taken yet.
fn successor<'a>(at: Timestamp, workload: &'a WorkloadObservation, taken: &[String]) -> Option<&'a PodObservation> {
    let soon_after = |created: Timestamp| {
        let after = created.duration_since(at);
        SignedDuration::ZERO <= after && after < LANDING
    };
    let since = workload.pods.iter().filter(|pod| pod.created.is_some_and(soon_after));
    since.filter(|pod| !taken.contains(&pod.uid)).min_by_key(|pod| (pod.created, &pod.name))
}

fn landing(pod: &PodObservation) -> Landing {
    Landing { pod: pod.name.clone(), uid: pod.uid.clone(), node: pod.node.clone() }
}

/// What the API server refused concerns the episode in which it did.
#[must_use]
pub fn within(moved: Option<RescheduleStatus>, episode: Option<&Episode>) -> Option<RescheduleStatus> {
    let mut moved = moved?;
    let goes_on = |hindered: &Hindrance| episode.is_some_and(|episode| episode.since.0 <= hindered.since.0);
    moved.hindered = moved.hindered.filter(goes_on);
    something(moved)
}

/// Enters the eviction that a step intends, or the replicas that are added before some, one by one.
#[must_use]
pub fn intended(
    moved: Option<RescheduleStatus>,
    step: &Step,
    workload: &WorkloadObservation,
    now: Timestamp,
) -> Option<RescheduleStatus> {
    if let Some(more) = added(step, workload) {
        let mut moved = moved.unwrap_or_default();
        moved.surges.extend((0..more).map(|_| Time(now)));
        return Some(moved);
    }
    let Change::Eviction(change) = &step.change else { return moved };
    let mut moved = moved.unwrap_or_default();
    moved.evictions.retain(|eviction| eviction.action != step.id);
    moved.evictions.push(Eviction {
        action: step.id.clone(),
        at: Time(now),
        pod: step.target.name.clone(),
        node: change.node.clone(),
        owner: change.owner.clone(),
        landed: None,
    });
    Some(moved)
}

/// So many replicas a step adds before pods are evicted. `None`: it is not of that kind.
#[must_use]
pub fn added(step: &Step, workload: &WorkloadObservation) -> Option<i32> {
    let change = step.floor().filter(|_| step.verb == Verb::Surge)?;
    Some(change.to.saturating_sub(workload.spec_replicas.max(change.from)).max(1))
}

/// So many replicas were added then. Where that is not known any more, one.
#[must_use]
pub fn surges_of(moved: Option<&RescheduleStatus>, surge: &ActionRecord) -> i32 {
    let surges = moved.into_iter().flat_map(|moved| &moved.surges);
    i32::try_from(surges.filter(|at| **at == surge.intended_at).count()).unwrap_or(i32::MAX).max(1)
}

/// The API server took it: what hindered it before does no more.
#[must_use]
pub fn done(moved: Option<RescheduleStatus>) -> Option<RescheduleStatus> {
    something(RescheduleStatus { hindered: None, ..moved? })
}

/// The API server refused it. `retry_after`: the seconds for which it asked.
#[must_use]
pub fn refused(
    moved: Option<RescheduleStatus>,
    record: &ActionRecord,
    obstacle: Obstacle,
    retry_after: u32,
) -> Option<RescheduleStatus> {
    let mut moved = moved.unwrap_or_default();
    moved.evictions.retain(|eviction| eviction.action != record.id);
    let at = record.intended_at.0;
    let before = moved.hindered.take();
    let tries = before.as_ref().map_or(0, |before| before.tries).saturating_add(1);
    let wait = wait(&record.id, tries).max(i64::from(retry_after));
    moved.hindered = Some(Hindrance {
        obstacle,
        message: record.outcome.clone(),
        pod: record.target.name.clone(),
        since: before.map_or(Time(at), |before| before.since),
        tries,
        until: Time(at.saturating_add(SignedDuration::from_secs(wait)).unwrap_or(Timestamp::MAX)),
    });
    Some(moved)
}

/// It was not tried: the API server had no time, or one of those that were to go together was refused.
#[must_use]
pub fn not_tried(moved: Option<RescheduleStatus>, record: &ActionRecord) -> Option<RescheduleStatus> {
    // What was refused earlier would be tried again by now.
    let just_now = |moved: &RescheduleStatus| {
        moved.hindered.as_ref().is_some_and(|hindered| record.intended_at.0 < hindered.until.0)
    };
    match moved {
        Some(mut moved) if just_now(&moved) => {
            moved.evictions.retain(|eviction| eviction.action != record.id);
            Some(moved)
        }
        other => refused(other, record, Obstacle::Busy, 0),
    }
}

/// Seconds until the next try: doubling, and spread by a quarter, so that evictions refused together are not repeated
/// together. The same try waits the same time.
fn wait(id: &str, tries: i32) -> i64 {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(6);
    let wait = FIRST_WAIT.saturating_mul(1_i64 << doublings).min(LONGEST_WAIT);
    let digest = Sha256::digest(format!("{id}|{tries}"));
    let spread = digest.first().copied().map_or(0, i64::from) % (wait / 4 + 1);
    wait.saturating_add(spread)
}

fn something(moved: RescheduleStatus) -> Option<RescheduleStatus> {
    (moved != RescheduleStatus::default()).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute_and_is_spread() {
        for (tries, shortest, longest) in [(1, 5, 6), (2, 10, 12), (3, 20, 25), (4, 40, 50), (5, 60, 75), (50, 60, 75)]
        {
            let waits: Vec<i64> = (0..64).map(|id| wait(&id.to_string(), tries)).collect();
            assert_eq!((waits.iter().min(), waits.iter().max()), (Some(&shortest), Some(&longest)), "{tries}");
        }
        assert_eq!(wait("a", 3), wait("a", 3));
    }
}
