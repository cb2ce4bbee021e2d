//! The election against a simulated API server: requests that hang, land late, or land without an answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Candidate, Fence, LeaseError, LeaseStore, Timing, TimingError, process_identity};
use crate::runtime::clock::Clock;

const LEASE: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(3);
const MARGIN: Duration = Duration::from_secs(1);
/// How long a renewal permits writing: the lease without the margin.
const VALID: Duration = Duration::from_secs(14);

fn timing() -> Timing {
    Timing::new(LEASE, RENEWAL, MARGIN).unwrap()
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, Default)]
struct Fault {
    before: Duration,
    lost: bool,
    after: Duration,
}

/// The one lease of the simulated API server.
#[derive(Default)]
struct Etcd {
    lease: Option<Lease>,
    version: u64,
}

impl Etcd {
    /// Stores a lease under a new version, unless it changes nothing: an API server keeps the version then.
    fn store(&mut self, mut lease: Lease) -> Lease {
        if self.lease.as_ref() != Some(&lease) {
            self.version += 1;
        }
        lease.metadata.resource_version = Some(self.version.to_string());
        self.lease = Some(lease.clone());
        lease
    }

    fn replace(&mut self, lease: Lease) -> Result<Lease, LeaseError> {
        let current = self.lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
        assert!(lease.metadata.resource_version.is_some(), "a PUT must carry the resource version it read");
        if lease.metadata.resource_version != current {
            return Err(LeaseError::Conflict);
        }
        Ok(self.store(lease))
    }
}

/// One contender's way to the API server: its faults are used up one a request; after them all is well.
#[derive(Clone)]
struct Network {
    etcd: Arc<Mutex<Etcd>>,
    faults: Arc<Mutex<Vec<Fault>>>,
}

impl Network {
    fn new(etcd: &Arc<Mutex<Etcd>>, faults: Vec<Fault>) -> Self {
        Self { etcd: Arc::clone(etcd), faults: Arc::new(Mutex::new(faults)) }
    }

    /// Runs the request in a task of its own: a caller that gives up does not take it back from the wire.
    async fn send<T: Send + 'static>(
        &self,
        apply: impl FnOnce(&mut Etcd) -> Result<T, LeaseError> + Send + 'static,
    ) -> Result<T, LeaseError> {
        let fault = self.faults.lock().unwrap().pop().unwrap_or_default();
        let etcd = Arc::clone(&self.etcd);
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            sleep(fault.before).await;
            let result =
                if fault.lost { Err(LeaseError::Api("lost".to_owned())) } else { apply(&mut etcd.lock().unwrap()) };
            sleep(fault.after).await;
            let _ = answer.send(result);
        });
        answered.await.unwrap()
    }
}

impl LeaseStore for Network {
    async fn get(&self) -> Result<Option<Lease>, LeaseError> {
        self.send(|etcd| Ok(etcd.lease.clone())).await
    }

    async fn create(&self, spec: LeaseSpec) -> Result<Lease, LeaseError> {
        self.send(|etcd| match etcd.lease {
            Some(_) => Err(LeaseError::Conflict),
            None => Ok(etcd.store(Lease { spec: Some(spec), ..Lease::default() })),
        })
        .await
    }

    async fn replace(&self, lease: Lease) -> Result<Lease, LeaseError> {
        self.send(|etcd| etcd.replace(lease)).await
    }
}

struct Replica {
    fence: Fence,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

fn start(network: Network, name: &str) -> Replica {
    // A wall clock that stands still: nothing may depend on the timestamps in the record.
    let clock = Clock::Fixed(Timestamp::UNIX_EPOCH);
    let (candidate, fence) = Candidate::new(network, process_identity(name), timing(), clock);
    let stop = CancellationToken::new();
    Replica { fence, task: tokio::spawn(candidate.run(stop.clone())), stop }
}

async fn leads_within(replica: &Replica, limit: Duration) -> Duration {
    let begun = Instant::now();
    tokio::time::timeout(limit, replica.fence.tenures().next()).await.expect("did not lead in time");
    begun.elapsed()
}

fn world() -> Arc<Mutex<Etcd>> {
    Arc::default()
}

#[tokio::test(start_paused = true)]
async fn a_lone_replica_leads_at_once_and_keeps_leading() {
    let alone = start(Network::new(&world(), vec![]), "a");
    assert_eq!(leads_within(&alone, Duration::from_millis(1)).await, Duration::ZERO);
    for _ in 0..1000 {
        sleep(Duration::from_millis(97)).await;
        alone.fence.permit(Instant::now()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_follower_is_refused_and_told_who_leads() {
    let etcd = world();
    let leader = start(Network::new(&etcd, vec![]), "leader");
    leads_within(&leader, LEASE).await;
    let follower = start(Network::new(&etcd, vec![]), "follower");
    sleep(LEASE * 3).await;
    let refusal = follower.fence.permit(Instant::now()).unwrap_err();
    assert!(refusal.holder.as_ref().unwrap().starts_with("leader_"), "{refusal}");
    assert_eq!(etcd.lock().unwrap().lease.clone().unwrap().spec.unwrap().lease_transitions, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_crashed_leader_is_replaced_within_lease_and_renewal() {
    let etcd = world();
    let leader = start(Network::new(&etcd, vec![]), "leader");
    leads_within(&leader, LEASE).await;
    let follower = start(Network::new(&etcd, vec![]), "follower");
    sleep(Duration::from_secs(100)).await;
    leader.task.abort();
    let took = leads_within(&follower, LEASE + RENEWAL).await;
    assert!(took + RENEWAL >= LEASE, "took over after {took:?}, before the leader's claim had ended");
    assert_eq!(etcd.lock().unwrap().lease.clone().unwrap().spec.unwrap().lease_transitions, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_cut_off_stops_by_itself() {
    let hang = Fault { before: Duration::from_secs(3600), ..Fault::default() };
    let mut faults = vec![hang; 100];
    faults.extend([Fault::default(); 2]);
    let leader = start(Network::new(&world(), faults), "a");
    leads_within(&leader, LEASE).await;
    let deadline = leader.fence.permit(Instant::now()).unwrap().deadline();
    assert_eq!(deadline, Instant::now() + VALID);
    tokio::time::sleep_until(deadline - Duration::from_millis(1)).await;
    leader.fence.permit(Instant::now()).unwrap();
    tokio::time::sleep_until(deadline).await;
    leader.fence.permit(Instant::now()).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn one_lost_answer_does_not_cost_the_lease() {
    let hang = Fault { after: Duration::from_secs(3600), ..Fault::default() };
    let leader = start(Network::new(&world(), vec![hang, Fault::default(), Fault::default()]), "a");
    leads_within(&leader, LEASE).await;
    for _ in 0..600 {
        sleep(Duration::from_millis(101)).await;
        leader.fence.permit(Instant::now()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_return_after_a_lapse_begins_a_new_tenure() {
    let hang = Fault { before: Duration::from_secs(3600), ..Fault::default() };
    let mut faults = vec![hang; 5];
    faults.extend([Fault::default(); 2]);
    let leader = start(Network::new(&world(), faults), "a");
    let mut tenures = leader.fence.tenures();
    tenures.next().await.unwrap();
    let lapsed = Instant::now();
    tokio::time::timeout(LEASE * 3, tenures.next()).await.expect("the return is a new tenure");
    assert!(lapsed.elapsed() >= VALID);
    assert!(tokio::time::timeout(LEASE * 10, tenures.next()).await.is_err(), "renewals are not new tenures");
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_is_taken_at_the_next_look_but_not_before_the_last_write_has_ended() {
    let etcd = world();
    let leader = start(Network::new(&etcd, vec![]), "leader");
    leads_within(&leader, LEASE).await;
    let follower = start(Network::new(&etcd, vec![]), "follower");
    sleep(Duration::from_millis(100)).await;
    let permit = leader.fence.permit(Instant::now()).unwrap();
    leader.stop.cancel();
    sleep(Duration::from_secs(8)).await;
    assert!(!follower.fence.leads(Instant::now()), "a write is still under way");
    leader.fence.permit(Instant::now()).unwrap_err();
    drop(permit);
    assert!(leads_within(&follower, LEASE).await <= RENEWAL);
    leader.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_is_given_up_at_the_deadline_of_its_permit() {
    let replica = start(Network::new(&world(), vec![]), "a");
    leads_within(&replica, LEASE).await;
    let permit = replica.fence.permit(Instant::now()).unwrap();
    let deadline = permit.deadline();
    permit.bound(Duration::from_secs(3600), sleep(Duration::from_secs(1800))).await.unwrap_err();
    assert_eq!(Instant::now(), deadline);
    let permit = replica.fence.permit(Instant::now()).unwrap();
    permit.bound(Duration::from_secs(1), sleep(Duration::from_millis(500))).await.unwrap();
}

#[tokio::test]
async fn a_fence_for_a_lone_writer_always_permits() {
    let fence = Fence::always();
    assert!(fence.permit(Instant::now()).is_ok());
    assert_eq!(fence.tenures().count().await, 1);
}

#[test]
fn timing_refuses_what_one_missed_renewal_would_break() {
    let seconds = Duration::from_secs;
    for (lease, renewal, margin, good) in
        [(15, 3, 3, true), (15, 6, 2, true), (15, 6, 3, false), (15, 3, 12, false), (0, 3, 3, false), (15, 0, 3, false)]
    {
        let timing = Timing::new(seconds(lease), seconds(renewal), seconds(margin));
        assert_eq!(timing.is_ok(), good, "{lease} {renewal} {margin}");
    }
    assert_eq!(Timing::new(LEASE, RENEWAL, Duration::ZERO), Err(TimingError::Zero));
}

#[test]
fn identities_differ_between_lives_of_the_same_pod() {
    assert_ne!(process_identity("pod-0"), process_identity("pod-0"));
}

/// How late a request may land, in milliseconds.
const LATEST: u64 = 12_000;

/// How one replica fares in a simulation.
#[derive(Debug, Clone)]
struct Fate {
    faults: Vec<Fault>,
    joins: Duration,
    leaves: Option<Duration>,
    crashes: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    let millis = |most: u64| prop_oneof![2 => Just(0), 3 => 0..most].prop_map(Duration::from_millis);
    let fault = (millis(LATEST), prop::bool::weighted(0.2), millis(4_000));
    let fault = fault.prop_map(|(before, lost, after)| Fault { before, lost, after });
    let leaves = prop::option::of((1_000_u64..200_000).prop_map(Duration::from_millis));
    (prop::collection::vec(fault, 0..80), millis(20_000), leaves, any::<bool>())
        .prop_map(|(faults, joins, leaves, crashes)| Fate { faults, joins, leaves, crashes })
}

fn assert_none_leads(fences: &[Fence], but: usize, when: &str) {
    for (other, fence) in fences.iter().enumerate() {
        assert!(other == but || !fence.leads(Instant::now()), "replica {other} leads {when} {but}");
    }
}

/// Two permits can only come to overlap at the moment the second one begins: each tenure is looked at when it does.
async fn watch_tenures(fences: Vec<Fence>, me: usize) {
    let mut tenures = fences[me].tenures();
    while tenures.next().await.is_some() {
        assert_none_leads(&fences, me, "at the beginning of the tenure of");
    }
}

/// Lives out one fate, writing for most of a second whenever it may.
async fn live(fate: Fate, replica: Replica, fences: Vec<Fence>, me: usize) {
    let end = Instant::now() + fate.leaves.unwrap_or(Duration::from_secs(900));
    let watch = tokio::spawn(watch_tenures(fences.clone(), me));
    while Instant::now() < end {
        sleep(Duration::from_millis(700)).await;
        if let Ok(permit) = replica.fence.permit(Instant::now()) {
            let _ = permit.bound(Duration::from_secs(1), sleep(Duration::from_millis(900))).await;
            assert_none_leads(&fences, me, "before the end of a write of");
        }
    }
    if fate.crashes {
        replica.task.abort();
    } else {
        replica.stop.cancel();
        replica.task.await.unwrap();
    }
    watch.await.unwrap();
}

/// Whatever hangs, lands late, gets lost, crashes or leaves: never two leaders; and when all is well again, one.
fn simulate(fates: Vec<Fate>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let etcd = world();
        let mut replicas = Vec::new();
        for fate in &fates {
            sleep(fate.joins).await;
            replicas.push(start(Network::new(&etcd, fate.faults.clone()), "replica"));
        }
        let fences: Vec<Fence> = replicas.iter().map(|replica| replica.fence.clone()).collect();
        let lives: Vec<_> = fates
            .into_iter()
            .zip(replicas)
            .enumerate()
            .map(|(me, (fate, replica))| tokio::spawn(live(fate, replica, fences.clone(), me)))
            .collect();
        for life in lives {
            life.await.unwrap();
        }
        let heir = start(Network::new(&etcd, vec![]), "heir");
        // What a dead replica left on the wire may still land and count as its last sign of life.
        leads_within(&heir, Duration::from_millis(LATEST) + LEASE + RENEWAL).await;
    });
}

/// The first leader lapses before anybody watches its tenures, and another has taken over by then.
#[test]
fn a_tenure_that_has_lapsed_is_none_for_whoever_asks_late() {
    let fault = |before: u64, lost: bool, after: u64| Fault {
        before: Duration::from_millis(before),
        lost,
        after: Duration::from_millis(after),
    };
    let fate = |faults: Vec<Fault>, joins: u64| Fate {
        faults,
        joins: Duration::from_millis(joins),
        leaves: None,
        crashes: false,
    };
    let first = vec![
        fault(0, false, 2_573),
        fault(0, true, 2_628),
        fault(1_894, false, 1_606),
        fault(1_690, false, 1_810),
        fault(2_698, false, 802),
        fault(0, false, 3_500),
        fault(0, false, 604),
        fault(0, false, 0),
    ];
    simulate(vec![fate(first, 0), fate(vec![fault(0, false, 863)], 1), fate(Vec::new(), 18_864)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_replicas_ever_hold_a_permit(fates in prop::collection::vec(fate(), 2..4)) {
        simulate(fates);
    }
}
