//! The fence: what a writer asks right before each write.
//!
//! Takes the claims the election publishes; gives a [`Permit`] with the instant until which writing is allowed. It must
//! never answer from anything but the last successful renewal and the monotonic clock.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream};
use tokio::sync::{OwnedRwLockReadGuard, RwLock, watch};
use tokio::time::Instant;

/// How far away the deadline of [`Fence::always`] lies: beyond the life of any process.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// What the election last established.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    /// When this process must stop writing, if it holds the lease.
    pub(super) deadline: Option<Instant>,
    /// Counts the uninterrupted times this process has led; a lapse and a return make a new one.
    pub(super) tenure: u64,
    /// Who holds the lease as far as is known, for messages.
    pub(super) holder: Option<String>,
}

/// Refusal: this replica may not write now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this replica does not hold the leader lease (holder: {}); it observes and writes nothing",
    holder.as_deref().unwrap_or("none known")
)]
pub struct NotLeader {
    /// The identity found in the lease when it was last read; `None` if it is free or was never read.
    pub holder: Option<String>,
}

/// Permission for one write. Drop it as soon as the write has ended: the lease is not given back before.
#[derive(Debug)]
pub struct Permit {
    deadline: Instant,
    _outstanding: OwnedRwLockReadGuard<()>,
}

impl Permit {
    /// The instant at which the write must have ended. Bound the write's timeout by it.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Runs one write and gives it up after `limit` or at the deadline, whichever comes first.
    ///
    /// # Errors
    /// [`tokio::time::error::Elapsed`]: the write did not end in time. Whether it was applied is unknown; read it back.
    pub async fn bound<F: Future>(self, limit: Duration, write: F) -> Result<F::Output, tokio::time::error::Elapsed> {
        let end = Instant::now().checked_add(limit).map_or(self.deadline, |at| at.min(self.deadline));
        tokio::time::timeout_at(end, write).await
    }
}

/// The handle writers keep. Cloning is cheap; all clones speak of the same lease.
#[derive(Debug, Clone)]
pub struct Fence {
    standing: watch::Receiver<Standing>,
    outstanding: Arc<RwLock<()>>,
}

impl Fence {
    pub(super) fn new(standing: watch::Receiver<Standing>, outstanding: Arc<RwLock<()>>) -> Self {
        Self { standing, outstanding }
    }

    /// A fence that always permits: for tests, and for a process known to be the only writer.
    #[must_use]
    pub fn always() -> Self {
        let deadline = Instant::now().checked_add(FOREVER);
        let (_, standing) = watch::channel(Standing { deadline, tenure: 1, holder: None });
        Self::new(standing, Arc::default())
    }

    /// Permission to write at `now`. Ask right before the write, not when the decision is made.
    ///
    /// # Errors
    /// [`NotLeader`] if the lease is not held, if its last renewal is too old, or if it is being given back.
    pub fn permit(&self, now: Instant) -> Result<Permit, NotLeader> {
        // The guard comes first: once it is held, the lease is not given back, so the claim read next stays ours.
        let guard = Arc::clone(&self.outstanding).try_read_owned();
        let standing = self.standing.borrow();
        match (guard, standing.deadline) {
            (Ok(guard), Some(deadline)) if now < deadline => Ok(Permit { deadline, _outstanding: guard }),
            _ => Err(NotLeader { holder: standing.holder.clone() }),
        }
    }

    /// Whether a permit would be given at `now`. For metrics and messages; a writer asks for the permit itself.
    #[must_use]
    pub fn leads(&self, now: Instant) -> bool {
        self.standing.borrow().deadline.is_some_and(|deadline| now < deadline)
    }

    /// One item each time this process begins to lead, starting with the present tenure if there is one; also after a
    /// lapse nobody else used. Whatever was refused as [`NotLeader`] should be looked at again on each item.
    #[must_use]
    pub fn tenures(&self) -> BoxStream<'static, ()> {
        Box::pin(stream::unfold((self.standing.clone(), 0), |(mut standing, seen)| async move {
            // One that has lapsed by now is none: whoever asks late would be told of a lead that another has taken over.
            let leads = |now: &Standing| now.deadline.is_some_and(|deadline| Instant::now() < deadline);
            let begun = standing.wait_for(|now| leads(now) && now.tenure != seen).await;
            let tenure = begun.ok()?.tenure;
            Some(((), (standing, tenure)))
        }))
    }
}
