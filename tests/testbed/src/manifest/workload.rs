//! A Deployment of the plant's pods, on simulated nodes.

use crate::control_plane::{NODE_SELECTOR, POOL_LABEL, TOLERATIONS};
use crate::shop::ShopOptions;

/// The Deployment of a service of this name in such a shop; the shop itself makes it.
#[must_use]
pub fn deployment(name: &str, options: &ShopOptions) -> String {
    let (selector, tolerations) = match &options.pool {
        None => (NODE_SELECTOR.to_owned(), TOLERATIONS.to_owned()),
        Some(pool) => {
            let tolerated = TOLERATIONS.trim_end_matches(']');
            (format!("{{{POOL_LABEL}: {pool}}}"), format!("{tolerated}, {{key: {POOL_LABEL}, value: {pool}}}]"))
        }
    };
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata:
      labels: {{app: {name}}}
      annotations: {{testbed/start-delay: "{delay}s"{until}}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {selector}
      tolerations: {tolerations}
      containers:
      - name: {name}
        image: example.com/{name}:1
        resources: {{requests: {{cpu: {request}, memory: 128Mi}}, limits: {{{limit}memory: 128Mi}}}}
"#,
        request = options.cpu.0,
        limit = options.cpu.1.as_ref().map(|cpu| format!("cpu: {cpu}, ")).unwrap_or_default(),
        namespace = options.namespace,
        replicas = options.replicas,
        delay = options.start_delay.as_secs(),
        until = options
            .start_until
            .map(|until| format!(", testbed/start-until: \"{}s\"", until.as_secs()))
            .unwrap_or_default(),
    )
}
