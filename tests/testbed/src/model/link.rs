//! A link: one client's connection to the model, with the faults that befall that client and nobody else.
//!
//! Two operators contending for leadership, or an operator and a user, get a link each.

use super::audit::Recorded;
use super::fault::{FaultPlan, LinkState, StaleReads};
use super::service::Connection;
use super::state::Shared;

/// One client's connection.
#[derive(Clone, Debug)]
pub struct Link {
    shared: Shared,
    name: String,
}

impl Link {
    pub(super) fn new(shared: Shared, name: &str) -> Self {
        Self { shared, name: name.to_owned() }
    }

    /// A client on this link, without retries, in namespace `default`. Must be called within a tokio runtime.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.connection(), "default")
    }

    /// The service itself, for a client built by hand.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(self.shared.clone(), self.name.clone())
    }

    /// Sets the fault plan; its indices count from now.
    pub fn faults(&self, plan: FaultPlan) {
        self.shared.change(|state| {
            let changes = state.store.changes();
            state.link(&self.name).set_plan(plan, changes);
        });
    }

    /// Loses the server now, as `Fault::Crash` does.
    pub fn crash(&self) {
        self.shared.change(|state| state.link(&self.name).crash());
    }

    /// Ends a crash. Watches from before stay broken.
    pub fn revive(&self) {
        self.shared.change(|state| state.link(&self.name).revive());
    }

    /// Whether the server is lost.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.shared.look().links.get(&self.name).is_some_and(LinkState::is_down)
    }

    /// Starts or ends a partition: requests hang for `HANG` and then fail, watches fall silent without an error and catch up afterwards.
    pub fn partition(&self, on: bool) {
        self.shared.change(|state| state.link(&self.name).partitioned = on);
    }

    /// Serves older state from now on, or with `None` the newest again. Writes always meet the newest.
    pub fn stale_reads(&self, stale: Option<StaleReads>) {
        self.shared.change(|state| state.link(&self.name).stale = stale);
    }

    /// Answers every write of a resource (for example `configmaps`) with 403 from now on, or with `None` of no resource any more.
    pub fn deny(&self, resource: Option<&str>) {
        self.shared.change(|state| state.link(&self.name).denied = resource.map(str::to_owned));
    }

    /// Every request sent over this link.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        let state = self.shared.look();
        let mine = state.audit.iter().filter(|recorded| recorded.client == self.name);
        mine.cloned().collect()
    }

    /// Every write sent over this link: those that arrived, with or without effect, dry runs included.
    #[must_use]
    pub fn writes(&self) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|recorded| recorded.at_write_index.is_some());
        requests
    }
}
