//! How faults strike, and how they end where nobody mends them.

use super::Run;
use crate::simulate::event::{Event, instant};
use crate::simulate::fault::{EVICTED, Fault, NOTICED};
use crate::simulate::pod::Phase;

impl Run<'_> {
    pub(super) fn begin_fault(&mut self, now: f64, index: usize) {
        let Some(fault) = self.scenario.faults.get(index) else { return };
        self.plant.advance(now);
        if !self.strikes(fault) {
            self.struck_nothing.push(index);
        }
        let ends = |lasts: f64| (instant(now + lasts), Event::Healed { index });
        match *fault {
            Fault::NodeCrash { node, .. } => {
                self.plant.crash(node);
                self.agenda.plan(instant(now + NOTICED), Event::Forgotten { node });
                self.agenda.plan(instant(now + EVICTED), Event::Evicted { node });
            }
            Fault::GrayNode { node, speed, .. } => self.plant.fleet.slow_down(node, speed),
            Fault::SlowPod { pod, speed, .. } => self.plant.fleet.slow_down_pod(pod, speed),
            Fault::PodCrash { pod, .. } => {
                if self.plant.restart(pod, now) {
                    self.start_later(pod, now);
                }
            }
            Fault::SlowDependency { wait, lasts, .. } => {
                self.plant.fleet.wait_for_another(wait);
                let (at, event) = ends(lasts);
                self.agenda.plan(at, event);
            }
            Fault::BadRevision { errors, lasts, .. } => {
                self.plant.bad = Some((self.plant.deployment.change(now), errors));
                self.reach(now);
                let (at, event) = ends(lasts);
                self.agenda.plan(at, event);
            }
            Fault::Rollout { .. } => {
                self.plant.deployment.change(now);
                self.reach(now);
            }
            Fault::ScrapeGap { lasts, .. } => self.gap_until = now + lasts,
            Fault::ServiceTime { factor, .. } => self.plant.work_factor *= factor,
        }
    }

    /// Whether what it is to strike is there.
    fn strikes(&self, fault: &Fault) -> bool {
        let mut alive = self.plant.fleet.pods().iter().filter(|pod| pod.phase != Phase::Dead);
        match *fault {
            Fault::NodeCrash { node, .. } | Fault::GrayNode { node, .. } => alive.any(|pod| pod.node == node),
            Fault::SlowPod { pod: id, .. } => alive.any(|pod| pod.id == id),
            Fault::PodCrash { pod: id, .. } => alive.any(|pod| pod.id == id && pod.phase == Phase::Ready),
            Fault::SlowDependency { .. }
            | Fault::BadRevision { .. }
            | Fault::Rollout { .. }
            | Fault::ScrapeGap { .. }
            | Fault::ServiceTime { .. } => true,
        }
    }

    pub(super) fn end_fault(&mut self, now: f64, index: usize) {
        match self.scenario.faults.get(index) {
            Some(Fault::SlowDependency { .. }) => self.plant.fleet.wait_for_another(0.0),
            // Somebody rolls it back, unless that was done.
            Some(Fault::BadRevision { .. }) => {
                let bad = self.plant.bad.map(|(template, _)| template);
                if bad == Some(self.plant.deployment.template()) {
                    self.plant.deployment.go_back();
                    self.reach(now);
                }
            }
            _ => {}
        }
    }
}
