//! The contender for the lease: renews it while it holds it, waits for the holder to fall silent while it does not.
//!
//! Takes a [`LeaseStore`], an identity and the [`Timing`]; gives claims to the [`Fence`]. It must never extend a claim
//! on anything but an answered, successful write, counted from the instant that write was sent.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::sync::{RwLock, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fence::{Fence, Standing};
use super::lease::{self, LeaseError, LeaseStore};
use crate::runtime::clock::Clock;

/// The lease's durations, in agreement with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    lease: Duration,
    renewal: Duration,
    margin: Duration,
}

/// Durations that cannot be kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimingError {
    /// A duration is zero.
    #[error("lease duration, renewal interval and margin must all be longer than zero")]
    Zero,
    /// A single missed renewal would cost the lease.
    #[error(
        "twice the renewal interval ({renewal:?}) plus the margin ({margin:?}) must be shorter than the lease \
         duration ({lease:?}), so that one missed renewal does not cost the lease"
    )]
    TooTight {
        /// The lease duration given.
        lease: Duration,
        /// The renewal interval given.
        renewal: Duration,
        /// The margin given.
        margin: Duration,
    },
}

impl Timing {
    /// Checks the three durations: how long a renewal lasts, how often the lease is looked at, and how long before its
    /// end the holder stops writing.
    ///
    /// # Errors
    /// [`TimingError`] if they leave no room for one missed renewal.
    pub fn new(lease: Duration, renewal: Duration, margin: Duration) -> Result<Self, TimingError> {
        if [lease, renewal, margin].contains(&Duration::ZERO) {
            return Err(TimingError::Zero);
        }
        if renewal.saturating_mul(2).saturating_add(margin) >= lease {
            return Err(TimingError::TooTight { lease, renewal, margin });
        }
        Ok(Self { lease, renewal, margin })
    }

    /// How long after sending a successful renewal the holder may write.
    fn valid(self) -> Duration {
        self.lease.saturating_sub(self.margin)
    }

    /// How long one request may take: a lost answer, a fresh read and another write fit into one claim.
    fn request(self) -> Duration {
        self.valid() / 4
    }
}

/// A name for this process no other one has, not even its predecessor in the same pod: a restarted container must wait
/// like any other contender. `host` is the pod's name.
#[must_use]
pub fn process_identity(host: &str) -> String {
    // The standard library seeds this hasher from the system's random source; no further crate is needed for a nonce.
    format!("{host}_{:016x}", RandomState::new().hash_one(host))
}

/// The lease as last seen to change, and when. Any change counts, told by the resource version: comparing the record
/// would take two renewals that happen to bring the same time back for none, and the holder for silent.
struct Sighting {
    version: Option<String>,
    claimed: Duration,
    since: Instant,
}

/// One replica's part in the election.
pub struct Candidate<S> {
    store: S,
    identity: String,
    timing: Timing,
    clock: Clock,
    sighting: Option<Sighting>,
    /// The lease as our last successful write left it: the next renewal needs no read before it.
    written: Option<Lease>,
    standing: watch::Sender<Standing>,
    outstanding: Arc<RwLock<()>>,
}

impl<S: LeaseStore> Candidate<S> {
    /// A contender named `identity`, which must be unique to this process (see [`process_identity`]), and the fence its
    /// writers ask.
    #[must_use]
    pub fn new(store: S, identity: String, timing: Timing, clock: Clock) -> (Self, Fence) {
        let (standing, receiver) = watch::channel(Standing::default());
        let outstanding = Arc::default();
        let fence = Fence::new(receiver, Arc::clone(&outstanding));
        (Self { store, identity, timing, clock, sighting: None, written: None, standing, outstanding }, fence)
    }

    /// Contends until `stop` is cancelled, then gives the lease back if it is held. Cancel `stop` last of all, when the
    /// writers have ended: until then they need their permits.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // Not cut short by `stop`: a write given up half way leaves a lease that cannot be given back.
            let attempt = self.contend().await;
            match &attempt {
                Ok(()) => {}
                Err(LeaseError::Conflict) => tracing::debug!("the lease was written by another contender"),
                Err(error) => {
                    let leads = self.standing.borrow().deadline.is_some_and(|deadline| Instant::now() < deadline);
                    tracing::warn!(%error, leads, "the leader lease could not be kept up to date");
                }
            }
            let pause = if attempt.is_ok() { self.timing.renewal } else { self.timing.renewal / 3 };
            let looked = tokio::time::sleep_until(self.next_look(pause));
            stop.run_until_cancelled(looked).await;
        }
        self.release().await;
    }

    /// One look at the lease, and one write if the lease is ours or free.
    async fn contend(&mut self) -> Result<(), LeaseError> {
        // Taken, not borrowed: if this write fails, its outcome is unknown and the next attempt must read first.
        if let Some(lease) = self.written.take() {
            return self.claim(Some(lease)).await;
        }
        let limit = self.timing.request();
        let Some(lease) = within(limit, self.store.get()).await? else { return self.claim(None).await };
        let holder = lease.spec.as_ref().and_then(lease::holder).map(str::to_owned);
        self.sight(&lease);
        let expired = self.expiry().is_some_and(|expiry| Instant::now() >= expiry);
        if expired || holder.as_deref().is_none_or(|holder| holder == self.identity) {
            return self.claim(Some(lease)).await;
        }
        self.standing.send_if_modified(|standing| {
            let changed = standing.holder != holder || standing.deadline.is_some();
            (standing.holder, standing.deadline) = (holder, None);
            changed
        });
        Ok(())
    }

    /// Writes our claim over `lease` (creates it if there is none) and publishes it if the write succeeded.
    async fn claim(&mut self, lease: Option<Lease>) -> Result<(), LeaseError> {
        let (limit, now) = (self.timing.request(), self.clock.now());
        let previous = lease.as_ref().and_then(|lease| lease.spec.as_ref());
        let spec = lease::held(previous, &self.identity, self.timing.lease, now);
        let sent = Instant::now();
        let stored = match lease {
            None => within(limit, self.store.create(spec)).await?,
            Some(lease) => within(limit, self.store.replace(Lease { spec: Some(spec), ..lease })).await?,
        };
        self.sight(&stored);
        self.written = Some(stored);
        let deadline = sent.checked_add(self.timing.valid());
        let began = self.standing.borrow().deadline.is_none_or(|before| before <= Instant::now());
        if began {
            tracing::info!(identity = %self.identity, "this replica leads");
        }
        self.standing.send_modify(|standing| {
            standing.deadline = deadline;
            standing.tenure = standing.tenure.saturating_add(u64::from(began));
            standing.holder = Some(self.identity.clone());
        });
        Ok(())
    }

    /// Remembers the lease, and the instant if it is not the one remembered.
    fn sight(&mut self, lease: &Lease) {
        let version = &lease.metadata.resource_version;
        if self.sighting.as_ref().is_none_or(|sighting| sighting.version != *version) {
            let claimed = lease.spec.as_ref().and_then(lease::claimed).unwrap_or(self.timing.lease);
            self.sighting = Some(Sighting { version: version.clone(), claimed, since: Instant::now() });
        }
    }

    /// When the holder last seen will have been silent for as long as it claimed the lease.
    fn expiry(&self) -> Option<Instant> {
        self.sighting.as_ref().and_then(|sighting| sighting.since.checked_add(sighting.claimed))
    }

    /// When to look again: after `pause`, or at another holder's expiry if that comes first.
    fn next_look(&self, pause: Duration) -> Instant {
        let now = Instant::now();
        let regular = now.checked_add(pause).unwrap_or(now);
        let waits_for = self.expiry().filter(|expiry| self.written.is_none() && *expiry > now);
        waits_for.map_or(regular, |expiry| regular.min(expiry))
    }

    /// Gives the lease back: no new permits, wait for those handed out, then say that nobody holds it.
    async fn release(mut self) {
        let mut deadline = None;
        self.standing.send_modify(|standing| deadline = standing.deadline.take());
        let (Some(deadline), Some(lease)) = (deadline, self.written.take()) else { return };
        if tokio::time::timeout_at(deadline, self.outstanding.write()).await.is_err() {
            tracing::warn!("writes were still under way when the lease ended; it runs out by itself");
            return;
        }
        let spec = lease::released(&lease.spec.clone().unwrap_or_default(), self.clock.now());
        match within(self.timing.request(), self.store.replace(Lease { spec: Some(spec), ..lease })).await {
            Ok(_) => tracing::info!("the leader lease was given back"),
            Err(error) => tracing::warn!(%error, "the leader lease could not be given back; it runs out by itself"),
        }
    }
}

/// One request to the store, given up after `limit`.
async fn within<T>(
    limit: Duration,
    request: impl Future<Output = Result<T, LeaseError>> + Send,
) -> Result<T, LeaseError> {
    tokio::time::timeout(limit, request).await.map_err(|_| LeaseError::TimedOut(limit))?
}
