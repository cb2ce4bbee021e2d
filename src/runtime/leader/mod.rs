//! Leader election: at most one replica writes.
//!
//! Takes a `Lease` object of `coordination.k8s.io/v1` and a shutdown signal; gives a [`Fence`], which every writer asks
//! right before each write. It must never let two replicas hold a valid [`Permit`] at the same moment, and must never
//! keep a permit alive on the strength of a renewal whose success it has not seen.
//!
//! Why this is written here although `kube-lease-manager` exists: that crate publishes a flag that stays `true` while
//! its renewals fail, because it judges expiry by the lease object and the wall clock and answers errors by backing
//! off. A replica cut off from the API server would go on acting while another one takes over. `kube` itself has no
//! leader election. The rules that make it safe are few, so they are kept in plain sight:
//!
//! 1. The lease is written by `PUT` with the resource version that was read, so two writers cannot both succeed.
//! 2. A contender measures the holder's silence with its own monotonic clock, from the moment it last *saw the lease
//!    change*. Timestamps in the record are for people: another machine's wall clock proves nothing.
//! 3. The holder stops acting at the instant it *sent* the last successful renewal, plus the lease duration, minus a
//!    margin. A contender cannot have seen that renewal before it was sent, so it waits longer than the holder acts.
//! 4. A write that timed out may still have been applied. It never extends the holder's permission.
//! 5. The lease is given back only after every permit handed out has been dropped.
//!
//! The margin pays for clocks that run at slightly different rates and for a write that is on the wire when its permit
//! ends. It does not pay for a machine that is put to sleep, whose monotonic clock stands still: against that, as against
//! everything unforeseen, each write carries its own precondition.

mod election;
mod fence;
mod fenced;
mod lease;
#[cfg(test)]
mod tests;

pub use election::{Candidate, Timing, TimingError, process_identity};
pub use fence::{Fence, NotLeader, Permit};
pub use fenced::{FenceLayer, Fenced, LeaseRanOut};
pub use lease::{KubeLeaseStore, LeaseError, LeaseStore, RBAC};
