//! Checks of discovery, as kube reads it.

use anyhow::{Context, Result, ensure};
use kube::Client;
use kube::core::GroupVersionKind;
use kube::discovery::{self, Scope};

use super::objects::widgets;

pub(super) async fn pinned(client: Client, namespace: String) -> Result<()> {
    widgets(&client, &namespace).await?;
    let rows = [
        ("apps", "v1", "Deployment", "deployments", true, true),
        ("", "v1", "Node", "nodes", false, false),
        ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, false),
        ("conformance.guarantor.dev", "v1", "Widget", "widgets", true, true),
    ];
    for (group, version, kind, plural, namespaced, scaled) in rows {
        let gvk = GroupVersionKind::gvk(group, version, kind);
        let (resource, capabilities) = discovery::pinned_kind(&client, &gvk).await.context(kind)?;
        ensure!(resource.plural == plural, "{resource:?}");
        ensure!((capabilities.scope == Scope::Namespaced) == namespaced, "{kind}");
        let mut subresources = capabilities.subresources.iter();
        ensure!(subresources.any(|(sub, _)| sub.plural == "scale") == scaled, "{kind}");
    }
    let group = discovery::oneshot::group(&client, "apps").await?;
    ensure!(group.recommended_kind("StatefulSet").is_some());
    let absent = GroupVersionKind::gvk("apps", "v1", "Absent");
    ensure!(discovery::pinned_kind(&client, &absent).await.is_err());
    Ok(())
}
