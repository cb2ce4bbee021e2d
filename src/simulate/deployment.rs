//! The Deployment of the workload: its revisions, which of them is in force, and how pods are replaced.
//!
//! As the Deployment controller does it by default: a quarter of the replicas more may exist, rounded up, and a quarter fewer
//! be ready, rounded down. While a rollout is paused nothing is replaced, and what is scaled is of the revision most pods have.

use std::ops::RangeInclusive;

use super::fleet::Fleet;
use super::pod::Pod;

/// A revision was in force for so long when a run begins, in seconds.
const PROVEN: f64 = 86_400.0;

/// A revision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Revision {
    /// Rises with every change of the template, back to an earlier one too.
    pub number: u32,
    /// What its pods are made from.
    pub template: u32,
    /// When it was in force first, in seconds.
    pub created: f64,
    /// It was in force before under another number.
    pub again: bool,
}

/// The Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// In the order of their numbers: the last one is in force.
    revisions: Vec<Revision>,
    /// Its rollout is paused.
    pub paused: bool,
    /// Since when its last change of the template is through. `None`: it is not.
    pub through: Option<f64>,
}

impl Default for Deployment {
    /// One that has long been in force.
    fn default() -> Self {
        let first = Revision { number: 1, template: 0, created: -PROVEN, again: false };
        Self { revisions: vec![first], paused: false, through: Some(-PROVEN) }
    }
}

impl Deployment {
    /// The revisions, in the order of their numbers: the last one is in force.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// What pods are made from.
    #[must_use]
    pub fn template(&self) -> u32 {
        self.revisions.last().map_or(0, |revision| revision.template)
    }

    /// A new template is in force from now on; gives it.
    pub fn change(&mut self, now: f64) -> u32 {
        let template = self.revisions.iter().map(|revision| revision.template).max().map_or(0, |last| last + 1);
        self.revisions.push(Revision { number: self.next_number(), template, created: now, again: false });
        self.through = None;
        template
    }

    /// The template of the revision before is in force again, and nothing is paused.
    pub fn go_back(&mut self) {
        let Some(before) = self.revisions.len().checked_sub(2) else { return };
        let revision = self.revisions.remove(before);
        self.revisions.push(Revision { number: self.next_number(), again: true, ..revision });
        (self.paused, self.through) = (false, None);
    }

    fn next_number(&self) -> u32 {
        self.revisions.last().map_or(1, |revision| revision.number + 1)
    }

    /// Creates and removes pods, as far as may be done now, towards so many of the template in force; gives those created.
    pub fn reach(&mut self, fleet: &mut Fleet, want: usize, now: f64) -> Vec<u32> {
        let template = self.template();
        let is_old = |pod: &Pod| pod.is_replica() && pod.template != template;
        let old = fleet.pods().iter().filter(|pod| is_old(pod)).count();
        if old == 0 {
            let created = scale(fleet, want..=want, template, now);
            if self.through.is_none() && fleet.ready_count() >= want {
                self.through = Some(now);
            }
            return created;
        }
        let most = want + want.div_ceil(4);
        if self.paused {
            return scale(fleet, want..=most, most_common(fleet).unwrap_or(template), now);
        }
        let least = want - want / 4;
        let (all, new) = (fleet.replicas(), fleet.replicas() - old);
        let missing = want.saturating_sub(new).min(most.saturating_sub(all));
        let created = (0..missing).map(|_| fleet.create(now, template)).collect();
        // Those that are not ready serve nobody.
        fleet.remove(old, now, |pod| is_old(pod) && !pod.ready);
        let spare = fleet.ready_count().saturating_sub(least);
        fleet.remove(spare, now, is_old);
        created
    }
}

/// Creates or removes pods until there are so many.
fn scale(fleet: &mut Fleet, wanted: RangeInclusive<usize>, template: u32, now: f64) -> Vec<u32> {
    let have = fleet.replicas();
    fleet.remove(have.saturating_sub(*wanted.end()), now, Pod::is_replica);
    (have..*wanted.start()).map(|_| fleet.create(now, template)).collect()
}

fn most_common(fleet: &Fleet) -> Option<u32> {
    let replicas = || fleet.pods().iter().filter(|pod| pod.is_replica());
    let count = |template: u32| replicas().filter(|pod| pod.template == template).count();
    replicas().map(|pod| pod.template).max_by_key(|template| (count(*template), u32::MAX - template))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::queue::Limits;

    const LIMITS: Limits = Limits { cores: 1.0, capacity: 64, timeout: 5.0, limited: false };

    fn pods(fleet: &Fleet, template: u32) -> usize {
        fleet.pods().iter().filter(|pod| pod.is_replica() && pod.template == template).count()
    }

    fn start(fleet: &mut Fleet, created: Vec<u32>, now: f64) {
        for pod in created {
            fleet.start(pod, now);
        }
    }

    #[test]
    fn a_rollout_replaces_a_quarter_at_a_time_and_goes_back() {
        let (mut fleet, mut deployment) = (Fleet::ready(LIMITS, &[], 8), Deployment::default());
        assert_eq!(deployment.change(100.0), 1);
        // Two more, and two that were ready fewer.
        let created = deployment.reach(&mut fleet, 8, 100.0);
        assert_eq!((created.len(), pods(&fleet, 0), pods(&fleet, 1)), (2, 6, 2));
        let more = deployment.reach(&mut fleet, 8, 101.0);
        assert_eq!((more.len(), pods(&fleet, 0)), (2, 6), "the places of those that went");
        start(&mut fleet, created, 110.0);
        start(&mut fleet, more, 110.0);
        deployment.paused = true;
        assert!(deployment.reach(&mut fleet, 8, 110.0).is_empty());
        assert_eq!((pods(&fleet, 0), pods(&fleet, 1), deployment.through), (6, 4, None));
        deployment.go_back();
        let back = deployment.reach(&mut fleet, 8, 120.0);
        assert_eq!((deployment.template(), deployment.revisions().len()), (0, 2));
        assert!(deployment.revisions().iter().any(|revision| revision.again && revision.number == 3));
        start(&mut fleet, back, 130.0);
        for second in [130.0, 131.0, 132.0, 133.0] {
            let more = deployment.reach(&mut fleet, 8, second);
            start(&mut fleet, more, second);
        }
        assert_eq!((pods(&fleet, 0), pods(&fleet, 1)), (8, 0));
        assert!(deployment.through.is_some());
    }

    #[test]
    fn what_is_only_scaled_is_no_rollout() {
        let (mut fleet, mut deployment) = (Fleet::ready(LIMITS, &[], 4), Deployment::default());
        assert_eq!(deployment.reach(&mut fleet, 6, 10.0).len(), 2);
        assert!(deployment.through.is_some());
        assert!(deployment.reach(&mut fleet, 3, 20.0).is_empty());
        assert_eq!(fleet.replicas(), 3);
    }
}
