//! What the `ResourceQuota`s of a namespace leave, by their own status.
//!
//! Those that count only some pods (with scopes) are left out: whether a pod is one of them is not for us to say.

use std::time::Duration;

use k8s_openapi::api::core::v1::ResourceQuota;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};

use super::call::{Unread, bounded};
use super::quantity::nanos;

/// Quotas asked for at once; more of them in one namespace are not looked at.
const MOST: u32 = 100;

/// What one quota leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRoom {
    /// Its name.
    pub name: String,
    /// What it limits, as its controller has counted.
    pub resources: Vec<QuotaResource>,
}

/// One resource of a quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaResource {
    /// As the quota names it: `requests.cpu`.
    pub name: String,
    /// The limit as written.
    pub hard: String,
    /// What is used of it, as written.
    pub used: String,
    /// What is left, in thousand-millionths of the unit; nothing, where more is used than may be.
    pub left: i128,
}

/// The quotas of `namespace`.
pub(super) async fn of(client: &Client, limit: Duration, namespace: &str) -> Result<Vec<QuotaRoom>, Unread> {
    let api: Api<ResourceQuota> = Api::namespaced(client.clone(), namespace);
    let what = format!("the quotas of {namespace}");
    let list = bounded(limit, &what, api.list(&ListParams::default().limit(MOST))).await?;
    Ok(list.items.iter().filter(|quota| counts_all(quota)).map(observe).collect())
}

fn counts_all(quota: &ResourceQuota) -> bool {
    let spec = quota.spec.as_ref();
    spec.is_none_or(|spec| spec.scope_selector.is_none() && spec.scopes.as_ref().is_none_or(Vec::is_empty))
}

fn observe(quota: &ResourceQuota) -> QuotaRoom {
    let status = quota.status.clone().unwrap_or_default();
    let used = status.used.unwrap_or_default();
    let resource = |(name, hard): (String, k8s_openapi::apimachinery::pkg::api::resource::Quantity)| {
        let used = used.get(&name)?.0.clone();
        let left = nanos(&hard.0)?.saturating_sub(nanos(&used)?).max(0);
        Some(QuotaResource { name, hard: hard.0, used, left })
    };
    QuotaRoom { name: quota.name_any(), resources: status.hard.into_iter().flatten().filter_map(resource).collect() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::super::quantity::NANO;
    use super::*;

    #[test]
    fn what_is_left_is_what_the_status_says() {
        let quota = |spec, status| -> ResourceQuota {
            serde_json::from_value(json!({"metadata": {"name": "team"}, "spec": spec, "status": status})).unwrap()
        };
        let counted = quota(
            json!({"hard": {"pods": "99"}}),
            json!({"hard": {"pods": "10", "requests.cpu": "4", "services": "5"}, "used": {"pods": "12", "requests.cpu": "2500m"}}),
        );
        let left: Vec<_> = observe(&counted).resources.into_iter().map(|r| (r.name, r.left)).collect();
        assert_eq!(left, [("pods".to_owned(), 0), ("requests.cpu".to_owned(), NANO * 3 / 2)]);
        assert_eq!(observe(&quota(json!({"hard": {"pods": "9"}}), json!({}))).resources, [], "not counted yet");
        assert!(counts_all(&counted));
        assert!(!counts_all(&quota(json!({"scopes": ["BestEffort"]}), json!({}))));
    }
}
