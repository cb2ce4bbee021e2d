//! Faults: what is to go wrong for one client, and the bookkeeping of when.
//!
//! Takes a plan keyed by the index of a request among that client's writes or reads; gives, request by request, the fault due.
//! The indices start at zero with the plan. Must never touch objects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client loses the server before the request has an effect: this and every later request fails to connect, and its watches break, until it is revived.
    Crash,
    /// As `Crash`, but the request has its effect first.
    CrashAfterCommit,
    /// Answered with this code, without effect.
    Status(u16),
    /// No effect, no answer: hangs for `HANG`, then the connection breaks.
    TimeoutBeforeCommit,
    /// The effect, but no answer: hangs for `HANG`, then the connection breaks.
    TimeoutAfterCommit,
    /// Answered 504 at once; the effect comes this much later, if it then still can.
    LateCommit(Duration),
    /// Effect and answer come this much later.
    Slow(Duration),
    /// The effect, and half of the answer.
    TruncatedBody,
}

/// How long a request without answer hangs before its connection breaks.
pub const HANG: Duration = Duration::from_secs(60);

/// What is to go wrong for a client, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// By index among the client's writes (dry runs included) since the plan was set.
    pub writes: BTreeMap<usize, Fault>,
    /// By index among the client's reads (lists and discovery included, watches not) since the plan was set.
    pub reads: BTreeMap<usize, Fault>,
    /// Changes, by index among all committed since the plan was set, that no watch of the client reports.
    pub dropped_events: BTreeSet<usize>,
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fault to a write.
    #[must_use]
    pub fn on_write(mut self, index: usize, fault: Fault) -> Self {
        self.writes.insert(index, fault);
        self
    }

    /// Adds a fault to a read.
    #[must_use]
    pub fn on_read(mut self, index: usize, fault: Fault) -> Self {
        self.reads.insert(index, fault);
        self
    }

    /// Hides a change from the client's watches.
    #[must_use]
    pub fn drop_event(mut self, index: usize) -> Self {
        self.dropped_events.insert(index);
        self
    }
}

/// Reads that do not see the newest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleReads {
    /// Watches, and lists and gets with resourceVersion 0, show this revision: what a lagging cache gives. Plain reads are fresh.
    Caches(u64),
    /// Plain reads show this revision too.
    All(u64),
}

/// The state of one client's connection.
#[derive(Debug, Default)]
pub(super) struct LinkState {
    plan: FaultPlan,
    writes: usize,
    reads: usize,
    changes_before: usize,
    down: bool,
    crashes: u64,
    pub(super) partitioned: bool,
    pub(super) stale: Option<StaleReads>,
    /// The resource that the client may not write.
    pub(super) denied: Option<String>,
}

/// Whether a request gets through, and what happens to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The connection is refused.
    Refused,
    /// The connection hangs.
    Lost,
    /// It arrives, as write number `write`, with a fault or without.
    Arrives { write: Option<usize>, fault: Option<Fault> },
}

impl LinkState {
    /// Starts a plan; indices count from here.
    pub(super) fn set_plan(&mut self, plan: FaultPlan, changes: usize) {
        self.plan = plan;
        self.writes = 0;
        self.reads = 0;
        self.changes_before = changes;
    }

    /// Counts a request and says what happens to it.
    pub(super) fn admit(&mut self, is_write: bool, is_watch: bool) -> Admission {
        if self.down {
            return Admission::Refused;
        }
        if self.partitioned {
            return Admission::Lost;
        }
        if is_watch {
            return Admission::Arrives { write: None, fault: None };
        }
        let (count, faults) =
            if is_write { (&mut self.writes, &self.plan.writes) } else { (&mut self.reads, &self.plan.reads) };
        let fault = faults.get(count).cloned();
        let index = *count;
        *count += 1;
        Admission::Arrives { write: is_write.then_some(index), fault }
    }

    /// Loses the server.
    pub(super) fn crash(&mut self) {
        self.down = true;
        self.crashes += 1;
    }

    /// Whether the server is lost.
    pub(super) fn is_down(&self) -> bool {
        self.down
    }

    /// Finds the server again.
    pub(super) fn revive(&mut self) {
        self.down = false;
    }

    /// How often the server was lost: a watch from before such a moment is broken.
    pub(super) fn crashes(&self) -> u64 {
        self.crashes
    }

    /// Whether watches hide the change at this index of the log.
    pub(super) fn hides(&self, change: usize) -> bool {
        change.checked_sub(self.changes_before).is_some_and(|index| self.plan.dropped_events.contains(&index))
    }

    /// The revision a plain read sees; none for the newest.
    pub(super) fn get_revision(&self) -> Option<u64> {
        match self.stale {
            Some(StaleReads::All(revision)) => Some(revision),
            _ => None,
        }
    }

    /// The revision watches and cached reads see; none for the newest.
    pub(super) fn cache_revision(&self) -> Option<u64> {
        self.stale.map(|stale| match stale {
            StaleReads::All(revision) | StaleReads::Caches(revision) => revision,
        })
    }
}
