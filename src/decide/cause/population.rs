//! The pods of a service with what each of them served, and whether that is good enough to compare them.
//!
//! Joined here, from what the store says by name and what the API server says of each pod, so that the store needs no
//! series about Kubernetes. Not good enough is a reading that is old, has too few events, or leaves out more than a fifth
//! of the ready pods; one missing pod of many is no reason to see nothing (kubernetes pull request 127193).

use std::collections::BTreeSet;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::ToPrimitive;

use crate::decide::situation::facts::{Facts, LONGEST_START};
use crate::sense::signals::{PodEvents, PodVector, STALE, Signals};
use crate::sense::workload::{PodObservation, WorkloadObservation};

use super::comparison::{FEWEST_EVENTS, Sample, worse};
use super::outlier::RATIO;

/// Ready pods that must be in the reading, in percent.
const COVERED_PERCENT: usize = 80;
/// How old the reading may be.
const AGE: SignedDuration = SignedDuration::from_secs(30);

/// A pod and its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: Option<String>,
    /// Its node's zone.
    pub zone: Option<String>,
    /// Its revision.
    pub revision: Option<String>,
    /// Its events.
    pub sample: Sample,
    /// It has served for the whole window, as far as can be told. What happened before it came is not in its events, so
    /// that it looks better than the others after an overload that it relieved.
    pub served_throughout: bool,
}

/// The pods that exist, each with its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// In order of their names.
    pub members: Vec<Member>,
    /// Bad events of all, of pods that are gone and of no pod too.
    pub all_bad: f64,
    /// When the window began.
    pub began: Timestamp,
    /// The window's length in seconds.
    pub window_seconds: f64,
}

impl Population {
    /// Joins what was read.
    ///
    /// # Errors
    /// Why it is not good enough, in words.
    pub fn of(facts: &Facts<'_>) -> Result<Self, String> {
        let mut population = Self::join(facts.workload, facts.situation.signals, facts.now())?;
        // What the pods of a node did before it broke down blames none of them: they are gone from the service already.
        population.members.retain(|member| !facts.is_dead(member.node.as_ref()));
        Ok(population)
    }

    /// Joins what was read of a workload with what was read by pod.
    ///
    /// # Errors
    /// As for [`Population::of`].
    pub fn join(workload: &WorkloadObservation, signals: &Signals, now: Timestamp) -> Result<Self, String> {
        let vector = match signals {
            Signals::ByPod(vector) => vector,
            other => return Err(other.trouble().unwrap_or_default()),
        };
        let (age, sample_age) = (now.duration_since(vector.at), now.duration_since(vector.newest));
        if age > AGE || age < SignedDuration::ZERO || sample_age > STALE {
            return Err(format!("what was read by pod is of {}, not of just now", vector.newest));
        }
        let events = |pod: &PodObservation| vector.pods.iter().find(|events| events.pod == pod.name);
        let pods = &workload.pods;
        let ready: Vec<_> = pods.iter().filter(|pod| pod.ready && !pod.terminating).collect();
        let covered = ready.iter().filter(|pod| events(pod).is_some()).count();
        if ready.is_empty() || covered.saturating_mul(100) < ready.len().saturating_mul(COVERED_PERCENT) {
            return Err(format!(
                "only {covered} of {} ready pods are in the reading by pod, and {COVERED_PERCENT} % are needed",
                ready.len()
            ));
        }
        let began = vector.at.saturating_sub(vector.window).unwrap_or(Timestamp::MIN);
        let joined = pods.iter().filter_map(|pod| Some(member(pod, sample(events(pod)?), began)));
        let mut members: Vec<Member> = joined.collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let total: f64 = members.iter().map(|member| member.sample.total).sum();
        if total < FEWEST_EVENTS {
            return Err(format!("the pods had {total:.0} events in the window, and {FEWEST_EVENTS:.0} are needed"));
        }
        let window_seconds = vector.window.as_secs_f64();
        let began = vector.at.saturating_sub(vector.window).unwrap_or(vector.at);
        Ok(Self { members, all_bad: whole(vector).bad, began, window_seconds })
    }

    /// The events of the pods that `belongs` picks, and of all others that have served for as long as the window is: only
    /// those are a measure.
    #[must_use]
    pub fn split(&self, belongs: impl Fn(&Member) -> bool) -> (Sample, Sample) {
        let (part, mut rest): (Vec<&Member>, Vec<&Member>) = self.members.iter().partition(|member| belongs(member));
        rest.retain(|member| member.served_throughout);
        (sum(&part), sum(&rest))
    }

    /// Whether a sick pod could be told from this at all: whether it could, were all that is bad the doing of one of them.
    /// At first it cannot, since most of the window lies before the danger; nor while the others have not served for as long.
    #[must_use]
    pub fn could_tell(&self) -> bool {
        let (all, _) = self.split(|_| true);
        let pods = u32::try_from(self.members.len()).map_or(f64::MAX, f64::from).max(1.0);
        let total = all.total / pods;
        let one = Sample { total, bad: self.all_bad.min(total) };
        let (_, measure) = self.split(|_| false);
        let rest = Sample { total: (measure.total - total).max(0.0), bad: (self.all_bad - one.bad).max(0.0) };
        worse(one, rest, RATIO, self.comparisons()).is_some()
    }

    /// How many parts are compared with the rest in one look: every pod, node and zone, and the new revision.
    #[must_use]
    pub fn comparisons(&self) -> usize {
        let names =
            |of: fn(&Member) -> Option<&String>| self.members.iter().filter_map(of).collect::<BTreeSet<_>>().len();
        self.members.len() + names(|member| member.node.as_ref()) + names(|member| member.zone.as_ref()) + 1
    }
}

/// The events of some pods together.
pub(super) fn sum(members: &[&Member]) -> Sample {
    members.iter().fold(Sample::default(), |sum, member| sum.and(member.sample))
}

/// All events of a reading.
pub(super) fn whole(vector: &PodVector) -> Sample {
    vector.pods.iter().chain([&vector.elsewhere]).fold(Sample::default(), |sum, events| sum.and(sample(events)))
}

/// `began`: when the window did.
fn member(pod: &PodObservation, sample: Sample, began: Timestamp) -> Member {
    // Readiness comes and goes; a pod whose start is long over is no new one.
    let started = pod.created.and_then(|created| created.saturating_add(LONGEST_START).ok());
    let served_throughout = [pod.ready_since, started].iter().flatten().any(|since| *since <= began);
    Member {
        name: pod.name.clone(),
        node: pod.node.clone(),
        zone: pod.zone.clone(),
        revision: pod.revision.clone(),
        sample,
        served_throughout,
    }
}

fn sample(events: &PodEvents) -> Sample {
    let float = |exact: &BigRational| exact.to_f64().filter(|number| number.is_finite()).unwrap_or(0.0);
    Sample { total: float(&events.total), bad: float(&events.bad) }
}
