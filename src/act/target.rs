//! The object a step writes, as the API server serves it.

use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::core::gvk::GroupVersion;
use kube::{Api, Client};

use crate::api::enforcement_status::ActionTarget;
use crate::sense::workload::nodes;

use super::call::Failure;
use super::outcome::WriteResult;

/// The objects among which the target is. `plural`: the name of its resource. A node is in no namespace.
pub(super) fn api(
    client: &Client,
    namespace: &str,
    target: &ActionTarget,
    plural: &str,
) -> Result<Api<DynamicObject>, Failure> {
    let version: GroupVersion = target
        .api_version
        .parse()
        .map_err(|_| Failure::new(WriteResult::Refused, format!("`{}` is no API version", target.api_version)))?;
    let kind = GroupVersionKind::gvk(&version.group, &version.version, &target.kind);
    let resource = ApiResource::from_gvk_with_plural(&kind, plural);
    if (target.api_version.as_str(), target.kind.as_str()) == (nodes::API_VERSION, nodes::KIND) {
        return Ok(Api::all_with(client.clone(), &resource));
    }
    Ok(Api::namespaced_with(client.clone(), namespace, &resource))
}
