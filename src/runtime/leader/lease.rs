//! The lease object: reading it, writing it conditionally, and the records a contender writes.
//!
//! Takes and gives `coordination.k8s.io/v1` leases. It must never write without the resource version that was read.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::PostParams;
use kube::{Api, Client};

/// What the election needs of the API server, in the operator's own namespace: group, resource, verbs. A test compares
/// it with the chart.
pub const RBAC: &[(&str, &str, &[&str])] = &[("coordination.k8s.io", "leases", &["create", "get", "update"])];

/// Why a lease could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else wrote or created the lease in between. Read it again.
    #[error("the lease was changed by somebody else in between")]
    Conflict,
    /// No answer in time. A write may have been applied all the same.
    #[error("the API server did not answer within {0:?}; check its load and the network between it and this pod")]
    TimedOut(Duration),
    /// The API server refused, or could not be reached.
    #[error("the API server: {0}; the operator needs get, create and update on leases.coordination.k8s.io")]
    Api(String),
}

impl From<kube::Error> for LeaseError {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.is_conflict() || status.is_already_exists() => Self::Conflict,
            _ => Self::Api(error.to_string()),
        }
    }
}

/// The three requests an election needs, for one lease. A trait, so that the election is tested against simulated
/// faults and not against a cluster.
pub trait LeaseStore: Send + Sync {
    /// Reads the lease; `None` if there is none. Must be a quorum read: a cached answer makes contenders wait longer.
    fn get(&self) -> impl Future<Output = Result<Option<Lease>, LeaseError>> + Send;
    /// Creates the lease with this record, and gives it as stored.
    fn create(&self, spec: LeaseSpec) -> impl Future<Output = Result<Lease, LeaseError>> + Send;
    /// Replaces the lease on condition of the resource version in `lease`, and gives it as stored.
    fn replace(&self, lease: Lease) -> impl Future<Output = Result<Lease, LeaseError>> + Send;
}

/// A lease kept by the API server.
#[derive(Debug, Clone)]
pub struct KubeLeaseStore {
    api: Api<Lease>,
    name: String,
}

impl KubeLeaseStore {
    /// The lease `name` in `namespace`. Give a client without retries of its own: a retried `PUT` outlives the call.
    #[must_use]
    pub fn new(client: Client, namespace: &str, name: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), name: name.to_owned() }
    }
}

impl LeaseStore for KubeLeaseStore {
    async fn get(&self) -> Result<Option<Lease>, LeaseError> {
        Ok(self.api.get_opt(&self.name).await?)
    }

    async fn create(&self, spec: LeaseSpec) -> Result<Lease, LeaseError> {
        let mut lease = Lease { spec: Some(spec), ..Lease::default() };
        lease.metadata.name = Some(self.name.clone());
        Ok(self.api.create(&PostParams::default(), &lease).await?)
    }

    async fn replace(&self, lease: Lease) -> Result<Lease, LeaseError> {
        // A PUT without a resource version is refused for leases by the API server (422), so this cannot win blindly.
        Ok(self.api.replace(&self.name, &PostParams::default(), &lease).await?)
    }
}

/// Who holds the lease; a missing and an empty identity both mean that it is free.
pub(super) fn holder(spec: &LeaseSpec) -> Option<&str> {
    spec.holder_identity.as_deref().filter(|identity| !identity.is_empty())
}

/// How long the holder claims the lease after each renewal, by its own settings, if it says so.
pub(super) fn claimed(spec: &LeaseSpec) -> Option<Duration> {
    spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
}

/// The record with which `identity` takes over or renews what `previous` says.
pub(super) fn held(previous: Option<&LeaseSpec>, identity: &str, duration: Duration, now: Timestamp) -> LeaseSpec {
    let renewed = previous.filter(|spec| holder(spec) == Some(identity));
    let transitions = previous.and_then(|spec| spec.lease_transitions);
    let renew_time = distinct_from(previous.and_then(|spec| spec.renew_time.as_ref()), now);
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: Some(whole_seconds(duration)),
        acquire_time: renewed.map_or(Some(renew_time.clone()), |spec| spec.acquire_time.clone()),
        lease_transitions: match (previous, renewed) {
            (Some(_), None) => Some(transitions.unwrap_or(0).saturating_add(1)),
            (Some(_), Some(_)) => transitions,
            (None, _) => Some(0),
        },
        renew_time: Some(renew_time),
        // What is not ours (a coordinated election's strategy) stays as it was.
        ..previous.cloned().unwrap_or_default()
    }
}

/// The record that gives the lease back: nobody holds it, and whoever reads only the duration waits a second.
pub(super) fn released(previous: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        renew_time: Some(distinct_from(previous.renew_time.as_ref(), now)),
        ..previous.clone()
    }
}

/// `now` in the microseconds the wire keeps, moved by one if the record already says the same: a write that changes
/// nothing leaves the resource version as it was, and the contenders would not see this renewal.
fn distinct_from(previous: Option<&MicroTime>, now: Timestamp) -> MicroTime {
    let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    if previous.is_some_and(|before| before.0 == now) {
        return MicroTime(now.checked_add(SignedDuration::from_micros(1)).unwrap_or(now));
    }
    MicroTime(now)
}

/// The duration in the whole seconds the record has room for, rounded up: contenders wait rather too long.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    i32::try_from(seconds).unwrap_or(i32::MAX).max(1)
}
