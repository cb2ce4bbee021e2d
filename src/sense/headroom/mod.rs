//! What there is left for more pods: the quotas of a namespace, and the nodes.
//!
//! Asked for only when more replicas are about to be wanted, shared for a few seconds, bounded in pages and in time. What
//! cannot be read, or may not, is unknown, and unknown forbids nothing. Must never write: a dry run of a pod would be
//! told about the quota, and nothing about the nodes.

mod call;
mod needs;
mod nodes;
mod quantity;
mod quotas;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

pub use needs::{Amounts, PodNeeds};
pub use nodes::NodeRoom;
pub use quantity::NANO;
pub use quotas::{QuotaResource, QuotaRoom};

use self::call::Unread;

/// What it needs of the operator's role to look at quotas. The chart grants it with `rbac.feasibility.quotas`.
pub const QUOTA_RBAC: &[(&str, &str, &[&str])] = &[("", "resourcequotas", &["list"])];
/// The same to look at nodes; pods are listed anyway. The chart grants it with `rbac.feasibility.nodes`.
pub const NODE_RBAC: &[(&str, &str, &[&str])] = &[("", "nodes", &["list"])];

/// An answer serves all who ask within this time.
const SHARED_FOR: Duration = Duration::from_secs(5);
/// That something may not be read serves longer: roles seldom change.
const FORBIDDEN_FOR: Duration = Duration::from_secs(60);
/// How long one look at everything may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Namespaces of which the quotas are remembered.
const MOST_NAMESPACES: usize = 1000;

/// What there is left, or why nobody knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Headroom {
    /// Nothing hangs on it.
    #[default]
    NotAsked,
    /// What was read.
    Read {
        /// What one more pod needs.
        needs: Box<PodNeeds>,
        /// The quotas.
        quotas: Left<QuotaRoom>,
        /// The nodes.
        nodes: Left<NodeRoom>,
    },
}

impl Headroom {
    /// What could not be looked up, in words. `None`: all was, or nothing hangs on it.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let Self::Read { quotas, nodes, .. } = self else { return None };
        let unread: Vec<&str> =
            [quotas.as_ref().err(), nodes.as_ref().err()].into_iter().flatten().map(String::as_str).collect();
        (!unread.is_empty()).then(|| unread.join("; "))
    }
}

/// What was read of one kind.
pub type Left<T> = Result<Arc<Vec<T>>, String>;

/// Reads what is left. Cloning is cheap; all clones share what was read.
#[derive(Clone)]
pub struct HeadroomReader {
    client: Client,
    limit: Duration,
    quotas: Arc<Mutex<HashMap<String, Kept<QuotaRoom>>>>,
    nodes: Arc<Mutex<Option<Kept<NodeRoom>>>>,
}

/// What was read, and until when it serves.
#[derive(Clone)]
struct Kept<T> {
    left: Left<T>,
    until: Instant,
}

impl<T> Kept<T> {
    fn of(read: Result<Vec<T>, Unread>) -> Self {
        let serves = match &read {
            Err(unread) if unread.forbidden => FORBIDDEN_FOR,
            _ => SHARED_FOR,
        };
        Self { left: read.map(Arc::new).map_err(|unread| unread.why), until: Instant::now() + serves }
    }
}

impl HeadroomReader {
    /// A reader that gives up each call after `limit`.
    #[must_use]
    pub fn new(client: Client, limit: Duration) -> Self {
        Self { client, limit, quotas: Arc::default(), nodes: Arc::default() }
    }

    /// What is left for pods of `namespace` with these needs.
    pub async fn read(&self, namespace: &str, needs: PodNeeds) -> Headroom {
        let (quotas, nodes) = tokio::join!(self.quotas(namespace), self.nodes());
        Headroom::Read { needs: Box::new(needs), quotas, nodes }
    }

    async fn quotas(&self, namespace: &str) -> Left<QuotaRoom> {
        if let Some(kept) = self.quotas.lock().await.get(namespace).filter(|kept| Instant::now() < kept.until) {
            return kept.left.clone();
        }
        let fresh = Kept::of(in_time(quotas::of(&self.client, self.limit, namespace)).await);
        let mut kept = self.quotas.lock().await;
        kept.retain(|_, kept| Instant::now() < kept.until);
        if kept.len() < MOST_NAMESPACES {
            kept.insert(namespace.to_owned(), fresh.clone());
        }
        fresh.left
    }

    async fn nodes(&self) -> Left<NodeRoom> {
        // Held while it is read: who asks meanwhile gets the same answer.
        let mut kept = self.nodes.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| Instant::now() < kept.until) {
            return kept.left.clone();
        }
        let fresh = Kept::of(in_time(nodes::all(&self.client, self.limit)).await);
        kept.insert(fresh).left.clone()
    }
}

async fn in_time<T>(read: impl Future<Output = Result<T, Unread>>) -> Result<T, Unread> {
    let late = |_| Unread { why: "what is left was not counted in time".to_owned(), forbidden: false };
    timeout(PATIENCE, read).await.unwrap_or_else(|elapsed| Err(late(elapsed)))
}
