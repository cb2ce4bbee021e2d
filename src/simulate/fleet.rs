//! The pods of the workload: created, started, balanced over, drained.

use std::sync::Arc;

use super::counters::Counters;
use super::pod::{Phase, Pod};
use super::queue::{Departure, Limits, Queue};

/// Most pods on a node.
pub const PODS_PER_NODE: usize = 5;

/// All pods that exist.
#[derive(Debug)]
pub struct Fleet {
    limits: Limits,
    bounds: Arc<[f64]>,
    pods: Vec<Pod>,
    /// Places in `pods` of those the load balancer sends requests to.
    routed: Vec<usize>,
    /// Nodes that run slowly, with their speed.
    slow: Vec<(u32, f64)>,
    /// Nodes that have stopped.
    stopped: Vec<u32>,
    /// Nodes nothing is placed on while there is another.
    avoided: Vec<u32>,
    /// Seconds for which every request waits for another service.
    wait: f64,
    created: u32,
    /// Core-seconds, request-seconds and pod-seconds of the pods that are gone.
    gone: Totals,
}

/// Sums over pods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Core-seconds used.
    pub cpu: f64,
    /// Sum over the requests of the seconds in flight.
    pub occupancy: f64,
    /// Sum over the pods of the seconds they existed.
    pub pod_seconds: f64,
}

impl Fleet {
    /// A fleet of `number` pods that have long been ready. `bounds`: those of the latency histogram.
    #[must_use]
    pub fn ready(limits: Limits, bounds: &[f64], number: u32) -> Self {
        let mut fleet = Self {
            limits,
            bounds: bounds.into(),
            pods: Vec::new(),
            routed: Vec::new(),
            slow: Vec::new(),
            stopped: Vec::new(),
            avoided: Vec::new(),
            wait: 0.0,
            created: 0,
            gone: Totals::default(),
        };
        for _ in 0..number {
            let id = fleet.create(0.0, 0);
            fleet.start(id, 0.0);
        }
        fleet
    }

    /// The pods.
    #[must_use]
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// The pods, to note what was measured of them.
    pub fn pods_mut(&mut self) -> &mut [Pod] {
        &mut self.pods
    }

    /// How many the load balancer knows.
    #[must_use]
    pub fn routed(&self) -> usize {
        self.routed.len()
    }

    /// The pod at a place of the load balancer's list.
    pub fn routed_pod(&mut self, place: usize) -> Option<&mut Pod> {
        let index = *self.routed.get(place)?;
        self.pods.get_mut(index)
    }

    /// How many count as replicas.
    #[must_use]
    pub fn replicas(&self) -> usize {
        self.pods.iter().filter(|pod| pod.is_replica()).count()
    }

    /// Creates a pod from a template; gives its id.
    pub fn create(&mut self, now: f64, template: u32) -> u32 {
        let id = self.created;
        self.created += 1;
        let node = self.free_node();
        let mut queue = Queue::new(self.limits, now);
        queue.set_wait(self.wait);
        if let Some((_, speed)) = self.slow.iter().find(|(slow, _)| *slow == node) {
            queue.set_speed(*speed);
        }
        self.pods.push(Pod {
            id,
            node,
            created: now,
            turned: now,
            phase: Phase::Starting,
            ready: false,
            template,
            counters: Counters::new(self.bounds.clone()),
            queue,
            measured_cpu: None,
            usage: None,
        });
        id
    }

    /// A pod, or its container, has started; gives the seconds since its creation, if it was starting for the first time.
    pub fn start(&mut self, id: u32, now: f64) -> Option<f64> {
        let starts = |pod: &Pod| matches!(pod.phase, Phase::Starting | Phase::Restarting);
        let pod = self.pods.iter_mut().find(|pod| pod.id == id && starts(pod))?;
        let took = (pod.phase == Phase::Starting).then_some(now - pod.created);
        pod.phase = Phase::Ready;
        pod.turn(true, now);
        // Nothing was in flight while it started.
        pod.queue.advance(now, &mut |_| {});
        self.route();
        took
    }

    /// Takes `number` of the replicas that `may_go` away as a `ReplicaSet` does: those not ready first, then the youngest.
    pub fn remove(&mut self, number: usize, now: f64, may_go: impl Fn(&Pod) -> bool) {
        for _ in 0..number {
            let worst = self.pods.iter_mut().filter(|pod| pod.is_replica() && may_go(pod));
            let Some(pod) = worst.max_by_key(|pod| (!pod.ready, pod.id)) else { break };
            pod.phase = Phase::Draining;
            pod.turn(false, now);
        }
        self.route();
        self.forget_drained(now);
    }

    /// A pod is evicted: it drains.
    pub fn evict(&mut self, id: u32, now: f64) {
        self.remove(1, now, |pod| pod.id == id);
    }

    /// Brings all pods to the instant `now`.
    pub fn advance(&mut self, now: f64, left: &mut impl FnMut(Departure, Option<usize>)) {
        for pod in &mut self.pods {
            pod.advance(now, left);
        }
        self.forget_drained(now);
    }

    /// Sums over all pods there ever were, as of the instant advanced to.
    #[must_use]
    pub fn totals(&self, now: f64) -> Totals {
        self.pods.iter().fold(self.gone, |sum, pod| sum.with(pod, now))
    }

    /// Requests in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.pods.iter().map(|pod| pod.queue.in_flight()).sum()
    }

    /// How many are taken for ready.
    #[must_use]
    pub fn ready_count(&self) -> usize {
        self.pods.iter().filter(|pod| pod.ready).count()
    }

    /// A node runs at another speed.
    pub fn slow_down(&mut self, node: u32, speed: f64) {
        self.slow.retain(|(other, _)| *other != node);
        self.slow.push((node, speed));
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node) {
            pod.queue.set_speed(speed);
        }
    }

    /// A pod runs at another speed.
    pub fn slow_down_pod(&mut self, id: u32, speed: f64) {
        if let Some(pod) = self.pods.iter_mut().find(|pod| pod.id == id) {
            pod.queue.set_speed(speed);
        }
    }

    /// A pod runs at `speed` times the pace of its node.
    pub fn pace(&mut self, id: u32, speed: f64) {
        let Some(pod) = self.pods.iter_mut().find(|pod| pod.id == id) else { return };
        let slow = self.slow.iter().find(|(node, _)| *node == pod.node);
        pod.queue.set_speed(speed * slow.map_or(1.0, |(_, speed)| *speed));
    }

    /// Every request that is let in from now on waits so many seconds for another service.
    pub fn wait_for_another(&mut self, wait: f64) {
        self.wait = wait;
        for pod in &mut self.pods {
            pod.queue.set_wait(wait);
        }
    }

    /// The container of a pod stops, and is to start again; `false` if it does not serve.
    pub fn restart(&mut self, id: u32, now: f64, left: &mut impl FnMut(Departure, Option<usize>)) -> bool {
        let Some(pod) = self.pods.iter_mut().find(|pod| pod.id == id && pod.phase == Phase::Ready) else {
            return false;
        };
        pod.kill(left);
        pod.phase = Phase::Restarting;
        pod.turn(false, now);
        self.route();
        true
    }

    /// A node stops. Its pods stay in the load balancer until they are forgotten.
    pub fn crash(&mut self, node: u32, left: &mut impl FnMut(Departure, Option<usize>)) {
        self.stopped.push(node);
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node) {
            pod.kill(left);
            if pod.is_replica() {
                pod.phase = Phase::Dead;
            }
        }
    }

    /// Nobody takes the pods of a stopped node for ready any more, and the load balancer forgets them.
    pub fn forget(&mut self, node: u32, now: f64) {
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node && pod.phase == Phase::Dead) {
            pod.turn(false, now);
        }
        self.route();
    }

    /// The dead pods of a node go; gives how many.
    pub fn evict_dead(&mut self, node: u32, now: f64) -> usize {
        let mut gone = 0;
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node && pod.phase == Phase::Dead) {
            pod.phase = Phase::Draining;
            gone += 1;
        }
        self.route();
        self.forget_drained(now);
        gone
    }

    /// New pods are kept off a node, or are not any more.
    pub fn avoid(&mut self, node: u32, avoided: bool) {
        self.avoided.retain(|other| *other != node);
        if avoided {
            self.avoided.push(node);
        }
    }

    fn route(&mut self) {
        let takes = |pod: &Pod| pod.ready && matches!(pod.phase, Phase::Ready | Phase::Dead);
        self.routed = (0..).zip(&self.pods).filter(|(_, pod)| takes(pod)).map(|(index, _)| index).collect();
    }

    fn forget_drained(&mut self, now: f64) {
        let done = |pod: &Pod| pod.phase == Phase::Draining && pod.queue.in_flight() == 0;
        if !self.pods.iter().any(done) {
            return;
        }
        self.gone = self.pods.iter().filter(|pod| done(pod)).fold(self.gone, |sum, pod| sum.with(pod, now));
        self.pods.retain(|pod| !done(pod));
        self.route();
    }

    /// The first node with room.
    fn free_node(&self) -> u32 {
        let has_room =
            |node: u32| self.pods.iter().filter(|pod| pod.node == node && pod.is_replica()).count() < PODS_PER_NODE;
        let is_open = |node: &u32| !self.stopped.contains(node) && !self.avoided.contains(node);
        (0..u32::MAX).find(|node| is_open(node) && has_room(*node)).unwrap_or(u32::MAX)
    }
}

impl Totals {
    fn with(self, pod: &Pod, now: f64) -> Self {
        Self {
            cpu: self.cpu + pod.queue.cpu_seconds(),
            occupancy: self.occupancy + pod.queue.occupancy(),
            pod_seconds: self.pod_seconds + (now - pod.created),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { cores: 1.0, capacity: 64, timeout: 5.0, limited: false };

    #[test]
    fn pods_that_are_starting_go_first_then_the_youngest() {
        let mut fleet = Fleet::ready(LIMITS, &[], 3);
        let young = fleet.create(10.0, 0);
        assert_eq!((fleet.replicas(), fleet.ready_count(), fleet.routed()), (4, 3, 3));
        fleet.remove(1, 11.0, Pod::is_replica);
        assert!(fleet.pods().iter().all(|pod| pod.id != young));
        assert_eq!(fleet.start(young, 12.0), None);
        fleet.remove(1, 12.0, Pod::is_replica);
        assert_eq!(fleet.pods().iter().map(|pod| pod.id).collect::<Vec<_>>(), [0, 1]);
        // Three pods from 0, one of them gone at 12, and one from 10 to 11.
        assert!((fleet.totals(20.0).pod_seconds - (20.0 + 20.0 + 12.0 + 1.0)).abs() < 1e-9);
    }

    #[test]
    fn a_pod_with_requests_drains_first() {
        let mut fleet = Fleet::ready(LIMITS, &[], 1);
        assert!(fleet.routed_pod(0).unwrap().queue.offer(2.0, false));
        fleet.remove(1, 0.0, Pod::is_replica);
        assert_eq!((fleet.replicas(), fleet.routed(), fleet.pods().len()), (0, 0, 1));
        let mut served = 0;
        fleet.advance(3.0, &mut |_, _| served += 1);
        assert_eq!((served, fleet.pods().len()), (1, 0));
    }

    #[test]
    fn a_dead_node_is_kept_then_forgotten_then_replaced() {
        let mut fleet = Fleet::ready(LIMITS, &[], 7);
        fleet.crash(0, &mut |_, _| {});
        assert_eq!((fleet.ready_count(), fleet.routed(), fleet.replicas()), (7, 7, 7));
        fleet.forget(0, 40.0);
        let started = fleet.create(41.0, 0);
        fleet.start(started, 50.0);
        assert_eq!((fleet.ready_count(), fleet.routed(), fleet.replicas()), (3, 3, 8), "forgotten for good");
        fleet.evict(started, 60.0);
        assert_eq!(fleet.evict_dead(0, 340.0), 5);
        fleet.create(340.0, 0);
        assert_eq!((fleet.replicas(), fleet.pods().last().unwrap().node), (3, 1));
    }

    #[test]
    fn what_is_evicted_from_a_node_that_is_avoided_lands_elsewhere() {
        let mut fleet = Fleet::ready(LIMITS, &[], 7);
        fleet.avoid(0, true);
        fleet.evict(2, 10.0);
        fleet.create(10.0, 0);
        assert_eq!(fleet.pods().last().unwrap().node, 1);
        fleet.avoid(0, false);
        fleet.create(20.0, 0);
        assert_eq!(fleet.pods().last().unwrap().node, 0);
    }

    #[test]
    fn a_node_is_as_fast_as_was_said_last() {
        let mut fleet = Fleet::ready(LIMITS, &[], 1);
        fleet.slow_down(0, 0.25);
        fleet.slow_down(0, 1.0);
        fleet.create(10.0, 0);
        for (place, began) in [(0, 0.0), (1, 10.0)] {
            let pod = fleet.pods.get_mut(place).unwrap();
            assert!(pod.queue.offer(1.0, false));
            let mut gone = Vec::new();
            pod.queue.advance(began + 1.5, &mut |departure| gone.push(departure.at));
            assert_eq!(gone.len(), 1, "pod {place}");
        }
    }

    #[test]
    fn a_container_that_stops_is_out_of_balance_until_it_has_started_again() {
        let mut fleet = Fleet::ready(LIMITS, &[], 3);
        assert!(fleet.restart(1, 10.0, &mut |_, _| {}) && !fleet.restart(1, 11.0, &mut |_, _| {}));
        assert_eq!((fleet.ready_count(), fleet.routed(), fleet.replicas()), (2, 2, 3));
        assert_eq!(fleet.start(1, 40.0), None, "no start of a pod");
        assert_eq!(fleet.routed(), 3);
    }
}
