//! The pods of the workload: created, started, balanced over, drained.

use super::pod::{Phase, Pod};
use super::queue::{Departure, Limits, Queue};

/// Most pods on a node.
const PODS_PER_NODE: usize = 5;

/// All pods that exist.
#[derive(Debug)]
pub struct Fleet {
    limits: Limits,
    pods: Vec<Pod>,
    /// Places in `pods` of those the load balancer sends requests to.
    routed: Vec<usize>,
    /// Nodes that run slowly, with their speed.
    slow: Vec<(u32, f64)>,
    /// Nodes nothing is placed on any more.
    closed: Vec<u32>,
    /// Share of the pods that run the bad revision.
    bad_share: f64,
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
    /// A fleet of `number` pods that have long been ready.
    #[must_use]
    pub fn ready(limits: Limits, number: u32) -> Self {
        let mut fleet = Self {
            limits,
            pods: Vec::new(),
            routed: Vec::new(),
            slow: Vec::new(),
            closed: Vec::new(),
            bad_share: 0.0,
            created: 0,
            gone: Totals::default(),
        };
        for _ in 0..number {
            let id = fleet.create(0.0);
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

    /// Creates a pod; gives its id.
    pub fn create(&mut self, now: f64) -> u32 {
        let id = self.created;
        self.created += 1;
        let node = self.free_node();
        let mut queue = Queue::new(self.limits, now);
        if let Some((_, speed)) = self.slow.iter().find(|(slow, _)| *slow == node) {
            queue.set_speed(*speed);
        }
        self.pods.push(Pod {
            id,
            node,
            created: now,
            ready_since: None,
            phase: Phase::Starting,
            bad_revision: is_among(id, self.bad_share),
            queue,
            measured_cpu: None,
            usage: None,
        });
        id
    }

    /// A pod has started; gives the seconds it took, if it still exists and was starting.
    pub fn start(&mut self, id: u32, now: f64) -> Option<f64> {
        let pod = self.pods.iter_mut().find(|pod| pod.id == id && pod.phase == Phase::Starting)?;
        pod.phase = Phase::Ready;
        pod.ready_since = Some(now);
        // Nothing was in flight while it started.
        pod.queue.advance(now, &mut |_| {});
        let took = now - pod.created;
        self.route();
        Some(took)
    }

    /// Takes `number` replicas away as a `ReplicaSet` does: those not ready first, then the youngest.
    pub fn remove(&mut self, number: usize, now: f64) {
        for _ in 0..number {
            let worst = self.pods.iter_mut().filter(|pod| pod.is_replica());
            let Some(pod) = worst.max_by_key(|pod| (pod.phase != Phase::Ready, pod.id)) else { break };
            pod.phase = Phase::Draining;
        }
        self.route();
        self.forget_drained(now);
    }

    /// Brings all pods to the instant `now`.
    pub fn advance(&mut self, now: f64, left: &mut impl FnMut(Departure)) {
        for pod in &mut self.pods {
            pod.queue.advance(now, left);
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

    /// How many are ready.
    #[must_use]
    pub fn ready_count(&self) -> usize {
        self.pods.iter().filter(|pod| pod.phase == Phase::Ready).count()
    }

    /// A node runs at another speed.
    pub fn slow_down(&mut self, node: u32, speed: f64) {
        self.slow.push((node, speed));
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node) {
            pod.queue.set_speed(speed);
        }
    }

    /// A node stops. Its pods stay in the load balancer until they are forgotten.
    pub fn crash(&mut self, node: u32, left: &mut impl FnMut(Departure)) {
        self.closed.push(node);
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node) {
            pod.queue.kill(left);
            if pod.is_replica() {
                pod.phase = Phase::Dead;
            }
        }
    }

    /// The load balancer forgets the dead pods of a node.
    pub fn forget(&mut self, node: u32) {
        let pods = &self.pods;
        self.routed.retain(|index| pods.get(*index).is_some_and(|pod| pod.node != node || pod.phase != Phase::Dead));
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

    /// Empties a node that is ill and places nothing there again; gives how many pods are to be replaced.
    pub fn vacate(&mut self, node: u32) -> usize {
        self.closed.push(node);
        let mut gone = 0;
        for pod in self.pods.iter_mut().filter(|pod| pod.node == node && pod.is_replica()) {
            pod.phase = Phase::Draining;
            gone += 1;
        }
        self.route();
        gone
    }

    /// A share of the pods runs the bad revision from now on. Replacing them is not modelled, only what they answer.
    pub fn roll_out(&mut self, share: f64) {
        self.bad_share = share;
        for pod in &mut self.pods {
            pod.bad_revision = is_among(pod.id, share);
        }
    }

    fn route(&mut self) {
        let takes = |pod: &Pod| matches!(pod.phase, Phase::Ready | Phase::Dead);
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
        (0..u32::MAX).find(|node| !self.closed.contains(node) && has_room(*node)).unwrap_or(u32::MAX)
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

/// Whether a pod is in the first `share` of the pods: evenly spread over the ids by the golden ratio.
fn is_among(id: u32, share: f64) -> bool {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    (f64::from(id) * GOLDEN).fract() < share
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { cores: 1.0, capacity: 64, timeout: 5.0 };

    #[test]
    fn pods_that_are_starting_go_first_then_the_youngest() {
        let mut fleet = Fleet::ready(LIMITS, 3);
        let young = fleet.create(10.0);
        assert_eq!((fleet.replicas(), fleet.ready_count(), fleet.routed()), (4, 3, 3));
        fleet.remove(1, 11.0);
        assert!(fleet.pods().iter().all(|pod| pod.id != young));
        assert_eq!(fleet.start(young, 12.0), None);
        fleet.remove(1, 12.0);
        assert_eq!(fleet.pods().iter().map(|pod| pod.id).collect::<Vec<_>>(), [0, 1]);
        // Three pods from 0, one of them gone at 12, and one from 10 to 11.
        assert!((fleet.totals(20.0).pod_seconds - (20.0 + 20.0 + 12.0 + 1.0)).abs() < 1e-9);
    }

    #[test]
    fn a_pod_with_requests_drains_first() {
        let mut fleet = Fleet::ready(LIMITS, 1);
        assert!(fleet.routed_pod(0).unwrap().queue.offer(2.0, false));
        fleet.remove(1, 0.0);
        assert_eq!((fleet.replicas(), fleet.routed(), fleet.pods().len()), (0, 0, 1));
        let mut served = 0;
        fleet.advance(3.0, &mut |_| served += 1);
        assert_eq!((served, fleet.pods().len()), (1, 0));
    }

    #[test]
    fn a_dead_node_is_kept_then_forgotten_then_replaced() {
        let mut fleet = Fleet::ready(LIMITS, 7);
        fleet.crash(0, &mut |_| {});
        assert_eq!((fleet.ready_count(), fleet.routed(), fleet.replicas()), (2, 7, 7));
        fleet.forget(0);
        assert_eq!((fleet.routed(), fleet.replicas()), (2, 7));
        assert_eq!(fleet.evict_dead(0, 340.0), 5);
        fleet.create(340.0);
        assert_eq!((fleet.replicas(), fleet.pods().last().unwrap().node), (3, 1));
    }

    #[test]
    fn a_rollout_takes_its_share_of_pods() {
        let mut fleet = Fleet::ready(LIMITS, 20);
        fleet.roll_out(0.25);
        let bad = fleet.pods().iter().filter(|pod| pod.bad_revision).count();
        assert!((4..=6).contains(&bad), "{bad}");
        assert_eq!(fleet.vacate(0), 5);
    }
}
